"""Trials of heads."""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from counterpoint import Robot
from counterpoint.actions import LookAt, ResetHead, RotateHead
from counterpoint.core.pose import Array, Pose, rotate, rotation_vector
from counterpoint.robots.kinematics import kinematics_of
from trials.skill import has_head, skill
from trials.trial import Outcome, Trial, beyond

AIMED = 2.0  # degrees
GRID = 40  # positions a joint in the search for the nearest aim
AT_REST = 0.03  # rad
AXES = ("yaw", "pitch")
"""What the head's joints turn it about, in the order of every model that there is."""


@skill("look_at", LookAt, suits=has_head)
def look_at(t: Trial) -> Outcome:
    """Aims the head's camera at a point.

    *Drawn:* a point within 3 m to each side and 2 m high, many of them behind the robot; where the
    head begins, uniformly over its joints' limits.

    *Success:* the camera's axis is measured within 2° of the point; where the joints do not allow
    that, within 0.5° of the best of a grid of positions (40 a joint) of the head; and still so half
    a second later.
    """
    point = np.array([*t.rng.uniform(-3, 3, 2), t.rng.uniform(0, 2)])
    robot = _open(t)
    kinematics, head = robot.static.kinematics, robot.static.kinematics.track_indices("head")
    t.run(robot.look_at(point))
    angle = _off(_camera(robot, robot.dynamic.q), point)
    t.rest()
    later = _off(_camera(robot, robot.dynamic.q), point)
    limit = AIMED
    if angle > AIMED:
        q, nearest = robot.dynamic.q.copy(), math.inf
        for positions in product(
            *np.linspace(kinematics.lower[head], kinematics.upper[head], GRID).T
        ):
            q[head] = positions
            nearest = min(nearest, _off(_camera(robot, q), point))
        limit = max(AIMED, nearest + 0.5)
    return t.verdict(
        beyond("aimed off", angle, limit, "°"),
        beyond("aimed off later", later, limit, "°"),
        angle=angle, within_reach=float(limit == AIMED),
    )  # fmt: skip


@skill("rotate_head", RotateHead, suits=has_head)
def rotate_head(t: Trial) -> Outcome:
    """Turns the head by an angle about an axis, as far as the joint's limit allows.

    *Drawn:* `yaw` or, where the head has it, `pitch`; an angle of up to 60° either way; where the
    head begins, uniformly over its joints' limits.

    *Success:* from before to after, the camera has turned about that axis by the angle, or by what
    is left to the limit, within 2°, and less than 2° about others; and still so half a second
    later.
    """
    axis = int(t.rng.integers(len(t.model.tracks["head"])))
    angle = t.rng.uniform(-60.0, 60.0)
    robot = _open(t)
    kinematics = robot.static.kinematics
    index = kinematics.track_indices("head")[axis]
    before = _camera(robot, robot.dynamic.q)
    at = robot.dynamic.q[index]
    low, high = (math.degrees(v[index] - at) for v in (kinematics.lower, kinematics.upper))
    if axis == 1 and _axis(before, axis) @ _turn(robot, index) < 0:
        low, high = -high, -low
    wanted = min(max(angle, low), high) * _axis(before, axis)

    def error() -> float:
        turn = _camera(robot, robot.dynamic.q) @ before.inverse()
        return float(np.linalg.norm(np.degrees(rotation_vector(turn.q)) - wanted))

    t.run(robot.rotate_head(angle, AXES[axis]))
    off = error()
    t.rest()
    return t.verdict(
        beyond("turned off", off, AIMED, "°"),
        beyond("turned off later", error(), AIMED, "°"),
        off=off,
    )


@skill("reset_head", ResetHead, suits=has_head)
def reset_head(t: Trial) -> Outcome:
    """Brings the head back to rest.

    *Drawn:* where the head begins, uniformly over its joints' limits.

    *Success:* every joint of the head is measured within 0.03 rad of rest, and still so half a
    second later.
    """
    robot = _open(t)
    kinematics = robot.static.kinematics
    head = kinematics.track_indices("head")

    def off() -> float:
        return float(np.abs(robot.dynamic.q - kinematics.home)[head].max())

    t.run(robot.reset_head())
    at_end = off()
    t.rest()
    return t.verdict(
        beyond("a joint is off", at_end, AT_REST, "rad"),
        beyond("a joint is off later", off(), AT_REST, "rad"),
        off=at_end,
    )  # fmt: skip


def _open(t: Trial) -> Robot:
    """The robot with its head turned somewhere."""
    kinematics = kinematics_of(t.model)
    head = kinematics.track_indices("head")
    q = np.array(kinematics.home)
    q[head] = t.rng.uniform(kinematics.lower[head], kinematics.upper[head])
    return t.open(posture=q)


def _camera(robot: Robot, q: Array) -> Pose:
    mount = robot.model.cameras["head"]
    static = robot.static
    return static.mount @ static.kinematics.link_pose(q, mount.link) @ mount.link_from_camera


def _off(camera: Pose, point: Array) -> float:
    """Between the camera's axis and the way to a point, shape (3,) [degrees]."""
    way = camera.inverse().apply(point)
    return math.degrees(math.acos(min(1.0, way[0] / float(np.linalg.norm(way)))))


def _axis(camera: Pose, axis: int) -> Array:
    """What the head turns about, shape (3,): up, or for pitch the camera's left."""
    return np.array([0.0, 0.0, 1.0]) if axis == 0 else rotate(camera.q, np.array([0.0, 1.0, 0.0]))


def _turn(robot: Robot, index: int) -> Array:
    """The axis of a joint, shape (3,), in the world."""
    q = robot.dynamic.q.copy()
    before = _camera(robot, q)
    q[index] += 0.1
    return rotation_vector((_camera(robot, q) @ before.inverse()).q) / 0.1
