"""Skills on small seeded samples. `benchmarks/` draws large ones from the same samplers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from trials import (
    Stage,
    beyond_reach,
    beyond_trial,
    grasp_trial,
    move_trial,
    reach_trial,
    sampler,
    turn_trial,
)

from counterpoint import ActionStatus, Arm, CollisionDetection, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action
from counterpoint.core.seeds import derive_substream
from counterpoint.robots import get_model, list_models

ARMS = [(name, arm) for name in list_models() for arm in get_model(name).arms]
MOBILE = [name for name in list_models() if get_model(name).mobile]
GRIPPING = {"baxter": 4, "fetch": 4, "panda": 6, "tiago_pro": 4}
ARM_NAMES = [f"{model}-{arm}" for model, arm in ARMS]


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    made = Stage(request.param)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("stage", "model", "arm"), [(m, m, a) for m, a in ARMS], ids=ARM_NAMES, indirect=["stage"]
)
def test_reaches_random_points(stage: Stage, model: str, arm: Arm) -> None:
    postures = sampler(model, arm, seed=1)
    failures = []
    for k in range(12):
        _, target = postures.draw()
        outcome = reach_trial(stage, arm, target)
        if not outcome.success:
            failures.append((k, target.tolist(), outcome.reason))
    assert not failures


@pytest.mark.parametrize(
    ("stage", "model", "arm"), [(m, m, a) for m, a in ARMS], ids=ARM_NAMES, indirect=["stage"]
)
def test_points_beyond_reach_end_in_one_frame(stage: Stage, model: str, arm: Arm) -> None:
    postures = sampler(model, arm, seed=1)
    for _ in range(20):  # measures the reach
        postures.draw()
    rng = derive_substream("beyond reach", 1).default_rng()
    outcomes = [beyond_trial(stage, arm, beyond_reach(postures, rng)) for _ in range(6)]
    assert not [o.reason for o in outcomes if not o.success]


@pytest.mark.parametrize("stage", ["xarm7"], indirect=True)
@pytest.mark.parametrize(
    "target", [(-0.611, -0.019, 0.063), (-0.546, 0.164, 0.031), (-0.143, -0.032, 0.039)]
)
def test_an_arm_on_the_floor_reaches_low_points_with_its_elbow_up(
    stage: Stage, target: tuple[float, float, float]
) -> None:
    outcome = reach_trial(stage, Arm.right, np.array(target))
    assert outcome.success, outcome.reason


@pytest.mark.parametrize("model", list_models())
def test_sampled_hands_are_where_the_simulator_says(model: str) -> None:
    postures = sampler(model, Arm.right, seed=2)
    stage = Stage(model)
    controller = stage.begin()
    for _ in range(3):
        q, hand = postures.draw()
        positions = dict(zip(postures.kinematics.joints, q.tolist(), strict=True))
        controller.communicate(cmd.SetJointPositions(robot_id="a", positions=positions))
        there = stage.robot.dynamic.tool_pose(Arm.right).p
        assert np.linalg.norm(there - hand) < 1e-3
    stage.close()


@pytest.mark.parametrize("stage", MOBILE, indirect=True)
def test_moves_to_random_points(stage: Stage) -> None:
    outcomes = [move_trial(stage, k, seed=1) for k in range(8)]
    assert not [(k, o.stage, o.reason) for k, o in enumerate(outcomes) if not o.success]
    assert max(o.numbers["past"] for o in outcomes) < 0.02


@pytest.mark.parametrize("stage", MOBILE, indirect=True)
def test_turns_by_random_angles(stage: Stage) -> None:
    outcomes = [turn_trial(stage, k, seed=1) for k in range(6)]
    assert not [(k, o.reason) for k, o in enumerate(outcomes) if not o.success]


@pytest.mark.parametrize(
    ("model", "count"), [(m, n) for m, n in GRIPPING.items() if m in list_models()]
)
def test_grasps_lifts_holds_and_places_random_cubes(model: str, count: int) -> None:
    outcomes = [grasp_trial(model, k, seed=1) for k in range(count)]
    assert not [(k, o.stage, o.reason) for k, o in enumerate(outcomes) if not o.success]
    assert max(o.numbers["slip"] for o in outcomes) < 0.01


@pytest.mark.parametrize(
    ("what", "status"),
    [("move", ActionStatus.failed_to_move), ("reach", ActionStatus.failed_to_reach)],
)
def test_pushing_against_something_solid_does_not_go_on_for_ever(
    what: str, status: ActionStatus
) -> None:
    rules = CollisionDetection(walls=False, objects=False, robots=False, avoid=False)
    robot = Robot("a", image_frequency=ImageFrequency.never, collision_detection=rules)
    with Controller() as controller:
        controller.add_ons.append(robot)
        controller.communicate(
            [
                cmd.CreateEmptyRoom(width=6, length=6),
                cmd.AddObject(
                    object_id="block", model="box", size=(0.4, 3, 1.6), position=(0.9, 0, 0.8),
                    static=True,
                ),
            ]
        )  # fmt: skip
        action: Action
        if what == "move":
            action = robot.move_by(2)
        else:
            action = robot.reach_for((1.0, -0.2, 0.9), Arm.right)
        for _ in range(900):
            controller.communicate()
            if action.status is not ActionStatus.ongoing:
                break
        assert action.status is status, action.result


@pytest.mark.parametrize("stage", ["tiago_pro"], indirect=True)
def test_a_posture_that_creeps_towards_its_target_ends(stage: Stage) -> None:
    """Stretched, with a joint at its limit: the goal used to be improved for ever."""
    start = (0.158555, 0.433998, -2.108046, -0.194125, 1.437907, 2.434802, 0.063171)
    target = (-0.223914, -0.456028, 1.586941)
    controller = stage.begin()
    joints = stage.robot.static.model.tracks["right_arm"]
    positions = dict(zip(joints, start, strict=True))
    controller.communicate(cmd.SetJointPositions(robot_id="a", positions=positions))
    action = stage.robot.reach_for(target, Arm.right)
    for _ in range(600):
        controller.communicate()
        if action.status is not ActionStatus.ongoing:
            break
    assert action.status is ActionStatus.success, action.result
