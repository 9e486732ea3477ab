"""Whether the outer filter keeps its promise: `python benchmarks/safety_soundness.py`.

Random starts whose barrier is not negative, in 2-D and 3-D; capacities of 0.5 to 10 m/s², periods
of 2 to 50 ms, partners that stand, brake, accelerate towards the ego, reverse, circle it or do
anything; egos that want to run into them. No contact, not even between samples, and no program
without a solution. To show that the starts are hard, the same are run with partners that break
their word, and with positive λ, where nothing is promised.
"""

from __future__ import annotations

import sys

import numpy as np
import tyro
from report import Report
from two_bodies import NUMBERS, PARTNERS, Outcome, Starts, simulate, starts

CHUNK = 1000


def run(
    given: list[Starts], seed: int, periods: int, report: Report, what: str, **settings: float
) -> list[Outcome]:
    """Every chunk of starts to its end."""
    return [
        simulate(chunk, np.random.default_rng([seed, k]), periods=periods, **settings)  # type: ignore[arg-type]
        for k, chunk in enumerate(report.track(given, what))
    ]


def contacts(outcomes: list[Outcome]) -> int:
    """Starts that ended in contact."""
    return sum(int((o.smallest_gap <= 0).sum()) for o in outcomes)


def main(starts_each: int = 10_000, periods: int = 300, seed: int = 0) -> None:
    """Measure and judge.

    Args:
        starts_each: In 2-D, and again in 3-D.
        periods: How long each runs.
        seed: Of starts, wishes and random partners.
    """
    report = Report(
        "safety_soundness", "the guaranteed row of EGO_ONLY",
        starts_each=starts_each, periods=periods, seed=seed,
    )  # fmt: skip
    for dimension in (2, 3):
        rng = np.random.default_rng([seed, dimension])
        sizes = [min(CHUNK, starts_each - k) for k in range(0, starts_each, CHUNK)]
        given = [starts(rng.uniform(size=(n, NUMBERS)), dimension) for n in sizes]
        name = f"{dimension}-D"
        outcomes = run(given, seed, periods, report, name)
        kinds = np.concatenate([g.partner for g in given])
        hit = np.concatenate([o.smallest_gap <= 0 for o in outcomes])
        infeasible = sum(int((o.infeasible > 0).sum()) for o in outcomes)
        smallest = min(float(o.smallest_gap.min()) for o in outcomes)
        held = float(np.mean(np.concatenate([o.active > 0 for o in outcomes])))
        turned = float(np.mean(np.concatenate([o.turned > 0 for o in outcomes])))
        report.claim(f"{name}: starts in contact", "0", f"{hit.sum()} of {hit.size}", not hit.any())
        report.claim(
            f"{name}: starts with an infeasible program", "0", str(infeasible), infeasible == 0
        )
        report.figure(f"{name} smallest gap, m", smallest)
        report.figure(f"{name} share of starts held back", held)
        report.figure(f"{name} share of starts with a turned row", turned)
        report.note(
            f"{name}: {', '.join(f'{k} {(kinds == i).sum()}' for i, k in enumerate(PARTNERS))}; "
            f"held back {held:.0%}, row turned {turned:.0%}, smallest gap {smallest:.2e} m"
        )
        euler = run(given, seed, periods, report, f"{name}, Euler", semi_implicit=True)
        report.claim(
            f"{name}: in contact, semi-implicit integrator", "0", str(contacts(euler)),
            contacts(euler) == 0,
        )  # fmt: skip
        for what, settings in (
            ("partners 3 times as strong", {"lie": 3.0}),
            ("λ = 2", {"lam": 2.0}),
        ):
            broken = contacts(run(given[:2], seed, periods, report, f"{name}, {what}", **settings))
            of = sum(len(g.contact) for g in given[:2])
            report.figure(f"{name} contacts with {what}", [broken, of])
            report.note(f"{name}, {what}, where nothing is promised: {broken} of {of} in contact")
    sys.exit(not report.close())


if __name__ == "__main__":
    tyro.cli(main)
