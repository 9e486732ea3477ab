"""Leave a recording in the middle, and let the robots do something else from there.

Two branches begin in exactly the same state; what they do then differs.
"""

from pathlib import Path

from counterpoint import Controller, Recorder, Robot
from counterpoint import commands as cmd

FILE = Path("out/recording/branch.mcap")
AT = 60  # frames


def record() -> None:
    """A robot drives ahead."""
    with Controller() as c:
        robot, recorder = Robot("robot", position=(-1, 0, 0)), Recorder()
        c.add_ons.extend([robot, recorder])
        recorder.start(FILE)
        c.communicate(cmd.CreateEmptyRoom())
        robot.move_by(2.0)
        for _ in range(2 * AT):
            c.communicate()


def branch(angle: float) -> tuple[str, float, float]:
    """Where the robot ends when it turns by `angle` [degrees] and drives on from frame AT."""
    with Controller() as c:
        robot, recorder = Robot("robot"), Recorder()
        c.add_ons.extend([robot, recorder])
        recorder.replay(FILE).seek(AT, exact=True)
        digest = c.world_hash()
        c.communicate()  # live from here on: the robot takes over its body

        async def go() -> None:
            await robot.turn_by(angle)
            await robot.move_by(1.0)

        c.run(go())
        x, y = robot.dynamic.base_position[:2].tolist()
        return digest, x, y


def main() -> None:
    FILE.unlink(missing_ok=True)
    record()
    left, right = branch(60), branch(-60)
    print(
        f"the same at frame {AT}: {left[0] == right[0]}; then left at ({left[1]:.2f}, "
        f"{left[2]:.2f}) and right at ({right[1]:.2f}, {right[2]:.2f})"
    )


if __name__ == "__main__":
    main()
