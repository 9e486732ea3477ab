"""Hands to targets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from counterpoint.actions.action import Request
from counterpoint.actions.arguments import (
    check_arms,
    check_duration,
    check_orientation,
    check_positive,
)
from counterpoint.actions.arm_motion import Obstacles, TrackLimits, between, line_waypoints
from counterpoint.actions.floor import above_floor, path_above_floor
from counterpoint.actions.guarded import GuardedAction
from counterpoint.actions.motion import JointMotion, PathMotion
from counterpoint.actions.status import ActionStatus, ImageFrequency
from counterpoint.actions.targets import Target, check_target, hand_point, name_of
from counterpoint.core.arm import Arm
from counterpoint.core.errors import CommandError
from counterpoint.core.pose import Array, Pose
from counterpoint.robots.kinematics import LEAST_GAIN, Solution
from counterpoint.simulation.response import Response, RobotState, RobotStatic

SETTLE_FRAMES = 90
CORRECT_AFTER = 20  # frames of settling
MOVING = 0.02  # m/s: a target that passes the base faster is met, not waited for
FASTEST = 6.0  # m/s: no hand comes nearer to its target by more
VAIN = 10.0  # s without coming nearer to a target that only creeps
SEEDS_OF_A_POSE = 24  # an arm of six joints has few postures for a hand that is turned as asked
NEAR_TARGET = 0.05  # rad: between postures on the way that are checked against the target
DRIFT = 5e-4  # m: a goal posture whose hand is further off its target is improved


class ReachFor(GuardedAction):
    """Move one hand, or both at once, to a target; a moving one is followed.

    A hand that holds something moves straight and keeps its orientation, where it can; two hands
    that hold things move in step. Where the target is an object, the arm behind the hand keeps
    clear of it, if it can.

    Args:
        target: A position [m], an object, (object, affordance) or a robot; with two arms, one for
            each or one for both.
        arm: The arm, or several.
        absolute: Whether a position is in the world; else in the robot's frame (x forward).
        arrived_at: How near counts as there [m].
        max_distance: Do not reach further than this from the shoulder [m].
        duration: Lower bound on the time that it takes [s].
        offhand_follows: The other hand goes along, to the same target.
        from_held: Measure from the held object instead of the hand.
        held_point: With `from_held`: `bottom`, `top` or `center` of the held object.
        orientation: Quaternion wxyz that the tool must have in the world, or None.
    """

    def __init__(
        self,
        target: Target | Sequence[Target],
        arm: Arm | Sequence[Arm] = Arm.right,
        absolute: bool = True,
        arrived_at: float = 0.01,
        max_distance: float | None = None,
        duration: float | None = None,
        offhand_follows: bool = False,
        from_held: bool = False,
        held_point: str = "bottom",
        orientation: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        check_positive(arrived_at, "arrived_at")
        if max_distance is not None:
            check_positive(max_distance, "max_distance")
        if held_point not in ("bottom", "top", "center"):
            raise CommandError(
                "unknown point of a held object", field="held_point", value=held_point,
                exists=("bottom", "top", "center"),
            )  # fmt: skip
        self.arms = check_arms(arm)
        if isinstance(target, (list, tuple)) and not _is_one(target):
            targets = [check_target(t) for t in target]
            if len(targets) != len(self.arms):
                raise CommandError(
                    "several targets need as many arms, in `arm=[…]`", field="target", value=target
                )
        else:
            targets = [check_target(target)] * len(self.arms)
        self.targets = targets
        self.absolute, self.arrived_at, self.max_distance = absolute, arrived_at, max_distance
        self.duration, self.offhand_follows = check_duration(duration), offhand_follows
        self.from_held, self.held_point = from_held, held_point
        self.orientation = None if orientation is None else check_orientation(orientation)
        self.tracks = tuple(f"{a.value}_arm" for a in self.arms)
        self._limits: TrackLimits | None = None
        self._plan: JointMotion | None = None
        self._path: PathMotion | None = None
        self._goal = np.empty(0)
        self._oriented: dict[Arm, bool] = {}
        self._rotation: list[Array] = []
        self._offsets: list[Array] = []
        self._moving_target = any(name_of(t) is not None for t in targets)
        self._settling = 0
        self._seen: list[tuple[float, ...]] | None = None
        self._far = 0
        self._nearest, self._vain = np.inf, 0

    # --- phases -------------------------------------------------------------------------------

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        if not self.absolute:
            self.targets = [self._to_world(t, dynamic) for t in self.targets]
            self.absolute = True
        if self.offhand_follows and len(self.arms) == 1:
            others = [a for a in static.model.arms if a is not self.arms[0]]
            self.arms, self.targets = self.arms + others, self.targets * (1 + len(others))
        self.tracks = tuple(static.model.arm_track(a) for a in self.arms)
        named = {n for t in self.targets if (n := name_of(t)) is not None}
        self.watch(resp, dynamic, self.arms, named)
        self._rotation = [dynamic.tool_pose(a).q for a in self.arms]
        self._offsets = [self.held_offset(resp, dynamic, a) for a in self.arms]
        points = self._points(resp, dynamic)
        q = dynamic.target.copy()
        q[: static.kinematics.base_size] = dynamic.q[: static.kinematics.base_size]
        tracks: tuple[str, ...] = ()
        for arm, point in zip(self.arms, points, strict=True):
            if self._too_far(arm, point, static, dynamic):
                return []
            answer, tracks = self._solve(arm, point, q, resp, static, dynamic, tracks)
            if not answer.success:
                distance = answer.position_error
                return self.end(
                    ActionStatus.cannot_reach,
                    f"no posture of the {arm} arm brings the hand nearer than {distance:.3f} m",
                    distance=distance, limit=self.arrived_at,
                )  # fmt: skip
            q = answer.q
        self._goal = q
        self.tracks = (*self.tracks, *tracks)
        self._make_plan(static, dynamic, points)
        return []

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        assert self._limits is not None and self.controls is not None
        if self.collided(resp, dynamic):
            return []
        points = self._points(resp, dynamic)
        if self._path is not None:
            finished = self._path.finished
            if not finished:
                return self._limits.requests(self._path.step(dynamic.target[self._limits.indices]))
        else:
            assert self._plan is not None
            if self._moving_target and self._left_behind(points, static, dynamic):
                return []
            # Asked before the goal is improved: one that creeps on for ever counts as reached.
            finished = self._plan.finished
            # A hand that is far away follows in every other frame.
            if self._far % 2 == 0:
                self._follow(points, static, dynamic)
        moving = self._is_moving(points, dynamic)
        if self._far > 0 and moving and not finished and self._plan is not None:
            self._far -= 1
            return self._limits.requests(self._limits.step(self._plan, dynamic))
        self._far = 0
        if finished or moving or self._moving_target:
            distances = [
                math.dist(dynamic.tool_pose(a).p, p) for a, p in zip(self.arms, points, strict=True)
            ]
            self._far = int((max(distances) - self.arrived_at) / (FASTEST * self.controls.dt))
            if (finished or moving) and max(distances) <= self.arrived_at:
                return self.succeed(f"hand within {max(distances):.4f} m", distance=max(distances))
            if finished:
                self._settling += 1
                if self._path is not None and self._settling == CORRECT_AFTER:
                    # A line planned in motion began at a hand that lagged behind its targets.
                    self._go_straight(static, dynamic, points)
            if self._settling > SETTLE_FRAMES or self._is_vain(max(distances), moving):
                return self.end(
                    ActionStatus.failed_to_reach,
                    f"the hand stayed {max(distances):.3f} m away",
                    distance=max(distances), limit=self.arrived_at,
                )  # fmt: skip
        if self._plan is None:
            return []
        return self._limits.requests(self._limits.step(self._plan, dynamic))

    def estimate_progress(self) -> float:
        """See `Action`."""
        motion = self._path or self._plan
        return 0.0 if motion is None else motion.progress

    def state(self) -> Any:
        """See `Action`."""
        motion = self._path or self._plan
        return None if motion is None else (motion.state(), self._settling, self._vain, self._far)

    def _is_moving(self, points: list[Array], dynamic: RobotState) -> bool:
        """Whether a target moves past the base, or the base past it."""
        assert self.controls is not None
        seen = [tuple(p.tolist()) for p in points]
        if dynamic.static.model.mobile:
            # As commanded: a base gives way to its arms a little, and goes nowhere by that.
            x, y, yaw = dynamic.target[:3].tolist()
            c, s = math.cos(yaw), math.sin(yaw)
            seen = [
                (c * (px - x) + s * (py - y), c * (py - y) - s * (px - x), pz)
                for px, py, pz in seen
            ]
        before, self._seen = self._seen, seen
        if before is None:
            return False
        return max(map(math.dist, seen, before)) > MOVING * self.controls.dt

    def _is_vain(self, distance: float, moving: bool) -> bool:
        """Whether the hands have come no nearer for too long to targets that do not move."""
        assert self.controls is not None
        if moving or distance < self._nearest - DRIFT:
            self._nearest, self._vain = distance, 0
        self._vain += 1
        return self._vain * self.controls.dt > VAIN

    # --- planning -----------------------------------------------------------------------------

    def _solve(
        self,
        arm: Arm,
        point: Array,
        q: Array,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        tracks: tuple[str, ...],
    ) -> tuple[Solution, tuple[str, ...]]:
        """A posture for one hand; the torso joins only where the arm alone cannot.

        A hand that holds something keeps its orientation; where that is impossible, the direction
        in which it points; else only its position counts, from the posture it has. The rest of
        the arm keeps out of the floor, and of the object that the hand reaches for, where it can.
        """
        kinematics = static.kinematics
        inverse = static.mount_inverse
        goal = inverse @ Pose(point, self._wanted(arm))
        extra = [tracks] if tracks else [(), ("torso",)] if "torso" in static.model.tracks else [()]
        holding = dynamic.held.get(arm) is not None
        answer: Solution | None = None
        named = name_of(self.targets[self.arms.index(arm)])
        solid = None
        if named in resp.objects:
            reach = static.kinematics.arm_length(arm)
            solid = Obstacles(resp, static, point, reach, only=(str(named),))

        def rank(posture: Array) -> int:
            if not above_floor(static, posture, (arm,)):
                return 3
            if not path_above_floor(static, q, posture, (arm,)):
                return 2
            way = between(q, posture, NEAR_TARGET)
            return 1 if solid and solid.hit_along(way, (arm,), without="hand") else 0

        for also in extra:
            if self.orientation is not None:
                answer = kinematics.solve(
                    arm, goal, q, tracks=also, seeds=SEEDS_OF_A_POSE, rank=rank
                )
                self._oriented[arm] = answer.success
            elif holding:
                answer = kinematics.solve(arm, goal, q, tracks=also, seeds=1)
                self._oriented[arm] = answer.success
                if not answer.success:
                    answer = kinematics.solve(arm, goal, q, tracks=also, seeds=1, axis_only=True)
                if not answer.success:
                    answer = kinematics.solve(arm, goal, q, tracks=also, orientation=False)
            else:
                answer = kinematics.solve(
                    arm, goal, q, tracks=also, orientation=False, rank=rank
                )  # fmt: skip
            if answer.success:
                return answer, also
        assert answer is not None
        return answer, ()

    def _wanted(self, arm: Arm) -> Array:
        """The orientation that the hand should have, or has now."""
        return (
            self.orientation
            if self.orientation is not None
            else self._rotation[self.arms.index(arm)]
        )

    def _make_plan(self, static: RobotStatic, dynamic: RobotState, points: list[Array]) -> None:
        assert self.controls is not None
        limits = self._limits = TrackLimits.of(static, self.tracks)
        held = {dynamic.held.get(a) for a in self.arms}
        straight = self.orientation is None and len(self.tracks) == len(self.arms)
        if straight and None not in held and self._go_straight(static, dynamic, points):
            return
        self._plan = JointMotion(
            dynamic.target[limits.indices], dynamic.target_velocity[limits.indices],
            self._goal[limits.indices], limits.velocity, limits.acceleration,
            self.controls.dt, self.duration,
        )  # fmt: skip

    def _go_straight(self, static: RobotStatic, dynamic: RobotState, points: list[Array]) -> bool:
        """Plan a straight way for all hands, where there is one."""
        assert self.controls is not None and self._limits is not None
        limits, path = self._limits, self._straight(static, dynamic, points)
        if path is None:
            return False
        self._path = PathMotion(
            path[:, limits.indices], limits.velocity, limits.acceleration,
            self.controls.dt, self.duration,
        )  # fmt: skip
        return True

    def _straight(
        self, static: RobotStatic, dynamic: RobotState, points: list[Array]
    ) -> Array | None:
        """All hands along straight lines, in step: what they hold is neither bent nor dropped."""
        lines = []
        for arm, point in zip(self.arms, points, strict=True):
            start = dynamic.target.copy()
            pose = static.mount @ static.kinematics.tool_pose(start, arm)
            shift = point - dynamic.tool_pose(arm).p
            line = line_waypoints(static, arm, start, Pose(pose.p + shift, pose.q))
            if line is None:
                return None
            lines.append(line)
        count = max(len(line) for line in lines)
        merged = np.tile(dynamic.target, (count, 1))
        for arm, line in zip(self.arms, lines, strict=True):
            track = static.kinematics.track_indices(static.model.arm_track(arm))
            old, new = np.linspace(0, 1, len(line)), np.linspace(0, 1, count)
            for column in track:
                merged[:, column] = np.interp(new, old, line[:, column])
        return merged

    def _follow(self, points: list[Array], static: RobotStatic, dynamic: RobotState) -> None:
        """Improve the goal posture where the target, or the base under the arm, has moved."""
        assert self._plan is not None and self._limits is not None
        kinematics = static.kinematics
        q = self._goal.copy()
        q[: kinematics.base_size] = dynamic.q[: kinematics.base_size]
        changed = False
        tolerance = max(DRIFT, 0.1 * self.arrived_at)
        for k, (arm, point) in enumerate(zip(self.arms, points, strict=True)):
            if self._oriented.get(arm):
                wanted = self.orientation if self.orientation is not None else self._rotation[k]
                local = static.mount_inverse @ Pose(point, wanted)
                distance = float(np.linalg.norm(kinematics.tool_pose(q, arm).p - local.p))
                if distance < tolerance:
                    continue
                answer = kinematics.step(arm, local, q, orientation=True)
                if answer.position_error < LEAST_GAIN * distance:
                    q, changed = answer.q, True
            else:
                # A mobile base's mount is never turned.
                mobile = kinematics.base_size > 0
                goal = point - static.mount.p if mobile else static.mount_inverse.apply(point)
                nudged, _ = kinematics.nudge(arm, goal, q, tolerance)
                q, changed = nudged, changed or nudged is not q
        if changed:
            self._goal = q
            self._plan.retarget(q[self._limits.indices])

    # --- targets ------------------------------------------------------------------------------

    def _points(self, resp: Response, dynamic: RobotState) -> list[Array]:
        """Where each hand has to go, in the world."""
        points = []
        for arm, target, offset in zip(self.arms, self.targets, self._offsets, strict=True):
            if name_of(target) is None:
                points.append(np.asarray(target, dtype=np.float64) - offset)
            else:
                points.append(hand_point(resp, target, dynamic.tool_pose(arm).p) - offset)
        return points

    def held_offset(self, resp: Response, dynamic: RobotState, arm: Arm) -> Array:
        """From the hand to the point of it, or of what it holds, that has to arrive, (3,) [m]."""
        held = dynamic.held.get(arm)
        if not self.from_held or held is None:
            return np.zeros(3)
        low, high = resp.objects[held].bounds
        point = (low + high) / 2
        if self.held_point != "center":
            point[2] = low[2] if self.held_point == "bottom" else high[2]
        offset: Array = point - dynamic.tool_pose(arm).p
        return offset

    def _to_world(self, target: Target, dynamic: RobotState) -> Target:
        if name_of(target) is not None:
            return target
        return dynamic.base_pose.apply(np.asarray(target, dtype=np.float64))

    def _left_behind(self, points: list[Array], static: RobotStatic, dynamic: RobotState) -> bool:
        """End with `cannot_reach` once a moving target has got out of an arm's reach."""
        pairs = zip(self.arms, points, strict=True)
        return any(self._too_far(arm, point, static, dynamic) for arm, point in pairs)

    def _too_far(self, arm: Arm, point: Array, static: RobotStatic, dynamic: RobotState) -> bool:
        """End with `cannot_reach` where the target is beyond the stretched arm."""
        reach = static.kinematics.arm_length(arm)
        shoulder = static.mount @ static.kinematics.shoulder_pose(dynamic.q, arm)
        distance = float(np.linalg.norm(point - shoulder.p))
        limit = reach if self.max_distance is None else min(reach, self.max_distance)
        if "torso" in static.model.tracks and self.max_distance is None:
            torso = static.kinematics.track_indices("torso")
            span = static.kinematics.upper[torso] - static.kinematics.lower[torso]
            limit += float(span.sum())
        if distance <= limit:
            return False
        self.end(
            ActionStatus.cannot_reach,
            f"the target is {distance:.2f} m from the {arm} shoulder, which reaches {limit:.2f} m",
            distance=distance, limit=limit,
        )  # fmt: skip
        return True


def nearer_arm(resp: Response, dynamic: RobotState, target: Target) -> Arm:
    """The arm whose hand is nearer to the target.

    Raises:
        UnknownObjectError: If the target does not exist.
    """
    arms = dynamic.static.model.arms

    def distance(arm: Arm) -> float:
        hand = dynamic.tool_pose(arm).p
        return float(np.linalg.norm(hand_point(resp, check_target(target), hand) - hand))

    return min(arms, key=distance)


def _is_one(target: Sequence[Any]) -> bool:
    """Whether a list or tuple is one target rather than several."""
    if len(target) == 2 and all(isinstance(t, str) for t in target):
        return True
    return all(isinstance(t, (int, float, np.number)) for t in target)
