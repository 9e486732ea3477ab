"""A robot's body as few spheres that hold it all.

The cover is conservative: every surface of the hulls lies inside the union of the spheres, not only
the points at which it was sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.errors import SafetyInputError
from counterpoint.core.pose import Array

BALL_STEPS = 200
"""Steps of the enclosing ball: its radius comes within about 1/√steps of the least."""

CLUSTER_STEPS = 20
"""Steps of the clustering."""

CELLS = 12
"""Clustering sees one point in each cell of a grid that parts a link's length into so many."""


def surface_points(vertices: ArrayLike, triangles: ArrayLike, spacing: float) -> Array:
    """Points so dense on a triangle mesh that none of it is further than `spacing` from one.

    Args:
        vertices: Shape (v, 3) [m].
        triangles: Indices of vertices, shape (t, 3).
        spacing: [m].

    Returns:
        Points, shape (p, 3), the mesh's vertices among them; each once.

    Raises:
        SafetyInputError: If `spacing` is not positive, or a shape is another.
    """
    points = np.asarray(vertices, dtype=np.float64)
    faces = np.asarray(triangles, dtype=np.intp)
    if points.ndim != 2 or points.shape[1] != 3 or faces.ndim != 2 or faces.shape[1] != 3:
        raise SafetyInputError(
            f"a mesh has vertices (v, 3) and triangles (t, 3), not {points.shape}, {faces.shape}"
        )
    if not spacing > 0.0:
        raise SafetyInputError(f"spacing must be above 0 m, not {spacing!r}")
    samples = [points]
    for corners in points[faces]:
        longest = max(float(np.linalg.norm(corners[k] - corners[k - 1])) for k in range(3))
        # A point of a small triangle is within its longest edge / √3 of a corner.
        parts = max(1, int(np.ceil(longest / (np.sqrt(3.0) * spacing))))
        i, j = np.meshgrid(np.arange(parts + 1), np.arange(parts + 1), indexing="ij")
        keep = i + j <= parts
        weights = np.stack((i[keep], j[keep], (parts - i - j)[keep]), axis=1) / parts
        samples.append(weights @ corners)
    return np.unique(np.concatenate(samples), axis=0)


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


def cluster(points: Array, count: int) -> Array:
    """Centres of at most `count` clusters of about one size, shape (k, 3).

    Seeds lie far from each other (Gonzalez 1985); then each moves to the centre of the ball about
    the points nearest to it, until the largest gets no smaller. Equal points give equal centres.
    """
    length = float(np.ptp(points, axis=0).max())
    cells = np.floor((points - points.min(axis=0)) * (CELLS / max(length, 1e-9)))
    points = points[np.unique(cells, axis=0, return_index=True)[1]]
    first = np.linalg.norm(points - points.mean(axis=0), axis=1)
    seeds = [points[int(first.argmax())]]
    reach = np.linalg.norm(points - seeds[0], axis=1)
    while len(seeds) < count and reach.max() > 0.0:
        seeds.append(points[int(reach.argmax())])
        reach = np.minimum(reach, np.linalg.norm(points - seeds[-1], axis=1))
    centres = best = np.array(seeds)
    least = np.inf
    for _ in range(CLUSTER_STEPS):
        nearest = _nearest(points, centres)
        balls = [enclosing_ball(points[nearest == k], 30) for k in np.unique(nearest)]
        centres = np.array([centre for centre, _ in balls])
        largest = max(radius for _, radius in balls)
        if largest > least - 1e-6:
            break
        best, least = centres, largest
    return best


def cover_points(points: Array, count: int) -> tuple[Array, Array]:
    """Few spheres that hold all points.

    Args:
        points: Shape (p, 3), p ≥ 1 [m].
        count: How many spheres at most, at least 1.

    Returns:
        Centres, shape (k, 3), and radii, shape (k,), k ≤ count.
    """
    nearest = _nearest(points, cluster(points, count))
    balls = [enclosing_ball(points[nearest == k]) for k in np.unique(nearest)]
    return np.array([centre for centre, _ in balls]), np.array([radius for _, radius in balls])


def _nearest(points: Array, centres: Array) -> NDArray[np.intp]:
    # |p − c|² less |p|², which is the same for all centres.
    squares = np.einsum("kj,kj->k", centres, centres) - 2.0 * points @ centres.T
    nearest: NDArray[np.intp] = squares.argmin(axis=1)
    return nearest


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


def cover_links(points: Sequence[Array], total: int, *, margin: float = 0.0) -> LinkSpheres:
    """Share spheres out among links: the next one goes to the link with the largest sphere.

    Args:
        points: Each link's surface points in its frame, shape (p, 3) [m]; links without any get no
            sphere.
        total: How many spheres, at least one a link that has points.
        margin: Added to every radius: the spacing of the surface points, for a cover of the whole
            surface [m].

    Raises:
        SafetyInputError: If `total` is too small, or a point is not finite.
    """
    counts = {k: 1 for k, cloud in enumerate(points) if len(cloud)}
    if total < len(counts):
        raise SafetyInputError(f"{len(counts)} links with a body need as many spheres, not {total}")
    if not all(np.isfinite(cloud).all() for cloud in points):
        raise SafetyInputError("surface points must be finite")
    covers = {k: cover_points(points[k], 1) for k in counts}
    divisible = dict(covers)
    while divisible and sum(counts.values()) < total:
        largest = max(divisible, key=lambda k: float(divisible[k][1].max()))
        counts[largest] += 1
        divided = cover_points(points[largest], counts[largest])
        if len(divided[1]) < counts[largest]:
            counts[largest] = len(divided[1])
            del divisible[largest]
        else:
            divisible[largest] = divided
        covers[largest] = divided
    return LinkSpheres(
        links=np.repeat(list(covers), [len(r) for _, r in covers.values()]).astype(np.intp),
        offsets=np.concatenate([c for c, _ in covers.values()] or [np.empty((0, 3))]),
        radii=np.concatenate([r for _, r in covers.values()] or [np.empty(0)]) + margin,
    )
