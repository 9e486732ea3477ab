from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.core.errors import SafetyInputError
from counterpoint.safety.joint_box import JointBox

DT = 0.02


def box(**changes: object) -> JointBox:
    limits = {
        "lower": [-1.0, -0.5], "upper": [1.0, 0.2], "velocity": [2.0, 1.0],
        "acceleration": [10.0, 3.0], "dt": DT,
    }  # fmt: skip
    return JointBox(**{**limits, **changes})


STATE = st.tuples(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0)).map(np.array)


@given(STATE, STATE)
def test_the_lower_end_never_exceeds_the_upper_one(q, q_dot):
    low, high = box().at(q, q_dot)
    assert (low <= high).all() and np.isfinite(low).all() and np.isfinite(high).all()


@given(STATE, STATE)
def test_acceleration_is_kept_whatever_the_other_limits_ask(q, q_dot):
    limits = box()
    low, high = limits.at(q, q_dot)
    reach = limits.acceleration * DT + 1e-12
    assert (low >= q_dot - reach).all() and (high <= q_dot + reach).all()


@given(
    st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)), min_size=1, max_size=120),
    st.floats(0.0, 1.0),
)
def test_an_arm_that_starts_within_its_limits_stays_there_and_never_runs_out_of_choice(
    choices, start
):
    limits = box()
    q = limits.lower + start * (limits.upper - limits.lower)
    q_dot = np.zeros(2)
    for choice in choices:
        low, high = limits.at(q, q_dot)
        before = q_dot
        q_dot = low + np.array(choice) * (high - low)
        assert (np.abs(q_dot) <= limits.velocity + 1e-12).all()
        assert (np.abs(q_dot - before) <= limits.acceleration * DT + 1e-12).all()
        q = q + q_dot * DT
        assert (q >= limits.lower - 1e-9).all() and (q <= limits.upper + 1e-9).all()


@pytest.mark.parametrize("room", [0.0, 1e-4, 0.004, 0.0059, 0.1, 1.0])
def test_the_stopping_speed_uses_up_the_room_exactly(room):
    limits = box()
    speed = float(limits.stopping_speed(np.array([room, room]))[0])
    travelled, v = 0.0, speed
    while v > 0.0:
        travelled += v * DT
        v -= 10.0 * DT
    assert travelled == pytest.approx(room, abs=1e-12)


def test_a_joint_outside_its_range_is_brought_back():
    low, high = box().at(np.array([1.5, 0.0]), np.zeros(2))
    assert high[0] < 0.0 and low[0] == high[0] == pytest.approx(-10.0 * DT)


def test_endless_joints_have_no_position_limit():
    limits = box(lower=[-math.inf] * 2, upper=[math.inf] * 2)
    low, high = limits.at(np.array([1e6, 0.0]), np.zeros(2))
    assert high == pytest.approx(limits.acceleration * DT)
    assert low == pytest.approx(-limits.acceleration * DT)


@pytest.mark.parametrize(
    "changes",
    [
        {"lower": [0.0]},
        {"lower": [2.0, 0.0]},
        {"lower": [math.nan, 0.0]},
        {"velocity": [0.0, 1.0]},
        {"velocity": [math.inf, 1.0]},
        {"acceleration": [-1.0, 1.0]},
        {"dt": 0.0},
        {"dt": math.nan},
    ],
)
def test_limits_that_cannot_hold_are_refused(changes):
    with pytest.raises(SafetyInputError):
        box(**changes)
