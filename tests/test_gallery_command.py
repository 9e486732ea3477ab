"""`counterpoint gallery`: examples run with a camera in their scenes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

SCRIPT = '''"""A ball falls.

Look at how it bounces.
"""

from counterpoint import Controller
from counterpoint import commands as cmd

VIEW = {"position": (1.5, -1.5, 1.0), "look_at": (0, 0, 0.5)}

with Controller() as c:
    ball = cmd.AddObject(object_id="ball", model="sphere", position=(0, 0, 1))
    c.communicate([cmd.CreateEmptyRoom(), ball])
    for _ in range(40):
        c.communicate()
    c.reset()
    c.communicate(cmd.CreateEmptyRoom())
    print(c.frame, "frames")
'''


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    folder = tmp_path / "examples"
    (folder / "falling").mkdir(parents=True)
    (folder / "falling" / "ball.py").write_text(SCRIPT)
    (folder / "falling" / "broken.py").write_text('"""It fails."""\nraise SystemExit("no ball")\n')
    return folder


def gallery(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "counterpoint.cli", "gallery", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=120,
        env={"COLUMNS": "200", "NO_COLOR": "1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def test_an_example_becomes_an_animation_a_contact_sheet_and_a_part_of_the_page(
    examples: Path, tmp_path: Path
) -> None:
    out, page = tmp_path / "out", tmp_path / "docs" / "gallery.md"
    page.parent.mkdir()
    done = gallery("falling/ball", "--folder", examples, "--out", out, "--page", page)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "1/1 ok" in done.stdout
    assert "1 frames" in done.stdout
    with Image.open(out / "falling_ball.gif") as animation:
        assert 4 < animation.n_frames <= 9  # of the longer scene; equal pictures become one
    with Image.open(page.parent / "pictures" / "gallery" / "falling_ball.jpg") as strip:
        assert strip.size == (960, 180)
    text = page.read_text()
    assert "## Falling" in text
    assert "A ball falls." in text
    assert "Look at how it bounces." in text
    assert "pictures/gallery/falling_ball.jpg" in text


def test_an_example_that_fails_is_shown_with_its_error_and_fails_the_command(
    examples: Path, tmp_path: Path
) -> None:
    done = gallery("--folder", examples, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "no ball" in done.stdout
    assert "1 of 2 examples ran" in done.stdout


def test_an_example_that_does_not_exist_is_named_with_those_that_do(
    examples: Path, tmp_path: Path
) -> None:
    done = gallery("falling/bell", "--folder", examples, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "falling/ball" in done.stderr
    done = gallery("--folder", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "no examples" in done.stderr
