"""The order of the layers in one period, and what happens when one of them fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.errors import SafetyInfeasible, SafetyInputError, listing
from counterpoint.core.pose import Array
from counterpoint.safety.agents import Agents, AgentSnapshot, make_pair_keys
from counterpoint.safety.barrier import Braking
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.cbf_qp import EgoOnlyCBFQP, snapshot
from counterpoint.safety.conformal import Loss, Period, SafetyState, realised_shortfall
from counterpoint.safety.control_models import AgentControlModel
from counterpoint.safety.interface import FilterInfo, Regime
from counterpoint.safety.joint_cbf_qp import JointCBFQP

CERTIFICATE_TOLERANCE = 1e-6  # m/s: what rounding does to a barrier of 0, a root of the gap


class Decision(Protocol):
    """What the brake decided: who has to flee (n,), which way (n, d), and who cannot tell (n,)."""

    @property
    def endangered(self) -> NDArray[np.bool_]:
        """Which agents brake, shape (n,)."""
        ...

    @property
    def away(self) -> Array:
        """Which way each has to accelerate, shape (n, d): a unit vector, or zeros."""
        ...

    @property
    def blind(self) -> NDArray[np.bool_]:
        """Endangered agents whose own state is not finite, shape (n,)."""
        ...


class BrakeRule(Protocol):
    """The last resort, such as `counterpoint.safety.brake.decide_brake`."""

    def __call__(
        self, positions: Array, velocities: Array, radii: Array, *, pairs: Any, barrier: Any,
        failed: Any,
    ) -> Decision:  # fmt: skip
        """Decide for the pairs (m, 2), of which `failed` (m,) have no answer from a filter."""
        ...


class Emergency(Protocol):
    """How one agent flees, such as the controllers of `counterpoint.safety.emergency`."""

    def compute_override(
        self, agent_state: AgentSnapshot, pairwise_repulsion_vectors: Any, bounds: Bounds
    ) -> Array:
        """The action that takes the place of the agent's own, shape (action_dim,)."""
        ...


