"""From paths over cells to paths to drive: fewer corners, and round ones."""

from __future__ import annotations

import numpy as np

from counterpoint.actions.navigation.grid import Grid
from counterpoint.core.pose import Array

SLACK = 0.01  # m of clearance that interpolation between cells may cost
LOSS = 0.05  # m of clearance that a shorter path may cost where there is enough of it
LONGEST_CUT = 0.6  # m of each leg that a rounded corner takes at most
SHORTEST_CUT = 0.04  # m: a corner that must be sharper stays a corner
ARC_STEP = 0.1  # rad between the points of a rounded corner


def shortened(path: Array, grid: Grid, needed: float, comfort: float) -> Array:
    """The path with the corners left out that can be, shape (k, 2) [m].

    A straight leg has about as much clearance as the piece that it replaces, or `comfort`.

    Args:
        path: Points, shape (n, 2) [m].
        grid: Where the obstacles are.
        needed: Clearance that the robot needs [m]; a path may begin with less.
        comfort: Clearance that is as good as any [m].
    """
    points = _corners(path)
    clearance = grid.clearance_at(points)
    kept, at = [0], 0
    while at < len(points) - 1:
        to = len(points) - 1
        while to > at + 1:
            had = min(float(clearance[at : to + 1].min()), comfort)
            allowed = max(min(had, needed) - SLACK, had - LOSS)
            if leg_clearance(grid, points[at], points[to]) >= allowed:
                break
            to -= 1
        kept.append(to)
        at = to
    return points[kept]


def rounded(path: Array, grid: Grid, needed: float) -> tuple[Array, Array]:
    """The path with its corners cut along arcs where there is room for it.

    Returns:
        Points, shape (k, 2) [m], and the radius of the curve at each [m]: infinite on straight
        legs, 0 at corners that stay.
    """
    points, radii = [path[0]], [np.inf]
    for before, corner, after in zip(path[:-2], path[1:-1], path[2:], strict=True):
        arc, radius = _arc(before, corner, after, grid, needed)
        points += list(arc)
        radii += [radius] * len(arc)
    points.append(path[-1])
    radii.append(np.inf)
    return np.array(points), np.array(radii)


def leg_clearance(grid: Grid, a: Array, b: Array) -> float:
    """The least clearance along a straight leg [m]."""
    count = max(2, int(np.ceil(float(np.linalg.norm(b - a)) / (grid.cell / 2))) + 1)
    return float(grid.clearance_at(a + np.linspace(0, 1, count)[:, None] * (b - a)).min())


def _corners(path: Array) -> Array:
    """The points of a path at which it turns, and its ends."""
    if len(path) < 3:
        return path
    step = np.diff(path, axis=0)
    turn = step[:-1, 0] * step[1:, 1] - step[:-1, 1] * step[1:, 0]
    turns = np.concatenate([[True], np.abs(turn) > 1e-9, [True]])
    return np.asarray(path[turns])


def _arc(
    before: Array, corner: Array, after: Array, grid: Grid, needed: float
) -> tuple[Array, float]:
    """A circular arc that cuts a corner, or the corner itself and radius 0."""
    back, ahead = before - corner, after - corner
    lengths = float(np.linalg.norm(back)), float(np.linalg.norm(ahead))
    if min(lengths) < 1e-9:
        return corner[None], 0.0
    u, v = back / lengths[0], ahead / lengths[1]
    half = 0.5 * float(np.arccos(np.clip(u @ v, -1.0, 1.0)))  # half the angle between the legs
    turn = np.pi - 2 * half
    if turn < 1e-3:
        return corner[None], np.inf
    bisector = u + v
    if half < 0.05:  # it turns right back
        return corner[None], 0.0
    bisector /= float(np.linalg.norm(bisector))
    allowed = min(needed, float(grid.clearance_at(corner[None])[0])) - SLACK
    cut = min(LONGEST_CUT, 0.5 * min(lengths))
    while cut >= SHORTEST_CUT:
        radius = cut * float(np.tan(half))
        center = corner + bisector * (cut / float(np.cos(half)))
        count = max(3, int(np.ceil(turn / ARC_STEP)) + 1)
        start = corner + u * cut - center
        side = 1.0 if u[0] * v[1] - u[1] * v[0] < 0 else -1.0
        angles = np.linspace(0.0, side * turn, count)
        c, s = np.cos(angles), np.sin(angles)
        arc = center + np.column_stack([c * start[0] - s * start[1], s * start[0] + c * start[1]])
        if float(grid.clearance_at(arc).min()) >= allowed:
            return arc, radius
        cut /= 2
    return corner[None], 0.0
