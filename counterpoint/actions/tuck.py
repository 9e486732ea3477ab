"""Drives that tuck the arms which hold nothing and do nothing."""

from __future__ import annotations

from counterpoint.actions.action import DriveJoints, Request
from counterpoint.actions.guarded import GuardedAction
from counterpoint.actions.reset_arm import ResetArm
from counterpoint.actions.status import ActionStatus, ImageFrequency
from counterpoint.simulation.response import Response, RobotState, RobotStatic


class TuckingAction(GuardedAction):
    """An action that borrows the free arms to tuck them, if `reset_arms` is set."""

    reset_arms: bool

    def __init__(self) -> None:
        super().__init__()
        self._tuck: ResetArm | None = None

    def start_tuck(self, resp: Response, static: RobotStatic, dynamic: RobotState) -> list[Request]:
        """Begin, where there are free arms that are not at rest."""
        assert self.controls is not None
        if not self.reset_arms or not self.controls.free_arms:
            return []
        tuck = ResetArm(tracks=tuple(self.controls.free_arms))
        tuck.robot_id, tuck.controls, tuck.initialized = self.robot_id, self.controls, True
        requests = tuck.get_initialization_commands(resp, static, dynamic, ImageFrequency.never)
        if tuck.status is ActionStatus.ongoing:
            self._tuck, self._borrowed = tuck, set(tuck.tracks)
        return requests

    def continue_tuck(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """Go on; arms that another action wants are given up."""
        tuck = self._tuck
        if tuck is None or not self.borrowed:
            return []
        requests = [
            r
            for r in tuck.get_ongoing_commands(resp, static, dynamic)
            if not isinstance(r, DriveJoints) or r.track in self.borrowed
        ]
        if tuck.status is not ActionStatus.ongoing:
            # Arms that could not be tucked do not stop the drive: the contact itself would.
            self._tuck, self._borrowed = None, set()
        return requests
