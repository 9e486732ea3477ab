"""Skills on small seeded samples. `benchmarks/` draws large ones from the same samplers."""

from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path

import pytest
from skills_page import code
from trials import SKILLS, Skill, Trial
from trials.postures import postures_of

from counterpoint import (
    ActionStatus,
    Arm,
    CollisionDetection,
    Controller,
    ImageFrequency,
    Robot,
    actions,
)
from counterpoint import commands as cmd
from counterpoint.actions import Action, Composite
from counterpoint.core.seeds import derive_substream
from counterpoint.robots import list_models

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "skills.md"
SET_UPS = 3
ROWS = [(skill, model) for skill in SKILLS for model in skill.models]


@pytest.mark.parametrize(("skill", "model"), ROWS, ids=[f"{s.name}-{m}" for s, m in ROWS])
def test_a_skill_succeeds_in_random_set_ups_and_the_world_shows_it(
    skill: Skill, model: str
) -> None:
    outcomes = [skill.run(model, k, seed=1) for k in range(SET_UPS)]
    assert not [(k, o.stage, o.reason) for k, o in enumerate(outcomes) if not o.success]


def test_there_is_a_trial_of_every_action() -> None:
    found = {getattr(actions, name) for name in actions.__all__}
    concrete = {a for a in found if isinstance(a, type) and issubclass(a, Action)}
    assert concrete - {Action, Composite} == {a for skill in SKILLS for a in skill.actions}


def test_the_page_has_every_row_and_says_how_it_is_judged() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    for skill, model in ROWS:
        assert code(skill.name) in page
        assert " ".join(skill.description.split()) in page
        assert f" | {model} | " in page


def test_a_success_that_the_world_does_not_show_is_a_failure() -> None:
    def trial(t: Trial) -> object:
        t.run(t.open().wait(1))
        return t.verdict(None, "the world is otherwise")

    outcome = Skill("wait", (), bool, trial, {}, 1.0).run("panda", 0)
    assert outcome.denied and not outcome.success and outcome.frames == 1


def test_a_set_up_is_the_same_whatever_was_run_before_it() -> None:
    skill = next(s for s in SKILLS if s.name == "place")
    first = skill.run("panda", 1)
    skill.run("panda", 0)
    assert skill.run("panda", 1) == first


def hands_at(model: str, target: tuple[float, float, float]) -> float:
    """How far the hand is from a target half a second after a reach has ended in success [m]."""
    with closing(Trial(model, derive_substream("none").default_rng())) as t:
        robot = t.open()
        t.run(robot.reach_for(target, Arm.right))
        t.rest()
        return math.dist(robot.dynamic.tool_pose(Arm.right).p, target)


@pytest.mark.parametrize(
    "target", [(-0.611, -0.019, 0.063), (-0.546, 0.164, 0.031), (-0.143, -0.032, 0.039)]
)
def test_an_arm_on_the_floor_reaches_low_points_with_its_elbow_up(
    target: tuple[float, float, float],
) -> None:
    assert hands_at("xarm7", target) <= 0.01


@pytest.mark.parametrize(
    ("model", "arm", "middle", "size"),
    [
        ("ur5", Arm.right, (-0.601, 0.056, 0.767), 0.042),
        ("ur5", Arm.right, (-0.526, 0.046, 0.573), 0.033),
        ("tiago_pro", Arm.left, (0.032, 0.454, 0.848), 0.034),
        ("xarm7", Arm.right, (-0.218, -0.033, 0.633), 0.033),
    ],
)
def test_only_the_hand_touches_what_it_reaches_for(
    model: str, arm: Arm, middle: tuple[float, float, float], size: float
) -> None:
    """The forearm or the wrist used to stop at it, a hand's breadth before the hand was there."""
    ball = cmd.AddObject(
        object_id="ball", model="sphere", size=(size,) * 3, position=middle, static=True
    )
    with closing(Trial(model, derive_substream("none").default_rng())) as t:
        robot = t.open(ball)
        t.run(robot.reach_for("ball", arm, arrived_at=0.1))


@pytest.mark.parametrize(
    ("point", "orientation"),
    [
        ((0.015, 0.101, 1.007), (0.679652, 0.199094, -0.522013, -0.475329)),
        ((-0.764, 0.037, 0.525), (0.601879, -0.224608, -0.372746, -0.669592)),
    ],
)
def test_an_arm_of_six_joints_finds_a_posture_for_a_pose_that_has_one(
    point: tuple[float, float, float], orientation: tuple[float, float, float, float]
) -> None:
    with closing(Trial("ur5", derive_substream("none").default_rng())) as t:
        robot = t.open()
        t.run(robot.reach_for(point, orientation=orientation))
        assert math.dist(robot.dynamic.tool_pose(Arm.right).p, point) <= 0.01


@pytest.mark.parametrize("model", list_models())
def test_sampled_hands_are_where_the_simulator_says(model: str) -> None:
    postures = postures_of(model, Arm.right)
    for k in range(3):
        with closing(Trial(model, derive_substream(f"hands {k}").default_rng())) as t:
            q, hand = postures.draw(t.rng, t.rejected)
            robot = t.open(posture=q)
            assert math.dist(robot.dynamic.tool_pose(Arm.right).p, hand) < 1e-3


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


def test_a_posture_that_creeps_towards_its_target_ends() -> None:
    """Stretched, with a joint at its limit: the goal used to be improved for ever."""
    start = (0.158555, 0.433998, -2.108046, -0.194125, 1.437907, 2.434802, 0.063171)
    target = (-0.223914, -0.456028, 1.586941)
    with closing(Trial("tiago_pro", derive_substream("none").default_rng())) as t:
        robot = t.open()
        joints = robot.static.model.tracks["right_arm"]
        positions = dict(zip(joints, start, strict=True))
        t.controller.communicate(cmd.SetJointPositions(robot_id="a", positions=positions))
        t.run(robot.reach_for(target, Arm.right), 600)
