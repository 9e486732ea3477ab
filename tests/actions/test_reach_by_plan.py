"""Hands that go to their targets by way of other places."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from counterpoint import ActionStatus, Arm, Controller, Robot
from counterpoint import commands as cmd
from counterpoint.actions import ReachByPlan
from counterpoint.core.errors import CommandError

Scene = Callable[..., Controller]


def finish(controller: Controller, action: ReachByPlan, limit: int = 900) -> np.ndarray:
    """Run until it ends; the hand's way, shape (n, 3)."""
    way = []
    robot = next(a for a in controller.add_ons if isinstance(a, Robot))
    while action.status is ActionStatus.ongoing:
        controller.communicate()
        way.append(robot.dynamic.tool_pose(action.reach.arms[0]).p)
        assert len(way) < limit
    return np.array(way)


def test_up_over_and_down_stays_high_on_the_way_across(scene: Scene) -> None:
    robot = Robot("arm", "panda")
    controller = scene(robot)
    start = robot.dynamic.tool_pose(Arm.right).p
    goal = (0.35, 0.4, 0.15)
    action = robot.reach_for(goal, plan="vertical_horizontal")
    assert isinstance(action, ReachByPlan)
    way = finish(controller, action)
    assert action.status is ActionStatus.success
    assert np.linalg.norm(way[-1] - goal) < 0.011
    top = max(start[2], goal[2])
    moved = np.linalg.norm(way[:, :2] - start[:2], axis=1) > 0.06
    left = np.linalg.norm(way[:, :2] - np.array(goal[:2]), axis=1) > 0.06
    assert (moved & left).sum() > 10
    assert way[moved & left, 2].min() > top - 0.02


def test_a_plan_of_places_passes_each_of_them_in_order(scene: Scene) -> None:
    robot = Robot("arm", "panda", position=(1, 0, 0))
    controller = scene(robot)
    places = [(0.4, 0.3, 0.5), (0.4, -0.3, 0.5), (0.5, -0.3, 0.3)]
    action = robot.reach_for((0.5, 0.0, 0.3), absolute=False, plan=places)
    way = finish(controller, action) - np.array([1, 0, 0])
    assert action.status is ActionStatus.success
    passed = [int(np.linalg.norm(way - np.array(p), axis=1).argmin()) for p in places]
    nearest = [float(np.linalg.norm(way - np.array(p), axis=1).min()) for p in places]
    assert passed == sorted(passed)
    assert max(nearest) < 0.04


def test_a_reset_first_brings_the_arm_to_rest_before_it_reaches(scene: Scene) -> None:
    robot = Robot("arm", "panda")
    controller = scene(robot)
    home = robot.dynamic.tool_pose(Arm.right).p
    away = robot.reach_for((0.3, 0.4, 0.3))
    while away.status is ActionStatus.ongoing:
        controller.communicate()
    action = robot.reach_for((0.3, -0.4, 0.3), plan="reset")
    way = finish(controller, action)
    assert action.status is ActionStatus.success
    assert np.linalg.norm(way - home, axis=1).min() < 0.03


def test_both_hands_follow_a_plan_together(scene: Scene) -> None:
    robot = Robot("a")
    controller = scene(robot)
    action = robot.reach_for(
        [(0.55, 0.3, 0.9), (0.55, -0.3, 0.9)], [Arm.left, Arm.right], plan="vertical_horizontal"
    )
    finish(controller, action)
    assert action.status is ActionStatus.success


def test_the_failing_step_gives_its_status_and_reason(scene: Scene) -> None:
    robot = Robot("arm", "panda")
    controller = scene(robot)
    action = robot.reach_for((0.4, 0, 0.4), plan=[(0.4, 0.2, 0.4), (3, 0, 0.4)])
    finish(controller, action)
    assert action.status is ActionStatus.cannot_reach
    assert "3.0" in action.result.reason or "shoulder" in action.result.reason


def test_progress_grows_from_step_to_step(scene: Scene) -> None:
    robot = Robot("arm", "panda")
    controller = scene(robot, commands=[cmd.SetLighting()])
    action = robot.reach_for((0.35, 0.4, 0.15), plan="vertical_horizontal")
    seen = []
    while action.status is ActionStatus.ongoing:
        controller.communicate()
        seen.append(action.progress)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@pytest.mark.parametrize("plan", ["diagonal", 3, [(1, 2)], [(1, 2, float("nan"))], [1, 2, 3]])
def test_a_plan_that_is_none_is_refused_at_once(scene: Scene, plan: object) -> None:
    robot = Robot("arm", "panda")
    scene(robot)
    with pytest.raises(CommandError, match="vertical_horizontal"):
        robot.reach_for((0.4, 0, 0.4), plan=plan)  # type: ignore[arg-type]
    assert robot.action is None


def test_what_is_held_goes_over_a_peg_that_it_would_hit_and_its_end_arrives(scene: Scene) -> None:
    robot = Robot("a", model="panda")
    controller = scene(
        robot,
        commands=[
            cmd.AddObject(
                object_id="stick", model="box", size=(0.03, 0.03, 0.18),
                position=(0.45, -0.25, 0.09),
            ),
            cmd.AddObject(
                object_id="peg", model="box", size=(0.05, 0.05, 0.2), position=(0.55, 0.05, 0.1),
                static=True,
            ),
        ],
    )  # fmt: skip
    grasp = robot.grasp("stick")
    while grasp.status is ActionStatus.ongoing:
        controller.communicate()
    assert grasp.status is ActionStatus.success, grasp.result.reason
    goal = np.array([0.55, 0.05, 0.22])
    action = robot.reach_for(goal, from_held=True, plan="vertical_horizontal")
    assert isinstance(action, ReachByPlan)
    finish(controller, action)
    assert action.status is ActionStatus.success, action.result.reason
    assert controller.response is not None
    low, high = controller.response.objects["stick"].bounds
    assert np.array([*(low + high)[:2] / 2, low[2]]) == pytest.approx(goal, abs=0.011)
