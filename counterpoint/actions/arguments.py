"""What callers hand to actions, checked where they write it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from counterpoint.core.arm import Arm
from counterpoint.core.errors import CommandError
from counterpoint.core.pose import Array
from counterpoint.core.script import is_count


def check_arms(value: Arm | str | Sequence[Arm | str]) -> list[Arm]:
    """One arm or several, by name or as `Arm`.

    Raises:
        CommandError: If one is unknown or named twice, or there is none.
    """
    try:
        arms = [Arm(value)] if isinstance(value, str) else [Arm(a) for a in value]
    except (TypeError, ValueError):
        arms = []
    if not arms or len(set(arms)) < len(arms):
        raise CommandError(
            "expected an arm, or several different ones",
            field="arm", value=value, exists=[a.value for a in Arm],
        )  # fmt: skip
    return arms


def check_duration(value: float | None) -> float | None:
    """Seconds that a motion takes at least, or None.

    Raises:
        CommandError: If it is negative or not a finite number.
    """
    return None if value is None else check_seconds(value, "duration")


def check_seconds(value: float, field: str) -> float:
    """A length of time [s].

    Raises:
        CommandError: If it is negative or not a finite number.
    """
    if not (isinstance(value, (int, float)) and math.isfinite(value) and value >= 0):
        raise CommandError("expected 0 or more seconds", field=field, value=value)
    return value


def check_number(value: Any, field: str, unit: str) -> float:
    """A finite number.

    Raises:
        CommandError: If it is something else.
    """
    if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
        raise CommandError(f"expected a finite number [{unit}]", field=field, value=value)
    return float(value)


def check_positive(value: Any, field: str) -> float:
    """A distance above 0 [m].

    Raises:
        CommandError: If it is something else.
    """
    if check_number(value, field, "m") <= 0:
        raise CommandError("expected a positive distance [m]", field=field, value=value)
    return float(value)


def check_orientation(value: Sequence[float]) -> Array:
    """A quaternion wxyz, at length 1, shape (4,).

    Raises:
        CommandError: If it is not four finite numbers of about length 1.
    """
    try:
        q = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        q = np.empty(0)
    length = float(np.linalg.norm(q))
    if q.shape != (4,) or not 0.5 < length < 2.0:
        raise CommandError(
            "expected a quaternion wxyz of length 1", field="orientation", value=value
        )
    unit: Array = q / length
    return unit


def check_count(value: Any, field: str) -> int:
    """A number of frames.

    Raises:
        CommandError: If it is not an integer of 1 or more.
    """
    if not is_count(value):
        raise CommandError("expected a number of 1 or more frames", field=field, value=value)
    return int(value)
