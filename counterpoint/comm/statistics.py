"""What became of what was sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommStatistics:
    """Counters of an episode, over one link or several.

    Attributes:
        sent: Packets that were sent.
        dropped: Those that were lost.
        delivered: Those that have arrived, also where a newer one had come before.
        delays: How many of those that were not lost take 0, 1, 2, … frames, from when their state
            was sampled until they arrive; those that are under way are among them.
        mean_age: Mean age of information [s], over all frames and links in which something was
            known; None where nothing was.
        greatest_age: The greatest of these ages [s], or None.
        messages_sent: Messages that scripts have sent.
        messages_dropped: Those that were lost.
        messages_delivered: Those that lay in an inbox.
    """

    sent: int = 0
    dropped: int = 0
    delivered: int = 0
    delays: tuple[int, ...] = ()
    mean_age: float | None = None
    greatest_age: float | None = None
    messages_sent: int = 0
    messages_dropped: int = 0
    messages_delivered: int = 0

    @property
    def in_flight(self) -> int:
        """Packets that are under way, or were when a robot was removed."""
        return self.sent - self.dropped - self.delivered

    @property
    def drop_rate(self) -> float:
        """The part of the packets that was lost; 0 where none was sent."""
        return self.dropped / self.sent if self.sent else 0.0
