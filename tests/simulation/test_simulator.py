"""What commands do to the world, and what the response says of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from counterpoint import Arm, Controller, Robot, SimulationError
from counterpoint import commands as cmd
from counterpoint.core.errors import CounterpointError
from counterpoint.core.pose import quaternion_from_yaw, yaw_of
from counterpoint.robots import list_models

Scene = Callable[..., Controller]
CUBE = cmd.AddObject(
    object_id="cube", model="box", size=(0.05, 0.05, 0.05), position=(1, 1, 0.025), mass=0.2
)


def run(controller: Controller, frames: int) -> Any:
    response = controller.response
    for _ in range(frames):
        response = controller.communicate()
    return response


# --- objects -------------------------------------------------------------------------------------


def test_an_object_falls_freely_and_comes_to_rest_on_the_floor(scene: Scene) -> None:
    c = scene(commands=[cmd.AddObject(object_id="o", model="box", size=(0.1,) * 3,
                                      position=(0, 0, 1.05))])  # fmt: skip
    fall = run(c, 19).objects["o"]
    t = 20 / 60
    assert fall.position[2] == pytest.approx(1.05 - 0.5 * 9.81 * t * t, rel=0.03)
    assert fall.linear_velocity[2] == pytest.approx(-9.81 * t, rel=0.01)
    rest = run(c, 60)
    assert rest.objects["o"].position[2] == pytest.approx(0.05, abs=1e-3)
    assert np.linalg.norm(rest.objects["o"].linear_velocity) < 1e-3
    np.testing.assert_allclose(
        rest.objects["o"].bounds, [[-0.05, -0.05, 0], [0.05, 0.05, 0.1]], atol=2e-3
    )


def test_gravity_pulls_where_it_is_told_to(scene: Scene) -> None:
    c = scene(commands=[cmd.AddObject(object_id="o", model="sphere", position=(0, 0, 1))])
    c.communicate(cmd.SetGravity(gravity=(1.0, 0, 0)))
    before = c.response.objects["o"].linear_velocity  # type: ignore[union-attr]
    after = run(c, 60).objects["o"].linear_velocity
    np.testing.assert_allclose(after - before, (1.0, 0, 0), atol=0.01)


def test_gravity_of_one_scene_is_not_that_of_the_next(scene: Scene) -> None:
    sphere = cmd.AddObject(object_id="o", model="sphere", position=(0, 0, 1))
    one = scene(commands=[sphere, cmd.SetGravity(gravity=(0, 0, 0))])
    other = scene(commands=[sphere])
    assert run(one, 10).objects["o"].position[2] == pytest.approx(1.0)
    assert run(other, 10).objects["o"].position[2] < 0.9


def test_a_force_acts_for_one_frame(scene: Scene) -> None:
    c = scene(commands=[
        cmd.SetGravity(gravity=(0, 0, 0)),
        cmd.AddObject(object_id="o", model="box", mass=2.0, position=(0, 0, 1)),
    ])  # fmt: skip
    pushed = c.communicate(cmd.ApplyForce(object_id="o", force=(12.0, 0, 0)))
    assert pushed.objects["o"].linear_velocity[0] == pytest.approx(12.0 / 2.0 / 60, rel=1e-3)
    later = run(c, 10)
    assert later.objects["o"].linear_velocity[0] == pytest.approx(12.0 / 2.0 / 60, rel=1e-3)


def test_a_force_beside_the_centre_turns_an_object(scene: Scene) -> None:
    c = scene(commands=[
        cmd.SetGravity(gravity=(0, 0, 0)),
        cmd.AddObject(object_id="o", model="box", size=(0.2,) * 3, position=(0, 0, 1)),
    ])  # fmt: skip
    centred = c.communicate(cmd.ApplyForce(object_id="o", force=(0, 1.0, 0)))
    assert np.linalg.norm(centred.objects["o"].angular_velocity) < 1e-6
    c.communicate(cmd.ApplyForce(object_id="o", force=(0, 1.0, 0), at=(0.1, 0, 1)))
    assert c.response.objects["o"].angular_velocity[2] > 0.01  # type: ignore[union-attr]


def test_a_teleported_object_is_at_rest_where_it_was_put(scene: Scene) -> None:
    c = scene(commands=[CUBE, cmd.SetGravity(gravity=(0, 0, 0))])
    c.communicate(cmd.SetObjectVelocity(object_id="cube", linear=(1, 2, 3), angular=(1, 0, 0)))
    q = quaternion_from_yaw(0.7)
    put = c.communicate(
        cmd.TeleportObject(object_id="cube", position=(-1, 0.5, 0.8), quaternion=tuple(2 * q * 0.6))
    ).objects["cube"]
    np.testing.assert_allclose(put.position, (-1, 0.5, 0.8), atol=1e-6)
    assert yaw_of(put.quaternion) == pytest.approx(0.7, abs=1e-5)
    np.testing.assert_allclose(put.linear_velocity, 0, atol=1e-6)


def test_an_object_moves_with_the_velocity_that_it_was_given(scene: Scene) -> None:
    c = scene(commands=[CUBE, cmd.SetGravity(gravity=(0, 0, 0))])
    c.communicate(cmd.SetObjectVelocity(object_id="cube", linear=(0.6, 0, 0.6)))
    start = c.response.objects["cube"].position  # type: ignore[union-attr]
    moved = run(c, 30).objects["cube"].position - start
    np.testing.assert_allclose(moved, (0.3, 0, 0.3), atol=2e-3)


def test_a_heavier_object_answers_less_to_the_same_force(scene: Scene) -> None:
    c = scene(commands=[CUBE, cmd.SetGravity(gravity=(0, 0, 0))])
    speeds = []
    for mass in (0.5, 5.0):
        c.communicate([
            cmd.TeleportObject(object_id="cube", position=(0, 0, 1)),
            cmd.SetObjectPhysics(object_id="cube", mass=mass),
            cmd.ApplyForce(object_id="cube", force=(3.0, 0, 0)),
        ])  # fmt: skip
        state = c.response.objects["cube"]  # type: ignore[union-attr]
        assert state.static.mass == mass
        speeds.append(state.linear_velocity[0])
    np.testing.assert_allclose(speeds, (3.0 / 0.5 / 60, 3.0 / 5.0 / 60), rtol=1e-3)


@pytest.mark.parametrize(("friction", "slides"), [(0.05, True), (1.0, False)])
def test_friction_decides_whether_an_object_slides(
    scene: Scene, friction: float, slides: bool
) -> None:
    c = scene(commands=[CUBE])
    run(c, 5)
    c.communicate([
        cmd.SetObjectPhysics(object_id="cube", friction=friction),
        cmd.SetGravity(gravity=(3.3, 0, -9.81)),
    ])  # fmt: skip
    moved = run(c, 60).objects["cube"].position[0] - 1.0
    assert (moved > 0.05) == slides


def test_damping_takes_speed_away(scene: Scene) -> None:
    c = scene(commands=[CUBE, cmd.SetGravity(gravity=(0, 0, 0))])
    c.communicate([
        cmd.TeleportObject(object_id="cube", position=(0, 0, 1)),
        cmd.SetObjectPhysics(object_id="cube", linear_damping=2.0),
        cmd.SetObjectVelocity(object_id="cube", linear=(0.5, 0, 0)),
    ])  # fmt: skip
    speed = run(c, 59).objects["cube"].linear_velocity[0]
    assert speed == pytest.approx(0.5 * math.exp(-2.0), rel=0.1)


@pytest.mark.parametrize(
    "command",
    [
        cmd.TeleportObject(object_id="table", position=(0, 0, 1)),
        cmd.SetObjectVelocity(object_id="table"),
        cmd.ApplyForce(object_id="table", force=(0, 0, 1)),
        cmd.SetObjectPhysics(object_id="table", mass=1),
    ],
    ids=lambda c: c.type,
)
def test_what_is_static_does_not_move(scene: Scene, command: cmd.Command) -> None:
    table = cmd.AddObject(object_id="table", model="table", position=(1, 0, 0), static=True)
    c = scene(commands=[table, CUBE])
    before = c.world_hash()
    with pytest.raises(cmd.parse.CommandError, match="static") as caught:
        c.communicate(command)
    assert caught.value.exists == ("cube",)
    assert c.world_hash() == before


# --- coming and going ----------------------------------------------------------------------------


def test_an_object_comes_back_under_its_old_name(scene: Scene) -> None:
    other = cmd.AddObject(object_id="other", model="mug", position=(-1, -1, 0))
    c = scene(commands=[CUBE, other])
    run(c, 30)
    mug = c.response.objects["other"].position  # type: ignore[union-attr]
    gone = c.communicate(cmd.RemoveObject(object_id="cube"))
    assert list(gone.objects) == ["other"]
    assert "cube" not in gone.segmentation_ids
    assert not gone.contacts.touching("cube")
    np.testing.assert_allclose(gone.objects["other"].position, mug, atol=1e-6)
    back = c.communicate(CUBE)
    assert list(back.objects) == ["other", "cube"]
    np.testing.assert_allclose(back.objects["cube"].position, CUBE.position, atol=2e-3)
    np.testing.assert_allclose(back.objects["other"].position, mug, atol=1e-6)


def test_an_object_is_replaced_within_a_frame(scene: Scene) -> None:
    c = scene(commands=[CUBE])
    new = CUBE.model_copy(update={"position": (-1.0, 0.0, 0.025)})
    response = c.communicate([cmd.RemoveObject(object_id="cube"), new])
    assert response.objects["cube"].position[0] == pytest.approx(-1.0)


def test_a_robot_is_removed_and_comes_back(scene: Scene) -> None:
    robots = [
        cmd.AddRobot(robot_id="a", model="panda", position=(-1, 0, 0)),
        cmd.AddRobot(robot_id="b", model="tiago_pro", position=(1, 0, 0), yaw=1.0),
        cmd.AddRobot(robot_id="c", model="xarm7", position=(0, 2, 0)),
    ]
    c = scene(commands=robots)
    before = run(c, 5)
    gone = c.communicate(cmd.RemoveRobot(robot_id="a"))
    assert list(gone.robots) == ["b", "c"]
    for name in ("b", "c"):
        np.testing.assert_allclose(gone.robots[name].q, before.robots[name].q, atol=1e-5)
    drive = np.zeros(3 + len(cmd.driven_joints("tiago_pro")))
    drive[0] = 0.3
    for _ in range(30):
        moved = c.communicate([robots[0]] if "a" not in c.names.robots else [
            cmd.DriveRobot(robot_id="b", velocity=tuple(drive))])  # fmt: skip
    assert list(moved.robots) == ["b", "c", "a"]
    assert np.linalg.norm(moved.robots["b"].base_position - before.robots["b"].base_position) > 0.05
    for name in ("a", "c"):
        np.testing.assert_allclose(moved.robots[name].q, before.robots[name].q, atol=1e-3)


def test_a_robot_is_replaced_within_a_frame_where_it_stood(scene: Scene) -> None:
    add = cmd.AddRobot(robot_id="a", model="panda")
    c = scene(commands=[add])
    response = c.communicate([cmd.RemoveRobot(robot_id="a"), add])
    assert list(response.robots) == ["a"]


def test_a_robot_may_stand_where_an_object_was_carried_away_from_in_the_same_frame(
    scene: Scene,
) -> None:
    crate = cmd.AddObject(object_id="crate", model="box", size=(0.4,) * 3, position=(0, 0, 0.2))
    c = scene(commands=[crate])
    c.communicate([
        cmd.TeleportObject(object_id="crate", position=(2, 2, 0.2)),
        cmd.AddRobot(robot_id="a", model="panda"),
    ])  # fmt: skip


def test_a_robot_may_not_stand_where_an_object_is_put_in_the_same_frame(scene: Scene) -> None:
    crate = cmd.AddObject(object_id="crate", model="box", size=(0.4,) * 3, position=(2, 2, 0.2))
    c = scene(commands=[crate])
    with pytest.raises(CounterpointError, match="crate"):
        c.communicate([
            cmd.TeleportObject(object_id="crate", position=(0, 0, 0.2)),
            cmd.AddRobot(robot_id="a", model="panda"),
        ])  # fmt: skip


def test_with_a_robot_go_its_cameras_and_welds(scene: Scene) -> None:
    c = scene(
        commands=[
            cmd.AddRobot(robot_id="a", model="panda"),
            cmd.AddCamera(camera_id="wrist", mount=("a", "panda_hand")),
            CUBE,
            cmd.Weld(robot_id="a", object_id="cube"),
        ]
    )
    assert c.response.welds == {"a/right"}  # type: ignore[union-attr]
    response = c.communicate(cmd.RemoveRobot(robot_id="a"))
    assert response.welds == frozenset()
    assert c.names.cameras == {} and c.names.welds == {}
    assert run(c, 30).objects["cube"].position[2] == pytest.approx(0.025, abs=2e-3)


@pytest.mark.parametrize("name", ["floor", "wall_north", "wall_east", "wall_south", "wall_west"])
def test_the_rooms_own_names_are_taken(scene: Scene, name: str) -> None:
    c = scene()
    with pytest.raises(CounterpointError, match=name):
        c.communicate(CUBE.model_copy(update={"object_id": name}))


# --- robots --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", list_models())
def test_a_robot_that_is_left_alone_stays_in_its_rest_pose(scene: Scene, model: str) -> None:
    c = scene(cmd_robot := Robot("a", model=model, position=(0.5, -0.5, 0), rotation=30))
    state = run(c, 60).robots["a"]
    home = np.array(cmd_robot.static.kinematics.home)
    size = cmd_robot.static.kinematics.base_size
    np.testing.assert_allclose(state.q[size:], home[size:], atol=5e-3)
    np.testing.assert_allclose(state.base_position, (0.5, -0.5, 0), atol=1e-3)
    assert state.base_yaw == pytest.approx(math.radians(30), abs=1e-3)
    assert np.abs(state.qd).max() < 5e-3


def test_joints_are_put_where_they_are_told_to_and_stay(scene: Scene) -> None:
    c = scene(Robot("a", model="panda"))
    positions = {"panda_joint1": 0.8, "panda_joint4": -1.0}
    c.communicate(cmd.SetJointPositions(robot_id="a", positions=positions))
    state = run(c, 30).robots["a"]
    for joint, value in positions.items():
        k = state.static.joint_names.index(joint)
        assert state.joint_positions[k] == pytest.approx(value, abs=2e-3)


def test_a_joint_follows_the_velocity_that_it_is_driven_with(scene: Scene) -> None:
    c = scene(Robot("a", model="panda"))
    start = c.response.robots["a"].q  # type: ignore[union-attr]
    for _ in range(60):
        response = c.communicate(cmd.DriveRobot(robot_id="a", velocity=(0.5, *[0.0] * 6)))
    moved = response.robots["a"].q - start
    assert moved[0] == pytest.approx(0.5, abs=0.05)
    assert response.robots["a"].target_velocity[0] == pytest.approx(0.5)
    assert np.abs(moved[1:]).max() < 0.01


def test_a_base_drives_in_its_own_frame(scene: Scene) -> None:
    c = scene(Robot("a", rotation=90))
    n = len(cmd.driven_joints("tiago_pro"))
    for _ in range(60):
        response = c.communicate(cmd.DriveRobot(robot_id="a", velocity=(0.4, 0.2, 0, *[0.0] * n)))
    x, y, _ = response.robots["a"].base_position
    assert y > 0.25 and x == pytest.approx(-y / 2, abs=0.05)


def test_a_gripper_opens_and_closes_to_where_it_is_told(scene: Scene) -> None:
    c = scene(Robot("a", model="panda"))
    for opening in (0.0, 0.05, 0.02):
        c.communicate(cmd.SetGripper(robot_id="a", opening=opening))
        fingers = run(c, 60).robots["a"].q[-2:]
        assert fingers.sum() == pytest.approx(opening, abs=2e-3)


def test_a_robot_that_is_stuck_pushes_with_bounded_force_and_springs_no_further(
    scene: Scene,
) -> None:
    block = cmd.AddObject(
        object_id="pillar", model="box", size=(0.2, 0.2, 1.5), position=(0.9, 0, 0.75), static=True
    )
    c = scene(Robot("a"), commands=[block])
    n = len(cmd.driven_joints("tiago_pro"))
    for _ in range(240):
        response = c.communicate(cmd.DriveRobot(robot_id="a", velocity=(0.5, 0, 0, *[0.0] * n)))
    state = response.robots["a"]
    assert state.contacts
    assert abs(state.target[0] - state.q[0]) < 0.15
    before = state.q[0]
    assert abs(run(c, 30).robots["a"].q[0] - before) < 0.1


# --- hands ---------------------------------------------------------------------------------------


def weld_scene(scene: Scene) -> Controller:
    c = scene(Robot("a", model="panda"), commands=[CUBE])
    tool = c.response.robots["a"].tool_pose(Arm.right)  # type: ignore[union-attr]
    c.communicate([
        cmd.SetGripper(robot_id="a", opening=0.08),
        cmd.TeleportObject(object_id="cube", position=tuple(tool.p), quaternion=tuple(tool.q)),
        cmd.Weld(robot_id="a", object_id="cube"),
    ])  # fmt: skip
    return c


def test_a_welded_object_is_carried_along_and_counts_as_held(scene: Scene) -> None:
    c = weld_scene(scene)
    for _ in range(90):
        response = c.communicate(cmd.DriveRobot(robot_id="a", velocity=(0.8, *[0.0] * 6)))
    state = response.robots["a"]
    assert response.welds == {"a/right"}
    assert state.held[Arm.right] == "cube"
    assert state.q[0] > 0.8
    gap = np.linalg.norm(response.objects["cube"].position - state.tool_pose(Arm.right).p)
    assert gap < 0.01


def test_an_unwelded_object_falls_and_is_no_longer_held(scene: Scene) -> None:
    c = weld_scene(scene)
    run(c, 10)
    c.communicate(cmd.Unweld(robot_id="a"))
    response = run(c, 90)
    assert response.welds == frozenset()
    assert response.robots["a"].held[Arm.right] is None
    assert response.objects["cube"].position[2] < 0.06


def test_a_hand_holds_one_welded_object(scene: Scene) -> None:
    c = weld_scene(scene)
    mug = cmd.AddObject(object_id="mug", model="mug", position=(-1, 0, 0))
    with pytest.raises(CounterpointError, match="holds 'cube' already"):
        c.communicate([mug, cmd.Weld(robot_id="a", object_id="mug")])


@pytest.mark.parametrize(
    "disturbance",
    [
        [cmd.AddRobot(robot_id="new", model="xarm7", position=(-2, 0, 0))],
        [cmd.RemoveObject(object_id="other")],
        [
            cmd.RemoveObject(object_id="other"),
            cmd.AddObject(object_id="another", model="box", position=(-2, 0, 0.1)),
        ],
    ],
    ids=["a robot comes", "an object goes", "one goes and one comes"],
)
def test_a_hand_goes_on_holding_when_others_come_and_go(
    scene: Scene, disturbance: list[cmd.Command]
) -> None:
    c = weld_scene(scene)
    c.communicate(cmd.AddObject(object_id="other", model="box", position=(-1, 0, 0.1)))
    run(c, 5)
    response = c.communicate(disturbance)
    assert response.robots["a"].held[Arm.right] == "cube"
    assert run(c, 5).robots["a"].held[Arm.right] == "cube"
    c.communicate(cmd.Unweld(robot_id="a"))


def grip_scene(scene: Scene) -> Controller:
    """The cube is pinched by the panda's fingers, without a weld."""
    c = scene(Robot("a", model="panda"), commands=[CUBE, cmd.SetGravity(gravity=(0, 0, 0))])
    tool = c.response.robots["a"].tool_pose(Arm.right)  # type: ignore[union-attr]
    c.communicate([
        cmd.TeleportObject(object_id="cube", position=tuple(tool.p), quaternion=tuple(tool.q)),
        cmd.SetGripper(robot_id="a", opening=0.0),
    ])  # fmt: skip
    run(c, 45)
    c.communicate(cmd.SetGravity())
    run(c, 15)
    return c


