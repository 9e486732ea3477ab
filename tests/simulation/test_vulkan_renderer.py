"""Claims about SAPIEN's rasteriser behind the protocol: it draws what the ray caster draws."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from counterpoint import Controller, Robot, ThirdPersonCamera
from counterpoint import commands as cmd
from counterpoint.core.pose import Pose, quaternion_from_axis_angle, quaternion_from_yaw
from counterpoint.objects import build_object, list_object_models
from counterpoint.robots import list_models
from counterpoint.simulation.camera_rig import look_at
from counterpoint.simulation.raycast_renderer import RaycastRenderer
from counterpoint.simulation.renderer import PASSES, CameraView, RenderBody, Renderer, SceneView

pytestmark = pytest.mark.vulkan

BACKGROUND = (0.2, 0.4, 0.6)
SIZE = (160, 120)


@pytest.fixture(scope="module")
def vulkan() -> Iterator[Renderer]:
    from counterpoint.simulation.vulkan_renderer import VulkanRenderer

    renderer = VulkanRenderer()
    yield renderer
    renderer.close()


def _body(name: str, segmentation_id: int, size: Any = None) -> RenderBody:
    model = build_object(name, size)
    vertices, triangles, colors, count = [], [], [], 0
    for shape in model.shapes:
        points, faces = shape.mesh()
        vertices.append(shape.object_from_shape.apply(points))
        triangles.append(faces + np.uint32(count))
        colors.append(np.tile(np.array(shape.color or model.color), (len(faces), 1)))
        count += len(points)
    return RenderBody(
        segmentation_id,
        np.concatenate(vertices).astype(np.float32),
        np.concatenate(triangles).astype(np.uint32),
        np.concatenate(colors).astype(np.float32),
    )


def _scene(bodies: list[RenderBody], positions: object = (), version: int = 1) -> SceneView:
    return SceneView(
        version=version,
        bodies=tuple(bodies),
        positions=np.asarray(positions, dtype=float).reshape(-1, 3),
        quaternions=np.tile([1.0, 0.0, 0.0, 0.0], (len(bodies), 1)),
        light_direction=np.array([-0.4, 0.3, -0.9]) / math.sqrt(1.06),
        ambient=0.4,
        background=BACKGROUND,
    )


def _camera(position: Any = (0, 0, 0), target: Any = (1, 0, 0), **changes: Any) -> CameraView:
    pose = look_at(np.array(position, dtype=float), np.array(target, dtype=float))
    return replace(CameraView("cam", pose, SIZE, math.radians(60)), **changes)


def _shoot(renderer: Renderer, scene: SceneView, camera: CameraView) -> dict[str, Any]:
    return renderer.render(scene, [(camera, PASSES)])[0]


def _inside(*segmentations: np.ndarray) -> np.ndarray:
    """Pixels whose neighbours show what they show, in every image."""
    inside = np.ones(segmentations[0].shape, bool)
    for ids in segmentations:
        for axis in (0, 1):
            for step in (-1, 1):
                inside &= np.roll(ids, step, axis) == ids
    return inside


@pytest.mark.parametrize("name", list_object_models())
def test_an_object_is_drawn_as_the_ray_caster_draws_it(vulkan: Renderer, name: str) -> None:
    body, floor = _body(name, 7), _body("box", 300, (8, 8, 0.2))
    low, high = body.vertices.min(axis=0), body.vertices.max(axis=0)
    reach = float(np.linalg.norm(high - low))
    scene = _scene([body, floor], [[0, 0, 0.2 * reach - low[2]], [0, 0, -0.1]])
    q = quaternion_from_axis_angle((0.6, 0.0, 0.8), 0.7)
    scene = replace(scene, quaternions=np.array([q, [1, 0, 0, 0]]))
    camera = _camera((reach, 0.5 * reach, 1.3 * reach), (0, 0, 0.3 * reach))
    ours, theirs = _shoot(vulkan, scene, camera), _shoot(RaycastRenderer(), scene, camera)
    assert {7, 300} <= set(np.unique(ours["segmentation"]))
    inside = _inside(theirs["segmentation"])
    assert (ours["segmentation"] == theirs["segmentation"])[inside].mean() >= 0.99
    inside = _inside(ours["segmentation"], theirs["segmentation"])
    depth = np.abs(ours["depth"] - theirs["depth"])[inside]
    assert np.quantile(depth, 0.99) < 0.003
    turned = (ours["normals"] * theirs["normals"]).sum(axis=-1)[inside & (theirs["depth"] > 0)]
    assert (turned > 0.999).mean() > 0.98
    color = np.abs(ours["rgb"].astype(int) - theirs["rgb"].astype(int))[inside]
    # Shadows end a texel apart; all else is the same light on the same colours.
    assert np.median(color) <= 1
    assert color.mean() < 4


COARSE = pytest.mark.xfail(
    reason="the collision shapes of its description are much larger than what one sees: 0.63"
)


@pytest.mark.parametrize(
    "model", [pytest.param(m, marks=COARSE if m == "baxter" else ()) for m in list_models()]
)
def test_a_robot_has_the_silhouette_of_its_hulls(model: str) -> None:
    seen = {}
    for name in ("raycast", "vulkan"):
        with Controller(renderer=name) as c:
            camera = ThirdPersonCamera(
                "cam", position=(1.6, -1.2, 1.4), look_at="a", size=(480, 360)
            )
            c.add_ons.extend([Robot("a", model=model), camera])
            response = c.communicate(
                [cmd.CreateEmptyRoom(), cmd.CaptureImages(passes=("segmentation",))]
            )
            image = response.images["cam"]["segmentation"]
            seen[name] = image == response.segmentation_ids["a"]
    both, either = (f(*seen.values()).sum() for f in (np.logical_and, np.logical_or))
    assert seen["vulkan"].sum() > 2000
    assert both / either >= 0.85
    assert both < either  # visual meshes, not the hulls


def test_a_camera_on_a_link_sees_what_the_ray_caster_sees_there() -> None:
    seen = {}
    for name in ("raycast", "vulkan"):
        with Controller(renderer=name) as c:
            c.add_ons.append(Robot("a", model="tiago_pro"))
            c.communicate(
                [
                    cmd.CreateEmptyRoom(),
                    cmd.AddObject(object_id="table", model="table", position=(2, 0, 0)),
                    cmd.AddCamera(
                        camera_id="cam", mount=("a", "head_front_camera_link"),
                        position=(0.1, 0, 0), size=SIZE,
                    ),
                ]
            )  # fmt: skip
            assert c.response is not None
            table, robot = (c.response.segmentation_ids[k] for k in ("table", "a"))
            for turn in (0.0, 0.4):
                c.communicate(cmd.SetJointPositions(robot_id="a", positions={"head_1_joint": turn}))
                images = c.communicate(cmd.CaptureImages(passes=PASSES)).images["cam"]
                seen[name, turn] = images
    for turn in (0.0, 0.4):
        ours, theirs = seen["vulkan", turn], seen["raycast", turn]
        ids = ours["segmentation"], theirs["segmentation"]
        world = _inside(*ids) & (ids[0] != robot) & (ids[1] != robot)
        assert world.mean() > 0.5
        assert (ids[0] == ids[1])[world].mean() >= 0.99
        assert np.quantile(np.abs(ours["depth"] - theirs["depth"])[world], 0.99) < 0.005
    first, second = (seen["vulkan", turn]["segmentation"] == table for turn in (0.0, 0.4))
    assert first.any()
    assert (first != second).any()


def test_images_have_the_shapes_and_types_of_the_conventions(vulkan: Renderer) -> None:
    images = _shoot(vulkan, _scene([_body("box", 1, (1, 1, 1))], [3, 0, 0]), _camera())
    assert {k: (v.shape, str(v.dtype)) for k, v in images.items()} == {
        "rgb": ((120, 160, 3), "uint8"),
        "depth": ((120, 160), "float32"),
        "segmentation": ((120, 160), "uint16"),
        "normals": ((120, 160, 3), "float32"),
    }
    assert all(image.flags.c_contiguous and image.flags.owndata for image in images.values())


def test_an_empty_scene_is_background(vulkan: Renderer) -> None:
    for scene in (_scene([]), _scene([_body("box", 1, (1, 1, 1))], [-3, 0, 0])):
        images = _shoot(vulkan, scene, _camera())
        assert (images["rgb"] == np.array([51, 102, 153])).all()
        for name in ("depth", "segmentation", "normals"):
            assert not images[name].any()


def test_depth_is_measured_along_the_viewing_axis_between_near_and_far(vulkan: Renderer) -> None:
    bodies = [_body("box", 1, (0.2, 0.4, 0.4)), _body("box", 65535, (0.2, 40, 40))]
    scene = _scene(bodies, [[1, 0, 0], [5, 0, 0]])
    beyond = _shoot(vulkan, scene, _camera(near=1.5))
    assert (beyond["segmentation"] == 65535).all()
    np.testing.assert_allclose(beyond["depth"], 4.9, atol=1e-3)
    near_only = _shoot(vulkan, scene, _camera(far=4.0))
    assert set(np.unique(near_only["segmentation"])) == {0, 1}
    assert not near_only["depth"][near_only["segmentation"] == 0].any()


def test_normals_are_unit_and_face_the_camera(vulkan: Renderer) -> None:
    images = _shoot(vulkan, _scene([_body("sphere", 1, (1, 1, 1))], [2, 0, 0]), _camera())
    hit = images["segmentation"] == 1
    normals = images["normals"][hit]
    assert hit.sum() > 1000
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-5)
    assert (normals[:, 0] < 0.1).all()
    assert not images["normals"][~hit].any()


def test_a_camera_inside_a_body_sees_through_it(vulkan: Renderer) -> None:
    bodies = [_body("sphere", 1, (2, 2, 2)), _body("box", 2, (0.2, 40, 40))]
    images = _shoot(vulkan, _scene(bodies, [[0, 0, 0], [3.1, 0, 0]]), _camera())
    np.testing.assert_allclose(images["depth"], 3.0, atol=1e-3)


def test_bodies_come_go_move_and_change_colour_between_images(vulkan: Renderer) -> None:
    cube = (0.6, 0.6, 0.6)
    left, right = _body("box", 1, cube), _body("box", 2, cube)
    blue = replace(left, colors=np.tile(np.float32([0, 0, 1]), (len(left.triangles), 1)))
    steps = [
        _scene([left], [[3, 1, 0]], 1),
        _scene([left, right], [[3, 1, 0], [3, -1, 0]], 2),
        _scene([left, right], [[3, 1, 0], [3, -0.5, 0.4]], 2),
        _scene([blue, right], [[3, 1, 0], [3, -0.5, 0.4]], 3),
        _scene([right], [[3, -0.5, 0.4]], 4),
    ]
    seen = [_shoot(vulkan, scene, _camera()) for scene in steps]
    ids = [set(np.unique(images["segmentation"])) - {0} for images in seen]
    assert ids == [{1}, {1, 2}, {1, 2}, {1, 2}, {2}]
    assert not np.array_equal(seen[1]["segmentation"], seen[2]["segmentation"])
    np.testing.assert_array_equal(seen[2]["depth"], seen[3]["depth"])
    painted = seen[3]["rgb"][seen[3]["segmentation"] == 1]
    assert (painted[:, 2] > 100).all()
    assert not painted[:, :2].any()
    for scene, images in zip(steps, seen, strict=True):
        theirs = _shoot(RaycastRenderer(), scene, _camera())
        same = images["segmentation"] == theirs["segmentation"]
        assert same[_inside(theirs["segmentation"])].mean() > 0.99


def test_a_body_casts_a_shadow_where_the_ray_caster_has_it(vulkan: Renderer) -> None:
    bodies = [_body("box", 1, (10, 10, 0.2)), _body("box", 2, (0.4, 0.4, 0.1))]
    scene = _scene(bodies, [[0, 0, -0.1], [0, 0, 1]])
    camera = _camera((0.01, 0, 4), (0, 0, 0))
    ours, theirs = _shoot(vulkan, scene, camera), _shoot(RaycastRenderer(), scene, camera)
    bright = _shoot(RaycastRenderer(shadows=False), scene, camera)["rgb"].astype(int)
    floor = ours["segmentation"] == 1
    dark = [(bright - i["rgb"]).sum(axis=-1)[floor] > 50 for i in (ours, theirs)]
    assert dark[1].sum() > 50
    assert np.logical_and(*dark).sum() / np.logical_or(*dark).sum() > 0.8


def test_shadows_can_be_turned_off_and_on(vulkan: Any) -> None:
    bodies = [_body("box", 1, (10, 10, 0.2)), _body("box", 2, (0.4, 0.4, 0.1))]
    scene = _scene(bodies, [[0, 0, -0.1], [0, 0, 1]])
    camera = _camera((0.01, 0, 4), (0, 0, 0))
    dark = _shoot(vulkan, scene, camera)["rgb"].astype(int)
    vulkan.shadows = False
    bright = _shoot(vulkan, scene, camera)["rgb"].astype(int)
    vulkan.shadows = True
    np.testing.assert_array_equal(_shoot(vulkan, scene, camera)["rgb"], dark)
    theirs = _shoot(RaycastRenderer(shadows=False), scene, camera)["rgb"]
    assert np.abs(bright - theirs).mean() < 1
    assert 0 < (dark != bright).any(axis=-1).mean() < 0.1


def test_each_camera_gets_its_own_view_size_and_passes(vulkan: Renderer) -> None:
    scene = _scene([_body("box", 1, (0.5, 0.5, 0.5)), _body("box", 2, (0.5, 0.5, 0.5))],
                   [[3, 0, 0], [0, 3, 0]])  # fmt: skip
    left = Pose.of((0, 0, 0), quaternion_from_yaw(math.pi / 2))
    ahead, aside, tall = vulkan.render(
        scene,
        [
            (_camera(), ("depth", "segmentation")),
            (_camera(world_from_camera=left), ("segmentation",)),
            (_camera(size=(20, 90), field_of_view=0.4), ("rgb", "segmentation")),
        ],
    )
    assert list(ahead) == ["depth", "segmentation"]
    assert list(aside) == ["segmentation"]
    assert set(np.unique(ahead["segmentation"])) == {0, 1}
    assert set(np.unique(aside["segmentation"])) == {0, 2}
    assert ahead["depth"][60, 80] == pytest.approx(2.75, abs=1e-3)
    assert tall["rgb"].shape == (90, 20, 3)
    assert (tall["segmentation"] == 1).mean() > (ahead["segmentation"] == 1).mean()
    assert vulkan.render(scene, []) == []


def test_the_same_scene_gives_the_same_images(vulkan: Renderer) -> None:
    scene = _scene([_body("mug", 1), _body("table", 2)], [[1, 0, 0.1], [2, 0, -0.5]])
    first = _shoot(vulkan, scene, _camera())
    kept = {name: image.copy() for name, image in first.items()}
    _shoot(vulkan, replace(scene, positions=scene.positions + 0.3), _camera())
    again = _shoot(vulkan, scene, _camera())
    for name in PASSES:
        np.testing.assert_array_equal(first[name], kept[name])
        np.testing.assert_array_equal(again[name], kept[name])


def _controller(x: float) -> Controller:
    c = Controller(renderer="vulkan")
    c.add_ons.append(ThirdPersonCamera("cam", position=(2, 0, 0.5), look_at=(0, 0, 0.5), size=SIZE))
    _furnish(c, x)
    return c


def _furnish(c: Controller, x: float) -> None:
    box = cmd.AddObject(object_id="box", model="box", size=(0.5, 0.5, 0.5), position=(x, 0, 0.25))
    c.communicate([cmd.CreateEmptyRoom(), box])


def _depth(c: Controller) -> float:
    response = c.communicate(cmd.CaptureImages(passes=("depth",)))
    return float(response.images["cam"]["depth"][65, 80])


def test_controllers_draw_side_by_side_after_reset_and_after_others_closed() -> None:
    first, second = _controller(0.0), _controller(-1.0)
    try:
        assert first.renderer_name == "vulkan"
        assert (_depth(first), _depth(second)) == pytest.approx((1.75, 2.75), abs=0.01)
        first.reset()
        _furnish(first, 0.5)
        assert (_depth(first), _depth(second)) == pytest.approx((1.25, 2.75), abs=0.01)
        first.close()
        assert _depth(second) == pytest.approx(2.75, abs=0.01)
    finally:
        first.close()
        second.close()


def test_closing_frees_what_a_renderer_holds_while_it_is_still_referred_to() -> None:
    from counterpoint.simulation.vulkan_renderer import VulkanRenderer

    def resident() -> int:
        return 4096 * int(Path("/proc/self/statm").read_text().split()[1])

    def draw() -> Renderer:
        renderer = VulkanRenderer()
        _shoot(renderer, _scene([_body("table", 1)], [2, 0, -0.5]), _camera(size=(640, 480)))
        renderer.close()
        renderer.close()
        return renderer

    closed = [draw() for _ in range(3)]
    before = resident()
    closed += [draw() for _ in range(8)]
    gc.collect()
    # One shadow map alone is 16 MB.
    assert resident() - before < 8 * 8e6


@pytest.mark.parametrize("ending", ["", "c.close()", "renderer.close()", "raise SystemExit(0)"])
def test_the_interpreter_ends_quietly_whatever_was_left_open(ending: str) -> None:
    program = f"""
from counterpoint import Controller, ThirdPersonCamera, commands as cmd
c = Controller(renderer="vulkan")
c.add_ons.append(ThirdPersonCamera("cam", look_at=(0, 0, 0), size=(32, 32)))
response = c.communicate([cmd.CreateEmptyRoom(), cmd.CaptureImages()])
from counterpoint.simulation.vulkan_renderer import VulkanRenderer
renderer = VulkanRenderer()
simulator = c._stage.simulator
renderer.render(simulator.scene_view(), [(simulator._cameras.view("cam"), ("rgb",))])
print(response.images["cam"]["rgb"].shape, flush=True)
{ending}
"""
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout == "(32, 32, 3)\n"
