"""Replay a recording that was made without any camera, and take pictures of it.

Replays are exact: every state is compared with the recorded one. The robots that acted then are
silent; a camera that was not there looks on.
"""

from pathlib import Path

import numpy as np

from counterpoint import Controller, ImageCapture, Recorder, Robot, ThirdPersonCamera
from counterpoint import commands as cmd

FILE = Path("out/recording/seen_later.mcap")
PICTURES = Path("out/recording/seen_later")


def act() -> None:
    """A robot turns and drives; nothing looks at it."""
    with Controller() as c:
        robot, recorder = Robot("robot"), Recorder()
        c.add_ons.extend([robot, recorder])
        recorder.start(FILE)
        c.communicate(cmd.CreateEmptyRoom())

        async def go() -> None:
            await robot.turn_by(45)
            await robot.move_by(1.2)

        c.run(go())


def main() -> None:
    FILE.unlink(missing_ok=True)
    act()
    with Controller() as c:
        recorder = Recorder()
        camera = ThirdPersonCamera("new", position=(2.6, -2.6, 2.0), look_at=(0, 0, 0.5))
        capture = ImageCapture(["new"], PICTURES, every=20, overwrite=True)
        c.add_ons.extend([recorder, camera, capture])
        replay = recorder.replay(FILE)
        pictures = []
        for _ in replay:
            assert c.response is not None
            if "new" in c.response.images:
                pictures.append(c.response.images["new"]["rgb"].astype(int))
        changed = np.abs(pictures[-1] - pictures[0]).max(axis=2) > 30
        print(
            f"{c.frame} frames equal: {replay.divergence is None}, {len(pictures)} pictures, "
            f"the robot is elsewhere: {bool(changed.sum() > 500)}"
        )


if __name__ == "__main__":
    main()
