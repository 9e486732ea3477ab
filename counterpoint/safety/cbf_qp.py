"""The outer layer for one ego among black boxes: `SafetyMode.EGO_ONLY`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.errors import SafetyInfeasible, SafetyInputError, listing
from counterpoint.core.pose import Array
from counterpoint.safety.agents import Agents, AgentSnapshot, PairKey, canonical_pair_key
from counterpoint.safety.barrier import BRAKING_MARGIN, DEFAULT_CBF_GAMMA, Braking
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.conformal import Period, SafetyState
from counterpoint.safety.control_models import AgentControlModel, DoubleIntegratorControlModel
from counterpoint.safety.interface import FilterInfo, Regime, SafetyMode
from counterpoint.safety.rows import ego_rows
from counterpoint.safety.solver import solve

ACTIVE_TOLERANCE = 1e-6


class _Layout(NamedTuple):
    """What follows from who is there."""

    ids: tuple[str, ...]
    ego: int
    others: NDArray[np.intp]
    rest: NDArray[np.intp] | slice  # the same: a slice costs a third of an index array
    egos: NDArray[np.intp]
    keys: tuple[PairKey, ...]
    theirs: Array
    braking: Braking


class EgoOnlyCBFQP:
    """Changes the ego's action as little as possible, so that it can always still stop in time.

    Counts on the ego's capacity alone. Against one partner that accelerates by no more than stated,
    a double integrator stays apart from it for ever; with several, as long as the program has a
    solution. The guide has the derivation, and what it does not cover.

    Args:
        model: The ego's control model; its `uid` names the ego.
        bounds: What the ego can do.
        dt: How long an action is held [s].
        partner_accel: Worst acceleration of a partner, Euclidean [m/s²]: one number for whoever
            comes and goes, or one for each partner, who then has to be there in every period.
        gamma: Class-K gain [1/s].
        partner_motion: `worst_case`, or `predicted`: the partner's predicted acceleration takes the
            place of its worst. Less cautious, and no guarantee.
        activation_distance: Gap up to which a pair has a row [m].
        solver: As for `solve`.

    Raises:
        SafetyInputError: A number cannot be worked with, or a partner accelerates as hard as the
            ego.
    """

    mode = SafetyMode.EGO_ONLY

    def __init__(
        self,
        model: AgentControlModel,
        bounds: Bounds,
        *,
        dt: float,
        partner_accel: float | Mapping[str, float],
        gamma: float = DEFAULT_CBF_GAMMA,
        partner_motion: Literal["worst_case", "predicted"] = "worst_case",
        activation_distance: float = math.inf,
        solver: str = "daqp",
    ) -> None:
        check_settings(dt, gamma, activation_distance)
        if partner_motion not in ("worst_case", "predicted"):
            raise SafetyInputError(
                f"partner_motion must be 'worst_case' or 'predicted', not {partner_motion!r}"
            )
        self.model, self.bounds, self.dt, self.gamma = model, bounds, dt, gamma
        self.partner_motion = partner_motion
        self.activation_distance = activation_distance
        self.solver = solver
        self.capacity = model.max_cartesian_accel(bounds)
        self.partner_accel = partner_accel
        stated = (
            partner_accel if isinstance(partner_accel, Mapping) else {"a partner": partner_accel}
        )
        for partner, accel in stated.items():
            self._check_partner(partner, accel)
        self._identity = isinstance(model, DoubleIntegratorControlModel)
        self._most = bounds.action_linf_component
        self._high = np.full(model.action_dim, bounds.action_linf_component)
        self._low = -self._high
        self._layout: _Layout | None = None

    def filter(
        self,
        proposed_action: Array,
        agents: Agents,
        state: SafetyState,
        *,
        predicted_velocity: Array | None = None,
    ) -> tuple[Array, FilterInfo]:
        """See `EgoOnlySafetyFilter.filter`; an action that fulfils everything stays unchanged."""
        layout = self._layout
        if layout is None or layout.ids != agents.ids:
            layout = self._layout = self._arrange(agents)
        check_stacked(agents, self.model.position_dim)
        proposed = checked_action(proposed_action, self.model, "the ego")
        expected = self._expected(agents, predicted_velocity, layout)

        others, egos, keys = layout.others, layout.egos, layout.keys
        theirs, braking = layout.theirs, layout.braking
        offset = agents.position[layout.ego] - agents.position[layout.rest]
        velocity = agents.velocity[layout.ego] - agents.velocity[layout.rest]
        contact = agents.radius[layout.ego] + agents.radius[layout.rest]
        if self.activation_distance != math.inf:
            reach = contact + self.activation_distance
            near = np.vecdot(offset, offset) <= reach * reach
            if False in near.tolist():
                pick = np.flatnonzero(near)
                braking = braking.pick(pick, theirs.shape)
                others, egos, theirs = others[pick], egos[pick], theirs[pick]
                offset, velocity, contact = offset[pick], velocity[pick], contact[pick]
                expected = None if expected is None else expected[pick]
                keys = tuple(keys[i] for i in pick)
        lambdas = state.values(keys)
        lam = np.array(lambdas) if any(lambdas) else None
        asked = ego_rows(offset, velocity, contact, braking, lam, gamma=self.gamma)
        if expected is None:
            lower = asked.asked + theirs
        else:
            along = np.vecdot(asked.direction, expected)
            lower = np.minimum(asked.asked + along, self.capacity)
        rows = asked.direction
        if not self._identity:
            rows = rows @ self.model.jacobian(snapshot(agents, layout.ego))

        active = np.zeros(len(keys), dtype=np.bool_)
        # A membership test of a short list is half the price of a reduction.
        stands = max(map(abs, proposed.tolist())) <= self._most and (
            False not in (rows.dot(proposed) >= lower).tolist()
        )
        action, solver, failure = (
            (proposed.copy(), None, None) if stands
            else nearest(proposed, rows, lower, self._low, self._high, self.solver, active)
        )  # fmt: skip
        info = FilterInfo(
            SafetyMode.EGO_ONLY,
            self.regime(state, len(keys)),
            Period(
                keys, egos, others, layout.ids, asked.direction, asked.asked_untuned, offset,
                velocity, contact, braking, active,
            ),
            dict.fromkeys(keys, 0.0) if lam is None else dict(zip(keys, lambdas, strict=True)),
            asked.geometry.distance - contact,
            asked.barrier,
            asked.certificate,
            not stands,
            solver,
            failure is not None,
        )  # fmt: skip
        if failure is not None:
            failure.info = info
            raise failure
        return action, info

    def regime(self, state: SafetyState, pairs: int) -> Regime:
        """What an answer with that many pairs rests on."""
        if state.lambda_max > 0.0:
            return Regime.LEARNT
        if self.partner_motion == "predicted":
            return Regime.PREDICTED
        if not self._identity:
            return Regime.LINEARISED
        return Regime.GUARANTEED if pairs <= 1 else Regime.FEASIBLE

    def _check_partner(self, partner: str, accel: float) -> None:
        if not (accel >= 0 and math.isfinite(accel)):
            raise SafetyInputError(
                f"the worst acceleration of {partner} must be zero or more, not {accel!r}"
            )
        if (1.0 - BRAKING_MARGIN) * self.capacity - accel <= 0.0:
            raise SafetyInputError(
                f"this cannot be made safe: the ego can count on {self.capacity:g} m/s² less "
                f"{BRAKING_MARGIN:.0%}, and {partner} may accelerate towards it by {accel:g} m/s²"
            )

    def _arrange(self, agents: Agents) -> _Layout:
        agents.check()
        ego = agents.row_of(self.model.uid)
        partners = [i for i in agents.ids if i != self.model.uid]
        if isinstance(self.partner_accel, Mapping):
            stated = self.partner_accel
            strangers = [p for p in partners if p not in stated]
            if strangers:
                raise SafetyInputError(f"no worst acceleration is stated of {listing(strangers)}")
            missing = [p for p in stated if p not in partners]
            if missing:
                raise SafetyInputError(f"no state is given of {listing(missing)}")
            theirs = np.array([stated[p] for p in partners], dtype=np.float64)
        else:
            theirs = np.full(len(partners), float(self.partner_accel))
        others = np.array([i for i in range(len(agents.ids)) if i != ego], dtype=np.intp)
        return _Layout(
            agents.ids,
            ego,
            others,
            slice(1, None) if ego == 0 else others,
            np.full(len(partners), ego, dtype=np.intp),
            tuple(canonical_pair_key(self.model.uid, p) for p in partners),
            theirs,
            Braking.of(self.capacity, theirs, self.dt, self.model.position_dim),
        )

    def _expected(
        self, agents: Agents, predicted_velocity: Array | None, layout: _Layout
    ) -> Array | None:
        if self.partner_motion == "worst_case":
            return None
        if predicted_velocity is None or predicted_velocity.shape != agents.velocity.shape:
            given = None if predicted_velocity is None else predicted_velocity.shape
            raise SafetyInputError(
                f"predicted_velocity must have shape {agents.velocity.shape}, not {given}"
            )
        expected: Array = (predicted_velocity - agents.velocity)[layout.others] / self.dt
        if not np.isfinite(expected).all():
            raise SafetyInputError("predicted_velocity must be finite")
        return expected


def nearest(
    proposed: Array,
    rows: Array,
    lower: Array,
    box_lower: Array,
    box_upper: Array,
    solver: str,
    active: NDArray[np.bool_],
) -> tuple[Array, str | None, SafetyInfeasible | None]:
    """The action nearest to the proposed one, and who found it; or why there is none.

    Args:
        proposed: Shape (n,).
        rows: Shape (m, n).
        lower: Shape (m,).
        box_lower: Shape (n,).
        box_upper: Shape (n,).
        solver: As for `solve`.
        active: Shape (m,): is told which rows hold the action back.
    """
    try:
        solution = solve(None, -proposed, rows, lower, box_lower, box_upper, solver=solver)
    except SafetyInfeasible as failure:
        return proposed, None, failure
    if solution.solver == "daqp":
        np.greater(solution.multipliers, 0.0, out=active)
    else:
        active[:] = rows @ solution.x - lower <= ACTIVE_TOLERANCE * (1.0 + np.abs(lower))
    return solution.x, solution.solver, None


def check_settings(dt: float, gamma: float, activation_distance: float) -> None:
    """Raise a `SafetyInputError` unless a filter can work with these."""
    for name, value in (("dt", dt), ("gamma", gamma)):
        if not (value > 0 and math.isfinite(value)):
            raise SafetyInputError(f"{name} must be above zero and finite, not {value!r}")
    if not activation_distance > 0:
        raise SafetyInputError(f"activation_distance must be above zero: {activation_distance!r}")


def check_stacked(agents: Agents, dimension: int) -> None:
    """Raise a `SafetyInputError` unless the arrays fit the ids, each other and `dimension`."""
    p, v, r = agents.position, agents.velocity, agents.radius
    n = len(agents.ids)
    if p.shape != (n, dimension) or v.shape != p.shape or r.shape != (n,) or not agents.finite:
        agents.check()
        raise SafetyInputError(
            f"the control model moves in {dimension} dimensions, but positions have shape {p.shape}"
        )


def checked_action(action: Any, model: AgentControlModel, whose: str) -> Array:
    """The action as an array of float64.

    Raises:
        SafetyInputError: Its shape is another, or it is not finite.
    """
    try:
        proposed: Array = np.asarray(action, dtype=np.float64)
    except (TypeError, ValueError):
        raise SafetyInputError(f"the proposed action of {whose} is not an array") from None
    if proposed.shape != (model.action_dim,):
        raise SafetyInputError(
            f"the proposed action of {whose} must have shape ({model.action_dim},), "
            f"not {proposed.shape}"
        )
    if not math.isfinite(proposed.dot(proposed)):
        raise SafetyInputError(f"the proposed action of {whose} is not finite")
    return proposed


def snapshot(agents: Agents, row: int) -> AgentSnapshot:
    """One agent of several."""
    return AgentSnapshot(agents.position[row], agents.velocity[row], float(agents.radius[row]))
