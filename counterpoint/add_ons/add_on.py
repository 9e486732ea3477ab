"""What an add-on is: something that takes part in every frame of the loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from counterpoint.commands import Command, Names
from counterpoint.core.events import EventBus
from counterpoint.simulation.response import Response


class Host(Protocol):
    """What add-ons see of the controller."""

    frames_per_second: int
    seed: int
    events: EventBus
    names: Names

    @property
    def frame(self) -> int:
        """How many frames there were."""
        ...

    response: Response | None


class AddOn:
    """Takes part in the frame loop. Override what you need; the order is that of the loop's steps.

    Attributes:
        host: The controller, once the add-on takes part.
    """

    host: Host | None = None

    def get_initialization_commands(self) -> list[Command]:
        """Before the first frame with it. Changes nothing in the add-on: the frame may be bad."""
        return []

    def join(self, host: Host) -> None:
        """Its first frame is good; it takes part from now on."""
        self.host = host

    def get_commands(self) -> list[Command]:
        """Step 1: commands for this frame."""
        return []

    def before_send(self, frame: list[Command]) -> list[Command]:
        """Step 3: the frame as it will be applied; what is returned is applied instead."""
        return frame

    def advance(self, response: Response) -> None:
        """Step 5: read the state and decide."""

    def settle(self, response: Response) -> list[Command]:
        """Step 6: commands that are applied without advancing time."""
        return []

    def on_frame(
        self, commands: Sequence[Command], settle: Sequence[Command], response: Response
    ) -> None:
        """Step 7: the frame is complete."""

    def state(self) -> Any:
        """What later frames depend on, for the state hash."""
        return None

    def leave(self) -> None:
        """The scene ends: `reset()`, `close()`, or the add-on was taken out."""
        self.host = None
