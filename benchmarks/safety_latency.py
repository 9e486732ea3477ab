"""What the outer filter costs: `python benchmarks/safety_latency.py`.

Every scene is one in which rows hold the proposal back, so that the program has to be solved; a
proposal that is safe costs less. The collector of cyclic garbage is off while it is timed, and the
baseline, daqp alone on the same program, is measured in turn.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from typing import Any

import daqp
import numpy as np
import tyro
from report import Report, spread

from counterpoint.core.errors import SafetyInfeasible
from counterpoint.safety.agents import Agents
from counterpoint.safety.barrier import Braking
from counterpoint.safety.batch import filter_pairs
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.cbf_qp import EgoOnlyCBFQP
from counterpoint.safety.conformal import SafetyState
from counterpoint.safety.control_models import DoubleIntegratorControlModel
from counterpoint.safety.joint_cbf_qp import JointCBFQP
from counterpoint.safety.rows import ego_rows

BOUNDS = Bounds(action_linf_component=4.0, cartesian_accel_capacity=4.0)
DT = 0.02
PAIRS = 1000


def timed(call: Callable[[], Any], repeats: int, passes: int) -> dict[str, float]:
    """Microseconds of a call: the pass with the lowest median."""
    for _ in range(50):
        call()
    best: dict[str, float] = {}
    gc.disable()
    try:
        for _ in range(passes):
            times = np.empty(repeats)
            for k in range(repeats):
                begun = time.perf_counter_ns()
                call()
                times[k] = (time.perf_counter_ns() - begun) / 1e3
            seen = spread(times.tolist())
            if not best or seen["median"] < best["median"]:
                best = seen
    finally:
        gc.enable()
    return best


def ring(partners: int) -> Agents:
    """An ego that drives at one of the partners about it."""
    angle = 2 * np.pi * np.arange(partners) / max(partners, 1)
    position = np.vstack(([0.0, 0.0], 1.5 * np.c_[np.cos(angle), np.sin(angle)]))
    velocity = np.zeros_like(position)
    velocity[0] = 1.4, 0.1
    return Agents.of(["ego", *(f"p{i}" for i in range(partners))], position, velocity, 0.3)


def crowd(agents: int) -> tuple[JointCBFQP, Agents, dict[str, np.ndarray[Any, Any]]]:
    """Agents that push into the middle of their crowd, and a program with a solution."""
    ids = [f"a{i:02d}" for i in range(agents)]
    models = {i: DoubleIntegratorControlModel(i, 2) for i in ids}
    cbf = JointCBFQP(models, BOUNDS, dt=DT, split="joint")
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        position = rng.uniform(-1, 1, size=(agents, 2)) * 0.8 * agents**0.5
        velocity = rng.normal(scale=0.3, size=(agents, 2)) - 0.5 * position
        given = Agents.of(ids, position, velocity, 0.1)
        wish = dict(zip(ids, np.clip(-3.0 * position, -4.0, 4.0), strict=True))
        try:
            _, info = cbf.filter(wish, given, SafetyState())
        except SafetyInfeasible:
            continue
        if info.active.sum() >= agents // 4 and info.solver == "daqp":
            return cbf, given, wish
    raise RuntimeError("no crowd was found that is held back and has a solution")


def main(repeats: int = 3000, passes: int = 5) -> None:
    """Measure and judge.

    Args:
        repeats: Calls in a pass.
        passes: Of which the one with the lowest median counts, as others use the machine too.
    """
    report = Report(
        "safety_latency", "the outer filter, microseconds", repeats=repeats, passes=passes
    )

    def judge(what: str, seen: dict[str, float], target: float | None, scale: float = 1.0) -> None:
        figures = {k: v / scale for k, v in seen.items()}
        report.figure(what, figures)
        shown = (
            f"median {figures['median']:.2f}, p95 {figures['p95']:.2f}, p99 {figures['p99']:.2f}"
        )
        if target is None:
            report.note(f"{what}: {shown}")
            return
        report.claim(f"{what}: median", f"< {target:g}", shown, figures["median"] < target)
        ratio = figures["p99"] / figures["median"]
        report.claim(f"{what}: p99 over median", "≤ 5", f"{ratio:.1f}", ratio <= 5)

    proposed = np.array([4.0, 0.5])
    for partners in (1, 3, 7):
        agents, state = ring(partners), SafetyState()
        cbf = EgoOnlyCBFQP(DoubleIntegratorControlModel("ego", 2), BOUNDS, dt=DT, partner_accel=1.0)
        _, info = cbf.filter(proposed, agents, state)
        if info.solver != "daqp" or not info.active.any():
            raise RuntimeError(f"the scene of {partners} partners holds nothing back")
        seen = timed(lambda c=cbf, a=agents, s=state: c.filter(proposed, a, s), repeats, passes)
        judge(f"ego-only, {partners} partners", seen, 50.0 if partners == 7 else None)
    agents = ring(7)
    offset, velocity = (a[0] - a[1:] for a in (agents.position, agents.velocity))
    rows = ego_rows(
        offset, velocity, np.full(7, 0.6), Braking.of(4.0, np.ones(7), DT, 2), None, gamma=5.0
    )
    low = np.concatenate((np.full(2, -4.0), rows.asked + 1.0))
    high = np.concatenate((np.full(2, 4.0), np.full(7, 1e30)))
    sense = np.zeros(9, dtype=np.int32)
    alone = timed(
        lambda: daqp.solve(np.eye(2), -proposed, rows.direction, high, low, sense), repeats, passes
    )
    judge("baseline: daqp alone on the program of 7 partners", alone, None)

    for count in (5, 10, 20):
        joint, given, wish = crowd(count)
        state = SafetyState()
        seen = timed(
            lambda j=joint, w=wish, g=given, s=state: j.filter(w, g, s), repeats // 3, passes
        )
        judge(f"joint, {count} agents", seen, 1000.0 if count == 20 else None)

    rng = np.random.default_rng(0)
    offset = rng.normal(size=(PAIRS, 2)) * 1.5
    velocity, wishes = rng.normal(size=(PAIRS, 2)), rng.normal(size=(PAIRS, 2)) * 3.0
    contact = np.full(PAIRS, 0.5)
    seen = timed(
        lambda: filter_pairs(
            wishes, offset, velocity, contact, capacity=4.0, partner_accel=1.0, dt=DT
        ),
        max(repeats // 10, 30), passes,
    )  # fmt: skip
    judge(f"{PAIRS} pairs in one call, a pair", seen, 5.0, PAIRS)
    sys.exit(not report.close())


if __name__ == "__main__":
    tyro.cli(main)
