"""Inverse kinematics of a robot model, on top of its forward kinematics.

It is damped least squares (Nakamura, Hanafusa 1986) with joint limits as a clamp, restarted from
several seeds; it stops by iterations, never by time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.arm import Arm
from counterpoint.core.pose import (
    Array,
    Pose,
    conjugate,
    matrix_from_quaternion,
    multiply,
    rotation_vector,
)
from counterpoint.core.seeds import derive_substream
from counterpoint.robots.forward_kinematics import ForwardKinematics
from counterpoint.robots.model import RobotModel

MAX_STEP = 0.3  # rad or m: the linearisation is not trusted further
DAMPING = 1e-3
MORE_SEEDS = 4
LEAST_GAIN = 0.98  # share of the distance that a step worth its while leaves at most
POSITION_TOLERANCE = 1e-3
ORIENTATION_TOLERANCE = 1e-2


@dataclass(frozen=True, slots=True)
class Solution:
    """An answer of the inverse kinematics.

    Attributes:
        q: Joint vector, shape (n,).
        success: Whether the hand is within tolerance there.
        position_error: Distance left [m].
        orientation_error: Angle left [rad]; 0 where orientation is free.
        iterations: Steps that it took, over all seeds.
    """

    q: Array
    success: bool
    position_error: float
    orientation_error: float
    iterations: int


class Kinematics(ForwardKinematics):
    """Forward and inverse kinematics of one robot model."""

    def __init__(self, model: RobotModel) -> None:
        super().__init__(model)
        self._limits: dict[Arm, tuple[NDArray[np.intp], Array, Array]] = {}
        self._samples: dict[Arm, tuple[Array, Array]] = {}

    def solve(
        self,
        arm: Arm,
        target: Pose,
        q: Array,
        *,
        tracks: tuple[str, ...] = (),
        orientation: bool = True,
        axis_only: bool = False,
        seeds: int = 8,
        iterations: int = 60,
        rank: Callable[[Array], int] | None = None,
    ) -> Solution:
        """Joint positions that bring an arm's tool to `target`.

        Args:
            arm: The arm.
            target: Where the tool frame has to be.
            q: The present joint vector, shape (n,): the first seed, and what other joints keep.
            tracks: Tracks that may move besides the arm's, such as `torso`.
            orientation: Whether the orientation counts; else only the position does.
            axis_only: With orientation: only the tool's z axis counts, not the turn about it.
            seeds: How many starts are tried; the best answer of those in tolerance is the one
                nearest to `q`, over all seeds tried until two are found.
            iterations: Steps a seed.
            rank: How bad a joint vector in tolerance is: 0 is good, and only answers with the
                lowest rank are taken. While there are only bad ones, more seeds are tried, up to
                `MORE_SEEDS` times as many. None finds all answers good.
        """
        best: Solution | None = None
        failed: Solution | None = None
        least = (0, math.inf)
        total, found = 0, 0
        moving = self._moving(arm, tracks)
        answers = self.answers(
            arm, target, q, tracks=tracks, orientation=orientation, axis_only=axis_only,
            seeds=seeds if rank is None else MORE_SEEDS * seeds, iterations=iterations,
        )  # fmt: skip
        for number, answer in enumerate(answers):
            total += answer.iterations
            if answer.success:
                worse = 0 if rank is None else rank(answer.q)
                key = (worse, _distance(answer.q, q, moving))
                if best is None or key < least:
                    best, least = answer, key
                found += worse == 0
                # The seed where the arm is now is the nearest.
                if found == 2 or (number == 0 and worse == 0):
                    break
            elif failed is None or answer.position_error < failed.position_error:
                failed = answer
            if number >= seeds - 1 and best is None:
                break
        result = best or failed
        assert result is not None
        return Solution(
            result.q, result.success, result.position_error, result.orientation_error, total
        )

    def answers(
        self,
        arm: Arm,
        target: Pose,
        q: Array,
        *,
        tracks: tuple[str, ...] = (),
        orientation: bool = True,
        axis_only: bool = False,
        seeds: int = 8,
        iterations: int = 60,
    ) -> Iterator[Solution]:
        """What each seed leads to, one after another; arguments as of `solve`.

        An arm with a redundant joint has many postures for one pose of the hand: these are some.
        """
        moving = self._moving(arm, tracks)
        for start in self._starts(arm, target.p, q, moving, seeds):
            yield self._descend(arm, target, start, moving, orientation, axis_only, iterations)

    def _moving(self, arm: Arm, tracks: tuple[str, ...]) -> NDArray[np.intp]:
        parts = [self.track_indices(t) for t in (self.model.arm_track(arm), *tracks)]
        return np.concatenate(parts).astype(np.intp)

    def step(
        self, arm: Arm, target: Pose, q: Array, *, orientation: bool, iterations: int = 3
    ) -> Solution:
        """A few descent steps from `q`: for targets that move a little each frame."""
        moving = self.track_indices(self.model.arm_track(arm))
        return self._descend(arm, target, q.copy(), moving, orientation, False, iterations)

    def nudge(self, arm: Arm, point: Array, q: Array, tolerance: float) -> tuple[Array, float]:
        """One damped step of an arm's tool towards `point` (3,) [m], its orientation left free.

        Made for the frame loop: a target that moves a little each frame needs no more.

        Returns:
            The joint vector after the step, and the distance before it [m]. The vector is `q`
            itself within `tolerance`, and where a step leads next to nowhere.
        """
        pinocchio, tool = self._pinocchio, self._tool[arm]
        pinocchio.compute_forward_kinematics(q)
        pose = pinocchio.get_link_pose(tool)
        error = point - pose.p
        distance = math.sqrt(float(error @ error))
        if distance < tolerance:
            return q, distance
        track, low, high = self._arm_limits(arm)
        jacobian = pinocchio.compute_single_link_local_jacobian(q, tool)[:3, track]
        local = _rotated_back(pose.q.tolist(), error.tolist())
        damping = DAMPING + 0.05 * min(distance, 1.0) ** 2
        here = q[track]
        delta, left = _damped_step(jacobian, damping, local)
        there = here + delta
        inside = np.minimum(np.maximum(there, low), high)
        blocked = inside != there
        if True in blocked.tolist():  # joints at a limit leave it to the others
            delta, left = _damped_step(jacobian * ~blocked, damping, local)
            inside = np.minimum(np.maximum(here + delta, low), high)
        if left > LEAST_GAIN * distance:
            return q, distance
        new = q.copy()
        new[track] = inside
        return new, distance

    def _arm_limits(self, arm: Arm) -> tuple[NDArray[np.intp], Array, Array]:
        """Where an arm's joints are, and their limits."""
        if arm not in self._limits:
            track = self.track_indices(self.model.arm_track(arm))
            self._limits[arm] = (track, self.lower[track], self.upper[track])
        return self._limits[arm]

    def _starts(
        self, arm: Arm, target: Array, q: Array, moving: NDArray[np.intp], seeds: int
    ) -> Iterator[Array]:
        """The present posture, the rest posture, then sampled ones with the hand nearest first."""
        yield q.copy()
        start = q.copy()
        start[moving] = self.home[moving]
        if seeds < 2:
            return
        yield start
        if seeds == 2:
            return
        postures, hands = self._sampled(arm)
        track = self.track_indices(self.model.arm_track(arm))
        base = self._arm_base(q)
        distance = np.linalg.norm(
            hands @ matrix_from_quaternion(base.q).T + base.p - target, axis=1
        )
        for k in np.argsort(distance, kind="stable")[: seeds - 2]:
            start = q.copy()
            start[track] = postures[k]
            yield start

    def _sampled(self, arm: Arm, count: int = 256) -> tuple[Array, Array]:
        """Fixed random arm postures, and where the hand is in them relative to the arm's base."""
        if arm not in self._samples:
            rng = derive_substream(
                f"inverse kinematics seeds {self.model.name} {arm}"
            ).default_rng()
            track = self.track_indices(self.model.arm_track(arm))
            low, high = np.maximum(self.lower[track], -np.pi), np.minimum(self.upper[track], np.pi)
            postures = rng.uniform(low, high, (count, len(track)))
            q = np.array(self.home)
            base = self._arm_base(q).inverse()
            hands = np.empty((count, 3))
            for i, posture in enumerate(postures):
                q[track] = posture
                hands[i] = base.apply(self.tool_pose(q, arm).p)
            self._samples[arm] = (postures, hands)
        return self._samples[arm]

    def _descend(
        self,
        arm: Arm,
        target: Pose,
        q: Array,
        moving: NDArray[np.intp],
        orientation: bool,
        axis_only: bool,
        iterations: int,
    ) -> Solution:
        """Damped least squares from one seed."""
        tool, pinocchio = self._tool[arm], self._pinocchio
        low, high = self.lower[moving], self.upper[moving]
        rows = 6 if orientation and not axis_only else 5 if orientation else 3
        target_q_inverse = conjugate(target.q)
        goal_axis = matrix_from_quaternion(target.q)[:, 2]
        error = np.empty(rows)
        distance = angle = np.inf
        step = 0
        best_q, best_cost = q, np.inf
        best_distance = best_angle = np.inf
        while True:
            pinocchio.compute_forward_kinematics(q)
            pose = pinocchio.get_link_pose(tool)
            turn = matrix_from_quaternion(pose.q)
            error[:3] = turn.T @ (target.p - pose.p)
            distance = float(np.linalg.norm(error[:3]))
            angle = 0.0
            if orientation and axis_only:
                local = turn.T @ goal_axis
                spin = np.array([-local[1], local[0]])
                sine = float(np.hypot(spin[0], spin[1]))
                angle = float(np.arctan2(sine, local[2]))
                error[3:5] = spin * (angle / sine) if sine > 1e-9 else (0.0, angle)
            elif orientation:
                spin = -rotation_vector(multiply(target_q_inverse, pose.q))
                # The rotation that leads from the tool to the target, in the tool's frame.
                error[3:6] = turn.T @ (matrix_from_quaternion(target.q) @ spin)
                angle = float(np.linalg.norm(spin))
            cost = distance + 0.1 * angle
            if cost < best_cost:
                best_q, best_cost = q.copy(), cost
                best_distance, best_angle = distance, angle
            done = distance < 0.1 * POSITION_TOLERANCE and angle < 0.1 * ORIENTATION_TOLERANCE
            if done or step == iterations:
                break
            jacobian = pinocchio.compute_single_link_local_jacobian(q, tool)[:rows, moving]
            # Joints at a limit that would be pushed beyond it are left out of this step.
            free = np.ones(len(moving), dtype=bool)
            new = q[moving]
            for _ in range(2):
                reduced = jacobian * free
                # A damping that vanishes with the error converges quadratically near the solution.
                damping = DAMPING + 0.05 * min(cost, 1.0) ** 2
                gram = reduced @ reduced.T
                gram[np.diag_indices(rows)] += damping
                delta = reduced.T @ np.linalg.solve(gram, error)
                largest = float(np.max(np.abs(delta)))
                if largest > MAX_STEP:
                    delta *= MAX_STEP / largest
                new = q[moving] + delta
                blocked = ((new < low) | (new > high)) & free
                if not blocked.any():
                    break
                free &= ~blocked
            q[moving] = np.clip(new, low, high)
            step += 1
        success = best_distance < POSITION_TOLERANCE and best_angle < ORIENTATION_TOLERANCE
        return Solution(best_q, success, best_distance, best_angle, step)


