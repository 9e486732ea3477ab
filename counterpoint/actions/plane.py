"""Convex outlines in the floor plane."""

from __future__ import annotations

import numpy as np

from counterpoint.core.pose import Array


def convex_outline(points: Array) -> Array:
    """The convex hull of points (n, 2), counter-clockwise, by the monotone chain (Andrew 1979)."""
    listed = sorted(dict.fromkeys(tuple(p) for p in np.round(points, 9).tolist()))
    if len(listed) <= 2:
        return np.array(listed)

    def chain(seq: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
        out: list[tuple[float, ...]] = []
        for p in seq:
            while (
                len(out) >= 2
                and (
                    (out[-1][0] - out[-2][0]) * (p[1] - out[-2][1])
                    - (out[-1][1] - out[-2][1]) * (p[0] - out[-2][0])
                )
                <= 0
            ):
                out.pop()
            out.append(p)
        return out[:-1]

    return np.array(chain(listed) + chain(listed[::-1]))


def nearest_on_polygon(polygon: Array, point: Array) -> Array:
    """The point of a convex polygon's edge nearest to a point outside it."""
    ends = np.roll(polygon, -1, axis=0)
    along = ends - polygon
    square = np.maximum((along**2).sum(axis=1), 1e-18)
    share = np.clip(((point - polygon) * along).sum(axis=1) / square, 0.0, 1.0)
    near = polygon + share[:, None] * along
    nearest: Array = near[int(np.argmin(np.linalg.norm(near - point, axis=1)))]
    return nearest


def distance_to_polyline(points: Array, line: Array) -> Array:
    """How far points (n, 2) are from a line through points (m, 2), shape (n,) [m]."""
    starts = line[:-1] if len(line) > 1 else line
    along = line[1:] - starts if len(line) > 1 else np.zeros_like(line)
    square = np.maximum((along * along).sum(axis=1), 1e-18)
    apart = points[:, None] - starts
    share = np.clip((apart * along).sum(axis=2) / square, 0.0, 1.0)
    gap = apart - share[..., None] * along
    nearest: Array = np.sqrt((gap * gap).sum(axis=2).min(axis=1))
    return nearest
