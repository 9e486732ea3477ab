"""Driving: turning on the spot, driving straight, and both to get somewhere."""

from __future__ import annotations

import math

import numpy as np

from counterpoint.actions.action import Action, Composite, DriveJoints, Request
from counterpoint.actions.arguments import check_number, check_positive
from counterpoint.actions.collision import MARGIN, obstacle_ahead, previous_was_same
from counterpoint.actions.guarded import GuardedAction, facts_key
from counterpoint.actions.motion import JointMotion
from counterpoint.actions.status import ActionStatus, ImageFrequency
from counterpoint.actions.targets import Target, check_target, floor_point, name_of
from counterpoint.actions.tuck import TuckingAction
from counterpoint.core.pose import wrap_angle
from counterpoint.simulation.response import Response, RobotState, RobotStatic

ALIGNED = math.radians(1.0)
SETTLE_FRAMES = 60  # in which the measured base may catch up with its finished plan


class _BaseMotion(GuardedAction):
    """One smooth motion of the base along one degree of freedom."""

    tracks = ("base",)
    kind = "move"
    failed = ActionStatus.failed_to_move

    def __init__(self) -> None:
        super().__init__()
        self.motion: tuple[str, int] | None = None
        self._plan: JointMotion | None = None
        self._settling = 0

    def _begin(
        self, amount: float, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> None:
        """Plan a motion by `amount` [m or rad] from the commanded state."""
        assert self.controls is not None
        self.motion = (self.kind, 1 if amount >= 0 else -1)
        rules = self.controls.collision_detection
        status = previous_was_same(rules, self.controls.previous, *self.motion)
        if status is not None:
            self.end(status, "the motion before this one was stopped in the same direction")
            return
        # What it touches already does not stop it: the rule above decides about that direction.
        self.watch(resp, dynamic)
        axis = 2 if self.kind == "turn" else 0
        acceleration = static.model.drives["base"].acceleration
        speed = static.model.base_speed[1 if self.kind == "turn" else 0]
        one = np.ones(1)
        self._plan = JointMotion(
            np.zeros(1), dynamic.target_velocity[axis : axis + 1], amount * one,
            speed * one, acceleration * one, self.controls.dt,
        )  # fmt: skip

    def _step(self, progress: float, dynamic: RobotState) -> list[Request]:
        """The next velocity, given how far the drive targets have come [m or rad]."""
        assert self._plan is not None
        axis = 2 if self.kind == "turn" else 0
        commanded = dynamic.target_velocity[axis : axis + 1]
        velocity = float(self._plan.step(np.array([progress]), commanded)[0])
        if self.kind == "turn":
            return [DriveJoints("base", np.array([0.0, 0.0, velocity]))]
        return [DriveJoints("base", np.array([velocity, 0.0, 0.0]))]

    def estimate_progress(self) -> float:
        """See `Action`."""
        return 0.0 if self._plan is None else self._plan.progress

    def state(self) -> object:
        """See `Action`."""
        return None if self._plan is None else (self._plan.state(), self._settling)


class TurnBy(_BaseMotion):
    """Turn on the spot by `angle` [degrees], positive to the left."""

    kind = "turn"
    failed = ActionStatus.failed_to_turn

    def __init__(self, angle: float) -> None:
        super().__init__()
        self.angle = math.radians(check_number(angle, "angle", "degrees"))
        self._goal = 0.0

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        self._goal = float(dynamic.target[2]) + self.angle
        self._begin(self.angle, resp, static, dynamic)
        return []

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        assert self._plan is not None
        if self.collided(resp, dynamic):
            return []
        left = self._goal - dynamic.base_yaw
        if self._plan.finished:
            if abs(left) < ALIGNED:
                return self.succeed(f"turned to within {math.degrees(abs(left)):.2f}°")
            self._settling += 1
            if self._settling > SETTLE_FRAMES:
                return self.end(self.failed, f"{math.degrees(left):.1f}° are left", distance=left)
        return self._step(float(dynamic.target[2]) - self._goal + self.angle, dynamic)


class MoveBy(TuckingAction, _BaseMotion):
    """Drive straight by `distance` [m], backwards when negative.

    Args:
        distance: How far.
        arrived_at: How near the end counts as there [m].
        reset_arms: Tuck the arms that hold nothing and do nothing.
    """

    def __init__(
        self,
        distance: float,
        arrived_at: float = 0.1,
        reset_arms: bool = True,
    ) -> None:
        super().__init__()
        self.distance = check_number(distance, "distance", "m")
        self.arrived_at = check_positive(arrived_at, "arrived_at")
        self.reset_arms = reset_arms
        self._start = np.zeros(2)
        self._heading = np.zeros(2)

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        yaw = float(dynamic.target[2])
        self._heading = np.array([math.cos(yaw), math.sin(yaw)])
        self._start = dynamic.target[:2].copy()
        self._begin(self.distance, resp, static, dynamic)
        if self.status is ActionStatus.ongoing and not self._blocked(resp, dynamic):
            return self.start_tuck(resp, static, dynamic)
        return []

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        assert self._plan is not None
        if self.collided(resp, dynamic):
            return []
        travelled = float((dynamic.q[:2] - self._start) @ self._heading)
        left = self.distance - travelled
        if self._plan.finished:
            if abs(left) <= self.arrived_at:
                return self.succeed(f"arrived within {abs(left):.3f} m", distance=abs(left))
            self._settling += 1
            if self._settling > SETTLE_FRAMES:
                return self.end(
                    self.failed, f"stopped {left:.2f} m short", distance=left, limit=self.arrived_at
                )
        elif self._blocked(resp, dynamic, travelled):
            return []
        progress = float((dynamic.target[:2] - self._start) @ self._heading)
        return self._step(progress, dynamic) + self.continue_tuck(resp, static, dynamic)

    def _blocked(self, resp: Response, dynamic: RobotState, travelled: float = 0.0) -> bool:
        """End with `detected_obstacle` if something stands where the robot is about to be."""
        assert self._plan is not None and self.controls is not None
        rules = self.controls.collision_detection
        if not rules.avoid:
            return False
        speed = abs(float(self._plan.speed[0]))
        braking = speed * speed / (2 * dynamic.static.model.drives["base"].acceleration)
        ahead = min(abs(self.distance - travelled), braking + 2 * speed * self.controls.dt + MARGIN)
        sign = 1.0 if self.distance >= 0 else -1.0
        direction = sign * self._heading
        name = obstacle_ahead(resp, dynamic, rules, direction, ahead, ignore=self._spared)
        if name is None:
            return False
        self.end(
            ActionStatus.detected_obstacle,
            f"{name!r} is in the way within {ahead:.2f} m",
            distance=ahead, frame=resp.frame, **{facts_key(resp, name): name},
        )  # fmt: skip
        return True


class TurnTo(Composite):
    """Turn to face a robot, an object or a position."""

    tracks = ("base",)
    legs = 1
    failed = ActionStatus.failed_to_turn

    def __init__(self, target: Target) -> None:
        super().__init__()
        self.target = check_target(target)

    def next_child(self, resp: Response, static: RobotStatic, dynamic: RobotState) -> Action | None:
        """See `Composite`."""
        if self.child is not None:
            self.succeed(self.child.result.reason)
            return None
        return TurnBy(math.degrees(bearing(resp, self.target, dynamic)))


class MoveTo(Composite):
    """Turn to a target, then drive there; compares in the floor plane.

    An object is reached at its edge: within `arrived_at` of its nearest floor point plus the
    robot's radius.

    Args:
        target: A robot, an object or a position.
        arrived_at: How near counts as there [m].
        reset_arms: Tuck the arms that hold nothing and do nothing.
    """

    tracks = ("base",)
    legs = 2

    def __init__(self, target: Target, arrived_at: float = 0.1, reset_arms: bool = True) -> None:
        super().__init__()
        self.target = check_target(target)
        self.arrived_at = check_positive(arrived_at, "arrived_at")
        self.reset_arms = reset_arms

    def next_child(self, resp: Response, static: RobotStatic, dynamic: RobotState) -> Action | None:
        """See `Composite`."""
        here = dynamic.base_position[:2]
        point, has_edge = floor_point(resp, self.target, here)
        left = float(np.linalg.norm(point - here)) - (static.model.radius if has_edge else 0.0)
        if name_of(self.target) in resp.robots:
            left -= resp.robots[name_of(self.target)].static.model.radius  # type: ignore[index]
        if self.child is None or (isinstance(self.child, MoveBy) and left > self.arrived_at):
            if left <= self.arrived_at:
                self.succeed(f"already within {max(left, 0):.3f} m", distance=left)
                return None
            if self.child is not None:
                self.end(ActionStatus.failed_to_move, f"{left:.2f} m are left", distance=left)
                return None
            return TurnBy(math.degrees(_bearing(point, dynamic)))
        if isinstance(self.child, MoveBy):
            self.succeed(f"arrived within {max(left, 0):.3f} m", distance=left)
            return None
        # Stop short of an edge by what the obstacle look-ahead keeps.
        gap = min(self.arrived_at / 2, MARGIN + 0.01) if has_edge else 0.0
        return MoveBy(max(left - gap, 0.0), self.arrived_at / 2, self.reset_arms)


def bearing(resp: Response, target: Target, dynamic: RobotState) -> float:
    """The turn [rad] that makes a robot face a target."""
    name = name_of(target)
    if name is not None and name in resp.objects:
        low, high = resp.objects[name].bounds
        return _bearing((low + high)[:2] / 2, dynamic)
    point, _ = floor_point(resp, target, dynamic.base_position[:2])
    return _bearing(point, dynamic)


def _bearing(point: np.ndarray, dynamic: RobotState) -> float:
    away = point - dynamic.base_position[:2]
    if float(np.hypot(*away)) < 1e-6:
        return 0.0
    return wrap_angle(math.atan2(away[1], away[0]) - float(dynamic.target[2]))
