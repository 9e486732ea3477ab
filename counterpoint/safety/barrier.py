"""The pairwise barrier and its rates: formulas over arrays of pairs.

Everything is relative: `offset` is Δp = p_i − p_j and `velocity` Δv = v_i − v_j, shape (..., d); a
scalar of a pair has shape (...). `normal` is Δp/|Δp|, and `closing` = n·Δv is negative while the
two approach. The barrier is that of Wang, Ames, Egerstedt 2017; the floor, which makes its rows
hold between two samples as well, is derived in the guide.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from counterpoint.core.pose import Array

DEFAULT_CBF_GAMMA = 5.0
"""Class-K gain: at rest, the share of the barrier that may be used up per second [1/s]."""

BRAKING_MARGIN = 0.02
"""Share of the own capacity that no plan counts on: it pays for rounding and tolerances."""

MIN_DISTANCE = 1e-9  # m: centres nearer than this are parted along the first axis
MIN_PSI = 1e-3  # m/s: keeps the drift finite where the gap closes
SMALL = 32  # up to here, Python's own minimum of a list is faster than a reduction


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
    room = np.maximum(gap, 0.0)
    out: Array = np.sqrt((room + room) * alpha)
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


class Braking(NamedTuple):
    """What can be counted on in each pair, shape (...) or numbers: made once, used every period.

    Attributes:
        alpha: Relative braking that plans to stop count on [m/s²].
        most: Relative acceleration that can be asked for [m/s²].
        margin: δ, what is kept on top of the contact distance [m].
        dt: How long accelerations are held [s].
        step: `alpha dt` [m/s].
        step_squared: Its square [m²/s²].
    """

    alpha: Array | float
    most: Array | float
    margin: Array | float
    dt: Array | float
    step: Array | float
    step_squared: Array | float

    @classmethod
    def of(
        cls, own: Array | float, theirs: Array | float, dt: Array | float, dimension: int
    ) -> Braking:
        """Against a worst acceleration.

        Args:
            own: Capacity that is decided on [m/s²].
            theirs: What the other side may do to the contrary [m/s²].
            dt: How long accelerations are held [s].
            dimension: 2 or 3.
        """
        alpha = (1.0 - BRAKING_MARGIN) * own - theirs
        # As far as the two can come closer unseen, however the time between samples is integrated.
        margin = 0.5 * (math.sqrt(dimension) * own + theirs) * (dt * dt)
        step = alpha * dt
        return cls(alpha, own - theirs, margin, dt, step, step * step)

    def pick(self, which: Any, shape: tuple[int, ...]) -> Braking:
        """The same of some of the pairs, which have `shape`."""
        return Braking(*(np.broadcast_to(part, shape)[which] for part in self))


def braking_floor(gap: Array, closing: Array, braking: Braking) -> Array:
    """The least relative acceleration, held for `dt`, after which `alpha` still stops in time.

    Where there is such an acceleration at all, that is where `barrier` is not negative, it is
    `alpha` at most, and the gap stays open during the period too. Infinite where it is closed.

    Args:
        gap: Between the surfaces, shape (...) [m].
        closing: n·Δv, shape (...) [m/s].
        braking: What can be counted on from the next period on.
    """
    dt, step = braking.dt, braking.step
    reach = gap + gap
    reach += closing * dt
    shut = smallest(np.minimum(reach, gap)) <= 0.0
    root = np.maximum(reach, 0.0) if shut else reach
    root *= braking.alpha
    root *= 4.0
    root += braking.step_squared
    held: Array = step - np.sqrt(root)
    held *= 0.5
    held -= closing
    held /= dt
    if shut:
        stop = closing * closing / np.where(gap > 0.0, 2.0 * gap, 1.0)
        held = np.where(gap > 0.0, np.where(reach < 0.0, stop, held), np.inf)
    return held


def smallest(values: Array) -> float:
    """The smallest number; infinite where there is none."""
    if values.size <= SMALL:
        flat = values if values.ndim == 1 else values.ravel()
        return min(flat.tolist(), default=math.inf)
    return float(np.minimum.reduce(values, axis=None))