def test_an_object_that_both_fingers_press_on_is_held_by_friction(scene: Scene) -> None:
    c = grip_scene(scene)
    state = c.response.robots["a"]  # type: ignore[union-attr]
    assert state.held[Arm.right] == "cube"
    pressing = {mine.link for mine, other, force in state.contacts
                if other.owner == "cube" and force > 0.5}  # fmt: skip
    assert pressing == {"panda_leftfinger", "panda_rightfinger"}
    assert c.response.objects["cube"].position[2] > 0.2  # type: ignore[union-attr]


def test_it_is_no_longer_held_when_the_hand_opens(scene: Scene) -> None:
    c = grip_scene(scene)
    c.communicate(cmd.SetGripper(robot_id="a", opening=0.08))
    assert run(c, 30).robots["a"].held[Arm.right] is None


@pytest.mark.parametrize("others", [0, 1])
def test_a_pinched_object_stays_held_when_others_come_and_go(scene: Scene, others: int) -> None:
    c = grip_scene(scene)
    c.communicate(cmd.AddObject(object_id="other", model="box", position=(-1, 0, 0.1)))
    came = [cmd.AddObject(object_id="more", model="box", position=(-2, 0, 0.1))][:others]
    response = c.communicate([cmd.RemoveObject(object_id="other"), *came])
    assert response.robots["a"].held[Arm.right] == "cube"
    assert run(c, 10).robots["a"].held[Arm.right] == "cube"


