"""Barriers of an articulated robot, as rows for the inner layer.

A barrier is a function h of the joint positions and of time that is at least 0 where all is well.
At joint velocities q̇ it changes by `gradient · q̇ + drift`, and the inner layer asks for
`gradient · q̇ + drift ≥ −κ(h)`, with κ the barrier's class-K function. Barriers compose as a list;
each stacks its rows, one a sphere or a pair of spheres that is within its activation distance.

All positions, velocities and Jacobians are in one frame, the world's. Gradients are exact where h
is smooth; on the few surfaces where it is not (a box's inner diagonals, coincident centres), one of
the one-sided gradients is taken, always the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.errors import SafetyInputError
from counterpoint.core.pose import Array
from counterpoint.safety.vectors import along, below, cross, dot, norm, units

DEFAULT_GAIN = 10.0
"""Class-K gain [1/s]."""

SINGULAR = 1e-18
"""A squared manipulability up to this is 0, and has no gradient."""


@dataclass(frozen=True, slots=True, eq=False)
class ArmState:
    """An articulated robot at one instant. The caller computes it; nothing is checked here.

    Attributes:
        q: Joint positions, shape (n,) [rad or m].
        centres: Centres of the spheres that cover the robot, shape (s, 3) [m].
        jacobian: Their velocities per joint velocity, shape (s, 3, n).
        radii: Their radii, shape (s,) [m].
        tool_position: The end effector, shape (3,) [m].
        tool_jacobian: Its linear, then angular velocity per joint velocity, shape (6, n). Joints
            are in the order of the chain, from the base to the tool.
    """

    q: Array
    centres: Array
    jacobian: Array
    radii: Array
    tool_position: Array
    tool_jacobian: Array


class Rows(NamedTuple):
    """Rows of a barrier.

    Attributes:
        value: h, shape (m,).
        gradient: ∂h/∂q, shape (m, n).
        drift: ∂h/∂t at fixed joints, shape (m,), or None where nothing but the robot moves.
    """

    value: Array
    gradient: Array
    drift: Array | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Barrier(ABC):
    """What all barriers share: the class-K function.

    κ(h) is `gain · h` near 0 and below, and goes on as the square root `√(2 · braking · h − …)`
    with which h can be brought to rest at a deceleration of `braking`.

    Attributes:
        gain: [1/s], above 0.
        braking: Deceleration of h that can be counted on [unit of h / s²]; infinite for a κ that is
            linear everywhere.

    Raises:
        SafetyInputError: If one of the two is not above 0: such a barrier would hold nothing back.
    """

    gain: float = DEFAULT_GAIN
    braking: float = inf

    def __post_init__(self) -> None:
        if not (0.0 < self.gain < inf and self.braking > 0.0):
            raise SafetyInputError(
                f"gain must be finite and above 0, and braking above 0, "
                f"not {self.gain!r} and {self.braking!r}"
            )

    @abstractmethod
    def rows(self, state: ArmState) -> Rows:
        """The barrier's rows at a state."""


def class_k(value: Array, gain: Array | float, braking: Array | float) -> Array:
    """κ(h): how fast a barrier may fall, shape (m,); of a continuous slope, and 0 at 0."""
    linear: Array = gain * value
    knee = braking / np.square(gain)
    with np.errstate(invalid="ignore"):
        root = np.sqrt(2.0 * braking * value - braking * knee)
    # Not `value > knee`: a value that is no number has to stay one.
    return np.where(value <= knee, linear, root)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JointLimits(Barrier):
    """Distance to the ends of each joint's range: 2n rows, lower ends first.

    Attributes:
        lower: Lowest positions, shape (n,) [rad or m].
        upper: Highest positions.
    """

    lower: Array
    upper: Array

    def rows(self, state: ArmState) -> Rows:  # noqa: D102 - as of `Barrier`
        value = np.concatenate((state.q - self.lower, self.upper - state.q))
        return Rows(value, _signed_identity(len(state.q)))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SelfCollision(Barrier):
    """Distance between spheres of the robot itself.

    Attributes:
        pairs: Pairs of spheres that may touch, shape (k, 2).
        margin: Distance that is to remain [m].
        activation: Pairs further apart than this have no row [m].
    """

    pairs: NDArray[np.intp]
    margin: float = 0.0
    activation: float = inf

    def rows(self, state: ArmState) -> Rows:  # noqa: D102
        i, j = self.pairs[:, 0], self.pairs[:, 1]
        offset = state.centres.take(i, axis=0) - state.centres.take(j, axis=0)
        span = norm(offset)
        value = span - (state.radii.take(i) + state.radii.take(j)) - self.margin
        if self.activation < inf:
            near = ~(value >= self.activation)  # a value that is no number is kept, and found
            i, j, offset, span, value = i[near], j[near], offset[near], span[near], value[near]
        approach = state.jacobian.take(i, axis=0) - state.jacobian.take(j, axis=0)
        return Rows(value, along(units(offset, span), approach))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HalfSpaces(Barrier):
    """Every sphere of the robot on the good side of planes: walls, a floor, a ceiling.

    Attributes:
        normals: Unit vectors to the good side, shape (w, 3).
        offsets: The planes are `normal · x = offset`, shape (w,) [m].
        margin: Distance that is to remain [m].
        activation: Spheres further from a plane than this have no row [m].
    """

    normals: Array
    offsets: Array
    margin: float = 0.0
    activation: float = inf

    def rows(self, state: ArmState) -> Rows:  # noqa: D102
        value = state.centres @ self.normals.T - self.offsets - (state.radii + self.margin)[:, None]
        near, sphere, wall = below(value, self.activation)
        normal = self.normals.take(wall, axis=0)
        return Rows(value.take(near), along(normal, state.jacobian.take(sphere, axis=0)))


