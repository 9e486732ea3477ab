"""A robot's body as few spheres that hold it all, without sampling its surface.

The body with the largest sphere is cut in two across its longest direction, again and again. A
piece of a convex body is convex, so a ball that holds its corners holds all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.errors import SafetyInputError
from counterpoint.core.pose import Array

BALL_STEPS = 200
"""Steps of the enclosing ball: its radius comes within about 1/√steps of the least."""


def enclosing_ball(points: Array, steps: int = BALL_STEPS) -> tuple[Array, float]:
    """A ball that holds all points, next to the smallest (Bădoiu, Clarkson 2003).

    Args:
        points: Shape (p, 3), p ≥ 1 [m].
        steps: How long to look for a smaller one.

    Returns:
        Its centre, shape (3,), and its radius [m]; every point is inside, whatever the steps.
    """
    centre = points.mean(axis=0)
    best, least = centre, np.inf
    for step in range(1, steps + 1):
        offsets = points - centre
        squares = np.einsum("pk,pk->p", offsets, offsets)
        furthest = int(squares.argmax())
        if squares[furthest] < least:
            best, least = centre, float(squares[furthest])
        centre = centre + offsets[furthest] / (step + 1)
    return best, float(np.sqrt(least))


@dataclass(frozen=True, slots=True, eq=False)
class LinkSpheres:
    """Spheres fixed to the links of a robot.

    Attributes:
        links: Index of the link of each sphere, shape (s,).
        offsets: Centres in their links' frames, shape (s, 3) [m].
        radii: Shape (s,) [m].
    """

    links: NDArray[np.intp]
    offsets: Array
    radii: Array

    def centres(self, rotations: Array, positions: Array) -> Array:
        """Where the spheres are, shape (s, 3) [m].

        Args:
            rotations: World from link, shape (l, 3, 3).
            positions: The links' origins, shape (l, 3) [m].
        """
        turned = np.matmul(rotations[self.links], self.offsets[:, :, None])[:, :, 0]
        out: Array = turned + positions[self.links]
        return out


class _Piece(NamedTuple):
    """A convex piece of a link.

    Attributes:
        link: Index of the link.
        points: Its corners among other points of it, shape (n, 3) [m].
        centre: Of a ball that holds it.
        radius: [m].
    """

    link: int
    points: Array
    centre: Array
    radius: float

    @classmethod
    def of(cls, link: int, points: Array) -> _Piece:
        centre, radius = enclosing_ball(points)
        return cls(link, points, centre, radius)

    def halves(self) -> tuple[_Piece, _Piece]:
        """Both sides of the plane across the middle of its longest direction."""
        from scipy.spatial import ConvexHull  # takes longer to import than all of this package

        hull = ConvexHull(self.points)
        corners: Array = hull.points[hull.vertices]
        axis: Array = np.linalg.eigh(np.cov(corners.T))[1][:, -1]
        along = corners @ axis
        middle = 0.5 * (along.min() + along.max())
        sides = hull.simplices[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2)
        start, end = (hull.points[i] for i in np.unique(np.sort(sides, axis=1), axis=0).T)
        before, behind = start @ axis - middle, end @ axis - middle
        cut = before * behind < 0
        share = (before[cut] / (before[cut] - behind[cut]))[:, None]
        edge = start[cut] + share * (end[cut] - start[cut])
        low, high = corners[along <= middle], corners[along >= middle]
        return (
            _Piece.of(self.link, np.concatenate([low, edge])),
            _Piece.of(self.link, np.concatenate([high, edge])),
        )


def cover_hulls(hulls: Sequence[Sequence[Array]], total: int) -> LinkSpheres:
    """Spheres that hold the convex hulls of every link.

    A link begins with one sphere about all its parts; the spheres left go where the largest are.

    Args:
        hulls: Of each link, the corners of its convex parts in its frame, each shape (p, 3) [m];
            links without any get no sphere.
        total: How many spheres, at least one a link that has a part.

    Raises:
        SafetyInputError: If `total` is too small, a corner is not finite, or a body that is to be
            divided has no volume.
    """
    from scipy.spatial import QhullError

    clouds = {
        link: np.concatenate([np.asarray(p, dtype=np.float64) for p in parts])
        for link, parts in enumerate(hulls)
        if parts
    }
    if total < len(clouds):
        raise SafetyInputError(f"{len(clouds)} links with a body need as many spheres, not {total}")
    for link, points in clouds.items():
        if not np.isfinite(points).all():
            raise SafetyInputError(f"corners must be finite; those of link {link} are not")
    pieces = [_Piece.of(link, points) for link, points in clouds.items()]
    while pieces and len(pieces) < total:
        largest = max(range(len(pieces)), key=lambda k: pieces[k].radius)
        try:
            pieces[largest : largest + 1] = pieces[largest].halves()
        except QhullError:
            raise SafetyInputError(
                f"the body of link {pieces[largest].link} has no volume: it cannot be divided"
            ) from None
    return LinkSpheres(
        links=np.array([p.link for p in pieces], dtype=np.intp),
        offsets=np.array([p.centre for p in pieces]).reshape(-1, 3),
        radii=np.array([p.radius for p in pieces]),
    )
