from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from counterpoint.safety.barrier import (
    MIN_DISTANCE,
    Braking,
    barrier,
    braking_floor,
    centrifugal,
    drift,
    geometry,
    smallest,
    stopping_speed,
)
from counterpoint.safety.rows import ego_rows, joint_rows

GAMMA = 5.0


def states(rng, n, d, *, gap=(0.05, 3.0), speed=2.0):
    normal = rng.normal(size=(n, d))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    contact = rng.uniform(0.1, 1.0, size=n)
    offset = (contact + rng.uniform(*gap, size=n))[:, None] * normal
    return offset, rng.normal(scale=speed, size=(n, d)), contact


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_rate_of_the_barrier_agrees_with_finite_differences(dimension):
    rng = np.random.default_rng(0)
    alpha, step = 2.3, 1e-6
    offset, velocity, contact = states(rng, 500, dimension)
    accel = rng.normal(scale=3.0, size=offset.shape)

    def h(t):
        seen = geometry(offset + velocity * t + 0.5 * accel * t * t, velocity + accel * t)
        return barrier(seen.distance - contact, seen.closing, alpha)

    seen = geometry(offset, velocity)
    psi = stopping_speed(seen.distance - contact, alpha)
    rate = drift(psi, seen.closing, alpha) + centrifugal(velocity, seen)
    rate += np.vecdot(seen.normal, accel)
    np.testing.assert_allclose((h(step) - h(-step)) / (2 * step), rate, atol=1e-5)


@pytest.mark.parametrize("dimension", [2, 3])
def test_joint_rows_ask_for_what_the_barrier_condition_says(dimension):
    """Where the floor does not bind: `dh/dt = −γh − λ` at the relative acceleration asked for."""
    rng = np.random.default_rng(1)
    offset, velocity, contact = states(rng, 400, dimension, gap=(0.5, 3.0), speed=0.5)
    braking, lam, step = Braking.of(6.0, 0.0, 1e-9, dimension), 0.3, 1e-6
    rows = joint_rows(offset, velocity, contact, braking, lam, gamma=GAMMA)
    condition = rows.asked < braking.most - 1e-9
    seen = rows.geometry
    floor = braking_floor(seen.distance - contact, seen.closing, braking) - lam
    condition &= rows.asked > floor + 1e-9
    assert condition.sum() > 200
    accel = rows.asked[:, None] * rows.direction

    def h(t):
        later = geometry(offset + velocity * t + 0.5 * accel * t * t, velocity + accel * t)
        return barrier(later.distance - contact, later.closing, braking.alpha)

    rate = (h(step) - h(-step)) / (2 * step)
    np.testing.assert_allclose(rate[condition], (-GAMMA * rows.barrier - lam)[condition], atol=1e-5)


def test_the_floor_leaves_a_barrier_of_zero_after_the_period_and_the_gap_open_within_it():
    rng = np.random.default_rng(2)
    n = 4000
    gap = 3.0 * rng.uniform(size=n) ** 4 + 1e-9
    alpha, dt = 0.5 * 20 ** rng.uniform(size=n), 0.002 * 25 ** rng.uniform(size=n)
    closing = -stopping_speed(gap, alpha) * rng.uniform(-1.0, 1.0, size=n)
    braking = Braking(alpha, alpha, 0.0, dt, alpha * dt, (alpha * dt) ** 2)
    held = braking_floor(gap, closing, braking)
    assert (held <= alpha * (1 + 1e-9)).all(), "never more than there is"
    after, later = gap + closing * dt + 0.5 * held * dt * dt, closing + held * dt
    left = barrier(after, later, alpha)
    assert left.min() > -1e-9
    planned = 2 * gap + closing * dt >= 0
    np.testing.assert_allclose(left[planned], 0.0, atol=1e-6)
    for share in np.linspace(0, 1, 21):
        t = share * dt
        assert (gap + closing * t + 0.5 * held * t * t).min() > -1e-12
    assert planned.sum() > 100 and (~planned).sum() > 100


def test_less_than_the_floor_is_too_little():
    braking = Braking.of(4.0, 1.0, 0.05, 2)
    gap, closing = np.array([0.3]), np.array([-1.2])
    less = braking_floor(gap, closing, braking) - 0.01
    after = gap + closing * 0.05 + 0.5 * less * 0.05**2
    assert barrier(after, closing + less * 0.05, braking.alpha)[0] < 0