def keep_in_box(
    lower: Array,
    upper: Array,
    *,
    margin: float = 0.0,
    activation: float = inf,
    gain: float = DEFAULT_GAIN,
    braking: float = inf,
) -> HalfSpaces:
    """The whole body inside a box along the axes of the world, from `lower` to `upper` (3,) [m]."""
    return HalfSpaces(
        normals=np.array(_signed_identity(3)), offsets=np.concatenate((lower, np.negative(upper))),
        margin=margin, activation=activation, gain=gain, braking=braking,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EndEffectorBox(Barrier):
    """The end effector inside a box along the axes of the world: 6 rows, lower faces first.

    Attributes:
        lower: Its lowest corner, shape (3,) [m].
        upper: Its highest corner.
    """

    lower: Array
    upper: Array

    def rows(self, state: ArmState) -> Rows:  # noqa: D102
        p, jacobian = state.tool_position, state.tool_jacobian[:3]
        value = np.concatenate((p - self.lower, self.upper - p))
        return Rows(value, np.concatenate((jacobian, -jacobian)))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Singularity(Barrier):
    """Manipulability above a threshold: one row.

    Manipulability is `w = √det(J Jᵀ)` (Yoshikawa 1985), of the whole tool Jacobian where the arm
    has six joints or more, else of its linear part.

    Attributes:
        threshold: Least manipulability.
    """

    threshold: float

    def rows(self, state: ArmState) -> Rows:  # noqa: D102
        value, gradient = manipulability(state.tool_jacobian)
        return Rows(np.array([value - self.threshold]), gradient[None])


def manipulability(jacobian: Array) -> tuple[float, Array]:
    """Manipulability of a serial chain, and its gradient.

    The derivative of a geometric Jacobian's columns (vᵢ, ωᵢ) is again made of them: joint k turns
    the column of every later joint as a rigid body, and moves the tool under every earlier one. So
    the gradient costs two cumulative sums.

    Args:
        jacobian: Linear, then angular velocity of the tool per joint velocity, shape (6, n), joints
            in the order of the chain.

    Returns:
        w, and ∂w/∂q, shape (n,); zeros at a singularity, where w has no gradient.
    """
    linear, angular = jacobian[:3].T, jacobian[3:].T
    n = len(linear)
    rows = jacobian if n >= 6 else jacobian[:3]
    gram = rows @ rows.T
    square = float(np.linalg.det(gram))
    if not square > SINGULAR:
        return 0.0 * square, np.full(n, 0.0 * square)  # what is no number stays none
    value = square**0.5
    weighted = (np.linalg.inv(gram) @ rows).T
    translation, rotation = weighted[:, :3], weighted[:, 3:]
    if n < 6:
        rotation = np.zeros_like(translation)
    crossed = cross(
        np.concatenate((linear, angular, translation)),
        np.concatenate((translation, rotation, angular)),
    )
    turned, moved = crossed[:n] + crossed[n : 2 * n], crossed[2 * n :]
    later = np.cumsum(turned[::-1], axis=0)[::-1]
    earlier = np.cumsum(moved, axis=0) - moved
    return value, value * (dot(angular, later) + dot(linear, earlier))


@lru_cache(maxsize=16)
def _signed_identity(n: int) -> Array:
    out = np.concatenate((np.eye(n), -np.eye(n)))
    out.setflags(write=False)
    return out
