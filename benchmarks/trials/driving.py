"""Trials of driving and turning."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from counterpoint.actions import Action, MoveBy, MoveTo, NavigateTo, TurnBy, TurnTo
from counterpoint.core.pose import Array, wrap_angle
from trials.furnished import KINDS, FurnishedRoom, Piece, draw_room
from trials.postures import postures_of
from trials.skill import mobile, skill
from trials.trial import ROOM, SETTLED, Outcome, Trial, beyond, require

ARRIVED = 0.1  # m: the actions' default
ALIGNED = 1.0  # degrees
SIDEWAYS = 0.02  # m: how far off its line a straight drive may be
FROM_WALLS = 0.15  # m
TO_BRAKE = 0.3  # m: left free between the robot and what it shall not meet at the start
TUCKED = 0.03  # rad


@skill("move_by", MoveBy, suits=mobile)
def move_by(t: Trial) -> Outcome:
    """Drives straight by 0.2 to 4 m, forwards or backwards, in an empty room of 12 × 12 m.

    *Drawn:* position, heading and distance, uniformly; again where the end is not clear of the
    walls.

    *Success:* within 0.1 m of the distance along the heading at the start, 2 cm to the side and 1°
    of heading, at no time 0.1 m too far, nothing touched, and all of it still so half a second
    later.
    """
    while True:
        x, y, yaw = _pose(t)
        distance = t.rng.uniform(0.2, 4.0) * t.rng.choice((-1.0, 1.0))
        way = distance * _heading(yaw)
        if np.abs(np.array([x, y]) + way).max() <= _room(t):
            break
        t.rejected["end outside the room"] += 1
    robot = t.open(base=(x, y, yaw))
    return _straight(t, robot.move_by(distance), way)


@skill("move_by with an arm stretched out", MoveBy, suits=mobile)
def move_by_tucking(t: Trial) -> Outcome:
    """Drives straight by 2 to 4 m, and brings its arms in on the way (`reset_arms`).

    *Drawn:* heading and distance, uniformly; one arm, in a posture that is uniform over its joints'
    limits, again where a link is below the floor or overlaps another.

    *Success:* as for `move_by`, and every arm joint within 0.03 rad of rest half a second after the
    drive.
    """
    yaw = t.rng.uniform(-math.pi, math.pi)
    distance = t.rng.uniform(2.0, 4.0) * t.rng.choice((-1.0, 1.0))
    way = distance * _heading(yaw)
    arm = t.model.arms[t.rng.integers(len(t.model.arms))]
    q, _ = postures_of(t.model.name, arm).draw(t.rng, t.rejected)
    robot = t.open(base=(*(-way / 2).tolist(), yaw), posture=q)
    kinematics = robot.static.kinematics
    joints = np.concatenate([kinematics.track_indices(t.model.arm_track(a)) for a in t.model.arms])

    def tucked() -> str | None:
        off = float(np.abs(robot.dynamic.q - kinematics.home)[joints].max())
        return beyond("an arm joint is off its rest position", off, TUCKED, "rad")

    return _straight(t, robot.move_by(distance), way, tucked)


@skill("move_to a position", MoveTo, suits=mobile)
def move_to_position(t: Trial) -> Outcome:
    """Turns and drives to a point of an empty room of 12 × 12 m.

    *Drawn:* the pose at the start and the point, uniformly, clear of the walls.

    *Success:* within 0.1 m of the point, at no time 0.1 m past it, nothing touched, and still so
    half a second later.
    """
    start, target = _pose(t), np.array(_pose(t)[:2])
    robot = t.open(base=start)
    way = target - np.array(start[:2])
    length = float(np.linalg.norm(way))
    action = robot.move_to((*target.tolist(), 0.0))
    past = -math.inf
    for _ in t.steps(action):
        past = max(past, float((robot.dynamic.base_position[:2] - target) @ way) / length)
    require(action)
    left = _away(robot.dynamic.base_position, target)
    for _ in range(SETTLED):
        t.rest(1)
        past = max(past, float((robot.dynamic.base_position[:2] - target) @ way) / length)
    later = _away(robot.dynamic.base_position, target)
    return t.verdict(
        t.touched,
        beyond("distance left", left, ARRIVED, "m"),
        beyond("distance left later", later, ARRIVED, "m"),
        beyond("past the point", past, ARRIVED, "m"),
        left=left, past=past,
    )  # fmt: skip


@skill("move_to an object", MoveTo, suits=mobile)
def move_to_object(t: Trial) -> Outcome:
    """Turns and drives to the edge of a piece of furniture in an otherwise empty room.

    *Drawn:* a table, shelf, wall, box or cylinder of random size in the middle of the room, turned
    at random; the pose at the start, again where it is too near to the furniture.

    *Success:* the furniture's footprint is within 0.1 m of the robot's radius, nothing is touched,
    and all of it still so half a second later.
    """
    piece, start = _piece_and_start(t)
    robot = t.open(piece.command("thing"), base=start)
    t.run(robot.move_to("thing"))
    left = float(piece.distance(robot.dynamic.base_position[:2])) - t.model.radius
    t.rest()
    later = float(piece.distance(robot.dynamic.base_position[:2])) - t.model.radius
    return t.verdict(
        t.touched,
        beyond("distance left", left, ARRIVED, "m"),
        beyond("distance left later", later, ARRIVED, "m"),
        left=left,
    )  # fmt: skip


@skill("turn_by", TurnBy, suits=mobile)
def turn_by(t: Trial) -> Outcome:
    """Turns on the spot by up to a whole turn, either way.

    *Drawn:* heading and angle, uniformly.

    *Success:* turned within 1° of the angle, the way round that was asked for, less than 2 cm from
    where it stood, and still so half a second later.
    """
    angle, yaw = t.rng.uniform(-360.0, 360.0), t.rng.uniform(-math.pi, math.pi)
    robot = t.open(base=(0.0, 0.0, yaw))
    before = robot.dynamic.base_yaw

    def error() -> float:
        return abs(math.degrees(robot.dynamic.base_yaw - before) - angle)

    t.run(robot.turn_by(angle))
    return _turned(t, error)


@skill("turn_to", TurnTo, suits=mobile)
def turn_to(t: Trial) -> Outcome:
    """Turns on the spot to face a position, or the middle of an object.

    *Drawn:* the furniture and pose of `move_to an object`; the target is the furniture or a point
    of the room, with equal chance, again where the point is within 0.3 m.

    *Success:* within 1° of facing it, less than 2 cm from where it stood, and still so half a
    second later.
    """
    piece, start = _piece_and_start(t)
    here = np.array(start[:2])
    point, target = piece.at, "thing"
    if t.rng.random() < 0.5:
        point = t.rng.uniform(-_room(t), _room(t), 2)
        while _away(here, point) < 0.3:
            t.rejected["target at the robot's feet"] += 1
            point = t.rng.uniform(-_room(t), _room(t), 2)
        target = (*point.tolist(), 0.0)
    robot = t.open(piece.command("thing"), base=start)
    t.run(robot.turn_to(target))
    way = point - here
    bearing = math.atan2(way[1], way[0])
    return _turned(t, lambda: abs(math.degrees(wrap_angle(robot.dynamic.base_yaw - bearing))), here)


@skill("navigate_to", NavigateTo, suits=mobile, least=0.97)
def navigate_to(t: Trial) -> Outcome:
    """Drives round furniture to a position, or to the edge of an object.

    *Drawn:* a room of 6 to 10 m a side with six to twelve tables, shelves, walls, boxes and
    cylinders that do not overlap; start and target. Whether there is a way is decided on a grid of
    2 cm made from the furniture's sizes, for a disc of 0.6 m: rooms without one are drawn again.

    *Success:* within 0.1 m of the target (of an object: of its footprint and the robot's radius),
    and nothing but the floor touched on the way.
    """
    room = draw_room(t.rng, t.rejected)
    x, y, yaw = room.start.tolist()
    robot = t.open(*room.commands(), base=(x, y, yaw), room=False)
    action = robot.navigate_to(room.target)
    planned = _timed(action, "get_initialization_commands")
    ongoing = _timed(action, "get_ongoing_commands")
    driven, before = 0.0, robot.dynamic.base_position[:2]
    for _ in t.steps(action, 6000):
        here = robot.dynamic.base_position[:2]
        driven, before = driven + _away(here, before), here
    require(action)
    left = room.left(robot.dynamic.base_position[:2]) - _edge(room, action)
    t.rest()
    return t.verdict(
        t.touched,
        beyond("distance left", left, ARRIVED, "m"),
        left=left, straight=float(room.straight), driven=driven, plan=max(planned),
        mean_frame=float(np.mean(ongoing)), p99_frame=float(np.quantile(ongoing, 0.99)),
    )  # fmt: skip


# --- what they share --------------------------------------------------------------------------


def _straight(t: Trial, action: MoveBy, way: Array, also: Any = lambda: None) -> Outcome:
    """Run a straight drive by `way`, shape (2,) [m], and judge it."""
    robot = t.robot
    start, yaw = robot.dynamic.base_position[:2], robot.dynamic.base_yaw
    length = float(np.linalg.norm(way))
    along = way / length

    def gone() -> tuple[float, float]:
        off = robot.dynamic.base_position[:2] - start
        return float(off @ along), abs(float(off[0] * along[1] - off[1] * along[0]))

    furthest = -math.inf
    for _ in t.steps(action):
        furthest = max(furthest, gone()[0])
    require(action)
    left = abs(gone()[0] - length)
    for _ in range(SETTLED):
        t.rest(1)
        furthest = max(furthest, gone()[0])
    turned = abs(math.degrees(robot.dynamic.base_yaw - yaw))
    return t.verdict(
        t.touched,
        beyond("distance left", left, ARRIVED, "m"),
        beyond("distance left later", abs(gone()[0] - length), ARRIVED, "m"),
        beyond("too far", furthest - length, ARRIVED, "m"),
        beyond("to the side", gone()[1], SIDEWAYS, "m"),
        beyond("turned", turned, ALIGNED, "°"),
        also(),
        left=left, past=furthest - length,
    )  # fmt: skip


def _turned(t: Trial, error: Any, stood: Array | None = None) -> Outcome:
    """Judge a turn by its error [degrees], now and later."""
    at_end = error()
    t.rest()
    moved = _away(t.robot.dynamic.base_position, np.zeros(2) if stood is None else stood)
    return t.verdict(
        t.touched,
        beyond("off", at_end, ALIGNED, "°"),
        beyond("off later", error(), ALIGNED, "°"),
        beyond("moved", moved, SIDEWAYS, "m"),
        error=at_end,
    )  # fmt: skip


def _room(t: Trial) -> float:
    """How far from the middle of the room a robot is clear of its walls [m]."""
    return ROOM / 2 - t.model.radius - FROM_WALLS


def _pose(t: Trial) -> tuple[float, float, float]:
    room = _room(t)
    x, y = t.rng.uniform(-room, room, 2).tolist()
    return x, y, t.rng.uniform(-math.pi, math.pi)


def _piece_and_start(t: Trial) -> tuple[Piece, tuple[float, float, float]]:
    name = list(KINDS)[t.rng.integers(len(KINDS))]
    piece = Piece.draw(t.rng, name)
    piece.at, piece.yaw = t.rng.uniform(-1.0, 1.0, 2), t.rng.uniform(-math.pi, math.pi)
    while True:
        start = _pose(t)
        if piece.distance(np.array(start[:2])) >= t.model.radius + TO_BRAKE:
            return piece, start
        t.rejected["start at the furniture"] += 1


def _heading(yaw: float) -> Array:
    return np.array([math.cos(yaw), math.sin(yaw)])


def _away(a: Array, b: Array) -> float:
    return float(np.linalg.norm(a[:2] - b[:2]))


def _edge(room: FurnishedRoom, action: NavigateTo) -> float:
    return action.radius if isinstance(room.target, str) else 0.0


def _timed(action: Action, phase: str) -> list[float]:
    """Seconds of processor time that each later call of a phase takes."""
    seconds: list[float] = []
    run = getattr(action, phase)

    def timed(*arguments: Any) -> Any:
        begun = time.thread_time()
        requests = run(*arguments)
        seconds.append(time.thread_time() - begun)
        return requests

    setattr(action, phase, timed)
    return seconds
