"""Draws the pictures of the guide to the safety monitor: `python benchmarks/safety_pictures.py`.

The last one is made from the results of `safety_radio.py`, which has to run first.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import tyro
from adversaries import ADVERSARIES, learn
from report import OUT
from safety_stress import crossing

from counterpoint import Controller, derive_substream
from counterpoint import commands as cmd
from counterpoint.add_ons import SafetyMonitor
from counterpoint.add_ons.safety.scene import Roster, SafetyScene
from counterpoint.safety.conformal import realised_shortfall

mpl.use("Agg")
import matplotlib.pyplot as plt

INK = {"a": "#1f6f8b", "b": "#d1603d"}
CAPACITY = 3.0  # m/s²: both robots' together


def trace(monitored: bool, seed: int = 2) -> dict[str, np.ndarray]:
    """Positions, radii, gap and barrier of a crossing, frame by frame."""
    scene = crossing(derive_substream("safety_stress/crossing", seed).default_rng())
    rows: list[list[float]] = []
    with Controller(seed=seed) as c:
        c.add_ons.extend(scene.robots)
        if monitored:
            c.add_ons.append(SafetyMonitor())
        response = c.communicate(cmd.CreateEmptyRoom(width=12, length=12))
        roster = Roster({r: s.static for r, s in response.robots.items()})
        scripts = [c.spawn(t) for t in scene.tasks()]
        while not all(s.done for s in scripts) and response.frame < 900:
            response = c.communicate()
            seen = SafetyScene(response, roster)
            a, b = seen.circle("a"), seen.circle("b")
            away = a.position - b.position
            distance = float(np.hypot(*away))
            radii = [seen.extent(r).whole for r in "ab"]
            closing = float(away @ (a.velocity - b.velocity)) / distance
            barrier = math.sqrt(2 * CAPACITY * max(distance - sum(radii), 0.0)) + closing
            touched = any(
                other.kind == "robot" and other.owner != r
                for r in "ab" for _, other, _ in response.robots[r].contacts
            )  # fmt: skip
            rows.append([*a.position, *b.position, *radii, seen.gap("a", "b"), barrier, touched])
    table = np.array(rows)
    return {
        "a": table[:, :2], "b": table[:, 2:4], "radii": table[:, 4:6], "gap": table[:, 6],
        "h": table[:, 7], "touched": table[:, 8] > 0,
    }  # fmt: skip


def draw_crossing(path: Path, runs: dict[str, dict[str, np.ndarray]]) -> None:
    """Two ways seen from above, without and with the monitor."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.4), sharex=True, sharey=True)
    for axis, (title, run) in zip(axes, runs.items(), strict=True):
        closest = int(run["gap"].argmin())
        for k, name in enumerate("ab"):
            axis.plot(*run[name].T, color=INK[name], lw=1.5, label=f"robot {name}")
            for frame in range(0, len(run["gap"]), 60):
                spot, size = run[name][frame], run["radii"][frame, k]
                dot = plt.Circle(spot, size, color=INK[name], alpha=0.07)
                axis.add_patch(dot)
            ring = plt.Circle(
                run[name][closest], run["radii"][closest, k], color=INK[name], fill=False, lw=1.5
            )
            axis.add_patch(ring)
        if run["touched"].any():
            first = int(run["touched"].argmax())
            where = 0.5 * (run["a"][first] + run["b"][first])
            axis.plot(*where, "x", color="black", ms=10, mew=2, label="first contact")
        axis.set_title(f"{title}: nearest {run['gap'].min():.2f} m")
        axis.set(xlabel="x [m]", aspect="equal", xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))
        axis.legend(loc="upper left", frameon=False)
    axes[0].set_ylabel("y [m]")
    _save(figure, path)


def draw_barrier(path: Path, runs: dict[str, dict[str, np.ndarray]]) -> None:
    """Gap and barrier over time."""
    figure, axes = plt.subplots(2, 1, figsize=(9, 4.6), sharex=True)
    for (title, run), style in zip(runs.items(), ("--", "-"), strict=True):
        time = np.arange(len(run["gap"])) / 60
        axes[0].plot(time, run["gap"], style, color="#444", label=title)
        axes[1].plot(time, run["h"], style, color="#1f6f8b", label=title)
    axes[0].set(ylabel="gap between bodies [m]", ylim=(-0.2, 2))
    axes[1].set(ylabel="barrier h [m/s]", xlabel="time [s]", ylim=(-1.5, 4))
    for axis in axes:
        axis.axhline(0, color="#b00", lw=0.8)
        axis.legend(frameon=False, loc="upper center")
    axes[1].set_xlim(0, 10)
    _save(figure, path)


def draw_conformal(path: Path, periods: int = 100_000) -> None:
    """Mean loss so far against five adversaries."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
    for axis, (title, lie) in zip(
        axes,
        (("partners within their bound", 1.0), ("partners half as hard again", 1.5)),
        strict=True,
    ):
        run = learn(
            realised_shortfall, np.random.default_rng(0), periods=periods, lie=lie, epsilon=0.0
        )
        at = np.unique(np.geomspace(1, periods, 400).astype(int)) - 1
        for name, losses in zip(ADVERSARIES, run.so_far[at].T, strict=True):
            axis.semilogx(at + 1, losses, label=name, lw=1.2)
        axis.axhline(0, color="#b00", lw=0.8)
        axis.set(xlabel="periods", title=title)
    axes[0].set_ylabel("mean loss so far [m/s²]")
    axes[1].legend(frameon=False, fontsize=8)
    _save(figure, path)


def draw_radio(path: Path) -> None:
    """Least gaps against the delay of each profile."""
    found = json.loads((OUT / "safety_radio.json").read_text())["figures"]
    figure, axis = plt.subplots(figsize=(9, 3.6))
    for k, row in enumerate(found.values()):
        spots = k + np.linspace(-0.15, 0.15, len(row["gaps"]))
        axis.plot(spots, row["gaps"], "o", color="#1f6f8b", ms=4, alpha=0.6)
        axis.plot([k - 0.25, k + 0.25], [np.median(row["gaps"])] * 2, color="#d1603d", lw=2)
    axis.axhline(0, color="#b00", lw=0.8)
    axis.set_xticks(range(len(found)), [f"{n}\n{r['mean_ms']:g} ms" for n, r in found.items()])
    axis.set_ylabel("least gap of a run [m]")
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=90, metadata={"Software": None})
    plt.close(figure)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def main(out: Path = Path("docs/pictures")) -> None:
    """Draw all of them.

    Args:
        out: Where they go.
    """
    runs = {"without": trace(False), "with the monitor": trace(True)}
    draw_crossing(out / "safety_crossing.png", runs)
    draw_barrier(out / "safety_barrier.png", runs)
    draw_conformal(out / "safety_conformal.png")
    draw_radio(out / "safety_radio.png")


if __name__ == "__main__":
    tyro.cli(main)
