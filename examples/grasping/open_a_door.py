"""Open a door by its handle.

Look at the hand: a door swings, so the hand that holds its handle moves along an arc, and turns
with it. Step by step it reaches for where the handle has to be next.
"""

import math

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.core.pose import Pose, quaternion_from_yaw

HINGE, YAW = (0.95, -0.95, 0.0), math.pi / 2  # m, rad
STEP, STEPS = math.radians(6), 6
VIEW = {"position": (-1.0, -1.6, 1.9), "look_at": (0.6, -0.5, 0.9)}


async def pull(robot: Robot, c: Controller) -> float:
    """How far the door is open in the end [rad]."""
    await robot.grasp("door", Arm.right)
    hinge = Pose.of(HINGE)
    from_hinge = hinge.inverse() @ robot.dynamic.tool_pose(Arm.right)
    for k in range(1, STEPS + 1):
        turned = hinge @ Pose(np.zeros(3), quaternion_from_yaw(k * STEP)) @ from_hinge
        await robot.reach_for(turned.p, Arm.right, orientation=turned.q, arrived_at=0.03)
    opened = c.response.objects["door"].opening
    await robot.drop(Arm.right)
    return opened


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        door = cmd.AddArticulation(object_id="door", model="door", position=HINGE, yaw=YAW)
        c.communicate([cmd.CreateEmptyRoom(), door])
        (opened,) = c.run(pull(robot, c))
        print(f"open by {math.degrees(opened):.0f} degrees, of {math.degrees(STEPS * STEP):.0f}")


if __name__ == "__main__":
    main()
