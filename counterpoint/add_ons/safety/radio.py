"""What robots know of each other by radio, and by how much it may be wrong by now."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from counterpoint.comm import CommPacket
from counterpoint.core.pose import Array

EXTENT = "extent"
"""The predicate by which a robot says how far it sticks out about its base's axis [m]."""

GROWTH = 1.5
"""How fast a robot sticks out further, at most: what that adds to old news [m/s]."""


class Partner(NamedTuple):
    """What the receiver of packets knows of a robot beforehand.

    Attributes:
        acceleration: The worst that its base does [m/s²].
        reach: It never sticks out further than this, in any posture [m].
    """

    acceleration: float
    reach: float


class Heard(NamedTuple):
    """A partner as it may be now, judged by its packets.

    Attributes:
        position: Of its base's axis, carried on to now, shape (2,) [m].
        velocity: Mean between its last two packets, shape (2,) [m/s].
        doubt: By how much its velocity may have changed since [m/s].
        radius: A circle about `position` that holds it, whatever it did since [m].
        stated: The same, had it done nothing since [m].
        said: The extent that it announced [m], or None.
        age: Of the news [s].
    """

    position: Array
    velocity: Array
    doubt: float
    radius: float
    stated: float
    said: float | None
    age: float


class _Sample(NamedTuple):
    frame: int
    position: Array
    velocity: Array | None
    span: float


class Listener:
    """Makes motion of the packets that robots receive.

    With news of age τ, packets Δ apart and an acceleration of at most a in between, a partner's
    velocity is within a(τ + Δ/2) of the mean between its last two packets, and its position within
    aτ(τ + Δ)/2 of where that velocity takes it.

    Args:
        dt: Length of a frame [s].
    """

    def __init__(self, dt: float) -> None:
        self._dt = dt
        self._samples: dict[tuple[str, str], _Sample] = {}

    def listen(
        self, receiver: str, packet: CommPacket, frame: int, partners: Mapping[str, Partner]
    ) -> dict[str, Heard]:
        """What a robot knows in a frame. Partners whose motion is not known yet are not in it.

        Args:
            receiver: The robot.
            packet: Its view of the channel.
            frame: The frame of that view.
            partners: What it knows of them beforehand; others are left out.
        """
        found: dict[str, Heard] = {}
        for k, partner in enumerate(packet.robots):
            if partner not in partners:
                continue
            age = float(packet.ages[k])
            sampled = frame - round(age / self._dt)
            sample = self._update((receiver, partner), sampled, packet.positions[k, :2])
            if sample.velocity is None:
                continue
            worst, reach = partners[partner]
            said = _number(packet.predicates.get(partner, {}).get(EXTENT))
            stated = reach if said is None else max(said, 0.0)
            # What is announced in a frame was measured in the one before.
            grown = stated if said is None else stated + GROWTH * (age + self._dt)
            found[partner] = Heard(
                sample.position + age * sample.velocity,
                sample.velocity,
                worst * (age + 0.5 * sample.span),
                grown + 0.5 * worst * age * (age + sample.span),
                stated,
                said,
                age,
            )
        return found

    def _update(self, link: tuple[str, str], sampled: int, position: Array) -> _Sample:
        known = self._samples.get(link)
        if known is None or sampled < known.frame:
            known = _Sample(sampled, position, None, 0.0)
        elif sampled > known.frame:
            span = (sampled - known.frame) * self._dt
            known = _Sample(sampled, position, (position - known.position) / span, span)
        self._samples[link] = known
        return known


def _number(value: object) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None
