"""Keeps robots apart: rewrites what they are told to do, whatever their scripts and actions ask."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import numpy as np

from counterpoint.add_ons.add_on import AddOn, Host
from counterpoint.add_ons.robot import Robot
from counterpoint.add_ons.safety.arms import TOUCHED, ArmFilters, slower
from counterpoint.add_ons.safety.assumptions import Assumptions
from counterpoint.add_ons.safety.bases import BaseFilters, BasesResult, blocked
from counterpoint.add_ons.safety.scene import Roster, SafetyScene
from counterpoint.add_ons.safety.views import RadioSight, Sight, TrueSight, View
from counterpoint.commands import Command, DriveRobot
from counterpoint.core.errors import CommandError
from counterpoint.core.events import SafetyIntervention
from counterpoint.core.pose import Array
from counterpoint.safety.barrier import DEFAULT_CBF_GAMMA, Braking
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.conformal import SafetyState
from counterpoint.safety.interface import Regime
from counterpoint.safety.report import SafetyReport
from counterpoint.safety.telemetry import SafetyTelemetry, safety_report

Mode = Literal["EGO_ONLY", "CENTRALIZED"]
Source = Literal["truth", "radio"]

STOPPED = 0.1  # of what was asked for: less than that is standing still
ASKED = 1e-3  # m/s or rad/s: who asks for less than that is not held back
QUIET = 0.5  # s: an intervention that pauses for less than that is one, not two


class SafetyMonitor(AddOn):
    """Keeps robots apart, in one line: `c.add_ons.append(SafetyMonitor())`.

    Each frame, the motion that robots are about to make passes two filters. The outer one sees each
    robot as a circle about its base, with arms and load, and bounds the bases' accelerations. Where
    arms come near each other, the inner one sees robots as spheres and bounds joint velocities,
    bases included. Where neither finds a way, the robot brakes. Actions that are held back longer
    than their `patience` end as `safety_stop`.

    Args:
        robots: The robots that it commands, or their ids; None is all of them. The others are
            partners that it can see and not command.
        bounds: Robot → what may be counted on, and asked for, of its base; of those without, their
            drives' acceleration. Nothing exceeds that.
        mode: `CENTRALIZED`: decisions are taken together, each counting on the others' braking.
            `EGO_ONLY`: each robot counts on its own braking alone. None is `CENTRALIZED` where
            every robot that can drive is commanded and the truth is known, else `EGO_ONLY`.
        source: What decisions are based on. `truth`: the state of all robots. `radio`: each robot's
            own state, and of its partners what it has received on the scene's first `CommChannel`;
            the older that is, the wider its berth. By radio a partner is an upright column, as wide
            as the extent that it announces, or as its reach where it announces none; robots that
            are commanded announce theirs.
        partner_acceleration: The worst acceleration of partners [m/s²]; each robot's own must be
            larger.
        margin: Distance that is to remain [m].
        activation: Robots further apart than this are not looked at [m]: more than two of them need
            to stop.
        gamma: Class-K gain [1/s]: how soon robots begin to slow down.
        learning: What λ of the outer filter learns with; by default it stays 0.
        condition: What the report calls this run.

    Attributes:
        engaged: Robots that were decided about in the last frame, with others near them.

    Raises:
        CommandError: A setting makes no sense; and, from `communicate()`, where a partner may
            accelerate as hard as a robot brakes, or there is no channel to listen to.
    """

    acts: ClassVar[bool] = True

    def __init__(
        self,
        robots: Iterable[str | Robot] | None = None,
        bounds: Mapping[str, Bounds] = MappingProxyType({}),
        *,
        mode: Mode | None = None,
        source: Source = "truth",
        partner_acceleration: float = 0.5,
        margin: float = 0.03,
        activation: float = 1.5,
        gamma: float = DEFAULT_CBF_GAMMA,
        learning: SafetyState | None = None,
        condition: str = "run",
    ) -> None:
        if mode not in (None, "EGO_ONLY", "CENTRALIZED"):
            raise CommandError(
                "unknown mode", field="mode", value=mode, exists=["EGO_ONLY", "CENTRALIZED"]
            )
        if source not in ("truth", "radio"):
            raise CommandError(
                "unknown source", field="source", value=source, exists=["truth", "radio"]
            )
        if source == "radio" and mode == "CENTRALIZED":
            raise CommandError(
                "by radio each robot decides for itself: expected EGO_ONLY",
                field="mode",
                value=mode,
            )
        for name, value in (
            ("partner_acceleration", partner_acceleration), ("margin", margin),
            ("activation", activation), ("gamma", gamma),
        ):  # fmt: skip
            if not (math.isfinite(value) and value >= 0):
                raise CommandError("expected a finite number from 0 on", field=name, value=value)
        self.robots = (
            None
            if robots is None
            else tuple(r.robot_id if isinstance(r, Robot) else r for r in robots)
        )
        self.bounds = dict(bounds)
        self.mode: Mode | None = "EGO_ONLY" if source == "radio" else mode
        self.source, self.partner_acceleration = source, partner_acceleration
        self.margin, self.activation, self.gamma = margin, activation, gamma
        self.learning = learning
        self.telemetry = SafetyTelemetry(condition)
        self._assumptions = Assumptions(self.telemetry, partner_acceleration, source == "radio")
        self._blocked: dict[str, str] = {}
        self._intervening: dict[tuple[str, str], int] = {}
        self._roster: Roster | None = None
        self._met: set[str] = set()
        self.engaged: tuple[str, ...] = ()

    # --- the loop -----------------------------------------------------------------------------

    def join(self, host: Host) -> None:
        """A run begins."""
        super().join(host)
        self._roster, self._intervening, self._blocked, self._met = None, {}, {}, set()
        self._assumptions.skip()
        dt = 1.0 / host.frames_per_second
        self._bases = BaseFilters(
            together=None if self.mode is None else self.mode == "CENTRALIZED",
            partner_acceleration=self.partner_acceleration, gamma=self.gamma, dt=dt,
            state=self.learning, gentle=self.mode == "EGO_ONLY",
        )  # fmt: skip
        self._arms = ArmFilters(margin=self.margin, gain=self.gamma, dt=dt)
        self._sight: Sight = TrueSight(self.margin)
        if self.source == "radio":
            self._sight = RadioSight(
                host, margin=self.margin, activation=self.activation,
                partner_acceleration=self.partner_acceleration,
            )  # fmt: skip
        self.telemetry.begin_episode()

    def before_send(self, frame: list[Command]) -> list[Command]:
        """Step 3: what robots are told to do, as far as it keeps them apart."""
        host = self.host
        if host is None or host.response is None:
            return frame
        present = tuple(r for r in host.response.robots if r in host.names.robots)
        if len(present) < 2:
            return frame
        commanded = set(present if self.robots is None else self.robots)
        if self._roster is None or self._roster.is_another(host.response, present):
            statics = {r: host.response.robots[r].static for r in present}
            roster = Roster(statics, self.bounds)
            self._met |= set(present)
            if unknown := sorted(commanded - self._met):
                raise CommandError(
                    "unknown robot", field="robots", value=unknown[0], exists=sorted(present)
                )
            self._check_capacities(roster, commanded)
            self._roster = roster
            self._bases.forget()  # one of these names may be another robot now
        scene = SafetyScene(host.response, self._roster)
        near = scene.neighbours(self.activation)
        near = [p for p in near if p[0] in commanded or p[1] in commanded]
        if not near and self.source == "truth":
            return self._nothing_near(frame)
        asked = {c.robot_id: np.array(c.velocity) for c in frame if type(c) is DriveRobot}
        nominal = {
            r: asked[r] if r in asked else np.zeros(len(scene.states[r].static.driven))
            for r in present if r in commanded
        }  # fmt: skip
        views, deaf = self._sight.look(scene, near, nominal)
        if not near and not views and not deaf:
            return self._nothing_near(frame)
        self.engaged = (*deaf, *(r for v in views for r in v.egos))
        safe = {r: slower(scene.states[r], 1.0 / host.frames_per_second) for r in deaf}
        safe |= {r: nominal[r].copy() for v in views for r in v.egos}
        gaps = {pair: scene.gap(*pair) for pair in near}
        outer = self._filter_bases(scene, views, safe)
        inner, arms = self._arms.step(scene, views, gaps, safe)
        self._notice(scene, gaps, nominal, safe, outer, arms, deaf)
        self.telemetry.record(
            gaps=list(gaps.values()), inner=inner, lambdas=outer.lambdas,
            infeasible=outer.infeasible, brake_fired=bool(outer.braked), regimes=outer.regimes,
        )  # fmt: skip
        counted_on = commanded if Regime.COOPERATIVE in outer.regimes else set()
        self._assumptions.check(scene, near, views, counted_on, 1.0 / host.frames_per_second)
        changed = {r: v for r, v in safe.items() if np.abs(v - nominal[r]).max() > TOUCHED}
        if not changed:
            return frame
        kept = [c for c in frame if not (type(c) is DriveRobot and c.robot_id in changed)]
        return kept + [DriveRobot.of_checked(r, tuple(v.tolist())) for r, v in changed.items()]

    def state(self) -> Any:
        """What later frames depend on: extents are measured anew in frames that depend on them."""
        learnt = None if self.learning is None else sorted(self.learning.lambda_.items())
        return [None if self._roster is None else self._roster.state(), self._blocked, learnt]

    def report(self, oracle: SafetyMonitor | None = None) -> SafetyReport:
        """The three tables of the runs so far.

        Args:
            oracle: A monitor of the same runs that knew more, such as a `CENTRALIZED` one: its λ
                stand beside these in the third table.
        """
        oracles = {} if oracle is None else {self.telemetry.condition: oracle.telemetry}
        return safety_report([self.telemetry], oracles=oracles)

    def _check_capacities(self, roster: Roster, commanded: set[str]) -> None:
        """Refuse robots that brake no harder than partners accelerate."""
        assert self.host is not None
        mobile = {r: a for r, a in roster.capacities.items() if a > 0.0}
        alone = self.mode == "EGO_ONLY"
        for robot in sorted(commanded & mobile.keys()):
            if self.mode == "CENTRALIZED" or not any(
                r != robot and (alone or r not in commanded) for r in mobile
            ):
                continue
            own, dt = mobile[robot], 1.0 / self.host.frames_per_second
            if float(Braking.of(own, self.partner_acceleration, dt, 2).alpha) <= 0.0:
                raise CommandError(
                    f"robot {robot!r} brakes at {own:g} m/s², and partner_acceleration="
                    f"{self.partner_acceleration:g}: nothing is safe from partners that accelerate "
                    "as hard as one brakes; state a smaller figure, or command them too"
                )

    def _nothing_near(self, frame: list[Command]) -> list[Command]:
        self._blocked, self.engaged = {}, ()
        self._bases.begin_frame()
        self._assumptions.skip()
        self.telemetry.record()
        return frame

    # --- layers -------------------------------------------------------------------------------

    def _filter_bases(
        self, scene: SafetyScene, views: list[View], safe: dict[str, Array]
    ) -> BasesResult:
        assert self.host is not None
        dt = 1.0 / self.host.frames_per_second
        self._bases.begin_frame()
        held: dict[str, str] = {}
        result = BasesResult()
        for view in views:
            held |= blocked(view.discs, view.pairs, self._blocked)
            result = self._bases.step(view.discs, view.pairs, result, scene.is_free)
        self._blocked = held
        for robot, acceleration in result.accelerations.items():
            circle, model = scene.circle(robot), scene.states[robot].static.model
            velocity = circle.velocity + acceleration * dt
            c, s = math.cos(circle.yaw), math.sin(circle.yaw)
            forward = c * velocity[0] + s * velocity[1]
            left = c * velocity[1] - s * velocity[0]
            safe[robot][:2] = forward, 0.0 if model.base == "differential" else left
        return result

    # --- what it says -------------------------------------------------------------------------

    def _notice(
        self,
        scene: SafetyScene,
        gaps: Mapping[tuple[str, str], float],
        nominal: Mapping[str, Array],
        safe: Mapping[str, Array],
        outer: BasesResult,
        arms: Mapping[str, str],
        deaf: Mapping[str, str],
    ) -> None:
        """Publish what begins, and tell robots which of their tracks are held back."""
        assert self.host is not None
        now: dict[tuple[str, str], str] = {}
        for robot, partner in outer.held_by.items():
            now[robot, "brake" if robot in outer.braked else "bases"] = partner
        now |= {(robot, "arms"): partner for robot, partner in arms.items()}
        now |= {(robot, "brake"): partner for robot, partner in deaf.items()}
        distance = {frozenset(p): gap for p, gap in gaps.items()}
        frame = self.host.frame + 1
        pause = QUIET * self.host.frames_per_second
        for (robot, layer), partner in now.items():
            if frame - self._intervening.get((robot, layer), -math.inf) > pause:
                pair = frozenset((robot, partner))
                gap = distance[pair] if pair in distance else scene.gap(robot, partner)
                self.host.events.publish(SafetyIntervention(frame, robot, layer, partner, gap))
        self._intervening |= dict.fromkeys(now, frame)
        add_ons = {a.robot_id: a for a in self.host.add_ons if isinstance(a, Robot)}
        for robot, partner in {**outer.held_by, **arms, **deaf, **self._blocked}.items():
            if robot not in add_ons:
                continue
            static = scene.states[robot].static
            held = [
                track for track, span in _spans(static)
                if _is_held(nominal[robot][span], safe[robot][span])
                or (track == "base" and robot in self._blocked)
                or (robot in deaf and nominal[robot][span].any())
            ]  # fmt: skip
            if held:
                add_ons[robot].hold_back(held, f"robot {partner!r} is in the way")


def _spans(static: Any) -> list[tuple[str, Array]]:
    where = {int(joint): k for k, joint in enumerate(static.driven)}
    tracks = (*(("base",) if static.model.mobile else ()), *static.model.tracks)
    return [
        (t, np.array([where[int(i)] for i in static.kinematics.track_indices(t)])) for t in tracks
    ]


def _is_held(asked: Array, given: Array) -> bool:
    """Whether a track that was to move gets next to nothing of that."""
    wanted = float(np.linalg.norm(asked))
    return wanted > ASKED and float(asked @ given) < STOPPED * wanted * wanted
