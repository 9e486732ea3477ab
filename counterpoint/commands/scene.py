"""Commands that make and light the scene."""

from __future__ import annotations

from typing import ClassVar, Literal

from counterpoint.commands.base import Command, Phase, Positive, Share, Vector3
from counterpoint.commands.names import Names
from counterpoint.core.errors import CommandError


class CreateEmptyRoom(Command):
    """A floor and four walls, centred on the origin.

    Attributes:
        width: Inner extent along x [m].
        length: Inner extent along y [m].
        height: Of the walls [m].
        walls: Whether there are walls.
    """

    phase: ClassVar[Phase] = Phase.scene
    type: Literal["create_empty_room"] = "create_empty_room"
    width: Positive = 6.0
    length: Positive = 6.0
    height: Positive = 2.5
    walls: bool = True

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        if names.scene:
            raise CommandError("there is a scene already; Controller.reset() ends it")
        names.scene = True


class SetGravity(Command):
    """The acceleration of everything that falls [m/s²]. Robots' own links do not feel it."""

    phase: ClassVar[Phase] = Phase.scene
    type: Literal["set_gravity"] = "set_gravity"
    gravity: Vector3 = (0.0, 0.0, -9.81)


class SetLighting(Command):
    """The main light's direction of travel and the share of ambient light."""

    phase: ClassVar[Phase] = Phase.scene
    type: Literal["set_lighting"] = "set_lighting"
    direction: Vector3 = (-0.4, 0.3, -0.9)
    ambient: Share = 0.4


class Terminate(Command):
    """The script is over: the controller closes after this frame."""

    phase: ClassVar[Phase] = Phase.capture
    type: Literal["terminate"] = "terminate"

    def check(self, names: Names) -> None:
        """Always allowed."""
