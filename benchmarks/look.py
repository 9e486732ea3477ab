"""Heads that look at random points all around: `python benchmarks/look.py`."""

from __future__ import annotations

import sys

import tyro
from report import Report, spread, spread_line
from trials import Stage, look_trial

from counterpoint.robots import get_model, list_models

MODELS = tuple(name for name in list_models() if "head" in get_model(name).tracks)


def main(trials: int = 200, seed: int = 0, quick: bool = False) -> None:
    """Measure `look_at` of every robot with a head.

    Args:
        trials: Points within 3 m, many of them behind the robot, for each model.
        seed: Of the points.
        quick: A tenth of all of it.
    """
    if quick:
        trials = max(1, trials // 10)
    report = Report("look", "look_at", trials=trials, seed=seed)
    for model in MODELS:
        stage = Stage(model)
        outcomes = [look_trial(stage, k, seed) for k in report.track(range(trials), model)]
        stage.close()
        for o in outcomes:
            if not o.success:
                report.note(f"  [red]{model}: {o.stage}: {o.reason}[/]")
        report.share(
            f"{model}: within 2°, or as near as its joints allow",
            sum(o.success for o in outcomes), trials, 0.95,
        )  # fmt: skip
        aimed = [o.numbers["angle"] for o in outcomes if o.numbers["in reach"]]
        frames = [o.numbers["frames"] for o in outcomes]
        report.figure(
            model, {"aimed": len(aimed), "angle": spread(aimed), "frames": spread(frames)}
        )
        report.note(
            f"{model}: {len(aimed)} of {trials} points within its joints' reach: "
            f"{spread_line(aimed, '°', digits=2)}; it takes: "
            f"{spread_line(frames, 'frames', digits=0)}"
        )
    sys.exit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
