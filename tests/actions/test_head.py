"""Heads, through physics: where they end up looking, and what they say of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from counterpoint import ActionStatus, Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action, LookAt, RotateHead
from counterpoint.actions.gaze import gaze_of
from counterpoint.robots import get_model, list_models
from counterpoint.robots.description import load_description
from counterpoint.robots.forward_kinematics import joint_links
from counterpoint.simulation.hulls import robot_hulls
from counterpoint.simulation.overlap import overlaps

HEADS = [name for name in list_models() if "head" in get_model(name).tracks]
TWO_JOINTS = [name for name in HEADS if len(get_model(name).tracks["head"]) == 2]


def finish(c: Controller, action: Action, limit: int = 900) -> Action:
    for _ in range(limit):
        if action.status is not ActionStatus.ongoing:
            return action
        c.communicate()
    raise AssertionError(f"{action} did not end")


@pytest.fixture
def head(request: pytest.FixtureRequest) -> Iterator[tuple[Controller, Robot]]:
    with Controller() as c:
        robot = Robot("a", model=request.param, rotation=30, image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom(width=8, length=8))
        yield c, robot


def off_axis(robot: Robot, point: Any) -> float:
    """Angle between the head camera's axis and the way to a world point [degrees]."""
    name, mount = next(iter(robot.model.cameras.items()))
    assert name == "head"
    camera = robot.dynamic.link_pose(mount.link) @ mount.link_from_camera
    way = camera.inverse().apply(point)
    return math.degrees(math.acos(way[0] / np.linalg.norm(way)))


def ahead(robot: Robot, distance: float, left: float, up: float) -> np.ndarray:
    """A world point before the robot, `up` from the floor [m]."""
    return robot.dynamic.base_pose.apply([distance, left, up])


@pytest.mark.parametrize("head", TWO_JOINTS, indirect=True)
@pytest.mark.parametrize(("distance", "left", "up"), [(2, 1, 0.8), (1, -0.6, 1.2), (3, 0, 0.9)])
def test_a_head_of_two_joints_aims_its_camera_at_a_point(head, distance, left, up) -> None:
    c, robot = head
    point = ahead(robot, distance, left, up)
    action = finish(c, robot.look_at(point))
    assert action.status is ActionStatus.success
    assert off_axis(robot, point) < 2.0
    assert math.degrees(action.result.angle) == pytest.approx(off_axis(robot, point), abs=0.05)


@pytest.mark.parametrize("head", HEADS, indirect=True)
def test_what_is_looked_at_is_in_the_middle_of_the_picture(head) -> None:
    c, robot = head
    at = ahead(robot, 2.0, 0.7, 1.0 if robot.model.name != "baxter" else 1.55)
    c.communicate(
        cmd.AddObject(object_id="ball", model="sphere", size=(0.2,) * 3, position=at, static=True)
    )
    assert finish(c, robot.look_at("ball")).status is ActionStatus.success
    images = c.communicate(cmd.CaptureImages(cameras=("a.head",), passes=("segmentation",))).images
    picture = images["a.head"]["segmentation"]
    rows, columns = np.nonzero(picture == c.response.segmentation_ids["ball"])
    assert columns.mean() == pytest.approx(picture.shape[1] / 2, abs=8)
    assert rows.mean() == pytest.approx(
        picture.shape[0] / 2, abs=8 if len(robot.model.tracks["head"]) == 2 else 40
    )


@pytest.mark.parametrize("head", HEADS, indirect=True)
@pytest.mark.parametrize(("distance", "left", "up"), [(-2, 0.5, 0.5), (0.1, 2, 3), (1, 0, 0)])
def test_where_the_joints_end_no_other_position_is_nearer(head, distance, left, up) -> None:
    c, robot = head
    point = ahead(robot, distance, left, up)
    action = finish(c, robot.look_at(point))
    assert action.status is ActionStatus.success
    kinematics, gaze = robot.static.kinematics, gaze_of(robot.model)
    low, high = kinematics.lower[gaze.joints], kinematics.upper[gaze.joints]
    q = robot.dynamic.q.copy()
    nearest = math.inf
    for positions in product(*np.linspace(low, high, 60).T):
        q[gaze.joints] = positions
        angle = gaze.angle_to(q, robot.static.mount_inverse.apply(point))
        nearest = min(nearest, math.degrees(angle))
    left_over = off_axis(robot, point)
    assert left_over <= nearest + 1.0
    if left_over > 2.0:
        assert "as near as the head can" in action.result.reason
        assert f"{left_over:.0f}" in action.result.reason or action.result.angle > 0
        assert math.degrees(action.result.angle) == pytest.approx(left_over, abs=0.1)


