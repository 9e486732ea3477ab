"""Every status that the actions of today can end with, reached through physics."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from counterpoint import ActionStatus, AddOn, Arm, Controller, ImageFrequency, Robot, deadline
from counterpoint import commands as cmd
from counterpoint.actions import Action, CollisionDetection, MoveBy, TurnBy
from counterpoint.actions.collision import STOPPED, previous_was_same


def finish(c: Controller, *actions: Action, limit: int = 1200) -> Action:
    for _ in range(limit):
        if all(a.status is not ActionStatus.ongoing for a in actions):
            return actions[0]
        c.communicate()
    raise AssertionError(f"{actions} did not end")


def box(name: str, position: Any, size: Any = (0.05, 0.05, 0.05), **more: Any) -> cmd.AddObject:
    return cmd.AddObject(object_id=name, model="box", size=size, position=position, **more)


@pytest.fixture
def arm() -> Iterator[tuple[Controller, Robot]]:
    with Controller() as c:
        robot = Robot("arm", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate([cmd.CreateEmptyRoom(), box("cube", (0.5, 0.1, 0.025))])
        yield c, robot


@pytest.fixture
def mobile() -> Iterator[tuple[Controller, Robot]]:
    with Controller() as c:
        robot = Robot("mobile", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom(width=6, length=6))
        yield c, robot


def test_driving_into_a_wall_is_a_collision_where_nobody_looks_ahead(mobile) -> None:
    c, robot = mobile
    robot.collision_detection.avoid = False
    action = finish(c, robot.move_by(5))
    assert action.status is ActionStatus.collision
    assert action.result.object_id == "wall_east"
    assert action.result.link
    assert robot.dynamic.base_position[0] < 3.0


def test_a_reach_for_something_that_gets_away_ends_instead_of_following_it_for_ever(arm) -> None:
    c, robot = arm
    roll = cmd.SetObjectVelocity(object_id="ball", linear=(0.0, 1.0, 0.0), angular=(-25, 0, 0))
    ball = cmd.AddObject(
        object_id="ball", model="sphere", size=(0.08,) * 3, position=(0.5, -0.3, 0.04)
    )
    c.communicate([cmd.RemoveObject(object_id="cube"), ball, roll])
    action = finish(c, robot.reach_for("ball"), limit=240)
    assert action.status is ActionStatus.cannot_reach
    assert action.result.distance > action.result.limit
    assert c.response.objects["ball"].position[1] > 0.3


def test_looking_ahead_stops_before_the_wall_and_names_it(mobile) -> None:
    c, robot = mobile
    action = finish(c, robot.move_by(5))
    assert action.status is ActionStatus.detected_obstacle
    assert action.result.object_id == "wall_east"
    for _ in range(60):
        c.communicate()
    assert not robot.dynamic.contacts
    assert robot.dynamic.base_position[0] > 1.5


def test_an_obstacle_of_any_height_is_seen_and_a_robot_is_one_too(mobile) -> None:
    c, robot = mobile
    c.communicate(box("shelf", (2.0, 0.2, 1.1), (0.3, 0.3, 0.2), static=True))
    action = finish(c, robot.move_by(2.5))
    assert action.status is ActionStatus.detected_obstacle
    assert action.result.object_id == "shelf"
    finish(c, robot.turn_by(180))
    c.add_ons.append(Robot("other", position=(-2, 0, 0), image_frequency=ImageFrequency.never))
    c.communicate()
    action = finish(c, robot.move_by(3))
    assert action.status is ActionStatus.detected_obstacle
    assert action.result.robot_id == "other"


def test_an_object_beside_the_way_does_not_stop_a_drive(mobile) -> None:
    c, robot = mobile
    c.communicate(box("beside", (1.0, 1.2, 0.5), (0.3, 0.3, 1.0), static=True))
    assert finish(c, robot.move_by(1.8)).status is ActionStatus.success


def test_the_same_motion_after_being_stopped_ends_at_once_and_the_opposite_is_free(mobile) -> None:
    c, robot = mobile
    assert finish(c, robot.move_by(5)).status is ActionStatus.detected_obstacle
    again = robot.move_by(1)
    c.communicate()
    assert again.status is ActionStatus.detected_obstacle
    assert finish(c, robot.move_by(-0.5)).status is ActionStatus.success


def test_a_drive_elsewhere_is_free_after_being_stopped_because_it_turns_first(mobile) -> None:
    c, robot = mobile
    assert finish(c, robot.move_by(5)).status is ActionStatus.detected_obstacle
    assert finish(c, robot.move_to((-1.0, 0.0, 0.0))).status is ActionStatus.success
    assert robot.dynamic.base_position[0] == pytest.approx(-1.0, abs=0.1)


@pytest.mark.parametrize("orientation", [(1, 0, 0), (0, 0, 0, 0), (math.nan, 0, 0, 1), "down"])
def test_an_orientation_that_is_no_rotation_is_refused_at_once(arm, orientation) -> None:
    _, robot = arm
    with pytest.raises(ValueError, match="orientation"):
        robot.reach_for((0.4, 0, 0.4), orientation=orientation)


def test_two_hands_go_to_their_own_targets_in_the_orientation_asked_for(mobile) -> None:
    c, robot = mobile
    q = (0.0, 1.0, 0.0, 0.0)  # both hands pointing down
    targets = [(0.55, 0.25, 0.85), (0.55, -0.25, 0.85)]
    both = [Arm.left, Arm.right]
    action = finish(c, robot.reach_for(targets, both, orientation=q))
    assert action.status is ActionStatus.success
    for arm_, target in zip(both, targets, strict=True):
        pose = robot.dynamic.tool_pose(arm_)
        assert pose.p == pytest.approx(target, abs=0.01)
        assert abs(float(pose.q @ np.array(q))) > 0.999


@pytest.mark.parametrize("ended", list(ActionStatus))
@pytest.mark.parametrize("kind", ["move", "turn"])
@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("switched_on", [True, False])
def test_the_truth_table_of_previous_was_same(ended, kind, direction, switched_on) -> None:
    previous = MoveBy(1.0)
    previous.motion = ("move", 1)
    previous.status = ended
    rules = CollisionDetection(previous_was_same=switched_on)
    same = kind == "move" and direction == 1 and ended in STOPPED and switched_on
    assert previous_was_same(rules, previous, kind, direction) == (ended if same else None)
    assert previous_was_same(rules, None, kind, direction) is None


def test_rules_switched_off_let_the_robot_push(mobile) -> None:
    c, robot = mobile
    c.communicate(box("carton", (1.0, 0, 0.15), (0.3, 0.3, 0.3), mass=1.0))
    robot.collision_detection.objects = False
    action = finish(c, robot.move_by(1.0))
    assert action.status is ActionStatus.success
    assert c.response.objects["carton"].position[0] > 1.2


def test_a_base_that_is_held_fast_fails_to_move_and_fails_to_turn(mobile) -> None:
    c, robot = mobile
    robot.collision_detection = CollisionDetection(walls=False, objects=False, avoid=False)
    c.communicate(
        [
            box("front", (0.5, 0, 0.2), (0.2, 1.0, 0.4), static=True),
            box("left", (0, 0.42, 0.2), (0.6, 0.2, 0.4), static=True),
        ]
    )
    assert finish(c, robot.move_by(0.6)).status is ActionStatus.failed_to_move
    assert finish(c, robot.turn_by(60)).status is ActionStatus.failed_to_turn


@pytest.mark.parametrize("model", ["panda", "tiago_pro", "xarm7"])
def test_a_target_at_one_and_a_half_times_the_reach_ends_in_one_frame(model: str) -> None:
    with Controller() as c:
        robot = Robot("a", model=model, image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom())
        kinematics = robot.static.kinematics
        shoulder = kinematics.shoulder_pose(robot.dynamic.q, Arm.right).p
        reach = kinematics.arm_length(Arm.right)
        action = robot.reach_for(shoulder + 1.5 * reach * np.array([0.6, 0.0, 0.8]), Arm.right)
        c.communicate()
        assert action.status is ActionStatus.cannot_reach
        assert action.result.distance == pytest.approx(1.5 * reach, rel=1e-3)


def test_an_arm_that_is_shut_in_fails_to_reach(arm) -> None:
    c, robot = arm
    hand = robot.dynamic.tool_pose(Arm.right).p
    c.communicate(box("block", hand + [0.2, 0, 0], (0.1, 0.8, 0.8), static=True))
    robot.collision_detection.objects = False
    action = finish(c, robot.reach_for(hand + [0.25, 0, 0.0]))
    assert action.status is ActionStatus.failed_to_reach
    assert action.result.distance > 0.01


def test_a_hand_that_meets_something_on_the_way_has_a_collision(arm) -> None:
    c, robot = arm
    hand = robot.dynamic.tool_pose(Arm.right).p
    c.communicate(box("block", hand + [0.2, 0, 0], (0.1, 0.8, 0.8), static=True))
    action = finish(c, robot.reach_for(hand + [0.25, 0, 0.0]))
    assert action.status is ActionStatus.collision
    assert action.result.object_id == "block"


def test_a_full_hand_does_not_grasp(arm) -> None:
    c, robot = arm
    c.communicate(box("second", (0.4, -0.3, 0.025)))
    assert finish(c, robot.grasp("cube")).status is ActionStatus.success
    action = finish(c, robot.grasp("second"))
    assert action.status is ActionStatus.already_holding
    assert action.result.object_id == "cube"


def test_what_another_robot_holds_is_not_grasped() -> None:
    with Controller() as c:
        one = Robot("one", model="panda", position=(0, 0, 0))
        two = Robot("two", model="panda", position=(1.0, 0, 0), rotation=180)
        c.add_ons += [one, two]
        c.communicate([cmd.CreateEmptyRoom(), box("cube", (0.5, 0, 0.025))])
        assert finish(c, one.grasp("cube")).status is ActionStatus.success
        action = finish(c, two.grasp("cube"))
        assert action.status is ActionStatus.held_by_other
        assert action.result.robot_id == "one"


@pytest.mark.parametrize(
    ("thing", "word"),
    [
        (box("thing", (0.4, -0.3, 0.025), static=True), "static"),
        (box("thing", (0.4, -0.3, 0.075), (0.15, 0.15, 0.15)), "15.0"),
        (box("thing", (0.4, -0.3, 0.025), mass=30.0), "30.0 kg"),
    ],
    ids=["static", "wide", "heavy"],
)
def test_what_cannot_be_grasped_says_why(arm, thing, word) -> None:
    c, robot = arm
    c.communicate(thing)
    action = robot.grasp("thing")
    c.communicate()
    assert action.status is ActionStatus.cannot_grasp
    assert word in action.result.reason


def test_an_object_that_slips_away_fails_to_be_grasped(arm) -> None:
    c, robot = arm
    action = robot.grasp("cube")
    while type(action.child).__name__ != "CloseHand":
        c.communicate()
    c.communicate(cmd.TeleportObject(object_id="cube", position=(1.5, 1.5, 0.025)))
    finish(c, action)
    assert action.status is ActionStatus.failed_to_grasp
    assert robot.dynamic.held[Arm.right] is None


def test_an_empty_hand_neither_drops_nor_places(arm) -> None:
    c, robot = arm
    assert finish(c, robot.drop()).status is ActionStatus.not_holding
    assert finish(c, robot.place((0.4, 0, 0))).status is ActionStatus.not_holding


def test_what_falls_for_longer_than_allowed_is_still_dropping(arm) -> None:
    c, robot = arm
    finish(c, robot.grasp("cube"))
    finish(c, robot.reach_for(robot.dynamic.tool_pose(Arm.right).p + [0, 0, 0.4]))
    action = finish(c, robot.drop(max_frames=5))
    assert action.status is ActionStatus.still_dropping
    for _ in range(60):
        c.communicate()
    assert c.response.objects["cube"].position[2] < 0.03


def test_a_place_that_is_taken_cannot_be_reached(arm) -> None:
    c, robot = arm
    c.communicate(box("stone", (0.4, -0.2, 0.1), (0.2, 0.2, 0.2), static=True))
    finish(c, robot.grasp("cube"))
    action = finish(c, robot.place((0.4, -0.2, 0.0)))
    assert action.status is ActionStatus.cannot_reach
    assert "stands there" in action.result.reason


def test_a_new_action_replaces_the_old_one_on_its_tracks_and_no_other(mobile) -> None:
    c, robot = mobile
    drive = robot.move_by(1.0, reset_arms=False)
    hand = robot.reach_for((0.9, -0.2, 0.9), Arm.right)
    for _ in range(5):
        c.communicate()
    turn = robot.turn_by(30)
    c.communicate()
    assert drive.status is ActionStatus.replaced
    assert drive.done
    assert hand.status is ActionStatus.ongoing
    assert finish(c, turn, hand).status is ActionStatus.success


def test_cancelling_ends_everything_and_the_robot_comes_to_rest(mobile) -> None:
    c, robot = mobile
    drive, hand = robot.move_by(1.5, reset_arms=False), robot.reach_for((0.6, -0.3, 1.0), Arm.right)
    for _ in range(30):
        c.communicate()
    robot.cancel("enough")
    c.communicate()
    assert {drive.status, hand.status} == {ActionStatus.cancelled}
    assert drive.result.reason == "enough"
    for _ in range(90):
        c.communicate()
    assert float(np.abs(robot.dynamic.qd).max()) < 1e-3
    assert 0 < robot.dynamic.base_position[0] < 1.4


def test_arms_without_a_base_do_not_drive(arm) -> None:
    c, robot = arm
    action = robot.move_by(1)
    c.communicate()
    assert action.status is ActionStatus.not_supported
    assert "base" in action.result.reason
    assert action.done


def test_an_action_that_raises_ends_as_failure_and_the_frame_goes_on(arm) -> None:
    class Broken(Action):
        tracks = ("right_arm",)

        def get_ongoing_commands(self, resp, static, dynamic):
            raise ZeroDivisionError("one over none")

    c, robot = arm
    action = robot.start(Broken())
    frame = c.communicate().frame
    assert action.status is ActionStatus.failure
    assert isinstance(action.result.error, ZeroDivisionError)
    assert action.done
    assert c.frame == frame


def test_an_action_that_outlasts_a_deadline_is_timed_out(mobile) -> None:
    c, robot = mobile
    started: list[Action] = []

    async def hurry() -> str:
        try:
            with deadline(seconds=0.5):
                started.append(robot.move_by(2.0))
                await started[0]
        except TimeoutError:
            return "too slow"
        return "in time"

    assert c.run(hurry()) == ["too slow"]
    assert started[0].status is ActionStatus.timed_out
    assert started[0].done


def test_turning_counts_degrees_to_the_left(mobile) -> None:
    c, robot = mobile
    assert finish(c, robot.turn_by(90)).status is ActionStatus.success
    assert robot.dynamic.base_yaw == pytest.approx(math.pi / 2, abs=math.radians(1))
    assert finish(c, robot.turn_to((2.0, 0.0, 0.0))).status is ActionStatus.success
    assert robot.dynamic.base_yaw == pytest.approx(0.0, abs=math.radians(1))
    with pytest.raises(ValueError, match="angle"):
        TurnBy(math.inf)


class Guard(AddOn):
    """Keeps a robot's base where it is, for some frames."""

    def __init__(self, robot: Robot, frames: int) -> None:
        self.robot, self.frames = robot, frames

    def before_send(self, frame: list[cmd.Command]) -> list[cmd.Command]:
        drives = [c for c in frame if isinstance(c, cmd.DriveRobot)]
        if not drives or self.frames <= 0:
            return frame
        self.frames -= 1
        self.robot.hold_back({"base"}, "somebody is in the way")
        kept = [c.model_copy(update={"velocity": (0.0, 0.0, 0.0, *c.velocity[3:])}) for c in drives]
        return [c for c in frame if c not in drives] + kept


def test_what_is_held_back_longer_than_its_patience_is_a_safety_stop(mobile) -> None:
    controller, robot = mobile
    controller.add_ons.append(Guard(robot, 1000))
    arm = robot.reach_for((0.5, 0.3, 1.0), Arm.left, absolute=False)
    action = robot.move_by(1.0)
    finish(controller, action)
    assert action.status is ActionStatus.safety_stop
    assert action.result.reason == "held back for 1 s: somebody is in the way"
    assert action.ended_frame - action.started_frame == 61
    assert abs(robot.dynamic.base_position[0]) < 1e-3
    finish(controller, arm)  # on other tracks, so it is left alone
    assert arm.status is ActionStatus.success


def test_patience_begins_anew_with_each_frame_that_is_let_through(mobile) -> None:
    controller, robot = mobile
    controller.add_ons.append(guard := Guard(robot, 0))
    action = robot.move_by(0.5)
    while not action.done:
        if controller.frame % 50 == 0:
            guard.frames = 45
        controller.communicate()
    assert action.status is ActionStatus.success
