"""A limp: a base that goes fast on one step and slowly on the next.

Look at `Limp`: an action of one's own that asks for a speed each frame and ends itself when it is
far enough. The drives bend the corners: acceleration limits hold for every action. Beside it,
`move_by` goes the same way evenly.
"""

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action, DriveJoints

WAY = 2.4  # m
FAST, SLOW = 0.9, 0.15  # m/s
STEP = 40  # frames on each leg
SWAY = 0.35  # rad/s, to the side of the good leg
VIEW = {"position": (0.2, -2.8, 2.2), "look_at": (0.0, 0.1, 0.4), "field_of_view": 1.1}


class Limp(Action):
    """Forward by `WAY`, on one good leg and one bad leg."""

    tracks = ("base",)

    def get_ongoing_commands(self, resp, static, dynamic):
        if dynamic.base_position[0] > WAY / 2:
            return self.succeed("there")
        good = (resp.frame - self.started_frame) // STEP % 2 == 0
        velocity = [FAST, 0.0, -SWAY] if good else [SLOW, 0.0, SWAY]
        return [DriveJoints("base", np.array(velocity))]


def main() -> None:
    with Controller(seed=0) as c:
        lame, sound = (
            Robot(name, position=(-WAY / 2, y, 0), image_frequency=ImageFrequency.never)
            for name, y in (("lame", -0.7), ("sound", 0.9))
        )
        c.add_ons.extend([lame, sound])
        c.communicate(cmd.CreateEmptyRoom())
        speeds = []
        lame.start(Limp())
        even = sound.move_by(WAY)
        while not (lame.action.done and even.done):
            c.communicate()
            speeds.append(float(np.hypot(*lame.dynamic.qd[:2])))
        print(
            f"lame {lame.action.ended_frame} frames at {min(speeds[STEP:-STEP]):.2f} to "
            f"{max(speeds):.2f} m/s, sound {even.ended_frame} frames"
        )


if __name__ == "__main__":
    main()
