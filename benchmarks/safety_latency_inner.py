"""How long a Panda's inner layer takes: `python benchmarks/safety_latency_inner.py`.

One call is what a control period needs: sphere centres and Jacobians from link poses, the barriers'
rows, the quadratic program. Every call has another random state, and a good third of them are in
collision already, the harder case. Each state is measured in several passes, and its shortest time
counts: the others are the machine's other work.
"""

from __future__ import annotations

import gc
import sys
import time
from dataclasses import dataclass, replace

import numpy as np
import tyro
from report import Report, spread, spread_line

from counterpoint import derive_substream
from counterpoint.robots import get_model
from counterpoint.robots.kinematics import kinematics_of
from counterpoint.safety.arm_geometry import ArmGeometry
from counterpoint.safety.barriers import (
    Barrier,
    EndEffectorBox,
    JointLimits,
    SelfCollision,
    Singularity,
    keep_in_box,
)
from counterpoint.safety.joint_box import JointBox
from counterpoint.safety.obstacles import Spheres
from counterpoint.safety.oscbf import OSCBF, InnerStatus, OSCBFResult
from counterpoint.safety.spheres import LinkSpheres
from counterpoint.simulation.collision_spheres import robot_axes, robot_spheres, sphere_links

DT = 0.02  # s
PANDA_SPHERES = 21
OTHER_SPHERES = 4
ARM_JOINTS = 7
PASSES = 3


@dataclass(frozen=True, slots=True)
class Case:
    """What one call is given: the arrays that a simulator holds at that moment."""

    q: np.ndarray
    q_dot: np.ndarray
    nominal: np.ndarray
    rotations: np.ndarray
    positions: np.ndarray
    others: np.ndarray
    velocities: np.ndarray


class PandaArm:
    """A Panda's fixed geometry: its spheres, joint axes, and the pairs of spheres that may meet."""

    def __init__(self) -> None:
        self.model = get_model("panda")
        self.kinematics = kinematics_of(self.model)
        self.links = sphere_links(self.model)
        self.spheres: LinkSpheres = robot_spheres(self.model, PANDA_SPHERES)
        self.geometry = ArmGeometry(
            self.spheres,
            robot_axes(self.model).select(np.arange(ARM_JOINTS)),
            tool_link=self.links.index("panda_link7"),
            tool_offset=np.array([0.0, 0.0, 0.2104]),  # flange 0.107 and hand 0.1034 [m]
        )
        first, second = np.triu_indices(len(self.spheres.radii), 1)
        apart = np.abs(self.spheres.links[first] - self.spheres.links[second]) > 3
        self.pairs = np.stack((first[apart], second[apart]), axis=1)
        self.lower = self.kinematics.lower[:ARM_JOINTS]
        self.upper = self.kinematics.upper[:ARM_JOINTS]

    def link_arrays(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rotations (l, 3, 3) and positions (l, 3) of the links at arm positions (7,)."""
        whole = np.array(self.kinematics.home)
        whole[:ARM_JOINTS] = q
        poses = [p.matrix() for p in self.kinematics.link_poses(whole, self.links)]
        return np.array([m[:3, :3] for m in poses]), np.array([m[:3, 3] for m in poses])


def draw(arm: PandaArm, rng: np.random.Generator) -> Case:
    """A random state of the arm, with another body's spheres within a metre of it."""
    span = arm.upper - arm.lower
    q = rng.uniform(arm.lower + 0.1 * span, arm.upper - 0.1 * span)
    rotations, positions = arm.link_arrays(q)
    return Case(
        q, rng.uniform(-0.3, 0.3, ARM_JOINTS), rng.uniform(-1.5, 1.5, ARM_JOINTS), rotations,
        positions, rng.uniform((-0.7, -0.7, 0.2), (0.7, 0.7, 1.2), (OTHER_SPHERES, 3)),
        rng.uniform(-0.3, 0.3, (OTHER_SPHERES, 3)),
    )  # fmt: skip


def static_barriers(arm: PandaArm, rows: int) -> tuple[Barrier, ...]:
    """Barriers of the arm alone, so many that with those of other bodies there are `rows` rows."""
    barriers: tuple[Barrier, ...] = (
        JointLimits(lower=arm.lower, upper=arm.upper),
        EndEffectorBox(lower=np.array([-1.0, -1.0, 0.0]), upper=np.array([1.0, 1.0, 1.5])),
        Singularity(threshold=0.01),
        replace(
            keep_in_box(np.array([-1.5, -1.5, -0.2]), np.array([1.5, 1.5, 2.0])), activation=0.0
        ),
    )
    left = rows - 2 * ARM_JOINTS - 6 - 1 - OTHER_SPHERES * len(arm.spheres.radii)
    if not 0 <= left <= len(arm.pairs):
        raise SystemExit(f"{rows} rows cannot be made of {len(arm.pairs)} pairs of spheres")
    return (*barriers, SelfCollision(pairs=arm.pairs[:left]))


def call(arm: PandaArm, inner: OSCBF, fixed: tuple[Barrier, ...], case: Case) -> OSCBFResult:
    """One control period of the inner layer, kinematics included."""
    state = arm.geometry.state(case.q, case.rotations, case.positions)
    others = Spheres(
        positions=case.others, velocities=case.velocities, radii=np.full(OTHER_SPHERES, 0.1)
    )
    return inner.filter(case.nominal, state, (*fixed, others), q_dot=case.q_dot)


def measure(rows: int, calls: int, seed: int) -> tuple[np.ndarray, list[OSCBFResult]]:
    """Seconds of each call, and its answer."""
    arm = PandaArm()
    rng = derive_substream("inner layer latency", seed).default_rng()
    inner = OSCBF(
        JointBox(arm.lower, arm.upper, np.full(ARM_JOINTS, 2.0), np.full(ARM_JOINTS, 15.0), dt=DT),
        task_weight=1.0,
    )
    fixed = static_barriers(arm, rows)
    cases = [draw(arm, rng) for _ in range(calls)]
    for case in cases[:50]:
        call(arm, inner, fixed, case)
    times = np.full((PASSES, calls), np.inf)
    answers = []
    gc.collect()
    gc.disable()
    try:
        for number in range(PASSES):
            answers = []
            for k, case in enumerate(cases):
                begun = time.perf_counter()
                answer = call(arm, inner, fixed, case)
                times[number, k] = time.perf_counter() - begun
                answers.append(answer)
    finally:
        gc.enable()
    return times.min(axis=0), answers


def main(rows: int = 150, calls: int = 2000, seed: int = 0, quick: bool = False) -> None:
    """Measure the inner layer.

    Args:
        rows: Barrier rows of each program.
        calls: States, each measured once.
        seed: Of the states.
        quick: A tenth of the calls.
    """
    report = Report("safety_latency_inner", "inner layer of a panda", rows=rows, calls=calls)
    times, answers = measure(rows, calls // 10 if quick else calls, seed)
    kinds = {status.value: sum(a.status is status for a in answers) for status in InnerStatus}
    counts = sorted({len(answer.slack) for answer in answers})
    report.note(f"rows {counts[0]} to {counts[-1]}; answers {kinds}")
    micro = spread(list(times * 1e6))
    report.figure("microseconds", micro)
    report.figure("answers", kinds)
    line = spread_line(list(times * 1e6), "µs", digits=0)
    report.claim("a call, median", "< 250 µs", line, micro["median"] < 250.0)
    ratio = micro["p99"] / micro["median"]
    report.claim("tail", "p99 ≤ 5 medians", f"{ratio:.1f} medians", ratio <= 5.0)
    sys.exit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
