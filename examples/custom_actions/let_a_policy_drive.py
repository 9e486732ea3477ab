"""A policy that drives the base while actions have the arms.

Look at the split of tracks: `follow_policy` gets the base for some frames, and a plain function of
the state answers with its velocities: a figure of eight. An action resets an arm meanwhile.
"""

import math

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

FRAMES = 700
SPEED, RATE = 0.5, 1.1  # m/s, rad/s
VIEW = {"position": (0.0, -3.4, 2.4), "look_at": (0.0, 0.2, 0.2), "field_of_view": 0.9}


def figure_of_eight(response, static, dynamic):
    """A full turn to the left, then one to the right, and so on."""
    left = (response.frame // 343) % 2 == 0
    return {"base": (SPEED, 0.0, RATE if left else -RATE)}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom(width=8, length=8))
        drive = robot.follow_policy(figure_of_eight, FRAMES, "base")
        reset = robot.reset_arm(Arm.left)
        way, before = 0.0, robot.dynamic.base_position
        while not drive.done:
            c.communicate()
            here = robot.dynamic.base_position
            way += math.dist(here, before)
            before = here
        print(f"{drive.status.name} after {way:.1f} m, arm: {reset.status.name}")


if __name__ == "__main__":
    main()
