"""The bodies that the outer layer keeps apart: spheres with a velocity, named by strings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from counterpoint.core.errors import SafetyInputError, listing
from counterpoint.core.pose import Array

PairKey = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class AgentSnapshot:
    """One agent at one instant. Its arrays are read-only copies.

    Attributes:
        position: Centre of its sphere, shape (2,) or (3,) [m], world frame.
        velocity: Of the centre, same shape [m/s], world frame.
        radius: Of the sphere [m], zero or more.

    Raises:
        SafetyInputError: A shape is another, or a number is not finite, or the radius is negative.
    """

    position: Array
    velocity: Array
    radius: float

    def __post_init__(self) -> None:
        position, velocity = _vector(self.position, "position"), _vector(self.velocity, "velocity")
        if position.shape != velocity.shape:
            raise SafetyInputError(
                f"position has shape {position.shape}, but velocity {velocity.shape}"
            )
        radius = float(self.radius)
        if not (radius >= 0 and math.isfinite(radius)):
            raise SafetyInputError(f"radius must be zero or more and finite, not {self.radius!r}")
        object.__setattr__(self, "position", position)
        object.__setattr__(self, "velocity", velocity)
        object.__setattr__(self, "radius", radius)


@dataclass(frozen=True, slots=True, eq=False)
class Agents:
    """Several agents at one instant, as stacked arrays: what the filters work on.

    Attributes:
        ids: Their names, each once.
        position: Centres, shape (n, d) with d of 2 or 3 [m], world frame.
        velocity: Shape (n, d) [m/s], world frame.
        radius: Shape (n,) [m].
    """

    ids: tuple[str, ...]
    position: Array
    velocity: Array
    radius: Array

    @classmethod
    def of(
        cls, ids: Sequence[str], position: ArrayLike, velocity: ArrayLike, radius: ArrayLike
    ) -> Agents:
        """Agents from anything array-like; `radius` may be one number for all.

        Raises:
            SafetyInputError: An id occurs twice, a shape does not fit, or a number is not finite.
        """
        ids = tuple(ids)
        agents = cls(
            ids,
            np.ascontiguousarray(position, dtype=np.float64),
            np.ascontiguousarray(velocity, dtype=np.float64),
            np.broadcast_to(np.asarray(radius, dtype=np.float64), (len(ids),)),
        )
        agents.check()
        return agents

    @classmethod
    def stack(cls, snapshots: Mapping[str, AgentSnapshot]) -> Agents:
        """The agents of a mapping from id to snapshot, in its order.

        Raises:
            SafetyInputError: There is none, or some are planar and others not.
        """
        if len({s.position.shape for s in snapshots.values()}) != 1:
            raise SafetyInputError("agents must be one or more, all in 2-D or all in 3-D")
        each = snapshots.values()
        return cls(
            tuple(snapshots),
            np.array([s.position for s in each]),
            np.array([s.velocity for s in each]),
            np.array([s.radius for s in each]),
        )

    def check(self) -> None:
        """Do nothing, unless these agents cannot be worked with.

        Raises:
            SafetyInputError: An id occurs twice, a shape does not fit, or a number is not finite.
        """
        n = len(self.ids)
        if len(set(self.ids)) != n:
            double = sorted({i for i in self.ids if self.ids.count(i) > 1})
            raise SafetyInputError(f"ids must differ; given more than once: {listing(double)}")
        p, v, r = self.position, self.velocity, self.radius
        if p.ndim != 2 or p.shape[0] != n or p.shape[1] not in (2, 3):
            raise SafetyInputError(f"position must have shape ({n}, 2) or ({n}, 3), not {p.shape}")
        if v.shape != p.shape:
            raise SafetyInputError(
                f"velocity must have shape {p.shape}, as position, not {v.shape}"
            )
        if r.shape != (n,):
            raise SafetyInputError(f"radius must have shape ({n},), not {r.shape}")
        if not self.finite:
            bad = [
                i for i, row in zip(self.ids, np.c_[p, v, r], strict=True) if not all_finite(row)
            ]
            raise SafetyInputError(f"a state is not finite: that of {listing(bad)}")
        if n and float(r.min()) < 0:
            raise SafetyInputError(f"radius must be zero or more, not {float(r.min())!r}")

    @property
    def finite(self) -> bool:
        """Whether every number is finite."""
        return all_finite(self.position, self.velocity, self.radius)

    def row_of(self, agent_id: str) -> int:
        """The row of `agent_id`.

        Raises:
            SafetyInputError: There is no such agent.
        """
        try:
            return self.ids.index(agent_id)
        except ValueError:
            raise SafetyInputError(
                f"no agent {agent_id!r} is among the states given; there is: {listing(self.ids)}"
            ) from None


def canonical_pair_key(a: str, b: str) -> PairKey:
    """The two ids in lexicographic order: the one key of their unordered pair.

    Raises:
        SafetyInputError: They are the same.
    """
    if a == b:
        raise SafetyInputError(f"a pair has two different ids, not {a!r} twice")
    return (a, b) if a < b else (b, a)


def canonical_pair_order(ids: Iterable[str]) -> list[str]:
    """The ids sorted: the order in which pairs are enumerated.

    Raises:
        SafetyInputError: An id occurs twice.
    """
    ordered = sorted(ids)
    double = [a for a, b in pairwise(ordered) if a == b]
    if double:
        raise SafetyInputError(f"ids must differ; given more than once: {listing(double)}")
    return ordered


def make_pair_keys(ids: Iterable[str]) -> list[PairKey]:
    """Every unordered pair of `ids` once, in lexicographic order.

    Raises:
        SafetyInputError: An id occurs twice.
    """
    ordered = canonical_pair_order(ids)
    return [(a, b) for i, a in enumerate(ordered) for b in ordered[i + 1 :]]


def all_finite(*arrays: Array) -> bool:
    """Whether every number of every array is finite, and its square is."""
    total = 0.0
    for array in arrays:
        flat = array.ravel()
        total += flat.dot(flat)  # the cheapest pass over a small array
    return math.isfinite(total)


def _vector(value: Any, name: str) -> Array:
    try:
        vector = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise SafetyInputError(
            f"{name} must be an array of 2 or 3 numbers, not {value!r}"
        ) from None
    if vector.shape not in ((2,), (3,)):
        raise SafetyInputError(f"{name} must have shape (2,) or (3,), not {vector.shape}")
    if not all_finite(vector):
        raise SafetyInputError(f"{name} must be finite, not {vector.tolist()}")
    vector.setflags(write=False)
    return vector
