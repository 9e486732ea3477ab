"""Take a cube with the hand turned, as asked.

Look at the wrist: `angle` turns the hand about an axis of its own, from where it points down
(`relative_to_hand=False`) or from how it is. The fingers find the other two faces of the cube.
"""

import math

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.core.pose import rotate

SIDE = 0.04  # m
TURNS = (0.0, 90.0, -90.0)  # degrees
PLACE = (0.5, 0.0, 0.0)  # m
VIEW = {"position": (1.2, -0.7, 0.7), "look_at": (0.45, 0.0, 0.15)}


def heading(robot: Robot) -> float:
    """The way along which the fingers close, in the floor plane [degrees, 0 to 180]."""
    x, y, _ = rotate(robot.dynamic.tool_pose(Arm.right).q, np.array([0.0, 1.0, 0.0]))
    return math.degrees(math.atan2(y, x)) % 180


async def turn_about(robot: Robot) -> list[int]:
    """Along what the fingers close at each grasp [degrees]."""
    closed = []
    for turn in TURNS:
        await robot.grasp("cube", angle=turn, axis="yaw", relative_to_hand=False)
        closed.append(round(heading(robot)))
        await robot.place(PLACE)
        await robot.reset_arm()
    return closed


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        cube = cmd.AddObject(
            object_id="cube", model="box", size=(SIDE,) * 3, position=(0.5, 0, SIDE / 2),
            color=(0.9, 0.5, 0.2),
        )  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(), cube])
        (closed,) = c.run(turn_about(robot))
        print(f"fingers closed along {', '.join(str(k) for k in closed)} degrees")


if __name__ == "__main__":
    main()
