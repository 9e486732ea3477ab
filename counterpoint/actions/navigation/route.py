"""Routes of a robot: from where it is to a goal, or out of somebody's way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.actions.navigation.grid import Grid, make_grid
from counterpoint.actions.navigation.outlines import Outline
from counterpoint.actions.navigation.search import COMFORT, Field, cost_field
from counterpoint.actions.navigation.smooth import SLACK, leg_clearance, rounded, shortened
from counterpoint.actions.plane import nearest_on_polygon
from counterpoint.core.pose import Array

CELL = 0.05  # m
KEEP = 0.04  # m: clearance beyond the robot's radius on the way
TOUCH = 0.01  # m: the same at the goal, beside what the robot goes to
OPEN_FLOOR = 5.0  # m about start and goal that are planned over where there are no walls
CANDIDATES = 30  # cells near the goal that are tried


class Goal(NamedTuple):
    """What to come near to.

    Attributes:
        outlines: Of the thing, or one disc of radius 0 for a point.
        aim: Distance from it to end at [m].
        within: Largest distance from it that counts as there [m].
    """

    outlines: Sequence[Outline]
    aim: float
    within: float


class Route(NamedTuple):
    """A path to drive.

    Attributes:
        path: Points from the robot to the end, shape (n, 2) [m].
        radii: Of the curve at each [m]; infinite on straight legs, 0 at corners.
    """

    path: Array
    radii: Array


class NoRoute(NamedTuple):
    """Why there is none: a sentence, and the name of what is to blame, if it has one."""

    reason: str
    culprit: str | None = None


def floor_grid(
    outlines: Sequence[Outline], start: Array, goal: Goal, room: tuple[float, float] | None
) -> Grid:
    """The grid to plan on: the room, or open floor about start and goal."""
    if room is not None:
        half = np.array(room) / 2
        return make_grid(outlines, -half, half, CELL, room)
    ends = np.concatenate([start[None], *(o.points for o in goal.outlines)])
    return make_grid(outlines, ends.min(0) - OPEN_FLOOR, ends.max(0) + OPEN_FLOOR, CELL)


def plan_route(
    outlines: Sequence[Outline], start: Array, goal: Goal, radius: float,
    room: tuple[float, float] | None,
) -> Route | NoRoute:  # fmt: skip
    """The way to a goal for a robot of a radius [m], among outlines, from `start`, shape (2,).

    Args:
        outlines: What is in the way.
        start: Where the robot is, shape (2,) [m].
        goal: Where it wants to go.
        radius: Of the circle that it covers [m].
        room: Inner extents of the room [m], if it has walls.
    """
    grid = floor_grid(outlines, start, goal, room)
    field = cost_field(grid, start, radius + KEEP)
    if field.start is None:
        culprit = _nearest(outlines, start)
        return NoRoute(f"the start is occupied{_by(culprit)}", culprit)
    away = _distance(goal.outlines, grid)
    there = field.passable & (away <= goal.within + grid.cell)
    reached = np.flatnonzero(there & np.isfinite(field.cost))
    worth = field.cost.flat[reached] + 2 * np.abs(away.flat[reached] - goal.aim)
    order = reached[np.argsort(worth, kind="stable")]
    for flat in order[:: max(1, len(order) // CANDIDATES)]:
        cell = (int(flat) // grid.values.shape[1], int(flat) % grid.values.shape[1])
        end = _end(goal, grid, grid.position_of(cell), float(away[cell]), radius)
        if end is not None:
            return _finished(field, cell, start, end, radius)
    return _why_not(field, there, outlines, goal, radius)


def path_between(grid: Grid, start: Array, end: Array, needed: float) -> Array | None:
    """The path between two positions with a clearance [m], shape (n, 2) [m], or None."""
    field = cost_field(grid, start, needed)
    cell = grid.cell_of(end)
    n, m = grid.values.shape
    if field.start is None or not (0 <= cell[0] < n and 0 <= cell[1] < m):
        return None
    if not np.isfinite(field.cost[cell]):
        return None
    path = np.concatenate([start[None], field.path_to(cell)[1:-1], end[None]])
    return rounded(shortened(path, grid, needed, needed + COMFORT), grid, needed)[0]


def plan_retreat(
    outlines: Sequence[Outline], start: Array, ways: Sequence[tuple[Array, float]], radius: float,
    room: tuple[float, float] | None,
) -> Route | None:  # fmt: skip
    """The shortest way to where a robot of a radius [m] is in nobody's way, or None.

    Args:
        outlines: What is in the way.
        start: Where the robot is, shape (2,) [m].
        ways: Of each other robot, points of its way (n, 2) and the distance to keep from it [m].
        radius: Of the circle that the robot covers [m].
        room: Inner extents of the room [m], if it has walls.
    """
    from scipy.ndimage import distance_transform_edt

    here = Goal([Outline("", start[None])], 0.0, 0.0)
    grid = floor_grid(outlines, start, here, room)
    field = cost_field(grid, start, radius + KEEP)
    clear = np.isfinite(field.cost) & (grid.clearance >= radius + KEEP)
    n, m = clear.shape
    for way, distance in ways:
        free = np.ones((n, m), dtype=bool)
        i, j = np.floor((way - grid.origin) / grid.cell).astype(int).T
        free[np.clip(i, 0, n - 1), np.clip(j, 0, m - 1)] = False
        clear &= distance_transform_edt(free) * grid.cell >= distance + grid.cell
    if not clear.any():
        return None
    flat = int(np.argmin(np.where(clear, field.cost, np.inf)))
    cell = (flat // m, flat % m)
    return _finished(field, cell, start, grid.position_of(cell), radius)


def _finished(
    field: Field, cell: tuple[int, int], start: Array, end: Array, radius: float
) -> Route:
    """The path over cells as a route."""
    grid, needed = field.grid, radius + KEEP
    path = np.concatenate([start[None], field.path_to(cell)[1:], end[None]])
    path = shortened(path, grid, needed, needed + COMFORT)
    return Route(*rounded(path, grid, needed))


def _end(goal: Goal, grid: Grid, cell: Array, away: float, radius: float) -> Array | None:
    """Where to end, from a cell near the goal: at the aim where there is room, or in the cell."""
    near = min(
        (_nearest_point(o, cell) for o in goal.outlines),
        key=lambda p: float(np.hypot(*(p - cell))),
    )
    back = cell - near
    length = float(np.hypot(*back))
    end = near if length < 1e-9 else near + back * (min(goal.aim, away) / length)
    if leg_clearance(grid, cell, end) >= radius + TOUCH - SLACK / 2:
        return np.asarray(end)
    return cell if away <= goal.within else None


def _why_not(
    field: Field, there: NDArray[np.bool_], outlines: Sequence[Outline], goal: Goal, radius: float
) -> NoRoute:
    from scipy.ndimage import label

    if not there.any():
        point = goal.outlines[0].points.mean(axis=0)
        own = {o.owner for o in goal.outlines}
        culprit = _nearest([o for o in outlines if o.owner not in own], point)
        return NoRoute(
            f"the goal is occupied: there is no room for a circle of {radius:.2f} m{_by(culprit)}",
            culprit,
        )
    parts, _ = label(field.passable, structure=np.ones((3, 3)))
    assert field.start is not None
    own_part = int((parts == parts[field.start]).sum())
    sizes = np.bincount(parts.ravel())
    largest = int(sizes[np.unique(parts[there])].max())
    what = "start" if own_part < largest else "goal"
    return NoRoute(f"the {what} is enclosed: no way is wide enough for {2 * radius:.2f} m")


def _distance(outlines: Sequence[Outline], grid: Grid) -> Array:
    """How far each cell is from the nearest of some outlines [m]."""
    n, m = grid.values.shape
    x = grid.position_of(np.column_stack([np.arange(n), np.zeros(n)]))[:, :1]
    y = grid.position_of(np.column_stack([np.zeros(m), np.arange(m)]))[:, 1][None]
    return np.asarray(np.min([o.distance(x, y) for o in outlines], axis=0))


def _nearest(outlines: Sequence[Outline], point: Array) -> str | None:
    """The owner of the outline nearest to a point, if it is at hand."""
    distances = [(float(o.distance(point[0], point[1])), o.owner) for o in outlines]
    best = min(distances, default=(np.inf, ""))
    return best[1] if best[0] < 1.0 else None


def _nearest_point(outline: Outline, point: Array) -> Array:
    """The point of an outline nearest to a point outside it, shape (2,) [m]."""
    core = outline.points[0] if len(outline.points) == 1 else None
    if core is None:
        core = nearest_on_polygon(outline.points, point)
    away = point - core
    length = float(np.hypot(*away))
    return core if length < 1e-9 else core + away * min(outline.radius / length, 1.0)


def _by(culprit: str | None) -> str:
    return "" if culprit is None else f" beside {culprit!r}"
