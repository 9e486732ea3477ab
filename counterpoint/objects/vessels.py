"""Things that hold things, and stand on their origin: crate, basket, mug, plate.

`top` is the inside floor of each: the surface that things are placed on. What lies on a plate, up
to 5 cm over its rim, is inside it.
"""

from __future__ import annotations

import math

from counterpoint.objects.grasps import (
    DOWN,
    GRIP_DEPTH,
    RIM_DEPTH,
    X,
    affordance,
    rim_pinches,
    side_grasps,
    top_grasps,
)
from counterpoint.objects.model import ObjectModel, Shape, register_object_model
from counterpoint.objects.parts import (
    Size,
    block,
    checked_below,
    checked_round_size,
    checked_size,
    disc,
    mass_of,
    ring,
)

LIGHT_PLASTIC = 140.0
"""Density of crates, as if their boards were hollow [kg/m³]: about 1 kg at the usual size."""

WICKER = 250.0
"""Density of baskets [kg/m³]."""

STONEWARE = 1200.0
"""Density of mugs and plates [kg/m³]: below that of clay, as their walls are thicker."""

_MUG_SIDES = 12
_PLATE_SIDES = 16


def crate(size: Size = (0.4, 0.3, 0.2), *, wall: float = 0.02) -> ObjectModel:
    """An open box of five boards.

    Affordances: `left_rim` (+y), `right_rim` (-y), `front_rim` (+x), `back_rim` (-x): the wall is
    pinched from above, 2 cm below the rim. Mass: 140 kg/m³. `top` is the inside floor.

    Args:
        size: Overall extents (x, y, z) [m].
        wall: Thickness of the boards [m].

    Raises:
        ValueError: If a length is out of range; the message names it.
    """
    x, y, z = size = checked_size("crate", size)
    wall = checked_below("crate", "wall", wall, min(x, y, z) / 2, "half the least extent")
    shapes = _open_box(x, y, z, wall)
    sides = ("left", "right", "front", "back")
    rims = rim_pinches((x, y), wall, z, min(RIM_DEPTH, (z - wall) / 2), sides)
    mass = mass_of(shapes, LIGHT_PLASTIC)
    return ObjectModel(
        "crate", size, tuple(shapes), tuple(rims), False, mass, (0.30, 0.47, 0.66), wall, 0.0,
        _inside(x / 2 - wall, y / 2 - wall, wall, z),
    )  # fmt: skip


def basket(
    size: Size = (0.3, 0.22, 0.26), *, wall: float = 0.012, handle: float = 0.02
) -> ObjectModel:
    """An open box with a handle that arches over it from left to right.

    The box takes the lower 55 % of the height. Affordances: `handle`, at the middle of the arch,
    from above, closing along x; `front_rim` and `back_rim`, as on a crate. Mass: 250 kg/m³.
    `top` is the inside floor.

    Args:
        size: Overall extents with the handle (x, y, z) [m].
        wall: Thickness of the boards [m].
        handle: Thickness of the handle [m].

    Raises:
        ValueError: If a length is out of range; the message names it.
    """
    x, y, z = size = checked_size("basket", size)
    rim = 0.55 * z
    wall = checked_below("basket", "wall", wall, min(x, y, rim) / 2, "half the least extent")
    thickest = min(x / 2, y / 2, z - rim)
    handle = checked_below("basket", "handle", handle, thickest, "half of x or y, 45 % of z")
    dark = (0.50, 0.35, 0.20)
    h = handle / 2
    shapes = _open_box(x, y, rim, wall)
    for low, high in ((y / 2 - wall, y / 2), (-y / 2, wall - y / 2)):
        shapes.append(block((-h, low, rim), (h, high, z - handle), dark))
    shapes.append(block((-h, -y / 2, z - handle), (h, y / 2, z), dark))
    rims = rim_pinches((x, y), wall, rim, min(RIM_DEPTH, (rim - wall) / 2), ("front", "back"))
    grasps = (affordance("handle", (0.0, 0.0, z - h), DOWN, X, handle), *rims)
    mass = mass_of(shapes, WICKER)
    return ObjectModel(
        "basket", size, tuple(shapes), grasps, False, mass, (0.72, 0.55, 0.34), wall, 0.0,
        _inside(x / 2 - wall, y / 2 - wall, wall, rim),
    )  # fmt: skip


