"""What stands on the floor, as convex outlines: of objects, of robots, and of what they carry."""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from counterpoint.actions.collision import BODY_HEIGHT, FLOOR_CLEARANCE
from counterpoint.actions.floor import arm_shapes
from counterpoint.actions.plane import convex_outline
from counterpoint.core.arm import Arm
from counterpoint.core.pose import Array, Pose, matrix_from_quaternion
from counterpoint.objects.model import Shape
from counterpoint.robots.kinematics import kinematics_of
from counterpoint.robots.model import RobotModel
from counterpoint.simulation.response import ObjectState, Response, RobotState

ELBOW_ROOM = 0.1  # m: what sticks out by less makes the robot's circle larger, all round


UPRIGHT = 1 - 1e-6  # cosine of the tilt up to which a cylinder's outline is a disc


class Outline(NamedTuple):
    """A convex shape in the floor plane: a polygon, widened all round by a radius.

    Attributes:
        owner: Name of the robot or object that it belongs to.
        points: Its corners, counter-clockwise, shape (n, 2) [m]; one corner makes a disc, two make
            a line.
        radius: [m].
    """

    owner: str
    points: Array
    radius: float = 0.0

    def distance(self, x: Array, y: Array) -> Array:
        """How far points are from it, 0 inside, in the shape that `x` and `y` [m] broadcast to."""
        px, py = self.points.T
        if len(px) == 1:
            return np.asarray(np.maximum(np.hypot(x - px[0], y - py[0]) - self.radius, 0.0))
        ex, ey = np.roll(px, -1) - px, np.roll(py, -1) - py
        least: Array | None = None
        inside = np.full(np.broadcast_shapes(x.shape, y.shape), len(px) > 2)
        for k in range(len(px)):
            dx, dy = x - px[k], y - py[k]
            square = max(ex[k] ** 2 + ey[k] ** 2, 1e-18)
            share = np.clip((dx * ex[k] + dy * ey[k]) / square, 0.0, 1.0)
            gap = (dx - share * ex[k]) ** 2 + (dy - share * ey[k]) ** 2
            least = gap if least is None else np.minimum(least, gap)
            inside &= ex[k] * dy - ey[k] * dx >= 0
        assert least is not None
        return np.where(inside, 0.0, np.maximum(np.sqrt(least) - self.radius, 0.0))

    def covers(self, x: Array, y: Array, half: float) -> Array:
        """Whether it overlaps squares about points, with sides of 2 · `half` [m].

        By separating axes; the corners of a widened polygon count as square.
        """
        px, py = self.points.T
        if len(px) == 1:
            dx = np.maximum(np.abs(x - px[0]) - half, 0.0)
            dy = np.maximum(np.abs(y - py[0]) - half, 0.0)
            return np.asarray(dx * dx + dy * dy < self.radius**2)
        reach = half + self.radius - 1e-9
        overlap = (x > px.min() - reach) & (x < px.max() + reach)
        overlap = overlap & (y > py.min() - reach) & (y < py.max() + reach)
        for k in range(len(px)):
            ex, ey = px[(k + 1) % len(px)] - px[k], py[(k + 1) % len(px)] - py[k]
            length = max(float(np.hypot(ex, ey)), 1e-12)
            nx, ny = ey / length, -ex / length
            limit = half * (abs(nx) + abs(ny)) + self.radius - 1e-9
            overlap &= nx * (x - px[k]) + ny * (y - py[k]) < limit
        return np.asarray(overlap)

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The lowest and the highest corner of its box, each shape (2,) [m]."""
        return self.points.min(axis=0) - self.radius, self.points.max(axis=0) + self.radius


def scene_outlines(
    resp: Response, *, robots: Collection[str] = (), ignore: Collection[str] = ()
) -> list[Outline]:
    """Outlines of every object that a driving robot could meet, and of the robots named.

    What lies lower than a robot drives over, or higher than it is tall, is left out. Walls of the
    room are not among them: the room's extents say where they are.

    Args:
        resp: The world.
        robots: Robots whose outlines are wanted, too.
        ignore: Objects that do not count, as those that a robot carries.
    """
    found: list[Outline] = []
    for object_id, state in resp.objects.items():
        if object_id not in ignore:
            found += object_outlines(state)
    for robot_id, robot in resp.robots.items():
        if robot_id in robots:
            found += robot_outlines(robot)
    return found


def object_outlines(state: ObjectState) -> list[Outline]:
    """Outlines of an object's shapes, without those that lie within another of them."""
    bottom = state.bounds[0, 2]
    if bottom > BODY_HEIGHT:
        return []
    owner, pose = state.static.object_id, state.pose
    found: list[tuple[float, Outline]] = []
    for shape in state.static.model.shapes:
        world_from_shape = pose @ shape.object_from_shape
        outline, low, high = _shape_outline(owner, shape, world_from_shape)
        if low > BODY_HEIGHT or high < FLOOR_CLEARANCE:
            continue
        size = np.ptp(outline.points, axis=0) + 2 * outline.radius
        found.append((float(size[0] * size[1]), outline))
    found.sort(key=lambda pair: -pair[0])
    kept: list[Outline] = []
    for _, outline in found:
        if not any(_within(outline, other) for other in kept):
            kept.append(outline)
    return kept


