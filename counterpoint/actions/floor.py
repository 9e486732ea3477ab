"""Arms that keep above the floor. Only fixed geometry is asked: no contact, no scene."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import numpy as np

from counterpoint.actions.arm_motion import arm_links, between
from counterpoint.core.arm import Arm
from counterpoint.core.pose import Array
from counterpoint.robots.model import RobotModel
from counterpoint.simulation.hulls import robot_hulls
from counterpoint.simulation.response import RobotStatic


def above_floor(static: RobotStatic, q: Array, arms: Collection[Arm]) -> bool:
    """Whether every link of the arms is above the floor at joint vector `q`, shape (n,)."""
    for arm in arms:
        shapes = arm_shapes(static.model, arm)
        poses = static.kinematics.link_poses(q, tuple(link for link, _, _ in shapes))
        for (_, vertices, radius), pose in zip(shapes, poses, strict=True):
            least = -float(static.mount.p[2]) - float(pose.p[2])  # a mount is never tilted
            if -radius >= least:
                continue
            w, x, y, z = pose.q.tolist()
            up = np.array([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)])
            if float((vertices @ up).min()) < least:
                return False
    return True


def path_above_floor(static: RobotStatic, a: Array, b: Array, arms: Collection[Arm]) -> bool:
    """Whether they are, too, all the way from joint vector `a` to `b`, `a` itself apart."""
    return all(above_floor(static, q, arms) for q in between(a, b))


@lru_cache(maxsize=64)
def arm_shapes(model: RobotModel, arm: Arm) -> tuple[tuple[str, Array, float], ...]:
    """Of each link that the arm moves: its name, its hulls' vertices, and their largest radius."""
    hulls = dict(robot_hulls(model))
    shapes = []
    for link in arm_links(model, arm):
        if hulls[link]:
            vertices = np.concatenate([v for v, _ in hulls[link]])
            shapes.append((link, vertices, float(np.linalg.norm(vertices, axis=1).max())))
    return tuple(shapes)
