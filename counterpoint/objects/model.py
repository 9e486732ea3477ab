"""What an object is: collision shapes, points to take it by, and how it behaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from counterpoint.core.errors import UnknownModelError
from counterpoint.core.pose import Array, Pose, identity, read_only

Color = tuple[float, float, float]
ShapeKind = Literal["box", "sphere", "cylinder", "hull"]


@dataclass(frozen=True, slots=True)
class Shape:
    """One convex part of an object.

    Attributes:
        kind: `box`, `sphere`, `cylinder` (axis along the shape's z) or `hull`.
        size: Half extents (x, y, z) of a box; (radius,) of a sphere; (radius, half length) of a
            cylinder [m]; (volume,) of a hull [m³].
        object_from_shape: Where the shape sits in the object's frame.
        color: Red, green and blue in 0..1, or None for the object's colour.
        hull: Of a hull, its corners (n, 3) [m] and triangles (m, 3), outward facing.
    """

    kind: ShapeKind
    size: tuple[float, ...]
    object_from_shape: Pose = field(default_factory=identity)
    color: Color | None = None
    hull: tuple[Array, np.ndarray] | None = field(default=None, compare=False)

    def mesh(self) -> tuple[Array, np.ndarray]:
        """Vertices (n, 3) [m] in the shape's frame and triangles (m, 3), outward facing."""
        return _mesh(self.kind, self.size) if self.hull is None else self.hull


class Surface(NamedTuple):
    """What an object looks like, where that is not its shapes.

    Attributes:
        vertices: Shape (n, 3) [m], in the object's frame.
        triangles: Shape (m, 3), outward facing.
        colors: Red, green and blue of each triangle in 0..1, shape (m, 3).
    """

    vertices: Array
    triangles: np.ndarray
    colors: Array


@dataclass(frozen=True, slots=True)
class Affordance:
    """A point to take an object by, in the object's frame.

    Attributes:
        name: Unique within the object.
        position: The point between the fingertips, shape (3,) [m].
        approach: Unit vector along which the hand comes in, shape (3,).
        closing_axis: Unit vector along which the fingers close, shape (3,).
        width: What the fingers have to span there [m].
    """

    name: str
    position: Array
    approach: Array
    closing_axis: Array
    width: float


@dataclass(frozen=True, slots=True)
class ObjectModel:
    """A built object: the same for every simulator and renderer.

    Attributes:
        name: The model's name.
        size: Overall extents (x, y, z) [m].
        shapes: Its convex parts.
        affordances: Points to take it by, best first.
        static: Whether it never moves.
        mass: Mass [kg]; spread over the shapes by volume.
        color: The colour of shapes without one.
        top: Height [m] of the surface that things are placed on, in the object's frame.
        bottom: Lowest height [m] in the object's frame.
        interior: Of a container, the lowest and the highest corner (x, y, z) [m] of the box inside
            it, in the object's frame.
        surface: What it looks like; None where it looks like its shapes.
    """

    name: str
    size: tuple[float, float, float]
    shapes: tuple[Shape, ...]
    affordances: tuple[Affordance, ...]
    static: bool
    mass: float
    color: Color
    top: float
    bottom: float
    interior: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None
    surface: Surface | None = None


Builder = Callable[..., ObjectModel]
_BUILDERS: dict[str, Builder] = {}


def register_object_model(name: str, builder: Builder) -> None:
    """Make `builder(size, **parameters) -> ObjectModel` available under `name`.

    Raises:
        ValueError: If the name is taken by another builder.
    """
    if _BUILDERS.setdefault(name, builder) is not builder:
        raise ValueError(f"an object model called {name!r} is registered already")


def list_object_models() -> list[str]:
    """The names of the object models, sorted."""
    return sorted(_BUILDERS)


def build_object(
    name: str,
    size: tuple[float, float, float] | None = None,
    parameters: dict[str, float] | None = None,
) -> ObjectModel:
    """The object model `name` at `size` (x, y, z) [m]; None is the model's usual size.

    Raises:
        UnknownModelError: If there is no such model.
        ValueError: If a size or parameter is out of range; the message names it.
        TypeError: If the model has no parameter of that name.
    """
    if name not in _BUILDERS:
        raise UnknownModelError(name, list_object_models())
    builder = _BUILDERS[name]
    parameters = parameters or {}
    return builder(**parameters) if size is None else builder(size, **parameters)


@lru_cache(maxsize=512)
def _mesh(kind: ShapeKind, size: tuple[float, ...]) -> tuple[Array, np.ndarray]:
    """The shape's triangles, from the unit mesh of its kind."""
    vertices, triangles = _UNIT_MESHES[kind]()
    if kind == "box":
        scale = np.asarray(size, dtype=np.float64)
    elif kind == "sphere":
        scale = np.full(3, size[0])
    else:
        scale = np.array([size[0], size[0], size[1]])
    return read_only(vertices * scale), triangles


@lru_cache(maxsize=1)
def _unit_box() -> tuple[Array, np.ndarray]:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    return corners, read_only(np.array(triangles, dtype=np.uint32))


@lru_cache(maxsize=1)
def _unit_sphere(rings: int = 12, sectors: int = 24) -> tuple[Array, np.ndarray]:
    polar = np.linspace(0, np.pi, rings + 1)[1:-1]
    azimuth = np.arange(sectors) * (2 * np.pi / sectors)
    body = np.stack(
        [
            np.outer(np.sin(polar), np.cos(azimuth)),
            np.outer(np.sin(polar), np.sin(azimuth)),
            np.outer(np.cos(polar), np.ones(sectors)),
        ],
        axis=-1,
    ).reshape(-1, 3)
    vertices = np.concatenate([[[0, 0, 1]], body, [[0, 0, -1]]])
    last = len(vertices) - 1
    triangles: list[tuple[int, int, int]] = []
    for s in range(sectors):
        t = (s + 1) % sectors
        triangles.append((0, 1 + s, 1 + t))
        for r in range(rings - 2):
            a, b = 1 + r * sectors + s, 1 + r * sectors + t
            c, d = a + sectors, b + sectors
            triangles += [(a, c, d), (a, d, b)]
        base = 1 + (rings - 2) * sectors
        triangles.append((last, base + t, base + s))
    return vertices, read_only(np.array(triangles, dtype=np.uint32))


@lru_cache(maxsize=1)
def _unit_cylinder(sectors: int = 32) -> tuple[Array, np.ndarray]:
    azimuth = np.arange(sectors) * (2 * np.pi / sectors)
    circle = np.column_stack([np.cos(azimuth), np.sin(azimuth)])
    low = np.column_stack([circle, -np.ones(sectors)])
    high = np.column_stack([circle, np.ones(sectors)])
    vertices = np.concatenate([low, high, [[0, 0, -1]], [[0, 0, 1]]])
    triangles: list[tuple[int, int, int]] = []
    for s in range(sectors):
        t = (s + 1) % sectors
        triangles += [(s, t, sectors + t), (s, sectors + t, sectors + s)]
        triangles += [(2 * sectors, t, s), (2 * sectors + 1, sectors + s, sectors + t)]
    return vertices, read_only(np.array(triangles, dtype=np.uint32))


_UNIT_MESHES: dict[str, Callable[[], tuple[Array, np.ndarray]]] = {
    "box": _unit_box,
    "sphere": _unit_sphere,
    "cylinder": _unit_cylinder,
}
