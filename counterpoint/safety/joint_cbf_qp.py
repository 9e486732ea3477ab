"""The outer layer for all agents at once: `CENTRALIZED` and `SHARED_CONTROL`."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.errors import SafetyInputError, listing
from counterpoint.core.pose import Array
from counterpoint.safety.agents import Agents, PairKey, make_pair_keys
from counterpoint.safety.barrier import DEFAULT_CBF_GAMMA, Braking
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.cbf_qp import (
    check_settings,
    check_stacked,
    checked_action,
    nearest,
    snapshot,
)
from counterpoint.safety.conformal import Period, SafetyState
from counterpoint.safety.control_models import AgentControlModel, DoubleIntegratorControlModel
from counterpoint.safety.interface import FilterInfo, Regime, SafetyMode
from counterpoint.safety.rows import joint_rows

Split = Literal["joint", "proportional", "relative_degree_aware"]
CORNER = 1e-9  # m/s²: a row that only a corner of the box fulfils is infeasible by rounding
SPLITS = ("joint", "proportional", "relative_degree_aware")


class _Layout(NamedTuple):
    """What follows from who is there."""

    ids: tuple[str, ...]
    keys: tuple[PairKey, ...]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    slots: tuple[slice, ...]
    box: Array
    ball: Array
    capacity: Array
    braking: Braking
    plain: bool  # whether every agent is a double integrator


class JointCBFQP:
    """Decides on everybody's action at once; what it answers holds if everybody does as told.

    Args:
        models: Control model of each agent that may be there, by id.
        bounds: What each can do: the same for all, or by id.
        dt: How long an action is held [s].
        mode: `CENTRALIZED`, or `SHARED_CONTROL`.
        ego: In `SHARED_CONTROL`, whose action is free.
        partner_action_bound: In `SHARED_CONTROL`, by how much each component of a partner's action
            may differ from what it proposed.
        split: Who gives way. `joint` leaves it to the program; `proportional` shares out what each
            pair is asked for by capacity, `relative_degree_aware` by the acceleration that each
            one's box allows along the pair's direction at this state. Only in `CENTRALIZED`.
        gamma: Class-K gain [1/s].
        activation_distance: Gap up to which a pair has a row [m].
        solver: As for `solve`.

    Raises:
        SafetyInputError: A setting is missing, superfluous or cannot be worked with.
    """

    def __init__(
        self,
        models: Mapping[str, AgentControlModel],
        bounds: Bounds | Mapping[str, Bounds],
        *,
        dt: float,
        mode: SafetyMode = SafetyMode.CENTRALIZED,
        ego: str | None = None,
        partner_action_bound: float | None = None,
        split: Split = "proportional",
        gamma: float = DEFAULT_CBF_GAMMA,
        activation_distance: float = math.inf,
        solver: str = "daqp",
    ) -> None:
        check_settings(dt, gamma, activation_distance)
        if split not in SPLITS:
            raise SafetyInputError(f"split must be one of {listing(SPLITS)}, not {split!r}")
        for uid, model in models.items():
            if model.uid != uid:
                raise SafetyInputError(f"the control model of {model.uid!r} is given for {uid!r}")
        if len({model.position_dim for model in models.values()}) != 1:
            raise SafetyInputError("control models must be one or more, all in 2-D or all in 3-D")
        match mode:
            case SafetyMode.CENTRALIZED:
                if ego is not None or partner_action_bound is not None:
                    raise SafetyInputError("ego and partner_action_bound belong to SHARED_CONTROL")
            case SafetyMode.SHARED_CONTROL:
                if ego not in models:
                    raise SafetyInputError(f"ego must be one of {listing(models)}, not {ego!r}")
                if partner_action_bound is None or not partner_action_bound > 0:
                    raise SafetyInputError(
                        f"partner_action_bound must be above zero, not {partner_action_bound!r}"
                    )
            case _:
                raise SafetyInputError(f"{mode} decides on the ego alone: that is EgoOnlyCBFQP")
        self.models, self.mode, self.ego = dict(models), mode, ego
        if isinstance(bounds, Bounds):
            bounds = dict.fromkeys(models, bounds)
        without = [uid for uid in models if uid not in bounds]
        if without:
            raise SafetyInputError(f"no bounds are given of {listing(without)}")
        self.bounds = dict(bounds)
        self.dt, self.gamma = dt, gamma
        self.partner_action_bound = partner_action_bound
        self.split: Split = split if mode is SafetyMode.CENTRALIZED else "joint"
        self.activation_distance = activation_distance
        self.solver = solver
        self.dimension = next(iter(models.values())).position_dim
        self._layout: _Layout | None = None

    def filter(
        self, proposed_actions: Mapping[str, Array], agents: Agents, state: SafetyState
    ) -> tuple[dict[str, Array], FilterInfo]:
        """See `JointSafetyFilter.filter`. Actions that fulfil everything come back unchanged."""
        layout = self._layout
        if layout is None or layout.ids != agents.ids:
            layout = self._layout = self._arrange(agents)
        check_stacked(agents, self.dimension)
        proposed = self._stacked(proposed_actions, layout)
        first, second, keys = layout.first, layout.second, layout.keys
        offset = agents.position[first] - agents.position[second]
        velocity = agents.velocity[first] - agents.velocity[second]
        contact = agents.radius[first] + agents.radius[second]
        braking = layout.braking
        if self.activation_distance != math.inf:
            reach = contact + self.activation_distance
            pick = np.flatnonzero(np.vecdot(offset, offset) <= reach * reach)
            if pick.size < len(keys):
                braking = braking.pick(pick, contact.shape)
                first, second, contact = first[pick], second[pick], contact[pick]
                offset, velocity = offset[pick], velocity[pick]
                keys = tuple(keys[i] for i in pick)
        lambdas = state.values(keys)
        lam = np.array(lambdas) if any(lambdas) else None
        asked = joint_rows(offset, velocity, contact, braking, lam, gamma=self.gamma)
        low, high = -layout.box, layout.box
        if self.mode is SafetyMode.SHARED_CONTROL:
            inside = np.minimum(np.maximum(proposed, low), high)
            low = np.maximum(inside - layout.ball, low)
            high = np.minimum(inside + layout.ball, high)
        parts = self._parts(agents, layout, asked.direction, first, second)
        if self.split == "joint":
            rows, lower, pairs = parts[0] + parts[1], asked.asked, np.arange(len(keys))
        else:
            rows, lower, pairs = self._shared_out(parts, asked.asked, layout, first, second)
        reach_up = np.maximum(rows * low, rows * high).sum(axis=1)
        lower = np.minimum(lower, reach_up - CORNER)
        binding = np.flatnonzero(np.minimum(rows * low, rows * high).sum(axis=1) < lower)
        rows, lower, pairs = rows[binding], lower[binding], pairs[binding]
        active, binds = np.zeros(len(keys), dtype=np.bool_), np.zeros(len(lower), dtype=np.bool_)
        stands = bool(
            np.logical_and.reduce(proposed >= low)
            and np.logical_and.reduce(proposed <= high)
            and np.logical_and.reduce(rows @ proposed >= lower)
        )
        answer, solver, failure = (
            (proposed.copy(), None, None) if stands
            else nearest(proposed, rows, lower, low, high, self.solver, binds)
        )  # fmt: skip
        active[pairs[binds]] = True
        info = FilterInfo(
            self.mode,
            Regime.LEARNT if state.lambda_max > 0.0 else Regime.COOPERATIVE,
            Period(
                keys, first, second, layout.ids, asked.direction, asked.asked_untuned, offset,
                velocity, contact, braking, active,
            ),
            dict(zip(keys, lambdas, strict=True)),
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
        return self._by_agent(answer, layout), info

    def _arrange(self, agents: Agents) -> _Layout:
        agents.check()
        strangers = [i for i in agents.ids if i not in self.models]
        if strangers:
            raise SafetyInputError(f"no control model is given of {listing(strangers)}")
        models = [self.models[i] for i in agents.ids]
        ends = np.cumsum([model.action_dim for model in models]).tolist()
        slots = tuple(
            slice(end - model.action_dim, end) for end, model in zip(ends, models, strict=True)
        )
        box, ball, capacity = np.zeros(ends[-1]), np.full(ends[-1], np.inf), []
        for uid, model, slot in zip(agents.ids, models, slots, strict=True):
            bounds = self.bounds[uid]
            box[slot] = bounds.action_linf_component
            if self.partner_action_bound is not None and uid != self.ego:
                ball[slot] = self.partner_action_bound
                component = min(bounds.action_linf_component, self.partner_action_bound)
                bounds = dataclasses.replace(bounds, action_linf_component=component)
            capacity.append(model.max_cartesian_accel(bounds))
        keys = make_pair_keys(agents.ids)
        row = {uid: k for k, uid in enumerate(agents.ids)}
        plain = all(isinstance(model, DoubleIntegratorControlModel) for model in models)
        first = np.array([row[a] for a, _ in keys], dtype=np.intp)
        second = np.array([row[b] for _, b in keys], dtype=np.intp)
        shares = np.array(capacity)
        return _Layout(
            agents.ids,
            tuple(keys),
            first,
            second,
            slots,
            box,
            ball,
            shares,
            Braking.of(shares[first] + shares[second], 0.0, self.dt, self.dimension),
            plain,
        )

    def _stacked(self, proposed: Mapping[str, Array], layout: _Layout) -> Array:
        if proposed.keys() != set(layout.ids):
            raise SafetyInputError(
                f"actions are proposed for {listing(sorted(proposed))}, "
                f"but states are given of {listing(sorted(layout.ids))}"
            )
        return np.concatenate(
            [checked_action(proposed[i], self.models[i], repr(i)) for i in layout.ids]
        )

    def _parts(
        self,
        agents: Agents,
        layout: _Layout,
        direction: Array,
        first: NDArray[np.intp],
        second: NDArray[np.intp],
    ) -> tuple[Array, Array]:
        """What the first and the second of each pair contribute, each of shape (k, all actions)."""
        k = len(first)
        of_first, of_second = np.zeros((k, layout.box.size)), np.zeros((k, layout.box.size))
        if layout.plain:
            shape = (k, len(layout.ids), self.dimension)
            of_first.reshape(shape)[np.arange(k), first] = direction
            of_second.reshape(shape)[np.arange(k), second] = -direction
            return of_first, of_second
        for row, (uid, slot) in enumerate(zip(layout.ids, layout.slots, strict=True)):
            jacobian = self.models[uid].jacobian(snapshot(agents, row))
            ahead, behind = np.flatnonzero(first == row), np.flatnonzero(second == row)
            of_first[ahead, slot] = direction[ahead] @ jacobian
            of_second[behind, slot] = -direction[behind] @ jacobian
        return of_first, of_second

    def _shared_out(
        self,
        parts: tuple[Array, Array],
        asked: Array,
        layout: _Layout,
        first: NDArray[np.intp],
        second: NDArray[np.intp],
    ) -> tuple[Array, Array, NDArray[np.intp]]:
        """A row for each agent of each pair, and what share of the pair's each is asked for."""
        if self.split == "proportional":
            a, b = layout.capacity[first], layout.capacity[second]
        else:
            a, b = np.abs(parts[0]) @ layout.box, np.abs(parts[1]) @ layout.box
        share = a / np.maximum(a + b, np.finfo(np.float64).tiny)
        pairs = np.arange(len(asked))
        lower = np.concatenate((share * asked, (1.0 - share) * asked))
        return np.vstack(parts), lower, np.concatenate((pairs, pairs))

    @staticmethod
    def _by_agent(actions: Array, layout: _Layout) -> dict[str, Array]:
        return {uid: actions[slot] for uid, slot in zip(layout.ids, layout.slots, strict=True)}
