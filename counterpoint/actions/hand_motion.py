"""Steps that grasping and placing are made of: straight lines, gripper moves, waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from counterpoint.actions.action import Request
from counterpoint.actions.arm_motion import TrackLimits, line_waypoints
from counterpoint.actions.guarded import GuardedAction
from counterpoint.actions.motion import JointMotion, PathMotion
from counterpoint.actions.status import ActionStatus, ImageFrequency
from counterpoint.core.arm import Arm
from counterpoint.core.pose import Array, Pose
from counterpoint.simulation.response import Response, RobotState, RobotStatic

SETTLED = 0.01  # rad or m: how near the measured joints come to a finished plan
SETTLE_FRAMES = 40
SLOW = 0.5  # share of the joint speed limits near objects


class FollowJoints(GuardedAction):
    """Move tracks through joint waypoints: the first leg of a hand's way to an object.

    Args:
        waypoints: Joint vectors, shape (m, n) of the whole robot.
        tracks: The tracks that follow them.
        ignore: Names whose touch does not stop the motion.
        arm: The arm whose touches count.
    """

    def __init__(
        self,
        waypoints: Array,
        tracks: tuple[str, ...],
        arm: Arm,
        ignore: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__()
        self.tracks = tracks
        self._waypoints = list(waypoints)
        self._legs = len(self._waypoints)
        self._arm = arm
        self._ignore = ignore
        self._limits: TrackLimits | None = None
        self._plan: JointMotion | None = None
        self._settling = 0

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
        self.watch(resp, dynamic, [self._arm], self._ignore)
        self._plan = JointMotion(
            dynamic.target[limits.indices], dynamic.target_velocity[limits.indices],
            self._waypoints.pop(0)[limits.indices], limits.velocity, limits.acceleration,
            self.controls.dt, straight=True,
        )  # fmt: skip
        return []

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        assert self._plan is not None and self._limits is not None
        if self.collided(resp, dynamic):
            return []
        if self._plan.finished:
            if self._waypoints:
                self._plan.retarget(self._waypoints.pop(0)[self._limits.indices])
            else:
                self._settling += 1
                off = np.abs(self._plan.goal - dynamic.q[self._limits.indices]).max()
                if off < SETTLED or self._settling > SETTLE_FRAMES:
                    return self.succeed("there", distance=float(off))
        return self._limits.requests(self._limits.step(self._plan, dynamic))

    def estimate_progress(self) -> float:
        """See `Action`."""
        if self._plan is None:
            return 0.0
        return 1.0 - (len(self._waypoints) + 1.0 - self._plan.progress) / self._legs

    def state(self) -> Any:
        """See `Action`."""
        return None if self._plan is None else (self._plan.state(), len(self._waypoints))


class MoveHand(GuardedAction):
    """Move a tool along a straight line.

    Args:
        goals: Where the tool may end in the world, best first, given the commanded tool pose now.
        arm: The arm.
        ignore: Names whose touch does not stop the motion.
        until: Ends the motion early, in success, once it is true.
        share: Of the joint speed limits.
        optional: Whether staying where it is counts as success.
    """

    def __init__(
        self,
        goals: Callable[[Pose], Sequence[Pose]],
        arm: Arm,
        *,
        ignore: frozenset[str] = frozenset(),
        until: Callable[[Response, RobotState], bool] | None = None,
        share: float = SLOW,
        optional: bool = False,
    ) -> None:
        super().__init__()
        self._goals_of = goals
        self._optional = optional
        self._arm = arm
        self._ignore = ignore
        self._until = until
        self._share = share
        self._path: PathMotion | None = None
        self._limits: TrackLimits | None = None
        self._settling = 0

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        assert self.controls is not None
        self.tracks = (static.model.arm_track(self._arm),)
        limits = self._limits = TrackLimits.of(static, self.tracks)
        self.watch(resp, dynamic, [self._arm], self._ignore)
        q = dynamic.target.copy()
        commanded = static.mount @ static.kinematics.tool_pose(q, self._arm)
        goals = self._goals_of(commanded)
        if float(np.linalg.norm(goals[0].p - commanded.p)) < 1e-4:
            return self.succeed("there already")
        lines = (line_waypoints(static, self._arm, q, goal) for goal in goals)
        line = next((line for line in lines if line is not None), None)
        if line is None:
            if self._optional:
                return self.succeed("stays: the straight line leaves the arm's workspace")
            return self.end(
                ActionStatus.cannot_reach,
                "the straight line to the target leaves the arm's workspace",
                distance=float(np.linalg.norm(goals[0].p - commanded.p)),
            )
        self._path = PathMotion(
            line[:, limits.indices], limits.velocity * self._share, limits.acceleration,
            self.controls.dt,
        )  # fmt: skip
        return []

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        assert self._path is not None and self._limits is not None and self.controls is not None
        if self._until is not None and self._until(resp, dynamic):
            return self.succeed("stopped on contact")
        if self.collided(resp, dynamic):
            return []
        if self._path.finished:
            self._settling += 1
            off = float(np.abs(self._path.goal - dynamic.q[self._limits.indices]).max())
            if off < SETTLED or self._settling > SETTLE_FRAMES:
                return self.succeed("there", distance=off)
            return []
        return self._limits.requests(self._path.step(dynamic.target[self._limits.indices]))

    def estimate_progress(self) -> float:
        """See `Action`."""
        return 0.0 if self._path is None else self._path.progress

    def state(self) -> Any:
        """See `Action`."""
        return None if self._path is None else (self._path.state(), self._settling)
