"""Turning the head: to look at something, by an angle, and back to rest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from counterpoint.actions.action import Action, Request
from counterpoint.actions.arguments import check_duration
from counterpoint.actions.arm_motion import TrackLimits
from counterpoint.actions.gaze import AXES, HEAD, gaze_of
from counterpoint.actions.motion import JointMotion
from counterpoint.actions.reset_arm import ResetArm
from counterpoint.actions.status import ActionStatus, ImageFrequency
from counterpoint.actions.targets import Target, check_target, hand_point, name_of, require_name
from counterpoint.core.errors import CommandError
from counterpoint.core.pose import Array
from counterpoint.simulation.response import Response, RobotState, RobotStatic

AIMED = math.radians(2.0)
MOVED = 2e-3  # rad: a target that seems to have moved by less is where it was
SETTLED = 2e-3  # rad: how near the measured joints come to a finished plan
SETTLE_FRAMES = 40


class HeadMotion(Action):
    """Turn the head to joint positions that a subclass says and may change on the way."""

    tracks = (HEAD,)

    def __init__(self, duration: float | None) -> None:
        super().__init__()
        self.duration = check_duration(duration)
        self._limits: TrackLimits | None = None
        self._plan: JointMotion | None = None
        self._settling = 0

    def goal(self, resp: Response, dynamic: RobotState) -> Array:
        """Where the head's joints should go, shape (n,) [rad]."""
        raise NotImplementedError

    def arrived(self, resp: Response, dynamic: RobotState, off: float) -> list[Request]:
        """What to do at the goal, with a joint `off` [rad] from it: best to end."""
        raise NotImplementedError

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        assert self.controls is not None
        limits = self._limits = TrackLimits.of(static, self.tracks)
        goal = self.goal(resp, dynamic)
        if self.status is ActionStatus.ongoing:
            self._plan = JointMotion(
                dynamic.target[limits.indices], dynamic.target_velocity[limits.indices], goal,
                limits.velocity, limits.acceleration, self.controls.dt, self.duration,
            )  # fmt: skip
        return []

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        assert self._plan is not None and self._limits is not None
        goal = self.goal(resp, dynamic)
        if (goal != self._plan.goal).any():
            self._plan.retarget(goal)
            self._settling = 0
        if self._plan.finished:
            self._settling += 1
            off = float(np.abs(goal - dynamic.q[self._limits.indices]).max())
            if off < SETTLED or self._settling > SETTLE_FRAMES:
                return self.arrived(resp, dynamic, off)
        return self._limits.requests(self._limits.step(self._plan, dynamic))

    def blocked(self, off: float) -> list[Request]:
        """End: something keeps the head from its goal."""
        return self.end(
            ActionStatus.failed_to_reach,
            f"something holds the head {math.degrees(off):.1f}° away from where it should be",
            angle=off, limit=AIMED,
        )  # fmt: skip

    def state(self) -> Any:
        """See `Action`."""
        return None if self._plan is None else (self._plan.state(), self._settling)


class LookAt(HeadMotion):
    """Turn the head until its camera, or the head itself, aims at a target.

    It ends in success within 2°, or as near as the head's joints allow; the result says which, in
    words and as `angle` [rad].

    Args:
        target: A robot (its head, else its hand), an object (its middle), (object, affordance), or
            a world position, shape (3,) [m].
        duration: Lower bound on the time that it takes [s].
        follow: Keep aiming at a target that moves, or while the robot itself moves. It goes on
            until it is cancelled or replaced.

    Raises:
        CommandError: If the target or the duration is none.
    """

    def __init__(self, target: Target, duration: float | None = None, follow: bool = False) -> None:
        super().__init__(duration)
        self.target = check_target(target)
        self.follow = follow
        self._goal: Array | None = None
        self._left = 0.0

    def goal(self, resp: Response, dynamic: RobotState) -> Array:
        """See `HeadMotion`."""
        static = dynamic.static
        gaze = gaze_of(static.model)
        point = static.mount_inverse.apply(look_point(resp, self.target))
        q = dynamic.q.copy()
        if self._goal is not None:
            q[gaze.joints] = self._goal
            if abs(gaze.angle_to(q, point) - self._left) < MOVED:
                return self._goal
        self._goal, self._left = gaze.aim(q, point)
        return self._goal

    def arrived(self, resp: Response, dynamic: RobotState, off: float) -> list[Request]:
        """See `HeadMotion`."""
        if self.follow:
            return []
        static = dynamic.static
        gaze, joints = gaze_of(static.model), gaze_of(static.model).joints
        point = static.mount_inverse.apply(look_point(resp, self.target))
        angle = gaze.angle_to(dynamic.q, point)
        if angle > max(AIMED, self._left + AIMED):
            return self.blocked(off)
        if angle <= AIMED:
            return self.succeed(f"aimed within {math.degrees(angle):.1f}°", angle=angle)
        why = "at a joint's limit" if gaze.limited(dynamic.q[joints]) else "with its few joints"
        return self.succeed(
            f"aimed as near as the head can {why}: {math.degrees(angle):.1f}° off",
            angle=angle, limit=AIMED,
        )  # fmt: skip

    def state(self) -> Any:
        """See `Action`."""
        return (super().state(), self._goal, self._left)


