"""What robots say about their tasks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from counterpoint.comm.arguments import require_mapping, require_text
from counterpoint.core.errors import CommError

Predicate = bool | int | float | str
Predicates = Mapping[str, Predicate]
"""What is true of a robot's task, by name: `{"holding": "mug", "done": False}`."""


def checked_predicates(predicates: Any, robot_id: str) -> Predicates:
    """A checked, read-only copy of a robot's predicates, NumPy's scalars as Python's.

    Raises:
        CommError: If one of them is no name with a bool, an int of 64 bits, a finite float or a
            string.
    """
    found: dict[str, Predicate] = {}
    for name, given in require_mapping(predicates, "predicates").items():
        value = given.item() if isinstance(given, np.generic) else given
        if not isinstance(name, str) or not isinstance(value, (bool, int, float, str)):
            problem = "expected names with a bool, an int, a float or a string"
        elif isinstance(value, float) and not math.isfinite(value):
            problem = "expected finite numbers"
        elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            problem = "expected integers of 64 bits"
        else:
            for text in (name, value):
                if isinstance(text, str):
                    require_text(text, "predicates")
            found[name] = value
            continue
        raise CommError(
            f"predicate {name!r:.40} of {robot_id!r}: {problem}", field="predicates", value=value
        )
    return MappingProxyType(found)
