"""The arms that robots have."""

from __future__ import annotations

from enum import Enum


class Arm(str, Enum):
    """One of a robot's arms. A single-armed robot uses `right`."""

    left = "left"
    right = "right"

    def __str__(self) -> str:
        return self.value
