"""Where a head looks: its camera's axis, and the joint positions that aim it at a point."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.pose import Array, Pose, rotation_vector
from counterpoint.robots.forward_kinematics import joint_links, links_moved
from counterpoint.robots.kinematics import Kinematics, kinematics_of
from counterpoint.robots.model import RobotModel

HEAD = "head"
EXACT = 1e-3  # rad: aimed
GRID = 5  # positions a joint from which the search starts
STEP = 1e-3  # rad: of finite differences
LARGEST_STEP = 0.5  # rad
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
        self._lower, self._upper = kinematics.lower[self.joints], kinematics.upper[self.joints]

    def camera_pose(self, q: Array) -> Pose:
        """Where the line of sight begins, along +x, in the frame that the robot is mounted in."""
        return self._kinematics.link_pose(q, self.link) @ self.link_from_camera

    def angle_to(self, q: Array, point: Array) -> float:
        """Angle between the line of sight and the way to `point`, shape (3,) [rad]."""
        return _angle(self._miss(q, point))

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

    def _miss(self, q: Array, point: Array) -> Array:
        """The way to a point less the line of sight, both unit vectors, in the camera's frame."""
        way = self.camera_pose(q).inverse().apply(point)
        length = math.sqrt(float(way @ way))
        return way / length - [1.0, 0.0, 0.0] if length > 1e-9 else np.zeros(3)

    def _descend(self, q: Array, point: Array, iterations: int = 30) -> tuple[Array, float]:
        """The descent of Levenberg and Marquardt from the head's pose in `q`, within limits."""
        q = q.copy()
        q[self.joints] = self.clip(q[self.joints])
        miss, damping = self._miss(q, point), 1e-6
        for _ in range(iterations):
            jacobian = np.empty((3, len(self.joints)))
            for k, index in enumerate(self.joints.tolist()):
                there = q.copy()
                there[index] += STEP
                ahead = self._miss(there, point)
                there[index] -= 2 * STEP
                jacobian[:, k] = (ahead - self._miss(there, point)) / (2 * STEP)
            new = self._step(q, jacobian, miss, damping)
            new_miss = self._miss(new, point)
            if float(new_miss @ new_miss) < float(miss @ miss):
                done = float(np.abs(new - q).max()) < 0.01 * EXACT
                q, miss, damping = new, new_miss, max(0.1 * damping, 1e-9)
                if done:
                    break
            elif damping > 1e3:
                break
            else:
                damping = max(10.0 * damping, 1e-3)
        return q, _angle(miss)

    def _step(self, q: Array, jacobian: Array, miss: Array, damping: float) -> Array:
        new = q.copy()
        free = np.ones(len(self.joints), dtype=bool)
        for _ in range(len(self.joints)):
            reduced = jacobian * free
            normal = reduced.T @ reduced + damping * np.eye(len(self.joints))
            delta = -np.linalg.solve(normal, reduced.T @ miss)
            delta *= min(1.0, LARGEST_STEP / max(float(np.abs(delta).max()), 1e-12))
            wanted = q[self.joints] + delta
            new[self.joints] = inside = self.clip(wanted)
            if not (free & (inside != wanted)).any():
                break
            free &= inside == wanted  # joints at a limit leave it to the others
        return new


def _angle(miss: Array) -> float:
    """The angle between two unit vectors that differ by `miss` [rad]."""
    return 2.0 * math.asin(min(1.0, 0.5 * math.sqrt(float(miss @ miss))))


@lru_cache(maxsize=32)
def gaze_of(model: RobotModel) -> Gaze:
    """The line of sight of a model that has a head, made once a process."""
    return Gaze(kinematics_of(model))
