"""The collision hulls of robot models, for drawing and for checking postures before moving."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.pose import Array, matrix_from_quaternion
from counterpoint.objects.model import Shape
from counterpoint.robots import RobotModel

Hull = tuple[Array, NDArray[np.uint32]]
"""Vertices (n, 3) [m] in the link's frame, and triangles (m, 3)."""


@lru_cache(maxsize=32)
def robot_hulls(model: RobotModel) -> tuple[tuple[str, tuple[Hull, ...]], ...]:
    """Each physical link of a model with its hulls, as the physics engine cooked them.

    They come from a scene of their own, so that asking does not touch a live one.
    """
    from counterpoint.simulation.robot_body import PhysicsScene, load_articulation

    scene = PhysicsScene()
    try:
        links = []
        for link in load_articulation(scene, model).get_links():
            hulls = []
            for shape in link.get_collision_shapes():
                vertices, triangles = _mesh(shape)
                turn = matrix_from_quaternion(shape.local_pose.q)
                points = np.asarray(vertices, dtype=np.float64) @ turn.T + shape.local_pose.p
                hulls.append((points, np.asarray(triangles, dtype=np.uint32)))
            links.append((str(link.name), tuple(hulls)))
        return tuple(links)
    finally:
        scene.clear()


def _mesh(shape: object) -> Hull:
    if hasattr(shape, "vertices"):
        return shape.vertices * shape.scale, shape.triangles  # type: ignore[attr-defined]
    if hasattr(shape, "half_size"):
        return Shape("box", tuple(map(float, shape.half_size))).mesh()
    if hasattr(shape, "half_length"):  # SAPIEN's cylinders and capsules lie along x
        size = (float(shape.radius), float(shape.half_length))  # type: ignore[attr-defined]
        vertices, triangles = Shape("cylinder", size).mesh()
        return vertices[:, [2, 0, 1]], triangles
    return Shape("sphere", (float(shape.radius),)).mesh()  # type: ignore[attr-defined]
