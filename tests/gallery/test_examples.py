"""Every example runs headless and ends in the line that it ended in before."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text())
FOUND = sorted(p.relative_to(EXAMPLES).as_posix() for p in EXAMPLES.rglob("*.py"))


def test_every_example_has_a_golden_line_and_every_line_an_example() -> None:
    assert sorted(GOLDEN) == FOUND


@pytest.mark.parametrize("name", FOUND)
def test_an_example_ends_in_its_golden_line(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name)],
        capture_output=True, check=False, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == GOLDEN[name]
