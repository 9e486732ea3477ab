"""What the loop costs on top of bare physics: `python benchmarks/frame_overhead.py`.

The bare scene is the same scene: its own controller is built and driven in the same way, the drive
targets that its joints were given are recorded, and from then on only those targets are replayed
and physics stepped. Loop and bare frames are timed in turn, in one run.

With `--safety`, frames under the safety monitor are timed beside frames without it: 16 robots that
are apart, and as many that it has to keep from each other.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import tyro
from report import Report
from rich.console import Console
from rich.table import Table

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import ActionStatus
from counterpoint.add_ons import SafetyMonitor

SPACING = 2.5  # m between robots
FRAME = 1e6 / 60  # µs of simulated time
APART = 4.0  # m: further than the monitor looks
SWAY = 0.8  # m that each busy robot drives to and fro


def build(
    robots: int,
    prepare: Callable[[Controller], None] = lambda _: None,
    spacing: float = SPACING,
    model: str = "tiago_pro",
    **settings: Any,
) -> tuple[Controller, list[Robot]]:
    """A room with robots on a grid, at rest; `prepare` is called before the first frame."""
    controller = Controller(**settings)
    prepare(controller)
    columns = math.ceil(math.sqrt(robots))
    side = columns * spacing + 4
    cast = []
    for i in range(robots):
        x = (i % columns - (columns - 1) / 2) * spacing
        y = (i // columns - (columns - 1) / 2) * spacing
        name = f"r{i:02d}"
        cast.append(
            Robot(name, model=model, position=(x, y, 0), image_frequency=ImageFrequency.never)
        )
    controller.add_ons.extend(cast)
    controller.communicate(cmd.CreateEmptyRoom(width=side, length=side))
    return controller, cast


def keep_busy(cast: list[Robot], turn: dict[str, int]) -> None:
    """Give every robot that has nothing to do a drive and a reach at once."""
    for robot in cast:
        actions = robot.actions
        if robot.static.model.mobile and "base" not in actions:
            turn[robot.robot_id] = turn.get(robot.robot_id, 0) + 1
            robot.move_by(SWAY if turn[robot.robot_id] % 2 else -SWAY, reset_arms=False)
        if "right_arm" not in actions:
            if not robot.static.model.mobile:
                turn[robot.robot_id] = turn.get(robot.robot_id, 0) + 1
            low = turn.get(robot.robot_id, 0) % 2
            robot.reach_for((0.55, -0.25, 0.8 + 0.2 * low), Arm.right, absolute=False)


class Bare:
    """Replays drive targets into a scene of its own."""

    def __init__(self, robots: int) -> None:
        self.controller, _ = build(robots)
        self.simulator: Any = self.controller._stage.simulator
        self.joints = self.simulator._fleet._joints

    def frame(self, targets: list[tuple[int, float | None, float | None]]) -> None:
        """Set what changed in one frame, and step."""
        for joint, position, velocity in targets:
            drive = self.joints[joint]
            if position is not None:
                drive.set_drive_target(position)
            if velocity is not None:
                drive.set_drive_velocity_target(velocity)
        physics = self.simulator._physics
        for _ in range(self.controller.settings.substeps):
            physics.step()


class Tap:
    """Records what a controller's robots are told, frame by frame."""

    def __init__(self, controller: Controller) -> None:
        self.fleet: Any = controller._stage.simulator._fleet
        self.before = self._sent()

    def _sent(self) -> tuple[np.ndarray, np.ndarray]:
        return self.fleet._sent_position.copy(), self.fleet._sent_velocity.copy()

    def changes(self) -> list[tuple[int, float | None, float | None]]:
        """The targets that changed since the last call."""
        (p, v), (q, w) = self.before, self._sent()
        self.before = (q, w)
        return [
            (j, float(q[j]) if p[j] != q[j] else None, float(w[j]) if v[j] != w[j] else None)
            for j in np.flatnonzero((p != q) | (v != w)).tolist()
        ]


def measure(robots: int, busy: bool, frames: int) -> tuple[list[float], list[float]]:
    """Seconds a frame of the loop and of the bare scene, interleaved."""
    controller, cast = build(robots)
    bare = Bare(robots)
    turn: dict[str, int] = {}
    tap = Tap(controller)
    loop_times, bare_times = [], []
    for k in range(frames + 30):
        if busy:
            keep_busy(cast, turn)
        start = time.perf_counter()
        controller.communicate()
        between = time.perf_counter()
        changes = tap.changes()
        begin = time.perf_counter()
        bare.frame(changes)
        end = time.perf_counter()
        if k >= 30:
            loop_times.append(between - start)
            bare_times.append(end - begin)
    assert all(a.status is not ActionStatus.failure for r in cast for a in r.actions.values())
    controller.close()
    bare.controller.close()
    return loop_times, bare_times


