"""Marks in pictures that nothing bumps into: the triangles of dots and lines."""

from __future__ import annotations

import numpy as np

from counterpoint.core.pose import Array

SIDES = 6
_CORNERS = np.array(
    [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)], dtype=np.float64
)
_FACES = np.array(
    [
        (0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4),
        (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5),
    ]
)  # fmt: skip


def marks(points: Array, radius: float, *, line: bool) -> tuple[Array, np.ndarray]:
    """Dots at some points, or a line through them.

    Args:
        points: Shape (n, 3) [m].
        radius: Of the dots, or of the line [m].
        line: Whether the points are joined.

    Returns:
        Vertices, shape (m, 3) [m], and triangles, shape (k, 3), outward facing.
    """
    offsets = np.arange(len(points))[:, None, None] * len(_CORNERS)
    vertices = (points[:, None, :] + radius * _CORNERS).reshape(-1, 3)
    triangles = (_FACES + offsets).reshape(-1, 3)
    if not line:
        return vertices, triangles
    starts, ends = points[:-1], points[1:]
    ways = ends - starts
    lengths = np.linalg.norm(ways, axis=1)
    kept = lengths > 1e-9
    if not kept.any():
        return vertices, triangles
    starts, ends, along = starts[kept], ends[kept], ways[kept] / lengths[kept, None]
    # Any vector that is not along the segment gives the two that are across it.
    aside = np.where(np.abs(along[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    u = np.cross(along, aside)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = np.cross(along, u)
    angles = 2 * np.pi * np.arange(SIDES) / SIDES
    rims = radius * (
        np.cos(angles)[:, None] * u[:, None, :] + np.sin(angles)[:, None] * v[:, None, :]
    )
    tubes = np.concatenate([starts[:, None] + rims, ends[:, None] + rims], axis=1)
    k = np.arange(SIDES)
    nxt = (k + 1) % SIDES
    sides = np.concatenate(
        [np.column_stack([k, nxt, nxt + SIDES]), np.column_stack([k, nxt + SIDES, k + SIDES])]
    )
    first = len(vertices) + np.arange(len(tubes))[:, None, None] * (2 * SIDES)
    return (
        np.concatenate([vertices, tubes.reshape(-1, 3)]),
        np.concatenate([triangles, (sides + first).reshape(-1, 3)]),
    )
