"""What the benchmarks share: progress, intervals, verdicts, and results as JSON."""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

OUT = Path("out/benchmarks")
Item = TypeVar("Item")


class Report:
    """The claims of one benchmark, what was measured, and whether it holds.

    Args:
        name: The benchmark's name: results go to `out/benchmarks/NAME.json`.
        title: What the table is called.
        settings: What it was run with, for the file.
    """

    def __init__(self, name: str, title: str, **settings: Any) -> None:
        self.name, self.title, self.settings = name, title, settings
        self.console = Console(width=None if sys.stdout.isatty() else 120)
        self.console.print(f"[bold]{title}[/]\n[dim]{machine_line()}[/]", highlight=False)
        self.claims: list[dict[str, Any]] = []
        self.figures: dict[str, Any] = {}

    def track(self, items: Iterable[Item], what: str, total: int | None = None) -> Iterator[Item]:
        """The items, with a progress bar."""
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), TimeRemainingColumn(),
        )  # fmt: skip
        shown = self.console.is_terminal
        with Progress(
            *columns, console=self.console, transient=True, disable=not shown
        ) as progress:
            yield from progress.track(items, total, description=what)

    def note(self, text: str) -> None:
        """A line for people."""
        self.console.print(text, highlight=False)

    def figure(self, name: str, value: Any) -> None:
        """A number for the file."""
        self.figures[name] = value

    def claim(self, what: str, target: str, measured: str, passed: bool) -> None:
        """A claim, and what was measured."""
        self.claims.append(
            {"claim": what, "target": target, "measured": measured, "passed": bool(passed)}
        )

    def share(
        self, what: str, successes: int, trials: int, least: float, counted: str = ""
    ) -> None:
        """A claim that at least a share `least` of trials succeeds."""
        low, high = wilson(successes, trials)
        self.figure(what, {"successes": successes, "trials": trials, "interval": [low, high]})
        share = successes / trials if trials else 0.0
        self.claim(
            what,
            f"≥ {100 * least:.0f} %" if least < 1 else "100 %",
            f"{100 * share:.1f} % ({successes} of {trials}; 95 %: {100 * low:.1f} to "
            f"{100 * high:.1f}){counted}",
            share >= least,
        )

    def close(self) -> bool:
        """Print the table, write the file, and say whether every claim holds."""
        table = Table(title=self.title)
        for column in ("claim", "target", "measured", ""):
            table.add_column(column)
        for c in self.claims:
            verdict = "[green]pass[/]" if c["passed"] else "[red]falls short[/]"
            table.add_row(c["claim"], c["target"], c["measured"], verdict)
        self.console.print(table)
        OUT.mkdir(parents=True, exist_ok=True)
        file = OUT / f"{self.name}.json"
        content = {
            "benchmark": self.name, "machine": machine(), "settings": self.settings,
            "claims": self.claims, "figures": self.figures,
        }  # fmt: skip
        file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        self.note(f"[dim]{file}[/]")
        return all(c["passed"] for c in self.claims)


def wilson(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if not trials:
        return 0.0, 1.0
    share = successes / trials
    scale = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, p95, p99 and the largest; empty for no values."""
    if not len(values):
        return {}
    p50, p95, p99 = np.percentile(np.asarray(values, dtype=np.float64), (50, 95, 99))
    return {
        "median": float(p50), "p95": float(p95), "p99": float(p99), "largest": float(max(values))
    }  # fmt: skip


def spread_line(values: Sequence[float], unit: str, scale: float = 1.0, digits: int = 1) -> str:
    """The same as a line."""
    parts = spread(values)
    line = ", ".join(f"{name} {value * scale:.{digits}f}" for name, value in parts.items())
    return f"{line} {unit}" if parts else "none"


def machine() -> dict[str, Any]:
    """What it ran on: nothing that names the host."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sapien": importlib.metadata.version("sapien"),
        "counterpoint": importlib.metadata.version("counterpoint")
        if _installed("counterpoint")
        else "from source",
    }


def machine_line() -> str:
    """The same as a line."""
    facts = machine()
    return (
        f"{facts['cpu']}, {facts['cores']} cores, Python {facts['python']}, "
        f"SAPIEN {facts['sapien']}"
    )


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return " ".join(line.split(":", 1)[1].split())
    return platform.machine()
