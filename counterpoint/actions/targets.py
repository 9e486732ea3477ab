"""What actions aim at: robots, objects, affordance points and positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from counterpoint.actions.plane import convex_outline, nearest_on_polygon
from counterpoint.core.errors import CommandError, UnknownObjectError
from counterpoint.core.pose import Array, matrix_from_quaternion
from counterpoint.objects.mesh_files import nearest_in_hull
from counterpoint.simulation.response import ObjectState, Response

Target = str | tuple[str, str] | Sequence[float] | Array
"""A robot or object id, (object id, affordance), or a world position (3,) [m]."""


def check_target(target: Any) -> Target:
    """The target, with a position as a finite array of shape (3,).

    Raises:
        CommandError: If it is neither a name, a name and an affordance, nor a finite position.
    """
    if isinstance(target, str):
        return target
    if isinstance(target, tuple) and len(target) == 2 and all(isinstance(t, str) for t in target):
        return target
    try:
        position = np.asarray(target, dtype=np.float64)
    except (TypeError, ValueError):
        position = np.empty(0)
    if position.shape != (3,) or not np.isfinite(position).all():
        raise CommandError(
            "expected a robot or object id, (object id, affordance), or three finite numbers [m]",
            field="target",
            value=target,
        )
    return position


def name_of(target: Target) -> str | None:
    """The robot or object that a target names, or None for a position."""
    if isinstance(target, str):
        return target
    return target[0] if isinstance(target, tuple) and isinstance(target[0], str) else None


def require_name(resp: Response, name: str) -> None:
    """Raise `UnknownObjectError` unless a robot or object has that name."""
    if name not in resp.objects and name not in resp.robots:
        raise UnknownObjectError(name, [*resp.objects, *resp.robots])


def floor_point(resp: Response, target: Target, seen_from: Array) -> tuple[Array, bool]:
    """Where a target is in the floor plane, shape (2,) [m], and whether it is a thing with an edge.

    The point of an object is its nearest to `seen_from` (2,), over the shapes that a driving robot
    would meet; of a robot, its middle.
    """
    name = name_of(target)
    if name is None:
        return np.asarray(target, dtype=np.float64)[:2], False
    require_name(resp, name)
    if name in resp.robots:
        return resp.robots[name].base_position[:2], True
    return nearest_floor_point(resp.objects[name], seen_from), True


def nearest_floor_point(state: ObjectState, seen_from: Array) -> Array:
    """The point of an object's outline nearest to `seen_from`, shape (2,) [m]."""
    best, best_distance = state.position[:2], np.inf
    for shape in state.static.model.shapes:
        pose = state.pose @ shape.object_from_shape
        hull = convex_outline(pose.apply(shape.mesh()[0])[:, :2])
        point = nearest_on_polygon(hull, seen_from)
        distance = float(np.linalg.norm(point - seen_from))
        if distance < best_distance:
            best, best_distance = point, distance
    return best


def hand_point(resp: Response, target: Target, hand: Array) -> Array:
    """Where a hand at `hand` (3,) should go for a target, shape (3,) [m].

    Raises:
        UnknownObjectError: If there is no such object.
        CommandError: If the object has no such affordance.
    """
    if isinstance(target, tuple) and isinstance(target[0], str):
        require_name(resp, target[0])
        state = resp.objects[target[0]]
        points = {a.name: a.position for a in state.static.model.affordances}
        if target[1] not in points:
            raise CommandError(
                f"object {target[0]!r} has no affordance {target[1]!r}",
                field="target", value=target, exists=points,
            )  # fmt: skip
        return state.pose.apply(points[target[1]])
    name = name_of(target)
    if name is None:
        return np.asarray(target, dtype=np.float64)
    require_name(resp, name)
    if name in resp.robots:
        robot = resp.robots[name]
        poses = list(robot.end_effector_pose.values())
        distances = [float(np.linalg.norm(p.p - hand)) for p in poses]
        return poses[int(np.argmin(distances))].p
    state = resp.objects[name]
    affordances = state.static.model.affordances
    if affordances:
        world = state.pose.apply(np.stack([a.position for a in affordances]))
        return np.asarray(world[int(np.argmin(np.linalg.norm(world - hand, axis=1)))])
    return nearest_surface_point(state, hand)


def nearest_surface_point(state: ObjectState, point: Array) -> Array:
    """The point on an object's shapes nearest to `point`, shape (3,) [m]."""
    best, best_distance = state.position, np.inf
    for shape in state.static.model.shapes:
        pose = state.pose @ shape.object_from_shape
        turn = matrix_from_quaternion(pose.q)
        local = turn.T @ (point - pose.p)
        if shape.kind == "box":
            near = np.clip(local, -np.array(shape.size), np.array(shape.size))
        elif shape.kind == "sphere":
            near = local * min(1.0, shape.size[0] / max(float(np.linalg.norm(local)), 1e-12))
        elif shape.kind == "hull":
            near = nearest_in_hull(shape, local)
        else:
            radial = float(np.hypot(local[0], local[1]))
            near = np.array([*local[:2] * min(1.0, shape.size[0] / max(radial, 1e-12)), 0.0])
            near[2] = np.clip(local[2], -shape.size[1], shape.size[1])
        world = turn @ near + pose.p
        distance = float(np.linalg.norm(world - point))
        if distance < best_distance:
            best, best_distance = world, distance
    return best