def _rotated_back(q: list[float], v: list[float]) -> list[float]:
    """A vector rotated by the inverse of a unit quaternion, as plain numbers."""
    w, x, y, z = q[0], -q[1], -q[2], -q[3]
    a, b, c = v
    tx, ty, tz = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
    return [
        a + w * tx + y * tz - z * ty,
        b + w * ty + z * tx - x * tz,
        c + w * tz + x * ty - y * tx,
    ]


def _damped_step(jacobian: Array, damping: float, error: list[float]) -> tuple[Array, float]:
    """The damped least-squares step for a Jacobian, shape (3, n), no joint by over `MAX_STEP`.

    Returns:
        The step, shape (n,), and how much of the error it would leave if it were not cut short.
    """
    y = _solve_symmetric((jacobian @ jacobian.T).tolist(), damping, error)
    delta: Array = jacobian.T @ y
    largest = max(map(abs, delta.tolist()))
    if largest > MAX_STEP:
        delta *= MAX_STEP / largest
    return delta, damping * math.sqrt(float(y @ y))


def _solve_symmetric(m: list[list[float]], damping: float, b: list[float]) -> Array:
    """(m + damping) x = b for a symmetric 3 × 3 matrix, by cofactors."""
    a, d, f = m[0][0] + damping, m[1][1] + damping, m[2][2] + damping
    e01, e02, e12 = m[0][1], m[0][2], m[1][2]
    c00, c01, c02 = d * f - e12 * e12, e02 * e12 - e01 * f, e01 * e12 - e02 * d
    c11, c12, c22 = a * f - e02 * e02, e01 * e02 - a * e12, a * d - e01 * e01
    inverse = 1.0 / (a * c00 + e01 * c01 + e02 * c02)
    x, y, z = b
    return np.array(
        [
            (c00 * x + c01 * y + c02 * z) * inverse,
            (c01 * x + c11 * y + c12 * z) * inverse,
            (c02 * x + c12 * y + c22 * z) * inverse,
        ]
    )


@lru_cache(maxsize=32)
def kinematics_of(model: RobotModel) -> Kinematics:
    """The model's kinematics, made once a process."""
    return Kinematics(model)


def _distance(a: Array, b: Array, moving: NDArray[np.intp]) -> float:
    return float(np.max(np.abs(a[moving] - b[moving])))