class SafetyFilter:
    """One filter over time: notice who is there, learn, decide, and brake where nothing else helps.

    In each period, in this order:

    1. A state or a proposal that is not finite goes to the brake; nothing else is looked at.
    2. λ learns from what the last period realised.
    3. Partners that left are forgotten; those that were exchanged start over.
    4. The quadratic program answers. Where it has no solution, its pairs go to the brake.
    5. The brake looks at overlaps, at pairs without a plan to stop and at the failed ones, and what
       it decides takes the place of the answer.

    A proposed action never passes where one of these failed. Wrong shapes, unknown and repeated ids
    are errors of the caller and raise.

    Args:
        cbf: The outer layer.
        brake: The last resort.
        emergency: How each agent that is decided on flees, by id.
        state: What is learnt, and with which rates; a fresh one by default.
        loss: What λ learns from.

    Raises:
        SafetyInputError: An agent that is decided on has no emergency controller.
    """

    def __init__(
        self,
        cbf: EgoOnlyCBFQP | JointCBFQP,
        *,
        brake: BrakeRule,
        emergency: Mapping[str, Emergency],
        state: SafetyState | None = None,
        loss: Loss = realised_shortfall,
    ) -> None:
        self.cbf, self.brake, self.emergency, self.loss = cbf, brake, dict(emergency), loss
        self.state = SafetyState() if state is None else state
        self._ego: str | None
        self._models: dict[str, AgentControlModel]
        self._bounds: dict[str, Bounds]
        if isinstance(cbf, EgoOnlyCBFQP):
            self._ego = cbf.model.uid
            self._models, self._bounds = {self._ego: cbf.model}, {self._ego: cbf.bounds}
        else:
            self._ego, self._models, self._bounds = None, cbf.models, cbf.bounds
        without = [uid for uid in self._models if uid not in self.emergency]
        if without:
            raise SafetyInputError(f"no emergency controller is given of {listing(without)}")
        self._last: Period | None = None
        self.fired = 0
        self.infeasible = 0

    def reset(self) -> None:
        """Forget what was learnt and counted, as at the start of an episode."""
        for table in (
            self.state.lambda_, self.state.warmup_steps_remaining, self.state.swallowed,
            self.state.identities,
        ):  # fmt: skip
            table.clear()
        self._last = None
        self.fired = self.infeasible = 0

    def step(
        self,
        agents: Agents,
        proposed: Any,
        *,
        identities: Mapping[str, str] | None = None,
        predicted_velocity: Array | None = None,
    ) -> tuple[Any, FilterInfo]:
        """One period: what to do instead of what is proposed.

        Args:
            agents: Who is where; numbers that are not finite make it brake.
            proposed: The ego's action, shape (action_dim,); in the joint modes everybody's, by id.
            identities: Agent → who is behind it, such as a policy's name.
            predicted_velocity: As for `EgoOnlyCBFQP.filter`.

        Returns:
            The action, or in the joint modes all actions by id; and what there is to say about it.

        Raises:
            SafetyInputError: Shapes or ids that do not fit.
        """
        if not (agents.finite and _finite(proposed)):
            return self._blind(agents, proposed)
        loss = self._learn(agents)
        self.state.notice(agents, identities)
        failed = False
        answer: Any
        try:
            if isinstance(self.cbf, EgoOnlyCBFQP):
                answer, info = self.cbf.filter(
                    proposed, agents, self.state, predicted_velocity=predicted_velocity
                )
            else:
                answer, info = self.cbf.filter(proposed, agents, self.state)
        except SafetyInfeasible as error:
            failed, answer, info = True, None, error.info
            self.infeasible += 1
        info = info._replace(loss=loss)
        self._last = info.period
        lost = info.certificate < -CERTIFICATE_TOLERANCE
        if not failed and not lost.any() and not (info.gap <= 0.0).any():
            return answer, info
        pairs = np.stack((info.period.first, info.period.second), axis=1)
        barrier = np.where(lost, info.certificate, np.maximum(info.certificate, 0.0))
        return self._brake(agents, answer, info, pairs, barrier, failed)

    def _learn(self, agents: Agents) -> dict[tuple[str, str], float] | None:
        last, self._last = self._last, None
        if last is None or last.ids != agents.ids:
            return None
        if not last.active.any():
            return {}
        offset = agents.position[last.first] - agents.position[last.second]
        velocity = agents.velocity[last.first] - agents.velocity[last.second]
        return self.state.learn(last, self.loss(last, offset, velocity, self.cbf.dt))

    def _blind(self, agents: Agents, proposed: Any) -> tuple[Any, FilterInfo]:
        """What to do where a number is missing: the brake decides on all pairs."""
        self._last = None
        keys, row = make_pair_keys(agents.ids), {uid: k for k, uid in enumerate(agents.ids)}
        if self._ego is not None:
            agents.row_of(self._ego)
            keys = [key for key in keys if self._ego in key]
        pairs = np.array([(row[a], row[b]) for a, b in keys], dtype=np.intp).reshape(-1, 2)
        k, d = len(keys), agents.position.shape[-1]
        empty = Period(
            tuple(keys), pairs[:, 0], pairs[:, 1], agents.ids, np.zeros((k, d)), np.zeros(k),
            np.zeros((k, d)), np.zeros((k, d)), np.zeros(k), Braking.of(0.0, 0.0, self.cbf.dt, d),
            np.zeros(k, dtype=np.bool_),
        )  # fmt: skip
        unknown = np.full(k, np.nan)
        lambdas = {key: self.state.lambda_.get(key, 0.0) for key in keys}
        regime = Regime.LEARNT if self.state.lambda_max > 0.0 else Regime.FEASIBLE
        info = FilterInfo(
            self.cbf.mode, regime, empty, lambdas, unknown, unknown, unknown, True, None
        )
        return self._brake(agents, None, info, pairs, None, True)

    def _brake(
        self,
        agents: Agents,
        answer: Any,
        info: FilterInfo,
        pairs: NDArray[np.intp],
        barrier: Array | None,
        failed: bool,
    ) -> tuple[Any, FilterInfo]:
        decision = self.brake(
            agents.position, agents.velocity, agents.radius, pairs=pairs, barrier=barrier,
            failed=failed,
        )  # fmt: skip
        actions: dict[str, Array] = {}
        blind, fired = [], False
        for row, uid in enumerate(agents.ids):
            if uid not in self._models:
                continue
            if decision.blind[row]:
                blind.append(uid)
            if decision.endangered[row] or answer is None:
                actions[uid] = self._override(uid, agents, row, decision)
                fired = True
            else:
                actions[uid] = answer[uid] if self._ego is None else answer
        self.fired += fired
        info = info._replace(
            fallback_fired=fired, intervened=info.intervened or fired, blind=tuple(blind)
        )
        return (actions if self._ego is None else actions[self._ego]), info

    def _override(self, uid: str, agents: Agents, row: int, decision: Decision) -> Array:
        if decision.blind[row]:
            return np.zeros(self._models[uid].action_dim)
        return self.emergency[uid].compute_override(
            snapshot(agents, row), decision.away[row][None, :], self._bounds[uid]
        )


def _finite(proposed: Any) -> bool:
    """Whether every number is finite; what is no array of numbers is for the filter to refuse."""
    each = proposed.values() if isinstance(proposed, Mapping) else (proposed,)
    try:
        return all(bool(np.isfinite(np.asarray(a, dtype=np.float64)).all()) for a in each)
    except (TypeError, ValueError):
        return True
