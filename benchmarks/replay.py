"""Whether replays are exact: `python benchmarks/replay.py`.

Random runs of several robots, and the demo, are recorded. Another process replays each with all
checks and records that: every digest and every byte has to be equal.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import tyro
from random_scripts import Company, Performance, replay_elsewhere
from report import Report
from scenes import demo_room

from counterpoint import Controller, Recorder, Robot, demo
from counterpoint.core.events import ActionEnded
from counterpoint.recording import FrameCall, Recording


def play_demo(path: Path, frames: int) -> Performance:
    """Record the demo."""
    digests = []
    with Controller() as controller:
        recorder = Recorder()
        cast, furniture = demo_room()
        controller.add_ons += [recorder, *cast]
        recorder.start(path)
        controller.communicate(furniture)
        digests.append(controller.world_hash())
        for job in demo.jobs([a for a in cast if isinstance(a, Robot)]):
            controller.spawn(job)
        while controller.frame < frames:
            controller.communicate()
            digests.append(controller.world_hash())
    return Performance(path, digests, ["tiago_pro", "tiago_pro", "panda"])


def statuses(path: Path) -> Counter[str]:
    """How the actions of a recorded run ended."""
    with Recording(path) as recording:
        frames = (c for c in recording.calls() if isinstance(c, FrameCall))
        return Counter(e.status for c in frames for e in c.events if isinstance(e, ActionEnded))


def main(runs: int = 20, frames: int = 2000, seed: int = 0, quick: bool = False) -> None:
    """Compare replays with what was recorded, digest by digest and byte by byte.

    Args:
        runs: Random runs; the demo comes on top.
        frames: Of each.
        seed: Of all of them.
        quick: A tenth of the frames.
    """
    if quick:
        frames = max(1, frames // 10)
    report = Report("replay", "replays in another process", runs=runs, frames=frames, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        same = equal = stayed = total = 0
        ended: Counter[str] = Counter()
        models: Counter[str] = Counter()
        begun = time.perf_counter()
        for k in report.track(range(runs + 1), "runs"):
            path = Path(folder) / f"{k}.mcap"
            run = Company(k, seed).perform(path, frames) if k < runs else play_demo(path, frames)
            (outcome,) = replay_elsewhere([path])
            good = sum(a == b for a, b in zip(run.digests, outcome.digests, strict=False))
            same += good
            total += len(run.digests)
            equal += outcome.equal
            stayed += outcome.divergence is None and len(outcome.digests) == len(run.digests)
            ended += statuses(path)
            models += Counter(run.robots)
            if not outcome.equal or good < len(run.digests):
                report.note(f"  [red]run {k}: it left at {outcome.divergence}[/]")
    report.share("frames with equal digests", same, total, 1.0)
    report.share("replays that never left the recording", stayed, runs + 1, 1.0)
    report.share("recorded replays with equal bytes", equal, runs + 1, 1.0)
    report.figure("actions by status", dict(sorted(ended.items())))
    report.figure("robots", dict(sorted(models.items())))
    counts = ", ".join(f"{n} {status}" for status, n in sorted(ended.items()))
    report.note(f"{sum(models.values())} robots; actions that ended: {counts}")
    report.note(f"{time.perf_counter() - begun:.0f} s here")
    sys.exit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