def measure_safety(
    frames: int, busy: bool, count: int = 16, **layout: Any
) -> tuple[list[float], list[float], float]:
    """Seconds a frame without and with the monitor, interleaved, and robots engaged a frame."""
    total = 0
    sides = []
    for add_ons in ([], [SafetyMonitor()]):
        controller, cast = build(count, **layout)
        controller.add_ons.extend(add_ons)
        sides.append((controller, cast, dict[str, int]()))
    monitor = sides[1][0].add_ons[-1]
    assert isinstance(monitor, SafetyMonitor)
    times: tuple[list[float], list[float]] = ([], [])
    for k in range(frames + 30):
        for (controller, cast, turn), taken in zip(sides, times, strict=True):
            if busy:
                keep_busy(cast, turn)
            start = time.perf_counter()
            controller.communicate()
            if k >= 30:
                taken.append(time.perf_counter() - start)
        total += len(monitor.engaged) if k >= 30 else 0
    for controller, _, _ in sides:
        controller.close()
    return *times, total / frames


def safety(frames: int) -> bool:
    """Time frames under the safety monitor; whether the claim holds."""
    report = Report("frame_overhead_safety", "one frame under the safety monitor", frames=frames)
    for state, busy in (("resting", False), ("busy", True)):
        without, under, engaged = measure_safety(frames, busy, spacing=APART)
        middle, base = statistics.median(under) * 1e6, statistics.median(without) * 1e6
        report.claim(
            f"16 robots apart, {state}", "≤ 1.5 ×",
            f"{middle / base:.2f} × ({base:.0f} → {middle:.0f} µs)",
            middle <= 1.5 * base and engaged == 0,
        )  # fmt: skip
    for what, layout in (
        ("bases", {"spacing": 2.2}), ("arms", {"spacing": 0.9, "model": "panda"}),
    ):  # fmt: skip
        without, under, engaged = measure_safety(frames, busy=True, **layout)
        extra = (statistics.mean(under) - statistics.mean(without)) * 1e6
        report.note(
            f"16 with {what} engaged: {extra / max(engaged, 1):.0f} µs for each of "
            f"{engaged:.1f} engaged robots ({statistics.mean(without) * 1e6:.0f} → "
            f"{statistics.mean(under) * 1e6:.0f} µs a frame)"
        )
        report.figure(what, {"extra_us": extra, "engaged": engaged})
    return report.close()


def main(
    frames: int = 600,
    robots: tuple[int, ...] = (1, 4, 8, 16),
    safety_monitor: Annotated[bool, tyro.conf.arg(name="safety")] = False,
    quick: bool = False,
) -> None:
    """Time the loop at rest and busy, for several numbers of robots.

    Args:
        frames: Frames timed for each.
        robots: Numbers of tiago_pro.
        safety_monitor: Time the safety monitor instead.
        quick: A tenth of the frames.
    """
    frames = frames // 10 if quick else frames
    if safety_monitor:
        raise SystemExit(0 if safety(frames) else 1)
    console = Console()
    table = Table(title="one frame, microseconds", caption="medians; p95 and p99 of the loop")
    for column in (
        "robots",
        "state",
        "bare",
        "loop",
        "p95",
        "p99",
        "above bare, a robot",
        "loop / bare",
        "times real time",
    ):
        table.add_column(column, justify="right")
    above: dict[tuple[int, bool], float] = {}
    for count in robots:
        for busy in (False, True):
            loop, bare = (np.array(t) * 1e6 for t in measure(count, busy, frames))
            middle, base = statistics.median(loop), statistics.median(bare)
            above[count, busy] = (middle - base) / count
            table.add_row(
                str(count), "busy" if busy else "resting", f"{base:.0f}", f"{middle:.0f}",
                f"{np.percentile(loop, 95):.0f}", f"{np.percentile(loop, 99):.0f}",
                f"{above[count, busy]:.1f}", f"{middle / base:.2f}",
                f"{FRAME / middle:.1f}",
            )  # fmt: skip
    console.print(table)
    few, many = min(robots), max(robots)
    for busy in (False, True):
        ratio = above[many, busy] / above[few, busy]
        state = "busy" if busy else "resting"
        console.print(
            f"growth, {state}: cost above physics a robot at {many} is {ratio:.2f} of that at {few}"
        )


if __name__ == "__main__":
    tyro.cli(main)
