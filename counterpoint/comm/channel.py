"""Channels: a state goes in at one end each frame, and what the other end knows comes out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from counterpoint.comm.age import AoIClock
from counterpoint.comm.packet import CommPacket
from counterpoint.comm.predicates import Predicates
from counterpoint.core.pose import Pose

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class CommState(NamedTuple):
    """What is sampled in one frame, of all robots or some.

    Attributes:
        poses: Robot → world pose of its base; position [m], unit quaternion wxyz.
        predicates: Robot → what is true of its task, by name.
        overlay: Robot → learned message.
    """

    poses: Mapping[str, Pose]
    predicates: Mapping[str, Predicates] = _NOTHING
    overlay: Mapping[str, Any] = _NOTHING


class Channel(Protocol):
    """Carries states from one end to the other, frame by frame."""

    def transmit(self, state: CommState) -> CommPacket:
        """Let one frame pass in which `state` was sampled and sent.

        Returns:
            What the other end knows in this frame, with its age.

        Raises:
            CommError: If the state is malformed.
        """
        ...

    def reset(self, *, seed: int | None = None) -> None:
        """Begin an episode: nothing is known, and the noise is fresh.

        Args:
            seed: A new root seed, with which the episodes are counted from 0 again.
        """
        ...


class FixedFormatChannel:
    """A channel without delays and drops: the other end knows everything at once.

    A robot that is missing from a state keeps what was known of it, which ages.

    Args:
        frames_per_second: Frames a second of simulated time.
    """

    def __init__(self, frames_per_second: int = 60) -> None:
        self._clock = AoIClock(frames_per_second)
        self._known = CommState({}, {}, {})

    def transmit(self, state: CommState) -> CommPacket:
        """See `Channel`."""
        # Checked alone first, so that a bad state leaves the channel as it was.
        CommPacket.of(state.poses, None, state.predicates, state.overlay)
        self._clock.tick()
        for robot_id in state.poses:
            self._clock.mark_fresh(robot_id)
        old = self._known
        self._known = CommState(
            {**old.poses, **state.poses},
            _latest(old.predicates, state.predicates, state.poses),
            _latest(old.overlay, state.overlay, state.poses),
        )
        known = self._known
        return CommPacket.of(known.poses, self._clock.snapshot(), known.predicates, known.overlay)

    def reset(self, *, seed: int | None = None) -> None:
        """See `Channel`; there is no noise to seed."""
        self._clock.reset()
        self._known = CommState({}, {}, {})


def _latest(
    old: Mapping[str, Any], new: Mapping[str, Any], fresh: Mapping[str, Any]
) -> dict[str, Any]:
    """What robots say now, and what those that are not heard of said last."""
    return {**{r: v for r, v in old.items() if r not in fresh}, **new}
