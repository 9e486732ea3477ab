"""Things of two parts that a joint holds together: door, drawer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from counterpoint.core.errors import UnknownModelError
from counterpoint.core.pose import Array, Pose, rotate
from counterpoint.objects.grasps import X, Y, affordance
from counterpoint.objects.model import Affordance, ObjectModel, Shape
from counterpoint.objects.parts import Size, block, checked_below, checked_size, mass_of

Z_FROM_JOINT = (math.sqrt(0.5), 0.0, -math.sqrt(0.5), 0.0)
"""Turns a joint's axis, its x, upwards."""

HOLLOW_DOOR = 150.0
"""Density of a door's leaf [kg/m³]."""

CHIPBOARD = 300.0
"""Density of drawers [kg/m³]: thick boards that stand for thin ones."""

GAP = 0.006  # m: between a part and the frame that it moves in
STANDOFF = 0.05  # m: of a handle from what it is on


@dataclass(frozen=True, slots=True)
class Joint:
    """What lets one part move in a frame that does not.

    Attributes:
        kind: `revolute` turns about the joint's x axis, `prismatic` slides along it.
        frame_from_joint: Where it sits in the frame; the part's origin is there, with the part's
            axes those of the frame, when the joint is at 0.
        upper: How far it opens [rad or m]; it closes at 0.
        damping: [N·m·s/rad or N·s/m].
    """

    kind: Literal["revolute", "prismatic"]
    frame_from_joint: Pose
    upper: float
    damping: float

    def frame_from_part(self, position: float) -> Pose:
        """Where the part is in the frame when the joint is at `position` [rad or m]."""
        joint = self.frame_from_joint
        axis = rotate(joint.q, np.array(X))
        if self.kind == "prismatic":
            return Pose(joint.p + position * axis, np.array([1.0, 0.0, 0.0, 0.0]))
        half = 0.5 * position
        return Pose(joint.p.copy(), np.array([math.cos(half), *(math.sin(half) * axis)]))

    def position(self, frame_from_part: Pose) -> float:
        """Where the joint is [rad or m], from where the part is in the frame."""
        axis: Array = rotate(self.frame_from_joint.q, np.array(X))
        if self.kind == "prismatic":
            return float((frame_from_part.p - self.frame_from_joint.p) @ axis)
        w, *v = frame_from_part.q.tolist()
        angle = 2 * math.atan2(float(np.array(v) @ axis), w)
        return (angle + math.pi) % (2 * math.pi) - math.pi


@dataclass(frozen=True, slots=True)
class ArticulationModel:
    """A frame that does not move, a part that does, and the joint between them.

    Attributes:
        frame: The frame.
        part: The part; its affordances are handles.
        joint: The joint.
    """

    frame: ObjectModel
    part: ObjectModel
    joint: Joint


def door(size: Size = (0.9, 0.04, 2.0), *, upper: float = 1.9) -> ArticulationModel:
    """A door in its frame, with a handle on each side. It opens towards +y.

    The origin is on the floor below the hinge; the closed leaf extends along +x. Affordances of the
    leaf: `handle_front` (on its +y side, taken along -y) and `handle_back`.

    Args:
        size: Width, thickness and height of the leaf [m].
        upper: How far it opens [rad].

    Raises:
        ValueError: If a length or angle is out of range; the message names it.
    """
    width, thick, height = size = checked_size("door", size)
    upper = checked_below("door", "upper", upper, math.pi, "half a turn")
    low = 0.01  # m: over the floor
    leaf = [block((GAP, -thick / 2, low), (width, thick / 2, height), (0.72, 0.60, 0.45))]
    grips = []
    for name, side in (("handle_front", 1.0), ("handle_back", -1.0)):
        leaf += handle((width - 0.09, side * thick / 2, 0.5 * height), side)
        at = (width - 0.09, side * (thick / 2 + STANDOFF), 0.5 * height)
        grips.append(affordance(name, at, (0.0, -side, 0.0), X, 0.024))
    post, wood = 0.06, (0.50, 0.42, 0.33)
    frame = [
        block((-post, -thick, 0.0), (0.0, thick, height + post), wood),
        block((width + GAP, -thick, 0.0), (width + GAP + post, thick, height + post), wood),
        block((0.0, -thick, height + GAP), (width + GAP, thick, height + post), wood),
    ]
    joint = Joint("revolute", Pose.of((0.0, 0.0, 0.0), Z_FROM_JOINT), upper, 2.0)
    return _put_together("door", frame, leaf, grips, joint, HOLLOW_DOOR)