def test_an_object_that_is_gone_is_not_held(scene: Scene) -> None:
    c = grip_scene(scene)
    response = c.communicate(cmd.RemoveObject(object_id="cube"))
    assert response.robots["a"].held[Arm.right] is None
    w = weld_scene(scene)
    response = w.communicate(cmd.RemoveObject(object_id="cube"))
    assert response.robots["a"].held[Arm.right] is None
    assert response.welds == frozenset()


# --- contacts ------------------------------------------------------------------------------------


def test_the_contact_force_of_a_resting_object_is_its_weight(scene: Scene) -> None:
    c = scene(commands=[CUBE])
    contacts = run(c, 60).contacts
    ((mine, other, force),) = contacts.touching("cube")
    assert (mine.owner, mine.kind, other.owner, other.kind) == ("cube", "object", "floor", "floor")
    assert force == pytest.approx(0.2 * 9.81, rel=0.05)
    assert len(contacts) == 1
    assert contacts.touching("nobody") == []
    np.testing.assert_allclose(contacts.position[0][2], 0.0, atol=5e-3)


def test_what_does_not_touch_has_no_contact(scene: Scene) -> None:
    c = scene(commands=[cmd.AddObject(object_id="o", model="box", position=(0, 0, 2))])
    assert len(run(c, 3).contacts) == 0


