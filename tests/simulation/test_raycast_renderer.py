"""Claims about the Embree renderer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from counterpoint.core.pose import Pose, quaternion_from_axis_angle, quaternion_from_yaw, rotate
from counterpoint.objects import build_object
from counterpoint.simulation.raycast_renderer import RaycastRenderer
from counterpoint.simulation.renderer import PASSES, CameraView, RenderBody, SceneView

BACKGROUND = (0.2, 0.4, 0.6)
DOWN = np.array([0.0, 0.0, -1.0])
FOV = math.radians(60)


def _body(name: str, size: tuple[float, float, float], segmentation_id: int) -> RenderBody:
    model = build_object(name, size)
    vertices, triangles = model.shapes[0].mesh()
    vertices = model.shapes[0].object_from_shape.apply(vertices)
    colors = np.tile(np.array(model.color, np.float32), (len(triangles), 1))
    return RenderBody(segmentation_id, vertices.astype(np.float32), triangles, colors)


def _scene(
    bodies: list[RenderBody],
    positions: object = (),
    *,
    version: int = 1,
    light: np.ndarray = DOWN,
    ambient: float = 0.4,
) -> SceneView:
    return SceneView(
        version=version,
        bodies=tuple(bodies),
        positions=np.asarray(positions, dtype=float).reshape(-1, 3),
        quaternions=np.tile([1.0, 0.0, 0.0, 0.0], (len(bodies), 1)),
        light_direction=light,
        ambient=ambient,
        background=BACKGROUND,
    )


def _camera(pose: Pose | None = None, **changes: object) -> CameraView:
    view = CameraView("cam", pose or Pose.of(), (64, 48), FOV)
    return replace(view, **changes)  # type: ignore[arg-type]


def _shoot(scene: SceneView, camera: CameraView) -> dict[str, Any]:
    return RaycastRenderer().render(scene, [(camera, PASSES)])[0]


def _pixel_rays(camera: CameraView) -> np.ndarray:
    """Rays through pixel centres in the camera's frame, one unit along x, shape (h, w, 3)."""
    width, height = camera.size
    focal = height / 2 / math.tan(camera.field_of_view / 2)
    column, row = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    left, up = (width / 2 - column) / focal, (height / 2 - row) / focal
    return np.stack([np.ones_like(left), left, up], axis=-1)


def test_depth_of_a_wall_is_measured_along_the_viewing_axis() -> None:
    wall = _body("box", (0.2, 40.0, 40.0), 1)
    images = _shoot(_scene([wall], [3.1, 0, 0]), _camera())
    np.testing.assert_allclose(images["depth"], 3.0, atol=1e-4)
    np.testing.assert_allclose(images["normals"], np.broadcast_to([-1.0, 0, 0], (48, 64, 3)))


def test_depth_of_a_tilted_floor_is_analytic_at_every_pixel() -> None:
    floor = _body("box", (100.0, 100.0, 0.2), 1)
    q = quaternion_from_axis_angle((0, 1, 0), math.radians(50))
    camera = _camera(Pose.of((0.3, -0.2, 1.5), q))
    images = _shoot(_scene([floor], [0, 0, -0.1]), camera)
    fall = -(_pixel_rays(camera) @ np.array([rotate(q, axis)[2] for axis in np.eye(3)]))
    assert (fall > 0).all()
    np.testing.assert_allclose(images["depth"], 1.5 / fall, atol=1e-3)


def test_depth_of_a_sphere_is_analytic_within_its_facets() -> None:
    radius, distance = 0.02, 0.2
    ball = _body("sphere", (2 * radius,) * 3, 1)
    camera = _camera()
    images = _shoot(_scene([ball], [distance, 0, 0]), camera)
    rays = _pixel_rays(camera)
    norm2 = (rays**2).sum(axis=-1)
    root = distance**2 - norm2 * (distance**2 - (0.9 * radius) ** 2)
    well_inside = root > 0
    exact = (
        distance - np.sqrt(np.maximum(0, distance**2 - norm2 * (distance**2 - radius**2)))
    ) / norm2
    assert well_inside.sum() > 30
    assert (images["segmentation"][well_inside] == 1).all()
    np.testing.assert_allclose(images["depth"][well_inside], exact[well_inside], atol=1e-3)


def test_images_have_the_shapes_and_types_of_the_conventions() -> None:
    images = _shoot(_scene([_body("box", (1, 1, 1), 1)], [3, 0, 0]), _camera())
    assert {k: (v.shape, str(v.dtype)) for k, v in images.items()} == {
        "rgb": ((48, 64, 3), "uint8"),
        "depth": ((48, 64), "float32"),
        "segmentation": ((48, 64), "uint16"),
        "normals": ((48, 64, 3), "float32"),
    }


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_asked_for_alone_is_the_same_as_among_all(name: str) -> None:
    scene = _scene([_body("sphere", (1, 1, 1), 1)], [3, 0, 0])
    alone = RaycastRenderer().render(scene, [(_camera(), (name,))])[0]  # type: ignore[list-item]
    assert list(alone) == [name]
    np.testing.assert_array_equal(alone[name], _shoot(scene, _camera())[name])


