"""Bad input gives its error, names what was wrong, and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from counterpoint import (
    CommandError,
    Controller,
    CounterpointError,
    ImageCapture,
    ImageFrequency,
    Robot,
    ThirdPersonCamera,
    UnknownModelError,
    UnknownObjectError,
    UnknownRobotError,
    derive_substream,
)
from counterpoint import commands as cmd

NAN, INF = float("nan"), float("inf")


@pytest.fixture
def scene() -> Iterator[Controller]:
    with Controller() as c:
        c.add_ons.append(Robot("arm", model="panda", image_frequency=ImageFrequency.never))
        c.communicate(
            [
                cmd.CreateEmptyRoom(),
                cmd.AddObject(object_id="cube", model="box", position=(0.5, 0, 0.025)),
                cmd.AddObject(object_id="table", model="table", position=(-1.5, 0, 0)),
                cmd.AddCamera(camera_id="cam", position=(2, 0, 1)),
            ]
        )
        yield c


BAD: list[tuple[str, Any, type[Exception], list[str]]] = [
    ("an unknown type", {"type": "fly"}, CommandError, ["command 0", "'fly'", "add_object"]),
    ("no type", {"object_id": "a"}, CommandError, ["type"]),
    ("an unknown object model", {"type": "add_object", "object_id": "a", "model": "sofa"},
     UnknownModelError, ["add_object", "'sofa'", "'table'"]),
    ("an unknown robot model", {"type": "add_robot", "robot_id": "r", "model": "pandda"},
     UnknownModelError, ["'pandda'", "did you mean 'panda'"]),
    ("an unknown robot", {"type": "set_gripper", "robot_id": "amr", "opening": 0.01},
     UnknownRobotError, ["'amr'", "did you mean 'arm'"]),
    ("an unknown object", {"type": "remove_object", "object_id": "cub"},
     UnknownObjectError, ["'cub'", "'cube'"]),
    ("an unknown pass", {"type": "capture_images", "passes": ["xray"]},
     CommandError, ["capture_images", "passes", "xray", "depth"]),
    ("an unknown camera", {"type": "capture_images", "cameras": ["cat"]},
     CommandError, ["cameras", "'cat'", "'cam'"]),
    ("a duplicate object id", {"type": "add_object", "object_id": "cube", "model": "box"},
     CommandError, ["object_id", "'cube'", "exists already"]),
    ("an object id that a robot has", {"type": "add_object", "object_id": "arm", "model": "box"},
     CommandError, ["robot", "'arm'"]),
    ("a duplicate robot id", {"type": "add_robot", "robot_id": "arm", "model": "panda"},
     CommandError, ["robot_id", "'arm'"]),
    ("a duplicate camera id", {"type": "add_camera", "camera_id": "cam"},
     CommandError, ["camera_id", "'cam'"]),
    ("a position that is not a number",
     {"type": "add_object", "object_id": "a", "model": "box", "position": [0, NAN, 1]},
     CommandError, ["position", "nan"]),
    ("an infinite position",
     {"type": "teleport_object", "object_id": "cube", "position": [INF, 0, 1]},
     CommandError, ["position", "inf"]),
    ("a position of two numbers",
     {"type": "teleport_object", "object_id": "cube", "position": [1, 2]},
     CommandError, ["position", "[1, 2]", "3"]),
    ("a position of four numbers",
     {"type": "teleport_object", "object_id": "cube", "position": [1, 2, 3, 4]},
     CommandError, ["position", "3"]),
    ("a size of zero",
     {"type": "add_object", "object_id": "a", "model": "box", "size": [0.1, 0, 0.1]},
     CommandError, ["size", "greater than 0"]),
    ("a negative mass",
     {"type": "add_object", "object_id": "a", "model": "box", "mass": -1},
     CommandError, ["mass", "-1"]),
    ("an unknown field",
     {"type": "add_object", "object_id": "a", "model": "box", "colour": "red"},
     CommandError, ["colour", "color"]),
    ("a missing field", {"type": "add_object", "model": "box"}, CommandError, ["object_id"]),
    ("too few velocities", {"type": "drive_robot", "robot_id": "arm", "velocity": [0.0]},
     CommandError, ["velocity", "expected 7", "got 1"]),
    ("a joint that is not there",
     {"type": "set_joint_positions", "robot_id": "arm", "positions": {"knee": 0}},
     CommandError, ["'knee'", "panda_joint1"]),
    ("a joint beyond its limits",
     {"type": "set_joint_positions", "robot_id": "arm", "positions": {"panda_joint1": 9}},
     CommandError, ["panda_joint1", "2.897"]),
    ("an arm that is not there",
     {"type": "set_gripper", "robot_id": "arm", "arm": "left", "opening": 0.01},
     CommandError, ["left", "right"]),
    ("a weld to a static object",
     {"type": "weld", "robot_id": "arm", "object_id": "table"},
     CommandError, ["'table'", "static"]),
    ("an unweld of nothing", {"type": "unweld", "robot_id": "arm"}, CommandError, ["nothing"]),
    ("a second room", {"type": "create_empty_room"}, CommandError, ["reset()"]),
    ("a robot inside a table",
     {"type": "add_robot", "robot_id": "r", "model": "tiago_pro", "position": [-1.5, 0, 0]},
     CommandError, ["command 0", "'r'", "'table'"]),
    ("a robot inside the floor",
     {"type": "add_robot", "robot_id": "r", "model": "panda", "position": [2, 2, -0.3]},
     CommandError, ["floor"]),
    ("a robot inside a wall",
     {"type": "add_robot", "robot_id": "r", "model": "tiago_pro", "position": [3, 0, 0]},
     CommandError, ["wall_east"]),
    ("a robot inside a robot",
     {"type": "add_robot", "robot_id": "r", "model": "panda", "position": [0.05, 0, 0]},
     CommandError, ["'arm'"]),
    ("a number instead of a command", 3, CommandError, ["3"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "error", "said"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_a_bad_command_is_refused_by_name_and_changes_nothing(
    scene: Controller, command: Any, error: type[Exception], said: list[str]
) -> None:
    before = scene.world_hash(), scene.state_hash(), scene.frame, scene.names
    good = cmd.AddObject(object_id="new", model="box", position=(1, 1, 0.025))
    frame = [command, good] if isinstance(command, dict) else command
    with pytest.raises(error) as caught:
        scene.communicate(frame)
    assert isinstance(caught.value, CounterpointError)
    for word in said:
        assert word in str(caught.value)
    assert (scene.world_hash(), scene.state_hash(), scene.frame, scene.names) == before
    scene.communicate(good)  # nothing of the refused frame is left behind


def test_the_index_is_that_of_the_callers_list(scene: Controller) -> None:
    commands = [cmd.SetGravity(), {"type": "add_camera", "camera_id": "cam"}, cmd.SetLighting()]
    with pytest.raises(CommandError) as caught:
        scene.communicate(commands)
    assert caught.value.index == 1
    assert caught.value.type == "add_camera"
    assert caught.value.field == "camera_id"
    assert caught.value.value == "cam"


def test_commands_before_a_scene_say_how_to_make_one() -> None:
    with Controller() as c:
        with pytest.raises(CommandError, match="create_empty_room"):
            c.communicate(cmd.AddObject(object_id="a", model="box"))
        c.add_ons.append(Robot("a", model="panda"))
        with pytest.raises(CommandError, match="create_empty_room"):
            c.communicate([])
        assert c.frame == 0
        c.communicate(cmd.CreateEmptyRoom())
        assert c.frame == 1


def test_an_action_before_the_first_frame_says_what_to_do() -> None:
    robot = Robot("a", model="panda")
    with pytest.raises(UnknownRobotError, match="communicate"):
        robot.reach_for((0.4, 0, 0.4))
    with Controller() as c:
        c.add_ons.append(robot)
        with pytest.raises(UnknownRobotError, match="communicate"):
            robot.wait(1)


def test_an_unknown_model_of_a_robot_is_refused_where_it_is_written() -> None:
    with pytest.raises(UnknownModelError, match="tiago_pro"):
        Robot("a", model="tiago")


def test_an_action_on_something_that_does_not_exist_is_refused_at_once(scene: Controller) -> None:
    robot = scene.add_ons[0]
    with pytest.raises(UnknownObjectError, match="cube"):
        robot.grasp("cub")  # type: ignore[attr-defined]
    assert robot.action is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("target", [(1, 2), (NAN, 0, 0), "", None])
def test_a_target_of_the_wrong_shape_is_refused_at_once(scene: Controller, target: Any) -> None:
    robot = scene.add_ons[0]
    with pytest.raises(CounterpointError):
        robot.reach_for(target)  # type: ignore[attr-defined]


def test_two_add_ons_of_one_name_are_refused_and_the_rest_goes_on(scene: Controller) -> None:
    second = Robot("arm", model="panda", position=(1, 1, 0))
    scene.add_ons.append(second)
    before = scene.world_hash()
    with pytest.raises(CommandError, match="arm"):
        scene.communicate()
    assert scene.world_hash() == before
    scene.add_ons.remove(second)
    scene.communicate()


def test_images_are_not_captured_from_a_camera_that_does_not_exist(scene, tmp_path) -> None:
    capture = ImageCapture(cameras=["cma"], path=tmp_path)
    scene.add_ons.append(capture)
    with pytest.raises(CommandError, match="cam"):
        scene.communicate()
    scene.add_ons.remove(capture)
    scene.communicate()


def test_an_unknown_pass_of_a_capture_is_refused_where_it_is_written(tmp_path) -> None:
    with pytest.raises(CommandError, match="segmentation"):
        ImageCapture(cameras=["cam"], path=tmp_path, passes=("rbg",))


def test_an_image_path_that_cannot_be_written_is_refused_before_the_frame(scene, tmp_path) -> None:
    (tmp_path / "file").write_text("not a folder")
    capture = ImageCapture(cameras=["cam"], path=tmp_path / "file" / "images")
    scene.add_ons.append(capture)
    before, frame = scene.world_hash(), scene.frame
    with pytest.raises(CommandError, match="cannot write"):
        scene.communicate()
    assert (scene.world_hash(), scene.frame) == (before, frame)


def test_a_camera_that_looks_at_nothing_is_refused(scene: Controller) -> None:
    scene.add_ons.append(ThirdPersonCamera("other", look_at="nobody"))
    with pytest.raises(UnknownObjectError, match="nobody"):
        scene.communicate()


def test_a_second_controller_in_the_process_runs_beside_the_first_and_alike() -> None:
    def play(c: Controller) -> Iterator[str]:
        robot = Robot("a", model="panda")
        c.add_ons.append(robot)
        c.communicate(
            [cmd.CreateEmptyRoom(), cmd.AddObject(object_id="b", model="box", position=(1, 0, 0.1))]
        )
        robot.reach_for((0.4, 0.2, 0.5))
        for _ in range(30):
            c.communicate()
            yield c.state_hash()

    with Controller() as alone:
        expected = list(play(alone))
    with Controller() as one, Controller() as two:
        both = list(zip(play(one), play(two), strict=True))
    assert [a for a, _ in both] == expected
    assert [b for _, b in both] == expected


@pytest.mark.parametrize(
    "arguments",
    [{"seed": -1}, {"substeps": 0}, {"frames_per_second": 0}, {"workers": 0}, {"renderer": "oil"}],
)
def test_a_controller_is_not_made_from_nonsense(arguments: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match=next(iter(arguments))):
        Controller(**arguments)


def test_a_thousand_random_broken_frames_leave_both_hashes_as_they_were(scene: Controller) -> None:
    rng = derive_substream("broken frames", 1).default_rng()
    robot = scene.add_ons[0]
    robot.reach_for((0.4, 0.3, 0.4))  # type: ignore[attr-defined]
    for _ in range(10):
        scene.communicate()
    before = scene.world_hash(), scene.state_hash()
    good: list[Any] = [
        cmd.AddObject(object_id="n1", model="mug", position=(1, 1, 0)),
        {"type": "teleport_object", "object_id": "cube", "position": [1.0, -1.0, 0.5]},
        cmd.SetGravity(gravity=(0, 0, -1)),
        cmd.SetJointPositions(robot_id="arm", positions={"panda_joint1": 1.0}),
        cmd.SetObjectVelocity(object_id="cube", linear=(1, 0, 0)),
        cmd.AddRobot(robot_id="x", model="xarm7", position=(2, 2, 0)),
        cmd.SetColor(object_id="table", color=(1, 0, 0)),
        cmd.ApplyForce(object_id="cube", force=(0, 0, 50)),
        cmd.CaptureImages(),
    ]
    bad = [b[1] for b in BAD if isinstance(b[1], dict)]
    for _ in range(1000):
        chosen = [good[i] for i in rng.permutation(len(good))[: rng.integers(0, 5)]]
        chosen.insert(int(rng.integers(0, len(chosen) + 1)), bad[rng.integers(len(bad))])
        frame = _spoil(chosen, rng)
        with pytest.raises(CounterpointError):
            scene.communicate(frame)
    assert (scene.world_hash(), scene.state_hash()) == before
    scene.communicate()


def _spoil(frame: list[Any], rng: np.random.Generator) -> Any:
    """The same frame in one of the shapes that a caller may hand over."""
    kind = rng.integers(3)
    return tuple(frame) if kind == 0 else iter(frame) if kind == 1 else frame