# --- responses -----------------------------------------------------------------------------------


def arrays_of(response: Any) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for name, robot in response.robots.items():
        for field in ("base_position", "joint_positions", "joint_velocities", "q", "qd", "target",
                      "target_velocity"):  # fmt: skip
            found[f"{name}.{field}"] = getattr(robot, field)
        for pose in (
            robot.base_pose,
            robot.tool_pose(Arm.right),
            robot.link_pose(robot.static.links[-1]),
        ):
            found |= {f"{name}.{len(found)}": pose.p, f"{name}.{len(found) + 1}": pose.q}
    for name, thing in response.objects.items():
        for field in ("position", "quaternion", "linear_velocity", "angular_velocity", "bounds"):
            found[f"{name}.{field}"] = getattr(thing, field)
    for field in ("bodies", "impulse", "position", "separation"):
        found[f"contacts.{field}"] = getattr(response.contacts, field)
    for camera, images in response.images.items():
        found |= {f"{camera}.{name}": image for name, image in images.items()}
    return found


def busy_scene(scene: Scene) -> Controller:
    c = scene(
        Robot("a", model="panda"),
        Robot("b", position=(-1, -1, 0)),
        commands=[CUBE, cmd.AddCamera(camera_id="cam", position=(2, 0, 1), look_at="a")],
    )
    c.communicate(cmd.CaptureImages(passes=("rgb", "depth", "segmentation", "normals")))
    return c


