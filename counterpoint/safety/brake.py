"""The brake: the last resort, when no filter can be relied on any more.

It fires on an overlap, on a barrier below 0, on a quadratic program that failed, on a state that is
not finite, and, where no filter runs, on a time to collision below `tau_brake`. It never fires
earlier than that: a brake that pre-empts the filter would be the filter.

Agents are spheres: centres (n, d) [m], velocities (n, d) [m/s], radii (n,) [m]. All functions work
on arrays of pairs (m, 2), `i < j` by default, and on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.errors import SafetyInputError
from counterpoint.core.pose import Array
from counterpoint.safety.vectors import units

DEFAULT_TAU_BRAKE = 0.1
"""Time to collision below which the brake fires where no filter runs [s]."""

PUSH_CANCELS = 1e-6
"""A sum of unit vectors shorter than this has no direction."""


class BrakeCause(IntFlag):
    """Why the brake fires for a pair; several may hold at once."""

    NONE = 0
    OVERLAP = 1
    """The spheres touch, moving or not."""
    BARRIER = 2
    """The pair's barrier is below 0."""
    INFEASIBLE = 4
    """The quadratic program that the pair has a row in failed."""
    NOT_FINITE = 8
    """A state, a radius or a barrier of the pair is not a finite number."""
    TIME_TO_COLLISION = 16
    """No filter runs, and the spheres touch within `tau_brake` if nobody accelerates."""


@dataclass(frozen=True, slots=True, eq=False)
class Brake:
    """A decision of the brake.

    Attributes:
        pairs: The pairs looked at, shape (m, 2).
        causes: A `BrakeCause` a pair, shape (m,).
        endangered: Which agents brake, shape (n,).
        away: Which way each has to accelerate: a unit vector, or zeros where it is not endangered
            or pushes cancel, shape (n, d). An agent that lost sight of a partner brakes against its
            own velocity.
        blind: Endangered agents whose own state is not finite, shape (n,). No acceleration can be
            found for them: whoever commands them must command a standstill.
    """

    pairs: NDArray[np.intp]
    causes: NDArray[np.intp]
    endangered: NDArray[np.bool_]
    away: Array
    blind: NDArray[np.bool_]

    @property
    def fired(self) -> bool:
        """Whether any agent brakes."""
        return bool(self.endangered.any())

    @property
    def overlaps(self) -> int:
        """How many pairs touch: violations, at rest too."""
        return int(np.count_nonzero(self.causes & BrakeCause.OVERLAP))


def all_pairs(count: int) -> NDArray[np.intp]:
    """Every pair `i < j` of `count` agents in lexicographic order, shape (m, 2)."""
    return np.stack(np.triu_indices(count, 1), axis=1)


def time_to_collision(offset: ArrayLike, velocity: ArrayLike, distance: ArrayLike) -> Array:
    """When spheres touch if nobody accelerates: the first root of `|Δp + Δv t| = D`.

    Args:
        offset: Δp, centre relative to centre, shape (m, d) [m].
        velocity: Δv, velocity relative to velocity, shape (m, d) [m/s].
        distance: D, sum of the radii, shape (m,) or a number [m].

    Returns:
        Shape (m,) [s]: 0 where they touch already, infinite where they part or pass each other, and
        not a number where an argument is not finite.
    """
    p = np.asarray(offset, dtype=np.float64)
    v = np.asarray(velocity, dtype=np.float64)
    d = np.broadcast_to(np.asarray(distance, dtype=np.float64), p.shape[:-1])
    # In units of the largest length and speed, no square overflows or vanishes.
    length = np.maximum(np.abs(p).max(axis=-1, initial=0.0), np.maximum(np.abs(d), 1e-300))
    speed = np.maximum(np.abs(v).max(axis=-1, initial=0.0), 1e-300)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        p, v, d = p / length[..., None], v / speed[..., None], d / length
        a = np.einsum("...k,...k->...", v, v)
        b = np.einsum("...k,...k->...", p, v)
        c = np.einsum("...k,...k->...", p, p) - d * d
        root = b * b - a * c
        # c / (−b + √·) instead of (−b − √·) / a: no cancellation, and no division by a tiny a.
        time = c / (np.sqrt(np.maximum(root, 0.0)) - b) * (length / speed)
        out = np.where((b >= 0.0) | (root < 0.0), np.inf, time)
        out = np.where(c <= 0.0, 0.0, out)
    finite = np.isfinite(p).all(axis=-1) & np.isfinite(v).all(axis=-1) & np.isfinite(d)
    result: Array = np.where(finite, out, np.nan)
    return result


