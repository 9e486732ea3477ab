"""Random drives and turns in an empty room: `python benchmarks/move.py`."""

from __future__ import annotations

import sys

import tyro
from report import Report, spread, spread_line
from trials import Stage, move_trial, turn_trial

from counterpoint.robots import get_model, list_models

MODELS = tuple(name for name in list_models() if get_model(name).mobile)


def main(trials: int = 200, turns: int = 100, seed: int = 0, quick: bool = False) -> None:
    """Measure `move_to` and `turn_by` of every mobile robot in a room of 12 × 12 m.

    Args:
        trials: Drives from a random pose to a random point.
        turns: Turns by a random angle of up to 360°.
        seed: Of all of them.
        quick: A tenth of all of it.
    """
    if quick:
        trials, turns = max(1, trials // 10), max(1, turns // 10)
    report = Report("move", "move_to and turn_by", trials=trials, turns=turns, seed=seed)
    for model in MODELS:
        stage = Stage(model)
        drives = [
            move_trial(stage, k, seed) for k in report.track(range(trials), f"{model} move_to")
        ]
        spins = [turn_trial(stage, k, seed) for k in report.track(range(turns), f"{model} turn_by")]
        stage.close()
        for o in (*drives, *spins):
            if not o.success:
                report.note(f"  [red]{o.stage}: {o.reason}[/]")
        report.share(
            f"{model} move_to: success, within 0.1 m, never 0.1 m past it",
            sum(o.success for o in drives), trials, 1.0,
        )  # fmt: skip
        report.share(f"{model} turn_by: within 1°", sum(o.success for o in spins), turns, 1.0)
        distance = [o.numbers["distance"] for o in drives]
        past = [o.numbers["past"] for o in drives]
        length = [o.numbers["length"] for o in drives]
        error = [max(o.numbers["error"], o.numbers["later"]) for o in spins]
        report.figure(f"{model} driven", spread(length))
        report.figure(f"{model} distance left", spread(distance))
        report.figure(f"{model} past the target", spread(past))
        report.figure(f"{model} turn error", spread(error))
        report.note(f"{model} driven: {spread_line(length, 'm')}")
        report.note(f"{model} distance left: {spread_line(distance, 'mm', 1000)}")
        report.note(f"{model} furthest past the target: {spread_line(past, 'mm', 1000)}")
        report.note(f"{model} turn error: {spread_line(error, '°', digits=3)}")
    sys.exit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
