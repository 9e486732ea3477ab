"""Hands that reach for what moves: it is met on its way, and given up where that is in vain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from counterpoint import ActionStatus, Arm, Controller, Robot
from counterpoint import commands as cmd

Scene = Callable[..., Controller]

ASTRIDE = (0.0, 0.5**0.5, 0.5**0.5, 0.0)  # wxyz: down, a finger on each side of its way
SPEED = 0.15  # m/s


def test_what_slides_past_is_met_while_it_slides(scene: Scene) -> None:
    robot = Robot("a", model="panda")
    bench = cmd.AddObject(
        object_id="bench", model="box", size=(0.1, 1.6, 0.12), static=True, friction=0,
        position=(0.45, 0, 0.06),
    )  # fmt: skip
    skittle = cmd.AddObject(
        object_id="skittle", model="cylinder", size=(0.04, 0.04, 0.2), friction=0,
        position=(0.45, -0.4, 0.22),
    )  # fmt: skip
    controller = scene(robot, commands=[bench, skittle])
    above = robot.reach_for((0.45, -0.3, 0.5), orientation=ASTRIDE)
    while above.status is ActionStatus.ongoing:
        controller.communicate()
    controller.communicate(cmd.SetObjectVelocity(object_id="skittle", linear=(0, SPEED, 0)))
    reach = robot.reach_for(("skittle", "top_y"), orientation=ASTRIDE, arrived_at=0.03)
    while reach.status is ActionStatus.ongoing:
        controller.communicate()
    assert reach.status is ActionStatus.success, reach.result.reason
    assert controller.response is not None
    met = controller.response.objects["skittle"]
    assert met.linear_velocity[1] > 0.8 * SPEED
    hand = robot.dynamic.tool_pose(Arm.right).p
    assert np.linalg.norm((hand - met.position)[:2]) < 0.03


def test_what_falls_out_of_reach_is_given_up(scene: Scene) -> None:
    robot = Robot("a")
    post = cmd.AddObject(
        object_id="post", model="cylinder", size=(0.06, 0.06, 0.9), static=True,
        position=(0.7, 0, 0.45),
    )  # fmt: skip
    bar = cmd.AddObject(
        object_id="bar", model="bar", size=(0.5, 0.04, 0.04), position=(0.7, 0, 0.92),
        quaternion=(0.5**0.5, 0, 0, 0.5**0.5),
    )  # fmt: skip
    controller = scene(robot, commands=[post, bar])
    reach = robot.reach_for("bar", Arm.right, offhand_follows=True)  # both hands knock it off
    for _ in range(2000):
        controller.communicate()
        if reach.status is not ActionStatus.ongoing:
            break
    assert controller.response is not None
    assert controller.response.objects["bar"].position[2] < 0.1
    assert reach.status is ActionStatus.failed_to_reach, reach.result.reason
