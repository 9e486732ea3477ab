"""Record a run, with notes of the script's own, and look at what the file holds.

A recording holds the calls that change the world, not pictures: look at how small it is.
"""

from pathlib import Path

from counterpoint import Controller, Recorder, Robot, gather
from counterpoint import commands as cmd
from counterpoint.recording import FrameCall, Recording

FILE = Path("out/recording/record.mcap")
WAY = 1.0  # m


def main() -> None:
    FILE.unlink(missing_ok=True)
    with Controller() as c:
        left, right = Robot("left", position=(-1, 1, 0)), Robot("right", position=(-1, -1, 0))
        recorder = Recorder()
        c.add_ons.extend([recorder, left, right])
        recorder.start(FILE)
        c.communicate(cmd.CreateEmptyRoom())
        recorder.memory_set(["laps"], {})

        async def lap(robot: Robot) -> None:
            await robot.move_by(WAY)
            recorder.memory_set(["laps", robot.robot_id], c.frame)

        async def both() -> None:
            await gather(lap(left), lap(right))

        c.run(both())
        recorder.stop()

    with Recording(FILE) as recording:
        frames = sum(isinstance(call, FrameCall) for call in recording.calls())
        recording.verify_digest()
    small = FILE.stat().st_size / (2 * frames) < 200  # bytes a robot and frame
    print(f"{frames} frames recorded, laps {recorder.memory_get(['laps'])}, small: {small}")


if __name__ == "__main__":
    main()
