"""Digests of nested values."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint import ActionStatus
from counterpoint.core.digest import digest_of

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
LISTS = st.lists(LEAVES | st.lists(LEAVES, max_size=3), max_size=4)
VALUES = LEAVES | LISTS | st.dictionaries(st.text(), LEAVES | LISTS, max_size=4)


def copy_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: copy_of(v) for k, v in value.items()}
    return [copy_of(v) for v in value] if isinstance(value, list) else value


@given(VALUES)
def test_equal_values_have_equal_digests_of_32_hex_characters(value: Any) -> None:
    digest = digest_of(value)
    assert digest == digest_of(copy_of(value))
    assert len(digest) == 32
    int(digest, 16)


def test_values_that_differ_in_kind_or_nesting_have_different_digests() -> None:
    values = [
        None, 0, 1, True, False, 0.0, 1.0, "", "0", "None", [], [[]], {}, [0], [1, 2], [2, 1], "12",
        [1, [2]], [[1], 2], {"a": 1}, {"b": 1}, {"a": 2}, {"a": 1, "b": 2}, {"b": 2, "a": 1},
        np.zeros(2), np.zeros(3), np.zeros((1, 2)), np.zeros(2, np.float32), np.zeros(2, int),
        [0.0, 0.0], "list:0;", ActionStatus.success, ActionStatus.failure,
    ]  # fmt: skip
    digests = [digest_of(v) for v in values]
    same = [
        (values[i], values[j])
        for i, j in combinations(range(len(values)), 2)
        if digests[i] == digests[j]
    ]
    assert same == []


def test_strings_do_not_run_into_each_other() -> None:
    assert digest_of(["a;", "b"]) != digest_of(["a", ";b"])
    assert digest_of(["a;str:b"]) != digest_of(["a", "b"])
    assert digest_of(["a;str:b", "c"]) != digest_of(["a", "b;str:c"])


def test_numpy_scalars_and_views_digest_by_value() -> None:
    assert digest_of(np.float64(0.5)) == digest_of(0.5)
    assert digest_of(np.arange(6)[::2]) == digest_of(np.array([0, 2, 4]))


@pytest.mark.parametrize("value", [object(), {1, 2}, lambda: 0, [object()]])
def test_what_has_no_value_of_its_own_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="digest"):
        digest_of(value)
