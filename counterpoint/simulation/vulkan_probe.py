"""Whether a Vulkan device answers, found out without risk to this process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

# SAPIEN throws where it finds no device and aborts in C++ where one fails it.
_ASK = """
import warnings
warnings.simplefilter("ignore")
import sapien
renderer = sapien.render.SapienRenderer()
print(sapien.render.get_device_summary())
"""
_PATIENCE = 60.0  # s
_FOLDERS = ("/usr/local/etc", "/etc", "/usr/local/share", "/usr/share")
# Where both are set, the loader heeds the first.
_VARIABLES = ("VK_DRIVER_FILES", "VK_ICD_FILENAMES")


class VulkanAnswer(NamedTuple):
    """What the search for a Vulkan device came to.

    Attributes:
        device: The device's name, or None where none answers.
        reason: What was found, for people to read.
    """

    device: str | None
    reason: str


def find_vulkan() -> VulkanAnswer:
    """The Vulkan device that SAPIEN would draw with.

    Another process asks SAPIEN, once for each setting of the driver variables; where no driver is
    installed, none is started.
    """
    return _find(tuple((name, os.environ.get(name, "")) for name in _VARIABLES))


@lru_cache(maxsize=8)
def _find(variables: tuple[tuple[str, str], ...]) -> VulkanAnswer:
    missing = _no_driver(dict(variables))
    if missing is not None:
        return VulkanAnswer(None, missing)
    try:
        asked = subprocess.run(
            [sys.executable, "-P", "-c", _ASK],
            capture_output=True, text=True, check=False, timeout=_PATIENCE,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return VulkanAnswer(None, f"the Vulkan driver did not answer in {_PATIENCE:.0f} s")
    devices = [
        line.removeprefix("GPU:").strip()
        for line in asked.stdout.splitlines()
        if line.startswith("GPU:")
    ]
    if asked.returncode == 0 and devices:
        return VulkanAnswer(devices[0], f"Vulkan on {devices[0]}")
    said = asked.stderr.strip().splitlines() or [f"it ended with {asked.returncode}"]
    return VulkanAnswer(None, f"a Vulkan driver is installed, but SAPIEN failed: {said[-1]}")


def _no_driver(variables: Mapping[str, str]) -> str | None:
    """Why there cannot be a device, or None where one may answer."""
    for name in _VARIABLES:
        if variables[name]:
            files = variables[name].split(os.pathsep)
            if any(Path(file).exists() for file in files):
                return None
            return f"{name} names no file that exists: {variables[name]}"
    home = Path(os.environ.get("XDG_DATA_HOME", "~/.local/share")).expanduser()
    shared = os.environ.get("XDG_DATA_DIRS", "").split(os.pathsep)
    for folder in (home, *(Path(f) for f in (*_FOLDERS, *shared) if f)):
        if any((folder / "vulkan" / "icd.d").glob("*.json")):
            return None
    # With NVIDIA's driver there may be no such file: SAPIEN brings its own then.
    return None if shutil.which("nvidia-smi") else "no Vulkan driver is installed"
