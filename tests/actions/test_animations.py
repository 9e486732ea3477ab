"""Animations: what is shipped keeps to limits, times and its own body; what is registered plays."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from counterpoint import ActionStatus, Arm, CollisionDetection, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import (
    Action,
    Animation,
    get_animation,
    list_animations,
    register_animation,
)
from counterpoint.core.errors import CommandError
from counterpoint.robots import RobotModel
from counterpoint.robots.description import load_description
from counterpoint.robots.forward_kinematics import joint_links
from counterpoint.robots.kinematics import kinematics_of
from counterpoint.simulation.hulls import robot_hulls
from counterpoint.simulation.overlap import overlaps

SHIPPED = ["bow", "clap", "dance", "nod", "point", "shake_head", "wave"]
MODELS = ["baxter", "tiago_pro"]
NEAR = 2  # joints: links that are fewer apart touch where they are joined


def finish(c: Controller, action: Action, limit: int = 1500) -> Action:
    for _ in range(limit):
        if action.status is not ActionStatus.ongoing:
            return action
        c.communicate()
    raise AssertionError(f"{action} did not end")


@pytest.fixture
def robot(request: pytest.FixtureRequest) -> Iterator[tuple[Controller, Robot]]:
    with Controller() as c:
        made = Robot(
            "a", model=getattr(request, "param", "tiago_pro"), image_frequency=ImageFrequency.never
        )
        c.add_ons.append(made)
        c.communicate(cmd.CreateEmptyRoom(width=6, length=6))
        yield c, made


def clip(name: str, frames: list[dict[str, Any]], **more: Any) -> Animation:
    """An animation of the tiago_pro that is nobody's but the test's."""
    return Animation.model_validate({"description": name, "models": {"tiago_pro": frames}, **more})


def test_seven_animations_are_shipped_for_two_robots() -> None:
    assert set(SHIPPED) <= set(list_animations())
    for name in SHIPPED:
        assert sorted(get_animation(name).models) == MODELS


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("robot", MODELS, indirect=True)
def test_a_shipped_animation_keeps_to_its_times_and_to_its_own_space(robot, name: str) -> None:
    c, body = robot
    model = body.model
    own = Body(model)
    limits = load_description(model)
    frames = get_animation(name).models[model.name]
    start = body.dynamic.q.copy()
    begun, moved = c.frame, 0.0
    action = body.animate(name)
    while action.status is ActionStatus.ongoing:
        c.communicate()
        state = body.dynamic
        moved = max(moved, float(np.abs(state.q - start).max()))
        assert np.abs(state.q - state.target).max() < 0.02  # the drives follow
        assert (np.abs(state.target_velocity) <= limits.velocity + 1e-9).all()
        if c.frame % 5 == 0:
            assert own.overlap(state.q) is None
    assert action.status is ActionStatus.success
    assert c.frame - begun == pytest.approx(frames[-1].time * 60, abs=12)  # no limit slowed it
    assert moved > math.radians(10)
    np.testing.assert_allclose(body.dynamic.q, start, atol=0.03)  # and it ends at rest


def test_it_passes_through_its_key_frames_when_it_says(robot) -> None:
    c, body = robot
    action = body.animate(
        clip("two", [{"time": 1.0, "positions": {"head": [20, -10]}},
                     {"time": 2.0, "positions": {"head": [-15, 5]}}])
    )  # fmt: skip
    for seconds, expected in ((1.0, (20, -10)), (2.0, (-15, 5))):
        while c.time < seconds + 1 / 60:
            c.communicate()
        target = np.rad2deg(body.dynamic.target[body.static.kinematics.track_indices("head")])
        np.testing.assert_allclose(target, expected, atol=0.2)
    assert finish(c, action).status is ActionStatus.success


@pytest.mark.parametrize("interpolation", ["smooth", "stop"])
def test_smooth_passes_through_what_stop_rests_in(robot, interpolation: str) -> None:
    c, body = robot
    action = body.animate(
        clip("way", [{"time": 1.0, "positions": {"head": [20, 0]}},
                     {"time": 2.0, "positions": {"head": [40, 0]}}], interpolation=interpolation)
    )  # fmt: skip
    for _ in range(60):
        c.communicate()
    speed = body.dynamic.target_velocity[body.static.kinematics.index["head_1_joint"]]
    assert bool(speed > 0.2) is (interpolation == "smooth")
    assert abs(speed) < 0.05 or interpolation == "smooth"
    assert finish(c, action).status is ActionStatus.success


def test_what_is_too_fast_takes_longer_and_arrives(robot) -> None:
    c, body = robot
    begun = c.frame
    action = finish(
        c,
        body.animate(
            clip("fast", [{"time": 0.05, "positions": {"right_arm": [-60, -60, 60, -60, 0, 0, 0]}}])
        ),
    )
    assert action.status is ActionStatus.success
    joints = body.static.kinematics.track_indices("right_arm")
    expected = [-60, -60, 60, -60, 0, 0, 0]
    np.testing.assert_allclose(np.rad2deg(body.dynamic.q[joints]), expected, atol=1.5)
    assert c.frame - begun > 60


def test_a_looping_one_goes_on_until_it_is_replaced(robot) -> None:
    c, body = robot
    action = body.animate("shake_head", loop=True)
    seen = []
    joint = body.static.kinematics.index["head_1_joint"]
    for _ in range(600):
        c.communicate()
        seen.append(float(body.dynamic.q[joint]))
    assert action.status is ActionStatus.ongoing
    assert max(seen[300:]) > 0.3 and min(seen[300:]) < -0.3
    reset = body.reset_head()
    c.communicate()
    assert action.status is ActionStatus.replaced
    assert finish(c, reset).status is ActionStatus.success


def test_an_animation_takes_only_the_tracks_that_it_moves(robot) -> None:
    c, body = robot
    wave, look = body.animate("wave"), body.look_at((2, 1, 1))
    c.communicate()
    assert wave.tracks == ("right_arm",)
    assert set(body.actions) == {"right_arm", "head"}
    finish(c, look)
    assert {finish(c, wave).status, look.status} == {ActionStatus.success}


def test_an_arm_that_meets_something_ends_it_as_a_collision(robot) -> None:
    c, body = robot
    c.communicate(
        cmd.AddObject(
            object_id="block", model="box", size=(0.3, 0.3, 0.3), position=(0.8, -0.25, 1.1),
            static=True,
        )
    )  # fmt: skip
    action = finish(c, body.animate("point"))
    assert action.status is ActionStatus.collision
    assert action.result.object_id == "block"
    assert action.result.link.startswith(("arm_right", "gripper_right"))
    nod = finish(c, body.animate("nod"))  # what its own links do not touch does not stop it
    assert nod.status is ActionStatus.success


def test_pushing_against_something_with_the_rules_off_fails_to_reach(robot) -> None:
    c, body = robot
    body.collision_detection = CollisionDetection(objects=False)
    there = body.static.mount @ body.static.kinematics.tool_pose(pointing(body), Arm.right)
    c.communicate(
        cmd.AddObject(
            object_id="block", model="box", size=(0.4, 0.4, 0.4), position=there.p, static=True
        )
    )
    stay = [
        f for f in get_animation("point").models["tiago_pro"] if "rest" not in f.positions.values()
    ]
    action = finish(c, body.animate(Animation(models={"tiago_pro": tuple(stay)})))
    assert action.status is ActionStatus.failed_to_reach
    assert action.result.distance > 0.02


@pytest.mark.parametrize("robot", ["panda"], indirect=True)
def test_a_model_without_key_frames_does_not_support_it(robot) -> None:
    c, body = robot
    action = body.animate("wave")
    c.communicate()
    assert action.status is ActionStatus.not_supported
    assert "panda" in action.result.reason and "tiago_pro" in action.result.reason


def test_key_frames_beyond_a_joints_limit_are_a_failure_that_names_it(robot) -> None:
    c, body = robot
    action = body.animate(clip("far", [{"time": 1, "positions": {"head": [0, 80]}}]))
    c.communicate()
    assert action.status is ActionStatus.failure
    assert "head_2_joint" in action.result.reason and "-60 to 20" in action.result.reason
    assert isinstance(action.result.error, CommandError)


def test_a_registered_file_is_played_by_its_name(robot, tmp_path) -> None:
    c, body = robot
    data = {"models": {"tiago_pro": [{"time": 3.0, "positions": {"torso": [0.1]}}]}}
    path = tmp_path / "sink.json"
    path.write_text(json.dumps(data))
    register_animation("test_sink", path)
    assert "test_sink" in list_animations()
    assert finish(c, body.animate("test_sink")).status is ActionStatus.success
    torso = body.static.kinematics.index["torso_lift_joint"]
    assert body.dynamic.q[torso] == pytest.approx(0.1, abs=0.005)  # metres, where a joint slides
    with pytest.raises(CommandError, match="there is an animation of that name"):
        register_animation("test_sink", data)
    with pytest.raises(CommandError, match="there is an animation of that name"):
        register_animation("wave", data)


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([], "at least 1"),
        ([{"time": 0, "positions": {"head": [0, 0]}}], "greater than 0"),
        ([{"time": math.inf, "positions": {"head": [0, 0]}}], "finite"),
        ([{"time": 1, "positions": {}}], "at least 1"),
        ([{"time": 1, "positions": {"tail": [0]}}], "no track 'tail'"),
        ([{"time": 1, "positions": {"head": [0]}}], "1 positions for its 2 joints"),
        ([{"time": 1, "positions": {"head": "home"}}], "rest"),
        ([{"time": 1, "positions": {"head": [0, math.nan]}}], "finite"),
        ([{"time": 1, "angles": {"head": [0, 0]}}], "required"),
        (
            [{"time": 1, "positions": {"head": "rest"}}, {"time": 1, "positions": {"torso": [0]}}],
            "rise",
        ),
    ],
)  # fmt: skip
def test_data_that_are_no_animation_are_refused_with_what_is_wrong(frames, words: str) -> None:
    with pytest.raises(CommandError, match=words) as caught:
        register_animation("test_broken", {"models": {"tiago_pro": frames}})
    assert "'test_broken'" in str(caught.value)
    assert "test_broken" not in list_animations()


def test_a_name_that_no_animation_has_says_which_there_are(robot) -> None:
    _, body = robot
    with pytest.raises(CommandError, match="'shake_head'"):
        body.animate("shake")


def pointing(body: Robot) -> np.ndarray:
    """The joint vector in which the right arm points."""
    q = body.dynamic.q.copy()
    frame = get_animation("point").models["tiago_pro"][0]
    q[body.static.kinematics.track_indices("right_arm")] = np.deg2rad(frame.positions["right_arm"])
    return q


class Body:
    """Tells whether links of a robot that are not neighbours overlap."""

    def __init__(self, model: RobotModel) -> None:
        self._hulls = {name: hulls for name, hulls in robot_hulls(model) if hulls}
        self._kinematics = kinematics_of(model)
        body_of, links = load_description(model).body_of, joint_links(model)
        up = {body_of[links[j][1]][0]: body_of[links[j][0]][0] for j in self._kinematics.joints}
        hands = [
            {body_of[links[j][1]][0] for j in gripper.joints} for gripper in model.grippers.values()
        ]
        self._pairs = [
            (a, b)
            for a, b in combinations(self._hulls, 2)
            if not (b in _above(a, up) or a in _above(b, up))
            and not any(a in hand and b in hand for hand in hands)
        ]

    def overlap(self, q: np.ndarray) -> tuple[str, str] | None:
        names = tuple(self._hulls)
        poses = dict(zip(names, self._kinematics.link_poses(q, names), strict=True))
        points = {n: [poses[n].apply(v) for v, _ in self._hulls[n]] for n in names}
        for a, b in self._pairs:
            if any(overlaps(p, r) for p in points[a] for r in points[b]):
                return a, b
        return None


def _above(link: str, up: dict[str, str]) -> list[str]:
    """A link and those that carry it, as far as they touch it where they are joined."""
    chain = [link]
    while chain[-1] in up and len(chain) <= NEAR:
        chain.append(up[chain[-1]])
    return chain
