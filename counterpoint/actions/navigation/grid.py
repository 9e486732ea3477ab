"""A grid of the floor: what is free, and how far the nearest obstacle is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.actions.navigation.outlines import Outline
from counterpoint.core.pose import Array, read_only
from counterpoint.simulation.room import WALL_THICKNESS

UNKNOWN, FREE, OCCUPIED, OUTSIDE = -1, 0, 1, 2
NEAR = 1.0  # m: clearance is exact up to here, and a lower bound beyond
BEYOND = WALL_THICKNESS + 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A grid of the floor. Arrays are read-only, indexed [i, j] with i along x and j along y.

    Attributes:
        origin: Its lowest corner, shape (2,) [m].
        cell: Side of a cell [m].
        values: `FREE` (0), `OCCUPIED` (1: a shape overlaps the cell), or `OUTSIDE` (2: beyond the
            walls of the room), shape (n, m). Beyond the grid all is `UNKNOWN` (-1).
        clearance: From a cell's middle to the nearest shape or wall of the room, shape (n, m) [m];
            0 within one. Exact up to 1 m; beyond that never too large, and at most two cells too
            small.
    """

    origin: Array
    cell: float
    values: NDArray[np.int8]
    clearance: Array

    def cell_of(self, position: ArrayLike) -> tuple[int, int]:
        """The cell that holds a position, of shape (2,) or (3,) [m]; it may be beyond the grid."""
        i, j = np.floor((np.asarray(position, dtype=np.float64)[:2] - self.origin) / self.cell)
        return int(i), int(j)

    def position_of(self, cell: ArrayLike) -> Array:
        """The middle of a cell, or of several: shape (..., 2) [m]."""
        return self.origin + (np.asarray(cell, dtype=np.float64) + 0.5) * self.cell

    def value(self, position: ArrayLike) -> int:
        """The value at a position; `UNKNOWN` beyond the grid."""
        i, j = self.cell_of(position)
        n, m = self.values.shape
        return int(self.values[i, j]) if 0 <= i < n and 0 <= j < m else UNKNOWN

    def free(self, position: ArrayLike, radius: float) -> bool:
        """Whether a disc at a position surely touches nothing.

        A disc that has less than a cell to spare may be refused; none is allowed in vain.
        """
        if self.value(position) != FREE:
            return False
        i, j = self.cell_of(position)
        off = self.position_of((i, j)) - np.asarray(position, dtype=np.float64)[:2]
        return bool(self.clearance[i, j] - np.hypot(*off) >= radius - 1e-9)

    def clearance_at(self, points: Array) -> Array:
        """Clearance at points (n, 2) between the cells' middles, by interpolation, shape (n,)."""
        where = (points - self.origin) / self.cell - 0.5
        limit = np.array(self.clearance.shape) - 2
        low = np.clip(np.floor(where).astype(np.intp), 0, np.maximum(limit, 0))
        u, v = np.clip(where - low, 0.0, 1.0).T
        i, j = low.T
        n, m = self.clearance.shape
        i1, j1 = np.minimum(i + 1, n - 1), np.minimum(j + 1, m - 1)
        c = self.clearance
        between: Array = (1 - u) * ((1 - v) * c[i, j] + v * c[i, j1]) + u * (
            (1 - v) * c[i1, j] + v * c[i1, j1]
        )
        return between


def make_grid(
    outlines: Sequence[Outline],
    low: Array,
    high: Array,
    cell: float,
    room: tuple[float, float] | None = None,
) -> Grid:
    """The grid of a part of the floor.

    Args:
        outlines: What stands there.
        low: Lowest corner of that part, shape (2,) [m].
        high: Highest corner.
        cell: Side of a cell [m].
        room: Inner extents along x and y of a room about the origin [m], if it has walls.
    """
    from scipy.ndimage import distance_transform_edt  # slow to load: only who plans pays for it

    n, m = np.maximum(np.ceil((high - low) / cell - 1e-9).astype(int), 1)
    xs = low[0] + (np.arange(n)[:, None] + 0.5) * cell
    ys = low[1] + (np.arange(m)[None, :] + 0.5) * cell
    values = np.full((n, m), FREE, dtype=np.int8)
    near = np.full((n, m), np.inf)
    walls = np.full((n, m), np.inf)
    if room is not None:
        walls = np.minimum(room[0] / 2 - np.abs(xs), room[1] / 2 - np.abs(ys))
        values[walls < 0] = OCCUPIED
        values[walls < -BEYOND] = OUTSIDE
    for outline in outlines:
        lowest, highest = outline.bounds
        first = np.maximum(np.floor((lowest - NEAR - low) / cell).astype(int), 0)
        last = np.ceil((highest + NEAR - low) / cell).astype(int)
        window = np.s_[first[0] : max(last[0], 0), first[1] : max(last[1], 0)]
        x, y = xs[window[0]], ys[:, window[1]]
        if not (x.size and y.size):
            continue
        near[window] = np.minimum(near[window], outline.distance(x, y))
        inside = values[window]
        inside[outline.covers(x, y, cell / 2) & (inside == FREE)] = OCCUPIED
    if (values == FREE).all():
        far = np.full((n, m), float(np.hypot(n, m)) * cell)
    else:
        far = distance_transform_edt(values == FREE) * cell - cell * np.sqrt(0.5)
    clearance = np.where(near < NEAR, near, np.maximum(far, NEAR))
    clearance = np.maximum(np.minimum(clearance, walls), 0.0)
    return Grid(read_only(low.copy()), cell, read_only(values), read_only(clearance))