@pytest.mark.parametrize("head", ["tiago_pro"], indirect=True)
def test_a_moving_target_is_followed_until_the_action_is_cancelled(head) -> None:
    c, robot = head
    ball = cmd.AddObject(object_id="ball", model="sphere", size=(0.1,) * 3, position=(2, 1, 1))
    c.communicate([cmd.SetGravity(gravity=(0, 0, 0)), ball])
    action = robot.look_at("ball", follow=True)
    for _ in range(90):
        c.communicate()
    c.communicate(cmd.SetObjectVelocity(object_id="ball", linear=(-0.1, -0.3, 0.1)))
    worst = 0.0
    for _ in range(180):
        c.communicate()
        worst = max(worst, off_axis(robot, c.response.objects["ball"].position))
    assert worst < 4.0
    assert action.status is ActionStatus.ongoing
    action.cancel()
    c.communicate()
    assert action.status is ActionStatus.cancelled


@pytest.mark.parametrize("head", ["tiago_pro"], indirect=True)
def test_a_robot_keeps_its_eyes_on_something_while_it_drives(head) -> None:
    c, robot = head
    point = ahead(robot, 2.0, 1.0, 1.0)
    look = robot.look_at(point, follow=True)
    for _ in range(60):
        c.communicate()
    drive, worst = robot.move_by(1.0), 0.0
    while drive.status is ActionStatus.ongoing:
        c.communicate()
        worst = max(worst, off_axis(robot, point))
    assert drive.status is ActionStatus.success
    assert look.status is ActionStatus.ongoing
    assert worst < 5.0


def test_robots_look_each_other_in_the_eye() -> None:
    with Controller() as c:
        one = Robot("one", position=(0, 0, 0), image_frequency=ImageFrequency.never)
        two = Robot("two", position=(2, 0.5, 0), rotation=180, image_frequency=ImageFrequency.never)
        arm = Robot("arm", model="panda", position=(1, -1, 0), image_frequency=ImageFrequency.never)
        c.add_ons += [one, two, arm]
        c.communicate(cmd.CreateEmptyRoom(width=6, length=6))
        finish(c, one.look_at("two"))
        link = two.dynamic.link_pose("head_front_camera_link")
        assert off_axis(one, link.p) < 2.0
        finish(c, one.look_at("arm"))  # no head: its hand
        assert off_axis(one, arm.dynamic.tool_pose(Arm.right).p) < 2.0


@pytest.mark.parametrize("head", ["tiago_pro"], indirect=True)
def test_a_target_that_is_taken_away_ends_the_look_as_a_failure(head) -> None:
    c, robot = head
    c.communicate(
        cmd.AddObject(object_id="ball", model="sphere", size=(0.1,) * 3, position=(2, 1, 0.05))
    )
    action = robot.look_at("ball", follow=True)
    c.communicate()
    c.communicate(cmd.RemoveObject(object_id="ball"))
    c.communicate()
    assert action.status is ActionStatus.failure
    assert "'ball'" in action.result.reason


@pytest.mark.parametrize("head", HEADS, indirect=True)
@pytest.mark.parametrize("angle", [25.0, -40.0])
def test_yaw_turns_the_camera_to_the_left(head, angle: float) -> None:
    c, robot = head
    before = heading(robot)
    assert finish(c, robot.rotate_head(angle, "yaw")).status is ActionStatus.success
    assert heading(robot) - before == pytest.approx(angle, abs=0.5)


@pytest.mark.parametrize("head", TWO_JOINTS, indirect=True)
def test_pitch_turns_the_camera_down(head) -> None:
    c, robot = head
    before = elevation(robot)
    assert finish(c, robot.rotate_head(15, "pitch")).status is ActionStatus.success
    assert elevation(robot) - before == pytest.approx(-15, abs=0.5)
    assert finish(c, robot.reset_head()).status is ActionStatus.success
    assert elevation(robot) == pytest.approx(before, abs=1.2)


@pytest.mark.parametrize("head", ["tiago_pro"], indirect=True)
def test_a_turn_beyond_the_joint_ends_at_its_limit_and_says_how_much_is_missing(head) -> None:
    c, robot = head
    action = finish(c, robot.rotate_head(100, "yaw"))
    assert action.status is ActionStatus.success
    assert "limit" in action.result.reason
    assert math.degrees(action.result.angle) == pytest.approx(25.0, abs=0.1)
    assert heading(robot) == pytest.approx(30 + 75, abs=0.5)


