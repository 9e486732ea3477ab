"""The rules by which motion stops. They do not decide what is solid: physics always is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from counterpoint.actions.action import Action
from counterpoint.actions.status import ActionStatus
from counterpoint.core.pose import Array
from counterpoint.simulation.overlap import overlaps
from counterpoint.simulation.response import Response, RobotState

TOUCH_FORCE = 1.0  # N: lighter contacts are brushes
STOPPED = (ActionStatus.collision, ActionStatus.detected_obstacle)
BODY_HEIGHT = 1.3  # m: of the column that a driving robot sweeps
FLOOR_CLEARANCE = 0.03  # m: what is lower is driven over
MARGIN = 0.04  # m: kept between a stopped robot and what it saw


@dataclass
class CollisionDetection:
    """What stops a robot's motion. Yours to change at any time; actions only read it.

    Attributes:
        walls: Walls do.
        floor: The floor does.
        objects: Objects do.
        robots: Other robots do.
        held: Objects that another robot holds do.
        avoid: Look ahead while driving and stop before touching.
        include_objects: Objects that do whatever `objects` says.
        exclude_objects: Objects that never do.
        previous_was_same: Motion of the same kind and direction as one that was stopped ends at
            once with the same status.
    """

    walls: bool = True
    floor: bool = False
    objects: bool = True
    robots: bool = True
    held: bool = True
    avoid: bool = True
    include_objects: set[str] = field(default_factory=set)
    exclude_objects: set[str] = field(default_factory=set)
    previous_was_same: bool = True

    def stops(self, name: str, kind: str) -> bool:
        """Whether contact with `name`, a `robot`, `object`, `wall` or `floor`, stops motion."""
        if name in self.exclude_objects:
            return False
        if name in self.include_objects:
            return True
        return {"wall": self.walls, "floor": self.floor, "robot": self.robots}.get(
            kind, self.objects
        )


def previous_was_same(
    rules: CollisionDetection, previous: Action | None, kind: str, direction: int
) -> ActionStatus | None:
    """The status with which a motion must end at once, or None if it may begin.

    Args:
        rules: The robot's rules.
        previous: The action that ended last on the same tracks.
        kind: `move` or `turn`.
        direction: Its sign: forward or left is positive.
    """
    if not rules.previous_was_same or previous is None or previous.status not in STOPPED:
        return None
    same = getattr(previous, "motion", None) == (kind, direction)
    return previous.status if same else None


def carried(resp: Response, dynamic: RobotState) -> set[str]:
    """What a robot holds, and what lies in the containers that it holds."""
    held = {name for name in dynamic.held.values() if name is not None}
    return held.union(*(resp.objects[name].contents for name in held))


def touching(
    resp: Response,
    dynamic: RobotState,
    rules: CollisionDetection,
    *,
    ignore: Collection[str] = (),
    links: Collection[str] | None = None,
) -> tuple[str, str, float] | None:
    """The first contact that stops motion: (own link, the other's name, force [N]), or None.

    Args:
        ignore: Names that do not count, besides what the robot itself carries.
        links: Only contacts of these links count.
    """
    contacts = resp.contacts
    if not len(contacts):
        return None
    own = dynamic.static.robot_id
    own_load = carried(resp, dynamic)
    for mine, other, force in contacts.touching(own):
        if force < TOUCH_FORCE or other.owner == own or other.owner in own_load:
            continue
        if other.owner in ignore or (links is not None and mine.link not in links):
            continue
        if not rules.held and other.kind == "object" and _held_by_any(resp, other.owner):
            continue
        if rules.stops(other.owner, other.kind):
            return mine.link, other.owner, force
    return None


def obstacle_ahead(
    resp: Response,
    dynamic: RobotState,
    rules: CollisionDetection,
    direction: Array,
    distance: float,
    *,
    ignore: Collection[str] = (),
) -> str | None:
    """What the robot would sweep over its full height within `distance` [m], or None.

    Args:
        direction: Unit vector in the floor plane, shape (2,).
    """
    own = dynamic.static
    start = dynamic.q[:2]
    radius = own.model.radius
    circles = resp.footprints
    if circles.objects:
        reach = circles.object_radii + radius
        near = _near(circles.object_centers, reach, start, direction, distance)
        if len(near):
            name = _first_swept(resp, dynamic, rules, direction, distance, ignore, near)
            if name is not None:
                return name
    row = circles.robots[own.robot_id]
    near = np.flatnonzero(circles.robot_gaps[row] < distance)
    if len(near) > 1:  # it is near itself
        reach = circles.robot_radii[near] + radius
        near = near[_near(circles.robot_centers[near], reach, start, direction, distance)]
        names = list(circles.robots)
        for index in near.tolist():
            robot_id: str = names[index]
            if index == row or robot_id in ignore or not rules.stops(robot_id, "robot"):
                continue
            if float((circles.robot_centers[index] - start) @ direction) > 0:
                return robot_id
    return _wall_ahead(resp, rules, start, direction, distance, radius)


def _first_swept(
    resp: Response,
    dynamic: RobotState,
    rules: CollisionDetection,
    direction: Array,
    distance: float,
    ignore: Collection[str],
    near: NDArray[np.intp],
) -> str | None:
    """The first of the objects in rows `near` that the robot's column would sweep."""
    own_load = carried(resp, dynamic)
    start = dynamic.q[:2]
    swept = _swept(start, direction, distance, dynamic.static.model.radius)
    for index in near.tolist():
        object_id: str = resp.footprints.objects[index]
        state = resp.objects[object_id]
        kind = "wall" if state.static.model.name == "wall" else "object"
        if object_id in own_load or object_id in ignore or not rules.stops(object_id, kind):
            continue
        for shape in state.static.model.shapes:
            points = (state.pose @ shape.object_from_shape).apply(shape.mesh()[0])
            if overlaps(swept, points, 0.0) and not _behind(points, start, direction):
                return object_id
    return None


def _near(
    centers: Array, radii: Array, start: Array, direction: Array, distance: float
) -> NDArray[np.intp]:
    """Which circles, shapes (n, 2) and (n,), a segment of the floor plane comes into."""
    apart = centers - start
    along = np.minimum(np.maximum(apart @ direction, 0.0), distance)
    gap = apart - along[:, None] * direction
    return np.flatnonzero((gap * gap).sum(axis=1) < radii * radii)


_WALLS = (("wall_east", "wall_west"), ("wall_north", "wall_south"))


def _wall_ahead(
    resp: Response,
    rules: CollisionDetection,
    start: Array,
    direction: Array,
    distance: float,
    radius: float,
) -> str | None:
    """The room's wall that the robot's circle would cross."""
    room = resp.room
    if room is None or not rules.walls:
        return None
    for axis, x, towards in zip((0, 1), start.tolist(), direction.tolist(), strict=True):
        if abs(towards) > 1e-3:
            sign = 1.0 if towards > 0 else -1.0
            if sign * (x + towards * distance) + radius > room[axis] / 2:
                return _WALLS[axis][0 if towards > 0 else 1]
    return None


def _swept(start: Array, direction: Array, distance: float, radius: float) -> Array:
    """Corners of the column that a disc sweeps along a segment, shape (n, 3) [m]."""
    angle = np.arctan2(direction[1], direction[0]) + np.linspace(-np.pi / 2, np.pi / 2, 9)
    arc = radius * np.column_stack([np.cos(angle), np.sin(angle)])
    outline = np.concatenate([start + direction * distance + arc, start - arc])
    return np.concatenate(
        [
            np.column_stack([outline, np.full(len(outline), z)])
            for z in (FLOOR_CLEARANCE, BODY_HEIGHT)
        ]
    )


def _behind(points: Array, start: Array, direction: Array) -> bool:
    """Whether everything lies behind the robot's middle: driving on leads away from it."""
    return bool(((points[:, :2] - start) @ direction).max() <= 0)


def _held_by_any(resp: Response, object_id: str) -> bool:
    return any(object_id in robot.held.values() for robot in resp.robots.values())
