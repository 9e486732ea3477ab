"""Objects whose shape comes from a file: glTF, Wavefront OBJ or STL."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from counterpoint.core.pose import Array, read_only
from counterpoint.objects.grasps import GRIP_DEPTH, affordance, side_grasps, top_grasps
from counterpoint.objects.model import Affordance, Color, ObjectModel, Shape, Surface
from counterpoint.objects.parts import Size, checked_size, mass_of
from counterpoint.objects.primitives import WOOD

FORMATS = (".glb", ".obj", ".stl")
LARGEST_FILE = 1 << 26
"""Bytes of a file that are read."""

LARGEST_SURFACE = 200_000
"""Triangles of a file: more would be slow to draw on a CPU."""

MOST_HULLS = 64
MOST_CORNERS = 64
"""Of one convex hull: what the physics engine takes at most on every device."""

GREY: Color = (0.62, 0.62, 0.60)


def file_digest(file: str) -> str:
    """What a file holds, as 32 hex characters.

    Raises:
        ValueError: If it cannot be read, is too large, or of another format.
    """
    return blake2b(_read(file), digest_size=16).hexdigest()


def mesh_from_file(file: str, digest: str | None = None, size: Size | None = None) -> ObjectModel:
    """An object that looks as in a file, and is as solid as the convex hulls of its parts.

    Each mesh of the file is one convex part for physics: a thing with hollows is made of several.
    It is drawn as it is in the file. The origin is the file's. glTF has y up, which becomes z; OBJ
    and STL are taken to have z up.

    Affordances are those of a box around it: `top_x`, `top_y`, `front`, `back`, `left`, `right`.
    Mass: 500 kg/m³ of the hulls.

    Args:
        file: A `.glb`, `.obj` or `.stl`.
        digest: What `file_digest()` said when the file was named first, or None.
        size: Extents (x, y, z) [m] to stretch it to, or None for the file's own metres.

    Raises:
        ValueError: If the file cannot be read, is none of these, holds no solid, or has changed.
    """
    content = _read(file)
    found = blake2b(content, digest_size=16).hexdigest()
    if digest not in (None, found):
        raise ValueError(f"{file} has changed: its digest was {digest} and is {found}")
    wanted = None if size is None else checked_size("mesh", size)
    return _built(content, Path(file).suffix.lower(), Path(file).name, wanted)


@lru_cache(maxsize=64)
def _built(content: bytes, suffix: str, name: str, size: Size | None) -> ObjectModel:
    parts = _parts(content, suffix, name)
    corners = np.concatenate([p.vertices for p in parts])
    low, high = corners.min(axis=0), corners.max(axis=0)
    extent = high - low
    if size is not None:
        if (extent < 1e-9).any():
            raise ValueError(f"{name} is flat: it cannot be stretched to {size}")
        scale = np.array(size) / extent
        parts = [p._replace(vertices=p.vertices * scale) for p in parts]
        low, high, extent = low * scale, high * scale, np.array(size)
    shapes = tuple(_hull(p, name) for p in parts)
    x, y, z = extent.tolist()
    return ObjectModel(
        "mesh",
        (x, y, z),
        shapes,
        _box_grasps(0.5 * (low + high), (x, y, z)),
        False,
        mass_of(shapes, WOOD),
        parts[0].colors[0].tolist(),
        float(high[2]),
        float(low[2]),
        surface=_joined(parts),
    )


def nearest_in_hull(shape: Shape, point: Array) -> Array:
    """The point of a convex hull that is nearest to another one, both shape (3,) [m]."""
    from trimesh.triangles import closest_point

    corners, faces = shape.mesh()
    triangles = corners[faces]
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    if (np.einsum("ij,ij->i", np.cross(b - a, c - a), point - a) <= 0).all():
        return point
    points = np.tile(point, (len(triangles), 1))
    near: Array = closest_point(triangles, points)  # type: ignore[no-untyped-call]
    best: Array = near[np.argmin(np.linalg.norm(near - point, axis=1))]
    return best


def _read(file: str) -> bytes:
    path = Path(file)
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"{file!r} is none of {', '.join(FORMATS)}")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"{file} has more than {LARGEST_FILE >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from None


def _parts(content: bytes, suffix: str, name: str) -> list[Surface]:
    """The file's meshes, z up, none empty."""
    import trimesh  # takes half a second, and few scenes need it

    try:
        # Textures and materials in files beside this one are not looked for.
        scene = trimesh.load_scene(BytesIO(content), file_type=suffix[1:])
        meshes = [m for m in scene.dump() if isinstance(m, trimesh.Trimesh) and len(m.faces)]
    except Exception as error:  # noqa: BLE001 - whatever a parser raises on what is no mesh
        raise ValueError(f"{name} cannot be read: {type(error).__name__}: {error}") from None
    if not meshes:
        raise ValueError(f"{name} holds no triangles")
    if len(meshes) > MOST_HULLS or sum(len(m.faces) for m in meshes) > LARGEST_SURFACE:
        raise ValueError(
            f"{name} has {len(meshes)} parts with {sum(len(m.faces) for m in meshes):,} triangles, "
            f"expected at most {MOST_HULLS} with {LARGEST_SURFACE:,}"
        )
    found = []
    for mesh in meshes:
        vertices = np.asarray(mesh.vertices, dtype=np.float64)
        if not np.isfinite(vertices).all():
            raise ValueError(f"{name} has corners that are not finite")
        if suffix == ".glb":
            vertices = np.column_stack([vertices[:, 0], -vertices[:, 2], vertices[:, 1]])
        found.append(Surface(vertices, np.asarray(mesh.faces, dtype=np.uint32), _colors(mesh)))
    return found


