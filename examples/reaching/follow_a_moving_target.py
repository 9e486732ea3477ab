"""A hand follows a skittle that slides past, and meets it on the move.

Look at the hand: its goal moves while it reaches, and is corrected in every frame. It arrives
with a finger on each side of the skittle, which slides on.
"""

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

ASTRIDE = (0.0, 0.5**0.5, 0.5**0.5, 0.0)  # wxyz: pointing down, a finger on each side of the way
SKITTLE, BENCH = (0.04, 0.04, 0.2), (0.1, 1.6, 0.12)  # m
START, SPEED = (0.45, -0.6, BENCH[2] + SKITTLE[2] / 2), 0.15  # m, m/s
OVER = (0.45, -0.3, 0.5)  # m
NEAR = 0.03  # m
VIEW = {"position": (1.21, -0.7, 0.81), "look_at": (0.35, -0.1, 0.25)}


async def meet(robot: Robot, c: Controller) -> tuple[float, float]:
    """How far the skittle has slid when the hand is there, and how near they are [m]."""
    await robot.reach_for(OVER, orientation=ASTRIDE)
    await robot.reach_for(("skittle", "top_y"), orientation=ASTRIDE, arrived_at=NEAR)
    skittle = c.response.objects["skittle"]
    hand = robot.dynamic.tool_pose(Arm.right).p
    near = float(np.hypot(*(hand - skittle.position)[:2]))
    return float(skittle.position[1]) - START[1], near


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        bench = cmd.AddObject(
            object_id="bench", model="box", size=BENCH, static=True, friction=0,
            position=(START[0], 0, BENCH[2] / 2), color=(0.6, 0.6, 0.65),
        )  # fmt: skip
        skittle = cmd.AddObject(
            object_id="skittle", model="cylinder", size=SKITTLE, position=START, friction=0,
            color=(0.9, 0.3, 0.2),
        )  # fmt: skip
        push = cmd.SetObjectVelocity(object_id="skittle", linear=(0, SPEED, 0))
        c.communicate([cmd.CreateEmptyRoom(), bench, skittle, push])
        ((slid, near),) = c.run(meet(robot, c))
        print(f"met {slid:.1f} m from where it set out, within {NEAR} m: {near < NEAR}")


if __name__ == "__main__":
    main()
