"""Set-ups drawn at random for benchmarks and tests: none of them asks the actions' own solver."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot, derive_substream
from counterpoint import commands as cmd
from counterpoint.actions import Action, ActionStatus


@dataclass
class Outcome:
    """What came of one trial: whether it succeeded, and where it failed."""

    success: bool
    stage: str = ""
    reason: str = ""
    numbers: dict[str, float] = field(default_factory=dict)


def finish(controller: Controller, action: Action, max_frames: int = 1500) -> Action:
    """Run frames until an action ends."""
    for _ in range(max_frames):
        if action.status is not ActionStatus.ongoing:
            return action
        controller.communicate()
    raise TimeoutError(f"{action} did not end within {max_frames} frames")


GRASP_SPACE = {
    # model: cube sides, table (height, near edge), x, y range of the cube in the robot's frame [m]
    "panda": ((0.03, 0.06), None, (0.35, 0.60), (-0.30, 0.30)),
    "tiago_pro": ((0.04, 0.06), (0.75, 0.50), (0.58, 0.75), (-0.35, 0.00)),
}


def grasp_trial(model: str, index: int, seed: int = 0) -> Outcome:
    """Grasp a random cube, lift it 15 cm, hold it for 2 s, place it back on the table."""
    sides, table, xs, ys = GRASP_SPACE[model]
    rng = derive_substream(f"grasp {model} {index}", seed).default_rng()
    side = rng.uniform(*sides)
    x, y, yaw = rng.uniform(*xs), rng.uniform(*ys), rng.uniform(-math.pi, math.pi)
    to = rng.uniform(*xs), rng.uniform(*ys)
    height = 0.0 if table is None else table[0]
    robot = Robot("a", model=model, image_frequency=ImageFrequency.never)
    with Controller(seed=seed) as c:
        c.add_ons.append(robot)
        scene: list[Any] = [cmd.CreateEmptyRoom()]
        if table is not None:
            scene.append(
                cmd.AddObject(
                    object_id="table", model="table", size=(0.6, 1.2, height),
                    position=(table[1] + 0.3, 0, 0),
                )
            )  # fmt: skip
        scene.append(
            cmd.AddObject(
                object_id="cube", model="box", size=(side,) * 3,
                position=(x, y, height + side / 2),
                quaternion=(math.cos(yaw / 2), 0, 0, math.sin(yaw / 2)),
            )
        )  # fmt: skip
        c.communicate(scene)

        def stage(name: str, start: Callable[[], Action]) -> Outcome | None:
            action = finish(c, start())
            if action.status is ActionStatus.success:
                return None
            return Outcome(False, name, f"{action.status.name}: {action.result.reason}")

        arm = Arm.right
        failed = stage("grasp", lambda: robot.grasp("cube", arm))
        if failed:
            return failed
        start = robot.dynamic.tool_pose(arm).p
        low = c.response.objects["cube"].position[2]
        failed = stage("lift", lambda: robot.reach_for(start + [0, 0, 0.15], arm))
        if failed:
            return failed
        before = _in_hand(robot, c, arm)
        failed = stage("hold", lambda: robot.wait(120))
        raised = c.response.objects["cube"].position[2] - low
        slip = float(np.linalg.norm(_in_hand(robot, c, arm) - before))
        if raised < 0.12 or robot.dynamic.held[arm] != "cube":
            return Outcome(False, "hold", f"the cube is {raised:.3f} m up")
        failed = stage("place", lambda: robot.place([*to, height], arm))
        return failed or Outcome(True, numbers={"slip": slip, "frames": float(c.frame)})


def _in_hand(robot: Robot, controller: Controller, arm: Arm) -> np.ndarray:
    """Where the cube is in the hand's frame."""
    assert controller.response is not None
    return (
        robot.dynamic.tool_pose(arm).inverse().apply(controller.response.objects["cube"].position)
    )
