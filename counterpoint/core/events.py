"""What happens, as typed, immutable, JSON-ready records."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

EVENTS: dict[str, type[Event]] = {}
"""Every type of event by its name."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        frame: The frame in which it did.
    """

    frame: int

    def __init_subclass__(cls) -> None:
        EVENTS[cls.__name__] = cls

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


@dataclass(frozen=True, slots=True)
class ContactBegan(Event):
    """Two bodies begin to touch, with a force [N]; from `CollisionLog`."""

    first: str
    second: str
    force: float


@dataclass(frozen=True, slots=True)
class ContactEnded(Event):
    """Two bodies have parted, after so many frames and a greatest force [N]."""

    first: str
    second: str
    frames: int
    greatest_force: float


@dataclass(frozen=True, slots=True)
class FrameCompleted(Event):
    """A frame is complete. For subscribers who asked; not among the events of the response."""

    time: float


@dataclass(frozen=True, slots=True)
class MemorySet(Event):
    """A script has noted something down with `Recorder.memory_set()`."""

    keys: tuple[str | int, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class ClaimMade(Event):
    """An action asks for resources that its robot wants for itself alone."""

    robot_id: str
    action: str
    resources: tuple[str, ...]
    on_conflict: str


@dataclass(frozen=True, slots=True)
class ConflictSettled(Event):
    """Several robots want a resource; one of them has it, or is to have it next.

    Attributes:
        resource: What they want.
        winner: The robot that has it, or for which it is reserved.
        losers: Those that wait for it or have ended as `conflict`, best first.
        policy: The arbiter's.
        reason: Why the winner goes before the first of the losers.
    """

    resource: str
    winner: str
    losers: tuple[str, ...]
    policy: str
    reason: str


@dataclass(frozen=True, slots=True)
class Deadlock(Event):
    """Robots wait for each other in a circle.

    Attributes:
        robots: Each waits for the next one, and the last for the first.
        resources: What each of them waits for.
        ended: The robot whose action ends as `conflict`, so that the others go on.
        reason: The circle, spelled out.
    """

    robots: tuple[str, ...]
    resources: tuple[str, ...]
    ended: str
    reason: str


@dataclass(frozen=True, slots=True)
class MessageSent(Event):
    """A robot's script sends a message by radio; whether it arrives is not known yet.

    Attributes:
        sender: The robot that sends it.
        receiver: The robot that it is for.
        message: What it says, as JSON.
    """

    sender: str
    receiver: str
    message: str


@dataclass(frozen=True, slots=True)
class MessageDropped(Event):
    """The radio has lost a message. No robot is told."""

    sender: str
    receiver: str


@dataclass(frozen=True, slots=True)
class MessageArrived(Event):
    """A message lies in the receiver's inbox, so many seconds after it was sent."""

    sender: str
    receiver: str
    age: float


@dataclass(frozen=True, slots=True)
class SafetyIntervention(Event):
    """The safety monitor began to change what a robot was told to do; from `SafetyMonitor`.

    Attributes:
        robot_id: The robot.
        layer: `bases`, `arms` or `brake`.
        partner: The robot that it is kept away from.
        gap: Distance between the two [m].
    """

    robot_id: str
    layer: str
    partner: str
    gap: float


@dataclass(frozen=True, slots=True)
class ForeignEvent(Event):
    """An event from a recording, of a type that is not defined here."""

    type: str
    data: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """As it was recorded."""
        return {"type": self.type, "frame": self.frame, **self.data}


def event_from_dict(data: Mapping[str, Any]) -> Event:
    """The event that gave such a `to_dict()`.

    Raises:
        KeyError: If it has no type or no frame.
        TypeError: If its frame is no integer, or its type no string.
    """
    rest = dict(data)
    name, frame = rest.pop("type"), rest.pop("frame")
    if not isinstance(frame, int) or not isinstance(name, str):
        raise TypeError(f"an event of type {name!r} at frame {frame!r}")
    kind = EVENTS.get(name)
    if kind is None or kind is ForeignEvent or {f.name for f in fields(kind)} != {*rest, "frame"}:
        return ForeignEvent(frame, name, rest)
    return kind(frame, **{key: _tuples(value) for key, value in rest.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


Subscriber = Callable[[Event], None]


class EventBus:
    """Publishes events to subscribers, in the order in which they subscribed.

    Attributes:
        muted: Whether nothing is published, as in a replay, where events come from the recording.
    """

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []
        self._watchers: list[Subscriber] = []
        """Those that want to know of each frame, too."""
        self._frame: list[Event] = []
        self.muted = False

    def subscribe(self, subscriber: Subscriber, *, frames: bool = False) -> Callable[[], None]:
        """Call `subscriber` with each event from now on; the returned function ends that.

        With `frames`, also with a `FrameCompleted` at the end of each frame.
        """
        lists = [self._subscribers, *([self._watchers] if frames else [])]
        for those in lists:
            those.append(subscriber)

        def unsubscribe() -> None:
            for those in lists:
                if subscriber in those:
                    those.remove(subscriber)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Hand an event to everyone. A subscriber that raises is reported and does not stop it."""
        if self.muted:
            return
        self._frame.append(event)
        self._tell(event, self._subscribers)

    def complete(self, frame: int, time: float) -> None:
        """Tell those who asked that a frame is complete."""
        if self._watchers:
            self._tell(FrameCompleted(frame, time), self._watchers)

    def _tell(self, event: Event, subscribers: list[Subscriber]) -> None:
        for subscriber in tuple(subscribers):
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
