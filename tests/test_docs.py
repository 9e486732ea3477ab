"""The documentation: its code runs, it names everything that is public, and the site builds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import counterpoint

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
FENCE = re.compile(r"^```(\S*)$")
LANGUAGES = ("python", "py", "sh", "json", "text", "yaml")
"""`python` runs; `py` is a fragment that does not."""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def fences(page: Path) -> list[tuple[str, int, int]]:
    """Language, first line and line after the last of each block, counted from 0."""
    found, begun = [], None
    for k, line in enumerate(page.read_text(encoding="utf-8").splitlines()):
        mark = FENCE.match(line)
        if mark and begun is None:
            begun = mark[1], k + 1
        elif mark and begun:
            found.append((*begun, k))
            begun = None
    assert begun is None, f"{name_of(page)}: the block at line {begun} is not closed"
    return found


def program(page: Path) -> str:
    """The page's Python blocks, each on the lines where it stands: tracebacks name the page's."""
    lines = page.read_text(encoding="utf-8").splitlines()
    kept = [""] * len(lines)
    for language, begin, end in fences(page):
        if language == "python":
            kept[begin:end] = lines[begin:end]
    return "\n".join(kept)


WITH_CODE = [p for p in [ROOT / "README.md", *PAGES] if program(p).strip()]


@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
def test_the_code_of_a_page_runs_without_warnings(page: Path, tmp_path: Path) -> None:
    script = tmp_path / name_of(page)
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(program(page), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.replace(str(script), name_of(page))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_block_says_whether_it_runs(page: Path) -> None:
    for language, line, _ in fences(page):
        assert language in LANGUAGES, f"{name_of(page)}:{line} is in {language!r}"


def test_every_public_name_is_on_a_page() -> None:
    words = set()
    for page in PAGES:
        words |= set(re.findall(r"\w+", page.read_text(encoding="utf-8")))
    # These pages show whole modules, whose names stand nowhere but in the module.
    for module in ("errors", "events"):
        source = (ROOT / "counterpoint" / "core" / f"{module}.py").read_text(encoding="utf-8")
        words |= set(re.findall(r"^class (\w+)", source, re.MULTILINE))
    assert set(counterpoint.__all__) <= words


def test_the_navigation_has_every_page() -> None:
    lines = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    listed = re.findall(r": (\S+\.md)$", lines, re.MULTILINE)
    assert sorted(listed) == [p.relative_to(DOCS).as_posix() for p in PAGES]


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reference" / "counterpoint.html").is_file()
