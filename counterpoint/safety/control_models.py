"""From an agent's own action to the Cartesian acceleration of its sphere, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from counterpoint.core.errors import SafetyInputError
from counterpoint.core.pose import Array
from counterpoint.safety.agents import AgentSnapshot, all_finite
from counterpoint.safety.bounds import Bounds

DEFAULT_DLS_DAMPING = 1e-2


@runtime_checkable
class AgentControlModel(Protocol):
    """The linear map from an agent's action to the Cartesian acceleration of its sphere's centre.

    Implementations are deterministic. Where `jacobian` has full row rank and damping is negligible,
    `cartesian_accel_to_action` is its right inverse.
    """

    @property
    def uid(self) -> str:
        """The agent's id."""
        ...

    @property
    def action_dim(self) -> int:
        """Length of the action."""
        ...

    @property
    def position_dim(self) -> int:
        """2 or 3: the dimension the sphere moves in."""
        ...

    def jacobian(self, state: AgentSnapshot) -> Array:
        """d(acceleration)/d(action) at `state`, shape (position_dim, action_dim)."""
        ...

    def action_to_cartesian_accel(self, state: AgentSnapshot, action: Array) -> Array:
        """Acceleration of the sphere's centre, shape (position_dim,) [m/s²], under `action`."""
        ...

    def cartesian_accel_to_action(self, state: AgentSnapshot, cartesian_accel: Array) -> Array:
        """An action, shape (action_dim,), that gives `cartesian_accel` as nearly as possible."""
        ...

    def max_cartesian_accel(self, bounds: Bounds) -> float:
        """Acceleration that `bounds` allow in every direction [m/s²]."""
        ...


@dataclass(frozen=True, slots=True)
class DoubleIntegratorControlModel:
    """An agent whose action *is* the acceleration of its sphere [m/s²].

    Attributes:
        uid: The agent's id.
        action_dim: 2 or 3.

    Raises:
        SafetyInputError: `action_dim` is another number.
    """

    uid: str
    action_dim: int = 2

    def __post_init__(self) -> None:
        _check_dimension(self.action_dim)

    @property
    def position_dim(self) -> int:
        """The same as `action_dim`."""
        return self.action_dim

    def jacobian(self, state: AgentSnapshot) -> Array:
        """The identity, shape (action_dim, action_dim)."""
        return np.eye(self.action_dim)

    def action_to_cartesian_accel(self, state: AgentSnapshot, action: Array) -> Array:
        """`action` itself."""
        return np.asarray(action, dtype=np.float64)

    def cartesian_accel_to_action(self, state: AgentSnapshot, cartesian_accel: Array) -> Array:
        """`cartesian_accel` itself."""
        return np.asarray(cartesian_accel, dtype=np.float64)

    def max_cartesian_accel(self, bounds: Bounds) -> float:
        """The capacity, as far as the box delivers it along an axis [m/s²]."""
        return min(bounds.cartesian_accel_capacity, bounds.action_linf_component)


@dataclass(frozen=True, slots=True)
class JacobianControlModel:
    """An arm: joint accelerations move the sphere through a Jacobian.

    The term `dJ/dt · q̇` is left out: what it amounts to at the speeds in use has to be taken off
    `max_cartesian_accel_value`.

    Attributes:
        uid: The agent's id.
        action_dim: Number of joints.
        jacobian_fn: Gives the Jacobian at a state, shape (position_dim, action_dim).
        max_cartesian_accel_value: Acceleration that the joints deliver in every direction [m/s²].
        position_dim: 2 or 3.
        damping: Of the least-squares inverse `Jᵀ(J Jᵀ + damping² I)⁻¹`, in the Jacobian's units
            (Nakamura, Hanafusa 1986).

    Raises:
        SafetyInputError: A dimension, the capacity or the damping cannot be worked with, or
            `jacobian_fn` gives another shape or numbers that are not finite.
    """

    uid: str
    action_dim: int
    jacobian_fn: Callable[[AgentSnapshot], Array]
    max_cartesian_accel_value: float
    position_dim: int = 3
    damping: float = DEFAULT_DLS_DAMPING

    def __post_init__(self) -> None:
        _check_dimension(self.position_dim)
        if self.action_dim < 1:
            raise SafetyInputError(f"action_dim must be 1 or more, not {self.action_dim!r}")
        capacity = self.max_cartesian_accel_value
        if not (capacity > 0 and math.isfinite(capacity)):
            raise SafetyInputError(
                f"max_cartesian_accel_value must be above zero and finite, not {capacity!r}"
            )
        if not (self.damping >= 0 and math.isfinite(self.damping)):
            raise SafetyInputError(f"damping must be zero or more and finite, not {self.damping!r}")

    def jacobian(self, state: AgentSnapshot) -> Array:
        """What `jacobian_fn` gives, checked."""
        jacobian = np.asarray(self.jacobian_fn(state), dtype=np.float64)
        if jacobian.shape != (self.position_dim, self.action_dim):
            raise SafetyInputError(
                f"the Jacobian of {self.uid!r} must have shape "
                f"{(self.position_dim, self.action_dim)}, not {jacobian.shape}"
            )
        if not all_finite(jacobian):
            raise SafetyInputError(f"the Jacobian of {self.uid!r} is not finite")
        return jacobian

    def action_to_cartesian_accel(self, state: AgentSnapshot, action: Array) -> Array:
        """`J(state) action`."""
        accel: Array = self.jacobian(state) @ action
        return accel

    def cartesian_accel_to_action(self, state: AgentSnapshot, cartesian_accel: Array) -> Array:
        """Joint accelerations by damped least squares; bounded at and near singular postures."""
        return damped_least_squares(self.jacobian(state), cartesian_accel, self.damping)

    def max_cartesian_accel(self, bounds: Bounds) -> float:
        """The smaller of `max_cartesian_accel_value` and the bounds' capacity [m/s²]."""
        return min(self.max_cartesian_accel_value, bounds.cartesian_accel_capacity)


