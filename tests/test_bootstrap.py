"""What is missing on a machine is said in one clear sentence, before anything is made."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = """#!/bin/sh
case "$2" in
*version_info*) echo {version} ;;
*ensurepip*) exit {ensurepip} ;;
*) exit 1 ;;
esac
"""
DF = """#!/bin/sh
echo "Filesystem 1048576-blocks Used Available Capacity Mounted on"
echo "/dev/small 1000 988 12 99% /"
"""


def set_up(folder: Path, which: str = "core", **programs: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of the script in an empty folder, with some programs replaced by fakes."""
    (folder / "scripts").mkdir()
    shutil.copyfile(ROOT / "scripts" / "bootstrap", folder / "scripts" / "bootstrap")
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copyfile(ROOT / name, folder / name)
    fakes = folder / "fakes"
    fakes.mkdir()
    for name, text in programs.items():
        (fakes / name).write_text(text)
        (fakes / name).chmod(0o755)
    python = fakes / "python3" if "python3" in programs else folder / "nowhere" / "python3"
    return subprocess.run(
        ["bash", "scripts/bootstrap", which],
        cwd=folder, check=False, capture_output=True, text=True, timeout=60,
        env={**os.environ, "PATH": f"{fakes}:{os.environ['PATH']}", "PYTHON": str(python)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("programs", "words"),
    [
        ({}, ["no ", "install Python 3.11"]),
        ({"python3": PYTHON.format(version="3.9", ensurepip=0)}, ["3.11 or newer", "is 3.9"]),
        ({"python3": PYTHON.format(version="3.11", ensurepip=1)}, ["venv", "python3.11-venv"]),
        (
            {"python3": PYTHON.format(version="3.11", ensurepip=0), "df": DF},
            ["2500 MB", "12 MB are there"],
        ),
    ],
    ids=["no python", "an old python", "no venv module", "a full disk"],
)
def test_what_is_missing_is_said_in_one_sentence(tmp_path, programs, words) -> None:
    done = set_up(tmp_path, **programs)
    assert done.returncode == 1
    (sentence,) = done.stderr.strip().splitlines()
    assert sentence.startswith("counterpoint: cannot set up: ")
    for word in words:
        assert word in sentence
    assert not (tmp_path / ".venv" / "bin").exists()


def test_an_unknown_set_of_packages_is_refused(tmp_path) -> None:
    done = set_up(tmp_path, "everything")
    assert done.returncode == 1
    assert "'everything'" in done.stderr


def test_every_test_takes_more_room_than_running(tmp_path) -> None:
    python = PYTHON.format(version="3.11", ensurepip=0)
    done = set_up(tmp_path, "full", python3=python, df=DF)
    assert done.returncode == 1
    assert "5000 MB" in done.stderr
