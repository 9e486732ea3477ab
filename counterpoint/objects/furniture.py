"""Things that usually stay where they are, and stand on their origin: table, shelf, wall."""

from __future__ import annotations

from counterpoint.objects.grasps import GRIP_DEPTH, edge_grips
from counterpoint.objects.model import ObjectModel, register_object_model
from counterpoint.objects.parts import (
    Size,
    block,
    checked_below,
    checked_count,
    checked_size,
    mass_of,
)

WOOD = 500.0
"""Density of tables and shelves [kg/m³]."""

BRICK = 1500.0
"""Density of walls [kg/m³]."""


def table(size: Size = (1.2, 0.7, 0.75), *, board: float = 0.03, leg: float = 0.05) -> ObjectModel:
    """A table with four legs at its corners. Static unless the command says otherwise.

    Affordances: `front_edge`, `back_edge`, `left_edge`, `right_edge`, where the board is gripped
    from the side, above and below, to carry the table. Mass: 500 kg/m³. `top` is the height of
    the table.

    Args:
        size: Overall extents (x, y, z) [m].
        board: Thickness of the board [m].
        leg: Width of the legs [m].

    Raises:
        ValueError: If a length is out of range; the message names it.
    """
    x, y, z = size = checked_size("table", size)
    board = checked_below("table", "board", board, z / 2, "half the height")
    leg = checked_below("table", "leg", leg, min(x, y) / 2, "half the shorter side")
    color, dark = (0.74, 0.58, 0.42), (0.42, 0.33, 0.26)
    shapes = [block((-x / 2, -y / 2, z - board), (x / 2, y / 2, z), color)]
    for i in (-x / 2, x / 2 - leg):
        for j in (-y / 2, y / 2 - leg):
            shapes.append(block((i, j, 0.0), (i + leg, j + leg, z - board), dark))
    grips = edge_grips((x, y), board, z, min(GRIP_DEPTH, x / 4, y / 4))
    mass = mass_of(shapes, WOOD)
    return ObjectModel("table", size, tuple(shapes), tuple(grips), True, mass, color, z, 0.0)


def shelf(size: Size = (0.35, 0.9, 1.5), *, levels: float = 4, board: float = 0.02) -> ObjectModel:
    """A shelf with two sides (±y) and a back (-x), open to its front, +x. Static.

    The upper face of board k, counted from 0 at the bottom, is at
    `board + k · (size z - board) / (levels - 1)`. It has no affordances. Mass: 500 kg/m³. `top`
    is the upper face of the highest board.

    Args:
        size: Overall extents (x, y, z) [m].
        levels: How many boards there are, with the lowest and the highest: 2 to 20.
        board: Thickness of every board [m].

    Raises:
        ValueError: If a parameter is out of range; the message names it.
    """
    x, y, z = size = checked_size("shelf", size)
    count = checked_count("shelf", "levels", levels, 2, 20)
    thinnest = min(x / 2, y / 2, z / count)
    t = checked_below("shelf", "board", board, thinnest, "so that room is left between boards")
    color, dark = (0.78, 0.66, 0.50), (0.60, 0.49, 0.36)
    shapes = [
        block((-x / 2, y / 2 - t, 0.0), (x / 2, y / 2, z), dark),
        block((-x / 2, -y / 2, 0.0), (x / 2, t - y / 2, z), dark),
        block((-x / 2, t - y / 2, 0.0), (t - x / 2, y / 2 - t, z), dark),
    ]
    for k in range(count):
        low = k * (z - t) / (count - 1)
        shapes.append(block((t - x / 2, t - y / 2, low), (x / 2, y / 2 - t, low + t), color))
    mass = mass_of(shapes, WOOD)
    return ObjectModel("shelf", size, tuple(shapes), (), True, mass, color, z, 0.0)


def wall(size: Size = (2.0, 0.1, 2.5)) -> ObjectModel:
    """A static upright board along x. It has no affordances. Mass: 1,500 kg/m³.

    Args:
        size: Length, thickness and height (x, y, z) [m].

    Raises:
        ValueError: If an extent is not finite and above 0.
    """
    x, y, z = size = checked_size("wall", size)
    shapes = (block((-x / 2, -y / 2, 0.0), (x / 2, y / 2, z)),)
    mass = mass_of(shapes, BRICK)
    return ObjectModel("wall", size, shapes, (), True, mass, (0.86, 0.85, 0.82), z, 0.0)


for _builder in (table, shelf, wall):
    register_object_model(_builder.__name__, _builder)