@dataclass(frozen=True, slots=True)
class DifferentialBaseControlModel:
    """A base with two driven wheels: it cannot move sideways, but a point ahead of its axle can.

    The sphere's centre lies `offset` ahead of the axle; the action is (forward acceleration [m/s²],
    yaw acceleration [rad/s²]), and `J = R(heading) diag(1, offset)`. The centripetal terms
    `offset ω²` and `v ω` are left out: they have to be taken off the capacity.

    Attributes:
        uid: The agent's id.
        offset: From the axle to the sphere's centre, along the heading, above zero [m].
        heading_fn: Gives the yaw of the base at a state [rad].
        damping: Of the least-squares inverse, as in `JacobianControlModel`.

    Raises:
        SafetyInputError: `offset` is not above zero and finite, or the heading is not finite.
    """

    uid: str
    offset: float
    heading_fn: Callable[[AgentSnapshot], float]
    damping: float = 0.0

    def __post_init__(self) -> None:
        if not (self.offset > 0 and math.isfinite(self.offset)):
            raise SafetyInputError(
                f"offset must be above zero and finite, not {self.offset!r}: a point on the axle "
                "cannot be accelerated sideways"
            )

    @property
    def action_dim(self) -> int:
        """2."""
        return 2

    @property
    def position_dim(self) -> int:
        """2."""
        return 2

    def jacobian(self, state: AgentSnapshot) -> Array:
        """`R(heading) diag(1, offset)`, shape (2, 2)."""
        heading = self.heading_fn(state)
        if not math.isfinite(heading):
            raise SafetyInputError(f"the heading of {self.uid!r} must be finite, not {heading!r}")
        c, s = math.cos(heading), math.sin(heading)
        return np.array([[c, -s * self.offset], [s, c * self.offset]])

    def action_to_cartesian_accel(self, state: AgentSnapshot, action: Array) -> Array:
        """`J(state) action`."""
        accel: Array = self.jacobian(state) @ action
        return accel

    def cartesian_accel_to_action(self, state: AgentSnapshot, cartesian_accel: Array) -> Array:
        """Forward and yaw acceleration that move the sphere's centre by `cartesian_accel`."""
        return damped_least_squares(self.jacobian(state), cartesian_accel, self.damping)

    def max_cartesian_accel(self, bounds: Bounds) -> float:
        """The capacity, as far as the box delivers it both forward and sideways [m/s²]."""
        box = bounds.action_linf_component
        return min(bounds.cartesian_accel_capacity, box, box * self.offset)


def damped_least_squares(jacobian: Array, target: Array, damping: float) -> Array:
    """`Jᵀ(J Jᵀ + damping² I)⁻¹ target` (Nakamura, Hanafusa 1986).

    Args:
        jacobian: Shape (m, n).
        target: Shape (m,).
        damping: In the Jacobian's units; with 0, `jacobian` must have full row rank.

    Raises:
        SafetyInputError: Undamped and singular.
    """
    gram = jacobian @ jacobian.T
    gram[np.diag_indices_from(gram)] += damping * damping
    try:
        out: Array = jacobian.T @ np.linalg.solve(gram, target)
    except np.linalg.LinAlgError:
        raise SafetyInputError("the Jacobian is singular here: give a damping above zero") from None
    return out


def _check_dimension(dimension: int) -> None:
    if dimension not in (2, 3):
        raise SafetyInputError(f"a sphere moves in 2 or 3 dimensions, not {dimension!r}")
