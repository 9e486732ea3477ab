"""Emergency controllers: from the directions that the brake wants to an agent's own controls.

The brake says which way an agent has to flee; what it can do about it is a matter of its body.
Every controller sums the unit vectors away from the others, scales the sum to the agent's capacity
(to zero where they cancel: there is no way out to prefer), and maps it to controls.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from counterpoint.core.errors import SafetyInputError
from counterpoint.core.pose import Array
from counterpoint.safety.agents import AgentSnapshot, all_finite
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.brake import PUSH_CANCELS
from counterpoint.safety.control_models import AgentControlModel


@runtime_checkable
class EmergencyController(Protocol):
    """One agent's way of fleeing. Equal arguments give equal controls."""

    def compute_override(
        self, agent_state: AgentSnapshot, pairwise_repulsion_vectors: ArrayLike, bounds: Bounds
    ) -> Array:
        """The action that takes the place of the agent's own.

        Args:
            agent_state: The agent.
            pairwise_repulsion_vectors: Unit vectors away from each other agent that endangers it,
                shape (k, d) with k ≥ 1; the brake's `away` of this agent is one such vector.
            bounds: What the agent can do.

        Returns:
            An action in the agent's own control space, within its bounds.

        Raises:
            SafetyInputError: If a shape does not fit, or a number is not finite.
        """
        ...


@dataclass(frozen=True, slots=True)
class CartesianAccelEmergencyController:
    """For agents whose action is the acceleration of their sphere."""

    def compute_override(
        self, agent_state: AgentSnapshot, pairwise_repulsion_vectors: ArrayLike, bounds: Bounds
    ) -> Array:
        """All of the capacity in the direction of escape, shape (d,) [m/s²]."""
        return escape_acceleration(agent_state, pairwise_repulsion_vectors, bounds)


@dataclass(frozen=True, slots=True)
class JacobianEmergencyController:
    """For arms: damped least squares (Nakamura, Hanafusa 1986), then a clip of each joint.

    Attributes:
        control_model: The agent's control model, the one that its filter's rows go through.
    """

    control_model: AgentControlModel

    def compute_override(
        self, agent_state: AgentSnapshot, pairwise_repulsion_vectors: ArrayLike, bounds: Bounds
    ) -> Array:
        """Joint accelerations, shape (action_dim,), each within the box."""
        wanted = escape_acceleration(agent_state, pairwise_repulsion_vectors, bounds)
        action = self.control_model.cartesian_accel_to_action(agent_state, wanted)
        return np.clip(action, -bounds.action_linf_component, bounds.action_linf_component)


@dataclass(frozen=True, slots=True)
class DifferentialBaseEmergencyController:
    """For bases that cannot move sideways, with their sphere's centre on the axle.

    They take the share of the escape that lies along their heading, and do not turn: a turn moves
    the centre by nothing while it matters. A push from the side thus gets no answer, which no base
    of this kind could give.

    Attributes:
        heading_fn: Gives the yaw of the base at a state [rad].
    """

    heading_fn: Callable[[AgentSnapshot], float]

    def compute_override(
        self, agent_state: AgentSnapshot, pairwise_repulsion_vectors: ArrayLike, bounds: Bounds
    ) -> Array:
        """Forward acceleration [m/s²] and yaw acceleration [rad/s²], shape (2,)."""
        wanted = escape_acceleration(agent_state, pairwise_repulsion_vectors, bounds)
        heading = self.heading_fn(agent_state)
        if not math.isfinite(heading):
            raise SafetyInputError(f"the heading of a base must be finite, not {heading!r}")
        forward = wanted[0] * math.cos(heading) + wanted[1] * math.sin(heading)
        box = bounds.action_linf_component
        return np.array([min(max(forward, -box), box), 0.0])


def escape_acceleration(
    agent_state: AgentSnapshot, pairwise_repulsion_vectors: ArrayLike, bounds: Bounds
) -> Array:
    """All of the Cartesian capacity in the direction of the sum; zeros where it cancels.

    Raises:
        SafetyInputError: If the vectors are not (k, d) with k ≥ 1, or a number is not finite.
    """
    vectors = np.asarray(pairwise_repulsion_vectors, dtype=np.float64)
    dimension = len(agent_state.position)
    if vectors.ndim != 2 or vectors.shape[0] < 1 or vectors.shape[1] != dimension:
        raise SafetyInputError(
            f"repulsion vectors must have shape (k, {dimension}) with k ≥ 1, not {vectors.shape}"
        )
    if not all_finite(vectors):
        raise SafetyInputError(f"repulsion vectors must be finite, not {vectors.tolist()}")
    total: Array = vectors.sum(axis=0)
    norm = float(np.linalg.norm(total))
    if norm <= PUSH_CANCELS:
        return np.zeros(dimension)
    return total * (bounds.cartesian_accel_capacity / norm)