def test_segmentation_shows_ids_left_is_left_and_up_is_up() -> None:
    cube = (0.3, 0.3, 0.3)
    bodies = [_body("box", cube, 7), _body("box", cube, 300), _body("box", cube, 9)]
    scene = _scene(bodies, [[3, 1, 0], [3, -1, 0], [3, 0, 1]])
    ids = _shoot(scene, _camera())["segmentation"]
    assert set(np.unique(ids)) == {0, 7, 9, 300}
    assert np.nonzero(ids == 7)[1].max() < 32
    assert np.nonzero(ids == 300)[1].min() > 32
    assert np.nonzero(ids == 9)[0].max() < 24


def test_a_turned_camera_sees_what_is_where_it_looks() -> None:
    scene = _scene([_body("box", (0.5, 0.5, 0.5), 4)], [0, 3, 0])
    seen = _shoot(scene, _camera(Pose.of((0, 0, 0), quaternion_from_yaw(math.pi / 2))))
    assert seen["segmentation"][24, 32] == 4
    assert seen["depth"][24, 32] == pytest.approx(2.75, abs=1e-4)
    assert not _shoot(scene, _camera())["segmentation"].any()


def test_the_nearer_body_hides_the_farther() -> None:
    bodies = [_body("box", (0.2, 1, 1), 1), _body("box", (0.2, 1, 1), 2)]
    assert _shoot(_scene(bodies, [[3, 0, 0], [2, 0, 0]]), _camera())["segmentation"][24, 32] == 2


def test_normals_are_unit_and_face_the_camera_even_inside_a_body() -> None:
    camera = _camera()
    outside = _shoot(_scene([_body("sphere", (1, 1, 1), 1)], [2, 0, 0]), camera)
    inside = _shoot(_scene([_body("sphere", (6, 6, 6), 1)], [0, 0, 0]), camera)
    rays = _pixel_rays(camera)
    for images in (outside, inside):
        hit = images["segmentation"] == 1
        normals = images["normals"][hit]
        np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-5)
        assert (np.einsum("ij,ij->i", normals, rays[hit]) < 0).all()
        assert not images["normals"][~hit].any()
    assert (inside["segmentation"] == 1).all()


def test_an_empty_scene_is_background() -> None:
    for scene in (_scene([]), _scene([_body("box", (1, 1, 1), 1)], [-3, 0, 0])):
        images = _shoot(scene, _camera())
        assert (images["rgb"] == np.array([51, 102, 153])).all()
        for name in ("depth", "segmentation", "normals"):
            assert not images[name].any()


def test_nothing_nearer_than_near_or_farther_than_far_is_drawn() -> None:
    bodies = [_body("box", (0.2, 0.4, 0.4), 1), _body("box", (0.2, 40, 40), 2)]
    scene = _scene(bodies, [[1, 0, 0], [5, 0, 0]])
    assert (_shoot(scene, _camera(near=1.5))["segmentation"] == 2).all()
    near_only = _shoot(scene, _camera(far=4.0))
    assert set(np.unique(near_only["segmentation"])) == {0, 1}
    assert not near_only["depth"][near_only["segmentation"] == 0].any()
    np.testing.assert_allclose(_shoot(scene, _camera(near=1.5))["depth"], 4.9, atol=1e-4)


def test_the_same_scene_gives_the_same_images() -> None:
    bodies = [_body("sphere", (1, 1, 1), 1), _body("box", (1, 1, 1), 2), _body("box", (1, 1, 1), 3)]
    # The boxes share a face, so that which of two equal hits wins is tested too.
    scene = _scene(bodies, [[3, 0, 0], [3, 0.2, 0.2], [3, 0.4, 0.4]])
    first = _shoot(scene, _camera())
    for _ in range(5):
        again = _shoot(scene, _camera())
        assert all(np.array_equal(first[name], again[name]) for name in PASSES)


def test_a_renderer_that_has_drawn_before_draws_as_a_fresh_one() -> None:
    bodies = [_body("sphere", (1, 1, 1), 1), _body("box", (1, 1, 1), 2)]
    renderer = RaycastRenderer()
    for x in (0.0, 0.0, 0.5, 0.0):
        scene = _scene(bodies, [[3, x, 0], [3, -1, 0]])
        for name, image in renderer.render(scene, [(_camera(), PASSES)])[0].items():
            np.testing.assert_array_equal(image, _shoot(scene, _camera())[name])


def test_a_body_that_moves_or_turns_changes_the_images() -> None:
    renderer = RaycastRenderer()
    scene = _scene([_body("box", (0.5, 0.5, 0.5), 1)], [3, 0, 0])
    turned = replace(scene, quaternions=quaternion_from_yaw(0.7)[None])
    moved = replace(scene, positions=scene.positions + [0, 0.5, 0])
    here, there, around, back = (
        renderer.render(s, [(_camera(), PASSES)])[0] for s in (scene, moved, turned, scene)
    )
    before, after = (np.nonzero(i["segmentation"])[1].mean() for i in (here, there))
    assert after < before - 5
    assert not np.array_equal(here["normals"], around["normals"])
    assert all(np.array_equal(here[name], back[name]) for name in PASSES)


