"""Events and who hears of them."""

from __future__ import annotations

import json

import pytest

from counterpoint.core.events import ActionEnded, ActionStarted, Event, EventBus

STARTED = ActionStarted(3, "a", "MoveBy", ("base",))
ENDED = ActionEnded(9, "a", "MoveBy", "success", "there")


def test_subscribers_hear_every_event_in_the_order_in_which_they_subscribed() -> None:
    bus = EventBus()
    heard: list[tuple[str, Event]] = []
    bus.subscribe(lambda e: heard.append(("first", e)))
    bus.subscribe(lambda e: heard.append(("second", e)))
    bus.publish(STARTED)
    bus.publish(ENDED)
    assert heard == [("first", STARTED), ("second", STARTED), ("first", ENDED), ("second", ENDED)]


def test_a_subscriber_that_raises_warns_and_does_not_stop_the_others() -> None:
    bus = EventBus()
    heard: list[Event] = []

    def broken(event: Event) -> None:
        raise RuntimeError("no")

    bus.subscribe(broken)
    bus.subscribe(heard.append)
    with pytest.warns(RuntimeWarning, match=r"RuntimeError: no .*ActionStarted, frame 3"):
        bus.publish(STARTED)
    assert heard == [STARTED]
    assert bus.take() == [STARTED]


def test_who_unsubscribed_hears_no_more_and_may_do_so_twice() -> None:
    bus = EventBus()
    heard: list[Event] = []
    stop = bus.subscribe(heard.append)
    bus.publish(STARTED)
    stop()
    stop()
    bus.publish(ENDED)
    assert heard == [STARTED]


def test_subscribers_may_come_and_go_while_an_event_is_published() -> None:
    bus = EventBus()
    heard: list[str] = []

    def once(event: Event) -> None:
        heard.append("once")
        stop()
        bus.subscribe(lambda e: heard.append("late"))

    stop = bus.subscribe(once)
    bus.subscribe(lambda e: heard.append("always"))
    bus.publish(STARTED)
    assert heard == ["once", "always"]
    bus.publish(ENDED)
    assert heard == ["once", "always", "always", "late"]


def test_events_are_taken_once() -> None:
    bus = EventBus()
    bus.publish(STARTED)
    assert bus.take() == [STARTED]
    assert bus.take() == []


def test_events_are_frozen_and_ready_for_json() -> None:
    assert json.loads(json.dumps(STARTED.to_dict())) == {
        "type": "ActionStarted", "frame": 3, "robot_id": "a", "action": "MoveBy",
        "tracks": ["base"],
    }  # fmt: skip
    with pytest.raises(AttributeError):
        STARTED.frame = 4  # type: ignore[misc]
