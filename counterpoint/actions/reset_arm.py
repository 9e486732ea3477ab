"""Arms back to the rest pose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from counterpoint.actions.action import Request
from counterpoint.actions.arguments import check_arms, check_duration
from counterpoint.actions.arm_motion import TrackLimits
from counterpoint.actions.guarded import GuardedAction
from counterpoint.actions.motion import JointMotion
from counterpoint.actions.status import ActionStatus, ImageFrequency
from counterpoint.core.arm import Arm
from counterpoint.simulation.response import Response, RobotState, RobotStatic

AT_REST = 0.02  # rad or m, of each joint
SETTLE_FRAMES = 60


class ResetArm(GuardedAction):
    """Move one arm, several, or all back to the rest pose.

    Args:
        arm: One arm, or several.
        duration: Lower bound on the time that it takes [s].
        tracks: The arm tracks, instead of `arm`.
    """

    def __init__(
        self,
        arm: Arm | Sequence[Arm] = (),
        duration: float | None = None,
        *,
        tracks: tuple[str, ...] | None = None,
    ) -> None:
        super().__init__()
        if tracks is None:
            tracks = tuple(f"{a.value}_arm" for a in check_arms(arm))
        self.tracks = tracks
        self.duration = check_duration(duration)
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
        home = static.kinematics.home[limits.indices]
        if np.abs(home - dynamic.q[limits.indices]).max() < AT_REST:
            return self.succeed("at rest already")
        arms = [Arm(t.removesuffix("_arm")) for t in self.tracks if t.endswith("_arm")]
        self.watch(resp, dynamic, arms)
        self._plan = JointMotion(
            dynamic.target[limits.indices], dynamic.target_velocity[limits.indices], home,
            limits.velocity, limits.acceleration, self.controls.dt, self.duration,
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
            left = float(np.abs(self._plan.goal - dynamic.q[self._limits.indices]).max())
            if left < AT_REST:
                return self.succeed("at rest")
            self._settling += 1
            if self._settling > SETTLE_FRAMES:
                return self.end(
                    ActionStatus.failed_to_reach, f"a joint is {left:.3f} off its rest position",
                    distance=left, limit=AT_REST,
                )  # fmt: skip
        return self._limits.requests(self._limits.step(self._plan, dynamic))

    def estimate_progress(self) -> float:
        """See `Action`."""
        return 0.0 if self._plan is None else self._plan.progress

    def state(self) -> Any:
        """See `Action`."""
        return None if self._plan is None else (self._plan.state(), self._settling)
