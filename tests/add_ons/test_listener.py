"""What the monitor makes of packets: a circle that holds a partner, whatever it did since."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoint.add_ons.safety.radio import EXTENT, GROWTH, Listener, Partner
from counterpoint.comm import CommPacket

DT = 1 / 60


def packet(position: np.ndarray, age: int, **predicates: float) -> CommPacket:
    """What is heard of `b`, `age` frames old."""
    pose = np.array([[*position, 0.0]])
    said = {"b": predicates} if predicates else {}
    return CommPacket(("b",), pose, np.array([[1.0, 0, 0, 0]]), np.array([age * DT]), said)


@settings(max_examples=200)
@given(st.integers(0, 10_000), st.floats(0.1, 3.0), st.integers(0, 12), st.integers(1, 6))
def test_the_circle_holds_a_partner_that_accelerates_at_random(seed, worst, delay, every):
    rng = np.random.default_rng(seed)
    position, velocity = rng.uniform(-2, 2, 2), rng.uniform(-1, 1, 2)
    extent, path = 0.5, []
    listener = Listener(DT)
    news = None
    for frame in range(60):
        path.append((position.copy(), extent))
        direction = rng.normal(size=2)
        push = worst * direction / np.linalg.norm(direction)
        position = position + velocity * DT + 0.5 * push * DT * DT
        velocity = velocity + push * DT
        # The end of a held acceleration is what the drives command.
        if frame % every == 0 and frame >= delay:
            news = frame - delay
        extent += rng.uniform(-GROWTH, GROWTH) * DT
        if news is None:
            continue
        there, _ = path[news]
        before = path[max(news - 1, 0)][1]
        heard = listener.listen(
            "a", packet(there, frame - news, **{EXTENT: before}), frame, {"b": Partner(worst, 2.0)}
        )
        if "b" in heard:
            off = np.linalg.norm(path[frame][0] - heard["b"].position)
            assert off + path[frame][1] <= heard["b"].radius + 1e-9
            assert np.linalg.norm(velocity - heard["b"].velocity) <= heard["b"].doubt + worst * DT


def test_one_packet_says_nothing_about_motion():
    listener = Listener(DT)
    known = {"b": Partner(1.0, 2.0)}
    assert listener.listen("a", packet(np.zeros(2), 0), 5, known) == {}
    heard = listener.listen("a", packet(np.array([0.01, 0]), 0), 6, known)["b"]
    assert heard.velocity.tolist() == [0.6, 0.0]
    assert heard.radius == 2.0 and heard.said is None


def test_a_scene_that_begins_anew_is_not_taken_for_a_jump():
    listener = Listener(DT)
    known = {"b": Partner(1.0, 2.0)}
    listener.listen("a", packet(np.zeros(2), 0), 100, known)
    assert listener.listen("a", packet(np.full(2, 5.0), 0), 3, known) == {}


def test_an_extent_that_is_no_number_counts_as_none():
    listener = Listener(DT)
    known = {"b": Partner(1.0, 2.0)}
    listener.listen("a", packet(np.zeros(2), 0, extent=True), 1, known)
    assert listener.listen("a", packet(np.zeros(2), 0, extent=True), 2, known)["b"].radius == 2.0
