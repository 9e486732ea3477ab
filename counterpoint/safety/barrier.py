"""The pairwise barrier, and what it asks of accelerations: formulas over arrays of pairs.

Everything is relative: `offset` is Δp = p_i − p_j and `velocity` Δv = v_i − v_j, shape (..., d); a
scalar of a pair has shape (...). `normal` is Δp/|Δp|, and `closing` = n·Δv is negative while the
two approach. Barrier and rows are those of Wang, Ames, Egerstedt 2017; the floor under the rows,
which makes them hold between two samples as well, is derived in the guide.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from counterpoint.core.pose import Array

DEFAULT_CBF_GAMMA = 5.0
"""Class-K gain: at rest, the share of the barrier that may be used up per second [1/s]."""

BRAKING_MARGIN = 0.02
"""Share of the own capacity that is never counted on: it pays for rounding and tolerances."""

MIN_DISTANCE = 1e-9  # m: centres nearer than this are parted along the first axis
MIN_PSI = 1e-3  # m/s: keeps the drift finite where the gap closes
TURN_STEPS = 48
TURN_REFINEMENTS = 30


class Geometry(NamedTuple):
    """How pairs stand to each other.

    Attributes:
        normal: Unit vector from the second towards the first, shape (..., d).
        distance: Between centres, shape (...) [m].
        closing: n·Δv, shape (...) [m/s].
    """

    normal: Array
    distance: Array
    closing: Array


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


def geometry(offset: Array, velocity: Array) -> Geometry:
    """Normal, distance and closing speed; coincident centres count as parted along the x axis."""
    distance = np.sqrt(np.vecdot(offset, offset))
    if smallest(distance) < MIN_DISTANCE:
        axis = np.zeros(offset.shape[-1])
        axis[0] = MIN_DISTANCE
        offset = np.where((distance < MIN_DISTANCE)[..., None], axis, offset)
        distance = np.maximum(distance, MIN_DISTANCE)
    normal = offset / distance[..., None]
    return Geometry(normal, distance, np.vecdot(normal, velocity))


def stopping_speed(gap: Array, alpha: Array | float) -> Array:
    """ψ = √(2 α max(gap, 0)) [m/s]: the fastest approach that `alpha` can stop in time."""
    out: Array = np.sqrt((2.0 * alpha) * np.maximum(gap, 0.0))
    return out


def barrier(gap: Array, closing: Array, alpha: Array | float) -> Array:
    """The barrier h = ψ(gap) + n·Δv [m/s]: not negative where braking keeps the gap open."""
    return stopping_speed(gap, alpha) + closing


def drift(psi: Array, closing: Array, alpha: Array | float) -> Array:
    """The part of dh/dt that no acceleration has a part in, centrifugal term apart [m/s²]."""
    out: Array = alpha * closing / np.maximum(psi, MIN_PSI)
    return out


def centrifugal(velocity: Array, seen: Geometry) -> Array:
    """(|Δv|² − (n·Δv)²)/|Δp| [m/s²]: how fast passing each other opens the distance."""
    across = np.vecdot(velocity, velocity) - seen.closing**2
    out: Array = np.maximum(across, 0.0) / seen.distance
    return out


def braking_floor(gap: Array, closing: Array, alpha: Array | float, dt: Array | float) -> Array:
    """The least relative acceleration, held for `dt`, after which `alpha` still stops in time.

    Where there is such an acceleration at all, that is where `barrier` is not negative, it is
    `alpha` at most, and the gap stays open during the period too. Infinite where it is closed.

    Args:
        gap: Between the surfaces, shape (...) [m].
        closing: n·Δv, shape (...) [m/s].
        alpha: Braking that can be counted on from the next period on [m/s²].
        dt: How long accelerations are held [s].
    """
    step = alpha * dt
    reach = 2.0 * gap + closing * dt
    root = np.sqrt(step * step + (4.0 * alpha) * np.maximum(reach, 0.0))
    held: Array = ((step - root) * 0.5 - closing) / dt
    if smallest(np.minimum(reach, gap)) <= 0.0:
        stop = closing * closing / np.where(gap > 0.0, 2.0 * gap, 1.0)
        held = np.where(gap > 0.0, np.where(reach < 0.0, stop, held), np.inf)
    return held


def ego_rows(
    offset: Array,
    velocity: Array,
    contact: Array,
    own: Array | float,
    theirs: Array | float,
    lam: Array | float,
    *,
    gamma: float,
    dt: Array | float,
) -> Rows:
    """The guaranteed rows of `EGO_ONLY`, in terms of the acceleration relative to the partner.

    With the partner's worst acceleration added, and capped at the ego's capacity, such a row can
    always be fulfilled, and keeps the two apart as long as λ ≤ 0.

    Args:
        offset: Ego relative to partner, shape (..., d) [m].
        velocity: Ego relative to partner, shape (..., d) [m/s].
        contact: Sum of the radii, shape (...) [m].
        own: The ego's capacity, shape (...) or a number [m/s²].
        theirs: The partner's worst acceleration, shape (...) or a number [m/s²]; below
            `(1 − BRAKING_MARGIN) own`.
        lam: λ of each pair, shape (...) or a number [m/s²].
        gamma: Class-K gain [1/s].
        dt: How long accelerations are held [s].
    """
    alpha = (1.0 - BRAKING_MARGIN) * own - theirs
    seen = geometry(offset, velocity)
    keep = contact + sampling_margin(own, theirs, dt, offset.shape[-1])
    gap = seen.distance - keep
    # The margin is for planning: asked for is all there is.
    most = own - theirs
    rows = _rows(seen, gap, alpha, most, lam, None, gamma, dt)
    if smallest(rows.barrier) < 0.0:
        rows = _turned(rows, velocity, keep, gap, alpha, most, lam, dt)
    return rows


def joint_rows(
    offset: Array,
    velocity: Array,
    contact: Array,
    alpha: Array | float,
    lam: Array | float,
    *,
    gamma: float,
    dt: Array | float,
) -> Rows:
    """The rows of the joint modes, where both accelerations are decided on.

    Args:
        offset: First relative to second, shape (..., d) [m].
        velocity: First relative to second, shape (..., d) [m/s].
        contact: Sum of the radii, shape (...) [m].
        alpha: Braking counted on, both together, shape (...) or a number [m/s²].
        lam: λ of each pair, shape (...) or a number [m/s²].
        gamma: Class-K gain [1/s].
        dt: How long accelerations are held [s].
    """
    counted = (1.0 - BRAKING_MARGIN) * alpha
    seen = geometry(offset, velocity)
    keep = contact + sampling_margin(alpha, 0.0, dt, offset.shape[-1])
    gap = seen.distance - keep
    return _rows(seen, gap, counted, alpha, lam, centrifugal(velocity, seen), gamma, dt)


def sampling_margin(
    own: Array | float, theirs: Array | float, dt: Array | float, dimension: int
) -> Array | float:
    """δ = ½ (√d own + theirs) dt²: as far as the two can come closer within a period unseen [m]."""
    return 0.5 * (math.sqrt(dimension) * own + theirs) * (dt * dt)


def smallest(values: Array) -> float:
    """The smallest number; infinite where there is none."""
    return float(np.minimum.reduce(values, axis=None, initial=np.inf))


def _rows(
    seen: Geometry,
    gap: Array,
    alpha: Array | float,
    most: Array | float,
    lam: Array | float,
    passing: Array | None,
    gamma: float,
    dt: Array | float,
) -> Rows:
    psi = stopping_speed(gap, alpha)
    h = psi + seen.closing
    wanted = -gamma * h
    wanted -= drift(psi, seen.closing, alpha)
    if passing is not None:
        wanted -= passing
    floor = braking_floor(gap, seen.closing, alpha, dt)
    untuned = np.minimum(np.maximum(wanted, floor), most)
    wanted -= lam
    floor = floor - np.maximum(lam, 0.0)
    asked = np.minimum(np.maximum(wanted, floor), most)
    return Rows(seen.normal, asked, untuned, h, h, seen)


def _turned(
    rows: Rows,
    velocity: Array,
    keep: Array,
    gap: Array,
    alpha: Array | float,
    most: Array | float,
    lam: Array | float,
    dt: Array | float,
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
    radius = np.broadcast_to(keep, shape)[bad]
    braking = np.broadcast_to(alpha, shape)[bad]
    period = np.broadcast_to(dt, shape)[bad]
    widest = np.arccos(np.minimum(radius / distance, 1.0))
    angle = _best_turn(distance, closing, speed, radius, braking, widest)
    cosine, sine = np.cos(angle), np.sin(angle)
    ahead = cosine * closing + sine * speed
    room = cosine * distance - radius
    h = barrier(room, ahead, braking)
    better = h > rows.barrier[bad]
    floor = np.minimum(
        braking_floor(room, ahead, braking, period), np.broadcast_to(most, shape)[bad]
    )
    direction, asked, untuned = rows.direction.copy(), rows.asked.copy(), rows.asked_untuned.copy()
    certificate = rows.certificate.copy()
    turned = cosine[:, None] * seen.normal[bad] + sine[:, None] * tangent
    direction[bad] = np.where(better[:, None], turned, seen.normal[bad])
    loosened = np.maximum(np.broadcast_to(lam, shape)[bad], 0.0)
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
