"""What a robot looks like: the visual meshes of its description, for renderers that draw them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from lxml import etree

from counterpoint.core.pose import Pose
from counterpoint.robots.description import (
    find_description,
    load_description,
    origin_of,
    resolve_meshes,
)
from counterpoint.robots.model import RobotModel

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Visual:
    """One visible part of a physical link.

    Attributes:
        kind: `mesh`, or the primitive that it is.
        file: Absolute path of the mesh, or an empty string.
        size: Scale (x, y, z) of a mesh; half extents (x, y, z) of a box; (radius,) of a sphere;
            (radius, half length) of a cylinder along z [m].
        link_from_visual: Where it sits in the physical link's frame.
        color: Red, green and blue in 0..1.
    """

    kind: Literal["mesh", "box", "sphere", "cylinder"]
    file: str
    size: tuple[float, ...]
    link_from_visual: Pose
    color: Vector


@lru_cache(maxsize=32)
def load_visuals(model: RobotModel) -> Mapping[str, tuple[Visual, ...]]:
    """Physical link → its visible parts, those of merged links included; read once a process.

    Raises:
        FileNotFoundError: If the description, or a visual mesh that it names, is missing.
    """
    path = find_description(model)
    root = etree.parse(str(path)).getroot()
    for link in root.findall("link"):
        for collision in link.findall("collision"):
            link.remove(collision)
    resolve_meshes(root, path)
    body_of = load_description(model).body_of
    found: dict[str, list[Visual]] = {}
    for link in root.findall("link"):
        name = link.get("name")
        carrier, carrier_from_link = body_of[name]
        for element in link.findall("visual"):
            visual = _visual(element, carrier_from_link, model.color_of(name))
            found.setdefault(carrier, []).append(visual)
    return MappingProxyType({name: tuple(visuals) for name, visuals in found.items()})


def _visual(element: Any, carrier_from_link: Pose, color: Vector) -> Visual:
    pose = carrier_from_link @ origin_of(element)
    (shape,) = element.find("geometry")
    if shape.tag == "mesh":
        scale = tuple(map(float, shape.get("scale", "1 1 1").split()))
        return Visual("mesh", shape.get("filename"), scale, pose, color)
    if shape.tag == "box":
        half = tuple(float(v) / 2 for v in shape.get("size").split())
        return Visual("box", "", half, pose, color)
    radius = float(shape.get("radius"))
    if shape.tag == "sphere":
        return Visual("sphere", "", (radius,), pose, color)
    return Visual("cylinder", "", (radius, float(shape.get("length")) / 2), pose, color)
