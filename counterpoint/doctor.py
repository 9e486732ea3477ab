"""What this machine can do."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination: whether it is good, what was looked at, and what was found."""

    good: bool
    what: str
    detail: str


def examine() -> Iterator[Finding]:
    """Look at the machine, one finding after another."""
    yield Finding(True, "machine", f"{os.cpu_count()} cores, Python {platform.python_version()}")
    for package in ("sapien", "embreex", "ruckig", "example-robot-data"):
        try:
            yield Finding(True, package, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(False, package, f"missing; install it with: pip install {package}")
            return
    yield from _models()
    yield _renderer()
    yield from _speed()


def _renderer() -> Finding:
    from counterpoint.simulation.renderers import choose_renderer

    choice = choose_renderer()
    if choice.name == "vulkan":
        return Finding(True, "renderer", f"vulkan: {choice.why}")
    return Finding(True, "renderer", f"raycast (Embree on the CPU): {choice.why}")


def _models() -> Iterator[Finding]:
    from counterpoint.robots import get_model, list_models
    from counterpoint.robots.description import load_description

    for name in list_models():
        try:
            joints = len(load_description(get_model(name)).joints)
            yield Finding(True, f"model {name}", f"{joints} joints")
        except (FileNotFoundError, ValueError) as error:
            yield Finding(False, f"model {name}", str(error))


def _speed() -> Iterator[Finding]:
    from counterpoint import commands as cmd
    from counterpoint.add_ons import Robot, ThirdPersonCamera
    from counterpoint.controller import Controller

    robot = Robot("robot")
    with Controller() as controller:
        controller.add_ons += [robot, ThirdPersonCamera("camera", look_at="robot")]
        controller.communicate(cmd.CreateEmptyRoom())
        robot.turn_by(720)
        frames, pictures = [], []
        for _ in range(120):
            start = time.perf_counter()
            controller.communicate()
            frames.append(time.perf_counter() - start)
        controller.communicate(cmd.CaptureImages(cameras=("camera",)))  # builds the geometry
        for _ in range(10):
            start = time.perf_counter()
            controller.communicate(cmd.CaptureImages(cameras=("camera",)))
            pictures.append(time.perf_counter() - start)
    micro, milli = statistics.median(frames) * 1e6, statistics.median(pictures) * 1e3
    yield Finding(True, "one frame", f"{micro:.0f} µs (a turning tiago_pro)")
    yield Finding(True, "one picture", f"{milli:.0f} ms (256 × 256, colour)")