def test_every_array_of_a_response_is_read_only(scene: Scene) -> None:
    arrays = arrays_of(busy_scene(scene).response)
    assert len(arrays) == 13 * 2 + 5 + 4 + 2 * 4
    assert [name for name, array in arrays.items() if array.flags.writeable] == []
    with pytest.raises(ValueError, match="read-only"):
        arrays["a.q"][0] = 1.0


def test_an_old_response_stays_what_it_was(scene: Scene) -> None:
    c = busy_scene(scene)
    old = c.response
    before = {name: array.copy() for name, array in arrays_of(old).items()}
    n = len(cmd.driven_joints("tiago_pro"))
    for k in range(40):
        c.communicate([
            cmd.DriveRobot(robot_id="b", velocity=(0.5, 0, 0.5, *[0.1] * n)),
            cmd.ApplyForce(object_id="cube", force=(1, 0, 3)),
            *([cmd.CaptureImages()] if k % 10 == 0 else []),
            *([cmd.RemoveRobot(robot_id="a")] if k == 20 else []),
            *([cmd.AddObject(object_id="late", model="mug", position=(2, 2, 0))] if k == 5 else []),
        ])  # fmt: skip
    after = arrays_of(old)
    assert list(after) == list(before)
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array, err_msg=name)
    assert old.frame == 2 and list(old.robots) == ["a", "b"]  # type: ignore[union-attr]


