"""A hand goes for a ball that rolls by: once it is told its name, and once where it is.

Look at the two targets: a name is followed as long as the reach lasts, a place is only a place.
Both reaches succeed, and one of them ends far behind the ball.
"""

import numpy as np

from counterpoint import ActionStatus, Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

RADIUS = 0.04  # m
STOP = (0.4, 0.05, 0.03)  # m: what it rolls against
START = (0.5, -0.35, RADIUS)  # m
SPEED = 0.3  # m/s
NEAR = 0.05  # m: so the hand does not push the ball
SLOW = 1.5  # s for the reach, at least
VIEW = {"position": (1.7, -0.8, 1.0), "look_at": (0.3, 0.0, 0.25), "field_of_view": 0.7}


def chase(c: Controller, robot: Robot, *, by_name: bool) -> str:
    """How the reach ended, and how far the hand is from the ball then."""
    c.reset()
    ball = cmd.AddObject(object_id="ball", model="sphere", size=(2 * RADIUS,) * 3, position=START)
    roll = cmd.SetObjectVelocity(
        object_id="ball", linear=(0, SPEED, 0), angular=(-SPEED / RADIUS, 0, 0)
    )
    stop = cmd.AddObject(
        object_id="stop", model="box", size=STOP, static=True, position=(START[0], 0.3, STOP[2] / 2)
    )
    c.communicate([cmd.CreateEmptyRoom(width=4, length=4), ball, roll, stop])
    target = "ball" if by_name else START
    reach = robot.reach_for(target, arrived_at=NEAR, duration=SLOW)
    while reach.status is ActionStatus.ongoing:
        c.communicate()
    hand = robot.dynamic.tool_pose(Arm.right).p
    gap = float(np.linalg.norm(hand - c.response.objects["ball"].position))
    return f"{reach.status.name}, {100 * gap:.0f} cm off"


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("arm", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        print(
            f"by name: {chase(c, robot, by_name=True)}; by place: {chase(c, robot, by_name=False)}"
        )


if __name__ == "__main__":
    main()
