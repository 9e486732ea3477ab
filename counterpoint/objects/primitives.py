"""Solid things whose origin is their centre: box, sphere, cylinder, bar."""

from __future__ import annotations

import math

from counterpoint.objects.grasps import DOWN, GRIP_DEPTH, Y, affordance, side_grasps, top_grasps
from counterpoint.objects.model import ObjectModel, Shape, register_object_model
from counterpoint.objects.parts import Size, checked_round_size, checked_size, mass_of

WOOD = 500.0
"""Density of the default masses here [kg/m³]."""


def box(size: Size = (0.05, 0.05, 0.05)) -> ObjectModel:
    """A solid box around its origin.

    Affordances: `top_x`, `top_y` from above, closing along x or y; `front`, `back`, `left`,
    `right` level, from that side. Mass: 500 kg/m³. `top` is the upper face.

    Args:
        size: Extents (x, y, z) [m].

    Raises:
        ValueError: If an extent is not finite and above 0.
    """
    x, y, z = size = checked_size("box", size)
    depth = (min(GRIP_DEPTH, x / 2), min(GRIP_DEPTH, y / 2))
    grasps = top_grasps((x, y), z / 2, min(GRIP_DEPTH, z / 2)) + side_grasps((x, y), 0.0, depth)
    shapes = (Shape("box", (x / 2, y / 2, z / 2)),)
    mass = mass_of(shapes, WOOD)
    return ObjectModel(
        "box", size, shapes, tuple(grasps), False, mass, (0.80, 0.36, 0.28), z / 2, -z / 2
    )


def sphere(size: Size = (0.06, 0.06, 0.06)) -> ObjectModel:
    """A solid ball around its origin.

    Affordances: `top_x`, `top_y`, `front`, `back`, `left`, `right`, all at its centre.
    Mass: 500 kg/m³. `top` is its highest point.

    Args:
        size: Diameter along x, y and z [m], all equal.

    Raises:
        ValueError: If an extent is not finite and above 0, or they differ.
    """
    x, y, z = size = checked_round_size("sphere", size)
    if not math.isclose(x, z, rel_tol=1e-6):
        raise ValueError(f"sphere: size is {size!r}, expected x, y and z to be equal")
    r = x / 2
    grasps = top_grasps((x, y), r, r) + side_grasps((x, y), 0.0, (r, r))
    shapes = (Shape("sphere", (r,)),)
    mass = mass_of(shapes, WOOD)
    return ObjectModel(
        "sphere", size, shapes, tuple(grasps), False, mass, (0.93, 0.62, 0.20), z / 2, -z / 2
    )


def cylinder(size: Size = (0.06, 0.06, 0.12)) -> ObjectModel:
    """A solid upright cylinder around its origin.

    Affordances: `front`, `back`, `left`, `right` level at half its height; `top_x`, `top_y` from
    above. Mass: 500 kg/m³. `top` is the upper face.

    Args:
        size: Diameter along x and y, equal, and height along z [m].

    Raises:
        ValueError: If an extent is not finite and above 0, or x and y differ.
    """
    x, y, z = size = checked_round_size("cylinder", size)
    r = x / 2
    # Level grasps go to the axis: anywhere before it the faces are less than a diameter apart.
    grasps = side_grasps((x, y), 0.0, (r, r)) + top_grasps((x, y), z / 2, min(GRIP_DEPTH, z / 2))
    shapes = (Shape("cylinder", (r, z / 2)),)
    mass = mass_of(shapes, WOOD)
    return ObjectModel(
        "cylinder", size, shapes, tuple(grasps), False, mass, (0.25, 0.55, 0.60), z / 2, -z / 2
    )


def bar(size: Size = (1.2, 0.04, 0.04)) -> ObjectModel:
    """A long solid bar along x around its origin, for two to carry.

    Affordances: `front_end` (+x), `back_end` (-x), `middle`, from above, closing along y. The ends
    are 6 cm from the tips, or a sixth of the length where that is less. Mass: 500 kg/m³. `top` is
    the upper face.

    Args:
        size: Length, width and height (x, y, z) [m].

    Raises:
        ValueError: If an extent is not finite and above 0, or x is not the longest.
    """
    x, y, z = size = checked_size("bar", size)
    if x < max(y, z):
        raise ValueError(f"bar: size is {size!r}, expected the length x to be the longest")
    reach = x / 2 - min(0.06, x / 6)
    height = z / 2 - min(GRIP_DEPTH, z / 2)
    grasps = tuple(
        affordance(name, (at, 0.0, height), DOWN, Y, y)
        for name, at in (("front_end", reach), ("back_end", -reach), ("middle", 0.0))
    )
    shapes = (Shape("box", (x / 2, y / 2, z / 2)),)
    mass = mass_of(shapes, WOOD)
    return ObjectModel("bar", size, shapes, grasps, False, mass, (0.72, 0.53, 0.32), z / 2, -z / 2)


for _builder in (box, sphere, cylinder, bar):
    register_object_model(_builder.__name__, _builder)
