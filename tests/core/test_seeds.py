"""Named random streams."""

from __future__ import annotations

import dataclasses
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint import derive_substream
from counterpoint.core.seeds import Substream

NAMES = st.text(min_size=1, max_size=40)
SEEDS = st.integers(0, 2**63)
GOLDEN_DRAWS = [0.8799126713444684, 0.310590373544381, 0.14910982221695768]
GOLDEN_INTEGERS = [760, 879, 825, 310, 934]


def first_draws(stream: Substream, n: int = 4) -> list[int]:
    return stream.default_rng().integers(0, 2**62, n).tolist()


def test_draws_are_the_same_for_ever() -> None:
    draws = derive_substream("placement", 7).default_rng().random(3)
    np.testing.assert_array_equal(draws, GOLDEN_DRAWS)
    assert derive_substream("placement", 7).default_rng().integers(0, 1000, 5).tolist() == (
        GOLDEN_INTEGERS
    )


def test_the_spawn_key_is_the_digest_of_the_name() -> None:
    digest = blake2b(b"placement", digest_size=16).digest()
    key = derive_substream("placement", 3).spawn_key
    assert key == (int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big"))


@given(NAMES, SEEDS)
def test_the_same_name_and_seed_give_the_same_draws(name: str, seed: int) -> None:
    assert first_draws(derive_substream(name, seed)) == first_draws(derive_substream(name, seed))


@given(NAMES, NAMES, SEEDS)
def test_different_names_give_different_draws(one: str, other: str, seed: int) -> None:
    same = first_draws(derive_substream(one, seed)) == first_draws(derive_substream(other, seed))
    assert same == (one == other)


@given(NAMES, SEEDS, SEEDS)
def test_different_seeds_give_different_draws(name: str, one: int, other: int) -> None:
    same = first_draws(derive_substream(name, one)) == first_draws(derive_substream(name, other))
    assert same == (one == other)


def test_streams_of_different_names_are_uncorrelated() -> None:
    draws = np.stack(
        [derive_substream(f"stream {i}").default_rng().standard_normal(4000) for i in range(12)]
    )
    correlation = np.corrcoef(draws) - np.eye(12)
    assert np.abs(correlation).max() < 5 / np.sqrt(4000)


def test_drawing_from_one_stream_does_not_move_another() -> None:
    one, other = derive_substream("one"), derive_substream("other")
    before = first_draws(other)
    one.default_rng().random(1000)
    assert first_draws(other) == before


def test_each_generator_begins_at_the_streams_beginning() -> None:
    stream = derive_substream("again")
    stream.default_rng().random(10)
    assert first_draws(stream) == first_draws(stream)


def test_a_stream_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        derive_substream("frozen").root_seed = 1  # type: ignore[misc]


@given(st.integers(1, 8), st.integers(1, 8))
def test_a_child_is_the_same_however_many_there_are(n: int, m: int) -> None:
    stream = derive_substream("parent", 5)
    few, many = sorted((stream.spawn(n), stream.spawn(m)), key=len)
    assert many[: len(few)] == few


def test_children_differ_from_each_other_and_from_their_parent() -> None:
    stream = derive_substream("parent", 5)
    family = [stream, *stream.spawn(4), *stream.spawn(1)[0].spawn(2)]
    assert len({tuple(first_draws(s)) for s in family}) == len(family)


@pytest.mark.parametrize(("name", "seed"), [("", 0), (3, 0), (None, 0), ("ok", -1)])
def test_a_bad_name_or_seed_is_refused(name: object, seed: int) -> None:
    with pytest.raises(ValueError, match=r"name|root_seed"):
        derive_substream(name, seed)  # type: ignore[arg-type]
