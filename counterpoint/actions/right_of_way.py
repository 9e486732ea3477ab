"""Who goes first where two robots' ways cross."""

from __future__ import annotations

import numpy as np

from counterpoint.core.pose import Array

SPACING = 0.1  # m between the points of a way
HEAD_START = 1.0  # s by which a robot must be through before the other comes


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
