"""A process that is killed while it records: what was flushed is there, and replays exactly."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from counterpoint import Controller, Recorder
from counterpoint.recording import FrameCall, Recording

FLUSH_EVERY = 5
SETTLING = 0.25  # s within which the kills come, once frames are being recorded

RECORD_FOR_EVER = f"""
import sys
from counterpoint import Controller, ImageFrequency, Recorder, Robot
from counterpoint import commands as cmd
controller = Controller(checkpoint_every=40)
recorder = Recorder(flush_every={FLUSH_EVERY})
robot = Robot("a", "panda", image_frequency=ImageFrequency.never)
controller.add_ons += [recorder, robot]
recorder.start(sys.argv[1])
ball = cmd.AddObject(object_id="ball", model="sphere", position=(1, 0, 2))
controller.communicate([cmd.CreateEmptyRoom(), ball])
side = 1
while True:
    if not robot.actions:
        side = -side
        robot.reach_for((0.4, 0.2 * side, 0.4))
    if controller.frame % 50 == 0:
        recorder.memory_set(["side"], side)
        recorder.pause()
        controller.communicate()
        recorder.play()
    controller.communicate()
    sys.stdout.write(f"{{controller.frame}}\\n")
    sys.stdout.flush()
"""


def killed(path: Path, after: float) -> int:
    """Let a process record, kill it, and return the last frame that it has told of."""
    process = subprocess.Popen(
        [sys.executable, "-c", RECORD_FOR_EVER, str(path)],
        stdout=subprocess.PIPE, text=True,
        env={"PYTHONPATH": ":".join(p for p in sys.path if p)},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after)
    finally:
        process.kill()
        rest = process.communicate()[0].splitlines()
    assert process.returncode == -9
    return int(rest[-1]) if rest else 2


def recorded(first: int, last: int) -> list[int]:
    """The frames among these that were not paused."""
    return [f for f in range(first, last + 1) if f % 50 != 1 or f == 1]


def check(path: Path, told: int) -> None:
    with Recording(path) as recording:
        assert recording.is_cut
        frames = [c.frame for c in recording.calls() if isinstance(c, FrameCall)]
        last = recording.last_frame
        assert frames == recorded(1, last)
        assert len(recorded(last + 1, told)) < FLUSH_EVERY
    with Controller() as controller:
        recorder = Recorder()
        controller.add_ons.append(recorder)
        with pytest.warns(RuntimeWarning, match=f"not finished.*up to frame {last},"):
            replay = recorder.replay(path)
        for call in replay:
            if isinstance(call, FrameCall):
                assert controller.world_hash() == call.digest
        assert controller.frame == last
        assert replay.divergence is None


def moments(count: int) -> list[float]:
    return np.random.default_rng(0).uniform(0, SETTLING, count).tolist()


@pytest.mark.parametrize("after", moments(4))
def test_a_killed_process_loses_only_what_was_not_flushed(after: float, tmp_path: Path) -> None:
    check(tmp_path / "a.mcap", killed(tmp_path / "a.mcap", after))


@pytest.mark.slow
def test_fifty_killed_processes_lose_only_what_was_not_flushed(tmp_path: Path) -> None:
    for k, after in enumerate(moments(50)):
        path = tmp_path / f"{k}.mcap"
        check(path, killed(path, after))
