"""What a pair asks of accelerations: the rows of the outer layer, over arrays of pairs.

Rows are those of Wang, Ames, Egerstedt 2017, with a floor under them for held controls. The
notation is that of `barrier`; everything is relative, first to second.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from counterpoint.core.pose import Array
from counterpoint.safety.barrier import (
    MIN_DISTANCE,
    Braking,
    Geometry,
    barrier,
    braking_floor,
    centrifugal,
    drift,
    geometry,
    smallest,
    stopping_speed,
)

TURN_STEPS = 48
TURN_REFINEMENTS = 30


class Rows(NamedTuple):
    """What is asked of the relative acceleration of each pair: `direction · Δa ≥ asked`.

    Attributes:
        direction: Unit vectors, shape (..., d): the normal, or, where that has turned away from
            it, the direction along which the braking plan of the period before still holds.
        asked: Relative acceleration along `direction`, shape (...) [m/s²].
        asked_untuned: The same at λ = 0: what the conformal loss measures against.
        barrier: h along the normal, shape (...) [m/s].
        certificate: h along `direction`, shape (...) [m/s]: not below 0 where a plan to stop is
            known.
        geometry: How the pairs stand.
    """

    direction: Array
    asked: Array
    asked_untuned: Array
    barrier: Array
    certificate: Array
    geometry: Geometry


def ego_rows(
    offset: Array,
    velocity: Array,
    contact: Array,
    braking: Braking,
    lam: Array | float | None,
    *,
    gamma: float,
) -> Rows:
    """The guaranteed rows of `EGO_ONLY`, in terms of the acceleration relative to the partner.

    With the partner's worst acceleration added, such a row never asks for more than the ego's
    capacity, and keeps the two apart as long as λ ≤ 0.

    Args:
        offset: Ego relative to partner, shape (..., d) [m].
        velocity: Ego relative to partner, shape (..., d) [m/s].
        contact: Sum of the radii, shape (...) [m].
        braking: What the ego can do, less what the partner may.
        lam: λ of each pair, shape (...) or a number [m/s²]; None where all are 0.
        gamma: Class-K gain [1/s].
    """
    seen = geometry(offset, velocity)
    keep = contact + braking.margin
    gap = seen.distance - keep
    rows = _rows(seen, gap, braking, lam, None, gamma)
    if smallest(rows.barrier) < 0.0:
        rows = _turned(rows, velocity, keep, gap, braking, lam)
    return rows


def joint_rows(
    offset: Array,
    velocity: Array,
    contact: Array,
    braking: Braking,
    lam: Array | float | None,
    *,
    gamma: float,
) -> Rows:
    """The rows of the joint modes, where both accelerations are decided on.

    Args:
        offset: Shape (..., d) [m].
        velocity: Shape (..., d) [m/s].
        contact: Sum of the radii, shape (...) [m].
        braking: What both can do together.
        lam: λ of each pair, shape (...) or a number [m/s²]; None where all are 0.
        gamma: Class-K gain [1/s].
    """
    seen = geometry(offset, velocity)
    gap = seen.distance - (contact + braking.margin)
    return _rows(seen, gap, braking, lam, centrifugal(velocity, seen), gamma)


def _rows(
    seen: Geometry,
    gap: Array,
    braking: Braking,
    lam: Array | float | None,
    passing: Array | None,
    gamma: float,
) -> Rows:
    psi = stopping_speed(gap, braking.alpha)
    h = psi + seen.closing
    wanted = h * -gamma
    wanted -= drift(psi, seen.closing, braking.alpha)
    if passing is not None:
        wanted -= passing
    floor = braking_floor(gap, seen.closing, braking)
    untuned = np.minimum(np.maximum(wanted, floor), braking.most)
    asked = untuned
    if lam is not None:
        wanted -= lam
        floor = floor - np.maximum(lam, 0.0)
        asked = np.minimum(np.maximum(wanted, floor), braking.most)
    return Rows(seen.normal, asked, untuned, h, h, seen)


def _turned(
    rows: Rows,
    velocity: Array,
    keep: Array,
    gap: Array,
    braking: Braking,
    lam: Array | float | None,
) -> Rows:
    """The rows with those of negative barrier turned to where a braking plan still holds.

    A plan to brake along a fixed direction m keeps `m·Δp ≥ D`, and so the spheres apart, wherever
    Δp goes meanwhile. The normal turns from one period to the next, and with it the barrier along
    it, but the plan along the old normal stays good: so the best direction is looked for, from the
    normal towards the velocity across it.
    """
    bad = (rows.barrier < 0.0) & (gap > 0.0)
    seen = rows.geometry
    across = velocity - seen.closing[..., None] * seen.normal
    speed = np.sqrt(np.vecdot(across, across))
    bad &= speed > MIN_DISTANCE
    if not np.logical_or.reduce(bad, axis=None):
        return rows
    shape = rows.barrier.shape
    distance, closing, speed = seen.distance[bad], seen.closing[bad], speed[bad]
    tangent = across[bad] / speed[:, None]
    radius, braking = keep[bad], braking.pick(bad, shape)
    widest = np.arccos(np.minimum(radius / distance, 1.0))
    angle = _best_turn(distance, closing, speed, radius, np.asarray(braking.alpha), widest)
    cosine, sine = np.cos(angle), np.sin(angle)
    ahead = cosine * closing + sine * speed
    room = cosine * distance - radius
    h = barrier(room, ahead, braking.alpha)
    better = h > rows.barrier[bad]
    floor = np.minimum(braking_floor(room, ahead, braking), braking.most)
    direction, asked, untuned = rows.direction.copy(), rows.asked.copy(), rows.asked_untuned.copy()
    certificate = rows.certificate.copy()
    turned = cosine[:, None] * seen.normal[bad] + sine[:, None] * tangent
    direction[bad] = np.where(better[:, None], turned, seen.normal[bad])
    loosened = np.maximum(np.broadcast_to(0.0 if lam is None else lam, shape)[bad], 0.0)
    asked[bad] = np.where(better, floor - loosened, asked[bad])
    untuned[bad] = np.where(better, floor, untuned[bad])
    certificate[bad] = np.where(better, h, certificate[bad])
    return Rows(direction, asked, untuned, rows.barrier, certificate, seen)


def _best_turn(
    distance: Array, closing: Array, speed: Array, radius: Array, alpha: Array, most: Array
) -> Array:
    """The angle in [0, most] with the largest barrier: a grid, then a golden section."""

    def along(angle: Array) -> Array:
        cosine = np.cos(angle)
        ahead = closing[:, None] * cosine + speed[:, None] * np.sin(angle)
        return barrier(distance[:, None] * cosine - radius[:, None], ahead, alpha[:, None])

    # Most turns are small: the grid is finer near the normal.
    grid = most[:, None] * np.linspace(0.0, 1.0, TURN_STEPS) ** 3
    best = np.argmax(along(grid), axis=1)
    pick = np.arange(len(most))
    low = grid[pick, np.maximum(best - 1, 0)][:, None]
    high = grid[pick, np.minimum(best + 1, TURN_STEPS - 1)][:, None]
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    for _ in range(TURN_REFINEMENTS):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        left = along(a) >= along(b)
        low, high = np.where(left, low, a), np.where(left, b, high)
    middle = 0.5 * (low + high)[:, 0]
    better = along(middle[:, None])[:, 0] >= along(grid)[pick, best]
    out: Array = np.where(better, middle, grid[pick, best])
    return out
