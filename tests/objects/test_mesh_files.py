"""Objects whose shape comes from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh

from counterpoint import ActionStatus, Controller
from counterpoint import commands as cmd
from counterpoint.actions.targets import nearest_surface_point
from counterpoint.add_ons import Recorder, Robot, ThirdPersonCamera
from counterpoint.core.errors import CommandError
from counterpoint.objects import mesh_from_file

RED = (200, 60, 40)


@pytest.fixture
def stool(tmp_path: Path) -> str:
    """A stool of five parts, y up as glTF has it: 0.4 m wide, 0.45 m high, its seat red."""
    scene = trimesh.Scene()
    seat = trimesh.creation.box((0.4, 0.04, 0.4))
    material = trimesh.visual.material.PBRMaterial(baseColorFactor=[*RED, 255])
    seat.visual = trimesh.visual.TextureVisuals(material=material)
    seat.apply_translation((0, 0.43, 0))
    scene.add_geometry(seat)
    for x in (-0.17, 0.17):
        for z in (-0.17, 0.17):
            leg = trimesh.creation.box((0.04, 0.41, 0.04))
            leg.apply_translation((x, 0.205, z))
            scene.add_geometry(leg)
    path = tmp_path / "stool.glb"
    scene.export(str(path))
    return str(path)


@pytest.fixture(params=[".obj", ".stl", ".glb"])
def block(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A block of 4 × 6 × 10 cm (x, y, z where z is up), centred, in each format."""
    glb = request.param == ".glb"
    mesh = trimesh.creation.box((0.04, 0.1, 0.06) if glb else (0.04, 0.06, 0.1))
    path = tmp_path / f"block{request.param}"
    mesh.export(str(path))
    return str(path)


def test_every_format_gives_the_extents_and_the_mass_of_what_it_holds(block: str) -> None:
    model = mesh_from_file(block)
    assert model.size == pytest.approx((0.04, 0.06, 0.1), abs=1e-6)
    assert model.mass == pytest.approx(500 * 0.04 * 0.06 * 0.1, rel=1e-5)
    assert (model.bottom, model.top) == pytest.approx((-0.05, 0.05), abs=1e-6)


def test_a_size_stretches_it(block: str) -> None:
    model = mesh_from_file(block, size=(0.1, 0.1, 0.2))
    assert model.size == (0.1, 0.1, 0.2)
    assert np.ptp(model.surface.vertices, axis=0) == pytest.approx([0.1, 0.1, 0.2])  # type: ignore[union-attr]
    assert model.mass == pytest.approx(500 * 0.002, rel=1e-5)


def test_hulls_face_outwards_and_have_few_corners(tmp_path: Path) -> None:
    path = tmp_path / "ball.obj"
    trimesh.creation.icosphere(4, 0.05).export(str(path))
    (shape,) = mesh_from_file(str(path)).shapes
    corners, faces = shape.mesh()
    assert len(corners) <= 64
    hull = trimesh.Trimesh(corners, faces, process=False)
    assert hull.is_watertight and hull.is_winding_consistent
    assert hull.volume == pytest.approx(shape.size[0])
    assert hull.volume > 0.85 * 4 / 3 * np.pi * 0.05**3


def test_parts_are_solid_each_by_itself(stool: str, scene: Callable[..., Controller]) -> None:
    # A ball rolls through between the legs, as it could not if one hull were the whole stool.
    controller = scene()
    controller.communicate(
        [
            cmd.AddObject(object_id="stool", model="mesh", file=stool),
            cmd.AddObject(
                object_id="ball", model="sphere", size=(0.1, 0.1, 0.1), position=(-0.5, 0, 0.05)
            ),
            cmd.SetObjectVelocity(object_id="ball", linear=(2.0, 0, 0)),
        ]
    )
    for _ in range(60):
        response = controller.communicate()
    assert response.objects["ball"].position[0] > 0.4
    assert response.objects["stool"].position == pytest.approx([0, 0, 0], abs=2e-3)


def test_it_is_drawn_as_in_the_file(stool: str, scene: Callable[..., Controller]) -> None:
    controller = scene()
    controller.add_ons.append(
        ThirdPersonCamera("cam", position=(0, 0, 2), look_at=(0.001, 0, 0), size=(64, 64))
    )
    response = controller.communicate(
        [
            cmd.AddObject(object_id="stool", model="mesh", file=stool),
            cmd.CaptureImages(cameras=("cam",), passes=("rgb",)),
        ]
    )
    red, green, blue = response.images["cam"]["rgb"][32, 32].astype(float)
    assert red > 2 * green > 2 * blue * 0.9


