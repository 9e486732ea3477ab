"""The safety monitor, in physics: it keeps robots apart, and their scripts go on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safety_stress import SCENES, panda, run, tiago

from counterpoint import ActionStatus, Arm, CommandError, Controller
from counterpoint import commands as cmd
from counterpoint.add_ons import CommChannel, Recorder, Robot, SafetyMonitor
from counterpoint.add_ons.safety.scene import Roster, SafetyScene
from counterpoint.add_ons.safety.spheres import sphere_model
from counterpoint.comm import CommSaturationWarning, DegradationProfile
from counterpoint.core.events import SafetyIntervention
from counterpoint.robots import get_model
from counterpoint.safety.bounds import Bounds
from counterpoint.simulation.hulls import robot_hulls

Scene = Callable[..., Controller]
MODELS = ("tiago_pro", "panda", "ur5", "xarm7", "baxter")


def touching(controller: Controller) -> bool:
    assert controller.response is not None
    return any(
        other.kind == "robot" and other.owner != robot_id
        for robot_id, state in controller.response.robots.items()
        for _, other, _ in state.contacts
    )


def seen(controller: Controller) -> SafetyScene:
    assert controller.response is not None
    statics = {r: s.static for r, s in controller.response.robots.items()}
    return SafetyScene(controller.response, Roster(statics))


# --- what it sees --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_spheres_hold_every_corner_of_a_robot(name: str) -> None:
    spheres = sphere_model(get_model(name))
    cover = spheres.cover
    rng = np.random.default_rng(0)
    for link, hulls in robot_hulls(get_model(name)):
        if not hulls:
            continue
        mine = cover.links == spheres.links.index(link)
        centres, radii = cover.offsets[mine], cover.radii[mine]
        for vertices, _ in hulls:
            # Corners, and points inside the hull between them.
            weights = rng.dirichlet(np.full(len(vertices), 0.3), size=200)
            points = np.concatenate([vertices, weights @ vertices])
            away = np.linalg.norm(points[:, None] - centres, axis=2) - radii
            assert away.min(axis=1).max() < 1e-6


@pytest.mark.parametrize("name", MODELS)
def test_velocities_of_spheres_are_those_of_finite_differences(name: str, scene: Scene) -> None:
    controller = scene(Robot("r", model=name, position=(0.4, -0.3, 0), rotation=50), size=8.0)
    state = controller.response.robots["r"]  # type: ignore[union-attr]
    spheres, driven = sphere_model(get_model(name)), state.static.driven
    velocity = np.random.default_rng(1).normal(size=len(driven))
    step = velocity.copy()
    if state.static.model.mobile:
        c, s = np.cos(state.q[2]), np.sin(state.q[2])
        step[:2] = c * velocity[0] - s * velocity[1], s * velocity[0] + c * velocity[1]

    def centres(share: float) -> np.ndarray:
        class Moved:
            static, target_velocity = state.static, state.target_velocity
            q = state.q.copy()

        Moved.q[driven] += share * step
        return spheres.place(Moved).centres  # type: ignore[arg-type]

    h = 2e-3  # poses come in 32 bits
    measured = (centres(h) - centres(-h)) / (2 * h)
    assert spheres.place(state).jacobian @ velocity == pytest.approx(measured, abs=5e-4)


@pytest.mark.parametrize("name", MODELS)
def test_no_posture_sticks_out_further_than_the_reach(name: str, scene: Scene) -> None:
    controller = scene(Robot("r", model=name), size=8.0)
    state = controller.response.robots["r"]  # type: ignore[union-attr]
    kinematics, spheres = state.static.kinematics, sphere_model(get_model(name))
    rng = np.random.default_rng(2)
    for _ in range(100):

        class Posed:
            static = state.static
            q = rng.uniform(kinematics.lower, kinematics.upper)

        base = kinematics.base_size
        Posed.q[:base] = 0.0
        placed = spheres.place(Posed)  # type: ignore[arg-type]
        away = np.linalg.norm(placed.centres[:, :2] - state.static.mount.p[:2], axis=1)
        assert (away + placed.radii).max() <= spheres.reach


def test_what_a_hand_holds_is_part_of_the_robot(scene: Scene) -> None:
    robot = panda("r", 0, 0, 0)
    cube = cmd.AddObject(
        object_id="cube", model="box", size=(0.05, 0.05, 0.05), position=(0.5, 0, 0.025)
    )
    controller = scene(robot, commands=[cube])
    before = seen(controller).spheres("r")
    action = robot.grasp("cube")
    for _ in range(1200):
        if action.done:
            break
        controller.communicate()
    held = seen(controller).spheres("r")
    assert len(held.radii) == len(before.radii) + 1
    assert held.centres[-1] == pytest.approx(controller.response.objects["cube"].position, abs=1e-6)  # type: ignore[union-attr]


# --- what it does --------------------------------------------------------------------------------


HONEST = [name for name in SCENES if name != "liar"]


@pytest.mark.slow
@pytest.mark.parametrize("name", HONEST)
def test_robots_collide_without_it_and_not_with_it_and_still_get_there(name: str) -> None:
    assert run(name, 0, monitored=False).collided
    for seed in (0, 1):
        outcome = run(name, seed, monitored=True)
        assert not outcome.collided
        assert outcome.succeeded
        assert outcome.interventions > 0


@pytest.fixture
def meeting(scene: Scene) -> tuple[Controller, Robot, Robot, list[Any]]:
    """Two robots that are about to drive into each other."""
    a, b = tiago("a", -1.6, 0, 0), tiago("b", 1.6, 0, np.pi)
    controller = scene(a, b, SafetyMonitor(), size=10.0)
    events: list[Any] = []
    controller.events.subscribe(events.append)
    return controller, a, b, events


def test_what_it_changes_is_an_event_that_names_robot_partner_and_gap(meeting) -> None:
    controller, a, b, events = meeting
    moves = a.move_by(3), b.move_by(3)
    for _ in range(1200):
        if all(m.done for m in moves):
            break
        controller.communicate()
        assert not touching(controller)
    found = [e for e in events if isinstance(e, SafetyIntervention)]
    assert {(e.robot_id, e.partner) for e in found} == {("a", "b"), ("b", "a")}
    assert {e.layer for e in found} <= {"bases", "arms"}
    assert all(0 < e.gap < 2 for e in found)


def test_apart_it_changes_nothing(scene: Scene) -> None:
    hashes = []
    for add_ons in ([], [SafetyMonitor()]):
        a, b = tiago("a", -4, -3, 0), tiago("b", 4, 3, np.pi)
        controller = scene(a, b, *add_ons, size=14.0)
        moves = a.move_by(0.5), b.reach_for((0.5, 0.3, 0.9), Arm.left, absolute=False)
        while not all(m.done for m in moves):
            controller.communicate()
        hashes.append(controller.world_hash())
    assert hashes[0] == hashes[1]


def test_it_does_not_matter_where_it_stands_among_the_add_ons(scene: Scene) -> None:
    hashes = []
    for place in range(3):
        add_ons: list[Any] = [tiago("a", -1.6, 0, 0), tiago("b", 1.6, 0.1, np.pi)]
        a, b = add_ons
        add_ons.insert(place, SafetyMonitor())
        controller = scene(*add_ons, size=10.0)
        a.move_by(3)
        b.move_by(3)
        for _ in range(200):
            controller.communicate()
        hashes.append(controller.world_hash())
    assert len(set(hashes)) == 1


def test_a_robot_that_cannot_pass_ends_as_safety_stop(scene: Scene) -> None:
    # A corridor: nobody can step aside.
    a, b = tiago("a", -2, 0, 0), tiago("b", 0, 0, 0)
    walls = [
        cmd.AddWall(object_id=f"side_{y}", start=(-3.5, y, 0), end=(3.5, y, 0)) for y in (-0.6, 0.6)
    ]
    controller = scene(a, b, SafetyMonitor([a]), size=10.0, commands=walls)
    action = a.move_by(3.0)
    for _ in range(1200):
        if action.done:
            break
        controller.communicate()
        assert not touching(controller)
    assert action.status is ActionStatus.safety_stop, action.result
    assert action.result.reason == "held back for 1 s: robot 'b' is in the way"


def test_a_partner_that_accelerates_as_hard_is_refused_with_both_figures(scene: Scene) -> None:
    a, b = tiago("a", -1.6, 0, 0), tiago("b", 1.6, 0, np.pi)
    monitor = SafetyMonitor([a], partner_acceleration=1.5)
    controller = scene(a, b, size=10.0)
    controller.add_ons.append(monitor)
    digest = controller.world_hash()
    with pytest.raises(CommandError, match=r"'a' brakes at 1\.5 m/s².*partner_acceleration=1\.5"):
        controller.communicate()
    assert controller.world_hash() == digest
    controller.add_ons.remove(monitor)
    controller.communicate()


def test_a_robot_that_is_not_there_is_refused_by_name(scene: Scene) -> None:
    controller = scene(tiago("a", -2, 0, 0), tiago("b", 2, 0, 0), size=10.0)
    controller.add_ons.append(SafetyMonitor(["a", "c"]))
    with pytest.raises(CommandError, match=r"'c'.*'a', 'b'"):
        controller.communicate()


def test_an_intervention_is_an_event_that_json_can_hold(meeting) -> None:
    controller, a, b, events = meeting
    a.move_by(3)
    b.move_by(3)
    for _ in range(120):
        controller.communicate()
    found = [e for e in events if isinstance(e, SafetyIntervention)]
    assert found
    for event in found:
        json.dumps(event.to_dict(), allow_nan=False)


def test_a_recording_holds_what_it_made_of_the_commands(scene: Scene, tmp_path: Path) -> None:
    a, b = tiago("a", -1.6, 0, 0), tiago("b", 1.6, 0, np.pi)
    controller = scene(a, b, SafetyMonitor(), recorder := Recorder(), size=10.0)
    recorder.start(tmp_path / "run.mcap")
    a.move_by(3)
    b.move_by(3)
    for _ in range(250):
        controller.communicate()
    recorder.stop()
    digest = controller.world_hash()
    with Controller() as again:
        again.add_ons.extend([Recorder(), SafetyMonitor()])  # which is silent in a replay
        assert again.recorder is not None
        for _ in again.recorder.replay(tmp_path / "run.mcap", verify=True):
            pass
        assert again.world_hash() == digest


def test_the_report_counts_what_was_seen(meeting) -> None:
    controller, a, b, _ = meeting
    a.move_by(3)
    b.move_by(3)
    for _ in range(250):
        controller.communicate()
    monitor = next(x for x in controller.add_ons if isinstance(x, SafetyMonitor))
    row = monitor.report().conditions[0]
    assert row.steps == 250
    assert row.violations == 0 and row.brake_fires == 0
    assert row.minimum_gap is not None and 0.0 < row.minimum_gap < 0.5


def test_robots_may_be_removed_and_come_back_while_it_watches(scene: Scene) -> None:
    a, b = tiago("a", -1.2, 0, 0), tiago("b", 1.2, 0, np.pi)
    controller = scene(a, b, SafetyMonitor(), size=10.0)
    a.move_by(2)
    for _ in range(40):
        controller.communicate()
    controller.add_ons.remove(b)
    controller.communicate(cmd.RemoveRobot(robot_id="b"))
    for _ in range(40):
        controller.communicate()
    controller.add_ons.append(tiago("c", 2.5, 0, np.pi))
    for _ in range(150):
        controller.communicate()
        assert not touching(controller)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "BOTH"}, {"margin": -0.1}, {"activation": float("nan")},
        {"partner_acceleration": float("inf")}, {"gamma": -1.0}, {"source": "rumour"},
    ],
)  # fmt: skip
def test_a_setting_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match=next(iter(wrong))):
        SafetyMonitor(**wrong)


# --- by radio ------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["ideal", "urllc", "factory", "wifi", "lossy"])
@pytest.mark.parametrize("name", ["crossing", "head_on", "chase", "static", "reversing"])
def test_by_radio_no_gap_closes_in_any_profile_up_to_lossy(name: str, profile: str) -> None:
    outcome = run(name, 0, monitored=True, profile=profile)
    assert not outcome.collided
    assert outcome.succeeded
    assert outcome.gap is None or outcome.gap >= 0.0
    assert "packets_hold" not in outcome.broken


def test_by_radio_robots_that_drive_into_each_other_stay_apart(scene: Scene) -> None:
    a, b = tiago("a", -1.6, 0, 0), tiago("b", 1.6, 0, np.pi)
    monitor = SafetyMonitor(source="radio")
    controller = scene(a, b, monitor, CommChannel("lossy"), size=10.0)
    moves = a.move_by(3), b.move_by(3)
    for _ in range(300):
        controller.communicate()
        assert not touching(controller)
    assert b.dynamic.base_position[0] < 1.2 and not any(
        m.status is ActionStatus.failure for m in moves
    )
    held = {row.assumption: row for row in monitor.report().assumptions}
    assert held["packets_hold"].checked > 100 and held["packets_hold"].violated == 0


def test_a_robot_that_has_heard_nothing_of_a_partner_stands_still(scene: Scene) -> None:
    a, b = tiago("a", -2.5, 0, 0), tiago("b", 2.5, 0, np.pi)
    silent = DegradationProfile("silent", 0.0, 0.0, 1.0)
    with pytest.warns(CommSaturationWarning):
        channel = CommChannel(silent)
    controller = scene(a, b, SafetyMonitor([a], source="radio"), channel, size=10.0)
    start = a.dynamic.base_position.copy()
    action = a.move_by(1)
    for _ in range(400):
        controller.communicate()
        if action.done:
            break
    assert action.status is ActionStatus.safety_stop
    assert np.linalg.norm(a.dynamic.base_position - start) < 1e-3


def test_older_news_keep_robots_further_apart() -> None:
    gaps = [run("head_on", 3, True, profile).gap for profile in ("ideal", "lossy")]
    assert gaps[0] is not None and gaps[1] is not None
    assert gaps[1] > gaps[0]


def test_a_partner_that_lies_is_found_out_in_table_1() -> None:
    outcome = run("liar", 0, monitored=True)
    assert outcome.broken["packets_hold"] > 0


def test_by_radio_without_a_channel_is_refused(scene: Scene) -> None:
    controller = scene(tiago("a", -2, 0, 0), tiago("b", 2, 0, 0), size=10.0)
    controller.add_ons.append(SafetyMonitor(source="radio"))
    with pytest.raises(CommandError, match="CommChannel"):
        controller.communicate()


def test_by_radio_nobody_decides_for_all() -> None:
    with pytest.raises(CommandError, match="decides for itself"):
        SafetyMonitor(source="radio", mode="CENTRALIZED")


@pytest.mark.parametrize("name", MODELS)
def test_no_sphere_moves_further_than_the_levers_of_its_joints_say(name: str, scene: Scene) -> None:
    controller = scene(Robot("r", model=name), size=8.0)
    state = controller.response.robots["r"]  # type: ignore[union-attr]
    kinematics, spheres = state.static.kinematics, sphere_model(get_model(name))
    rng, base = np.random.default_rng(3), kinematics.base_size

    def centres(q: np.ndarray) -> np.ndarray:
        class Posed:
            static = state.static

        Posed.q = np.concatenate([np.zeros(base), q])  # type: ignore[attr-defined]
        return spheres.place(Posed).centres  # type: ignore[arg-type]

    for _ in range(100):
        q = rng.uniform(kinematics.lower, kinematics.upper)[base:]
        step = rng.normal(scale=rng.uniform(0.01, 0.5), size=len(q)) * (rng.random(len(q)) < 0.4)
        moved = np.linalg.norm(centres(q + step) - centres(q), axis=1).max()
        assert moved <= np.abs(step) @ spheres.levers + 1e-6


def test_bounds_make_a_robot_brake_earlier(scene: Scene) -> None:
    def nearest(bounds: dict[str, Bounds]) -> float:
        a, b = tiago("a", -1.6, 0, 0), tiago("b", 1.2, 0, np.pi)
        controller = scene(a, b, SafetyMonitor([a], bounds), size=10.0)
        a.move_by(3)
        for _ in range(70):
            controller.communicate()
        return float(a.dynamic.base_position[0])

    weak = Bounds(action_linf_component=0.7, cartesian_accel_capacity=0.7)
    assert nearest({"a": weak}) < nearest({}) - 0.05


def test_bounds_that_partners_exceed_are_refused(scene: Scene) -> None:
    weak = Bounds(action_linf_component=0.4, cartesian_accel_capacity=0.4)
    controller = scene(tiago("a", -2, 0, 0), tiago("b", 2, 0, 0), size=10.0)
    controller.add_ons.append(SafetyMonitor(["a"], {"a": weak}))
    with pytest.raises(CommandError, match=r"brakes at 0\.4"):
        controller.communicate()


def test_an_oracle_stands_beside_in_the_third_table() -> None:
    ours, oracle = SafetyMonitor(condition="x"), SafetyMonitor(condition="oracle")
    ours.telemetry.record(lambdas={("a", "b"): -0.2})
    oracle.telemetry.record(lambdas={("a", "b"): -0.1})
    row = ours.report(oracle).conservativeness[0]
    assert (row.lambda_mean, row.oracle_mean) == (-0.2, -0.1)


def test_a_robot_that_loses_sight_slows_down_and_does_not_jerk(scene: Scene) -> None:
    a, b = tiago("a", -3.5, 0, 0), tiago("b", 3.5, 2, np.pi)
    controller = scene(a, b, CommChannel(), SafetyMonitor([a], source="radio"), size=12.0)
    controller.communicate()
    b.radio.announce(extent=0.6)
    a.move_by(2.5)
    for _ in range(60):
        controller.communicate()
    before = float(a.dynamic.target_velocity[0])
    assert before > 0.4
    controller.add_ons.append(tiago("c", 3.5, -3, np.pi))  # nobody has heard of it
    speeds = [before]
    for _ in range(6):
        controller.communicate()
        speeds.append(float(a.dynamic.target_velocity[0]))
    limit = a.static.model.drives["base"].acceleration / 60
    assert min(speeds) < before
    assert np.diff(speeds).min() >= -limit - 1e-6
