"""The monitor's inner layer: joint velocities, a base's included, against what is near."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial

import numpy as np

from counterpoint.add_ons.safety.bases import Disc
from counterpoint.add_ons.safety.scene import SafetyScene
from counterpoint.add_ons.safety.views import View
from counterpoint.core.pose import Array
from counterpoint.robots.description import load_description
from counterpoint.safety.barriers import ArmState, Barrier
from counterpoint.safety.joint_box import JointBox
from counterpoint.safety.obstacles import Cylinders, Spheres
from counterpoint.safety.oscbf import OSCBF, OSCBFResult
from counterpoint.simulation.response import RobotState, RobotStatic

NEAR = 0.3
"""Spheres further from each other than this have no row [m]."""

TOUCHED = 1e-3
"""A smaller change of a velocity is rounding [m/s, rad/s]."""

HALF_HEIGHT = 1.5
"""Of the column that stands for a robot whose posture is not known [m]."""


class ArmFilters:
    """Inner filters of whoever is near somebody.

    Args:
        margin: Distance that is to remain [m].
        gain: Class-K gain [1/s].
        dt: Length of a frame [s].
    """

    def __init__(self, *, margin: float, gain: float, dt: float) -> None:
        self._margin, self._gain, self._dt = margin, gain, dt

    def step(
        self,
        scene: SafetyScene,
        views: Sequence[View],
        gaps: Mapping[tuple[str, str], float],
        safe: dict[str, Array],
    ) -> tuple[list[OSCBFResult], dict[str, str]]:
        """Change what robots are about to do as little as possible.

        Args:
            scene: The truth.
            views: What decisions are based on.
            gaps: Distances of pairs that are near each other [m].
            safe: Robot → velocities of its driven joints, changed in place.

        Returns:
            What the filters answered, and robots that were held back with the nearest partner.
        """
        results: list[OSCBFResult] = []
        held_by: dict[str, str] = {}
        for view in views:
            for robot in view.egos:
                found = self._barrier(scene, robot, view, gaps)
                if found is None:
                    continue
                barrier, partner = found
                result = self._filter(scene, robot, safe[robot], barrier)
                results.append(result)
                if np.abs(result.q_dot - safe[robot]).max() > TOUCHED:
                    held_by[robot] = partner
                    safe[robot] = result.q_dot.copy()
                    if scene.states[robot].static.model.base == "differential":
                        safe[robot][1] = 0.0
        return results, held_by

    def _barrier(
        self,
        scene: SafetyScene,
        robot: str,
        view: View,
        gaps: Mapping[tuple[str, str], float],
    ) -> tuple[Barrier, str] | None:
        """Distance to partners' bodies, and the nearest of them."""
        partners = [b if a == robot else a for a, b in view.pairs if robot in (a, b)]
        if view.heard is not None:
            own, discs = scene.circle(robot).position, view.discs
            near = {p: float(np.hypot(*(discs[p].position - own))) - discs[p].radius
                    for p in partners}  # fmt: skip
            barrier: Callable[[list[str]], Barrier] = partial(self._among_columns, discs)
        else:
            near = {p: gaps[(robot, p) if (robot, p) in gaps else (p, robot)] for p in partners}
            near = {p: gap for p, gap in near.items() if gap < NEAR}
            barrier = partial(self._among_spheres, scene)
        if not near:
            return None
        return barrier(list(near)), min(near, key=lambda p: (near[p], p))

    def _among_spheres(self, scene: SafetyScene, partners: list[str]) -> Barrier:
        """Distance to partners whose posture is known."""
        placed = [scene.spheres(p) for p in partners]
        return Spheres(
            positions=np.concatenate([p.centres for p in placed]),
            velocities=np.concatenate([p.velocities for p in placed]),
            radii=np.concatenate([p.radii for p in placed]),
            margin=self._margin, activation=NEAR, gain=self._gain,
        )  # fmt: skip

    def _among_columns(self, discs: Mapping[str, Disc], partners: list[str]) -> Barrier:
        """Distance to partners of whom only circles on the floor are known."""
        known, k = [discs[p] for p in partners], len(partners)
        return Cylinders(
            positions=np.array([[*d.position, HALF_HEIGHT] for d in known]),
            velocities=np.array([[*d.velocity, 0.0] for d in known]),
            rotations=np.broadcast_to(np.eye(3), (k, 3, 3)),
            radii=np.array([d.radius for d in known]), half_lengths=np.full(k, HALF_HEIGHT),
            margin=self._margin, activation=NEAR, gain=self._gain,
        )  # fmt: skip

    def _filter(
        self, scene: SafetyScene, robot: str, asked: Array, barrier: Barrier
    ) -> OSCBFResult:
        """The velocities of all driven joints nearest to those asked for."""
        state, mine = scene.states[robot], scene.spheres(robot)
        driven = state.static.driven
        arm = ArmState(
            q=state.q[driven], centres=mine.centres, jacobian=mine.jacobian, radii=mine.radii,
            tool_position=np.zeros(3), tool_jacobian=np.zeros((6, len(asked))),
        )  # fmt: skip
        inner = OSCBF(_joint_box(state.static, self._dt))
        return inner.filter(asked, arm, [barrier], q_dot=state.target_velocity[driven])


def slower(state: RobotState, dt: float) -> Array:
    """Velocities of a robot's driven joints that slow down as hard as its drives can."""
    static = state.static
    names = [static.kinematics.joints[i] for i in static.driven]
    most = np.array([static.model.drive_of(name).acceleration for name in names]) * dt
    now = state.target_velocity[static.driven]
    out: Array = now - np.clip(now, -most, most)
    return out


@lru_cache(maxsize=64)
def _joint_box(static: RobotStatic, dt: float) -> JointBox:
    """What the driven joints of a robot can do; a mobile base has no positions to keep."""
    driven, model = static.driven, static.model
    description = load_description(model)
    names = [static.kinematics.joints[i] for i in driven]
    drives = [model.drive_of(name) for name in names]
    lower = static.kinematics.lower[driven].copy()
    upper = static.kinematics.upper[driven].copy()
    speed = description.velocity[driven].copy()
    for k, drive in enumerate(drives):
        speed[k] = speed[k] if drive.velocity is None else min(speed[k], drive.velocity)
    base = static.kinematics.base_size
    lower[:base], upper[:base] = -np.inf, np.inf
    return JointBox(lower, upper, speed, [d.acceleration for d in drives], dt=dt)