def test_time_is_the_frame_number_over_the_rate(scene: Scene) -> None:
    c = scene(frames_per_second=30, substeps=3)
    response = run(c, 44)
    assert (response.frame, c.frame) == (45, 45)
    assert response.time == c.time == pytest.approx(1.5)


# --- the world's hash ----------------------------------------------------------------------------

TINY = {
    "a body's position": cmd.TeleportObject(object_id="cube", position=(1, 1, 0.5 + 1e-6)),
    "a body's turn": cmd.TeleportObject(
        object_id="cube", position=(1, 1, 0.5), quaternion=(1, 0, 0, 1e-4)
    ),
    "a body's velocity": cmd.SetObjectVelocity(object_id="cube", linear=(0, 0, 1e-5)),
    "a body's spin": cmd.SetObjectVelocity(object_id="cube", angular=(0, 0, 1e-5)),
    "a joint": cmd.SetJointPositions(robot_id="a", positions={"panda_joint1": 1e-5}),
    "a drive target": cmd.DriveRobot(robot_id="a", velocity=(1e-5, *[0.0] * 6)),
    "a gripper's goal": cmd.SetGripper(robot_id="a", opening=0.0799),
    "a weld": cmd.Weld(robot_id="a", object_id="cube"),
    "a static body": cmd.AddObject(object_id="table", model="table", position=(-2, 0, 0)),
    "a robot": cmd.AddRobot(robot_id="b", model="xarm7", position=(-2, 0, 0)),
}  # fmt: skip


