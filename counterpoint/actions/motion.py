"""Smooth motion with speed, acceleration and jerk limits, generated online with ruckig.

A motion continues from the commanded state, the drive targets, never from the measured one. It
hands out the mean velocity of each frame, so that integrating it gives the planned positions.
"""

from __future__ import annotations

import numpy as np
from ruckig import (
    InputParameter,
    OutputParameter,
    Result,
    Ruckig,
    RuckigError,
    Synchronization,
)

from counterpoint.core.pose import Array

JERK_TIME = 0.1  # s: in which acceleration reaches its limit
RESYNC = 1e-6  # rad or m: a drive target further off its plan was held back
HEADWAY = 1e-3  # rad or m, over all joints: less than that is no headway
PATIENCE = 3.0  # s that a plan may be held back without headway


class JointMotion:
    """Motion of several joints to a goal that may change on the way, ending at the same time.

    A motion that something holds back for `PATIENCE` without headway is finished where it is, so
    that nothing pushes against an obstacle for ever.

    Args:
        position: Commanded positions now, shape (n,) [rad or m].
        velocity: Commanded velocities now.
        goal: Where to go.
        max_velocity: Limits, shape (n,).
        max_acceleration: Limits, shape (n,).
        dt: Length of a frame [s].
        duration: Lower bound on the time that it takes, changes of the goal included [s].
        straight: From rest, keep to the straight line between both in joint space, for ways that
            were checked there; else each joint only ends at the same time.
    """

    def __init__(
        self,
        position: Array,
        velocity: Array,
        goal: Array,
        max_velocity: Array,
        max_acceleration: Array,
        dt: float,
        duration: float | None = None,
        *,
        straight: bool = False,
    ) -> None:
        n = len(position)
        self._dt = dt
        self._generator = Ruckig(n, dt)
        self._input, self._output = InputParameter(n), OutputParameter(n)
        self._position = np.array(position, dtype=np.float64)
        limit = np.asarray(max_velocity, dtype=np.float64)
        self._input.current_position = self._position.tolist()
        self._input.current_velocity = np.clip(velocity, -limit, limit).tolist()
        self._input.current_acceleration = [0.0] * n
        self._input.max_velocity = limit.tolist()
        self._input.max_acceleration = np.asarray(max_acceleration).tolist()
        self._input.max_jerk = (np.asarray(max_acceleration) / JERK_TIME).tolist()
        self._input.target_velocity = [0.0] * n
        if straight:
            self._input.synchronization = Synchronization.Phase
        self._origin = self._position
        self._duration, self._steps = duration, 0
        self.finished = False
        self._gave_up = False
        self.goal = np.asarray(goal, dtype=np.float64)
        self.retarget(goal)

    def retarget(self, goal: Array) -> None:
        """Go to `goal` from now on, shape (n,)."""
        if self.finished:
            self._origin = self._position
        self.goal = np.array(goal, dtype=np.float64)
        self._input.target_position = self.goal.tolist()
        self._keep_duration()
        self.finished = self._gave_up = False
        self._least, self._held_back = np.inf, 0

    def limit(self, max_velocity: Array) -> None:
        """Go no faster than `max_velocity`, shape (n,), from now on; what is faster slows down."""
        self._input.max_velocity = np.asarray(max_velocity, dtype=np.float64).tolist()

    def step(self, target: Array, velocity: Array) -> Array:
        """The mean velocity of the next frame, shape (n,).

        Args:
            target: The drive targets now, shape (n,). Where the drives could not follow the plan,
                because something was in the way, the plan goes on from where they are.
            velocity: The drives' commanded velocities now.
        """
        # Of a few numbers, a list has the largest sooner than a reduction.
        if not self._gave_up and max(map(abs, (target - self._position).tolist())) > RESYNC:
            limit = np.array(self._input.max_velocity)
            self._position = np.array(target)
            self._input.current_position = self._position.tolist()
            self._input.current_velocity = np.clip(velocity, -limit, limit).tolist()
            self._input.current_acceleration = [0.0] * len(target)
            self._keep_duration()
            self.finished = self._gave_up = self._is_stuck(target)
        if self.finished:
            return np.zeros(len(self._position))
        self._steps += 1
        result = self._update()
        new = np.array(self._output.new_position)
        mean: Array = (new - self._position) / self._dt
        self._position = new
        self._output.pass_to_input(self._input)
        self.finished = result is Result.Finished
        return mean

    def _update(self) -> Result:
        """The next frame of the trajectory.

        Near their limits, some states have none in which all joints end at the same time, by
        rounding: such a plan begins anew without its acceleration, and else each joint for itself.
        """
        for attempt in range(3):
            try:
                result = self._generator.update(self._input, self._output)
            except RuckigError:
                result = Result.Error
            if result in (Result.Working, Result.Finished):
                return result
            if attempt == 0:
                self._input.current_acceleration = [0.0] * len(self._position)
            else:
                self._input.synchronization = Synchronization.No
        raise ArithmeticError(f"no trajectory to {self.goal} from {self._position}")

    def _keep_duration(self) -> None:
        """A new plan has what is left of the duration, not all of it once more."""
        if self._duration is not None:
            self._input.minimum_duration = max(0.0, self._duration - self._steps * self._dt)

    def _is_stuck(self, target: Array) -> bool:
        """Whether drives that were held back in this frame have come no nearer for too long."""
        left = float(np.abs(self.goal - target).sum())
        if left < self._least - HEADWAY:
            self._least, self._held_back = left, 0
        self._held_back += 1
        return self._held_back * self._dt > PATIENCE

    @property
    def speed(self) -> Array:
        """The commanded velocities now, shape (n,)."""
        return np.array(self._input.current_velocity)

    @property
    def progress(self) -> float:
        """Share of the way from where it last stood to the goal that lies behind it, at most 1."""
        whole = float(np.abs(self.goal - self._origin).sum())
        left = float(np.abs(self.goal - self._position).sum())
        return 1.0 - left / whole if whole > 0 else 1.0

    def state(self) -> tuple[Array, Array, int]:
        """Commanded positions, the goal, and frames held back, for the state hash."""
        return self._position, self.goal, self._held_back


