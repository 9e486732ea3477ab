"""Keeps robots apart: rewrites what they are told to do, whatever their scripts and actions ask."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from counterpoint.add_ons.add_on import AddOn, Host
from counterpoint.add_ons.robot import Robot
from counterpoint.add_ons.safety_bases import BaseFilters, BasesResult, Disc, blocked
from counterpoint.add_ons.safety_scene import Extent, SafetyScene, joint_box
from counterpoint.commands import Command, DriveRobot
from counterpoint.core.errors import CommandError
from counterpoint.core.events import SafetyIntervention
from counterpoint.core.pose import Array
from counterpoint.safety.barrier import DEFAULT_CBF_GAMMA, Braking
from counterpoint.safety.barriers import ArmState
from counterpoint.safety.conformal import SafetyState
from counterpoint.safety.obstacles import Spheres
from counterpoint.safety.oscbf import OSCBF, OSCBFResult
from counterpoint.safety.report import SafetyReport
from counterpoint.safety.telemetry import SafetyTelemetry, safety_report

Mode = Literal["EGO_ONLY", "CENTRALIZED"]

LAG = 0.02  # m that bodies and their drive targets may be apart
TOUCHED = 1e-3  # m/s or rad/s: a smaller change is rounding
STOPPED = 0.1  # of what was asked for: less than that is standing still
ASKED = 1e-3  # m/s or rad/s: who asks for less than that is not held back


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
        mode: `CENTRALIZED`: decisions are taken together, each counting on the others' braking.
            `EGO_ONLY`: each robot counts on its own braking alone. None is `EGO_ONLY` where one
            robot is commanded, else `CENTRALIZED`.
        partner_acceleration: The worst acceleration of partners [m/s²]; each robot's own must be
            larger.
        margin: Distance that is to remain [m].
        activation: Robots further apart than this are not looked at [m].
        gamma: Class-K gain [1/s]: how soon robots begin to slow down.
        learning: What λ of the outer filter learns with; by default it stays 0.
        condition: What the report calls this run.
    """

    acts: ClassVar[bool] = True

    def __init__(
        self,
        robots: Iterable[str | Robot] | None = None,
        *,
        mode: Mode | None = None,
        partner_acceleration: float = 0.5,
        margin: float = 0.03,
        activation: float = 1.0,
        gamma: float = DEFAULT_CBF_GAMMA,
        learning: SafetyState | None = None,
        condition: str = "run",
    ) -> None:
        if mode not in (None, "EGO_ONLY", "CENTRALIZED"):
            raise CommandError(
                "unknown mode", field="mode", value=mode, exists=["EGO_ONLY", "CENTRALIZED"]
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
        self.mode, self.partner_acceleration = mode, partner_acceleration
        self.margin, self.activation, self.gamma = margin, activation, gamma
        self.learning = learning
        self.telemetry = SafetyTelemetry(condition)
        self._bases: BaseFilters | None = None
        self._blocked: dict[str, str] = {}
        self._extents: dict[str, Extent] = {}
        self._intervening: dict[tuple[str, str], str] = {}
        self._present: tuple[str, ...] = ()

    # --- the loop -----------------------------------------------------------------------------

    def join(self, host: Host) -> None:
        """A run begins."""
        super().join(host)
        self._extents, self._intervening, self._bases, self._blocked = {}, {}, None, {}
        self._present = ()
        self.telemetry.begin_episode()

    def before_send(self, frame: list[Command]) -> list[Command]:
        """Step 3: what robots are told to do, as far as it keeps them apart."""
        host = self.host
        if host is None or host.response is None:
            return frame
        response = host.response
        present = tuple(r for r in response.robots if r in host.names.robots)
        if len(present) < 2:
            return frame
        scene = SafetyScene(response, present, self._extents)
        commanded = set(present if self.robots is None else self.robots)
        if present != self._present:
            self._check_capacities(scene, commanded)
            self._present = present
        pairs = scene.neighbours(self.activation)
        pairs = [p for p in pairs if p[0] in commanded or p[1] in commanded]
        if not pairs:
            self._intervening, self._blocked = {}, {}
            self.telemetry.record()
            return frame
        asked = {c.robot_id: c for c in frame if type(c) is DriveRobot}
        nominal = {
            r: np.array(asked[r].velocity)
            if r in asked
            else np.zeros(len(scene.states[r].static.driven))
            for p in pairs for r in p if r in commanded
        }  # fmt: skip
        safe = {r: v.copy() for r, v in nominal.items()}
        gaps = [scene.gap(a, b) for a, b in pairs]
        outer = self._filter_bases(scene, pairs, safe)
        inner, partners = self._filter_arms(scene, pairs, gaps, safe)
        self._notice(scene, pairs, gaps, nominal, safe, outer, partners)
        self.telemetry.record(
            gaps=gaps, inner=inner, lambdas=outer.lambdas, infeasible=outer.infeasible,
            brake_fired=bool(outer.braked), regimes=outer.regimes,
        )  # fmt: skip
        changed = {r: v for r, v in safe.items() if np.abs(v - nominal[r]).max() > TOUCHED}
        if not changed:
            return frame
        kept = [c for c in frame if not (type(c) is DriveRobot and c.robot_id in changed)]
        return kept + [DriveRobot.of_checked(r, tuple(v.tolist())) for r, v in changed.items()]

    def state(self) -> Any:
        """What later frames depend on: extents are measured anew in frames that depend on them."""
        return [(r, e.whole, e.body, e.posture) for r, e in self._extents.items()]

    def report(self) -> SafetyReport:
        """The three tables of the runs so far."""
        return safety_report([self.telemetry])

    def _check_capacities(self, scene: SafetyScene, commanded: set[str]) -> None:
        """Refuse robots that brake no harder than partners accelerate."""
        assert self.host is not None
        mobile = {r: s.static.model for r, s in scene.states.items() if s.static.model.mobile}
        alone = self.mode == "EGO_ONLY"
        for robot in sorted(commanded & mobile.keys()):
            if self.mode == "CENTRALIZED" or not any(
                r != robot and (alone or r not in commanded) for r in mobile
            ):
                continue
            own, dt = mobile[robot].drives["base"].acceleration, 1.0 / self.host.frames_per_second
            if float(Braking.of(own, self.partner_acceleration, dt, 2).alpha) <= 0.0:
                raise CommandError(
                    f"robot {robot!r} brakes at {own:g} m/s², and partner_acceleration="
                    f"{self.partner_acceleration:g}: nothing is safe from partners that accelerate "
                    "as hard as one brakes; state a smaller figure, or command them too"
                )

    # --- layers -------------------------------------------------------------------------------

    def _filter_bases(
        self, scene: SafetyScene, pairs: list[tuple[str, str]], safe: dict[str, Array]
    ) -> BasesResult:
        assert self.host is not None
        dt = 1.0 / self.host.frames_per_second
        discs: dict[str, Disc] = {}
        for robot in dict.fromkeys(r for p in pairs for r in p):
            circle, model = scene.circles[robot], scene.states[robot].static.model
            capacity = model.drives["base"].acceleration if model.mobile else 0.0
            wanted = None
            if robot in safe and model.mobile:
                wanted = _to_world(safe[robot], circle.yaw)
            room, extent = 0.5 * self.margin + LAG, scene.extent(robot)
            discs[robot] = Disc(
                circle.position, circle.velocity, extent.whole + room, extent.body + room,
                capacity, wanted,
            )  # fmt: skip
        if self._bases is None:
            self._bases = BaseFilters(
                together=None if self.mode is None else self.mode == "CENTRALIZED",
                partner_acceleration=self.partner_acceleration, gamma=self.gamma, dt=dt,
                state=self.learning,
            )  # fmt: skip
        self._blocked = blocked(discs, pairs, self._blocked)
        result = self._bases.step(discs, pairs)
        for robot, acceleration in result.accelerations.items():
            circle, model = scene.circles[robot], scene.states[robot].static.model
            velocity = circle.velocity + acceleration * dt
            c, s = math.cos(circle.yaw), math.sin(circle.yaw)
            forward = c * velocity[0] + s * velocity[1]
            left = c * velocity[1] - s * velocity[0]
            safe[robot][:2] = forward, 0.0 if model.base == "differential" else left
        return result

    def _filter_arms(
        self,
        scene: SafetyScene,
        pairs: list[tuple[str, str]],
        gaps: list[float],
        safe: dict[str, Array],
    ) -> tuple[list[OSCBFResult], dict[str, str]]:
        assert self.host is not None
        dt = 1.0 / self.host.frames_per_second
        reach = 0.3  # m: sphere pairs further apart have no row
        results: list[OSCBFResult] = []
        partners: dict[str, str] = {}
        for robot, velocity in safe.items():
            near = [
                (gap, b if a == robot else a)
                for (a, b), gap in zip(pairs, gaps, strict=True)
                if robot in (a, b) and gap < reach
            ]
            if not near:
                continue
            state, mine = scene.states[robot], scene.spheres(robot)
            theirs = [scene.spheres(other) for _, other in near]
            n = len(velocity)
            barrier = Spheres(
                positions=np.concatenate([t.centres for t in theirs]),
                velocities=np.concatenate([t.velocities for t in theirs]),
                radii=np.concatenate([t.radii for t in theirs]),
                margin=self.margin, activation=reach, gain=self.gamma,
            )  # fmt: skip
            arm = ArmState(
                q=state.q[state.static.driven], centres=mine.centres, jacobian=mine.jacobian,
                radii=mine.radii, tool_position=np.zeros(3), tool_jacobian=np.zeros((6, n)),
            )  # fmt: skip
            result = OSCBF(joint_box(state.static, dt)).filter(
                velocity, arm, [barrier], q_dot=state.target_velocity[state.static.driven]
            )
            results.append(result)
            if np.abs(result.q_dot - velocity).max() > TOUCHED:
                partners[robot] = min(near)[1]
                safe[robot] = result.q_dot.copy()
                if state.static.model.base == "differential":
                    safe[robot][1] = 0.0
        return results, partners

    # --- what it says -------------------------------------------------------------------------

    def _notice(
        self,
        scene: SafetyScene,
        pairs: list[tuple[str, str]],
        gaps: list[float],
        nominal: Mapping[str, Array],
        safe: Mapping[str, Array],
        outer: BasesResult,
        partners: Mapping[str, str],
    ) -> None:
        """Publish what begins, and tell robots which of their tracks are held back."""
        assert self.host is not None
        now: dict[tuple[str, str], str] = {}
        for robot, partner in outer.held_by.items():
            now[robot, "brake" if robot in outer.braked else "bases"] = partner
        now |= {(robot, "arms"): partner for robot, partner in partners.items()}
        distance = {frozenset(p): gap for p, gap in zip(pairs, gaps, strict=True)}
        for (robot, layer), partner in now.items():
            if (robot, layer) not in self._intervening:
                gap = distance.get(frozenset((robot, partner)), math.inf)
                self.host.events.publish(
                    SafetyIntervention(self.host.frame + 1, robot, layer, partner, gap)
                )
        self._intervening = now
        add_ons = {a.robot_id: a for a in self.host.add_ons if isinstance(a, Robot)}
        for robot, partner in {**outer.held_by, **partners, **self._blocked}.items():
            if robot not in add_ons:
                continue
            static = scene.states[robot].static
            held = [
                track for track, span in _spans(static)
                if _is_held(nominal[robot][span], safe[robot][span])
                or (track == "base" and robot in self._blocked)
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


def _to_world(velocity: Array, yaw: float) -> Array:
    c, s = math.cos(yaw), math.sin(yaw)
    x, y = float(velocity[0]), float(velocity[1])
    return np.array([c * x - s * y, s * x + c * y])
