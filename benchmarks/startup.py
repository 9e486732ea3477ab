"""From nothing to the first frame, in new processes: `python benchmarks/startup.py`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import tyro
from report import Report, spread, spread_line

SCENE = """
from counterpoint import Controller, Robot
from counterpoint import commands as cmd
controller = Controller()
controller.add_ons.append(Robot("robot", model={model!r}))
controller.communicate(cmd.CreateEmptyRoom())
print("there", flush=True)
controller.close()
"""
PROGRAMS = {
    "nothing": "print('there', flush=True)",
    "import counterpoint": "import counterpoint\nprint('there', flush=True)",
    "first frame, panda": SCENE.format(model="panda"),
    "first frame, tiago_pro": SCENE.format(model="tiago_pro"),
}
LIMITS = {"import counterpoint": 0.5, "first frame, panda": 2.0, "first frame, tiago_pro": 2.0}


def seconds_until_there(program: str) -> float:
    """From the start of a new process until it says that it is there."""
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        taken = time.perf_counter() - start
    if said != b"there\n" or process.returncode != 0:
        raise RuntimeError(f"the process ended with {process.returncode}")
    return taken


def main(trials: int = 7, seed: int = 0, quick: bool = False) -> None:
    """Time the import and the first `communicate()` of a one-robot scene.

    Args:
        trials: Processes for each.
        seed: Unused: nothing is random here.
        quick: Three processes for each.
    """
    if quick:
        trials = 3
    report = Report("startup", "from process start", trials=trials)
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for name in PROGRAMS:
        seconds_until_there(PROGRAMS[name])  # files are read from memory from now on
    for _ in report.track(range(trials), "processes"):
        for name, program in PROGRAMS.items():
            times[name].append(seconds_until_there(program))
    for name, taken in times.items():
        report.figure(name, spread(taken))
        report.note(f"{name}: {spread_line(taken, 's', digits=2)}")
    for name, limit in LIMITS.items():
        middle = statistics.median(times[name])
        what = f"{name}, median of {trials}"
        report.claim(what, f"< {limit} s", f"{middle:.2f} s", middle < limit)
    sys.exit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
