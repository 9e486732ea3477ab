"""Where a head looks: its camera's axis, and the joint positions that aim it at a point."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.pose import (
    Array,
    Pose,
    conjugate,
    matrix_from_quaternion,
    rotate,
    rotation_vector,
)
from counterpoint.robots.forward_kinematics import joint_links, links_moved
from counterpoint.robots.kinematics import Kinematics, kinematics_of
from counterpoint.robots.model import RobotModel

HEAD = "head"
EXACT = 1e-3  # rad: aimed
GRID = 5  # positions a joint from which the search starts
STEP = 0.02  # rad: of differences, wide enough for a second derivative of rounded poses
LARGEST_STEP = 0.5  # rad
LEAST_BEND = 0.02  # of the cosine [1/rad²]
MOST_DAMPING = 1e3
ITERATIONS = 40
ALIGNED = 0.8  # cosine: how near a joint's axis is to the one that it is called after
AXES = {"yaw": 2, "pitch": 1}
"""Axis of a head's rotation → its index: yaw is about z, to the left; pitch about y, downwards."""


class Gaze:
    """The line of sight of a model's head, the x axis of its camera or of its last link.

    Attributes:
        joints: Where the head's joints are in a joint vector, shape (n,).
        link: The link that the line of sight is fixed to.
        link_from_camera: Where it begins.
    """

    def __init__(self, kinematics: Kinematics) -> None:
        model = kinematics.model
        self._kinematics = kinematics
        self.joints: NDArray[np.intp] = kinematics.track_indices(HEAD)
        turned = links_moved(model, model.tracks[HEAD])
        mounts = [mount for mount in model.cameras.values() if mount.link in turned]
        if mounts:
            self.link, self.link_from_camera = mounts[0].link, mounts[0].link_from_camera
        else:
            self.link, self.link_from_camera = (
                joint_links(model)[model.tracks[HEAD][-1]][1],
                Pose.of(),
            )
        self._camera_from_link = matrix_from_quaternion(self.link_from_camera.q).T
        self._origin = self.link_from_camera.p
        self._lower, self._upper = kinematics.lower[self.joints], kinematics.upper[self.joints]

    def camera_pose(self, q: Array) -> Pose:
        """Where the line of sight begins, along +x, in the frame that the robot is mounted in."""
        return self._kinematics.link_pose(q, self.link) @ self.link_from_camera

    def angle_to(self, q: Array, point: Array) -> float:
        """Angle between the line of sight and the way to `point`, shape (3,) [rad]."""
        return math.acos(self._cosine(q, point))

    def aim(self, q: Array, point: Array) -> tuple[Array, float]:
        """Joint positions of the head that bring the line of sight nearest to a point.

        Args:
            q: The robot's joint vector, where the search begins; only the head's joints move.
            point: Shape (3,) [m], in the frame that the robot is mounted in.

        Returns:
            The head's positions within limits, shape (n,) [rad], and the angle that is left [rad].
        """
        best, left = self._descend(q, point)
        if left > EXACT:
            low, high = np.maximum(self._lower, -np.pi), np.minimum(self._upper, np.pi)
            start = q.copy()
            grid = []
            for positions in product(*np.linspace(low, high, GRID).T):
                start[self.joints] = positions
                grid.append((self.angle_to(start, point), positions))
            start[self.joints] = min(grid)[1]
            other, other_left = self._descend(start, point)
            if other_left < left - EXACT:
                best, left = other, other_left
        return best[self.joints], left

    def limited(self, positions: Array) -> bool:
        """Whether one of the head's joints is at a limit."""
        near = np.minimum(positions - self._lower, self._upper - positions)
        return bool((near < EXACT).any())

    def clip(self, positions: Array) -> Array:
        """The head's positions, shape (n,), within its joints' limits."""
        return np.minimum(np.maximum(positions, self._lower), self._upper)

    def joint_about(self, axis: str) -> tuple[int, float] | None:
        """Which head joint turns it about `pitch` or `yaw`, and with which sign; None if none."""
        home = np.array(self._kinematics.home)
        rest = self.camera_pose(home)
        for number, index in enumerate(self.joints.tolist()):
            moved = home.copy()
            moved[index] += 0.1
            # The frame that the robot is mounted in stands upright and looks along x at rest.
            turn = rotation_vector((self.camera_pose(moved) @ rest.inverse()).q) / 0.1
            if abs(turn[AXES[axis]]) > ALIGNED:
                return number, math.copysign(1.0, turn[AXES[axis]])
        return None

    def _cosine(self, q: Array, point: Array) -> float:
        """Of the angle between the line of sight and the way to a point."""
        link = self._kinematics.link_pose(q, self.link)
        way = self._camera_from_link @ (rotate(conjugate(link.q), point - link.p) - self._origin)
        length = math.sqrt(float(way @ way))
        return max(-1.0, min(1.0, float(way[0]) / length)) if length > 1e-9 else 1.0

    def _descend(self, q: Array, point: Array) -> tuple[Array, float]:
        """Newton's descent of the angle from the head's pose in `q`, with limits as a clamp."""
        q = q.copy()
        q[self.joints] = self.clip(q[self.joints])
        best, damping = self._cosine(q, point), 0.0
        for _ in range(ITERATIONS):
            new = q.copy()
            new[self.joints] = self._step(q, point, damping)
            cosine = self._cosine(new, point)
            if cosine <= best:
                if damping > MOST_DAMPING:
                    break
                damping = max(10.0 * damping, 0.1)
                continue
            moved = float(np.abs(new - q).max())
            q, best, damping = new, cosine, 0.1 * damping
            if moved < 0.1 * EXACT:
                break
        return q, math.acos(best)

    def _step(self, q: Array, point: Array, damping: float) -> Array:
        """Where a Newton step leads: by differences, over joints that no limit stops."""
        n = len(self.joints)
        at = q[self.joints]

        def value(*moves: tuple[int, float]) -> float:
            there = q.copy()
            for k, step in moves:
                there[self.joints[k]] += step
            return -self._cosine(there, point)

        here = value()
        ahead = [value((k, STEP)) for k in range(n)]
        behind = [value((k, -STEP)) for k in range(n)]
        slope = (np.array(ahead) - behind) / (2 * STEP)
        bend = np.diag((np.array(ahead) + behind - 2 * here) / STEP**2)
        for i, j in combinations(range(n), 2):
            both = value((i, STEP), (j, STEP)) + value((i, -STEP), (j, -STEP)) + 2 * here
            cross = (both - ahead[i] - ahead[j] - behind[i] - behind[j]) / (2 * STEP**2)
            bend[i, j] = bend[j, i] = cross
        free = ~((at <= self._lower) & (slope > 0) | (at >= self._upper) & (slope < 0))
        to: Array = at
        while free.any():
            # Newton's matrix with its eigenvalues made positive: it leads down everywhere.
            values, vectors = np.linalg.eigh(bend[np.ix_(free, free)])
            scale = np.maximum(np.abs(values), LEAST_BEND) + damping
            delta = np.zeros(n)
            delta[free] = -(vectors / scale) @ (vectors.T @ slope[free])
            delta *= min(1.0, LARGEST_STEP / max(float(np.abs(delta).max()), 1e-12))
            to = self.clip(at + delta)
            stopped = free & (to != at + delta) & (to == at)
            if not stopped.any():
                break
            free &= ~stopped  # joints at a limit leave it to the others
        return to


@lru_cache(maxsize=32)
def gaze_of(model: RobotModel) -> Gaze:
    """The line of sight of a model that has a head, made once a process."""
    return Gaze(kinematics_of(model))
