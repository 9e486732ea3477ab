"""Letting frames pass."""

from __future__ import annotations

from typing import Any

from counterpoint.actions.action import Action, Request
from counterpoint.actions.arguments import check_count
from counterpoint.actions.status import ImageFrequency
from counterpoint.simulation.response import Response, RobotState, RobotStatic


class Wait(Action):
    """Let `frames` frames pass. It moves nothing, so it runs beside everything."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = check_count(frames, "frames")
        self._left = self.frames

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        self._left -= 1
        if self._left <= 0:
            return self.succeed(f"{self.frames} frames passed")
        return []

    def estimate_progress(self) -> float:
        """See `Action`."""
        return 1.0 - self._left / self.frames

    def state(self) -> Any:
        """See `Action`."""
        return self._left


class DoNothing(Action):
    """Succeed in the frame in which it starts: an action where a script needs one."""

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        return self.succeed("nothing was to be done")