def robot_outlines(state: RobotState) -> list[Outline]:
    """The circle that a robot covers, and the links of its arms that stick out of it."""
    static = state.static
    center = state.base_position[:2]
    links = _reaching(state, static.model.radius)
    furthest = max((far for _, _, far in links), default=0.0)
    radius = max(static.model.radius, min(furthest, static.model.radius + ELBOW_ROOM))
    outlines = [Outline(static.robot_id, center[None].copy(), radius)]
    for _, points, far in links:
        if far > radius and points[:, 2].min() < BODY_HEIGHT:
            outlines.append(Outline(static.robot_id, convex_outline(points[:, :2])))
    return outlines


def body_radius(resp: Response, state: RobotState, tucking: Collection[Arm] = ()) -> float:
    """Radius of the circle about the base that covers a mobile robot and what it holds [m].

    Args:
        resp: The world.
        state: The robot.
        tucking: Arms that count as at rest already.
    """
    model = state.static.model
    radius = max(model.radius, rest_radius(model))
    for arm, _, far in _reaching(state, radius):
        if arm not in tucking:
            radius = max(radius, far)
    center = state.base_position[:2]
    for object_id in state.held.values():
        if object_id is not None and object_id in resp.objects:
            held = resp.objects[object_id]
            points = held.pose.apply(held.static.vertices)[:, :2]
            radius = max(radius, float(np.linalg.norm(points - center, axis=1).max()))
    return radius


@lru_cache(maxsize=32)
def rest_radius(model: RobotModel) -> float:
    """How far a mobile model's arms reach from the base's axis when they are at rest [m]."""
    kinematics = kinematics_of(model)
    radius = 0.0
    for arm in model.arms:
        for link, vertices, _ in arm_shapes(model, arm):
            points = kinematics.link_pose(kinematics.home, link).apply(vertices)
            radius = max(radius, float(np.hypot(points[:, 0], points[:, 1]).max()))
    return radius


def _reaching(state: RobotState, radius: float) -> list[tuple[Arm, Array, float]]:
    """Links of the arms that stick out of a circle about the base.

    Returns:
        The arm, the link's vertices in the world, shape (n, 3) [m], and how far out they are [m].
    """
    static, found = state.static, []
    # In the description's frame, which the mount turns and moves, and never tilts.
    cx, cy = state.q[:2].tolist() if static.model.mobile else (0.0, 0.0)
    for arm in static.model.arms:
        shapes = arm_shapes(static.model, arm)
        poses = static.kinematics.link_poses(state.q, tuple(link for link, _, _ in shapes))
        for (_, vertices, size), local in zip(shapes, poses, strict=True):
            x, y, _ = local.p.tolist()
            if math.hypot(x - cx, y - cy) + size <= radius:
                continue
            points = local.apply(vertices)
            far = float(np.hypot(points[:, 0] - cx, points[:, 1] - cy).max())
            if far > radius:
                found.append((arm, static.mount.apply(points), far))
    return found


def _shape_outline(owner: str, shape: Shape, pose: Pose) -> tuple[Outline, float, float]:
    """The outline of one shape, and its lowest and highest height [m]."""
    z = float(pose.p[2])
    if shape.kind == "sphere":
        return Outline(owner, pose.p[None, :2], shape.size[0]), z - shape.size[0], z + shape.size[0]
    if shape.kind == "cylinder" and abs(matrix_from_quaternion(pose.q)[2, 2]) > UPRIGHT:
        return Outline(owner, pose.p[None, :2], shape.size[0]), z - shape.size[1], z + shape.size[1]
    points = pose.apply(shape.mesh()[0])
    low, high = float(points[:, 2].min()), float(points[:, 2].max())
    return Outline(owner, convex_outline(points[:, :2])), low, high


def _within(outline: Outline, other: Outline) -> bool:
    """Whether an outline lies within another one."""
    x, y = outline.points.T
    return outline.radius <= other.radius + 1e-9 and bool((other.distance(x, y) <= 1e-9).all())
