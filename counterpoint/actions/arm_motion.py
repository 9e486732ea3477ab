"""What the arm actions share: plans in joint space and along straight lines, and clearance."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from counterpoint.actions.action import DriveJoints, Request
from counterpoint.actions.motion import JointMotion
from counterpoint.core.arm import Arm
from counterpoint.core.pose import (
    Array,
    Pose,
    conjugate,
    multiply,
    quaternion_from_axis_angle,
    rotation_vector,
)
from counterpoint.robots.description import load_description
from counterpoint.robots.forward_kinematics import joint_links
from counterpoint.robots.model import RobotModel
from counterpoint.simulation.hulls import robot_hulls
from counterpoint.simulation.overlap import overlaps
from counterpoint.simulation.response import Response, RobotState, RobotStatic

LINE_STEP = 0.02  # m between the waypoints of a straight line
TURN_STEP = 0.15  # rad, likewise
JUMP = 0.5  # rad: neighbouring waypoints further apart are on different branches
FLOOR = -0.005  # m: hulls may not go lower


@dataclass(frozen=True, slots=True, eq=False)
class TrackLimits:
    """The joints of some tracks, in order, and their limits.

    Attributes:
        tracks: Track names.
        indices: Where the joints are in `q`.
        spans: Where each track's joints are in `indices`.
        velocity: Speed limits, shape (n,).
        acceleration: Acceleration limits, shape (n,).
    """

    tracks: tuple[str, ...]
    indices: NDArray[np.intp]
    spans: tuple[slice, ...]
    velocity: Array
    acceleration: Array

    @classmethod
    def of(cls, static: RobotStatic, tracks: Sequence[str]) -> TrackLimits:
        """The limits of a robot's tracks."""
        kinematics = static.kinematics
        parts = [kinematics.track_indices(t) for t in tracks]
        ends = np.cumsum([0] + [len(p) for p in parts])
        indices = np.concatenate(parts)
        limits = load_description(static.model).velocity[indices]
        drives = [static.model.drive_of(kinematics.joints[i]) for i in indices]
        slower = [np.inf if d.velocity is None else d.velocity for d in drives]
        return cls(
            tuple(tracks),
            indices,
            tuple(slice(int(a), int(b)) for a, b in pairwise(ends)),
            np.minimum(limits, slower),
            np.array([d.acceleration for d in drives]),
        )

    def step(self, plan: JointMotion, dynamic: RobotState) -> Array:
        """The next velocities of a plan for these joints, shape (n,)."""
        return plan.step(dynamic.target[self.indices], dynamic.target_velocity[self.indices])

    def requests(self, velocity: Array) -> list[Request]:
        """The velocities, shape (n,), as one request a track."""
        return [DriveJoints(t, velocity[s]) for t, s in zip(self.tracks, self.spans, strict=True)]


def line_waypoints(
    static: RobotStatic, arm: Arm, q: Array, goal: Pose, *, start: Pose | None = None
) -> Array | None:
    """Joint vectors along the straight line from the tool at `q` to `goal` in the world.

    Args:
        q: Joint vector at the start, shape (n,).
        goal: Where the tool ends.
        start: Where it starts; None is where `q` puts it.

    Returns:
        Shape (m, n) with m ≥ 2, or None where a waypoint has no solution near the one before.
    """
    kinematics = static.kinematics
    mount_inverse = static.mount_inverse
    begin = kinematics.tool_pose(q, arm) if start is None else mount_inverse @ start
    end = mount_inverse @ goal
    turn = multiply(end.q, conjugate(begin.q))
    axis_angle = rotation_vector(turn)
    angle = float(np.linalg.norm(axis_angle))
    axis = axis_angle / angle if angle > 1e-9 else np.array([0.0, 0.0, 1.0])
    length = float(np.linalg.norm(end.p - begin.p))
    steps = max(2, int(np.ceil(max(length / LINE_STEP, angle / TURN_STEP))))
    track = kinematics.track_indices(static.model.arm_track(arm))
    waypoints = [q]
    for share in np.linspace(0, 1, steps + 1)[1:]:
        pose = Pose(
            begin.p + share * (end.p - begin.p),
            multiply(quaternion_from_axis_angle(axis, share * angle), begin.q),
        )
        answer = kinematics.step(arm, pose, waypoints[-1], orientation=True, iterations=12)
        if not answer.success or np.abs(answer.q[track] - waypoints[-1][track]).max() > JUMP:
            return None
        waypoints.append(answer.q)
    return np.array(waypoints)


Part = Literal["fingers", "hand"]


