"""Letting frames pass."""

from __future__ import annotations

from typing import Any

from counterpoint.actions.action import Action, Request
from counterpoint.core.errors import CommandError
from counterpoint.simulation.response import Response, RobotState, RobotStatic


class Wait(Action):
    """Let `frames` frames pass. It moves nothing, so it runs beside everything."""

    def __init__(self, frames: int) -> None:
        super().__init__()
        if frames < 1:
            raise CommandError("expected 1 or more frames", field="frames", value=frames)
        self.frames = frames
        self._left = frames

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        self._left -= 1
        if self._left <= 0:
            return self.succeed(f"{self.frames} frames passed")
        return []

    def state(self) -> Any:
        """See `Action`."""
        return self._left