def floating(scene: Scene) -> Controller:
    c = scene(Robot("a", model="panda"), commands=[CUBE, cmd.SetGravity(gravity=(0, 0, 0))])
    c.communicate(cmd.TeleportObject(object_id="cube", position=(1, 1, 0.5)))
    return c


@pytest.mark.parametrize("part", TINY)
def test_the_world_hash_changes_with(scene: Scene, part: str) -> None:
    one, other = floating(scene), floating(scene)
    assert one.world_hash() == other.world_hash()
    one.communicate()
    other.communicate(TINY[part])
    assert one.world_hash() != other.world_hash()


def test_the_world_hash_changes_with_each_frame_and_asking_changes_nothing(scene: Scene) -> None:
    c = floating(scene)
    hashes = []
    for _ in range(5):
        assert c.world_hash() == c.world_hash()
        hashes.append(c.world_hash())
        c.communicate()
    assert len(set(hashes)) == 5
    assert all(len(h) == 32 and int(h, 16) >= 0 for h in hashes)


@pytest.mark.parametrize(
    "command", [cmd.CaptureImages(), cmd.SetLighting(), cmd.LookAt(camera_id="cam", target="a")]
)
def test_looking_does_not_change_the_world(scene: Scene, command: cmd.Command) -> None:
    one, other = floating(scene), floating(scene)
    one.communicate(cmd.AddCamera(camera_id="cam"))
    other.communicate()
    one.communicate(command)
    other.communicate()
    assert one.world_hash() == other.world_hash()