@pytest.mark.parametrize("head", ["tiago_pro"], indirect=True)
@pytest.mark.parametrize("call", ["look_at", "rotate_head", "reset_head"])
def test_a_duration_is_a_lower_bound(head, call: str) -> None:
    c, robot = head
    finish(c, robot.rotate_head(-20, "yaw"))
    arguments = {"look_at": ((2.0, 0.0, 1.0),), "rotate_head": (20, "yaw"), "reset_head": ()}[call]
    begun = c.frame
    assert finish(c, getattr(robot, call)(*arguments, duration=2.0)).status is ActionStatus.success
    assert 118 <= c.frame - begun <= 150


@pytest.mark.parametrize("head", ["baxter"], indirect=True)
def test_a_head_that_does_not_pitch_says_so(head) -> None:
    c, robot = head
    action = finish(c, robot.rotate_head(10, "pitch"))
    assert action.status is ActionStatus.not_supported
    assert "pitch" in action.result.reason


@pytest.mark.parametrize("head", ["panda"], indirect=True)
def test_arms_without_a_head_do_not_look(head) -> None:
    c, robot = head
    for action in (robot.look_at((1, 1, 1)), robot.rotate_head(10, "yaw"), robot.reset_head()):
        c.communicate()
        assert action.status is ActionStatus.not_supported
        assert "head" in action.result.reason


@pytest.mark.parametrize("head", TWO_JOINTS, indirect=True)
@pytest.mark.parametrize("call", ["look_at", "rotate_head", "reset_head"])
def test_a_head_that_something_holds_fails_to_reach(head, call: str) -> None:
    c, robot = head
    if call == "reset_head":
        finish(c, robot.rotate_head(-50, "yaw"))
    there = in_the_way(robot)
    c.communicate(
        cmd.AddObject(
            object_id="post", model="box", size=(0.02, 0.02, 0.12), position=there, static=True
        )
    )
    arguments = {
        "look_at": (ahead(robot, 1.0, 2.0, 1.2),), "rotate_head": (60, "yaw"), "reset_head": ()
    }[call]  # fmt: skip
    action = finish(c, getattr(robot, call)(*arguments))
    assert action.status is ActionStatus.failed_to_reach
    assert (action.result.angle or action.result.distance) > math.radians(2)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: LookAt((1.0, 2.0)), "target"),
        (lambda: LookAt((1, 1, 1), duration=-1), "duration"),
        (lambda: RotateHead(math.nan, "yaw"), "angle"),
        (lambda: RotateHead(10, "roll"), "axis"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_at_once(make, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        make()


def heading(robot: Robot) -> float:
    """Of the head camera in the floor plane [degrees]."""
    axis = camera_axis(robot)
    return math.degrees(math.atan2(axis[1], axis[0]))


def elevation(robot: Robot) -> float:
    """Of the head camera over the horizon [degrees]."""
    return math.degrees(math.asin(camera_axis(robot)[2]))


def camera_axis(robot: Robot) -> np.ndarray:
    mount = robot.model.cameras["head"]
    return (robot.dynamic.link_pose(mount.link) @ mount.link_from_camera).matrix()[:3, 0]


def in_the_way(robot: Robot) -> np.ndarray:
    """Where a thin post stands free of the head now, and in the way of its turning left [m]."""
    body = load_description(robot.model).body_of[robot.model.cameras["head"].link][0]
    pose = robot.dynamic.link_pose(body)
    parts = [pose.apply(v) for v, _ in dict(robot_hulls(robot.model))[body]]
    joint = robot.model.tracks["head"][0]
    middle = robot.dynamic.link_pose(joint_links(robot.model)[joint][1]).p
    height = float(np.concatenate(parts)[:, 2].mean() - middle[2])
    away = np.concatenate(parts)[:, :2] - middle[:2]
    furthest = away[np.hypot(*away.T).argmax()]
    radius, corner = float(np.hypot(*furthest)) - 0.02, math.atan2(furthest[1], furthest[0])
    post = np.array(list(product((-0.01, 0.01), (-0.01, 0.01), (-0.06, 0.06))))
    for step in range(10, 180):
        angle = corner + math.radians(step)
        there = middle + [radius * math.cos(angle), radius * math.sin(angle), height]
        if not any(overlaps(part, post + there, 0.0) for part in parts):
            return there
    raise AssertionError("the head is round")
