"""Random cubes grasped, lifted, held and placed by friction alone: `python benchmarks/grasp.py`."""

from __future__ import annotations

import sys
import time
from collections import Counter

import tyro
from report import Report, spread, spread_line
from trials import GRASP_SPACE, grasp_trial

from counterpoint.robots import list_models

LEAST = 0.95


def main(trials: int = 100, seed: int = 0, quick: bool = False) -> None:
    """Measure whole sequences: grasp, lift 15 cm, hold 2 s, place.

    Args:
        trials: Cubes for each robot.
        seed: Of their sizes, positions and targets.
        quick: A tenth of all of it.
    """
    if quick:
        trials = max(1, trials // 10)
    report = Report("grasp", "grasp, lift, hold, place", trials=trials, seed=seed)
    for model in (name for name in GRASP_SPACE if name in list_models()):
        begun = time.perf_counter()
        outcomes = [grasp_trial(model, k, seed) for k in report.track(range(trials), model)]
        failures = [(k, o) for k, o in enumerate(outcomes) if not o.success]
        slips = [o.numbers["slip"] for o in outcomes if o.success]
        off = [o.numbers["off"] for o in outcomes if o.success]
        frames = [o.numbers["frames"] for o in outcomes if o.success]
        report.share(f"{model}: whole sequences", trials - len(failures), trials, LEAST)
        stages = Counter(o.stage for _, o in failures)
        report.figure(
            model,
            {
                "failures": [{"index": k, "stage": o.stage, "why": o.reason} for k, o in failures],
                "failures by stage": dict(stages),
                "slip": spread(slips),
                "off its place": spread(off),
                "frames": spread(frames),
            },
        )
        report.note(
            f"{model}: slip while held: {spread_line(slips, 'mm', 1000, 2)}; off its place: "
            f"{spread_line(off, 'mm', 1000)}; sequence: "
            f"{spread_line(frames, 'frames', digits=0)}; {time.perf_counter() - begun:.0f} s here"
        )
        for k, o in failures:
            report.note(f"  [red]cube {k}: {o.stage}: {o.reason}[/]")
    sys.exit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
