"""The named points of an object move with it: both ends of a bar and its middle, before and after.

Look at the target: `("bar", "front_end")` is wherever that end is now. The name of the object alone
means the nearest of its points.
"""

import math

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

BAR, STAND = (0.4, 0.03, 0.03), (0.06, 0.06, 0.1)  # m
MIDDLE = (0.48, 0.0, 0.115)  # m
TURN = math.radians(25)
VIEW = {"position": (0.9, -0.5, 0.61), "look_at": (0.4, 0.0, 0.15)}


def down(turn: float) -> tuple[float, float, float, float]:
    """The hand points at the floor, turned about the vertical by an angle [rad]; wxyz."""
    return (0.0, math.cos(turn / 2), math.sin(turn / 2), 0.0)


async def visit(robot: Robot, c: Controller, turn: float) -> float:
    """How far the hand was from the worst of the points [m]."""
    off = []
    for point in c.response.objects["bar"].static.model.affordances:
        await robot.reach_for(("bar", point.name), orientation=down(turn))
        there = c.response.objects["bar"].pose.apply(point.position)
        off.append(float(np.linalg.norm(robot.dynamic.tool_pose(Arm.right).p - there)))
    await robot.reset_arm()
    return max(off)


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        bar = cmd.AddObject(
            object_id="bar", model="bar", size=BAR, position=MIDDLE, color=(0.9, 0.5, 0.2)
        )
        stand = cmd.AddObject(
            object_id="stand", model="cylinder", size=STAND, static=True,
            position=(0.48, 0, STAND[2] / 2),
        )  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(), stand, bar])
        (first,) = c.run(visit(robot, c, 0.0))
        half = (math.cos(TURN / 2), 0, 0, math.sin(TURN / 2))
        c.communicate(cmd.TeleportObject(object_id="bar", position=MIDDLE, quaternion=half))
        (second,) = c.run(visit(robot, c, TURN))
        names = [a.name for a in c.response.objects["bar"].static.model.affordances]
        print(f"{', '.join(names)}, twice: within a centimetre: {max(first, second) < 0.01}")


if __name__ == "__main__":
    main()
