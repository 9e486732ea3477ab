"""What renderers draw: one rigid body an object or link, and where each one is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from counterpoint.core.pose import Array
from counterpoint.objects.model import ObjectModel
from counterpoint.robots import RobotModel
from counterpoint.simulation.renderer import RenderBody, SceneView

BACKGROUND = (0.86, 0.89, 0.93)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    owner: str
    body: RenderBody
    entity: Any | None


class SceneGeometry:
    """The drawn bodies, in the order in which they were added."""

    def __init__(self) -> None:
        self._parts: list[_Part] = []
        self._version = 0
        self._light = _normalised(np.array([-0.4, 0.3, -0.9]))
        self._ambient = 0.4

    def set_light(self, direction: Array, ambient: float) -> None:
        """Turn the main light to `direction`, shape (3,), and set the ambient share."""
        self._light, self._ambient = _normalised(direction), ambient

    def add_static(
        self, owner: str, vertices: Array, triangles: Any, colors: Any, segmentation_id: int
    ) -> None:
        """Add world geometry that never moves."""
        self._append(owner, vertices, triangles, colors, segmentation_id, None)

    def add_object(
        self, owner: str, model: ObjectModel, entity: Any, color: Any, segmentation_id: int
    ) -> None:
        """Add an object; `color` replaces the colour of shapes that have none of their own."""
        vertices, triangles, colors, count = [], [], [], 0
        if model.surface is not None:
            points, faces, own_colors = model.surface
            if color is not None:
                own_colors = np.tile(np.array(color), (len(faces), 1))
            self._append(owner, points, faces, own_colors, segmentation_id, entity)
            return
        for shape in model.shapes:
            points, faces = shape.mesh()
            vertices.append(shape.object_from_shape.apply(points))
            triangles.append(faces + np.uint32(count))
            own = color if color is not None else shape.color or model.color
            colors.append(np.tile(np.array(own, np.float32), (len(faces), 1)))
            count += len(points)
        self._append(
            owner, np.concatenate(vertices), np.concatenate(triangles), np.concatenate(colors),
            segmentation_id, entity,
        )  # fmt: skip

    def add_robot(
        self,
        owner: str,
        model: RobotModel,
        hulls: Any,
        entities: Mapping[str, Any],
        segmentation_id: int,
    ) -> None:
        """Add a robot's links, each from its collision hulls; some have none."""
        for link, parts in hulls:
            offsets = np.cumsum([0] + [len(v) for v, _ in parts])
            triangles = np.concatenate(
                [np.empty((0, 3), np.uint32)]
                + [
                    t.astype(np.uint32) + np.uint32(o)
                    for (_, t), o in zip(parts, offsets, strict=False)
                ]
            )
            colors = np.tile(np.array(model.color_of(link), np.float32), (len(triangles), 1))
            vertices = np.concatenate([np.empty((0, 3)), *(v for v, _ in parts)])
            self._append(
                owner, vertices, triangles, colors, segmentation_id, entities[link], (model, link)
            )

    def remove(self, owner: str) -> None:
        """Take everything of an object or robot away."""
        self._parts = [p for p in self._parts if p.owner != owner]
        self._version += 1

    def set_color(self, owner: str, color: tuple[float, float, float]) -> None:
        """Give an object one colour."""
        for i, part in enumerate(self._parts):
            if part.owner == owner:
                colors = np.tile(np.array(color, np.float32), (len(part.body.triangles), 1))
                self._parts[i] = replace(part, body=replace(part.body, colors=colors))
        self._version += 1

    def view(self) -> SceneView:
        """The bodies where they are now."""
        positions = np.zeros((len(self._parts), 3))
        quaternions = np.tile([1.0, 0.0, 0.0, 0.0], (len(self._parts), 1))
        for i, part in enumerate(self._parts):
            if part.entity is not None:
                pose = part.entity.pose
                positions[i], quaternions[i] = pose.p, pose.q
        return SceneView(
            version=self._version,
            bodies=tuple(p.body for p in self._parts),
            positions=positions,
            quaternions=quaternions,
            light_direction=self._light,
            ambient=self._ambient,
            background=BACKGROUND,
        )

    def _append(
        self,
        owner: str,
        vertices: Any,
        triangles: Any,
        colors: Any,
        segmentation_id: int,
        entity: Any,
        link: tuple[RobotModel, str] | None = None,
    ) -> None:
        body = RenderBody(
            segmentation_id,
            np.ascontiguousarray(vertices, dtype=np.float32),
            np.ascontiguousarray(triangles, dtype=np.uint32),
            np.ascontiguousarray(colors, dtype=np.float32),
            link,
        )
        self._parts.append(_Part(owner, body, entity))
        self._version += 1


def _normalised(v: Array) -> Array:
    length = float(np.linalg.norm(v))
    unit: Array = v / length if length > 1e-9 else np.array([0.0, 0.0, -1.0])
    return unit
