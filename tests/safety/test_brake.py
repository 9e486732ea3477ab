from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.core.errors import SafetyInputError
from counterpoint.safety.brake import (
    DEFAULT_TAU_BRAKE,
    BrakeCause,
    all_pairs,
    decide_brake,
    time_to_collision,
)

NUMBER = st.floats(-5.0, 5.0)
VECTOR = st.tuples(NUMBER, NUMBER, NUMBER).map(np.array)


def two(gap: float, closing: float = 0.0, **options: object):
    """Two spheres of 0.5 m on a line, `gap` apart, the second approaching."""
    return decide_brake(
        [[0.0, 0.0], [1.0 + gap, 0.0]], [[0.0, 0.0], [-closing, 0.0]], [0.5, 0.5], **options
    )


@given(VECTOR, VECTOR, st.floats(0.01, 3.0))
def test_the_spheres_touch_at_the_time_to_collision_and_not_before(p, v, d):
    time = float(time_to_collision(p[None], v[None], d)[0])
    if time == 0.0:
        assert np.linalg.norm(p) <= d * (1 + 1e-12)
    elif math.isfinite(time):
        scale = np.linalg.norm(p) + np.linalg.norm(v) * time
        assert np.linalg.norm(p + v * time) == pytest.approx(d, abs=1e-7 * scale + 1e-9)
        for share in np.linspace(0.0, 0.99, 12):
            assert np.linalg.norm(p + v * time * share) >= d - 1e-7 * scale
    else:
        for later in np.geomspace(1e-3, 1e3, 30):
            assert np.linalg.norm(p + v * later) > d * (1 - 1e-6)


@pytest.mark.parametrize(
    ("offset", "velocity", "expected"),
    [
        ((2.0, 0.0), (-1.0, 0.0), 1.0),
        ((2.0, 0.0), (1.0, 0.0), math.inf),
        ((2.0, 0.0), (0.0, 0.0), math.inf),
        ((2.0, 1.5), (-1.0, 0.0), math.inf),
        ((0.5, 0.0), (9.0, 0.0), 0.0),
        ((1.0, 0.0), (1.0, 0.0), 0.0),
        ((2e200, 0.0), (-1e200, 0.0), 2.0),
        ((2.0, 0.0), (-1e-200, 0.0), 1e200),
        ((math.nan, 0.0), (1.0, 0.0), math.nan),
        ((2.0, 0.0), (math.inf, 0.0), math.nan),
    ],
)
def test_times_to_collision_of_known_encounters(offset, velocity, expected):
    time = time_to_collision([offset], [velocity], 1.0)
    assert time[0] == pytest.approx(expected, rel=1e-9, nan_ok=True)


def test_pairs_are_enumerated_once_in_order():
    assert all_pairs(3).tolist() == [[0, 1], [0, 2], [1, 2]]
    assert all_pairs(1).shape == (0, 2)


def test_an_overlap_fires_and_counts_as_a_violation_at_rest():
    brake = two(-0.01)
    assert brake.fired and brake.overlaps == 1
    assert brake.causes.tolist() == [BrakeCause.OVERLAP]
    assert brake.away.tolist() == [[-1.0, 0.0], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ({"barrier": [-1e-9]}, BrakeCause.BARRIER),
        ({"barrier": [math.nan]}, BrakeCause.NOT_FINITE),
        ({"failed": [True]}, BrakeCause.INFEASIBLE),
        ({"failed": True}, BrakeCause.INFEASIBLE),
        ({"closing": 11.0, "tau_brake": DEFAULT_TAU_BRAKE}, BrakeCause.TIME_TO_COLLISION),
    ],
)
def test_every_cause_fires_alone(options, cause):
    brake = two(1.0, **options)
    assert brake.causes.tolist() == [cause]
    assert brake.endangered.all() and brake.overlaps == 0


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"barrier": [0.0]},
        {"failed": [False]},
        {"closing": 9.0, "tau_brake": DEFAULT_TAU_BRAKE},
        {"closing": 1000.0, "barrier": [0.5]},
    ],
)
def test_the_brake_leaves_it_to_the_filter_while_the_filter_copes(options):
    brake = two(1.0, **options)
    assert not brake.fired and not brake.away.any()


