"""Messages: in order on each link, late by the profile's delay, and lost at its rate."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.comm import DegradationProfile, Message, Messages, Noise, get_profile

ROBOTS = "abc"
SENDS = st.lists(
    st.tuples(st.sampled_from(ROBOTS), st.sampled_from(ROBOTS), st.integers(0, 3)), max_size=60
)


@given(SENDS, st.floats(0, 150), st.floats(0, 150), st.floats(0, 1), st.integers(0, 2**32))
def test_messages_arrive_once_in_the_order_of_their_sender_and_never_early(
    sends: list[tuple[str, str, int]], mean: float, std: float, drop: float, seed: int
) -> None:
    noise = Noise(DegradationProfile("any", mean, std, drop), 60, seed)
    messages, frame = Messages(noise), 1
    expected: dict[tuple[str, str], list[int]] = defaultdict(list)
    got: dict[tuple[str, str], list[int]] = defaultdict(list)
    latest: dict[tuple[str, str], int] = {}

    def deliver() -> None:
        arrived = messages.deliver(frame, ROBOTS)
        keys = [(m.sent, m.sender) for _, m in arrived]
        assert keys == sorted(keys)
        for receiver, message in arrived:
            link = message.sender, receiver
            assert message.received == frame > message.sent
            # Nothing waits longer than the longest delay, if need be of one sent before it.
            assert frame <= latest[link] + max(1, noise.profile.longest(60))
            got[link].append(message.value)

    for k, (sender, receiver, pause) in enumerate(sends):
        for _ in range(pause):
            frame += 1
            deliver()
        if messages.send(sender, receiver, k, frame):
            expected[sender, receiver].append(k)
            latest[sender, receiver] = frame
    for _ in range(60):
        frame += 1
        deliver()
    assert got == expected
    counts = messages.counts()
    assert counts.messages_sent == len(sends)
    assert counts.messages_delivered == sum(map(len, got.values()))
    assert counts.messages_dropped == len(sends) - counts.messages_delivered
    assert messages.counts("a", "b").messages_delivered == len(got["a", "b"])


def test_the_fate_of_messages_on_one_link_does_not_depend_on_the_others() -> None:
    def fates(crowd: bool) -> list[bool]:
        messages = Messages(Noise(get_profile("saturation"), 60, 5))
        found = []
        for k in range(200):
            if crowd:
                messages.send("c", "b", k, k)
            found.append(messages.send("a", "b", k, k))
        return found

    assert fates(crowd=True) == fates(crowd=False)
    assert {True, False} == set(fates(crowd=False))


def test_a_message_takes_a_frame_even_without_delay() -> None:
    messages = Messages(Noise(get_profile("ideal"), 60, 0))
    assert messages.send("a", "b", "hello", 7)
    assert messages.deliver(7, "ab") == []
    assert messages.deliver(8, "ab") == [("b", Message("a", "hello", 7, 8))]
    assert messages.deliver(9, "ab") == []


def test_what_is_for_a_robot_that_is_gone_is_lost() -> None:
    messages = Messages(Noise(get_profile("ideal"), 60, 0))
    messages.send("a", "b", 1, 0)
    assert messages.deliver(1, "a") == messages.deliver(2, "ab") == []
    assert messages.counts().messages_delivered == 0


@pytest.mark.parametrize("drop", [0.0, 0.3, 1.0])
def test_messages_are_lost_at_the_rate_of_the_profile(drop: float) -> None:
    messages = Messages(Noise(DegradationProfile("any", 10, 1, drop), 60, 1))
    kept = sum(messages.send("a", "b", k, k) for k in range(4000))
    assert abs(kept / 4000 - (1 - drop)) <= 5 * (drop * (1 - drop) / 4000) ** 0.5
