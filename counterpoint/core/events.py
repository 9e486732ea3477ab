"""What happens, as typed, immutable, JSON-ready records."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        frame: The frame in which it did.
    """

    frame: int

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, with the event's type."""
        return {"type": type(self).__name__, **asdict(self)}


@dataclass(frozen=True, slots=True)
class ActionStarted(Event):
    """An action initialised."""

    robot_id: str
    action: str
    tracks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActionEnded(Event):
    """An action's end phase has run."""

    robot_id: str
    action: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScriptStarted(Event):
    """A coroutine script began."""

    script: str


@dataclass(frozen=True, slots=True)
class ScriptEnded(Event):
    """A coroutine script returned, was cancelled, or raised."""

    script: str
    outcome: str


Subscriber = Callable[[Event], None]


class EventBus:
    """Publishes events to subscribers, in the order in which they subscribed."""

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []
        self._frame: list[Event] = []

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` with each event from now on; the returned function ends that."""
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Hand an event to everyone. A subscriber that raises is reported and does not stop it."""
        self._frame.append(event)
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(event)
            except Exception as error:  # noqa: BLE001 - whatever it is, the frame goes on
                warnings.warn(
                    f"a subscriber of events raised {type(error).__name__}: {error} "
                    f"(at {type(event).__name__}, frame {event.frame})",
                    RuntimeWarning,
                    stacklevel=2,
                )

    def take(self) -> list[Event]:
        """The events since the last call."""
        taken, self._frame = self._frame, []
        return taken