def decide_brake(
    positions: ArrayLike,
    velocities: ArrayLike,
    radii: ArrayLike,
    *,
    pairs: ArrayLike | None = None,
    barrier: ArrayLike | None = None,
    failed: ArrayLike = False,
    tau_brake: float | None = None,
) -> Brake:
    """Which agents brake, why, and which way they push.

    Args:
        positions: Centres, shape (n, d) [m].
        velocities: Their velocities, shape (n, d) [m/s].
        radii: Their radii, shape (n,) [m].
        pairs: The pairs to look at, shape (m, 2); all by default.
        barrier: The filter's barrier of each pair, shape (m,) [m/s]; None where no filter runs.
        failed: Which pairs have a row in a quadratic program that failed, shape (m,), or for all.
        tau_brake: Time to collision below which pairs without a filter brake [s], such as
            `DEFAULT_TAU_BRAKE`; None where a filter runs.

    Raises:
        SafetyInputError: If shapes do not match, a pair names no agent or one twice, or a radius or
            `tau_brake` is negative.
    """
    p, v, r, ij = _checked(positions, velocities, radii, pairs)
    m = len(ij)
    i, j = ij[:, 0], ij[:, 1]
    known = np.isfinite(p).all(axis=1) & np.isfinite(v).all(axis=1) & np.isfinite(r)
    with np.errstate(invalid="ignore", over="ignore"):
        offset, relative, distance = p[i] - p[j], v[i] - v[j], r[i] + r[j]
        span = np.linalg.norm(offset, axis=1)
        clear = known[i] & known[j] & np.isfinite(span)
        causes = np.zeros(m, dtype=np.intp)
        causes[clear & (span <= distance)] |= BrakeCause.OVERLAP
        causes[np.broadcast_to(np.asarray(failed, dtype=np.bool_), (m,))] |= BrakeCause.INFEASIBLE
    lost = ~clear
    if barrier is not None:
        h = _shaped(barrier, (m,), "barrier")
        lost |= ~np.isfinite(h)
        causes[h < 0.0] |= BrakeCause.BARRIER
    causes[lost] |= BrakeCause.NOT_FINITE
    if tau_brake is not None:
        if not tau_brake >= 0.0:
            raise SafetyInputError(f"tau_brake is a time of at least 0 s, not {tau_brake!r}")
        soon = time_to_collision(offset, relative, distance) < tau_brake
        causes[soon] |= BrakeCause.TIME_TO_COLLISION

    hot = causes != 0
    endangered = ~known
    endangered[ij[hot].ravel()] = True
    lonely = np.zeros(len(p), dtype=np.bool_)
    lonely[ij[~clear].ravel()] = True
    lonely &= known
    away = np.zeros_like(p)
    pushed = hot & clear
    unit = units(offset[pushed], span[pushed])
    np.add.at(away, i[pushed], unit)
    np.add.at(away, j[pushed], -unit)
    away = _normalised(away)
    away[lonely] = _normalised(-v[lonely])
    return Brake(ij, causes, endangered, away, ~known)


def _normalised(sums: Array) -> Array:
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(norms > PUSH_CANCELS, sums / np.maximum(norms, PUSH_CANCELS), 0.0)


def _shaped(value: ArrayLike, shape: tuple[int, ...], name: str) -> Array:
    array = np.asarray(value, dtype=np.float64)
    if array.shape != shape:
        raise SafetyInputError(f"{name} must have shape {shape}, not {array.shape}")
    return array


def _checked(
    positions: ArrayLike, velocities: ArrayLike, radii: ArrayLike, pairs: ArrayLike | None
) -> tuple[Array, Array, Array, NDArray[np.intp]]:
    p = np.asarray(positions, dtype=np.float64)
    if p.ndim != 2:
        raise SafetyInputError(f"positions must have shape (n, d), not {p.shape}")
    v = _shaped(velocities, p.shape, "velocities")
    r = _shaped(radii, (len(p),), "radii")
    if (r < 0.0).any():
        raise SafetyInputError(f"radii must be at least 0 m, not {r.min()}")
    if pairs is None:
        return p, v, r, all_pairs(len(p))
    ij = np.asarray(pairs, dtype=np.intp).reshape(-1, 2)
    if ij.size and (ij.min() < 0 or ij.max() >= len(p) or (ij[:, 0] == ij[:, 1]).any()):
        raise SafetyInputError(f"pairs must name two of the {len(p)} agents, by index")
    return p, v, r, ij