def drawer(size: Size = (0.45, 0.5, 0.6), *, upper: float = 0.3) -> ArticulationModel:
    """A cabinet with one drawer in its upper third, which opens towards +x.

    The origin is in the middle below the cabinet. Affordance of the drawer: `handle`, taken along
    -x.

    Args:
        size: Overall extents of the cabinet (x, y, z) [m].
        upper: How far the drawer opens [m].

    Raises:
        ValueError: If a length is out of range; the message names it.
    """
    x, y, z = size = checked_size("drawer", size)
    upper = checked_below("drawer", "upper", upper, 0.9 * x, "nine tenths of the depth")
    board, wood, white = 0.02, (0.60, 0.50, 0.40), (0.86, 0.85, 0.82)
    bottom = 2 / 3 * z  # of the drawer's compartment
    frame = [
        block((-x / 2, -y / 2, 0.0), (x / 2, -y / 2 + board, z), wood),
        block((-x / 2, y / 2 - board, 0.0), (x / 2, y / 2, z), wood),
        block((-x / 2, -y / 2 + board, 0.0), (-x / 2 + board, y / 2 - board, z), wood),
        block((-x / 2 + board, -y / 2 + board, z - board), (x / 2, y / 2 - board, z), wood),
        block(
            (-x / 2 + board, -y / 2 + board, bottom - board), (x / 2, y / 2 - board, bottom), wood
        ),
    ]
    # The drawer's own frame is the joint's: in the middle of its front, at the bottom.
    wide, deep = y / 2 - board - GAP, x - board - 2 * GAP
    high = z - board - bottom - 2 * GAP
    walls = [
        block((-deep, -wide, 0.0), (0.0, wide, 0.012), white),
        block((-deep, -wide, 0.012), (0.0, -wide + 0.012, 0.7 * high), white),
        block((-deep, wide - 0.012, 0.012), (0.0, wide, 0.7 * high), white),
        block((-deep, -wide + 0.012, 0.012), (-deep + 0.012, wide - 0.012, 0.7 * high), white),
        block((-0.018, -wide, 0.012), (0.0, wide, high), white),
    ]
    walls += knob((0.0, 0.0, 0.5 * high))
    at = (STANDOFF, 0.0, 0.5 * high)
    grips = [affordance("handle", at, (-1.0, 0.0, 0.0), Y, 0.024)]
    joint = Joint("prismatic", Pose.of((x / 2, 0.0, bottom + GAP)), upper, 20.0)
    inside = (0.012 - deep, 0.012 - wide, 0.012), (-0.018, wide - 0.012, high)
    return _put_together("drawer", frame, walls, grips, joint, CHIPBOARD, inside)


Builder = Callable[..., ArticulationModel]
_BUILDERS: dict[str, Builder] = {"door": door, "drawer": drawer}


def list_articulation_models() -> list[str]:
    """The names of the models of articulations, sorted."""
    return sorted(_BUILDERS)


def build_articulation(
    name: str, size: Size | None = None, parameters: dict[str, float] | None = None
) -> ArticulationModel:
    """The articulation `name` at `size` (x, y, z) [m]; None is its usual size.

    Raises:
        UnknownModelError: If there is no such model.
        ValueError: If a size or parameter is out of range; the message names it.
        TypeError: If the model has no parameter of that name.
    """
    if name not in _BUILDERS:
        raise UnknownModelError(name, list_articulation_models())
    builder = _BUILDERS[name]
    parameters = parameters or {}
    return builder(**parameters) if size is None else builder(size, **parameters)


def handle(at: tuple[float, float, float], side: float) -> list[Shape]:
    """An upright bar on two stubs, that stands off a face that looks along ±y."""
    x, y, z = at
    steel = (0.55, 0.56, 0.58)
    out = sorted((y + side * (STANDOFF - 0.01), y + side * (STANDOFF + 0.01)))
    stub = sorted((y, y + side * (STANDOFF - 0.01)))
    return [
        block((x - 0.012, out[0], z - 0.12), (x + 0.012, out[1], z + 0.12), steel),
        block((x - 0.008, stub[0], z - 0.12), (x + 0.008, stub[1], z - 0.10), steel),
        block((x - 0.008, stub[0], z + 0.10), (x + 0.008, stub[1], z + 0.12), steel),
    ]


def knob(at: tuple[float, float, float]) -> list[Shape]:
    """An upright block on a stub, that stands off a face that looks along +x."""
    x, y, z = at
    steel = (0.55, 0.56, 0.58)
    return [
        block((x + 0.035, y - 0.012, z - 0.03), (x + 0.065, y + 0.012, z + 0.03), steel),
        block((x, y - 0.008, z - 0.008), (x + 0.035, y + 0.008, z + 0.008), steel),
    ]


def _put_together(
    name: str,
    frame: list[Shape],
    part: list[Shape],
    grips: list[Affordance],
    joint: Joint,
    density: float,
    interior: tuple[Size, Size] | None = None,
) -> ArticulationModel:
    return ArticulationModel(
        _model(f"{name}_frame", frame, [], True, 500.0),
        _model(name, part, grips, False, density, interior),
        joint,
    )


def _model(
    name: str,
    shapes: list[Shape],
    grips: list[Affordance],
    static: bool,
    density: float,
    interior: tuple[Size, Size] | None = None,
) -> ObjectModel:
    corners = np.concatenate([s.object_from_shape.apply(s.mesh()[0]) for s in shapes])
    low, high = corners.min(axis=0), corners.max(axis=0)
    extent = tuple((high - low).tolist())
    color = shapes[0].color or (0.6, 0.6, 0.6)
    return ObjectModel(
        name, extent, tuple(shapes), tuple(grips), static, mass_of(shapes, density), color,
        float(high[2]), float(low[2]), interior,
    )  # fmt: skip
