"""The arms that robots have."""

from __future__ import annotations

from enum import StrEnum


class Arm(StrEnum):
    """One of a robot's arms. A single-armed robot uses `right`."""

    left = "left"
    right = "right"
