"""Arms back to the rest pose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from counterpoint.actions.action import Action, Request
from counterpoint.actions.arm_motion import TrackLimits, arm_links
from counterpoint.actions.collision import touching
from counterpoint.actions.motion import JointMotion
from counterpoint.actions.status import ActionStatus, ImageFrequency
from counterpoint.core.arm import Arm
from counterpoint.simulation.response import Response, RobotState, RobotStatic

AT_REST = 0.02  # rad or m, of each joint
SETTLE_FRAMES = 60


class ResetArm(Action):
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
            arms = [arm] if isinstance(arm, Arm) else list(arm)
            tracks = tuple(f"{a.value}_arm" for a in arms)
        self.tracks = tracks
        self.duration = duration
        self._limits: TrackLimits | None = None
        self._plan: JointMotion | None = None
        self._touched: set[str] = set()
        self._links: tuple[str, ...] = ()
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
        self._links = tuple(n for a in arms for n in arm_links(static.model, a))
        self._touched = {
            o.owner for m, o, _ in resp.contacts.touching(static.robot_id) if m.link in self._links
        }
        self._plan = JointMotion(
            dynamic.target[limits.indices], dynamic.target_velocity[limits.indices], home,
            limits.velocity, limits.acceleration, self.controls.dt, self.duration,
        )  # fmt: skip
        return []

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        assert self._plan is not None and self._limits is not None and self.controls is not None
        hit = touching(
            resp,
            dynamic,
            self.controls.collision_detection,
            ignore=self._touched,
            links=self._links,
        )
        if hit is not None:
            link, other, force = hit
            return self.end(
                ActionStatus.collision, f"{link} touched {other!r} with {force:.1f} N",
                link=link, object_id=other, frame=resp.frame,
            )  # fmt: skip
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

    def state(self) -> Any:
        """See `Action`."""
        return None if self._plan is None else (self._plan.state(), self._settling)
