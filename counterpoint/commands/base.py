"""What every command has in common."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat

from counterpoint.commands.names import Names


class Phase(IntEnum):
    """The order in which the commands of a frame are applied; stable within a phase."""

    scene = 0
    objects = 1
    robots = 2
    cameras = 3
    motion = 4
    capture = 5


class Command(BaseModel):
    """Something asked of the world. Immutable, JSON in and out.

    Subclasses set `type` to the snake case of their name. Unknown fields are errors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    type: str
    phase: ClassVar[Phase]
    settles: ClassVar[bool] = False
    """Whether the command may stand in a settle batch, which applies without advancing time."""

    def check(self, names: Names) -> None:
        """Verify the names that the command uses, and note those that it makes or ends.

        Raises:
            CommandError: If it needs a scene and there is none, or makes a name that exists.
            UnknownRobotError: If it names a robot that does not exist; likewise for objects.
        """
        names.require_scene()


def _to_list(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value


Vector3 = Annotated[tuple[FiniteFloat, FiniteFloat, FiniteFloat], BeforeValidator(_to_list)]
"""Three finite numbers, from anything list-like."""

Quaternion = Annotated[
    tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat], BeforeValidator(_to_list)
]
"""A unit quaternion wxyz; normalised when applied."""

Vector = Annotated[tuple[FiniteFloat, ...], BeforeValidator(_to_list)]
"""Finite numbers, from anything list-like."""

Positive = Annotated[FiniteFloat, Field(gt=0)]
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Color = Annotated[tuple[Share, Share, Share], BeforeValidator(_to_list)]
Size3 = Annotated[tuple[Positive, Positive, Positive], BeforeValidator(_to_list)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$")]
"""A name of a robot, object or camera: it may become part of a file's path."""