class RotateHead(HeadMotion):
    """Turn the head by an angle about one of its axes, as far as the joint's limit allows.

    Args:
        angle: In degrees: about `yaw`, positive to the left; about `pitch`, positive downwards.
        axis: `yaw` or `pitch`. A head without such a joint ends it as `not_supported`.
        duration: Lower bound on the time that it takes [s].

    Raises:
        CommandError: If the angle is not finite, or there is no such axis.
    """

    def __init__(self, angle: float, axis: str, duration: float | None = None) -> None:
        super().__init__(duration)
        if not (isinstance(angle, (int, float)) and math.isfinite(angle)):
            raise CommandError("expected a finite angle [degrees]", field="angle", value=angle)
        if axis not in AXES:
            raise CommandError("expected an axis", field="axis", value=axis, exists=AXES)
        self.angle, self.axis = math.radians(angle), axis
        self._goal: Array | None = None
        self._missing = 0.0

    def goal(self, resp: Response, dynamic: RobotState) -> Array:
        """See `HeadMotion`."""
        if self._goal is None:
            gaze = gaze_of(dynamic.static.model)
            start: Array = dynamic.target[gaze.joints]
            found = gaze.joint_about(self.axis)
            if found is None:
                name = dynamic.static.model.name
                self.end(
                    ActionStatus.not_supported, f"{name}'s head does not turn about {self.axis}",
                    robot_id=dynamic.static.robot_id,
                )  # fmt: skip
                return start
            wanted = start.copy()
            wanted[found[0]] += found[1] * self.angle
            self._goal = gaze.clip(wanted)
            self._missing = float(np.abs(wanted - self._goal).max())
        return self._goal

    def arrived(self, resp: Response, dynamic: RobotState, off: float) -> list[Request]:
        """See `HeadMotion`."""
        if off > AIMED:
            return self.blocked(off)
        if self._missing > 1e-9:
            return self.succeed(
                f"at the joint's limit, {math.degrees(self._missing):.1f}° short of the angle",
                angle=self._missing,
            )
        return self.succeed("there", angle=off)


class ResetHead(ResetArm):
    """Turn the head back to rest.

    Args:
        duration: Lower bound on the time that it takes [s].
    """

    def __init__(self, duration: float | None = None) -> None:
        super().__init__(duration=duration, tracks=(HEAD,))


def look_point(resp: Response, target: Target) -> Array:
    """The point of a target that a head looks at, shape (3,) [m].

    Raises:
        UnknownObjectError: If there is no such robot or object.
        CommandError: If the object has no such affordance.
    """
    name = name_of(target)
    if name is None or isinstance(target, tuple):
        return hand_point(resp, target, np.zeros(3))
    require_name(resp, name)
    if name in resp.objects:
        middle: Array = resp.objects[name].bounds.mean(axis=0)
        return middle
    robot = resp.robots[name]
    static = robot.static
    if HEAD in static.model.tracks:
        return (static.mount @ gaze_of(static.model).camera_pose(robot.q)).p
    return robot.tool_pose(static.model.arms[0]).p