def _colors(mesh: Any) -> Array:
    """The main colour of a mesh for each of its triangles, in 0..1."""
    visual = mesh.visual
    material = getattr(visual, "material", None)
    color = GREY
    if material is not None and material.main_color is not None:
        color = tuple(np.asarray(material.main_color[:3], dtype=np.float64) / 255)
    elif getattr(visual, "defined", False) and hasattr(visual, "main_color"):
        color = tuple(np.asarray(visual.main_color[:3], dtype=np.float64) / 255)
    return np.tile(np.array(color), (len(mesh.faces), 1))


def _hull(part: Surface, name: str) -> Shape:
    """The convex hull of a part, of few corners."""
    from scipy.spatial import ConvexHull, QhullError

    points = part.vertices
    try:
        hull = ConvexHull(points)
        if len(hull.vertices) > MOST_CORNERS:
            hull = ConvexHull(points[_extreme(points[hull.vertices], hull.vertices)])
    except QhullError:
        raise ValueError(
            f"{name}: a part of {len(part.triangles)} triangles is flat: it cannot be solid"
        ) from None
    corners = hull.points[hull.vertices]
    index = {v: i for i, v in enumerate(hull.vertices.tolist())}
    faces = []
    middle = corners.mean(axis=0)
    for face in hull.simplices.tolist():
        a, b, c = (hull.points[i] for i in face)
        outward = float(np.dot(np.cross(b - a, c - a), a - middle)) > 0
        faces.append([index[i] for i in (face if outward else face[::-1])])
    triangles = np.array(faces, dtype=np.uint32)
    return Shape("hull", (float(hull.volume),), hull=(read_only(corners), read_only(triangles)))


def _extreme(corners: Array, indices: np.ndarray) -> np.ndarray:
    """Which corners to keep: those that are farthest along evenly spread directions."""
    k = np.arange(MOST_CORNERS) + 0.5
    polar, azimuth = np.arccos(1 - 2 * k / MOST_CORNERS), np.pi * (1 + 5**0.5) * k
    directions = np.column_stack(
        [np.cos(azimuth) * np.sin(polar), np.sin(azimuth) * np.sin(polar), np.cos(polar)]
    )
    return np.unique(indices[np.argmax(corners @ directions.T, axis=0)])


def _joined(parts: list[Surface]) -> Surface:
    offsets = np.cumsum([0] + [len(p.vertices) for p in parts[:-1]])
    return Surface(
        read_only(np.concatenate([p.vertices for p in parts])),
        read_only(
            np.concatenate(
                [p.triangles + np.uint32(o) for p, o in zip(parts, offsets, strict=True)]
            )
        ),
        read_only(np.concatenate([p.colors for p in parts])),
    )


def _box_grasps(middle: Array, size: Size) -> tuple[Affordance, ...]:
    x, y, z = size
    depth = (min(GRIP_DEPTH, x / 2), min(GRIP_DEPTH, y / 2))
    grasps = top_grasps((x, y), z / 2, min(GRIP_DEPTH, z / 2)) + side_grasps((x, y), 0.0, depth)
    return tuple(
        affordance(g.name, g.position + middle, g.approach, g.closing_axis, g.width) for g in grasps
    )
