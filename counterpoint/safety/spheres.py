"""A robot's body as few spheres, and where they are: the geometry of the inner layer.

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

BALL_STEPS = 300
"""Steps of the enclosing ball; its radius is within about 1/√steps of the least."""

CLUSTER_STEPS = 30
"""Steps of the clustering."""


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


def enclosing_ball(points: Array) -> tuple[Array, float]:
    """A ball that holds all points, next to the smallest (Bădoiu, Clarkson 2003).

    Returns:
        Its centre, shape (3,), and its radius [m]; every point is inside, whatever the steps.
    """
    centre = points.mean(axis=0)
    for step in range(1, BALL_STEPS + 1):
        offsets = points - centre
        furthest = int(np.einsum("pk,pk->p", offsets, offsets).argmax())
        centre = centre + offsets[furthest] / (step + 1)
    return centre, float(np.linalg.norm(points - centre, axis=1).max())


def cover_points(points: Array, count: int) -> tuple[Array, Array]:
    """Few spheres that hold all points.

    Points are clustered about seeds that lie far from each other (Gonzalez 1985, then Lloyd 1982,
    with balls' centres for means); each cluster has its ball. Equal points give equal spheres.

    Args:
        points: Shape (p, 3) [m].
        count: How many spheres at most, at least 1.

    Returns:
        Centres, shape (k, 3), and radii, shape (k,), k ≤ count.
    """
    seeds = [points.mean(axis=0)]
    reach = np.linalg.norm(points - seeds[0], axis=1)
    seeds = [points[int(reach.argmax())]]
    reach = np.linalg.norm(points - seeds[0], axis=1)
    while len(seeds) < count and reach.max() > 0.0:
        seeds.append(points[int(reach.argmax())])
        reach = np.minimum(reach, np.linalg.norm(points - seeds[-1], axis=1))
    centres = np.array(seeds)
    best: tuple[Array, Array] | None = None
    for _ in range(CLUSTER_STEPS):
        nearest = np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)
        balls = [enclosing_ball(points[nearest == k]) for k in np.unique(nearest)]
        moved, radii = np.array([c for c, _ in balls]), np.array([r for _, r in balls])
        if best is None or radii.max() < best[1].max():
            best = moved, radii
        if len(moved) == len(centres) and np.allclose(moved, centres, rtol=0.0, atol=1e-6):
            break
        centres = moved
    assert best is not None
    return best


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


@dataclass(frozen=True, slots=True, eq=False)
class JointAxes:
    """How joints move links.

    Attributes:
        links: Index of each joint's child link, whose origin lies on the axis, shape (n,).
        axes: Unit vectors along the axes in the child links' frames, shape (n, 3).
        sliding: Which joints slide instead of turning, shape (n,).
        moves: Whether a joint moves a link, shape (l, n).
    """

    links: NDArray[np.intp]
    axes: Array
    sliding: NDArray[np.bool_]
    moves: NDArray[np.bool_]

    def screws(self, rotations: Array, positions: Array) -> tuple[Array, Array]:
        """Angular velocity per joint velocity, and the linear velocity at the world's origin.

        Args:
            rotations: World from link, shape (l, 3, 3).
            positions: The links' origins, shape (l, 3) [m].

        Returns:
            Shapes (n, 3) and (n, 3). A point x moves with `linear + angular × x`.
        """
        axes = np.matmul(rotations[self.links], self.axes[:, :, None])[:, :, 0]
        angular = np.where(self.sliding[:, None], 0.0, axes)
        turning = _cross(positions[self.links], axes)
        return angular, np.where(self.sliding[:, None], axes, turning)

    def jacobian(self, angular: Array, linear: Array, points: Array, links: Array) -> Array:
        """Velocities of points fixed to links per joint velocity, shape (s, 3, n).

        Args:
            angular: As of `screws`.
            linear: As of `screws`.
            points: Shape (s, 3) [m].
            links: The link of each point, shape (s,).
        """
        moving = (linear + _cross(angular, points[:, None])) * self.moves[links][:, :, None]
        out: Array = np.ascontiguousarray(moving.transpose(0, 2, 1))
        return out


def _cross(a: Array, b: Array) -> Array:
    """Cross products of the last axes, broadcast: `numpy.cross` without its overhead."""
    out: Array = a[..., _NEXT] * b[..., _LAST] - a[..., _LAST] * b[..., _NEXT]
    return out


_NEXT, _LAST = np.array([1, 2, 0]), np.array([2, 0, 1])
