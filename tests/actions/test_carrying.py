"""What lies in a container that a robot holds goes with it, and is in nobody's way."""

from __future__ import annotations

from collections.abc import Callable

from counterpoint import ActionStatus, Arm, Controller, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action

Scene = Callable[..., Controller]

BOTH = [Arm.left, Arm.right]
HEIGHT = 0.6  # m: of the table


def finish(controller: Controller, *actions: Action) -> None:
    while any(a.status is ActionStatus.ongoing for a in actions):
        controller.communicate()
    for action in actions:
        assert action.status is ActionStatus.success, action.result.reason


def test_a_robot_drives_ahead_with_balls_in_the_crate_that_it_holds(scene: Scene) -> None:
    robot = Robot("a")
    table = cmd.AddObject(
        object_id="table", model="table", size=(0.5, 0.9, HEIGHT), position=(0.75, 0, 0)
    )
    crate = cmd.AddObject(
        object_id="crate", model="crate", size=(0.3, 0.36, 0.16), position=(0.68, 0, HEIGHT)
    )
    balls = [
        cmd.AddObject(object_id=f"ball_{k}", model="sphere", position=(x, y, HEIGHT + 0.08))
        for k, (x, y) in enumerate(((0.6, 0.1), (0.72, -0.1)))
    ]
    controller = scene(robot, commands=[table, crate, *balls])
    finish(
        controller,
        robot.grasp(("crate", "left_rim"), Arm.left),
        robot.grasp(("crate", "right_rim"), Arm.right),
    )
    up = [robot.dynamic.tool_pose(arm).p + [0, 0, 0.12] for arm in BOTH]
    finish(controller, robot.reach_for(up, BOTH))
    finish(controller, robot.move_by(-0.8))
    finish(controller, robot.move_by(0.5))
    assert controller.response is not None
    assert sorted(controller.response.objects["crate"].contents) == ["ball_0", "ball_1"]
