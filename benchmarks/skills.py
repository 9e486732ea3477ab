"""Every action on every robot that has what it takes: `python benchmarks/skills.py`.

The set-ups are drawn by `benchmarks/trials/`, whose docstrings say how, and what counts as a
success; none of them asks the actions' own planners and solvers. `--page docs/guide/skills.md`
writes the page that publishes the rates.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import tyro
from report import Report, spread, spread_line
from skills_page import Row, write_page
from trials import SKILLS, Outcome

CHUNK = 10  # trials handed to a process at once


def pairs(action: str | None = None, model: str | None = None) -> list[tuple[int, str]]:
    """The rows to run: index in `SKILLS`, and model; of one action or one model where named.

    Raises:
        SystemExit: If there is no such row.
    """
    found = [
        (k, m)
        for k, s in enumerate(SKILLS)
        for m in s.models
        if action in (None, s.name, s.name.split()[0]) and model in (None, m)
    ]
    if not found:
        known = ", ".join(dict.fromkeys(s.name.split()[0] for s in SKILLS))
        raise SystemExit(f"no robot that is installed has such a row; actions: {known}")
    return found


def run_one(job: tuple[int, str, int, int]) -> Outcome:
    """One trial: index in `SKILLS`, model, index of the set-up, seed."""
    number, model, index, seed = job
    return SKILLS[number].run(model, index, seed)


def run_all(jobs: list[tuple[int, str, int, int]], workers: int) -> Iterator[Outcome]:
    """Their outcomes, in order and the same for any number of processes."""
    if workers == 1:
        yield from map(run_one, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        yield from pool.map(run_one, jobs, chunksize=CHUNK)


def main(
    trials: int = 100,
    seed: int = 0,
    workers: int = 2,
    action: str | None = None,
    model: str | None = None,
    page: Path | None = None,
    quick: bool = False,
) -> None:
    """Measure how often each skill succeeds.

    Args:
        trials: Set-ups of each skill and model.
        seed: Of all of them.
        workers: Processes.
        action: Only this action's rows: the name of a row, or of a robot's method.
        model: Only this robot's rows.
        page: Write a page of the documentation to this file.
        quick: A tenth of the trials.
    """
    if quick:
        trials = max(1, trials // 10)
    report = Report("skills", "Skills", trials=trials, seed=seed)
    chosen = pairs(action, model)
    jobs = [(k, m, index, seed) for k, m in chosen for index in range(trials)]
    outcomes = iter(report.track(run_all(jobs, workers), "set-ups", len(jobs)))
    rows = []
    for number, name in chosen:
        row = Row(SKILLS[number], name, tuple(next(outcomes) for _ in range(trials)))
        rows.append(row)
        tell(report, row, in_full=action is not None)
    if page is not None:
        write_page(page, rows, trials, seed)
        report.note(f"[dim]{page}[/]")
    sys.exit(0 if report.close() else 1)


def tell(report: Report, row: Row, *, in_full: bool) -> None:
    """A row as a claim, its failures, and its figures: in the file, and for people `in_full`."""
    name = f"{row.skill.name}, {row.model}"
    trials = len(row.outcomes)
    rejected = row.rejected
    report.share(name, row.successes, trials, row.skill.least, f"; {row.frames:.0f} frames")
    numbers = {
        key: [o.numbers[key] for o in row.outcomes if o.success and key in o.numbers]
        for key in dict.fromkeys(key for o in row.outcomes for key in o.numbers)
    }
    report.figure(
        f"{name}: figures",
        {
            "rejected": dict(rejected),
            "frames": spread([o.frames for o in row.outcomes if o.success]),
            "numbers": {key: spread(values) for key, values in numbers.items()},
            "failures": [
                {"index": k, "stage": o.stage, "why": o.reason, "denied": o.denied}
                for k, o in row.failures
            ],
        },
    )
    report.note(f"{name}: {row.successes} of {trials}, {rejected.total()} draws rejected")
    for key, values in numbers.items() if in_full else ():
        report.note(f"  [dim]{key}: {spread_line(values, '', digits=4)}[/]")
    for k, o in row.failures:
        report.note(f"  [red]set-up {k}: {o.stage}: {o.reason}[/]")


if __name__ == "__main__":
    tyro.cli(main)
