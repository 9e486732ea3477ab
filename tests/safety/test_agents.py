from __future__ import annotations

import math

import numpy as np
import pytest

from counterpoint.core.errors import CounterpointError, SafetyError, SafetyInputError
from counterpoint.safety.agents import (
    Agents,
    AgentSnapshot,
    canonical_pair_key,
    canonical_pair_order,
    make_pair_keys,
)
from counterpoint.safety.bounds import Bounds


def test_a_snapshot_copies_its_arrays_and_makes_them_read_only():
    position = np.array([1.0, 2.0])
    snapshot = AgentSnapshot(position, [0, 1], 0.3)
    position[0] = 9.0
    assert snapshot.position.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        snapshot.velocity[0] = 1.0


@pytest.mark.parametrize(
    ("position", "velocity", "radius", "says"),
    [
        ([0.0], [0.0], 0.1, "shape"),
        ([0.0] * 4, [0.0] * 4, 0.1, "shape"),
        ([0.0, 0.0], [0.0] * 3, 0.1, "velocity"),
        ([math.nan, 0.0], [0.0, 0.0], 0.1, "finite"),
        ([0.0, 0.0], [math.inf, 0.0], 0.1, "finite"),
        ([0.0, 0.0], [0.0, 0.0], -0.1, "radius"),
        ([0.0, 0.0], [0.0, 0.0], math.nan, "radius"),
        ("here", [0.0, 0.0], 0.1, "numbers"),
    ],
)
def test_a_snapshot_that_cannot_be_worked_with_is_refused(position, velocity, radius, says):
    with pytest.raises(SafetyInputError, match=says):
        AgentSnapshot(position, velocity, radius)


def test_stacked_agents_hold_what_the_snapshots_hold_in_their_order():
    agents = Agents.stack(
        {"b": AgentSnapshot([1, 2], [3, 4], 0.1), "a": AgentSnapshot([5, 6], [7, 8], 0.2)}
    )
    assert agents.ids == ("b", "a") and agents.row_of("a") == 1
    np.testing.assert_array_equal(agents.position, [[1, 2], [5, 6]])
    np.testing.assert_array_equal(agents.velocity, [[3, 4], [7, 8]])
    np.testing.assert_array_equal(agents.radius, [0.1, 0.2])


def test_planar_and_spatial_agents_are_not_stacked():
    with pytest.raises(SafetyInputError, match="2-D"):
        Agents.stack(
            {"a": AgentSnapshot([1, 2], [3, 4], 0.1), "b": AgentSnapshot([1] * 3, [0] * 3, 0.1)}
        )
    with pytest.raises(SafetyInputError, match="one or more"):
        Agents.stack({})


@pytest.mark.parametrize(
    ("ids", "position", "velocity", "radius", "says"),
    [
        (("a", "a"), np.zeros((2, 2)), np.zeros((2, 2)), 0.1, "more than once: 'a'"),
        (("a", "b"), np.zeros((3, 2)), np.zeros((3, 2)), 0.1, "position"),
        (("a", "b"), np.zeros((2, 4)), np.zeros((2, 4)), 0.1, "position"),
        (("a", "b"), np.zeros((2, 2)), np.zeros((2, 3)), 0.1, "velocity"),
        (("a", "b"), np.zeros((2, 2)), np.full((2, 2), np.nan), 0.1, "'a', 'b'"),
        (("a", "b"), np.zeros((2, 2)), np.zeros((2, 2)), [0.1, np.inf], "that of 'b'"),
        (("a", "b"), np.zeros((2, 2)), np.zeros((2, 2)), [0.1, -1.0], "radius"),
    ],
)
def test_agents_that_cannot_be_worked_with_are_refused_by_name(
    ids, position, velocity, radius, says
):
    with pytest.raises(SafetyInputError, match=says):
        Agents.of(ids, position, velocity, radius)


def test_an_unknown_agent_is_an_error_that_lists_those_there_are():
    agents = Agents.of(("a", "b"), np.zeros((2, 2)), np.zeros((2, 2)), 0.1)
    with pytest.raises(SafetyInputError, match=r"no agent 'c'.*'a', 'b'"):
        agents.row_of("c")


def test_a_pair_has_one_key_whatever_the_order():
    assert canonical_pair_key("b", "a") == canonical_pair_key("a", "b") == ("a", "b")
    with pytest.raises(SafetyInputError, match="different"):
        canonical_pair_key("a", "a")


def test_pair_keys_name_every_pair_once_in_an_order_of_their_own():
    keys = make_pair_keys(["c", "a", "b"])
    assert keys == [("a", "b"), ("a", "c"), ("b", "c")] == make_pair_keys(["b", "c", "a"])
    assert make_pair_keys(["a"]) == []
    with pytest.raises(SafetyInputError, match="'a'"):
        canonical_pair_order(["a", "b", "a"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"action_linf_component": 0.0},
        {"action_linf_component": math.nan},
        {"cartesian_accel_capacity": -1.0},
        {"cartesian_accel_capacity": math.inf},
        {"action_rate": 0.0},
        {"comm_latency_ms": -1.0},
        {"comm_latency_ms": math.inf},
        {"force_limit": math.nan},
    ],
)
def test_bounds_refuse_what_bounds_nothing(wrong):
    good = {"action_linf_component": 1.0, "cartesian_accel_capacity": 1.0}
    with pytest.raises(SafetyInputError, match=next(iter(wrong))):
        Bounds(**good | wrong)
    assert Bounds(**good).force_limit == math.inf


def test_every_error_of_the_safety_layers_can_be_caught_as_one():
    assert issubclass(SafetyInputError, SafetyError) and issubclass(SafetyInputError, ValueError)
    assert issubclass(SafetyError, CounterpointError)
