"""Who goes first where robots' ways cross."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from counterpoint.core.pose import Array

SPACING = 0.1  # m between the points of a way
HEAD_START = 1.0  # s by which a robot must be through before the other comes
FORESIGHT = 4.0  # m of a way for which a robot asks who goes first
KEEP_APART = 0.06  # m between two robots that pass


class Traveller(Protocol):
    """A robot under way, as others see it.

    Attributes:
        robot_id: Its name.
        radius: Of the circle that it covers [m].
        retreating: Whether it drives out of another robot's way.
    """

    robot_id: str | None
    radius: float
    retreating: bool

    @property
    def rank(self) -> Any:
        """Lower goes first."""
        ...

    @property
    def way(self) -> Array | None:
        """Points of the way that it means to take from here, `SPACING` apart, shape (n, 2) [m]."""
        ...


def goes_first(
    own: Traveller,
    way: Array,
    others: Sequence[Traveller],
    speed: float,
    within: float = math.inf,
    horizon: float = math.inf,
) -> str | None:
    """The robot to let pass before `within` [m] of a way are driven, or None.

    To let pass are those of higher rank, and those on their way out of somebody's way.

    Args:
        own: Who asks.
        way: The way that it wants to take, points `SPACING` apart, shape (n, 2) [m].
        others: The other robots under way.
        speed: At which robots drive, about [m/s].
        within: [m].
        horizon: How much of the others' ways counts [m].
    """
    for other in sorted(others, key=lambda o: o.rank):
        there = other.way
        if there is None or not (other.rank < own.rank or other.retreating):
            continue
        if horizon < math.inf:
            there = there[: math.ceil(horizon / SPACING) + 1]
        needed = own.radius + other.radius + KEEP_APART
        if horizon < math.inf and np.hypot(*(there[0] - way[0])) > needed + FORESIGHT + horizon:
            continue
        after = yields_after(way, there, needed, speed, speed)
        if after is not None and after <= within + 2 * SPACING:
            return other.robot_id
    return None


def ways_to_leave(
    own: Traveller, here: Array, others: Sequence[Traveller]
) -> list[tuple[Array, float]]:
    """The ways of robots of higher rank, and the distance to keep from each [m].

    There are none if the robot at `here`, shape (2,) [m], stands on none of them.
    """
    ways = [
        (way, own.radius + o.radius + KEEP_APART)
        for o in sorted(others, key=lambda o: o.rank)
        if o.rank < own.rank and (way := o.way) is not None
    ]
    stands = any(np.hypot(*(way - here).T).min() < distance for way, distance in ways)
    return ways if stands else []


def yields_after(
    own: Array, other: Array, needed: float, own_speed: float, other_speed: float
) -> float | None:
    """How far a robot may go before it must let another one pass [m], or None if it need not.

    It need not where their ways keep apart, or where it is through before the other comes.

    Args:
        own: Points of its way from where it is, `SPACING` apart, shape (n, 2) [m].
        other: The same of the one that goes first, shape (m, 2) [m].
        needed: Distance that they keep [m].
        own_speed: At which it drives [m/s].
        other_speed: At which the other one does.
    """
    apart = own[:, None] - other
    close = (apart * apart).sum(axis=2) < needed * needed
    meets = close.any(axis=1)
    if not meets.any():
        return None
    enters = int(meets.argmax())
    leaves = enters + int(np.argmin(meets[enters:])) if not meets[enters:].all() else None
    comes = int(close[enters:leaves].any(axis=0).argmax())
    if leaves is not None:
        through = leaves * SPACING / own_speed
        if through + HEAD_START < comes * SPACING / other_speed:
            return None
    return enters * SPACING
