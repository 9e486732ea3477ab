"""An arm goes through joint angles, with an action that is made for it.

Look at `MoveJoints`: a joint target is a velocity in each frame, towards what is left and slower
near the end. Every joint arrives at its own time. Limits of speed and acceleration are the
simulator's business.
"""

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action, DriveJoints

POSES = (
    (-60, -70, 100, -120, -90, 0),  # degrees
    (0, -110, 60, -40, -90, 90),
    (60, -60, 40, -70, -90, 0),
)
GAIN = 4.0  # 1/s
FASTEST = 1.5  # rad/s
ARRIVED = np.radians(0.5)
VIEW = {"position": (1.7, -1.4, 1.1), "look_at": (0.1, 0.0, 0.45), "field_of_view": 0.62}


class MoveJoints(Action):
    """Joints of an arm to angles [degrees]."""

    tracks = ("right_arm",)

    def __init__(self, angles):
        super().__init__()
        self.goal = np.radians(angles)

    def get_ongoing_commands(self, resp, static, dynamic):
        left = self.goal - dynamic.joint_positions
        if np.abs(left).max() < ARRIVED:
            return self.succeed("there")
        return [DriveJoints("right_arm", np.clip(GAIN * left, -FASTEST, FASTEST))]


async def go_through(robot: Robot) -> list[int]:
    """Frames that each pose took."""
    took = []
    for pose in POSES:
        move = robot.start(MoveJoints(pose))
        await move
        took.append(move.ended_frame - move.started_frame)
    return took


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("arm", model="ur5", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom(width=4, length=4))
        (took,) = c.run(go_through(robot))
        angles = np.degrees(robot.dynamic.joint_positions).round().astype(int).tolist()
        print(f"at {angles} degrees after {took} frames")


if __name__ == "__main__":
    main()