@pytest.mark.parametrize("dimension", [2, 3])
def test_rows_turn_to_a_direction_along_which_the_braking_plan_holds(dimension):
    rng = np.random.default_rng(3)
    offset, velocity, contact = states(rng, 3000, dimension, gap=(0.05, 0.5), speed=2.5)
    braking = Braking.of(4.0, 1.0, 0.02, dimension)
    rows = ego_rows(offset, velocity, contact, braking, None, gamma=GAMMA)
    turned = rows.certificate > rows.barrier
    assert turned.sum() > 100 and (rows.barrier[turned] < 0).all()
    np.testing.assert_allclose(np.linalg.norm(rows.direction, axis=1), 1.0, atol=1e-12)
    room = np.vecdot(rows.direction, offset) - contact - braking.margin
    ahead = np.vecdot(rows.direction, velocity)
    np.testing.assert_allclose(
        rows.certificate[turned], barrier(room, ahead, braking.alpha)[turned], atol=1e-9
    )


@pytest.mark.parametrize("dimension", [2, 3])
def test_no_other_direction_has_a_better_plan(dimension):
    rng = np.random.default_rng(4)
    offset, velocity, contact = states(rng, 300, dimension, gap=(0.05, 0.5), speed=2.5)
    braking = Braking.of(4.0, 1.0, 0.02, dimension)
    rows = ego_rows(offset, velocity, contact, braking, None, gamma=GAMMA)
    bad = (rows.barrier < 0) & (rows.geometry.distance > contact + braking.margin)
    for _ in range(400):
        other = rows.geometry.normal + rng.normal(scale=rng.uniform(0, 1.5), size=offset.shape)
        other /= np.linalg.norm(other, axis=1, keepdims=True)
        room = np.vecdot(other, offset) - contact - braking.margin
        h = barrier(room, np.vecdot(other, velocity), braking.alpha)
        h = np.where(room > 0, h, -np.inf)
        assert (h - rows.certificate)[bad].max() < 1e-4


def test_inside_the_margin_the_row_asks_for_all_there_is():
    braking = Braking.of(4.0, 1.0, 0.02, 2)
    offset = np.array([[0.5, 0.0], [0.3, 0.0], [0.5 + 0.5 * braking.margin, 0.0]])
    velocity = np.array([[1.0, 0.0], [0.0, 0.0], [5.0, 0.0]])
    rows = ego_rows(offset, velocity, np.full(3, 0.5), braking, None, gamma=GAMMA)
    np.testing.assert_allclose(rows.asked, 3.0)


def test_lambda_tightens_below_zero_and_loosens_above_it_down_to_nothing():
    rng = np.random.default_rng(5)
    offset, velocity, contact = states(rng, 500, 2, speed=1.0)
    braking = Braking.of(4.0, 1.0, 0.02, 2)
    asked = [
        ego_rows(offset, velocity, contact, braking, lam, gamma=GAMMA).asked
        for lam in (-50.0, -1.0, None, 1.0)
    ]
    np.testing.assert_array_equal(
        asked[2], ego_rows(offset, velocity, contact, braking, 0.0, gamma=GAMMA).asked
    )
    assert all((a >= b).all() for a, b in pairwise(asked))
    assert (asked[1] > asked[2]).any() and (asked[2] > asked[3]).any()
    assert (asked[0] == braking.most).mean() > 0.95


def test_coincident_centres_are_parted_along_the_first_axis():
    seen = geometry(np.zeros((2, 3)), np.array([[0.0, 0, 0], [2.0, 1, 0]]))
    np.testing.assert_array_equal(seen.normal, [[1, 0, 0]] * 2)
    np.testing.assert_array_equal(seen.distance, MIN_DISTANCE)
    np.testing.assert_array_equal(seen.closing, [0, 2])


@pytest.mark.parametrize("size", [0, 1, 5, 500])
def test_the_smallest_number_is_found_whatever_the_size(size):
    values = np.random.default_rng(0).normal(size=size)
    assert smallest(values) == min(values, default=np.inf)
