"""Draws with Embree on the CPU: no GPU, no display and no Vulkan are needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray

from counterpoint.core.pose import (
    Array,
    matrices_from_quaternions,
    matrix_from_quaternion,
    read_only,
)
from counterpoint.simulation.renderer import (
    GAMMA,
    HEADLIGHT,
    SKY,
    CameraView,
    Images,
    Pass,
    RenderBody,
    SceneView,
    main_light,
)

Floats = NDArray[np.float32]

# Gaps kept before a shadow ray starts, so that a face does not shade itself: [m], and per metre.
_SHADOW_GAP = 5e-4
_SHADOW_GAP_PER_METRE = 2e-4


class RaycastRenderer:
    """Draws a scene with Embree, one ray a pixel. See `Renderer` for the conventions.

    Every triangle is flat and lit from both sides: by one main light, by a sky that is brighter
    above, and by a weak lamp at the camera. The same scene and cameras give the same images.

    Args:
        shadows: Whether the main light casts hard shadows, for one more ray a lit pixel.
    """

    name = "raycast"

    def __init__(self, *, shadows: bool = True) -> None:
        self.shadows = shadows
        self._geometry = _Geometry()

    def render(
        self, scene: SceneView, requests: Sequence[tuple[CameraView, Sequence[Pass]]]
    ) -> list[Images]:
        """See `Renderer.render`."""
        geometry = self._geometry
        if requests:
            geometry.update(scene)
        return [self._draw(scene, geometry, view, set(passes)) for view, passes in requests]

    def close(self) -> None:
        """Free the geometry."""
        self._geometry = _Geometry()

    def _draw(
        self, scene: SceneView, geometry: _Geometry, view: CameraView, passes: set[Pass]
    ) -> Images:
        rays = _Rays(view)
        triangle, depth, hit = geometry.trace(rays)
        width, height = view.size
        images: Images = {}
        if "depth" in passes:
            images["depth"] = np.where(hit, depth, np.float32(0)).reshape(height, width)
        if "segmentation" in passes:
            images["segmentation"] = geometry.segmentation[triangle].reshape(height, width)
        if "normals" in passes or "rgb" in passes:
            # Seen from behind where the ray leaves along the normal.
            facing = geometry.facing(triangle, rays)
            side = np.where(facing > 0, np.float32(-1), np.float32(1))
            if "normals" in passes:
                normals = geometry.normals[triangle]
                normals *= side[:, None]
                images["normals"] = normals.reshape(height, width, 3)
            if "rgb" in passes:
                light = self._light(scene, geometry, rays, triangle, depth, facing, side)
                light[~hit] = 1.0
                color = geometry.colored(scene.background)[triangle]
                color *= light[:, None]
                color += np.float32(0.5)
                images["rgb"] = color.astype(np.uint8).reshape(height, width, 3)
        return images

    def _light(
        self,
        scene: SceneView,
        geometry: _Geometry,
        rays: _Rays,
        triangle: NDArray[np.int32],
        depth: Floats,
        facing: Floats,
        side: Floats,
    ) -> Floats:
        """What to multiply each pixel's colour by, shape (n,), in 0..1, with gamma."""
        to_light = (-np.asarray(scene.light_direction)).astype(np.float32)
        ambient = np.float32(scene.ambient)
        main = (geometry.normals @ to_light)[triangle]
        main *= side
        np.maximum(main, 0, out=main)
        if self.shadows:
            lit = np.flatnonzero(main > 0)
            # On the side of the face that is seen.
            out = geometry.normals[triangle[lit]]
            out *= side[lit, None]
            main[lit[geometry.shaded(rays, lit, depth[lit], out, to_light)]] = 0
        main *= np.float32(main_light(scene.ambient))
        sky = (geometry.normals[:, 2] * (0.5 * SKY * ambient))[triangle]
        sky *= side
        main += sky
        main += ambient * np.float32(1 - 0.5 * SKY)
        head = np.abs(facing)
        head *= rays.inverse_length
        head *= np.float32(HEADLIGHT)
        main += head
        np.minimum(main, 1, out=main)
        np.power(main, np.float32(1 / GAMMA), out=main)
        return main


class _Rays:
    """One ray a pixel, row by row from the upper left, of length 1 along the viewing axis."""

    def __init__(self, view: CameraView) -> None:
        rotation = matrix_from_quaternion(view.world_from_camera.q).astype(np.float32)
        local, self.inverse_length = _pixel_rays(view.size, view.field_of_view)
        self.near, self.far = np.float32(view.near), np.float32(view.far)
        self.camera_from_world = rotation.T
        self.local = local
        self.eye = np.asarray(view.world_from_camera.p, dtype=np.float32)
        self.directions: Floats = local @ rotation.T
        # Starting on the near plane leaves out what is nearer.
        self.origins: Floats = self.directions * self.near
        self.origins += self.eye


