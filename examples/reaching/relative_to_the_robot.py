"""One position, said once, means a different place for each robot: ahead of it, to its right.

Look at the circle: with `absolute=False` a position is in the robot's own frame, x forward, y to
the left. All three make the same gesture, each its own way round.
"""

import math

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot, gather
from counterpoint import commands as cmd

PLACE = (0.55, -0.35, 1.2)  # m, in the frame of each robot
CIRCLE = 1.3  # m
VIEW = {"position": (0.22, -2.25, 2.62), "look_at": (0.0, 0.0, 0.6)}


def main() -> None:
    with Controller(seed=0) as c:
        robots = []
        for name, degrees in (("ann", 90), ("bob", 210), ("cat", 330)):
            angle = math.radians(degrees)
            position = (CIRCLE * math.cos(angle), CIRCLE * math.sin(angle), 0)
            facing = degrees + 180
            robots.append(
                Robot(
                    name, position=position, rotation=facing, image_frequency=ImageFrequency.never
                )
            )
        c.add_ons.extend(robots)
        c.communicate(cmd.CreateEmptyRoom())

        async def all_of_them() -> None:
            await gather(*(r.reach_for(PLACE, Arm.right, absolute=False) for r in robots))

        c.run(all_of_them())
        for robot in robots:
            hand = robot.dynamic.tool_pose(Arm.right).p
            seen = robot.dynamic.base_pose.inverse().apply(hand)
            x, y, z = hand.tolist()
            off = float(np.linalg.norm(seen - PLACE))
            print(f"{robot.robot_id}: ({x:.2f}, {y:.2f}, {z:.2f}) m, off {off * 1000:.0f} mm")
        away = [float(np.hypot(*r.dynamic.tool_pose(Arm.right).p[:2])) for r in robots]
        print(f"every hand {min(away):.2f} to {max(away):.2f} m from the middle of the room")


if __name__ == "__main__":
    main()
