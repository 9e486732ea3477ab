"""The monitor's inner layer: joint velocities, a base's included, against what is near."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from counterpoint.add_ons.safety.scene import SafetyScene
from counterpoint.add_ons.safety.spheres import PlacedSpheres
from counterpoint.core.pose import Array
from counterpoint.robots.description import load_description
from counterpoint.safety.barriers import ArmState, Barrier
from counterpoint.safety.joint_box import JointBox
from counterpoint.safety.obstacles import Cylinders, Spheres
from counterpoint.safety.oscbf import OSCBF, OSCBFResult
from counterpoint.simulation.response import RobotStatic

NEAR = 0.3
"""Spheres further from each other than this have no row [m]."""

HALF_HEIGHT = 1.5
"""Of the column that stands for a robot whose posture is not known [m]."""


def among_spheres(partners: Sequence[PlacedSpheres], *, margin: float, gain: float) -> Barrier:
    """Distance to partners whose posture is known."""
    return Spheres(
        positions=np.concatenate([p.centres for p in partners]),
        velocities=np.concatenate([p.velocities for p in partners]),
        radii=np.concatenate([p.radii for p in partners]),
        margin=margin, activation=NEAR, gain=gain,
    )  # fmt: skip


def among_columns(
    positions: Array, velocities: Array, radii: Array, *, margin: float, gain: float
) -> Barrier:
    """Distance to partners of whom only circles on the floor are known.

    Args:
        positions: Shape (k, 2) [m].
        velocities: Shape (k, 2) [m/s].
        radii: Shape (k,) [m].
        margin: Distance that is to remain [m].
        gain: Class-K gain [1/s].
    """
    k = len(radii)
    return Cylinders(
        positions=np.column_stack([positions, np.full(k, HALF_HEIGHT)]),
        velocities=np.column_stack([velocities, np.zeros(k)]),
        rotations=np.broadcast_to(np.eye(3), (k, 3, 3)),
        radii=radii, half_lengths=np.full(k, HALF_HEIGHT),
        margin=margin, activation=NEAR, gain=gain,
    )  # fmt: skip


def filter_arms(
    scene: SafetyScene, robot_id: str, asked: Array, barrier: Barrier, dt: float
) -> OSCBFResult:
    """The velocities of all driven joints nearest to those asked for that keep a barrier."""
    state, mine = scene.states[robot_id], scene.spheres(robot_id)
    driven = state.static.driven
    arm = ArmState(
        q=state.q[driven], centres=mine.centres, jacobian=mine.jacobian, radii=mine.radii,
        tool_position=np.zeros(3), tool_jacobian=np.zeros((6, len(asked))),
    )  # fmt: skip
    inner = OSCBF(_joint_box(state.static, dt))
    return inner.filter(asked, arm, [barrier], q_dot=state.target_velocity[driven])


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
