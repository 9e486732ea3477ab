"""Policies that drive tracks, and doing nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from counterpoint import ActionStatus, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action, FollowPolicy
from counterpoint.robots import get_model, registry


def finish(c: Controller, action: Action, limit: int = 600) -> Action:
    for _ in range(limit):
        if action.status is not ActionStatus.ongoing:
            return action
        c.communicate()
    raise AssertionError(f"{action} did not end")


@pytest.fixture
def mobile() -> Iterator[tuple[Controller, Robot]]:
    with Controller() as c:
        robot = Robot("mobile", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom(width=6, length=6))
        yield c, robot


def test_a_policy_is_asked_once_a_frame_for_as_many_frames_as_it_has(mobile) -> None:
    c, robot = mobile
    asked: list[int] = []

    def forward(response, static, dynamic):
        assert static is robot.static
        assert dynamic.static is static
        asked.append(response.frame)
        return {"base": (0.3, 0.0, 0.0)}

    begun = c.frame
    action = finish(c, robot.follow_policy(forward, frames=120, tracks="base"))
    assert action.status is ActionStatus.success
    assert asked == list(range(begun, begun + 120))
    assert c.frame - begun == 120
    driven = float(robot.dynamic.base_position[0])
    assert driven == pytest.approx(0.3 * 2.0 - 0.3**2 / (2 * 1.5), abs=0.02)  # with its run-up
    for _ in range(60):
        c.communicate()
    assert float(np.abs(robot.dynamic.qd).max()) < 1e-3


def test_a_policy_that_closes_the_loop_comes_to_its_goal_and_says_so(mobile) -> None:
    c, robot = mobile

    def to_the_left(response, static, dynamic):
        left = math.radians(50) - dynamic.q[static.kinematics.index["head_1_joint"]]
        return None if abs(left) < 0.01 else {"head": (2.0 * left, 0.0)}

    action = finish(c, robot.follow_policy(to_the_left, frames=600, tracks=("head", "base")))
    assert action.status is ActionStatus.success
    assert "done" in action.result.reason
    joint = robot.static.kinematics.index["head_1_joint"]
    assert robot.dynamic.q[joint] == pytest.approx(math.radians(50), abs=0.02)
    np.testing.assert_allclose(robot.dynamic.base_position[:2], 0, atol=1e-3)


def test_a_policy_has_its_tracks_and_leaves_the_others_alone(mobile) -> None:
    c, robot = mobile
    drive = robot.follow_policy(lambda *_: {"base": (0.2, 0, 0)}, frames=60, tracks="base")
    look = robot.look_at((2, 1, 1))
    c.communicate()
    assert robot.actions["base"] is drive and robot.actions["head"] is look
    turn = robot.turn_by(10)
    c.communicate()
    assert drive.status is ActionStatus.replaced
    assert finish(c, turn).status is ActionStatus.success


@pytest.mark.parametrize("frame", [0, 3])
def test_what_a_policy_raises_is_a_failure_with_the_error_and_the_frame_goes_on(
    mobile, frame: int
) -> None:
    c, robot = mobile
    begun = c.frame

    def breaks(response, static, dynamic):
        if response.frame == begun + frame:
            raise ZeroDivisionError("one over none")
        return {"head": (0.1, 0.0)}

    action = robot.follow_policy(breaks, frames=60, tracks="head")
    finish(c, action)
    assert action.status is ActionStatus.failure
    assert isinstance(action.result.error, ZeroDivisionError)
    assert c.frame == begun + max(1, frame)
    assert action.done


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"base": (1, 0, 0)}, "not its own"),
        ({"head": (1, 0, 0)}, "velocities"),
        ({"head": (math.nan, 0)}, "not finite"),
        ((0.1, 0.2), "velocities by track"),
        ({"head": "fast"}, "float"),
    ],
)
def test_an_answer_that_cannot_be_driven_is_a_failure(mobile, answer, words: str) -> None:
    c, robot = mobile
    action = finish(c, robot.follow_policy(lambda *_: answer, frames=5, tracks="head"))
    assert action.status is ActionStatus.failure
    assert words in action.result.reason


def test_a_differential_base_is_not_driven_sideways(monkeypatch) -> None:
    # No model that is always installed has such a base: this one's data say that it has.
    model = replace(get_model("tiago_pro"), name="two_wheels", base="differential")
    monkeypatch.setitem(registry._MODELS, "two_wheels", model)
    with Controller() as c:
        robot = Robot("a", model="two_wheels", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom(width=6, length=6))
        sideways = robot.follow_policy(lambda *_: {"base": (0.2, 0.1, 0)}, frames=60, tracks="base")
        assert finish(c, sideways).status is ActionStatus.failure
        assert "sideways" in sideways.result.reason
        assert finish(c, robot.move_to((1, 1, 0))).status is ActionStatus.success


def test_a_track_that_the_robot_lacks_is_not_supported(mobile) -> None:
    c, robot = mobile
    action = robot.follow_policy(lambda *_: None, frames=5, tracks=("base", "tail"))
    c.communicate()
    assert action.status is ActionStatus.not_supported
    assert "tail" in action.result.reason


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((None, 5, "base"), "policy"),
        ((len, 0, "base"), "frames"),
        ((len, 5, ()), "tracks"),
        ((len, 5, ("base", "base")), "tracks"),
        ((len, 5, (1,)), "tracks"),
    ],
)
def test_arguments_that_make_no_policy_are_refused_at_once(arguments, field: str) -> None:
    with pytest.raises(ValueError, match=field):
        FollowPolicy(*arguments)


def test_doing_nothing_is_done_in_one_frame_and_replaces_nothing(mobile) -> None:
    c, robot = mobile
    drive = robot.move_by(0.3)
    for _ in range(5):
        c.communicate()
    nothing = robot.do_nothing()
    c.communicate()
    assert nothing.status is ActionStatus.success
    assert nothing.done
    assert drive.status is ActionStatus.ongoing
    assert finish(c, drive).status is ActionStatus.success
