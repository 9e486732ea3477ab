"""Scripts that are interrupted at any moment, in physics: nothing of them stays behind."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from counterpoint import (
    ActionStatus,
    Arm,
    Controller,
    CounterpointError,
    ImageFrequency,
    Robot,
    deadline,
    first,
    gather,
    seconds,
)
from counterpoint import commands as cmd
from counterpoint.actions import Action, Grasp
from counterpoint.core.events import ActionEnded

PROGRAMS = 24
REST = 75  # frames: the longest ramp of any track, and the settling of what it carried
THINGS = ("mug", "ball")
STILL = 2e-3  # rad or m in a sixth of a second


def room() -> tuple[Controller, list[Robot]]:
    """Two robots on either side of a table with things to quarrel over."""
    controller = Controller(seed=3)
    robots = [
        Robot(
            name, position=(x, 0, 0), rotation=turn, image_frequency=ImageFrequency.never
        )
        for name, x, turn in (("west", -0.85, 0), ("east", 0.85, 180))
    ]  # fmt: skip
    controller.add_ons.extend(robots)
    controller.communicate(
        [
            cmd.CreateEmptyRoom(width=8, length=8),
            cmd.AddObject(object_id="table", model="table", size=(0.6, 1.2, 0.7)),
            cmd.AddObject(object_id="mug", model="mug", position=(-0.15, -0.2, 0.7)),
            cmd.AddObject(object_id="ball", model="sphere", position=(0.1, 0.2, 0.73)),
        ]
    )
    return controller, robots


def act(rng: random.Random, robot: Robot) -> Action:
    """Start something at random."""
    arm = rng.choice((Arm.left, Arm.right))
    kind = rng.randrange(8)
    if kind < 2:
        return robot.grasp(rng.choice(THINGS), arm, hold=rng.choice(("weld", "friction")))
    if kind == 2:
        y = rng.uniform(0.1, 0.4) * (1 if arm is Arm.left else -1)
        return robot.reach_for((0.5, y, rng.uniform(0.8, 1.2)), arm, absolute=False)
    if kind == 3:
        return robot.move_by(rng.uniform(-0.4, -0.1))
    if kind == 4:
        return robot.turn_by(rng.uniform(-40, 40))
    if kind == 5:
        return robot.drop(arm)
    if kind == 6:
        return robot.animate("wave")
    return robot.wait(rng.randint(1, 60)).claiming("table")


async def some(rng: random.Random, robots: list[Robot], depth: int) -> Any:
    """A random script."""
    kind = rng.randrange(5) if depth else 0
    if kind == 0:
        return await act(rng, rng.choice(robots)).outcome()
    if kind == 1:
        return await gather(*(some(rng, robots, depth - 1) for _ in range(2)))
    if kind == 2:
        return await first(other=some(rng, robots, depth - 1), time=seconds(rng.uniform(0.1, 2)))
    if kind == 3:
        try:
            with deadline(seconds=rng.uniform(0.1, 2)):
                return await some(rng, robots, depth - 1)
        except TimeoutError:
            return "late"
    for _ in range(2):
        await some(rng, robots, depth - 1)
    return None


def run(controller: Controller, robots: list[Robot]) -> list[Any]:
    """Random scripts, each cut off at a random frame; returns what happened."""
    happened: list[Any] = []
    controller.events.subscribe(lambda e: happened.append(e.to_dict()))
    welded: set[str] = set()
    for number in range(PROGRAMS):
        rng = random.Random(number)
        handle = controller.spawn(some(rng, robots, 2))
        for _ in range(rng.randint(1, 240)):
            if handle.done:
                break
            controller.communicate()
        handle.cancel("the test has seen enough")
        grasped = [
            a for r in robots for a in r.actions.values()
            if isinstance(a, Grasp) and a.status is ActionStatus.success
        ]  # fmt: skip
        for k in range(REST):
            if k == REST - 10:
                before = [robot.dynamic.q.copy() for robot in robots]
            response = controller.communicate()
        assert not controller.arbiter.claims, number
        for robot in robots:
            assert not any(a.status is ActionStatus.ongoing for a in robot.actions.values()), number
            assert robot.interaction.state == "idle" and not robot.interaction.holds, number
            assert not np.any(robot.dynamic.target_velocity), number
        # Fingers that press on something creep; what is driven stands still.
        for robot, q in zip(robots, before, strict=True):
            fingers = robot.static.model.gripper_joints()
            driven = [name not in fingers for name in robot.static.kinematics.joints]
            moved = np.abs(robot.dynamic.q - q) * driven
            assert moved.max() < STILL, (
                number,
                robot.static.kinematics.joints[int(moved.argmax())],
            )
        # A weld is there for a grasp that ended well, and for nothing else.
        assert response.welds <= welded | {f"{a.robot_id}/{a.arm.value}" for a in grasped}, number
        welded = set(response.welds)
    happened.append(controller.state_hash())
    return happened


@pytest.mark.slow
def test_an_interrupted_script_leaves_no_claim_no_weld_and_no_moving_joint() -> None:
    traces = []
    for _ in range(2):
        controller, robots = room()
        try:
            traces.append(run(controller, robots))
        except CounterpointError:
            controller.close()
            raise
        controller.close()
    assert traces[0] == traces[1]
    statuses = [e["status"] for e in traces[0][:-1] if e["type"] == ActionEnded.__name__]
    assert statuses.count("cancelled") > 5 and statuses.count("success") > 5
