"""Draws with SAPIEN's rasteriser on a Vulkan device, be it a GPU or a driver in software."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.pose import (
    Array,
    matrices_from_quaternions,
    matrix_from_quaternion,
)
from counterpoint.objects.model import Shape
from counterpoint.robots.sapien_quietly import sapien
from counterpoint.robots.visuals import Visual, load_visuals
from counterpoint.simulation.camera_rig import look_at
from counterpoint.simulation.renderer import (
    HEADLIGHT,
    SKY,
    CameraView,
    Images,
    Pass,
    RenderBody,
    SceneView,
    main_light,
)
from counterpoint.simulation.visual_meshes import Mesh, flat_mesh, visual_mesh

Floats = NDArray[np.float32]

_SHADERS = str(Path(__file__).with_name("shaders"))
_SHADOW_MAP = 2048  # pixels
_MARGIN = 0.1  # m, around what casts shadows


class VulkanRenderer:
    """Draws a scene with SAPIEN. See `Renderer` for the conventions.

    Light, colours and faces are those of `RaycastRenderer`, with three differences: robots are
    drawn from the visual meshes of their descriptions, shadows have the resolution of a shadow
    map, and faces are seen from outside only.

    Args:
        shadows: Whether the main light casts shadows.

    Raises:
        RuntimeError: If no Vulkan device answers.
    """

    name = "vulkan"

    def __init__(self, *, shadows: bool = True) -> None:
        self.shadows = shadows
        self._scene: Any = _RenderScene()
        self._light: _Light | None = None
        self._entities: dict[RenderBody, Any] = {}
        self._cameras: dict[tuple[int, int], Any] = {}

    def render(
        self, scene: SceneView, requests: Sequence[tuple[CameraView, Sequence[Pass]]]
    ) -> list[Images]:
        """See `Renderer.render`."""
        if requests:
            self._update(scene)
        return [self._draw(scene, view, passes) for view, passes in requests]

    def close(self) -> None:
        """Free everything. Safe to call twice."""
        if self._scene is None:
            return
        self._entities.clear()
        self._cameras.clear()
        self._light = None
        self._scene.clear()
        self._scene = None

    def _update(self, scene: SceneView) -> None:
        """Build what is new, take away what is gone, move everything to where it is."""
        there = set(scene.bodies)
        for body in [b for b in self._entities if b not in there]:
            self._scene.remove_entity(self._entities.pop(body))
        for body, position, quaternion in zip(
            scene.bodies, scene.positions, scene.quaternions, strict=True
        ):
            if body not in self._entities:
                self._entities[body] = self._build(body)
            self._entities[body].set_pose(sapien.Pose(position, quaternion))
        self._scene.render_system.ambient_light = [scene.ambient] * 3
        if self._light is None or self._light.shadows != self.shadows:
            # SAPIEN heeds the switch only before the light is in a scene.
            if self._light is not None:
                self._scene.remove_entity(self._light.entity)
            self._light = _Light(self._scene, shadows=self.shadows)
        self._light.shine(scene)

    def _build(self, body: RenderBody) -> Any:
        component = sapien.render.RenderBodyComponent()
        for shape in _shapes(body):
            component.attach(shape)
        entity = sapien.Entity()
        entity.add_component(component)
        self._scene.add_entity(entity)
        component.set_property("body", int(body.segmentation_id))  # only once it is in the scene
        return entity

    def _draw(self, scene: SceneView, view: CameraView, passes: Sequence[Pass]) -> Images:
        camera = self._camera(view)
        self._scene.update_render()
        camera.take_picture()
        images: Images = {}
        if "depth" in passes or "segmentation" in passes or "rgb" in passes:
            body = camera.get_picture("Body")
            if "depth" in passes:
                images["depth"] = body[..., 0].copy()
            if "segmentation" in passes:
                images["segmentation"] = body[..., 1].astype(np.uint16)
            if "rgb" in passes:
                color = camera.get_picture("Color")[..., :3]
                color[body[..., 0] == 0] = scene.background
                color *= np.float32(255)
                color += np.float32(0.5)
                images["rgb"] = color.astype(np.uint8)
        if "normals" in passes:
            images["normals"] = np.ascontiguousarray(camera.get_picture("Normal")[..., :3])
        return {name: images[name] for name in dict.fromkeys(passes)}

    def _camera(self, view: CameraView) -> Any:
        """A camera of the view's size, put where the view is."""
        camera = self._cameras.get(view.size)
        if camera is None:
            camera = sapien.render.RenderCameraComponent(*view.size, _SHADERS)
            camera.set_property("sky", SKY)
            camera.set_property("headlight", HEADLIGHT)
            entity = sapien.Entity()
            entity.add_component(camera)
            self._scene.add_entity(entity)
            self._cameras[view.size] = camera
        camera.near, camera.far = view.near, view.far
        camera.set_fovy(view.field_of_view, compute_x=True)
        pose = view.world_from_camera
        camera.entity.set_pose(sapien.Pose(pose.p, pose.q))
        return camera


