"""A hand at one place, pointing down, ahead, and to both sides.

Look at the wrist: `orientation` is that of the tool in the room, z out of the hand. The place stays
the same; how the hand stands there is part of the target.
"""

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.core.pose import rotate

PLACE = (0.5, 0.0, 0.5)  # m
HALF = 0.5**0.5
WAYS = {
    # wxyz, and where it points
    "down": ((0.0, 1.0, 0.0, 0.0), (0, 0, -1)),
    "ahead": ((HALF, 0.0, HALF, 0.0), (1, 0, 0)),
    "left": ((HALF, -HALF, 0.0, 0.0), (0, 1, 0)),
    "right": ((HALF, HALF, 0.0, 0.0), (0, -1, 0)),
}
VIEW = {"position": (1.06, -0.62, 0.79), "look_at": (0.35, 0.0, 0.45)}


async def point(robot: Robot) -> list[str]:
    """Which ways the hand came to point."""
    pointed = []
    for way, (orientation, along) in WAYS.items():
        await robot.reach_for(PLACE, orientation=orientation)
        hand = robot.dynamic.tool_pose(Arm.right)
        if float(rotate(hand.q, np.array([0.0, 0.0, 1.0])) @ along) > 0.999:
            pointed.append(way)
    return pointed


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom())
        (pointed,) = c.run(point(robot))
        print(f"the hand pointed {', '.join(pointed)}")


if __name__ == "__main__":
    main()
