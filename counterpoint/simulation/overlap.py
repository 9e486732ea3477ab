"""Whether convex bodies overlap, without touching the physics scene."""

from __future__ import annotations

import numpy as np

from counterpoint.core.pose import Array

TOLERANCE = 0.005  # m: resting contacts and cooked hulls are not overlaps
ITERATIONS = 40


def overlaps(a: Array, b: Array, tolerance: float = TOLERANCE) -> bool:
    """Whether the convex hulls of two point sets, shapes (n, 3) and (m, 3) [m], overlap.

    Gilbert's iteration on the Minkowski difference (Gilbert 1966): each step either finds a
    direction in which the two are no deeper than `tolerance` into each other, or comes nearer to
    showing that there is none. It may creep; what it leaves undecided, `depth` decides.
    """
    if (a.min(0) > b.max(0) - tolerance).any() or (b.min(0) > a.max(0) - tolerance).any():
        return False
    v = a.mean(0) - b.mean(0)
    for _ in range(ITERATIONS):
        length = float(np.linalg.norm(v))
        if length < 1e-9:
            return True
        along_a, along_b = a @ v, b @ v
        i, j = int(along_a.argmin()), int(along_b.argmax())
        if (along_a[i] - along_b[j]) / length > -tolerance:
            return False
        support = a[i] - b[j]
        towards = support - v
        square = float(towards @ towards)
        if square < 1e-18:
            return True
        v = v + towards * min(1.0, max(0.0, -float(v @ towards) / square))
    return depth(a, b) > tolerance


def depth(a: Array, b: Array) -> float:
    """How far two convex hulls reach into each other [m]; negative where a gap is between them.

    It is the distance of the origin from the hull of their Minkowski difference: exact, and slow.
    """
    from scipy.spatial import ConvexHull  # takes a while, and is seldom needed

    hull = ConvexHull((a[:, None] - b[None]).reshape(-1, 3))
    return -float(hull.equations[:, 3].max())
