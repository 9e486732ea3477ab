"""The visual meshes of robots, read from their files and made light enough to draw on a CPU."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.robots.sapien_quietly import sapien

Floats = NDArray[np.float32]

# Corners in one cell of a grid become one: [m], but not more than a share of the mesh's diagonal.
_GRID = 0.008
_GRID_SHARE = 1 / 20
_CREASE = 0.35  # components of unit normals beyond it count as away from 0: edges stay sharp


class Mesh(NamedTuple):
    """Triangles with a normal at each corner.

    Attributes:
        vertices: Shape (n, 3) [m].
        triangles: Vertex indices, shape (m, 3), outward facing.
        normals: Unit vectors, shape (n, 3).
    """

    vertices: Floats
    triangles: NDArray[np.uint32]
    normals: Floats


def flat_mesh(vertices: NDArray[np.floating], triangles: NDArray[np.uint32]) -> Mesh:
    """Triangles that share no vertices, so that each is flat."""
    corners = np.asarray(vertices, np.float32)[triangles]
    normals = np.repeat(_unit(_face_normals(corners)), 3, axis=0)
    separate = np.arange(len(normals), dtype=np.uint32).reshape(-1, 3)
    return Mesh(corners.reshape(-1, 3), separate, normals)


@lru_cache(maxsize=512)
def visual_mesh(file: str, scale: tuple[float, float, float]) -> Mesh:
    """The mesh of a file, scaled and simplified; read once a process. Needs a Vulkan device.

    Vertices are clustered on a grid (Rossignac and Borrel, 1993), apart by the direction of their
    faces, so that curved faces are smooth and edges stay sharp. As shipped, a robot has some
    140,000 triangles, and 40,000 then.
    """
    parts = sapien.render.RenderShapeTriangleMesh(file, scale).parts
    corners = np.concatenate([p.vertices[p.triangles] for p in parts]) * np.asarray(
        scale, np.float32
    )
    if np.prod(scale) < 0:  # mirrored
        corners = corners[:, ::-1]
    return simplified(corners)


def simplified(corners: Floats) -> Mesh:
    """The mesh of some triangles, shape (n, 3, 3) [m], without detail finer than the grid."""
    normals = _face_normals(corners)
    points = corners.reshape(-1, 3)
    low, high = points.min(axis=0), points.max(axis=0)
    grid = max(min(_GRID, _GRID_SHARE * float(np.linalg.norm(high - low))), 1e-6)
    cell = _groups(np.floor((points - low) / grid).astype(np.int64))
    positions = _means(points, cell)
    unit = _unit(normals)
    side = (unit > _CREASE).astype(np.int64) - (unit < -_CREASE)
    vertex = _groups(np.column_stack([np.repeat(side + 1, 3, axis=0), cell]))
    corner_of = np.empty(vertex.max() + 1, np.intp)
    corner_of[vertex] = cell
    triangles = vertex.reshape(-1, 3).astype(np.uint32)
    a, b, c = corner_of[triangles].T
    kept = (a != b) & (b != c) & (c != a)
    if not kept.any():  # a sheet without area: SAPIEN takes no empty mesh
        return flat_mesh(points, np.arange(len(points), dtype=np.uint32).reshape(-1, 3))
    return Mesh(
        positions[corner_of],
        triangles[kept],
        _unit(_means(np.repeat(normals, 3, axis=0), vertex)),
    )


def _groups(rows: NDArray[np.int64]) -> NDArray[np.intp]:
    """For each row of numbers from 0 up, the number of the group of rows like it."""
    key = np.ravel_multi_index(rows.T, rows.max(axis=0) + 1)
    return np.unique(key, return_inverse=True)[1].ravel()


def _means(rows: Floats, group: NDArray[np.intp]) -> Floats:
    """The mean of each group's rows."""
    count = np.bincount(group)
    sums = [np.bincount(group, weights=column) for column in rows.T]
    return (np.column_stack(sums) / count[:, None]).astype(np.float32)


def _face_normals(corners: Floats) -> Floats:
    """Normals of triangles as long as twice their area, shape (n, 3)."""
    normals: Floats = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return normals


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(length, np.float32(1e-20))
    return unit
