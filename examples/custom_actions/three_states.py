"""An action with states of its own: look for a ball, go near it, then greet it.

Look at `get_ongoing_commands`: a state is an attribute, and what a state needs is decided there.
The turn stops when the ball is ahead, wherever it lies.
"""

import math

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot, derive_substream
from counterpoint import commands as cmd
from counterpoint.actions import Action, DriveJoints
from counterpoint.core.pose import wrap_angle

TURN_RATE, SPEED = 0.8, 0.6  # rad/s, m/s
AHEAD, NEAR = 0.05, 0.9  # rad, m
NOD = math.radians(25)
VIEW = {"position": (1.2, -2.6, 2.3), "look_at": (-0.4, 0.7, 0.3), "field_of_view": 0.9}


class Greet(Action):
    """Turn to an object, drive up to it, and nod."""

    tracks = ("base", "head")

    def __init__(self, object_id: str) -> None:
        super().__init__()
        self.object_id, self.doing = object_id, "turning"
        self.passed = []

    def get_ongoing_commands(self, resp, static, dynamic):
        way = resp.objects[self.object_id].position - dynamic.base_position
        off = wrap_angle(math.atan2(way[1], way[0]) - dynamic.base_yaw)
        if self.doing == "turning":
            if abs(off) < AHEAD:
                return self.go_on("driving")
            return [DriveJoints("base", np.array([0, 0, math.copysign(TURN_RATE, off)]))]
        if self.doing == "driving":
            if math.hypot(way[0], way[1]) < NEAR:
                return self.go_on("nodding")
            return [DriveJoints("base", np.array([SPEED, 0, 2 * off]))]
        tilt = dynamic.joint_positions[static.joint_names.index("head_2_joint")]
        if tilt < -NOD:
            return self.succeed(", ".join([*self.passed, self.doing]))
        return [DriveJoints("head", np.array([0.0, -1.0]))]

    def go_on(self, state):
        self.passed.append(self.doing)
        self.doing = state
        return []


def main() -> None:
    rng = derive_substream("ball", 4).default_rng()
    angle = rng.uniform(0.6, 2.6)
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(
            [
                cmd.CreateEmptyRoom(),
                cmd.AddObject(
                    object_id="ball", model="sphere", size=(0.2, 0.2, 0.2),
                    position=(1.9 * math.cos(angle), 1.9 * math.sin(angle), 0.1),
                ),
            ]
        )  # fmt: skip
        action = robot.start(Greet("ball"))
        while not action.done:
            c.communicate()
        print(f"{action.status.name} after {action.result.reason}")


if __name__ == "__main__":
    main()
