"""Contacts of one frame, as arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.pose import Array, read_only


class BodyName(NamedTuple):
    """What a body is called.

    Attributes:
        owner: Robot id, object id, `floor`, or the name of a wall of the room.
        link: The robot's link, or an empty string.
        kind: `robot`, `object`, `wall` or `floor`.
    """

    owner: str
    link: str
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """Pairs of bodies that touched in the last physics step of a frame.

    Attributes:
        bodies: Indices into `names`, shape (n, 2).
        impulse: Impulse on the first body, summed over the pair's points, shape (n, 3) [N·s].
        position: Mean of the points, in the world, shape (n, 3) [m].
        separation: The smallest distance of the pair's points; negative in penetration (n,) [m].
        names: Every body's name.
        period: Length of the physics step [s]: impulse / period is the mean force.
    """

    bodies: NDArray[np.intp]
    impulse: Array
    position: Array
    separation: Array
    names: tuple[BodyName, ...]
    period: float
    _by_owner: dict[str, list[tuple[BodyName, BodyName, float]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.bodies)

    def touching(self, owner: str) -> list[tuple[BodyName, BodyName, float]]:
        """The contacts of a robot or object: its own body, the other's, and the force [N]."""
        if not len(self.bodies):
            return []
        if not self._by_owner:
            forces = (np.linalg.norm(self.impulse, axis=1) / self.period).tolist()
            for (a, b), force in zip(self.bodies.tolist(), forces, strict=True):
                first, second = self.names[a], self.names[b]
                self._by_owner.setdefault(first.owner, []).append((first, second, force))
                self._by_owner.setdefault(second.owner, []).append((second, first, force))
        return self._by_owner.get(owner, [])


def gather_contacts(
    reported: Iterable[Any], index_of: dict[Any, int], names: tuple[BodyName, ...], period: float
) -> Contacts:
    """The simulator's contact pairs that touch, as arrays.

    Pairs that are only near (the contact offset reports them early) and carry no impulse are left
    out, and so are pairs with a body that has no name.
    """
    pairs: list[tuple[int, int]] = []
    impulses: list[list[float]] = []
    positions: list[list[float]] = []
    separations: list[float] = []
    for contact in reported:
        points = contact.points
        if not points:
            continue
        impulse = points[0].impulse
        separation = points[0].separation
        for point in points[1:]:
            impulse = impulse + point.impulse
            separation = min(separation, point.separation)
        pushed = impulse.tolist()
        if separation > 0.0 and not any(pushed):
            continue
        first, second = contact.bodies
        a, b = index_of.get(first), index_of.get(second)
        if a is None or b is None:
            continue
        pairs.append((a, b))
        impulses.append(pushed)
        positions.append(points[0].position.tolist())
        separations.append(separation)
    n = len(pairs)
    return Contacts(
        read_only(np.array(pairs, dtype=np.intp).reshape(n, 2)),
        read_only(np.array(impulses, dtype=np.float64).reshape(n, 3)),
        read_only(np.array(positions, dtype=np.float64).reshape(n, 3)),
        read_only(np.array(separations, dtype=np.float64)),
        names,
        period,
    )
