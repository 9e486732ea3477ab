"""Commands that make and light the scene."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from counterpoint.commands.base import (
    Color,
    Command,
    Extent,
    Name,
    Phase,
    Positive,
    Share,
    Vector3,
    to_list,
)
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


class DrawDebug(Command):
    """Marks in pictures that nothing bumps into: a path, a goal, a set of points.

    They stay until they are drawn anew: the same `drawing_id` with other points, or with none. The
    segmentation pass shows the background there.

    Attributes:
        drawing_id: Its name, among drawings.
        points: Where [m]; none takes the drawing away.
        line: Whether the points are joined.
        radius: Of the dots, or of the line [m].
        color: Red, green, blue in 0..1.
    """

    phase: ClassVar[Phase] = Phase.scene
    type: Literal["draw_debug"] = "draw_debug"
    drawing_id: Name
    points: Annotated[tuple[Vector3, ...], BeforeValidator(to_list), Field(max_length=10_000)] = ()
    line: bool = True
    radius: Extent = 0.01
    color: Color = (0.9, 0.2, 0.6)


class Terminate(Command):
    """The script is over: the controller closes after this frame."""

    phase: ClassVar[Phase] = Phase.capture
    type: Literal["terminate"] = "terminate"

    def check(self, names: Names) -> None:
        """Always allowed."""
