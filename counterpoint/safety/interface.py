"""What a filter is: its modes, what it says about a period, and its two shapes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.pose import Array
from counterpoint.safety.agents import Agents, PairKey
from counterpoint.safety.conformal import Period, SafetyState
from counterpoint.safety.lambdas import LambdaDict


class SafetyMode(Enum):
    """Whose action is decided on, and what braking is counted on."""

    EGO_ONLY = "ego_only"
    """The ego's action, its own capacity: for partners that are black boxes. The default."""
    CENTRALIZED = "centralized"
    """Every agent's action, everybody's capacity: the oracle that others are measured against."""
    SHARED_CONTROL = "shared_control"
    """Every agent's action, partners within a ball about what they proposed."""


class Regime(Enum):
    """What a period's answer rests on, the strongest first."""

    GUARANTEED = "guaranteed"
    """One partner, a double integrator, worst case, λ ≤ 0: proven, as long as the bounds hold."""
    FEASIBLE = "while feasible"
    """The same with several partners: proven as long as one action fulfils all rows."""
    LINEARISED = "linearised"
    """The action becomes acceleration through a Jacobian: what that leaves out is not covered."""
    COOPERATIVE = "cooperative"
    """Partners are taken to do what the filter decided for them."""
    PREDICTED = "predicted"
    """Partners are taken to do what was predicted: no guarantee."""
    LEARNT = "learnt"
    """λ may be positive: a bounded mean loss, and no guarantee in any one period."""


class FilterInfo(NamedTuple):
    """What a filter says about one period. Arrays are over the k pairs that had a row.

    Attributes:
        mode: The filter's mode.
        regime: What the answer rests on.
        period: The pairs and what was asked of them: what the conformal loss is measured against.
        lambda_: λ of each pair [m/s²].
        gap: Between the surfaces, shape (k,) [m]; negative in an overlap.
        barrier: h along the normals, shape (k,) [m/s].
        certificate: h along the rows' directions, shape (k,) [m/s]: below 0, no plan to stop is
            known.
        intervened: Whether the answer differs from what was proposed.
        solver: The solver that answered, or None where the proposal stood.
        infeasible: Whether no action fulfilled every row.
        fallback_fired: Whether the brake's action took the place of the filter's.
        loss: Loss of each pair that was active in the period before; None where none was measured.
        blind: Agents whose own state is not finite: they got the zero action, and need a
            standstill.
    """

    mode: SafetyMode
    regime: Regime
    period: Period
    lambda_: LambdaDict
    gap: Array
    barrier: Array
    certificate: Array
    intervened: bool
    solver: str | None
    infeasible: bool = False
    fallback_fired: bool = False
    loss: LambdaDict | None = None
    blind: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[PairKey, ...]:
        """The pairs, in the order of the arrays."""
        return self.period.keys

    @property
    def active(self) -> NDArray[np.bool_]:
        """Which rows held the action back, shape (k,)."""
        return self.period.active

    @property
    def constraint_violation(self) -> Array:
        """`max(0, −h)` of each pair, shape (k,) [m/s]."""
        return np.maximum(-self.barrier, 0.0)


class EgoOnlySafetyFilter(Protocol):
    """A filter of the ego's action."""

    def filter(
        self,
        proposed_action: Array,
        agents: Agents,
        state: SafetyState,
        *,
        predicted_velocity: Array | None = None,
    ) -> tuple[Array, FilterInfo]:
        """The action nearest to the proposed one that fulfils the rows.

        Args:
            proposed_action: Shape (action_dim,).
            agents: The ego and its partners.
            state: Read for λ; not changed but for pairs that enter.
            predicted_velocity: Of every agent at the period's end, shape (n, d) [m/s]; read only
                where partners' motion is predicted.

        Raises:
            SafetyInputError: Something cannot be worked with.
            SafetyInfeasible: No action within the bounds fulfils the rows: brake.
        """
        ...


class JointSafetyFilter(Protocol):
    """A filter of everybody's actions."""

    def filter(
        self, proposed_actions: Mapping[str, Array], agents: Agents, state: SafetyState
    ) -> tuple[dict[str, Array], FilterInfo]:
        """The actions nearest to the proposed ones that fulfil the rows, by agent.

        Raises:
            SafetyInputError: Something cannot be worked with.
            SafetyInfeasible: No actions within the bounds fulfil the rows: brake.
        """
        ...
