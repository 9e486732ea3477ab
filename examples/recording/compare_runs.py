"""Compare two recorded runs: the first frame, and the first body, in which they part.

A ball is touched in one run and not in the other; the comparison names the command and the ball.
"""

from pathlib import Path

from counterpoint import Controller, Recorder
from counterpoint import commands as cmd
from counterpoint.recording import Recording
from counterpoint.recording.compare import compare

FOLDER = Path("out/recording")
PUSH_AT = 30  # frames
VIEW = {"position": (1.5, -1.7, 1.1), "look_at": (0.0, 0.0, 0.75)}


def run(name: str, push: float) -> Path:
    """A ball falls, and is pushed with a force [N] on its way."""
    path = FOLDER / f"{name}.mcap"
    path.unlink(missing_ok=True)
    with Controller() as c:
        recorder = Recorder()
        c.add_ons.append(recorder)
        recorder.start(path)
        ball = cmd.AddObject(object_id="ball", model="sphere", position=(0, 0, 1.5))
        c.communicate([cmd.CreateEmptyRoom(), ball])
        for k in range(60):
            touch = cmd.ApplyForce(object_id="ball", force=(push, 0, 0))
            c.communicate([touch] if push and k == PUSH_AT else [])
    return path


def main() -> None:
    first, second, pushed = run("first", 0.0), run("second", 0.0), run("pushed", 0.5)
    with Recording(first) as a, Recording(second) as b, Recording(pushed) as c:
        print(f"first and second: {compare(a, b) or 'equal'}; pushed: {compare(a, c)}")


if __name__ == "__main__":
    main()
