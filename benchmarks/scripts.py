"""What a waiting script costs a frame: `python benchmarks/scripts.py`.

An empty scene with and without scripts that wait, timed frame by frame in turn, in one run.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table

from counterpoint import Controller, ImageFrequency, Robot, deadline, first, frames, gather, until
from counterpoint import commands as cmd

LONG = 1_000_000_000  # frames


def stage() -> tuple[Controller, Robot]:
    """An empty room with one panda that does nothing."""
    controller = Controller()
    robot = Robot("arm", model="panda", image_frequency=ImageFrequency.never)
    controller.add_ons.append(robot)
    controller.communicate(cmd.CreateEmptyRoom(width=4, length=4))
    return controller, robot


async def on_frames(robot: Robot) -> None:
    await frames(LONG)


async def on_predicate(robot: Robot) -> None:
    await until(lambda: False)


async def on_deadline(robot: Robot) -> None:
    with deadline(frames=LONG):
        await frames(LONG)


async def on_gather(robot: Robot) -> None:
    await gather(frames(LONG), frames(LONG))


async def on_first(robot: Robot) -> None:
    await first(one=frames(LONG), two=frames(LONG))


async def on_every_frame(robot: Robot) -> None:
    while True:
        await frames(1)


async def on_action(robot: Robot) -> None:
    await shared[robot]


shared: dict[Robot, Awaitable[object]] = {}
KINDS: dict[str, Callable[[Robot], object]] = {
    "frames(n)": on_frames,
    "an action": on_action,
    "until(predicate)": on_predicate,
    "frames(n), deadline": on_deadline,
    "gather of two": on_gather,
    "first of two": on_first,
    "resumed every frame": on_every_frame,
}


def main(scripts: int = 100, n: int = 2000) -> None:
    """Time frames with waiting scripts against frames without.

    Args:
        scripts: Scripts that wait.
        n: Frames timed for each kind.
    """
    console = Console()
    table = Table(title=f"{scripts} scripts that wait, microseconds", caption="target: at most 5")
    for column in ("waiting for", "frame without", "with: median", "p95", "p99", "a script"):
        table.add_column(column, justify="right")
    for name, kind in KINDS.items():
        (bare, rest), (busy, robot) = stage(), stage()
        shared[robot] = robot.wait(LONG)
        rest.wait(LONG)
        for _ in range(scripts):
            busy.spawn(kind(robot))  # type: ignore[arg-type]
        times = np.empty((n, 2))
        gc.disable()
        for k in range(-50, n):
            start = time.perf_counter()
            bare.communicate()
            between = time.perf_counter()
            busy.communicate()
            times[k] = between - start, time.perf_counter() - between
        gc.enable()
        without, with_scripts = np.median(times, axis=0) * 1e6
        p95, p99 = np.percentile(times[:, 1], (95, 99)) * 1e6
        table.add_row(
            name, f"{without:.1f}", f"{with_scripts:.1f}", f"{p95:.1f}", f"{p99:.1f}",
            f"{(with_scripts - without) / scripts:.2f}",
        )  # fmt: skip
        bare.close()
        busy.close()
    console.print(table)


if __name__ == "__main__":
    tyro.cli(main)