class Obstacles:
    """The convex bodies near a robot, in the world, for checking postures before moving.

    Args:
        resp: The world.
        static: The robot, which is no obstacle.
        near: Around which point, shape (3,) [m].
        radius: And how far from it [m].
        only: The robots and objects that count; None for all.
    """

    def __init__(
        self,
        resp: Response,
        static: RobotStatic,
        near: Array,
        radius: float,
        *,
        only: Collection[str] | None = None,
    ) -> None:
        self._static = static
        self._parts: list[tuple[str, Array, Array, Array]] = []
        for object_id, state in resp.objects.items():
            if only is not None and object_id not in only:
                continue
            if float(np.linalg.norm(state.position - near)) > radius + state.static.reach:
                continue
            for shape in state.static.model.shapes:
                points = (state.pose @ shape.object_from_shape).apply(shape.mesh()[0])
                self._parts.append((object_id, points, points.min(0), points.max(0)))
        for robot_id, other in resp.robots.items():
            if robot_id == static.robot_id or (only is not None and robot_id not in only):
                continue
            if float(np.linalg.norm(other.base_position - near)) > radius + 1.5:
                continue
            hulls = robot_hulls(other.static.model)
            poses = other.static.kinematics.link_poses(other.q, tuple(n for n, _ in hulls))
            for (_, parts), pose in zip(hulls, poses, strict=True):
                for vertices, _ in parts:
                    points = (other.static.mount @ pose).apply(vertices)
                    self._parts.append((robot_id, points, points.min(0), points.max(0)))

    def hit(
        self,
        q: Array,
        arms: Collection[Arm],
        *,
        ignore: Collection[str] = (),
        tolerance: float = 0.002,
        without: Part | None = None,
    ) -> str | None:
        """What the given arms' links overlap at joint vector `q`, or None; the floor is `floor`."""
        static = self._static
        links = tuple(n for arm in arms for n in arm_links(static.model, arm, without=without))
        hulls = dict(robot_hulls(static.model))
        poses = static.kinematics.link_poses(q, links)
        for link, pose in zip(links, poses, strict=True):
            world = static.mount @ pose
            for vertices, _ in hulls[link]:
                points = world.apply(vertices)
                low, high = points.min(0), points.max(0)
                if low[2] < FLOOR:
                    return "floor"
                for name, other, other_low, other_high in self._parts:
                    if name in ignore:
                        continue
                    if (low > other_high - tolerance).any() or (high < other_low + tolerance).any():
                        continue
                    if overlaps(points, other, tolerance):
                        return name
        return None

    def overlapped(self, points: Array, *, ignore: Collection[str] = ()) -> str | None:
        """What the hull of world points, shape (n, 3), overlaps, or None."""
        for name, other, _, _ in self._parts:
            if name not in ignore and overlaps(points, other, 0.002):
                return name
        return None

    def hit_along(
        self,
        waypoints: Array,
        arms: Collection[Arm],
        *,
        ignore: Collection[str] = (),
        without: Part | None = None,
    ) -> str | None:
        """What the arms overlap at any of the joint vectors, shape (m, n), or None."""
        for q in waypoints:
            name = self.hit(q, arms, ignore=ignore, without=without)
            if name is not None:
                return name
        return None


def torso_options(static: RobotStatic, q: Array) -> Iterator[tuple[Array, tuple[str, ...]]]:
    """Joint vectors to plan from: as it is, then with the torso up, half way and down.

    A torso is slow, so that it moves only where the arm alone cannot. The second entry names the
    tracks that have to move besides the arm's.
    """
    yield q, ()
    if "torso" not in static.model.tracks:
        return
    torso = static.kinematics.track_indices("torso")
    low, high = static.kinematics.lower[torso], static.kinematics.upper[torso]
    for share in (1.0, 0.5, 0.0):
        height = low + share * (high - low)
        if np.abs(height - q[torso]).max() > 0.02:
            moved = q.copy()
            moved[torso] = height
            yield moved, ("torso",)


@lru_cache(maxsize=64)
def arm_links(model: RobotModel, arm: Arm, without: Part | None = None) -> tuple[str, ...]:
    """The physical links that an arm's joints move, but for its fingers or its whole hand.

    The first link is left out: it stays at the shoulder, where its hull overlaps what carries it.
    """
    joints = joint_links(model)
    body_of = load_description(model).body_of
    track = model.tracks[model.arm_track(arm)]
    gripper = model.grippers[arm].joints if arm in model.grippers else ()
    moving = (*track[1:], *(() if without else gripper))
    links = dict.fromkeys(body_of[joints[j][1]][0] for j in moving)
    if without == "hand":
        for link in (model.end_effectors[arm].link, joints[track[-1]][1]):
            links.pop(body_of[link][0], None)
    return tuple(links)


def between(a: Array, b: Array, step: float = 0.25) -> Array:
    """Joint vectors from `a` to `b`, no joint moving more than `step` between two, without `a`."""
    count = max(1, int(np.ceil(np.abs(b - a).max() / step)))
    return np.array([a + (b - a) * (k / count) for k in range(1, count + 1)])


def hands_of(dynamic: RobotState, object_id: str) -> list[Arm]:
    """The robot's own hands that hold an object."""
    return [arm for arm, held in dynamic.held.items() if held == object_id]
