"""Writes the frozen sample of the format: `python tests/recording/make_sample.py`.

It goes to `tests/recording/samples/vN.mcap`, where N is the version that is written now. Run it
once when the version is raised, and keep the samples of older versions: they have to stay readable
for ever. While a version is not released its sample may be made anew: remove the old one first.
"""

from __future__ import annotations

from pathlib import Path

from counterpoint import Controller, ImageFrequency, Recorder, Robot
from counterpoint import commands as cmd
from counterpoint.recording import FORMAT

SAMPLES = Path(__file__).parent / "samples"


def main() -> None:
    with Controller(seed=7, checkpoint_every=12, hash_chain=True) as controller:
        recorder = Recorder(flush_every=10)
        robot = Robot("arm", "panda", image_frequency=ImageFrequency.never)
        controller.add_ons += [recorder, robot]
        recorder.memory_set(["score"], {"red": 0})
        recorder.start(SAMPLES / f"v{FORMAT}.mcap")
        box = cmd.AddObject(object_id="box", model="box", size=(0.05,) * 3, position=(0.5, 0, 0.1))
        camera = cmd.AddCamera(camera_id="cam", position=(1, 1, 1), look_at="box", size=(8, 8))
        controller.communicate([cmd.CreateEmptyRoom(), box, camera])
        robot.wait(8)
        while controller.frame < 10:
            controller.communicate()
        recorder.write("note", {"by": ["hand", 1.5, None]})
        recorder.memory_set(["score", "red"], 1)
        robot.reach_for((0.4, 0.2, 0.4))
        while controller.frame < 18:
            controller.communicate()
        recorder.pause()
        controller.communicate()
        recorder.play()
        controller.communicate([cmd.CaptureImages(), cmd.SetGravity(gravity=(0, 0, -1.6))])
        controller.communicate(cmd.Weld(robot_id="arm", object_id="box"))
        while controller.frame < 30:
            controller.communicate()


if __name__ == "__main__":
    main()
