"""Take a jar with the hand turned, as asked.

Look at the wrist: `angle` turns the hand about an axis of its own, from where it points down
(`relative_to_hand=False`) or from how it is now. Without it the grasp chooses.
"""

import math

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.core.pose import rotate

JAR = (0.05, 0.05, 0.12)  # m
PLACE = (0.5, 0.0, 0.0)  # m
TURNS = (0.0, 45.0, 90.0)  # degrees
VIEW = {"position": (1.2, -0.7, 0.8), "look_at": (0.4, 0.0, 0.25)}


def closing(robot: Robot) -> float:
    """The direction in which the fingers close, in the floor plane [degrees, -90 to 90]."""
    x, y, _ = rotate(robot.dynamic.tool_pose(Arm.right).q, np.array([0.0, 1.0, 0.0]))
    return (math.degrees(math.atan2(y, x)) + 90) % 180 - 90


async def take(robot: Robot) -> list[int]:
    """Along what the fingers closed, grasp by grasp [degrees]."""
    closed = []
    for turn in TURNS:
        await robot.grasp("jar", angle=turn, axis="yaw", relative_to_hand=False)
        closed.append(round(closing(robot)))
        if turn != TURNS[-1]:
            await robot.place(PLACE)
            await robot.reset_arm()
    return closed


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        jar = cmd.AddObject(
            object_id="jar", model="cylinder", size=JAR, position=(0.5, 0, JAR[2] / 2),
            color=(0.9, 0.5, 0.2),
        )  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(), jar])
        (closed,) = c.run(take(robot))
        print(f"the fingers closed along {', '.join(str(k) for k in closed)} degrees")


if __name__ == "__main__":
    main()
