"""From what a caller hands over to checked commands."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint import Arm, CommandError
from counterpoint import commands as cmd
from counterpoint.commands import COMMANDS, Phase, in_order, parse_command, parse_commands

EXAMPLES: list[cmd.Command] = [
    cmd.CreateEmptyRoom(width=4, length=5.5, height=2, walls=False),
    cmd.SetGravity(gravity=(0, 0.1, -1.62)),
    cmd.SetLighting(direction=(0, 0, -1), ambient=0.5),
    cmd.DrawDebug(drawing_id="path", points=[(0, 0, 0), (1, 0, 0.5)], line=False),
    cmd.Terminate(),
    cmd.AddObject(
        object_id="mug", model="mug", size=(0.1, 0.1, 0.1), position=(1, 2, 3),
        quaternion=(0, 0, 0, 1), mass=0.2, static=False, friction=0.3, color=(1, 0, 0.5),
        parameters={"wall": 0.004},
    ),
    cmd.AddArticulation(object_id="d", model="drawer", yaw=1, opening=0.1),
    cmd.AddWall(object_id="w", start=(0, 0, 0), end=(1, 1, 0), height=1, color=(0, 0, 1)),
    cmd.RemoveObject(object_id="mug"),
    cmd.TeleportObject(object_id="mug", position=(0, 0, 1), quaternion=(0, 1, 0, 0)),
    cmd.SetObjectVelocity(object_id="mug", linear=(1, 0, 0), angular=(0, 0, 2)),
    cmd.ApplyForce(object_id="mug", force=(0, 0, 5), at=(0, 0, 1)),
    cmd.SetObjectPhysics(object_id="mug", mass=1, friction=0, linear_damping=0.1),
    cmd.SetColor(object_id="mug", color=(0.1, 0.2, 0.3)),
    cmd.AddRobot(robot_id="a", model="panda", position=(1, 0, 0), yaw=1.5),
    cmd.RemoveRobot(robot_id="a"),
    cmd.DriveRobot(robot_id="a", velocity=(0.1,) * 7),
    cmd.SetGripper(robot_id="a", arm=Arm.right, opening=0.04),
    cmd.SetJointPositions(robot_id="a", positions={"panda_joint1": 0.5}),
    cmd.Weld(robot_id="a", arm=Arm.right, object_id="mug"),
    cmd.Unweld(robot_id="a", arm=Arm.left),
    cmd.AddCamera(
        camera_id="c", position=(1, 1, 1), look_at="a", follow="mug", offset=(0, 0, 1),
        size=(64, 48), near=0.1, far=9,
    ),
    cmd.AddCamera(camera_id="d", mount=("a", "panda_hand"), look_at=(0, 0, 0)),
    cmd.LookAt(camera_id="c", target="mug", follow=True),
    cmd.LookAt(camera_id="c", target=(0, 0, 1)),
    cmd.MoveCamera(camera_id="c", position=(0, 0, 1), quaternion=(0, 0, 1, 0)),
    cmd.CaptureImages(cameras=("c",), passes=("rgb", "depth")),
]  # fmt: skip

GOOD: dict[str, dict[str, Any]] = {
    "create_empty_room": {},
    "set_gravity": {},
    "set_lighting": {},
    "draw_debug": {"drawing_id": "d"},
    "add_object": {"object_id": "o", "model": "box"},
    "add_wall": {"object_id": "w", "start": [0, 0, 0], "end": [1, 0, 0]},
    "add_articulation": {"object_id": "d", "model": "door"},
    "teleport_object": {"object_id": "o", "position": [0, 0, 1]},
    "set_object_velocity": {"object_id": "o"},
    "apply_force": {"object_id": "o", "force": [0, 0, 1]},
    "set_object_physics": {"object_id": "o"},
    "set_color": {"object_id": "o", "color": [0, 0, 0]},
    "add_robot": {"robot_id": "r"},
    "drive_robot": {"robot_id": "r", "velocity": [0.0]},
    "set_gripper": {"robot_id": "r", "opening": 0.02},
    "set_joint_positions": {"robot_id": "r", "positions": {}},
    "add_camera": {"camera_id": "c"},
    "look_at": {"camera_id": "c", "target": [0, 0, 0]},
    "move_camera": {"camera_id": "c", "position": [0, 0, 1]},
    "capture_images": {},
}

NAN, INF = float("nan"), float("inf")
NOT_VECTORS = [
    [NAN, 0, 0],
    [INF, 0, 0],
    [0, 0],
    [0, 0, 0, 0],
    3,
    "abc",
    None,
    [[0, 0, 0]],
    ["x"] * 3,
]
VECTORS = [
    ("set_gravity", "gravity"), ("set_lighting", "direction"), ("add_object", "position"),
    ("add_object", "size"), ("add_wall", "start"), ("add_wall", "end"),
    ("teleport_object", "position"), ("set_object_velocity", "linear"),
    ("set_object_velocity", "angular"), ("apply_force", "force"), ("set_color", "color"),
    ("add_robot", "position"), ("add_camera", "position"), ("move_camera", "position"),
]  # fmt: skip
POSITIVE = [
    ("create_empty_room", "width"), ("create_empty_room", "length"),
    ("create_empty_room", "height"),
    ("add_object", "mass"), ("add_wall", "height"), ("add_wall", "thickness"),
    ("set_object_physics", "mass"), ("add_camera", "near"), ("add_camera", "far"),
    ("add_camera", "field_of_view"),
]  # fmt: skip


def refuse(item: Any, index: int | None = 4) -> CommandError:
    with pytest.raises(CommandError) as caught:
        parse_command(item, index)
    return caught.value


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda c: c.type)
def test_a_command_survives_the_way_through_json(command: cmd.Command) -> None:
    data = json.loads(command.model_dump_json())
    assert parse_command(data) == command
    assert parse_command(command.model_dump()) == command


def test_the_examples_have_every_type() -> None:
    assert {c.type for c in EXAMPLES} == set(COMMANDS)


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=list(COMMANDS))
def test_a_types_name_is_its_class_in_snake_case(kind: type[cmd.Command]) -> None:
    name = kind.model_fields["type"].default
    assert name == re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
    assert isinstance(kind.phase, Phase)


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda c: c.type)
def test_a_dollar_before_type_is_accepted(command: cmd.Command) -> None:
    data = json.loads(command.model_dump_json())
    data["$type"] = data.pop("type")
    assert parse_command(data) == command


def test_a_typed_command_is_taken_as_it_is() -> None:
    for command in EXAMPLES:
        assert parse_command(command) is command


def test_a_command_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        EXAMPLES[0].width = 3  # type: ignore[attr-defined]


def test_anything_array_like_makes_a_vector() -> None:
    for position in ([1, 2, 3], (1, 2, 3), np.array([1, 2, 3]), np.float32([1, 2, 3])):
        parsed = parse_command({"type": "add_robot", "robot_id": "a", "position": position})
        assert parsed == cmd.AddRobot(robot_id="a", position=(1, 2, 3))


def test_an_unknown_type_says_which_there_are() -> None:
    error = refuse({"type": "add_objekt", "object_id": "o"})
    assert (error.index, error.field, error.value) == (4, "type", "add_objekt")
    assert error.exists == tuple(sorted(COMMANDS))


@pytest.mark.parametrize("item", [{}, {"type": None}, {"type": 3}, {"type": ["add_object"]}])
def test_a_missing_or_odd_type_is_refused(item: dict[str, Any]) -> None:
    error = refuse(item)
    assert error.index == 4
    assert error.exists == tuple(sorted(COMMANDS))


@pytest.mark.parametrize("item", [3, None, "add_object", ["add_object"], object()])
def test_what_is_no_command_is_refused(item: Any) -> None:
    assert refuse(item).index == 4


@pytest.mark.parametrize("kind", list(GOOD))
def test_an_unknown_field_says_which_there_are(kind: str) -> None:
    error = refuse({"type": kind, **GOOD[kind], "colour": 1})
    assert (error.index, error.type, error.field, error.value) == (4, kind, "colour", 1)
    assert error.exists == tuple(f for f in COMMANDS[kind].model_fields if f != "type")
    assert "no such field" in str(error)


@pytest.mark.parametrize(("kind", "field"), [(k, f) for k, fields in GOOD.items() for f in fields])
def test_a_missing_field_is_named(kind: str, field: str) -> None:
    data = {k: v for k, v in GOOD[kind].items() if k != field}
    error = refuse({"type": kind, **data})
    assert (error.type, error.field) == (kind, field)
    assert "required" in str(error)


@pytest.mark.parametrize("value", NOT_VECTORS, ids=repr)
@pytest.mark.parametrize(("kind", "field"), VECTORS)
def test_a_vector_has_three_finite_numbers(kind: str, field: str, value: Any) -> None:
    if value is None and COMMANDS[kind].model_fields[field].default is None:
        return
    error = refuse({"type": kind, **GOOD[kind], field: value})
    assert (error.index, error.type, error.field) == (4, kind, field)
    assert error.value is value
    assert repr(value)[:20] in str(error)


@pytest.mark.parametrize("value", [0, -1, -INF, INF, NAN, "wide", [1], {}], ids=repr)
@pytest.mark.parametrize(("kind", "field"), POSITIVE)
def test_sizes_and_masses_are_finite_and_positive(kind: str, field: str, value: Any) -> None:
    error = refuse({"type": kind, **GOOD[kind], field: value})
    assert (error.type, error.field, error.value) == (kind, field, value)


@pytest.mark.parametrize("value", [1e39, -1e39, 1e7], ids=repr)
@pytest.mark.parametrize(("kind", "field"), [v for v in VECTORS if v[1] != "color"])
def test_numbers_that_the_physics_could_not_hold_are_refused(
    kind: str, field: str, value: float
) -> None:
    error = refuse({"type": kind, **GOOD[kind], field: [0.5, value, 0.5]})
    assert (error.type, error.field) == (kind, field)


@pytest.mark.parametrize("size", [[0, 1, 1], [1, -1, 1], [1, 1, NAN], [1, 1]], ids=repr)
def test_an_objects_extents_are_finite_and_positive(size: list[float]) -> None:
    assert refuse({"type": "add_object", **GOOD["add_object"], "size": size}).field == "size"


@pytest.mark.parametrize("value", [-0.1, NAN, INF, "slippery"], ids=repr)
def test_friction_damping_and_openings_are_not_negative(value: Any) -> None:
    for kind, field in (
        ("add_object", "friction"), ("set_object_physics", "friction"),
        ("set_object_physics", "linear_damping"), ("set_object_physics", "angular_damping"),
        ("set_gripper", "opening"),
    ):  # fmt: skip
        assert refuse({"type": kind, **GOOD[kind], field: value}).field == field


@pytest.mark.parametrize("value", [[-0.1, 0, 0], [0, 1.1, 0], [0, 0, 256]], ids=repr)
def test_colours_lie_between_0_and_1(value: list[float]) -> None:
    assert refuse({"type": "set_color", "object_id": "o", "color": value}).field == "color"


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("add_object", "quaternion"), ("teleport_object", "quaternion"),
        ("add_camera", "quaternion"), ("move_camera", "quaternion"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [[0, 0, 0, 0], [3, 0, 0, 0], [1, 0, 0], [NAN, 0, 0, 1]], ids=repr)
def test_a_quaternion_that_is_no_rotation_is_refused(
    kind: str, field: str, value: list[float]
) -> None:
    error = refuse({"type": kind, **GOOD[kind], field: value})
    assert error.type == kind


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", "a\nb", "x" * 201, 3, None], ids=repr)
@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("add_object", "object_id"), ("add_wall", "object_id"),
        ("add_robot", "robot_id"), ("add_camera", "camera_id"),
    ],
)  # fmt: skip
def test_a_name_can_become_part_of_a_path(kind: str, field: str, name: Any) -> None:
    error = refuse({"type": kind, **GOOD[kind], field: name})
    assert (error.field, error.value) == (field, name)


def test_an_unknown_pass_is_refused_with_those_that_there_are() -> None:
    error = refuse({"type": "capture_images", "passes": ["rgb", "heat"]})
    assert error.field == "passes"
    assert "depth" in str(error) and "segmentation" in str(error)


@pytest.mark.parametrize("size", [[0, 10], [10, -1], [10.5, 10], [10], [10, 10, 10], [9000, 1]])
def test_an_images_size_is_two_pixel_counts(size: list[float]) -> None:
    assert refuse({"type": "add_camera", "camera_id": "c", "size": size}).field == "size"


def test_a_camera_must_see_something() -> None:
    assert "beyond near" in str(
        refuse({"type": "add_camera", "camera_id": "c", "near": 2, "far": 1})
    )


def test_a_wall_needs_two_ends() -> None:
    wall = {"type": "add_wall", "object_id": "w", "start": [1, 1, 0], "end": [1, 1, 2]}
    assert "two different ends" in str(refuse(wall))


def test_a_point_cannot_be_followed() -> None:
    look = {"type": "look_at", "camera_id": "c", "target": [0, 0, 0], "follow": True}
    assert "followed" in str(refuse(look))


def test_an_unknown_arm_is_refused() -> None:
    error = refuse({"type": "set_gripper", "robot_id": "r", "arm": "third", "opening": 0})
    assert (error.field, error.value) == ("arm", "third")


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (cmd.CreateEmptyRoom, {"width": -1}),
        (cmd.AddObject, {"object_id": "o", "model": "box", "position": (NAN, 0, 0)}),
        (cmd.AddRobot, {"robot_id": "r", "position": (0, 0)}),
        (cmd.CaptureImages, {"passes": ("heat",)}),
        (cmd.SetColor, {"object_id": "o"}),
        (cmd.AddWall, {"object_id": "w", "start": (0, 0, 0), "end": (0, 0, 0)}),
        (cmd.SetGravity, {"g": 9.81}),
    ],
)
def test_a_constructor_refuses_what_the_dict_form_refuses(
    kind: type[cmd.Command], arguments: dict[str, Any]
) -> None:
    name = kind.model_fields["type"].default
    from_dict = refuse({"type": name, **arguments}, index=None)
    with pytest.raises(CommandError) as caught:
        kind(**arguments)
    assert str(caught.value) == str(from_dict)
    assert caught.value.type == name


# --- lists ---------------------------------------------------------------------------------------


def test_one_command_or_any_iterable_is_taken() -> None:
    one = cmd.SetGravity()
    assert parse_commands(one) == [one]
    assert parse_commands({"type": "set_gravity"}) == [one]
    assert parse_commands(iter([one, {"$type": "set_gravity"}])) == [one, one]
    assert parse_commands(()) == []


@pytest.mark.parametrize("items", [3, "set_gravity", b"x", None, 0.5])
def test_what_cannot_be_a_list_of_commands_is_refused(items: Any) -> None:
    with pytest.raises(CommandError, match="communicate"):
        parse_commands(items)


def test_an_error_names_the_place_in_the_list() -> None:
    with pytest.raises(CommandError) as caught:
        parse_commands([cmd.SetGravity(), {"type": "set_gravity"}, {"type": "set_gravity", "g": 1}])
    assert caught.value.index == 2
    assert str(caught.value).startswith("command 2 (set_gravity), field 'g', value 1")


@given(st.lists(st.sampled_from(EXAMPLES), max_size=30))
def test_order_is_by_phase_and_stable_within_a_phase(commands: list[cmd.Command]) -> None:
    before = list(commands)
    ordered = in_order(commands)
    assert commands == before
    phases = [c.phase for c in ordered]
    assert phases == sorted(phases)
    for phase in Phase:
        assert [c for c in ordered if c.phase == phase] == [c for c in before if c.phase == phase]


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
LISTS = st.lists(LEAVES | st.lists(LEAVES, max_size=3), max_size=4)
JSON = LEAVES | LISTS | st.dictionaries(st.text(max_size=6), LEAVES | LISTS, max_size=3)


@st.composite
def hostile(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(COMMANDS)))
    fields = draw(st.lists(st.sampled_from(sorted(COMMANDS[kind].model_fields)), max_size=4))
    return {**GOOD.get(kind, {}), **{f: draw(JSON) for f in fields}, "type": kind}


@given(hostile())
def test_whatever_json_comes_in_gives_a_command_or_a_command_error(item: dict[str, Any]) -> None:
    before = repr(item)
    refused: CommandError | None = None
    try:
        command = parse_command(item, 0)
        assert parse_command(json.loads(command.model_dump_json())) == command
    except CommandError as error:
        refused = error
    assert refused is None or (refused.index == 0 and str(refused))
    assert repr(item) == before