class PathMotion:
    """Motion along a smooth curve through joint waypoints, at rest at both ends.

    Args:
        waypoints: Joint positions, shape (m, n), m ≥ 2, about evenly spaced along the path.
        max_velocity: Limits, shape (n,).
        max_acceleration: Limits, shape (n,).
        dt: Length of a frame [s].
        duration: Lower bound on the time that it takes [s].
    """

    def __init__(
        self,
        waypoints: Array,
        max_velocity: Array,
        max_acceleration: Array,
        dt: float,
        duration: float | None = None,
    ) -> None:
        from scipy.interpolate import CubicSpline  # slow to load: only when a path is driven

        self._dt = dt
        knots = np.linspace(0.0, 1.0, len(waypoints))
        self._curve = CubicSpline(knots, waypoints)
        fine = np.linspace(0.0, 1.0, 4 * len(waypoints))
        slope = np.abs(self._curve(fine, 1)).max(axis=0)
        bend = np.abs(self._curve(fine, 2)).max(axis=0)
        # q̈ = q'(s) s̈ + q''(s) ṡ²: half of the limit goes to each term.
        speed = float(np.min(max_velocity / np.maximum(slope, 1e-9)))
        speed = min(speed, float(np.min(np.sqrt(0.5 * max_acceleration / np.maximum(bend, 1e-9)))))
        acceleration = float(np.min(0.5 * max_acceleration / np.maximum(slope, 1e-9)))
        speed, acceleration = min(speed, 1e3), min(acceleration, 1e4)
        one = np.ones(1)
        self._along = JointMotion(
            np.zeros(1), np.zeros(1), one, speed * one, acceleration * one, dt, duration
        )
        self._s = 0.0
        self.goal: Array = np.array(waypoints[-1])

    @property
    def finished(self) -> bool:
        """Whether the end is reached."""
        return self._along.finished

    @property
    def progress(self) -> float:
        """Share of the path that lies behind it, 0 to 1."""
        return self._s

    def step(self, target: Array) -> Array:
        """The mean velocity of the next frame, shape (n,), given the drive targets now."""
        s = np.array([self._s])
        self._s = min(1.0, self._s + float(self._along.step(s, s)[0]) * self._dt)
        velocity: Array = (self._curve(self._s) - target) / self._dt
        return velocity

    def state(self) -> tuple[float, Array]:
        """Progress and the goal, for the state hash."""
        return self._s, self.goal
