"""What the built-in models are put together from: checked sizes, blocks, rings and masses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from counterpoint.core.pose import Pose, quaternion_from_yaw
from counterpoint.objects.model import Color, Shape

Size = tuple[float, float, float]


def checked_size(model: str, size: Sequence[float]) -> Size:
    """`size` as three floats.

    Raises:
        ValueError: Unless it is three finite numbers greater than 0.
    """
    values = tuple(float(v) for v in size)
    if len(values) != 3 or not all(math.isfinite(v) and v > 0 for v in values):
        raise ValueError(
            f"{model}: size is {size!r}, expected three finite lengths (x, y, z) above 0 m"
        )
    return values


def checked_round_size(model: str, size: Sequence[float]) -> Size:
    """`size` as three floats, of a model that is round seen from above.

    Raises:
        ValueError: Unless it is three finite numbers greater than 0, of which x and y are equal.
    """
    values = checked_size(model, size)
    if not math.isclose(values[0], values[1], rel_tol=1e-6):
        raise ValueError(f"{model}: size is {size!r}, expected x equal to y, for it is round")
    return values


def checked_below(model: str, parameter: str, value: float, limit: float, what: str) -> float:
    """`value` as a float.

    Raises:
        ValueError: Unless it is finite, above 0 and below `limit`, which `what` describes.
    """
    value = float(value)
    if not (math.isfinite(value) and 0 < value < limit):
        raise ValueError(
            f"{model}: {parameter} is {value!r}, expected above 0 and below {limit:.6g} m ({what})"
        )
    return value


def checked_count(model: str, parameter: str, value: float, low: int, high: int) -> int:
    """`value` as an int; commands hand every parameter on as a float.

    Raises:
        ValueError: Unless it is a whole number in `low`..`high`.
    """
    if not (math.isfinite(value) and float(value).is_integer() and low <= value <= high):
        raise ValueError(
            f"{model}: {parameter} is {value!r}, expected a whole number in {low}..{high}"
        )
    return int(value)


def block(low: Sequence[float], high: Sequence[float], color: Color | None = None) -> Shape:
    """An upright box from its lowest corner to its highest one, both (x, y, z) [m]."""
    half = tuple(0.5 * (b - a) for a, b in zip(low, high, strict=True))
    center = [0.5 * (a + b) for a, b in zip(low, high, strict=True)]
    return Shape("box", half, Pose.of(center), color)


def disc(radius: float, low: float, high: float, color: Color | None = None) -> Shape:
    """An upright cylinder around the z axis, from height `low` to `high` [m]."""
    middle = Pose.of((0.0, 0.0, 0.5 * (low + high)))
    return Shape("cylinder", (radius, 0.5 * (high - low)), middle, color)


def ring(
    radius: float,
    wall: float,
    low: float,
    high: float,
    sides: int,
    color: Color | None = None,
) -> list[Shape]:
    """A hollow upright prism around the z axis, of one box a side.

    Args:
        radius: Distance of the outer faces from the axis [m]. With a multiple of four sides, faces
            look along ±x and ±y, so it is exactly twice that wide.
        wall: Thickness of the boxes [m].
        low: Height of the lower rim [m].
        high: Height of the upper rim [m].
        sides: How many boxes.
        color: Their colour.
    """
    # As long as a side of the outer polygon: outer edges meet, inner ends overlap.
    half = (0.5 * wall, radius * math.tan(math.pi / sides), 0.5 * (high - low))
    shapes = []
    for k in range(sides):
        yaw = 2 * math.pi * k / sides
        reach = radius - half[0]
        center = (reach * math.cos(yaw), reach * math.sin(yaw), 0.5 * (low + high))
        shapes.append(Shape("box", half, Pose.of(center, quaternion_from_yaw(yaw)), color))
    return shapes


def volume(shape: Shape) -> float:
    """The volume of a part [m³]."""
    s = shape.size
    if shape.kind == "hull":
        return s[0]
    if shape.kind == "box":
        return 8 * s[0] * s[1] * s[2]
    if shape.kind == "sphere":
        return 4 / 3 * math.pi * s[0] ** 3
    return 2 * math.pi * s[0] ** 2 * s[1]


def mass_of(shapes: Iterable[Shape], density: float) -> float:
    """The mass [kg] of shapes of `density` [kg/m³]; where shapes overlap, both count."""
    return density * sum(volume(s) for s in shapes)
