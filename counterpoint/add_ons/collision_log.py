"""Who touches whom: contacts as they begin, last and end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from counterpoint.add_ons.add_on import AddOn, Host
from counterpoint.core.events import ContactBegan, ContactEnded
from counterpoint.simulation.response import Response


class Touch(NamedTuple):
    """Two bodies that touch.

    Attributes:
        first: A robot, an object, a wall or the floor; of the two, the one whose name comes first.
        second: The other one.
        since: The frame in which they began to touch.
        force: Between them in the last frame [N].
        greatest: The greatest of these forces so far [N].
    """

    first: str
    second: str
    since: int
    force: float
    greatest: float


class CollisionLog(AddOn):
    """Follows which robots, objects and walls touch, and publishes when that begins and ends.

    A pair that parts for a frame or two, as things do that rattle, has not parted.

    Args:
        floor: Whether contacts with the floor count.
        patience: Frames without contact after which a pair has parted.

    Attributes:
        touching: Pair of names → the touch, in the order in which they began.
        ended: Touches that are over, with the frame in which each ended.
    """

    def __init__(self, *, floor: bool = False, patience: int = 3) -> None:
        self._floor, self._patience = floor, patience
        self.touching: dict[tuple[str, str], Touch] = {}
        self.ended: list[tuple[Touch, int]] = []
        self._last_seen: dict[tuple[str, str], int] = {}

    def join(self, host: Host) -> None:
        """See `AddOn`."""
        super().join(host)
        self.touching, self.ended, self._last_seen = {}, [], {}

    def advance(self, response: Response) -> None:
        """Compare the contacts with those of the frame before."""
        host = self.host
        if host is None:
            return
        frame, now = response.frame, self._pairs(response)
        for pair, force in now.items():
            before = self.touching.get(pair)
            self._last_seen[pair] = frame
            if before is None:
                self.touching[pair] = Touch(*pair, frame, force, force)
                host.events.publish(ContactBegan(frame, *pair, round(force, 3)))
            else:
                greatest = max(force, before.greatest)
                self.touching[pair] = before._replace(force=force, greatest=greatest)
        if len(self.touching) == len(now):
            return
        for pair, touch in list(self.touching.items()):
            if pair in now:
                continue
            last = self._last_seen[pair]
            if frame - last < self._patience:
                self.touching[pair] = touch._replace(force=0.0)
                continue
            del self.touching[pair], self._last_seen[pair]
            self.ended.append((touch._replace(force=0.0), last))
            host.events.publish(
                ContactEnded(frame, *pair, last - touch.since + 1, round(touch.greatest, 3))
            )

    def _pairs(self, response: Response) -> dict[tuple[str, str], float]:
        """The pairs that touch, and the forces between them [N]."""
        contacts = response.contacts
        if not len(contacts):
            return {}
        forces = (np.linalg.norm(contacts.impulse, axis=1) / contacts.period).tolist()
        found: dict[tuple[str, str], float] = {}
        for (a, b), force in zip(contacts.bodies.tolist(), forces, strict=True):
            one, other = contacts.names[a], contacts.names[b]
            if one.owner == other.owner or (not self._floor and "floor" in (one.kind, other.kind)):
                continue
            pair = min(one.owner, other.owner), max(one.owner, other.owner)
            found[pair] = found.get(pair, 0.0) + force
        return found