# --- numbers as large as commands allow ----------------------------------------------------------


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-4, 1e3])
@pytest.mark.parametrize("mass", [1e-6, 1e6, None])
def test_the_largest_and_smallest_numbers_do_not_break_the_physics(
    scene: Scene, size: float, mass: float | None
) -> None:
    c = scene(Robot("a", model="panda"))
    big = cmd.AddObject(
        object_id="o", model="box", size=(size,) * 3, mass=mass, position=(0, 2000, 1000)
    )
    c.communicate([big, cmd.SetGravity(gravity=(0, 0, -1e6))])
    c.communicate([
        cmd.ApplyForce(object_id="o", force=(1e6, 0, 0), at=(0, 1e6, 0)),
        cmd.DriveRobot(robot_id="a", velocity=(1e6,) * 7),
        cmd.SetGripper(robot_id="a", opening=1e6),
    ])  # fmt: skip
    c.communicate(cmd.SetObjectVelocity(object_id="o", linear=(1e6,) * 3, angular=(1e6,) * 3))
    c.communicate(cmd.TeleportObject(object_id="o", position=(1e6,) * 3))
    assert np.isfinite(run(c, 5).objects["o"].position).all()


# --- the end -------------------------------------------------------------------------------------


def test_a_state_that_is_not_finite_ends_the_controller_and_names_the_body(scene: Scene) -> None:
    c = scene(commands=[CUBE])
    unchecked = cmd.TeleportObject.model_construct(
        type="teleport_object", object_id="cube", position=(math.nan, 0, 0), quaternion=(1, 0, 0, 0)
    )
    with pytest.raises(SimulationError) as caught:
        c.communicate(unchecked)
    assert caught.value.body == "cube"
    assert caught.value.frame is not None
    with pytest.raises(CounterpointError, match="has ended"):
        c.communicate()
