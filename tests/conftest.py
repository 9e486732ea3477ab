"""What all tests share: hypothesis profiles, what some tests need, and why any were skipped."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import settings

from counterpoint import AddOn, Controller
from counterpoint import commands as cmd
from counterpoint.simulation.vulkan_probe import find_vulkan

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "explore")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = {}
    if not config.getoption("--slow"):
        missing["slow"] = "slow: `make test-all` runs it"
    if importlib.util.find_spec("mani_skill") is None:
        missing["maniskill"] = "the maniskill extra is not installed"
    if shutil.which("nvidia-smi") is None:
        missing["gpu"] = "no NVIDIA GPU here"
    if any(item.get_closest_marker("vulkan") for item in items):
        vulkan = find_vulkan()
        if vulkan.device is None:
            missing["vulkan"] = f"no Vulkan device: {vulkan.reason}"
    for item in items:
        for marker, reason in missing.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    if not reasons:
        return
    terminalreporter.section("skipped, and why")
    for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        terminalreporter.write_line(f"{count:4d}  {reason}")


@pytest.fixture
def open_controller() -> Iterator[Callable[..., Controller]]:
    """Makes controllers, which are closed when the test is over."""
    opened: list[Controller] = []

    def make(**arguments: Any) -> Controller:
        opened.append(Controller(**arguments))
        return opened[-1]

    yield make
    for controller in opened:
        controller.close()


@pytest.fixture
def scene(open_controller: Callable[..., Controller]) -> Callable[..., Controller]:
    """Makes a controller with add-ons and objects in a room, after its first frame."""

    def make(
        *add_ons: AddOn,
        commands: Sequence[cmd.CommandLike] = (),
        size: float = 6.0,
        **arguments: Any,
    ) -> Controller:
        controller = open_controller(**arguments)
        controller.add_ons.extend(add_ons)
        controller.communicate([cmd.CreateEmptyRoom(width=size, length=size), *commands])
        return controller

    return make
