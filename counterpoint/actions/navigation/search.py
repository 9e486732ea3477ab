"""Shortest paths on the grid, which keep away from obstacles a little."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.actions.navigation.grid import Grid
from counterpoint.core.pose import Array

COMFORT = 0.3  # m of clearance beyond what is needed, from which on more is worth nothing
AVERSION = 1.5  # relative cost of a step that has none of it
ESCAPE = 20.0  # relative cost of a step that has less clearance than is needed
STEPS = ((1, 0), (0, 1), (1, 1), (1, -1))  # to half of a cell's neighbours; the rest is symmetric


class Field(NamedTuple):
    """Costs from a start to every cell, and the way to each.

    Attributes:
        grid: The grid.
        passable: Cells that may be driven on, shape (n, m).
        cost: Of the cheapest way, infinite where there is none, shape (n, m).
        before: Flat index of the cell before each on that way, negative where there is none.
        start: The cell from which the ways begin, or None if no passable one is near.
    """

    grid: Grid
    passable: NDArray[np.bool_]
    cost: Array
    before: NDArray[np.int32]
    start: tuple[int, int] | None

    def path_to(self, cell: tuple[int, int]) -> Array:
        """Middles of the cells from the start to a cell that it reaches, shape (n, 2) [m]."""
        width = self.cost.shape[1]
        at = cell[0] * width + cell[1]
        cells = [at]
        while self.before.flat[at] >= 0:
            at = int(self.before.flat[at])
            cells.append(at)
        flat = np.array(cells[::-1])
        return self.grid.position_of(np.column_stack([flat // width, flat % width]))


def cost_field(grid: Grid, start: Array, needed: float) -> Field:
    """The cheapest ways from a position, shape (2,) [m], for a disc that needs `needed` [m].

    Dijkstra's algorithm on the cells with at least that clearance, each joined to its eight
    neighbours. From a start with less of it the way leads out over cells that have no less.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    clearance = grid.clearance
    n, m = clearance.shape
    passable = clearance >= needed
    first = _nearest_passable(grid, start, passable, needed)
    cost, before = np.full((n, m), np.inf), np.full((n, m), -1, dtype=np.int32)
    if first is None:
        return Field(grid, passable, cost, before, None)
    if not passable[first]:
        passable = passable | _way_out(grid, first, needed)
    scarce = np.clip(1 - (clearance - needed) / COMFORT, 0.0, 1.0)
    weight = 1 + AVERSION * scarce
    weight[clearance < needed] *= ESCAPE
    index = np.full((n, m), -1, dtype=np.int32)
    nodes = np.flatnonzero(passable)
    index.flat[nodes] = np.arange(len(nodes), dtype=np.int32)
    ends: list[tuple[NDArray[np.int32], NDArray[np.int32], Array]] = []
    for di, dj in STEPS:
        a = np.s_[: n - di, max(0, -dj) : m - max(0, dj)]
        b = np.s_[di:, max(0, dj) : m + min(0, dj)]
        both = passable[a] & passable[b]
        length = 0.5 * grid.cell * float(np.hypot(di, dj))
        ends.append((index[a][both], index[b][both], length * (weight[a][both] + weight[b][both])))
    rows, columns, lengths = (np.concatenate(part) for part in zip(*ends, strict=True))
    graph = csr_array((lengths, (rows, columns)), shape=(len(nodes), len(nodes)))
    reached, previous = dijkstra(
        graph, directed=False, indices=int(index[first]), return_predecessors=True
    )
    cost.flat[nodes] = reached
    came = previous >= 0
    before.flat[nodes[came]] = nodes[previous[came]]
    return Field(grid, passable, cost, before, first)


def _nearest_passable(
    grid: Grid, start: Array, passable: NDArray[np.bool_], needed: float
) -> tuple[int, int] | None:
    """The cell to begin at: a passable one at hand, else the one with the most clearance there."""
    n, m = passable.shape
    i, j = grid.cell_of(start)
    around = [
        (a, b)
        for a in range(max(i - 1, 0), min(i + 2, n))
        for b in range(max(j - 1, 0), min(j + 2, m))
    ]
    around = [c for c in around if grid.clearance[c] > 0]
    if not around:
        return None
    off = np.linalg.norm(grid.position_of(around) - start, axis=1)
    short = np.maximum(needed - np.array([grid.clearance[c] for c in around]), 0.0)
    return around[int(np.argmin(off + 4 * short))]


def _way_out(grid: Grid, first: tuple[int, int], needed: float) -> NDArray[np.bool_]:
    """Cells about the start that have no less clearance than it has."""
    here = grid.clearance[first]
    reach = int(np.ceil(2 * (needed - here) / grid.cell)) + 3
    out = np.zeros(grid.clearance.shape, dtype=bool)
    i, j = first
    window = np.s_[max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1]
    out[window] = grid.clearance[window] >= here
    return out
