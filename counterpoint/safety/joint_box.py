"""The joint velocities an arm can have next: velocity, acceleration and position limits in a box.

The three limits are merged so that the lower end never exceeds the upper one. Where they contradict
each other, the first of these holds: acceleration, which nothing can break; velocity; position.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from counterpoint.core.errors import SafetyInputError
from counterpoint.core.pose import Array

ENDLESS = 1e12
"""Room in front of a joint without an end: it, too, takes a finite number of periods [rad or m]."""


class JointBox:
    """An arm's limits.

    Velocities are held for one period `dt`, and change from period to period by at most
    `acceleration · dt`. Ends of the joints' range are approached no faster than can be stopped in
    front of them, to the exact sum over the periods that stopping takes: an arm that starts at
    rest within its limits stays within them, whatever velocities of the box are chosen.

    Args:
        lower: Lowest positions, shape (n,) [rad or m]; −inf where there is none.
        upper: Highest positions.
        velocity: Speed limits, shape (n,), above 0.
        acceleration: Acceleration limits, shape (n,), above 0.
        dt: Control period [s].

    Raises:
        SafetyInputError: If shapes differ, a limit is not a number, a range is empty, or a
            velocity, acceleration or `dt` is not positive and finite.
    """

    def __init__(
        self,
        lower: ArrayLike,
        upper: ArrayLike,
        velocity: ArrayLike,
        acceleration: ArrayLike,
        *,
        dt: float,
    ) -> None:
        self.lower = np.array(lower, dtype=np.float64)
        self.upper = np.array(upper, dtype=np.float64)
        self.velocity = np.array(velocity, dtype=np.float64)
        self.acceleration = np.array(acceleration, dtype=np.float64)
        self.dt = float(dt)
        limits = (self.lower, self.upper, self.velocity, self.acceleration)
        if self.lower.ndim != 1 or len({limit.shape for limit in limits}) != 1:
            raise SafetyInputError(
                f"limits must have one shape (n,), not {[x.shape for x in limits]}"
            )
        if not (self.lower <= self.upper).all():
            raise SafetyInputError("lower joint limits must not exceed upper ones, and be numbers")
        for name, value in (
            ("velocity", self.velocity),
            ("acceleration", self.acceleration),
            ("dt", np.array([self.dt])),
        ):
            if not (np.isfinite(value).all() and (value > 0.0).all()):
                raise SafetyInputError(f"{name} must be positive and finite, not {value}")
        self._reach = self.acceleration * self.dt
        self._half = 0.5 * self._reach
        self._scale = 2.0 / (self._reach * self.dt)
        # Lower ends, upper ends: shape (2, n).
        self._velocities = np.array((-self.velocity, self.velocity))
        self._reaches = np.array((-self._reach, self._reach))
        self._ends = np.array((-self.lower, self.upper))

    @property
    def size(self) -> int:
        """How many joints there are."""
        return len(self.lower)

    def at(self, q: Array, q_dot: Array) -> tuple[Array, Array]:
        """The velocities possible in the next period.

        Args:
            q: Joint positions, shape (n,).
            q_dot: Joint velocities of the period before, shape (n,).

        Returns:
            The lower and the upper end of the box, each shape (n,); lower ≤ upper.
        """
        reached = q_dot + self._reaches
        ends = _within(self._velocities, reached)
        speed = self.stopping_speed(_INWARD * q + self._ends)
        low, high = _within(speed * -_INWARD, ends)
        return low, high

    def stopping_speed(self, room: Array) -> Array:
        """The highest velocity from which a joint stops within `room`, shape (..., n).

        It is held for one period, then lowered by `acceleration · dt` a period. Below 0 room, it is
        the velocity that brings the joint back in one period.
        """
        room = np.minimum(room, ENDLESS)
        # After k whole periods of slowing down, room / (k + 1) a period is left to the fastest.
        periods = np.floor(np.sqrt(np.maximum(room, 0.0) * self._scale + 0.25) - 0.5)
        speed: Array = room / (periods * self.dt + self.dt) + periods * self._half
        return speed


_INWARD = np.array([[1.0], [-1.0]])


def _within(ends: Array, outer: Array) -> Array:
    """The part of the intervals `ends` (2, n) inside `outer`, or its end that is nearest."""
    inside: Array = np.minimum(np.maximum(ends, outer[0]), outer[1])
    return inside
