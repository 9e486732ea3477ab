"""Maps of the floor as pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from counterpoint.actions.navigation import FREE, OCCUPIED, OUTSIDE, Grid
from counterpoint.core.pose import Array

if TYPE_CHECKING:
    from PIL.Image import Image

COLORS = {FREE: (250, 249, 246), OCCUPIED: (74, 78, 86), OUTSIDE: (196, 198, 202)}
TIGHT = (232, 214, 190)  # of free cells next to an obstacle, fading with distance
FADES = 0.6  # m
LINES = ((31, 119, 180), (214, 93, 14), (44, 140, 60), (148, 103, 189), (178, 34, 52))
GRID_LINE, INK, ROBOT = (222, 220, 214), (40, 42, 48), (240, 170, 60)
SUPERSAMPLING = 2  # smooth lines: drawn larger, then made smaller
FRAME = 34  # pixels about the map, for the scale


class MapRobot(NamedTuple):
    """A robot on a map: its name, position (2,) [m], heading [rad], and radius [m]."""

    name: str
    position: Array
    yaw: float
    radius: float


def draw_map(
    grid: Grid, robots: Sequence[MapRobot] = (), paths: Sequence[Array] = (), width: int = 800
) -> Image:
    """A picture of a map, y up, with lines a metre apart, robots, and paths.

    Args:
        grid: The map.
        robots: Robots to draw.
        paths: Points of each path, shape (n, 2) [m].
        width: Of the picture [pixels].
    """
    from PIL import Image as Images
    from PIL import ImageDraw, ImageFont

    n, m = grid.values.shape
    scale = SUPERSAMPLING * (width - 2 * FRAME) / (n * grid.cell)  # pixels a metre
    size = round(scale * n * grid.cell), round(scale * m * grid.cell)
    edge = FRAME * SUPERSAMPLING
    picture = Images.new("RGB", (size[0] + 2 * edge, size[1] + 2 * edge), (255, 255, 255))
    cells = Images.fromarray(_colors(grid)).resize(size, Images.Resampling.NEAREST)
    picture.paste(cells, (edge, edge))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(11 * SUPERSAMPLING)

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            edge + (x - float(grid.origin[0])) * scale,
            edge + size[1] - (y - float(grid.origin[1])) * scale,
        )

    low, high = grid.origin, grid.origin + np.array([n, m]) * grid.cell
    step = max(1, math.ceil(float(high[0] - low[0]) / 12))  # m between numbers
    for x in range(math.ceil(low[0] / step) * step, math.floor(high[0]) + 1, step):
        draw.line([at(x, low[1]), at(x, high[1])], GRID_LINE, SUPERSAMPLING)
        draw.text((at(x, low[1])[0], edge + size[1] + 6), f"{x}", INK, font, anchor="ma")
    for y in range(math.ceil(low[1] / step) * step, math.floor(high[1]) + 1, step):
        draw.line([at(low[0], y), at(high[0], y)], GRID_LINE, SUPERSAMPLING)
        draw.text((edge - 6, at(low[0], y)[1]), f"{y}", INK, font, anchor="rm")
    draw.text((edge + size[0], edge - 6), "metres", INK, font, anchor="rd")
    solid = Images.fromarray(_solid(grid)).resize(size, Images.Resampling.NEAREST)
    picture.paste(cells, (edge, edge), solid)  # obstacles lie over the lines
    for k, path in enumerate(paths):
        points = [at(*p) for p in path.tolist()]
        color = LINES[k % len(LINES)]
        draw.line(points, color, 3 * SUPERSAMPLING, joint="curve")
        _disc(draw, points[0], 4 * SUPERSAMPLING, color)
        _disc(draw, points[-1], 7 * SUPERSAMPLING, color)
    for robot in robots:
        x, y = robot.position.tolist()
        middle, radius = at(x, y), robot.radius * scale
        _disc(draw, middle, radius, ROBOT, INK)
        tip = at(
            x + robot.radius * math.cos(robot.yaw),
            y + robot.radius * math.sin(robot.yaw),
        )
        draw.line([middle, tip], INK, 2 * SUPERSAMPLING)
        draw.text((middle[0], middle[1] + radius + 4), robot.name, INK, font, anchor="ma")
    return picture.resize(
        (picture.width // SUPERSAMPLING, picture.height // SUPERSAMPLING), Images.Resampling.LANCZOS
    )


def _colors(grid: Grid) -> np.ndarray:
    """The cells' colours, as an image with y up, shape (m, n, 3)."""
    colors = np.empty((*grid.values.shape, 3))
    for value, color in COLORS.items():
        colors[grid.values == value] = color
    room = np.clip(grid.clearance / FADES, 0.0, 1.0)[..., None]
    shaded = (1 - room) * np.array(TIGHT) + room * np.array(COLORS[FREE])
    colors = np.where((grid.values == FREE)[..., None], shaded, colors)
    return np.ascontiguousarray(colors.astype(np.uint8).transpose(1, 0, 2)[::-1])


def _solid(grid: Grid) -> np.ndarray:
    """A mask of what is not free, as an image with y up, shape (m, n)."""
    return np.ascontiguousarray((grid.values != FREE).T[::-1].astype(np.uint8) * 255)


def _disc(draw: object, middle: tuple[float, float], radius: float, *colors: object) -> None:
    x, y = middle
    fill, outline = (*colors, None)[:2]
    draw.ellipse(  # type: ignore[attr-defined]
        [x - radius, y - radius, x + radius, y + radius], fill, outline, SUPERSAMPLING
    )
