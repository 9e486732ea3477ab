"""A map of the floor: what is free, what is taken, and how much room there is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.actions.navigation import Grid, make_grid, path_between, scene_outlines
from counterpoint.add_ons.add_on import AddOn
from counterpoint.add_ons.map_picture import MapRobot, draw_map
from counterpoint.commands import Command
from counterpoint.core.errors import CommandError, CounterpointError
from counterpoint.core.pose import Array
from counterpoint.simulation.response import Response

MAX_CELLS = 4_000_000
NO_MAP = "there is no map yet: put it into controller.add_ons and call communicate() once"


class OccupancyMap(AddOn):
    """A grid of the floor, made in its first frame and again by `generate()`.

    A cell is occupied where a collision shape overlaps it that a driving robot could meet: walls,
    and objects' shapes between 0.03 m and 1.3 m above the floor. Values are `UNKNOWN` (-1: beyond
    the map), `FREE` (0), `OCCUPIED` (1) and `OUTSIDE` (2: beyond the walls of the room), from
    `counterpoint.actions.navigation`. Arrays are read-only, indexed [i, j]: i along x, j along y.
    `navigate_to` plans on a map of its own and does not need this one.

    Args:
        cell_size: Side of a cell [m].
        margin: How far the map goes beyond the room, or (without walls) beyond what stands on the
            floor [m].
        robots: Whether robots count as obstacles, where they are when the map is made.
    """

    def __init__(
        self, cell_size: float = 0.05, margin: float = 0.2, *, robots: bool = False
    ) -> None:
        if not (math.isfinite(cell_size) and cell_size > 0):
            raise CommandError("expected metres above 0", field="cell_size", value=cell_size)
        if not (math.isfinite(margin) and margin >= 0):
            raise CommandError("expected 0 or more metres", field="margin", value=margin)
        self.cell_size, self.margin, self.robots = cell_size, margin, robots
        self._grid: Grid | None = None
        self._response: Response | None = None

    # --- what scripts see -------------------------------------------------------------------------

    @property
    def grid(self) -> Grid:
        """The grid.

        Raises:
            CounterpointError: Before the first frame with the map.
        """
        if self._grid is None:
            raise CounterpointError(NO_MAP)
        return self._grid

    @property
    def values(self) -> NDArray[np.int8]:
        """What each cell is, shape (n, m)."""
        return self.grid.values

    @property
    def clearance(self) -> Array:
        """From each cell's middle to the nearest obstacle, shape (n, m) [m]; see `Grid`."""
        return self.grid.clearance

    def generate(self) -> None:
        """Make the map again, from the last frame.

        Raises:
            CounterpointError: Before the first frame with the map.
            CommandError: If it would have more than 4,000,000 cells.
        """
        if self._response is None:
            raise CounterpointError(NO_MAP)
        self._make(self._response)

    def cell_of(self, position: ArrayLike) -> tuple[int, int]:
        """The cell (i, j) that holds a position, shape (2,) or (3,) [m]; it may be off the map."""
        return self.grid.cell_of(position)

    def position_of(self, cell: ArrayLike) -> Array:
        """The middle of a cell, or of several, shape (..., 2) [m]."""
        return self.grid.position_of(cell)

    def value(self, position: ArrayLike) -> int:
        """What is at a position, shape (2,) or (3,) [m]; `UNKNOWN` off the map."""
        return self.grid.value(position)

    def free(self, position: ArrayLike, radius: float) -> bool:
        """Whether a disc of a radius [m] at a position, shape (2,) or (3,) [m], touches nothing.

        True is certain; a disc that has less than a cell to spare may be refused.
        """
        return self.grid.free(position, radius)

    def path(self, start: ArrayLike, end: ArrayLike, radius: float) -> Array | None:
        """A short path for a disc of a radius [m], shape (n, 2) [m], or None where there is none.

        Args:
            start: A position, shape (2,) or (3,) [m].
            end: Another one.
            radius: Of the disc; add what it should keep from obstacles.
        """
        a, b = (np.asarray(p, dtype=np.float64)[:2] for p in (start, end))
        return path_between(self.grid, a, b, radius)

    def save(self, path: str | Path, *, paths: Sequence[ArrayLike] = (), width: int = 800) -> None:
        """Save the map as a picture, with the robots where they are now and a scale.

        Args:
            path: Where to; its folder is made.
            paths: Paths to draw, each of shape (n, 2) or (n, 3) [m].
            width: Of the picture [pixels].
        """
        robots = [] if self._response is None else [
            MapRobot(name, r.base_position[:2], r.base_yaw, r.static.model.radius)
            for name, r in self._response.robots.items()
        ]  # fmt: skip
        lines = [np.asarray(p, dtype=np.float64)[:, :2] for p in paths]
        image = draw_map(self.grid, robots, lines, width)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        image.save(path)

    # --- the loop ---------------------------------------------------------------------------------

    def on_frame(
        self, commands: Sequence[Command], settle: Sequence[Command], response: Response
    ) -> None:
        """Make the map in the first frame, and remember the last one."""
        self._response = response
        if self._grid is None:
            self._make(response)

    def _make(self, response: Response) -> None:
        outlines = scene_outlines(response, robots=tuple(response.robots) if self.robots else ())
        if response.room is not None:
            high = np.array(response.room) / 2 + self.margin
            low = -high
        else:
            corners = [corner for outline in outlines for corner in outline.bounds]
            corners += [r.base_position[:2] for r in response.robots.values()]
            corners = corners or [np.zeros(2)]
            low, high = np.min(corners, axis=0), np.max(corners, axis=0)
            low, high = low - self.margin, high + self.margin
        cells = float(np.prod(np.ceil((high - low) / self.cell_size)))
        if cells > MAX_CELLS:
            raise CommandError(
                f"a map of {cells:.0f} cells is too large (at most {MAX_CELLS}); "
                "make the cells larger",
                field="cell_size", value=self.cell_size,
            )  # fmt: skip
        self._grid = make_grid(outlines, low, high, self.cell_size, response.room)
