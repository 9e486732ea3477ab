"""Messages between robots: they take time, get lost, and never overtake each other on a link."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from counterpoint.comm.links import NONE, Noise
from counterpoint.comm.statistics import CommStatistics


class Message(NamedTuple):
    """A message that has arrived.

    Attributes:
        sender: The robot that sent it.
        value: What it says.
        sent: The frame after which it was sent.
        received: The frame in which it arrived.
    """

    sender: str
    value: Any
    sent: int
    received: int


class Messages:
    """Messages under way, each over the link of its sender and receiver.

    Each link has its own random stream, so that what is lost on one does not depend on the others.

    Args:
        noise: Delays and drops.
    """

    def __init__(self, noise: Noise) -> None:
        self._noise = noise
        self._links: dict[tuple[str, str], _Link] = {}
        self._under_way: list[tuple[str, Message]] = []

    def send(self, sender: str, receiver: str, value: Any, frame: int) -> bool:
        """Send a message after a frame.

        It arrives in a later one even without delay, so that the order of scripts does not matter.

        Returns:
            Whether it will arrive.
        """
        link = self._links.get((sender, receiver))
        if link is None:
            stream = self._noise.generator("messages", (sender, receiver))
            link = self._links[sender, receiver] = _Link(stream)
        link.sent += 1
        delay = int(self._noise.draw([link.generator], 1)[0, 0])
        if delay == NONE:
            link.dropped += 1
            return False
        link.last = max(link.last, frame + max(1, delay))
        self._under_way.append((receiver, Message(sender, value, frame, link.last)))
        return True

    def deliver(self, frame: int, receivers: Iterable[str]) -> list[tuple[str, Message]]:
        """Receivers and messages that arrive in this frame: by when they were sent, then by sender.

        What is for others than `receivers` is lost.
        """
        if not self._under_way:
            return []
        there = dict.fromkeys(receivers)
        due = [m for m in self._under_way if m[1].received <= frame]
        self._under_way = [m for m in self._under_way if m[1].received > frame]
        arrived = sorted(
            (m for m in due if m[0] in there), key=lambda m: (m[1].sent, m[1].sender, m[0])
        )
        for receiver, message in arrived:
            self._links[message.sender, receiver].delivered += 1
        return arrived

    def counts(self, sender: str | None = None, receiver: str | None = None) -> CommStatistics:
        """Counters of messages alone, of all links or those of a sender, a receiver, or both."""
        links = [
            link
            for (a, b), link in self._links.items()
            if sender in (None, a) and receiver in (None, b)
        ]
        return CommStatistics(
            messages_sent=sum(k.sent for k in links),
            messages_dropped=sum(k.dropped for k in links),
            messages_delivered=sum(k.delivered for k in links),
        )

    def state(self) -> list[Any]:
        """What later frames depend on: what is under way, and how far each stream was drawn."""
        return [
            [(receiver, *message) for receiver, message in self._under_way],
            [(*pair, link.sent, link.last) for pair, link in self._links.items()],
        ]


class _Link:
    """A sender and a receiver: its stream, its counters, and when its last message arrives."""

    __slots__ = ("delivered", "dropped", "generator", "last", "sent")

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator
        self.sent = self.dropped = self.delivered = 0
        self.last = NONE