class _RenderScene(sapien.Scene):  # type: ignore[misc]
    """A scene to draw, without physics. Its owner ends its life time with `clear()`."""

    def __init__(self) -> None:
        super().__init__([sapien.render.RenderSystem()])

    def __del__(self) -> None:
        """Nothing: SAPIEN's own would clear it when the interpreter is half gone."""


class _Light:
    """The main light, with a shadow map that covers the scene."""

    def __init__(self, scene: Any, *, shadows: bool) -> None:
        self.shadows = shadows
        self._light = sapien.render.RenderDirectionalLightComponent()
        self._light.shadow = shadows
        self._light.shadow_map_size = _SHADOW_MAP
        self.entity = sapien.Entity()
        self.entity.add_component(self._light)
        scene.add_entity(self.entity)
        self._bounds: dict[RenderBody, Array] = {}

    def shine(self, scene: SceneView) -> None:
        """Turn it to the scene's direction, around all that there is."""
        self._light.color = [main_light(scene.ambient)] * 3
        lower, upper = self._extent(scene)
        middle = 0.5 * (lower + upper)
        pose = look_at(middle, middle + scene.light_direction)
        corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        reach = np.abs((corners * (upper - middle)) @ matrix_from_quaternion(pose.q)).max(axis=0)
        reach += _MARGIN
        self._light.shadow_half_size = float(max(reach[1:]))
        self._light.shadow_near, self._light.shadow_far = 0.0, float(2 * reach[0])
        self.entity.set_pose(sapien.Pose(middle - reach[0] * scene.light_direction, pose.q))

    def _extent(self, scene: SceneView) -> tuple[Array, Array]:
        """Lowest and highest coordinates of all bodies [m]."""
        for body in scene.bodies:
            if body not in self._bounds:
                points = body.vertices if len(body.vertices) else np.zeros((1, 3))
                self._bounds[body] = np.array([points.min(axis=0), points.max(axis=0)])
        self._bounds = {body: self._bounds[body] for body in scene.bodies}
        if not self._bounds:
            return np.zeros(3), np.zeros(3)
        lower, upper = np.moveaxis(np.array(list(self._bounds.values())), 1, 0)
        turn = matrices_from_quaternions(scene.quaternions)
        middle = np.einsum("nij,nj->ni", turn, 0.5 * (lower + upper)) + scene.positions
        half = np.einsum("nij,nj->ni", np.abs(turn), 0.5 * (upper - lower))
        return (middle - half).min(axis=0), (middle + half).max(axis=0)


def _shapes(body: RenderBody) -> list[Any]:
    """What the body looks like: its visual meshes where there are any, else its triangles."""
    visuals: Sequence[Visual] = ()
    if body.link is not None:
        model, link = body.link
        visuals = load_visuals(model).get(link, ())
    if visuals:
        return [_visual_shape(visual) for visual in visuals]
    colors, which = np.unique(body.colors, axis=0, return_inverse=True)
    return [
        _shape(flat_mesh(body.vertices, body.triangles[which.ravel() == i]), color)
        for i, color in enumerate(colors)
    ]


def _visual_shape(visual: Visual) -> Any:
    if visual.kind == "mesh":
        x, y, z = visual.size
        mesh = visual_mesh(visual.file, (x, y, z))
    else:
        mesh = flat_mesh(*Shape(visual.kind, visual.size).mesh())
    shape = _shape(mesh, visual.color)
    shape.local_pose = sapien.Pose(*visual.link_from_visual)
    return shape


def _shape(mesh: Mesh, color: Sequence[float]) -> Any:
    return sapien.render.RenderShapeTriangleMesh(
        mesh.vertices,
        mesh.triangles,
        mesh.normals,
        np.zeros((len(mesh.vertices), 2), np.float32),
        sapien.render.RenderMaterial(base_color=[*map(float, color), 1.0]),
    )