class _Geometry:
    """All triangles of a scene in the world frame, and the Embree scene around them.

    Per-triangle tables have one row more than there are triangles, for the background: Embree
    answers -1 where nothing is hit, and that is the last row.
    """

    def __init__(self) -> None:
        self._bodies: tuple[RenderBody, ...] | None = None
        self._version = -1
        self._positions: Array = np.empty((0, 3))
        self._quaternions: Array = np.empty((0, 4))
        self._embree: Any = None
        self.normals: Floats = np.zeros((1, 3), np.float32)
        self.segmentation: NDArray[np.uint16] = np.zeros(1, np.uint16)
        self._colors: Floats = np.zeros((1, 3), np.float32)

    def update(self, scene: SceneView) -> None:
        """Take over what changed since the last time; do nothing when nothing did."""
        bodies = tuple(scene.bodies)
        # Versions of different scenes may coincide, the bodies themselves cannot.
        same = scene.version == self._version and bodies == self._bodies
        if not same:
            self._load(bodies)
            self._version = scene.version
        elif np.array_equal(scene.positions, self._positions) and np.array_equal(
            scene.quaternions, self._quaternions
        ):
            return
        self._positions = np.array(scene.positions, dtype=np.float64)
        self._quaternions = np.array(scene.quaternions, dtype=np.float64)
        self._place()

    def trace(self, rays: _Rays) -> tuple[NDArray[np.int32], Floats, NDArray[np.bool_]]:
        """The triangle (-1: none), the depth [m] and whether anything was hit, of each ray."""
        n = len(rays.directions)
        if self._embree is None:
            return np.full(n, -1, np.int32), np.zeros(n, np.float32), np.zeros(n, np.bool_)
        reach = np.full(n, rays.far - rays.near, np.float32)
        found = self._embree.run(rays.origins, rays.directions, dists=reach, output=True)
        triangle = found["primID"]
        depth = found["tfar"]
        depth += rays.near
        return triangle, depth, triangle >= 0

    def facing(self, triangle: NDArray[np.int32], rays: _Rays) -> Floats:
        """Each ray times the unit normal of what it hits, shape (n,)."""
        n = self.normals @ rays.camera_from_world.T
        x, y, z = (np.ascontiguousarray(n[:, i]) for i in range(3))
        out = x[triangle]
        out += y[triangle] * rays.local[:, 1]
        out += z[triangle] * rays.local[:, 2]
        return out

    def colored(self, background: tuple[float, float, float]) -> Floats:
        """The colour of each triangle and of the background, in 0..255."""
        self._colors[-1] = np.asarray(background, dtype=np.float32) * 255
        return self._colors

    def shaded(
        self,
        rays: _Rays,
        pixels: NDArray[np.intp],
        depth: Floats,
        out: Floats,
        to_light: Floats,
    ) -> NDArray[np.bool_]:
        """Whether something stands between the main light and what some pixels see.

        Args:
            rays: The camera's rays.
            pixels: Indices of n of them that hit something.
            depth: The depth [m] there, shape (n,).
            out: Unit normals there, towards the camera, shape (n, 3); overwritten.
            to_light: Unit vector towards the light, shape (3,).
        """
        if self._embree is None or not len(pixels):
            return np.zeros(len(pixels), np.bool_)
        origins = rays.directions[pixels]
        origins *= depth[:, None]
        origins += rays.eye
        gap = depth * np.float32(_SHADOW_GAP_PER_METRE)
        gap += np.float32(_SHADOW_GAP)
        out *= gap[:, None]
        origins += out
        directions = np.empty_like(origins)
        directions[:] = to_light
        blocked: NDArray[np.bool_] = self._embree.run(origins, directions, query="OCCLUDED") >= 0
        return blocked

    def _load(self, bodies: tuple[RenderBody, ...]) -> None:
        """Join the bodies' local geometry."""
        self._bodies = bodies
        vertex_counts = [len(b.vertices) for b in bodies]
        triangle_counts = [len(b.triangles) for b in bodies]
        starts = np.cumsum([0, *vertex_counts])
        none = [np.zeros((0, 3), np.float32)]
        self._local_vertices = np.concatenate([b.vertices for b in bodies] or none)
        self._triangles = np.concatenate(
            [
                b.triangles.astype(np.int32) + np.int32(s)
                for b, s in zip(bodies, starts, strict=False)
            ]
            or [np.zeros((0, 3), np.int32)]
        )
        corners = self._local_vertices[self._triangles]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        self._local_normals = normals / np.maximum(length, np.float32(1e-20))
        self._body_of_vertex = np.repeat(np.arange(len(bodies)), vertex_counts)
        self._body_of_triangle = np.repeat(np.arange(len(bodies)), triangle_counts)
        background = np.zeros((1, 3), np.float32)
        self._colors = np.concatenate([*(b.colors for b in bodies), background]) * np.float32(255)
        ids = np.array([*(b.segmentation_id for b in bodies), 0], dtype=np.uint16)
        self.segmentation = np.repeat(ids, [*triangle_counts, 1])

    def _place(self) -> None:
        """Move everything to where it is now and give it to Embree."""
        self.normals = np.zeros((len(self._triangles) + 1, 3), np.float32)
        self._embree = None
        if not len(self._triangles):
            return
        rotation = matrices_from_quaternions(self._quaternions).astype(np.float32)
        position = self._positions.astype(np.float32)
        vertices = np.einsum("nij,nj->ni", rotation[self._body_of_vertex], self._local_vertices)
        vertices += position[self._body_of_vertex]
        np.einsum(
            "nij,nj->ni",
            rotation[self._body_of_triangle],
            self._local_normals,
            out=self.normals[:-1],
        )
        self._embree = EmbreeScene()
        TriangleMesh(self._embree, vertices, self._triangles)


@lru_cache(maxsize=64)
def _pixel_rays(size: tuple[int, int], field_of_view: float) -> tuple[Floats, Floats]:
    """Rays through the pixels' centres in the camera's frame, and the inverse of their lengths.

    The rays have x = 1, shape (n, 3); the inverse lengths have shape (n,).
    """
    width, height = size
    half = math.tan(0.5 * field_of_view)
    up = half * (1 - (2 * np.arange(height) + 1) / height)
    left = half * (width / height) * (1 - (2 * np.arange(width) + 1) / width)
    grid = np.empty((height, width, 3))
    grid[..., 0] = 1.0
    grid[..., 1] = left
    grid[..., 2] = up[:, None]
    rays = grid.reshape(-1, 3)
    inverse = 1 / np.linalg.norm(rays, axis=1)
    return read_only(rays.astype(np.float32)), read_only(inverse.astype(np.float32))
