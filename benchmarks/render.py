"""Pictures of a furnished room with each renderer that works here: `python benchmarks/render.py`.

Colour, depth and segmentation at 256 × 256. Every robot moves in every frame, so that ray casting
has to build the geometry anew for each picture.
"""

from __future__ import annotations

import itertools
import sys
import time
from typing import Any, Literal

import numpy as np
import tyro
from report import Report, spread, spread_line
from scenes import demo_room

from counterpoint import Arm, Controller, Robot
from counterpoint import commands as cmd
from counterpoint.actions import ActionStatus
from counterpoint.simulation.renderers import RendererName
from counterpoint.simulation.vulkan_probe import find_vulkan

PassName = Literal["rgb", "depth", "segmentation", "normals"]
PASSES: tuple[PassName, ...] = ("rgb", "depth", "segmentation")


def keep_moving(robots: list[Robot], turn: int) -> None:
    """Give every robot that stands still a new reach, and mobile ones a turn."""
    for robot in robots:
        arm = Arm.right
        if f"{arm}_arm" not in robot.actions:
            base = 0.85 if robot.model.mobile else 0.45
            robot.reach_for((0.55, -0.2, base + 0.15 * (turn % 2)), arm, absolute=False)
        if robot.model.mobile and "base" not in robot.actions:
            robot.turn_by(20 if turn % 2 else -20)


def measure(name: RendererName, shadows: bool, frames: int) -> dict[str, list[float]]:
    """Seconds of physics and loop, of each whole frame with pictures, and of drawing alone.

    The first picture has what it takes to start the renderer and load what it draws.
    """
    add_ons, commands = demo_room()
    robots = [a for a in add_ons if isinstance(a, Robot)]
    capture = cmd.CaptureImages(cameras=("room",), passes=PASSES)
    times: dict[str, list[float]] = {"frame without pictures": [], "drawing": [], "frame": []}
    with Controller(renderer=name) as controller:
        controller.add_ons.extend(add_ons)
        controller.communicate(commands)
        start = time.perf_counter()
        controller.communicate(capture)
        times["first picture"] = [time.perf_counter() - start]
        simulator: Any = controller._stage.simulator
        renderer = simulator.renderer
        renderer.shadows = shadows
        draw, before = renderer.render, b""

        def timed(*arguments: Any) -> Any:
            start = time.perf_counter()
            result = draw(*arguments)
            times["drawing"].append(time.perf_counter() - start)
            return result

        renderer.render = timed
        still, seen = 0, 0
        for k in range(2 * frames + 20):
            keep_moving(robots, k // 40)
            pictures = k % 2 == 1
            start = time.perf_counter()
            response = controller.communicate(capture if pictures else [])
            taken = time.perf_counter() - start
            if k >= 20:
                times["frame" if pictures else "frame without pictures"].append(taken)
            if pictures:
                images = response.images["room"]
                assert set(images) == set(PASSES)
                now, seen = images["depth"].tobytes(), len(np.unique(images["segmentation"]))
                still, before = still + (now == before), now
            for robot in robots:
                bad = [a for a in robot.actions.values() if a.status is not ActionStatus.ongoing]
                assert not bad, bad
        del times["drawing"][:10]
        times["things seen"] = [float(seen)]
        times["share of pictures like the last"] = [still / (frames + 10)]
    return times


def main(trials: int = 300, seed: int = 0, quick: bool = False) -> None:
    """Time pictures of the room, with and without shadows, by ray casting and with Vulkan.

    Args:
        trials: Pictures of each kind.
        seed: Unused: nothing is random here.
        quick: A tenth of them.
    """
    if quick:
        trials = max(1, trials // 10)
    report = Report("render", "colour, depth, segmentation at 256 × 256", trials=trials)
    vulkan = find_vulkan()
    renderers: tuple[RendererName, ...] = ("raycast", *(("vulkan",) if vulkan.device else ()))
    report.note(f"vulkan: {vulkan.reason}")
    for renderer, shadows in itertools.product(renderers, (True, False)):
        name = f"{renderer} {'with' if shadows else 'without'} shadows"
        times = measure(renderer, shadows, trials)
        seen, same = times.pop("things seen")[0], times.pop("share of pictures like the last")[0]
        report.figure(name, {what: spread(taken) for what, taken in times.items()})
        report.note(f"[bold]{name}[/]: {seen:.0f} things seen, {same:.0%} of pictures repeated")
        for what, taken in times.items():
            report.note(f"  {what}: {spread_line(taken, 'ms', 1000)}")
        drawing, whole = (1 / float(np.median(times[what])) for what in ("drawing", "frame"))
        report.note(f"  frames a second: drawing {drawing:.0f}, with physics {whole:.0f}")
        if renderer == "raycast":  # how fast Vulkan is says more about the driver
            what = f"frames a second {name}, physics included"
            report.claim(what, "≥ 30", f"{whole:.1f}", whole >= 30)
    sys.exit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
