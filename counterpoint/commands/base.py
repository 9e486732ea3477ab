"""What every command has in common."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
)

from counterpoint.commands.names import Names
from counterpoint.core.errors import CommandError


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

    Raises:
        CommandError: With the field and value at fault, and what exists.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    type: str
    phase: ClassVar[Phase]
    settles: ClassVar[bool] = False
    """Whether the command may stand in a settle batch, which applies without advancing time."""

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise self._explained(error, data) from None

    def check(self, names: Names) -> None:
        """Verify the names that the command uses, and note those that it makes or ends.

        Raises:
            CommandError: If it needs a scene and there is none, or makes a name that exists.
            UnknownRobotError: If it names a robot that does not exist; likewise for objects.
        """
        names.require_scene()

    @classmethod
    def _explained(cls, error: ValidationError, data: dict[str, Any]) -> CommandError:
        """The first thing that is wrong, in this package's words."""
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"] if not isinstance(part, int)) or None
        exists = None
        if first["type"] == "extra_forbidden":
            reason, exists = "there is no such field", [f for f in cls.model_fields if f != "type"]
        elif first["type"] == "missing" and len(first["loc"]) > 1:
            reason = f"expected at least {int(first['loc'][-1]) + 1} entries"
        elif first["type"] == "missing":
            reason = "this field is required"
        else:
            reason = first["msg"].removeprefix("Value error, ")
        return CommandError(
            reason,
            type=cls.model_fields["type"].default,
            field=field,
            value=data.get(field.split(".")[0]) if field else data,
            exists=exists,
        )


def to_list(value: Any) -> Any:
    """Arrays as lists, anything else as it is."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value


def _is_rotation(quaternion: tuple[float, ...]) -> tuple[float, ...]:
    norm = sum(v * v for v in quaternion) ** 0.5
    if not 0.5 < norm < 2.0:
        raise ValueError(f"a quaternion wxyz needs length 1, not {norm:.3g}")
    return quaternion


def _not_below(least: float) -> Callable[[float], float]:
    def check(value: float) -> float:
        if value < least:
            raise ValueError(f"Input should be at least {least:g}")
        return value

    return check


LARGEST = 1e6
"""Physics is reckoned in 32 bits: what is larger would not stay finite."""

Number = Annotated[FiniteFloat, Field(ge=-LARGEST, le=LARGEST)]
Vector3 = Annotated[tuple[Number, Number, Number], BeforeValidator(to_list)]
"""Three finite numbers, from anything list-like."""

Quaternion = Annotated[
    tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat],
    BeforeValidator(to_list),
    AfterValidator(_is_rotation),
]
"""A unit quaternion wxyz; normalised when applied."""

Vector = Annotated[tuple[Number, ...], BeforeValidator(to_list)]
"""Finite numbers, from anything list-like."""

Positive = Annotated[FiniteFloat, Field(gt=0, le=LARGEST), AfterValidator(_not_below(1e-6))]
Extent = Annotated[FiniteFloat, Field(gt=0, le=1e3), AfterValidator(_not_below(1e-4))]
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Color = Annotated[tuple[Share, Share, Share], BeforeValidator(to_list)]
Size3 = Annotated[tuple[Extent, Extent, Extent], BeforeValidator(to_list)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$")]
"""A name of a robot, object or camera: it may become part of a file's path."""
