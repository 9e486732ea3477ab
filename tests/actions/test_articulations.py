"""Robots open things by their handles."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from counterpoint import ActionStatus, Arm, Controller, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action

Scene = Callable[..., Controller]


def finish(controller: Controller, action: Action) -> Action:
    while action.status is ActionStatus.ongoing:
        controller.communicate()
    return action


def test_a_robot_takes_a_drawer_by_its_handle_and_backs_off(scene: Scene) -> None:
    robot = Robot("a")
    cabinet = cmd.AddArticulation(
        object_id="drawer", model="drawer", size=(0.45, 0.5, 1.1), position=(1.05, -0.2, 0),
        yaw=math.pi,
    )  # fmt: skip
    controller = scene(robot, commands=[cabinet])
    grasp = finish(controller, robot.grasp("drawer", Arm.right))
    assert grasp.status is ActionStatus.success, grasp.result.reason
    back = finish(controller, robot.move_by(-0.25, reset_arms=False))
    assert back.status is ActionStatus.success, back.result.reason
    assert controller.response is not None
    assert controller.response.objects["drawer"].opening == pytest.approx(0.25, abs=0.02)
    assert finish(controller, robot.drop(Arm.right)).status is ActionStatus.success


def test_a_robot_pulls_a_door_open_though_it_is_heavier_than_what_an_arm_lifts(
    scene: Scene,
) -> None:
    robot = Robot("a")
    door = cmd.AddArticulation(
        object_id="door", model="door", position=(0.95, -0.95, 0), yaw=math.pi / 2
    )
    controller = scene(robot, commands=[door])
    grasp = finish(controller, robot.grasp("door", Arm.right))
    assert grasp.status is ActionStatus.success, grasp.result.reason
    finish(controller, robot.move_by(-0.2, reset_arms=False))
    assert controller.response is not None
    opening = controller.response.objects["door"].opening
    assert opening is not None
    assert opening > 0.15
