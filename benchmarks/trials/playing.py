"""Trials of clips, policies and waiting."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from counterpoint.actions import (
    Animate,
    DoNothing,
    FollowPolicy,
    Wait,
    get_animation,
    list_animations,
)
from counterpoint.core.pose import Array
from counterpoint.robots import RobotModel
from counterpoint.robots.description import load_description
from counterpoint.robots.kinematics import kinematics_of
from trials.postures import postures_of
from trials.skill import any_model, skill
from trials.trial import Outcome, Trial, beyond

AT_KEY = 0.05  # rad or m
OFF_REST = 0.3  # rad: how far from rest a clip may begin
STILL = 2e-3  # rad or m
GAIN = 4.0  # 1/s: of the policy
AT_GOAL = 0.02  # rad or m


def _has_clip(clip: str, model: RobotModel) -> bool:
    return model.name in get_animation(clip).models


def animate(t: Trial, clip: str) -> Outcome:
    """Plays an animation.

    *Drawn:* where the joints that it moves begin, within 0.3 rad of rest (torsos: at rest); of a
    mobile robot, where it stands and heads.

    *Success:* each joint is measured within 0.05 rad of each key frame in their order, it ends in
    the last one and is there half a second later, and nothing is touched.
    """
    kinematics = kinematics_of(t.model)
    frames = get_animation(clip).models[t.model.name]
    moved = np.unique(
        np.concatenate([kinematics.track_indices(k) for f in frames for k in f.positions])
    )
    sliding = load_description(t.model).sliding
    off = np.where(sliding, 0.0, t.rng.uniform(-OFF_REST, OFF_REST, len(kinematics.joints)))
    q = np.array(kinematics.home)
    q[moved] = np.clip(q + off, kinematics.lower, kinematics.upper)[moved]
    x, y, yaw = t.rng.uniform(-3, 3), t.rng.uniform(-3, 3), t.rng.uniform(-math.pi, math.pi)
    robot = t.open(base=(x, y, yaw) if t.model.mobile else (0.0, 0.0, 0.0), posture=q)
    keys: list[tuple[Array, Array]] = []
    for frame in frames:
        for track, given in frame.positions.items():
            joints = kinematics.track_indices(track)
            wanted = np.array(kinematics.home)[joints]
            if given != "rest":
                wanted = np.where(sliding[joints], given, np.deg2rad(given))
            keys.append((joints, wanted))
    last = {tuple(joints.tolist()): wanted for joints, wanted in keys}
    missed = list(keys)

    def off_key(joints: Array, wanted: Array) -> float:
        return float(np.abs(robot.dynamic.q[joints] - wanted).max())

    action = robot.animate(clip)
    for _ in t.steps(action):
        while missed and off_key(*missed[0]) <= AT_KEY:
            missed.pop(0)
    t.run(action)
    t.rest()
    left = max(off_key(np.array(joints), wanted) for joints, wanted in last.items())
    return t.verdict(
        t.touched,
        f"{len(missed)} of {len(keys)} key frames were not played" if missed else None,
        beyond("a joint is off the last key frame", left, AT_KEY),
        off=left,
    )  # fmt: skip


for _clip in list_animations():
    skill(f"animate {_clip!r}", Animate, suits=partial(_has_clip, _clip), clip=_clip)(animate)


@skill("follow_policy", FollowPolicy, suits=any_model)
def follow_policy(t: Trial) -> Outcome:
    """Lets a proportional controller bring one track to a goal, until it says that it is done.

    *Drawn:* a track, `base` among them, and a goal of each of its joints within 0.5 rad or m
    (torsos: 0.1 m) of where it is, within limits; a differential base only drives straight.

    *Success:* each joint of the track is measured within 0.02 rad or m of the goal when the policy
    says so, and half a second later; joints of other tracks have not moved by 2 mrad.
    """
    tracks = [*t.model.tracks, *(["base"] if t.model.mobile else [])]
    track = tracks[t.rng.integers(len(tracks))]
    robot = t.open()
    kinematics = robot.static.kinematics
    joints = kinematics.track_indices(track) if track != "base" else np.arange(3)
    start = robot.dynamic.q.copy()
    size = 0.1 if track == "torso" else 0.5
    move = t.rng.uniform(-size, size, len(joints))
    if track == "base" and t.model.base == "differential":
        move[1:] = 0.0
    goal = start[joints] + move
    if track != "base":
        goal = np.clip(goal, kinematics.lower[joints] + 0.01, kinematics.upper[joints] - 0.01)

    def policy(_response: object, _static: object, dynamic: object) -> dict[str, Array] | None:
        left = goal - robot.dynamic.q[joints]
        slow = float(np.abs(robot.dynamic.target_velocity[joints]).max()) < 0.01
        if slow and float(np.abs(left).max()) < AT_GOAL / 2:
            return None
        if track == "base":
            c, s = math.cos(robot.dynamic.base_yaw), math.sin(robot.dynamic.base_yaw)
            left = np.array([c * left[0] + s * left[1], c * left[1] - s * left[0], left[2]])
            if t.model.base == "differential":
                left[1] = 0.0
        return {track: np.clip(GAIN * left, -0.5, 0.5)}

    t.run(robot.follow_policy(policy, 1200, track))
    others = np.setdiff1d(np.concatenate([_driven(t, name) for name in tracks]), joints)

    def off() -> float:
        return float(np.abs(robot.dynamic.q[joints] - goal).max())

    at_end = off()
    t.rest()
    moved = float(np.abs(robot.dynamic.q - start)[others].max()) if len(others) else 0.0
    return t.verdict(
        beyond("off the goal", at_end, AT_GOAL),
        beyond("off the goal later", off(), AT_GOAL),
        beyond("another joint moved", moved, STILL),
        off=at_end,
    )  # fmt: skip


@skill("wait", Wait, suits=any_model, least=1.0)
def wait(t: Trial) -> Outcome:
    """Lets frames pass.

    *Drawn:* 1 to 300 frames; a posture of one arm as for `reach_for a position`.

    *Success:* the action ends after so many frames, neither more nor fewer, and no joint has moved
    by 2 mrad.
    """
    count = int(t.rng.integers(1, 301))
    return _idle(t, lambda robot: robot.wait(count), count)


@skill("do_nothing", DoNothing, suits=any_model, least=1.0)
def do_nothing(t: Trial) -> Outcome:
    """Succeeds in the frame in which it starts.

    *Drawn:* a posture of one arm as for `reach_for a position`.

    *Success:* the action ends after one frame, and no joint has moved by 2 mrad half a second
    later.
    """
    return _idle(t, lambda robot: robot.do_nothing(), 0)


def _idle(t: Trial, start, frames: int) -> Outcome:
    arm = t.model.arms[t.rng.integers(len(t.model.arms))]
    q, _ = postures_of(t.model.name, arm).draw(t.rng, t.rejected)
    robot = t.open(posture=q)
    joints = np.concatenate([_driven(t, name) for name in t.model.tracks])
    before = robot.dynamic.q.copy()
    t.run(start(robot))
    expected = max(1, frames)
    if not frames:
        t.rest()
    moved = float(np.abs(robot.dynamic.q - before)[joints].max())
    return t.verdict(
        beyond("a joint moved", moved, STILL),
        f"it took {t.frames} frames instead of {expected}" if t.frames != expected else None,
    )


def _driven(t: Trial, track: str) -> Array:
    return np.arange(3) if track == "base" else kinematics_of(t.model).track_indices(track)
