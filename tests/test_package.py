"""The package as a whole: what importing it costs, what it hands on, what it must not hold."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import counterpoint

ROOT = Path(counterpoint.__file__).parent
SUBPACKAGES = sorted(m.name for m in pkgutil.iter_modules([str(ROOT)]) if m.ispkg)
HEAVY = {"torch", "mani_skill", "matplotlib", "sapien"}


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import json, sys, time; start = time.perf_counter(); import counterpoint; "
        "print(json.dumps([time.perf_counter() - start, sorted(sys.modules)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    seconds, modules = json.loads(done.stdout)
    print(f"import counterpoint: {seconds:.2f} s, {len(modules)} modules")
    assert HEAVY.isdisjoint(modules)


@pytest.mark.parametrize("name", ["counterpoint", *(f"counterpoint.{s}" for s in SUBPACKAGES)])
def test_a_package_has_what_it_hands_on(name: str) -> None:
    module = importlib.import_module(name)
    names = getattr(module, "__all__", [])
    assert len(set(names)) == len(names)
    assert [n for n in names if not hasattr(module, n)] == []
    assert module.__doc__


def test_only_the_command_line_prints() -> None:
    printing = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted(ROOT.rglob("*.py"))
        if path.relative_to(ROOT).parts[0] not in ("cli", "cli.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert printing == []


def test_the_package_is_typed() -> None:
    assert (ROOT / "py.typed").is_file()


def test_the_version_is_that_of_the_installed_distribution() -> None:
    assert counterpoint.__version__ == importlib.metadata.version("counterpoint")
