"""What the loop needs of a simulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from counterpoint.commands import Command
from counterpoint.simulation.renderer import Renderer, SceneView
from counterpoint.simulation.response import ObjectStatic, Response, RobotStatic
from counterpoint.simulation.snapshot import Snapshot


class Simulator(Protocol):
    """Does what commands ask, one frame at a time.

    Attributes:
        frame: Frames stepped so far.
    """

    frame: int

    @property
    def robots(self) -> dict[str, RobotStatic]:
        """Robot id → what never changes about it."""
        ...

    @property
    def objects(self) -> dict[str, ObjectStatic]:
        """Object id → what never changes about it."""
        ...

    def check(self, frame: Sequence[Command], index_of: Mapping[int, int]) -> None:
        """Refuse what geometry forbids, before anything is applied.

        `index_of` leads from the `id` of a command to its index in the caller's list.
        """
        ...

    def apply(self, commands: Sequence[Command]) -> None:
        """Carry out checked, ordered commands without advancing time."""
        ...

    def step(self) -> None:
        """Advance by one frame."""
        ...

    def observe(self) -> Response:
        """Gather the state once, with the images that were asked for."""
        ...

    def capture(self, response: Response) -> None:
        """Add images that were asked for since to the response."""
        ...

    def scene_view(self) -> SceneView:
        """What there is to draw."""
        ...

    @property
    def renderer(self) -> Renderer:
        """What draws it."""
        ...

    def world_hash(self) -> str:
        """32 hex characters of the physical state."""
        ...

    def state_parts(self) -> Any:
        """What else later frames depend on."""
        ...

    def snapshot(self) -> Snapshot:
        """Everything that later frames depend on."""
        ...

    def restore(self, snapshot: Snapshot, commands: Sequence[Command]) -> None:
        """Go on from a snapshot, in a simulator that is still empty."""
        ...

    def take_renderer(self, other: Simulator) -> None:
        """Draw with the renderer of a simulator that is about to close, if it has made one."""
        ...

    def close(self) -> None:
        """Free everything."""
        ...
