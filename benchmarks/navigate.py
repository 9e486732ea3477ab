"""`navigate_to` in furnished rooms drawn at random: `python benchmarks/navigate.py`.

The rooms and whether there is a way in them are decided by `furnished.py`, which does not ask the
action's planner.
"""

from __future__ import annotations

import sys

import tyro
from report import Report, spread, spread_line
from trials import navigate_trial

MODEL = "tiago_pro"


def main(trials: int = 100, seed: int = 0, quick: bool = False) -> None:
    """Measure how often `navigate_to` gets there without touching anything but the floor.

    Args:
        trials: Rooms.
        seed: Of the rooms.
        quick: A tenth of them.
    """
    if quick:
        trials = max(1, trials // 10)
    report = Report("navigate", "navigate_to in furnished rooms", trials=trials, seed=seed)
    outcomes = [navigate_trial(k, seed, MODEL) for k in report.track(range(trials), "navigate_to")]
    failures = [{"room": k, "stage": o.stage, "why": o.reason}
                for k, o in enumerate(outcomes) if not o.success]  # fmt: skip
    for f in failures:
        report.note(f"  [red]room {f['room']}, {f['stage']}: {f['why']}[/]")
    reasons = [r for r in outcomes[0].numbers if r.startswith("rejected")]
    rejected = {r: int(sum(o.numbers[r] for o in outcomes)) for r in reasons}
    report.figure("rejected", rejected)
    report.figure("failures", failures)
    straight = int(sum(o.numbers["straight"] for o in outcomes))
    counts = ", ".join(f"{reason}: {count}" for reason, count in rejected.items())
    report.note(
        f"{trials + sum(rejected.values())} draws; {counts}; "
        f"in {straight} rooms the straight line is free"
    )
    report.share(
        "arrives, touching nothing but the floor", len(outcomes) - len(failures), trials, 0.97
    )
    there = [o.numbers for o in outcomes if o.success]
    for name, unit, scale in (
        ("driven", "m", 1.0), ("frames", "frames", 1.0), ("plan", "ms", 1e3),
        ("mean frame", "µs", 1e6), ("p99 frame", "µs", 1e6),
    ):  # fmt: skip
        values = [numbers[name] for numbers in there]
        report.figure(name, spread(values))
        report.note(f"{name}: {spread_line(values, unit, scale)}")
    sys.exit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
