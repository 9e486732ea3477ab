"""Nothing is lost: what is before the damage of a file is read, and the rest is reported."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.opcode import Opcode

from counterpoint.recording.chunks import MAGIC

Read = Callable[[bytes], Any]


class Whole(NamedTuple):
    """A recording, what is in it, and where its data ends and its index begins."""

    data: bytes
    calls: list[str]
    data_end: int


@pytest.fixture(scope="module")
def whole(small: bytes, read: Read) -> Whole:
    outcome = read(small)
    assert outcome.error is None and not outcome.is_cut
    at = len(MAGIC)
    while small[at] != Opcode.DATA_END:
        at += 9 + int.from_bytes(small[at + 1 : at + 9], "little")
    return Whole(small, outcome.calls, at)


def assert_nothing_is_lost_in_silence(whole: Whole, data: bytes, read: Read) -> None:
    outcome = read(data)
    if outcome.calls is None:
        assert outcome.error
        return
    assert outcome.calls == whole.calls[: len(outcome.calls)]
    if outcome.error is None:
        # The index is for other programs: nothing is read from it, so nothing is lost with it.
        assert outcome.calls == whole.calls
        assert data[: whole.data_end] == whole.data[: whole.data_end]


def test_a_cut_at_any_byte_leaves_all_calls_that_were_flushed_before_it(
    whole: Whole, read: Read
) -> None:
    readable = 0
    for size in range(len(whole.data)):
        outcome = read(whole.data[:size])
        assert outcome.error, f"a cut at byte {size} goes unnoticed"
        assert outcome.calls is None or outcome.is_cut
        count = len(outcome.calls or ())
        assert (outcome.calls or []) == whole.calls[:count]
        assert count >= readable, f"a cut at byte {size} loses what was there before"
        readable = count
    assert readable == len(whole.calls)


def test_a_byte_that_is_missing_or_added_anywhere_is_noticed(whole: Whole, read: Read) -> None:
    for at in range(0, whole.data_end, 11):
        for data in (
            whole.data[:at] + whole.data[at + 1 :],
            whole.data[:at] + b"\0" + whole.data[at:],
        ):
            if data[: whole.data_end] != whole.data[: whole.data_end]:
                assert read(data).error
            assert_nothing_is_lost_in_silence(whole, data, read)


def test_a_chunk_that_is_missing_doubled_or_moved_is_noticed(whole: Whole, read: Read) -> None:
    cuts = [len(MAGIC)]
    while cuts[-1] < whole.data_end:
        at = cuts[-1]
        cuts.append(at + 9 + int.from_bytes(whole.data[at + 1 : at + 9], "little"))
    records = [whole.data[a:b] for a, b in pairwise(cuts)]
    rest = whole.data[whole.data_end :]
    chunks = [i for i, r in enumerate(records) if r[0] == Opcode.CHUNK]
    assert len(chunks) >= 4
    for i in chunks:
        missing = [*records[:i], *records[i + 1 :]]
        doubled = [*records[: i + 1], *records[i:]]
        for other in (missing, doubled, [*missing, records[i]]):
            if other != records:
                data = MAGIC + b"".join(other) + rest
                assert read(data).error
                assert_nothing_is_lost_in_silence(whole, data, read)


def flipped(data: bytes, places: list[int]) -> bytes:
    """The bytes, with the bits at these places turned round."""
    changed = bytearray(data)
    for place in places:
        changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def flips(draw: st.DataObject, whole: Whole) -> list[int]:
    """One place, or up to thirty."""
    place = st.integers(0, 8 * len(whole.data) - 1)
    return draw.draw(st.lists(place, min_size=1, max_size=30, unique=True))


EXAMPLES = settings(
    max_examples=1_000, deadline=1_000, suppress_health_check=[HealthCheck.too_slow]
)


@given(draw=st.data())
@EXAMPLES
def test_flipped_bits_never_change_what_is_read_in_silence(
    whole: Whole, read: Read, draw: st.DataObject
) -> None:
    assert_nothing_is_lost_in_silence(whole, flipped(whole.data, flips(draw, whole)), read)


@pytest.mark.slow
@given(draw=st.data())
@settings(EXAMPLES, max_examples=10_000)
def test_ten_thousand_flips_never_change_what_is_read_in_silence(
    whole: Whole, read: Read, draw: st.DataObject
) -> None:
    assert_nothing_is_lost_in_silence(whole, flipped(whole.data, flips(draw, whole)), read)


@given(junk=st.binary(max_size=200), magic=st.booleans())
@settings(max_examples=300, deadline=1_000)
def test_junk_is_never_taken_for_a_recording(junk: bytes, magic: bool, read: Read) -> None:
    outcome = read(MAGIC + junk if magic else junk)
    assert outcome.calls is None
    assert "some.mcap" in outcome.error
