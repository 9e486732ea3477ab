"""The monitor's outer layer: bases as circles that accelerate, kept apart by a safety filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from counterpoint.core.pose import Array
from counterpoint.safety.agents import Agents
from counterpoint.safety.barrier import Braking
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.brake import decide_brake
from counterpoint.safety.cbf_qp import EgoOnlyCBFQP
from counterpoint.safety.conformal import SafetyState
from counterpoint.safety.control_models import DoubleIntegratorControlModel
from counterpoint.safety.emergency import CartesianAccelEmergencyController
from counterpoint.safety.filter import SafetyFilter
from counterpoint.safety.interface import FilterInfo, Regime
from counterpoint.safety.joint_cbf_qp import JointCBFQP

STANDING = 1e-6  # m/s²: what robots that cannot drive count as capable of
EVASION = 0.4  # m/s: how fast a robot evades one that it is about to touch
EVADE_FROM = 1.0  # m: nearer than that it begins to
CREEPING = 1e-3  # m/s: slower than that nobody evades
CLOSE = 0.1  # m: nearer than that a robot may be what keeps another from moving
HARDLY = 0.05  # m/s: slower than that a robot hardly moves
ROOM = 1e-3  # m that circles give up more than they must


class Disc(NamedTuple):
    """One robot, as the outer layer sees it.

    Attributes:
        position: Shape (2,) [m].
        velocity: Shape (2,) [m/s].
        radius: With arms and load [m].
        body: Without [m].
        capacity: What it can accelerate by in every direction [m/s²]; 0 for one that cannot drive.
        wanted: The velocity that was asked for, world frame, shape (2,) [m/s], or None for one that
            nobody decides about here.
    """

    position: Array
    velocity: Array
    radius: float
    body: float
    capacity: float
    wanted: Array | None


class BasesResult(NamedTuple):
    """What the outer layer decided.

    Attributes:
        accelerations: Robot → acceleration, shape (2,) [m/s²], of those that are decided about.
        held_by: Robot → a partner whose row holds it back, where one does.
        braked: Robots for which the brake took over.
        infeasible: Whether a program had no solution.
        lambdas: Pair → λ of the rows that held somebody back [m/s²].
        regimes: What the answers rest on.
    """

    accelerations: Mapping[str, Array] = MappingProxyType({})
    held_by: Mapping[str, str] = MappingProxyType({})
    braked: frozenset[str] = frozenset()
    infeasible: bool = False
    lambdas: Mapping[tuple[str, str], float] = MappingProxyType({})
    regimes: frozenset[Regime] = frozenset()


class BaseFilters:
    """Safety filters over circles, for whoever is near whom.

    Args:
        together: Whether all decisions are taken in one program, each counting on the others
            (`CENTRALIZED`); else each for itself, counting on nobody (`EGO_ONLY`). None is together
            where every robot that drives is decided about.
        partner_acceleration: Worst acceleration of robots that a decision cannot count on [m/s²].
        gamma: Class-K gain [1/s].
        dt: Length of a frame [s].
        state: What λ learns with; by default, it stays 0.
        gentle: Whether one that decides for itself keeps to the partners' worst acceleration where
            nothing forces it to do more, so that it is to others what others are to it. Several
            that decide each for itself always do.
    """

    def __init__(
        self,
        *,
        together: bool | None,
        partner_acceleration: float,
        gamma: float,
        dt: float,
        state: SafetyState | None,
        gentle: bool = False,
    ) -> None:
        self._together, self._partner, self._gamma, self._dt = (
            together, partner_acceleration, gamma, dt,
        )  # fmt: skip
        self._gentle = gentle
        self._state = state
        self._filters: dict[tuple[str, ...], SafetyFilter] = {}
        self._used: set[tuple[str, ...]] = set()

    def step(
        self,
        discs: Mapping[str, Disc],
        pairs: Sequence[tuple[str, str]],
        result: BasesResult,
        is_free: Callable[[str, Array], bool] = lambda *_: True,
    ) -> BasesResult:
        """Accelerations that keep discs apart, as near to those wanted as can be.

        Args:
            discs: The robots.
            pairs: Which of them are to be kept apart.
            result: What was decided about other robots in this frame.
            is_free: Whether a robot finds nothing but robots in a direction on the floor, a unit
                vector of shape (2,): only there it evades.

        Raises:
            SafetyInputError: If a partner accelerates as hard as a robot that has to avoid it.
        """
        deciding = [r for r, d in discs.items() if d.wanted is not None]
        together = self._together
        if together is None:
            together = all(d.wanted is not None for d in discs.values() if d.capacity > 0)
        shares = self._shares(discs, pairs, together)
        if together:
            ids = tuple(discs)
            if deciding and len(ids) > 1:
                agents = _agents(ids, discs, shares)
                goals = {r: self._goal(discs, r, pairs, is_free, np.inf) for r in deciding}
                goals |= {r: np.zeros(2) for r in ids if r not in goals}
                answer, info = self._joint(ids, discs).step(agents, goals)
                result = _taken_up(result, {r: answer[r] for r in deciding}, info)
            return result
        most = self._partner if self._gentle or len(deciding) > 1 else np.inf
        for ego in deciding:
            near = [b if a == ego else a for a, b in pairs if ego in (a, b)]
            if near:
                ids = (ego, *near)
                agents = _agents(ids, discs, shares)
                goal = self._goal(discs, ego, pairs, is_free, most)
                answer, info = self._alone(ids, discs).step(agents, goal)
                result = _taken_up(result, {ego: answer}, info)
        return result

    def forget(self) -> None:
        """Begin anew, as robots have come or gone."""
        self._filters.clear()
        self._used.clear()

    def begin_frame(self) -> None:
        """Forget filters that the last frame had no use for: what they saw is too old."""
        self._filters = {ids: f for ids, f in self._filters.items() if ids in self._used}
        self._used.clear()

    def _joint(self, ids: tuple[str, ...], discs: Mapping[str, Disc]) -> SafetyFilter:
        if ids not in self._filters:
            models = {r: DoubleIntegratorControlModel(r) for r in ids}
            bounds = {r: _bounds(discs[r]) for r in ids}
            cbf = JointCBFQP(models, bounds, dt=self._dt, split="joint", gamma=self._gamma)
            self._filters[ids] = self._filter(cbf, ids)
        self._used.add(ids)
        return self._filters[ids]

    def _alone(self, ids: tuple[str, ...], discs: Mapping[str, Disc]) -> SafetyFilter:
        if ids not in self._filters:
            worst = {r: self._partner if discs[r].capacity > 0 else 0.0 for r in ids[1:]}
            cbf = EgoOnlyCBFQP(
                DoubleIntegratorControlModel(ids[0]), _bounds(discs[ids[0]]), dt=self._dt,
                partner_accel=worst, gamma=self._gamma,
            )  # fmt: skip
            self._filters[ids] = self._filter(cbf, ids[:1])
        self._used.add(ids)
        return self._filters[ids]

    def _filter(self, cbf: Any, ids: tuple[str, ...]) -> SafetyFilter:
        emergency = {r: CartesianAccelEmergencyController() for r in ids}
        return SafetyFilter(cbf, brake=decide_brake, emergency=emergency, state=self._state)

    def _shares(
        self, discs: Mapping[str, Disc], pairs: Sequence[tuple[str, str]], together: bool
    ) -> dict[str, float]:
        """How much of what sticks out of each robot its circle covers, 0 to 1.

        Arms that come out while robots close in make circles larger than braking can answer for.
        What is left out then is for the inner layer, which sees the arms.
        """
        shares = dict.fromkeys(discs, 1.0)
        for a, b in pairs:
            first, second = discs[a], discs[b]
            own, worst = self._counted_on(first, second, together)
            braking = Braking.of(own, worst, self._dt, 2)
            offset, velocity = first.position - second.position, first.velocity - second.velocity
            distance = max(float(np.hypot(*offset)), 1e-9)
            closing = min(float(offset @ velocity) / distance, 0.0)
            stop = closing * closing / (2.0 * max(float(braking.alpha), STANDING))
            room = distance - stop - float(braking.margin) - ROOM
            bodies, out = first.body + second.body, first.radius + second.radius
            share = 1.0 if room >= out else max((room - bodies) / max(out - bodies, 1e-9), 0.0)
            shares[a], shares[b] = min(shares[a], share), min(shares[b], share)
        return shares

    def _counted_on(self, first: Disc, second: Disc, together: bool) -> tuple[float, float]:
        """Braking that a pair can count on, and what works against it [m/s²]."""
        if together:
            return first.capacity + second.capacity, 0.0
        own = [d.capacity for d in (first, second) if d.wanted is not None]
        others = [b for a, b in ((first, second), (second, first)) if a.wanted is not None]
        worst = [self._partner for d in others if d.capacity > 0]
        return min(own, default=0.0), max(worst, default=0.0)

    def _goal(
        self,
        discs: Mapping[str, Disc],
        robot: str,
        pairs: Sequence[tuple[str, str]],
        is_free: Callable[[str, Array], bool],
        most: float,
    ) -> Array:
        """The acceleration towards what a robot wants, and to the right of who is in its way.

        Without it, two that meet head-on would stop and stand: the program prefers no side.
        """
        disc = discs[robot]
        assert disc.wanted is not None
        goal = disc.wanted
        speed = float(np.hypot(*goal))
        if speed > CREEPING:
            aside = 0.0
            for a, b in pairs:
                if robot in (a, b):
                    other = discs[b if robot == a else a]
                    way = other.position - disc.position
                    distance = max(float(np.hypot(*way)), 1e-9)
                    ahead = float(way @ goal) / (distance * speed)
                    near = 1.0 - (distance - disc.radius - other.radius) / EVADE_FROM
                    aside = max(aside, EVASION * min(max(near, 0.0), 1.0) * max(ahead, 0.0))
            right = np.array([goal[1], -goal[0]]) / speed
            if aside > 0.0 and is_free(robot, right):
                goal = goal + aside * right
        out: Array = (goal - disc.velocity) / self._dt
        if disc.capacity > most:
            out *= min(1.0, most / max(float(np.hypot(*out)), 1e-9))
        return np.clip(out, -disc.capacity, disc.capacity)


def blocked(
    discs: Mapping[str, Disc], pairs: Sequence[tuple[str, str]], before: Mapping[str, str]
) -> dict[str, str]:
    """Robots that hardly move, and the partner that stands close before them.

    One that was blocked `before` stays so until it moves: plans that go nowhere begin anew from the
    little motion there is, and ask for that, in whatever direction, or for nothing.
    """
    found: dict[str, str] = {}
    for robot, partner in (p for a, b in pairs for p in ((a, b), (b, a))):
        disc, other = discs[robot], discs[partner]
        if disc.wanted is None:
            continue
        speed, asked = float(np.hypot(*disc.velocity)), float(np.hypot(*disc.wanted))
        way = other.position - disc.position
        distance = max(float(np.hypot(*way)), 1e-9)
        ahead = float(way @ disc.wanted) / distance
        close = distance - disc.radius - other.radius < CLOSE
        towards = asked > CREEPING and ahead > 0.5 * asked
        if close and speed < HARDLY and (towards or before.get(robot) == partner):
            found[robot] = partner
    return found


def _agents(ids: tuple[str, ...], discs: Mapping[str, Disc], shares: Mapping[str, float]) -> Agents:
    each = [discs[r] for r in ids]
    return Agents(
        ids,
        np.array([d.position for d in each]),
        np.array([d.velocity for d in each]),
        np.array(
            [d.body + shares[r] * (d.radius - d.body) for r, d in zip(ids, each, strict=True)]
        ),
    )


def _bounds(disc: Disc) -> Bounds:
    capacity = max(disc.capacity, STANDING)
    return Bounds(action_linf_component=capacity, cartesian_accel_capacity=capacity)


def _taken_up(before: BasesResult, answer: Mapping[str, Array], info: FilterInfo) -> BasesResult:
    """A result with what one filter decided."""
    held_by = dict(before.held_by)
    for (a, b), active in zip(info.keys, info.active.tolist(), strict=True):
        if active or info.fallback_fired:
            held_by |= {r: p for r, p in ((a, b), (b, a)) if r in answer}
    acting = {k: v for k, v in info.lambda_.items() if k in info.keys}
    return BasesResult(
        {**before.accelerations, **answer},
        held_by,
        before.braked | (frozenset(answer) if info.fallback_fired else frozenset()),
        before.infeasible or info.infeasible,
        {**before.lambdas, **acting},
        before.regimes | {info.regime},
    )