@pytest.mark.parametrize("field", ["position", "velocity", "radius"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_state_that_is_not_finite_brakes_everyone_who_depends_on_it(field, value):
    p = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 9.0]])
    v, r = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 2.0]]), np.full(3, 0.5)
    {"position": p, "velocity": v, "radius": r}[field][1] = value
    brake = decide_brake(p, v, r)
    assert brake.endangered.all()
    assert brake.blind.tolist() == [False, True, False]
    # Those who still know themselves brake against their own velocity.
    assert brake.away.tolist() == [[-1.0, 0.0], [0.0, 0.0], [0.0, -1.0]]


def test_an_agent_alone_with_a_state_that_is_not_finite_brakes():
    brake = decide_brake([[math.nan, 0.0]], [[0.0, 0.0]], [0.1])
    assert brake.fired and brake.blind.all()


def test_pushes_of_two_sides_cancel_and_others_add_up():
    between = decide_brake([[0, 0], [-0.9, 0], [0.9, 0]], np.zeros((3, 2)), np.full(3, 0.5))
    assert between.away[0].tolist() == [0.0, 0.0] and between.endangered[0]
    corner = decide_brake([[0, 0], [-0.9, 0], [0, -0.9]], np.zeros((3, 2)), np.full(3, 0.5))
    assert corner.away[0] == pytest.approx([math.sqrt(0.5)] * 2)


def test_coincident_centres_part_along_the_first_axis():
    brake = decide_brake(np.zeros((2, 3)), np.zeros((2, 3)), [0.1, 0.1])
    assert brake.away.tolist() == [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]


def test_only_the_pairs_given_are_looked_at():
    p = [[0.0, 0.0], [0.1, 0.0], [5.0, 0.0]]
    brake = decide_brake(p, np.zeros((3, 2)), np.full(3, 0.5), pairs=[[0, 2]])
    assert not brake.fired


@pytest.mark.parametrize(
    "arguments",
    [
        ([0.0, 0.0], [0.0, 0.0], [0.5], {}),
        ([[0.0, 0.0]], [[0.0]], [0.5], {}),
        ([[0.0, 0.0]], [[0.0, 0.0]], [0.5, 0.5], {}),
        ([[0.0, 0.0]], [[0.0, 0.0]], [-0.5], {}),
        ([[0.0, 0.0]] * 2, [[0.0, 0.0]] * 2, [0.5] * 2, {"pairs": [[0, 2]]}),
        ([[0.0, 0.0]] * 2, [[0.0, 0.0]] * 2, [0.5] * 2, {"pairs": [[1, 1]]}),
        ([[0.0, 0.0]] * 2, [[0.0, 0.0]] * 2, [0.5] * 2, {"barrier": [1.0, 1.0]}),
        ([[0.0, 0.0]] * 2, [[0.0, 0.0]] * 2, [0.5] * 2, {"tau_brake": math.nan}),
    ],
)
def test_what_cannot_be_a_scene_is_refused(arguments):
    *scene, options = arguments
    with pytest.raises(SafetyInputError):
        decide_brake(*scene, **options)


@given(st.lists(st.tuples(VECTOR, VECTOR), min_size=2, max_size=6))
def test_agents_pushed_apart_separate(agents):
    p, v = (np.array(part) for part in zip(*agents, strict=True))
    brake = decide_brake(p, v, np.full(len(p), 1.0))
    alone = np.bincount(brake.pairs[brake.causes != 0].ravel(), minlength=len(p)) == 1
    for i, j in brake.pairs[brake.causes != 0]:
        if alone[i] and alone[j]:
            before = np.linalg.norm(p[i] - p[j])
            after = np.linalg.norm(p[i] + 1e-3 * brake.away[i] - p[j] - 1e-3 * brake.away[j])
            assert after == pytest.approx(before + 2e-3, abs=1e-9)
