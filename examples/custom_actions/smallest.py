"""The smallest action of one's own: sway the base until something is near enough.

Look at the two things it overrides: its tracks and what it does each frame. It ends itself with a
status and a sentence.
"""

import math

import numpy as np

from counterpoint import ActionStatus, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action, DriveJoints

TURN_RATE = 0.6  # rad/s
NEAR = 1.2  # m
VIEW = {"position": (-1.4, -2.2, 1.8), "look_at": (0.7, 0.0, 0.4)}


class TurnUntilNear(Action):
    """Turn slowly until an object comes within `NEAR`."""

    tracks = ("base",)

    def __init__(self, object_id):
        super().__init__()
        self.object_id = object_id

    def get_ongoing_commands(self, resp, static, dynamic):
        away = resp.objects[self.object_id].position - dynamic.base_position
        distance = math.hypot(away[0], away[1])
        if distance < NEAR:
            return self.succeed(f"{self.object_id!r} is {distance:.1f} m away", distance=distance)
        return [DriveJoints("base", np.array([0.0, 0.0, TURN_RATE]))]


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(
            [
                cmd.CreateEmptyRoom(),
                cmd.AddObject(object_id="ball", model="sphere", position=(2.5, 0, 0.03)),
                cmd.SetObjectVelocity(object_id="ball", linear=(-1.5, 0, 0)),
            ]
        )
        action = robot.start(TurnUntilNear("ball"))
        while action.status is ActionStatus.ongoing:
            c.communicate()
        print(action.status.name, "-", action.result.reason)


if __name__ == "__main__":
    main()