@pytest.mark.slow
def test_a_robot_grasps_it(tmp_path: Path, scene: Callable[..., Controller]) -> None:
    path = tmp_path / "block.stl"
    trimesh.creation.box((0.04, 0.04, 0.12)).export(str(path))
    controller = scene()
    robot = Robot("r", model="panda")
    controller.add_ons.append(robot)
    controller.communicate(
        cmd.AddObject(object_id="block", model="mesh", file=str(path), position=(0.45, 0, 0.06))
    )
    robot.grasp("block")
    while robot.action.status is ActionStatus.ongoing:
        response = controller.communicate()
    assert robot.action.status is ActionStatus.success, robot.action.result
    robot.reach_for((0.45, 0, 0.5))
    while robot.action.status is ActionStatus.ongoing:
        response = controller.communicate()
    assert response.objects["block"].position[2] > 0.3


def test_the_nearest_point_lies_on_the_hull_or_inside(
    tmp_path: Path, scene: Callable[..., Controller]
) -> None:
    path = tmp_path / "block.stl"
    trimesh.creation.box((0.2, 0.2, 0.2)).export(str(path))
    controller = scene()
    response = controller.communicate(
        cmd.AddObject(
            object_id="b", model="mesh", file=str(path), position=(1, 0, 0.1), static=True
        )
    )
    state = response.objects["b"]
    assert nearest_surface_point(state, np.array([0.0, 0, 0.1])) == pytest.approx([0.9, 0, 0.1])
    assert nearest_surface_point(state, np.array([0.0, 1, 1.0])) == pytest.approx([0.9, 0.1, 0.2])
    assert nearest_surface_point(state, np.array([1.0, 0, 0.12])) == pytest.approx([1, 0, 0.12])


def test_a_recording_is_not_replayed_with_another_file(
    stool: str, tmp_path: Path, scene: Callable[..., Controller]
) -> None:
    controller = scene()
    recorder = Recorder()
    controller.add_ons.append(recorder)
    recorder.start(tmp_path / "run.mcap")
    controller.communicate(cmd.AddObject(object_id="stool", model="mesh", file=stool))
    for _ in range(5):
        controller.communicate()
    recorder.stop()
    digest = controller.world_hash()

    with Controller() as again:
        again.add_ons.append(Recorder())
        assert again.recorder is not None
        for _ in again.recorder.replay(tmp_path / "run.mcap", verify=True):
            pass
        assert again.world_hash() == digest
    trimesh.creation.box((1, 1, 1)).export(stool)
    with Controller() as again:
        again.add_ons.append(Recorder())
        assert again.recorder is not None
        with pytest.raises(Exception, match=r"stool\.glb has changed"):
            for _ in again.recorder.replay(tmp_path / "run.mcap"):
                pass


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.glb", None, "cannot be read: No such file"),
        ("x.step", b"", "is none of .glb, .obj, .stl"),
        ("bad.glb", b"glTF" + bytes(60), "bad.glb cannot be read"),
        ("bad.stl", b"solid", "bad.stl"),
        ("bad.obj", b"v 0 0 0\nf 1 2 3\n", "bad.obj cannot be read"),
        ("empty.obj", b"", "empty.obj"),
        ("flat.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "flat: it cannot be solid"),
        ("nan.obj", b"v nan 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\n", "nan.obj"),
    ],
)
def test_what_is_no_solid_is_refused_and_nothing_changes(
    name: str,
    content: bytes | None,
    message: str,
    tmp_path: Path,
    scene: Callable[..., Controller],
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    controller = scene()
    before, frame = controller.world_hash(), controller.frame
    with pytest.raises(CommandError, match=message):
        controller.communicate(
            {"type": "add_object", "object_id": "x", "model": "mesh", "file": str(path)}
        )
    assert (controller.world_hash(), controller.frame) == (before, frame)


def test_a_mesh_needs_a_file_and_others_take_none(
    stool: str, scene: Callable[..., Controller]
) -> None:
    controller = scene()
    for wrong in ({"model": "mesh"}, {"model": "box", "file": stool}):
        with pytest.raises(CommandError, match="takes a file"):
            controller.communicate({"type": "add_object", "object_id": "x", **wrong})
