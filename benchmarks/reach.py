"""Hands to random reachable points, and to points beyond reach: `python benchmarks/reach.py`.

The points are where the hand is in random joint states without overlap (see `postures.py`): the
actions' own inverse kinematics has no say in which they are.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

import tyro
from report import Report, spread, spread_line
from trials import Outcome, Stage, beyond_reach, beyond_trial, reach_trial, sampler

from counterpoint import derive_substream
from counterpoint.robots import get_model, list_models

ARMS = tuple((name, arm) for name in list_models() for arm in get_model(name).arms)


def main(trials: int = 500, beyond: int = 100, seed: int = 0, quick: bool = False) -> None:
    """Measure how often `reach_for` brings the hand there.

    Args:
        trials: Reachable points for each arm.
        beyond: Points at 1.5 times the reach for each arm.
        seed: Of the points.
        quick: A tenth of all of it.
    """
    if quick:
        trials, beyond = max(1, trials // 10), max(1, beyond // 10)
    report = Report("reach", "reach_for", trials=trials, beyond=beyond, seed=seed)
    for model, arm in ARMS:
        name = f"{model} {arm}"
        stage, postures = Stage(model), sampler(model, arm, seed)
        begun = time.perf_counter()
        outcomes: list[Outcome] = []
        failures: list[dict[str, object]] = []
        for k in report.track(range(trials), name):
            q, target = postures.draw()
            outcome = reach_trial(stage, arm, target)
            outcomes.append(outcome)
            if not outcome.success:
                failures.append(
                    {"index": k, "target": target.tolist(), "q": q.tolist(), "why": outcome.reason}
                )
        good = sum(o.success for o in outcomes)
        report.share(f"{name}: hand within 10 mm", good, trials, 0.98)
        distances = [o.numbers["distance"] for o in outcomes if o.success]
        later = [o.numbers["later"] for o in outcomes if o.success]
        frames = [o.numbers["frames"] for o in outcomes if o.success]
        rejected = postures.below_floor + postures.overlapping
        report.figure(
            name,
            {
                "drawn": postures.drawn,
                "rejected": {
                    "below the floor": postures.below_floor,
                    "overlapping": postures.overlapping,
                },
                "distance": spread(distances),
                "distance half a second later": spread(later),
                "frames": spread(frames),
                "failures": failures,
            },
        )
        report.note(
            f"{name}: {postures.drawn} draws, {rejected} rejected ({postures.below_floor} below "
            f"the floor, {postures.overlapping} overlapping); hand: "
            f"{spread_line(distances, 'mm', 1000, 2)}; half a second later: "
            f"{spread_line(later, 'mm', 1000, 2)}; it takes: "
            f"{spread_line(frames, 'frames', digits=0)}; {time.perf_counter() - begun:.0f} s here"
        )
        reasons = Counter(str(f["why"]).split(":")[0] for f in failures)
        for failure in failures[:10]:
            report.note(f"  [red]{failure['why']}[/] at {failure['target']}")
        if failures:
            report.note(f"  {dict(reasons)}")
        rng = derive_substream(f"beyond reach {model} {arm}", seed).default_rng()
        ended = [
            beyond_trial(stage, arm, beyond_reach(postures, rng))
            for _ in report.track(range(beyond), f"{name}, beyond reach")
        ]
        for o in ended:
            if not o.success:
                report.note(f"  [red]{o.reason}[/]")
        report.share(
            f"{name}: 1.5 × reach is cannot_reach in one frame",
            sum(o.success for o in ended), beyond, 1.0,
        )  # fmt: skip
        stage.close()
    sys.exit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
