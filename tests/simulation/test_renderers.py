"""Claims about which renderer draws, and about looking for a Vulkan device."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from counterpoint import Controller
from counterpoint.core.errors import CommandError
from counterpoint.simulation import vulkan_probe
from counterpoint.simulation.renderers import choose_renderer, make_renderer
from counterpoint.simulation.vulkan_probe import find_vulkan


@pytest.fixture
def no_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine on which no driver is installed."""
    for name in ("VK_DRIVER_FILES", "VK_ICD_FILENAMES", "XDG_DATA_DIRS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(vulkan_probe, "_FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(vulkan_probe, "_find", vulkan_probe._find.__wrapped__)
    return tmp_path


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", refuse)


@pytest.mark.usefixtures("no_driver", "no_process")
def test_without_a_driver_no_process_is_started_and_rays_are_cast() -> None:
    assert find_vulkan() == (None, "no Vulkan driver is installed")
    assert choose_renderer("auto") == ("raycast", "no Vulkan driver is installed")
    assert make_renderer("auto").name == "raycast"
    with Controller() as c:
        assert c.renderer_name == "raycast"


@pytest.mark.usefixtures("no_driver", "no_process")
@pytest.mark.parametrize("variable", ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"])
def test_a_variable_that_names_no_file_means_no_vulkan(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "/nonexistent")
    assert find_vulkan() == (None, f"{variable} names no file that exists: /nonexistent")


@pytest.mark.usefixtures("no_driver")
def test_vulkan_asked_for_without_a_device_is_refused_with_what_to_install() -> None:
    with pytest.raises(
        CommandError, match=r"no Vulkan driver is installed.*install-software-vulkan"
    ):
        Controller(renderer="vulkan")


def test_a_driver_that_cannot_be_loaded_is_reported_and_does_no_harm(
    no_driver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = {"api_version": "1.3.0", "library_path": str(no_driver / "missing.so")}
    file = no_driver / "driver.json"
    file.write_text(json.dumps({"file_format_version": "1.0.0", "ICD": driver}))
    monkeypatch.setenv("VK_ICD_FILENAMES", str(file))
    answer = find_vulkan()
    assert answer.device is None
    assert "SAPIEN failed" in answer.reason
    assert choose_renderer("auto") == ("raycast", answer.reason)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import os; os.abort()", "ended with -6"),
        ("import time; time.sleep(60)", "did not answer in"),
        ("print('GPU: none'); raise SystemExit(3)", "ended with 3"),
    ],
)
def test_a_driver_that_aborts_or_hangs_leaves_this_process_alone(
    no_driver: Path, monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    monkeypatch.setenv("VK_ICD_FILENAMES", str(no_driver))
    monkeypatch.setattr(vulkan_probe, "_ASK", program)
    monkeypatch.setattr(vulkan_probe, "_PATIENCE", 2.0)
    answer = find_vulkan()
    assert answer.device is None
    assert said in answer.reason


@pytest.mark.vulkan
def test_with_a_device_the_default_is_vulkan_and_the_ray_caster_can_be_asked_for() -> None:
    choice = choose_renderer()
    assert choice.name == "vulkan"
    assert find_vulkan().device in choice.why
    for name, got in (("auto", "vulkan"), ("vulkan", "vulkan"), ("raycast", "raycast")):
        with Controller(renderer=name) as c:
            assert c.renderer_name == got


def test_an_unknown_renderer_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(CommandError, match="vulkan"):
        Controller(renderer="opengl")  # type: ignore[arg-type]


def test_choosing_the_renderer_loads_no_simulator() -> None:
    program = (
        "import sys; from counterpoint.simulation.renderers import choose_renderer; "
        "choose_renderer('raycast'); print('sapien' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"