def test_other_bodies_under_the_same_version_are_noticed() -> None:
    renderer = RaycastRenderer()
    for k in (1, 2):
        scene = _scene([_body("box", (1, 1, 1), k)], [3, 0, 0])
        assert renderer.render(scene, [(_camera(), PASSES)])[0]["segmentation"].max() == k


def test_images_handed_out_stay_as_they_are() -> None:
    renderer = RaycastRenderer()
    scene = _scene([_body("box", (1, 1, 1), 1)], [3, 0, 0])
    first = renderer.render(scene, [(_camera(), PASSES)])[0]
    kept = {name: image.copy() for name, image in first.items()}
    renderer.render(replace(scene, positions=scene.positions + 0.3), [(_camera(), PASSES)])
    assert all(np.array_equal(first[name], kept[name]) for name in PASSES)


def test_each_camera_gets_its_own_size_and_passes() -> None:
    scene = _scene([_body("box", (1, 1, 1), 1)], [3, 0, 0])
    small, large = RaycastRenderer().render(
        scene, [(_camera(), ("depth",)), (_camera(size=(20, 90)), ("rgb", "segmentation"))]
    )
    assert {k: v.shape for k, v in small.items()} == {"depth": (48, 64)}
    assert {k: v.shape for k, v in large.items()} == {"rgb": (90, 20, 3), "segmentation": (90, 20)}
    assert RaycastRenderer().render(scene, []) == []


def _looking_down(height: float) -> CameraView:
    q = quaternion_from_axis_angle((0, 1, 0), math.pi / 2)
    return _camera(Pose.of((0, 0, height), q))


def test_faces_towards_the_light_are_brighter_than_those_away_from_it() -> None:
    # The light travels towards -y, so it falls on the faces that look to +y.
    prism = _body("box", (1, 1, 1), 1)
    scene = _scene([prism], [3, 0, 0], light=np.array([0.0, -1.0, 0.0]))
    scene = replace(scene, quaternions=quaternion_from_yaw(math.pi / 4)[None])
    images = _shoot(scene, _camera())
    brightness = images["rgb"].astype(int).sum(axis=-1)
    toward = images["normals"][..., 1] > 0.5
    away = images["normals"][..., 1] < -0.5
    assert brightness[toward].min() > brightness[away].max() + 50


def test_a_body_above_casts_a_shadow_unless_shadows_are_off() -> None:
    floor, lid = _body("box", (10, 10, 0.2), 1), _body("box", (0.4, 0.4, 0.1), 2)
    slanted = np.array([1.0, 0.0, -1.0]) / math.sqrt(2)
    scene = _scene([floor, lid], [[0, 0, -0.1], [-1, 0, 1]], light=slanted)
    camera = _looking_down(4.0)
    dark = RaycastRenderer().render(scene, [(camera, PASSES)])[0]
    bright = RaycastRenderer(shadows=False).render(scene, [(camera, PASSES)])[0]
    assert dark["segmentation"][24, 32] == 1
    assert dark["rgb"][24, 32].sum() < bright["rgb"][24, 32].sum() - 50
    differ = (dark["rgb"] != bright["rgb"]).any(axis=-1)
    assert 0 < differ.mean() < 0.1


def test_a_lit_floor_does_not_shade_itself() -> None:
    floor = _body("box", (40, 40, 0.2), 1)
    scene = _scene([floor], [0, 0, -0.1], light=np.array([0.8, 0.0, -0.6]))
    q = quaternion_from_axis_angle((0, 1, 0), math.radians(40))
    camera = _camera(Pose.of((0, 0, 3), q))
    dark = RaycastRenderer().render(scene, [(camera, ("rgb",))])[0]["rgb"]
    bright = RaycastRenderer(shadows=False).render(scene, [(camera, ("rgb",))])[0]["rgb"]
    np.testing.assert_array_equal(dark, bright)


def test_with_ambient_light_alone_the_main_light_hardly_counts() -> None:
    bodies = [_body("box", (1, 1, 1), 1)]
    up, down = (
        _shoot(_scene(bodies, [3, 0, 0], light=s * DOWN, ambient=1.0), _camera())["rgb"]
        for s in (1, -1)
    )
    np.testing.assert_array_equal(up, down)


def test_a_closed_renderer_holds_nothing_and_can_draw_again() -> None:
    renderer = RaycastRenderer()
    scene = _scene([_body("box", (1, 1, 1), 1)], [3, 0, 0])
    first = renderer.render(scene, [(_camera(), PASSES)])[0]
    renderer.close()
    again = renderer.render(scene, [(_camera(), PASSES)])[0]
    assert all(np.array_equal(first[name], again[name]) for name in PASSES)
    assert renderer.name == "raycast"
