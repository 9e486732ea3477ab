"""Affordances for parallel grippers, in the object's frame.

Sides are named as the object sees them: front is +x, back is -x, left is +y, right is -y.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from counterpoint.core.pose import Array, read_only
from counterpoint.objects.model import Affordance

# How far below a surface the fingertips reach: pads are about 2 cm long [m].
GRIP_DEPTH = 0.03
RIM_DEPTH = 0.02

X, Y, UP, DOWN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0)
SIDES: dict[str, tuple[float, float, float]] = {
    "front": (1.0, 0.0, 0.0),
    "back": (-1.0, 0.0, 0.0),
    "left": (0.0, 1.0, 0.0),
    "right": (0.0, -1.0, 0.0),
}


def affordance(
    name: str,
    position: Sequence[float] | Array,
    approach: Sequence[float] | Array,
    closing_axis: Sequence[float] | Array,
    width: float,
) -> Affordance:
    """An affordance whose arrays are read-only float64."""
    # Adding 0.0 turns -0.0 into 0.0, which would show in messages and digests.
    point, along, across = (
        read_only(np.array(v, dtype=np.float64) + 0.0) for v in (position, approach, closing_axis)
    )
    return Affordance(name, point, along, across, float(width))


def top_grasps(extent: tuple[float, float], top: float, depth: float) -> list[Affordance]:
    """From above around the whole object, the narrower way first.

    Args:
        extent: What the fingers span along x and along y [m].
        top: Height of the upper face [m].
        depth: How far below it the fingertips are [m].
    """
    position = (0.0, 0.0, top - depth)
    along_x = affordance("top_x", position, DOWN, X, extent[0])
    along_y = affordance("top_y", position, DOWN, Y, extent[1])
    return [along_x, along_y] if extent[0] < extent[1] else [along_y, along_x]


def side_grasps(
    extent: tuple[float, float],
    height: float,
    depth: tuple[float, float],
    sides: Iterable[str] = tuple(SIDES),
) -> list[Affordance]:
    """Level grasps around the whole object, the narrower way first.

    Args:
        extent: What the fingers span along x and along y [m].
        height: Height of the fingertips [m].
        depth: How far behind the face the fingertips are, coming along x and along y [m].
        sides: Which sides the hand comes from.
    """
    grasps = []
    for side in sides:
        out = SIDES[side]
        axis = 0 if out[0] else 1
        reach = 0.5 * extent[axis] - depth[axis]
        position = (reach * out[0], reach * out[1], height)
        grasps.append(affordance(side, position, _inwards(out), _level(out), extent[1 - axis]))
    return sorted(grasps, key=lambda g: g.width)


def rim_pinches(
    extent: tuple[float, float],
    wall: float,
    rim: float,
    depth: float,
    sides: Iterable[str] = tuple(SIDES),
) -> list[Affordance]:
    """`left_rim`, `right_rim`, …: a wall pinched from above, across it.

    Args:
        extent: Outer extents along x and along y [m].
        wall: Thickness of the walls [m].
        rim: Height of their upper edges [m].
        depth: How far below that the fingertips are [m].
        sides: Which walls.
    """
    grasps = []
    for side in sides:
        out = SIDES[side]
        reach = 0.5 * (extent[0] if out[0] else extent[1]) - 0.5 * wall
        position = (reach * out[0], reach * out[1], rim - depth)
        across = X if out[0] else Y
        grasps.append(affordance(f"{side}_rim", position, DOWN, across, wall))
    return grasps


def edge_grips(
    extent: tuple[float, float], board: float, top: float, depth: float
) -> list[Affordance]:
    """`left_edge`, `right_edge`, …: a level board gripped from its side, above and below.

    Args:
        extent: Extents of the board along x and along y [m].
        board: Its thickness [m].
        top: Height of its upper face [m].
        depth: How far inside the edge the fingertips are [m].
    """
    grasps = []
    for side, out in SIDES.items():
        reach = 0.5 * (extent[0] if out[0] else extent[1]) - depth
        position = (reach * out[0], reach * out[1], top - 0.5 * board)
        grasps.append(affordance(f"{side}_edge", position, _inwards(out), UP, board))
    return grasps


def _inwards(out: tuple[float, float, float]) -> tuple[float, float, float]:
    return (0.0 - out[0], 0.0 - out[1], 0.0 - out[2])


def _level(out: tuple[float, float, float]) -> tuple[float, float, float]:
    return Y if out[0] else X
