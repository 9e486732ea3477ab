from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_bodies import NUMBERS, PARTNERS, simulate, starts

STARTS_EACH = 20
ROUNDING = 1e-9  # m
ROUNDING_OF_ROOT = 1e-6  # m/s: what rounding of a gap of 0 does to the root of it

unit = st.floats(0.0, 1.0, allow_subnormal=False)
batches = st.lists(
    st.lists(unit, min_size=NUMBERS, max_size=NUMBERS), min_size=STARTS_EACH, max_size=STARTS_EACH
)


@settings(max_examples=50, deadline=None)
@given(batch=batches, dimension=st.sampled_from([2, 3]), seed=st.integers(0, 2**32 - 1))
def test_no_start_with_a_way_to_stop_ends_in_contact_or_without_an_answer(batch, dimension, seed):
    given_starts = starts(np.array(batch), dimension)
    outcome = simulate(given_starts, np.random.default_rng(seed), periods=150)
    assert outcome.smallest_gap.min() > 0
    assert outcome.infeasible.sum() == 0
    assert outcome.smallest_certificate.min() >= -ROUNDING_OF_ROOT


@pytest.mark.parametrize("dimension", [2, 3])
def test_a_thousand_random_starts_against_every_partner_keep_even_the_margin(dimension):
    rng = np.random.default_rng(dimension)
    given_starts = starts(rng.uniform(size=(1000, NUMBERS)), dimension)
    outcome = simulate(given_starts, rng, periods=200)
    margin = 0.5 * (
        dimension**0.5 * given_starts.capacity + given_starts.partner_accel
    ) * given_starts.dt**2  # fmt: skip
    assert (outcome.smallest_gap - margin).min() > -ROUNDING
    assert outcome.infeasible.sum() == 0
    assert set(given_starts.partner.tolist()) == set(range(len(PARTNERS)))
    assert (outcome.active > 0).mean() > 0.7, "egos want to collide, and are held back"
    assert outcome.turned.sum() > 0


def test_negative_lambda_keeps_the_guarantee():
    rng = np.random.default_rng(5)
    outcome = simulate(starts(rng.uniform(size=(300, NUMBERS)), 2), rng, periods=150, lam=-1.0)
    assert outcome.smallest_gap.min() > 0 and outcome.infeasible.sum() == 0


def test_the_margin_pays_for_a_semi_implicit_integrator():
    rng = np.random.default_rng(6)
    outcome = simulate(
        starts(rng.uniform(size=(1000, NUMBERS)), 3), rng, periods=150, semi_implicit=True
    )
    assert outcome.smallest_gap.min() > 0


def test_the_guarantee_is_no_gift_partners_that_lie_get_through():
    """What the proof assumes is what it needs: the same starts, partners three times as strong."""
    rng = np.random.default_rng(7)
    unit_numbers = rng.uniform(size=(300, NUMBERS))
    unit_numbers[:, 1], unit_numbers[:, 2] = 0.4, 0.9
    outcome = simulate(starts(unit_numbers, 2), rng, periods=200, lie=3.0)
    assert (outcome.smallest_gap < 0).mean() > 0.1


def test_positive_lambda_gives_the_guarantee_up():
    rng = np.random.default_rng(8)
    unit_numbers = rng.uniform(size=(300, NUMBERS))
    unit_numbers[:, 1], unit_numbers[:, 2] = 0.4, 0.9
    outcome = simulate(starts(unit_numbers, 2), rng, periods=200, lam=2.0)
    assert (outcome.smallest_gap < 0).any()
