"""The guaranteed filter for many independent pairs in one call, in closed form.

Each problem is one ego, a double integrator, with one partner. A single row over a box needs no
solver: the nearest point is `clip(û + μ n)` for the smallest μ ≥ 0 at which the row holds, and the
row's value is piecewise linear in μ with a kink wherever a component reaches its edge.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.errors import SafetyInputError
from counterpoint.core.pose import Array
from counterpoint.safety.agents import all_finite
from counterpoint.safety.barrier import BRAKING_MARGIN, DEFAULT_CBF_GAMMA, Braking
from counterpoint.safety.cbf_qp import check_settings
from counterpoint.safety.rows import Rows, ego_rows


class BatchAnswer(NamedTuple):
    """What `filter_pairs` found for n problems.

    Attributes:
        action: Shape (n, d) [m/s²].
        active: Which rows held the proposal back, shape (n,).
        lower: What the rows asked of `direction · action`, shape (n,) [m/s²].
        rows: The rows, with barriers and certificates.
    """

    action: Array
    active: NDArray[np.bool_]
    lower: Array
    rows: Rows


def filter_pairs(
    proposed: Array,
    offset: Array,
    velocity: Array,
    contact: Array,
    *,
    capacity: Array | float,
    partner_accel: Array | float,
    dt: Array | float,
    lam: Array | float = 0.0,
    gamma: float = DEFAULT_CBF_GAMMA,
) -> BatchAnswer:
    """What `EgoOnlyCBFQP` answers to each of n problems with one partner.

    Args:
        proposed: Egos' proposed accelerations, shape (n, d) with d of 2 or 3 [m/s²].
        offset: Egos relative to their partners, shape (n, d) [m].
        velocity: Egos relative to their partners, shape (n, d) [m/s].
        contact: Sums of the radii, shape (n,) [m].
        capacity: What egos can count on, and their box, shape (n,) or a number [m/s²].
        partner_accel: Partners' worst accelerations, shape (n,) or a number [m/s²].
        dt: How long an action is held, shape (n,) or a number [s].
        lam: λ, shape (n,) or a number [m/s²].
        gamma: Class-K gain [1/s].

    Raises:
        SafetyInputError: A shape does not fit, a number is not finite or has the wrong sign, or a
            partner accelerates as hard as its ego.
    """
    proposed, offset, velocity, contact = (
        np.ascontiguousarray(a, dtype=np.float64) for a in (proposed, offset, velocity, contact)
    )
    n = len(contact)
    own, theirs, held, slack = (
        np.asarray(a, dtype=np.float64) for a in (capacity, partner_accel, dt, lam)
    )
    shapes = {"proposed": proposed, "offset": offset, "velocity": velocity}
    for name, array in shapes.items():
        if array.shape not in ((n, 2), (n, 3)) or array.shape != offset.shape:
            raise SafetyInputError(f"{name} must have shape ({n}, 2) or ({n}, 3): {array.shape}")
    for name, array in (("capacity", own), ("partner_accel", theirs), ("dt", held), ("lam", slack)):
        if array.shape not in ((), (n,)):
            raise SafetyInputError(f"{name} must be a number or have shape ({n},): {array.shape}")
    if contact.shape != (n,) or not all_finite(
        proposed, offset, velocity, contact, own, theirs, held, slack
    ):
        raise SafetyInputError("contact must have shape (n,), and all numbers must be finite")
    check_settings(float(held.min(initial=1.0)), gamma, 1.0)
    if contact.min(initial=0.0) < 0 or theirs.min(initial=0.0) < 0:
        raise SafetyInputError("contact and partner_accel must be zero or more")
    if not np.all((1.0 - BRAKING_MARGIN) * own - theirs > 0.0):
        raise SafetyInputError("a pair cannot be made safe: its partner accelerates as hard")
    braking = Braking.of(own, theirs, held, offset.shape[1])
    rows = ego_rows(offset, velocity, contact, braking, slack if slack.any() else None, gamma=gamma)
    lower = rows.asked + theirs
    box = np.broadcast_to(own, (n,))[:, None]
    action = np.minimum(np.maximum(proposed, -box), box)
    active = np.vecdot(rows.direction, action) < lower
    if active.any():
        pick = np.flatnonzero(active)
        action[pick] = _nearest(proposed[pick], rows.direction[pick], lower[pick], box[pick])
    return BatchAnswer(action, active, lower, rows)


def _nearest(proposed: Array, direction: Array, lower: Array, box: Array) -> Array:
    """The point of each box nearest to `proposed` at which `direction · x` reaches `lower`."""
    k, d = proposed.shape
    moving = np.abs(direction) > 1e-12
    safe = np.where(moving, direction, 1.0)
    edges = np.concatenate(((-box - proposed) / safe, (box - proposed) / safe), axis=1)
    kinks = np.where(np.concatenate((moving, moving), axis=1), np.maximum(edges, 0.0), 0.0)
    kinks.sort(axis=1)
    points = np.clip(
        proposed[:, None, :] + kinks[:, :, None] * direction[:, None, :],
        -box[:, :, None], box[:, :, None],
    )  # fmt: skip
    values = np.vecdot(points, direction[:, None, :])
    # Values rise with μ: the row is reached between the last kink below it and the next.
    after = np.minimum((values < lower[:, None]).sum(axis=1), 2 * d - 1)
    pick = np.arange(k)
    high, value_high = kinks[pick, after], values[pick, after]
    first = after == 0
    before = np.maximum(after - 1, 0)
    start = np.clip(proposed, -box, box)
    low = np.where(first, 0.0, kinks[pick, before])
    value_low = np.where(first, np.vecdot(start, direction), values[pick, before])
    rise = value_high - value_low
    share = np.where(rise > 0.0, (lower - value_low) / np.where(rise > 0.0, rise, 1.0), 1.0)
    mu = low + np.minimum(np.maximum(share, 0.0), 1.0) * (high - low)
    out: Array = np.clip(proposed + mu[:, None] * direction, -box, box)
    return out