def mug(size: Size = (0.066, 0.1, 0.09), *, wall: float = 0.01) -> ObjectModel:
    """A hollow mug of twelve flat sides around its origin, with its handle towards +y.

    The body is as wide as the x extent; the rest of the y extent is the handle, so a mug with
    equal x and y has none. Affordances: `right` (and every side, without a handle) level around
    the body; `top_x` from above around it; `handle`, from +y (with one); `front_rim`, `back_rim`
    and `right_rim` pinched from above. Mass: 1,200 kg/m³. `top` is the inside floor.

    The usual size fits grippers that open from 9 to 75 mm.

    Args:
        size: Overall extents with the handle (x, y, z) [m].
        wall: Thickness of body and handle [m].

    Raises:
        ValueError: If a length is out of range; the message names it.
    """
    x, y, z = size = checked_size("mug", size)
    wall = checked_below("mug", "wall", wall, min(x / 2, z / 4), "half of x, a quarter of z")
    r = x / 2
    has_handle = not math.isclose(x, y, rel_tol=1e-6)
    if has_handle and y - x < 2 * wall:
        raise ValueError(
            f"mug: size is {size!r}, expected y equal to x (no handle) or more than x by at least "
            f"two walls ({2 * wall:.6g} m)"
        )
    shapes = [disc(r, 0.0, wall), *ring(r, wall, 0.0, z, _MUG_SIDES)]
    sides = ("right",) if has_handle else ("right", "left", "front", "back")
    grasps = side_grasps((x, x), z / 2, (r, r), sides)
    grasps.append(top_grasps((x, 2 * x), z, min(GRIP_DEPTH, z / 2))[0])
    if has_handle:
        shapes += _mug_handle(r, y - r, z, wall)
        grip = (0.0, y - r - wall / 2, z / 2)
        grasps.append(affordance("handle", grip, (0.0, -1.0, 0.0), X, wall))
    depth = min(RIM_DEPTH, (z - wall) / 2)
    grasps += rim_pinches((x, x), wall, z, depth, ("front", "back", "right"))
    mass = mass_of(shapes, STONEWARE)
    return ObjectModel(
        "mug", size, tuple(shapes), tuple(grasps), False, mass, (0.85, 0.83, 0.76), wall, 0.0,
        _inside(r - wall, r - wall, wall, z),
    )  # fmt: skip


def plate(
    size: Size = (0.22, 0.22, 0.03), *, wall: float = 0.01, floor: float = 0.006
) -> ObjectModel:
    """A disc with a low rim of sixteen flat sides around its origin.

    Affordances: `front_rim`, `back_rim`, `left_rim`, `right_rim`, the rim pinched from above.
    Mass: 1,200 kg/m³. `top` is the inside floor.

    Args:
        size: Diameter along x and y, equal, and height along z [m].
        wall: Thickness of the rim [m].
        floor: Thickness of the disc [m].

    Raises:
        ValueError: If a length is out of range; the message names it.
    """
    x, y, z = size = checked_round_size("plate", size)
    wall = checked_below("plate", "wall", wall, x / 4, "a quarter of the diameter")
    floor = checked_below("plate", "floor", floor, z, "the height")
    r = x / 2
    shapes = [disc(r, 0.0, floor), *ring(r, wall, 0.0, z, _PLATE_SIDES)]
    rims = rim_pinches((x, y), wall, z, min(RIM_DEPTH, (z - floor) / 2))
    mass = mass_of(shapes, STONEWARE)
    return ObjectModel(
        "plate", size, tuple(shapes), tuple(rims), False, mass, (0.88, 0.90, 0.92), floor, 0.0,
        _inside(r - wall, r - wall, floor, z + 0.05),
    )  # fmt: skip


def _open_box(x: float, y: float, z: float, t: float) -> list[Shape]:
    """Five boards of thickness `t`, standing on the origin."""
    return [
        block((-x / 2, -y / 2, 0.0), (x / 2, y / 2, t)),
        block((-x / 2, y / 2 - t, t), (x / 2, y / 2, z)),
        block((-x / 2, -y / 2, t), (x / 2, t - y / 2, z)),
        block((x / 2 - t, t - y / 2, t), (x / 2, y / 2 - t, z)),
        block((-x / 2, t - y / 2, t), (t - x / 2, y / 2 - t, z)),
    ]


def _inside(x: float, y: float, low: float, high: float) -> tuple[Size, Size]:
    """What is inside a vessel, given half its inner extents and its inner floor and rim [m]."""
    return (-x, -y, low), (x, y, high)


def _mug_handle(r: float, reach: float, z: float, t: float) -> list[Shape]:
    """An upright grip at `reach` along +y and two stubs that join it to the body."""
    low, high, h = 0.2 * z, 0.8 * z, t / 2
    # The stubs begin inside the wall, which is thinnest in the middle of a side.
    inner = r - h
    thick = min(t, 0.2 * z)
    return [
        block((-h, reach - t, low), (h, reach, high)),
        block((-h, inner, low), (h, reach - t, low + thick)),
        block((-h, inner, high - thick), (h, reach - t, high)),
    ]


for _builder in (crate, basket, mug, plate):
    register_object_model(_builder.__name__, _builder)
