from __future__ import annotations

import json
import math

import numpy as np
import pytest
from adversaries import ADVERSARIES, learn

from counterpoint.core.errors import SafetyInputError
from counterpoint.safety.agents import Agents
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.cbf_qp import EgoOnlyCBFQP
from counterpoint.safety.conformal import (
    PredictionGapLoss,
    SafetyState,
    constant_velocity_predict,
    lambda_of_full_braking,
    realised_shortfall,
    update_lambda,
)
from counterpoint.safety.control_models import DoubleIntegratorControlModel
from counterpoint.safety.lambdas import (
    lambda_from_jsonable,
    lambda_to_jsonable,
    make_lambda_dict,
)

BOUNDS = Bounds(action_linf_component=4.0, cartesian_accel_capacity=4.0)
KEY = ("ego", "p")
DT = 0.02


def scene(gap=0.3, speed=0.8, partners=("p",)):
    position = [(0.0, 0.0), *((0.5 + gap, 3.0 * k) for k in range(len(partners)))]
    velocity = [(speed, 0.0), *((0.0, 0.0) for _ in partners)]
    return Agents.of(("ego", *partners), position, velocity, 0.25)


def period(proposed=(4.0, 0.0), **there):
    cbf = EgoOnlyCBFQP(DoubleIntegratorControlModel("ego", 2), BOUNDS, dt=DT, partner_accel=1.0)
    return cbf.filter(np.array(proposed), scene(**there), SafetyState())


def after(action, info, partner_accel):
    accel = np.asarray(action) - np.asarray(partner_accel)
    one = info.period
    return one.offset + one.velocity * DT + 0.5 * accel * DT**2, one.velocity + accel * DT


@pytest.mark.parametrize("lie", [1.0, 1.3, 1.5])
@pytest.mark.parametrize("epsilon", [0.0, 0.05])
def test_the_mean_loss_of_adversaries_obeys_the_theorem_and_nothing_is_swallowed(lie, epsilon):
    run = learn(
        realised_shortfall, np.random.default_rng(1), periods=4000, lie=lie, epsilon=epsilon
    )
    assert (run.mean_loss <= run.bound + run.swallowed + 1e-9).all()
    np.testing.assert_array_equal(run.swallowed, 0.0)
    assert (run.active > 50).all()


@pytest.mark.slow
@pytest.mark.parametrize("lie", [1.0, 1.5])
def test_over_100_000_periods_every_adversary_is_learnt(lie):
    """The loss ends: λ makes up for the lie, and for what it let happen before it was learnt."""
    run = learn(realised_shortfall, np.random.default_rng(0), periods=100_000, lie=lie, epsilon=0.0)
    assert len(run.mean_loss) == len(ADVERSARIES) == 5
    assert (run.mean_loss <= run.bound + run.swallowed + 1e-9).all()
    np.testing.assert_array_equal(run.swallowed, 0.0)
    assert run.active.min() > 90_000
    assert run.mean_loss.max() < 1e-3
    assert -0.8 < run.smallest.min() <= 1.0 - lie + 1e-3


def test_partners_that_keep_their_word_cost_nothing_and_teach_nothing():
    run = learn(realised_shortfall, np.random.default_rng(2), periods=3000, lie=1.0, epsilon=0.0)
    assert run.mean_loss.max() < 1e-9 and run.smallest.min() > -1e-9
    assert run.smallest_gap.min() > 0


def test_the_prediction_gap_drifts_even_where_partners_keep_their_word():
    """The reason why it is not the default: it punishes what the filter itself decided."""
    run = learn(PredictionGapLoss(), np.random.default_rng(2), periods=3000, lie=1.0, epsilon=0.0)
    assert run.last.max() < -0.05


def test_confidence_is_bounded_by_lambda_max():
    run = learn(
        realised_shortfall, np.random.default_rng(3), periods=8000, lie=0.3, epsilon=0.5,
        lambda_max=0.4,
    )  # fmt: skip
    np.testing.assert_allclose(run.last, 0.4, atol=0.02)


def test_the_shortfall_is_what_a_partner_adds_to_its_stated_worst():
    action, info = period()
    assert info.active[0]
    for excess, expected in ((-0.4, 0.0), (0.0, 0.0), (0.7, 0.7)):
        towards_ego = (-(1.0 + excess), 0.0)
        loss = realised_shortfall(info.period, *after(action, info, towards_ego), DT)
        np.testing.assert_allclose(loss, [expected], atol=1e-8)


def test_a_lower_lambda_makes_the_shortfall_smaller_by_as_much():
    agents, cbf = scene(), EgoOnlyCBFQP(
        DoubleIntegratorControlModel("ego", 2), BOUNDS, dt=DT, partner_accel=1.0
    )  # fmt: skip
    losses = []
    for lam in (0.0, -0.2, -0.4):
        state = SafetyState(lambda_={KEY: lam})
        action, info = cbf.filter(np.array([4.0, 0.0]), agents, state)
        losses.append(realised_shortfall(info.period, *after(action, info, (-1.3, 0.0)), DT)[0])
    np.testing.assert_allclose(losses, [0.3, 0.1, 0.0], atol=1e-7)


def test_the_prediction_gap_is_what_the_barrier_came_out_lower_by():
    _, info = period()
    offset, velocity = constant_velocity_predict(info.period.offset, info.period.velocity, DT), None
    velocity = info.period.velocity
    assert PredictionGapLoss()(info.period, offset, velocity, DT)[0] == pytest.approx(0.0)
    worse = velocity - np.array([[-0.2, 0.0]])
    assert PredictionGapLoss()(info.period, offset, worse, DT)[0] == pytest.approx(0.2)
    better = velocity + np.array([[-0.2, 0.0]])
    assert PredictionGapLoss()(info.period, offset, better, DT)[0] == 0.0


def test_idle_time_teaches_nothing():
    _, idle = period(proposed=(0.0, 0.0), gap=3.0)
    assert not idle.active.any()
    state = SafetyState(lambda_={KEY: -0.5}, epsilon=0.1)
    for _ in range(1000):
        assert state.learn(idle.period, np.array([0.0])) == {}
    assert state.lambda_ == {KEY: -0.5}


def test_one_step_moves_lambda_by_the_rate_times_what_the_target_is_missed_by():
    _, info = period()
    state = SafetyState(lambda_={KEY: -0.5}, epsilon=0.1, eta=0.02)
    assert state.learn(info.period, np.array([0.4])) == {KEY: 0.4}
    assert state.lambda_[KEY] == pytest.approx(-0.5 + 0.02 * (0.1 - 0.4))


def test_the_clamps_hold_and_what_they_swallow_is_counted():
    new, swallowed = update_lambda(
        np.array([-0.9, 0.0]), np.array([30.0, 0.0]), target=0.5, eta=0.01, lower=-1.0, upper=0.0
    )
    np.testing.assert_allclose(new, [-1.0, 0.0])
    np.testing.assert_allclose(swallowed, [19.5, 0.0])
    _, info = period()
    state = SafetyState(lambda_={KEY: -0.95}, lambda_safe=-1.0, loss_bound=10.0)
    state.learn(info.period, np.array([50.0]))
    assert state.lambda_[KEY] == -1.0
    assert state.swallowed[KEY] == pytest.approx(5.0), "the loss is clipped before"


def test_an_exchanged_partner_starts_over_with_a_tighter_target():
    state = SafetyState(epsilon=0.1, warmup_steps=2, lambda_safe=-0.8, eta=0.1)
    agents = scene(partners=("p", "q"))
    state.values((KEY, ("ego", "q")))
    state.notice(agents, {"p": "policy-1", "q": "policy-1"})
    assert state.lambda_ == {KEY: 0.0, ("ego", "q"): 0.0}, "who is first seen was not exchanged"
    state.notice(agents, {"p": "policy-2", "q": "policy-1"})
    assert state.lambda_ == {KEY: -0.8, ("ego", "q"): 0.0}
    assert state.warmup_steps_remaining == {KEY: 2}
    _, info = period()
    risen = []
    for _ in range(4):
        before = state.lambda_[KEY]
        state.learn(info.period, np.array([0.0]))
        risen.append(state.lambda_[KEY] - before)
    np.testing.assert_allclose(risen, [0.005, 0.005, 0.01, 0.01])


def test_pairs_of_agents_that_left_are_forgotten():
    state = SafetyState()
    state.values((KEY, ("ego", "q")))
    state.notice(scene(partners=("q",)))
    assert list(state.lambda_) == [("ego", "q")]
    state.values((KEY,))
    assert state.lambda_[KEY] == 0.0


def test_a_loss_that_is_not_finite_is_refused():
    _, info = period()
    with pytest.raises(SafetyInputError, match="finite"):
        SafetyState(lambda_={KEY: 0.0}).learn(info.period, np.array([np.nan]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"eta": 0.0}, {"lambda_safe": 0.1}, {"lambda_max": -0.1}, {"loss_bound": 0.0},
        {"epsilon": math.nan}, {"warmup_steps": -1}, {"warmup_tightening": -0.1},
    ],
)  # fmt: skip
def test_a_state_that_cannot_learn_is_refused(wrong):
    with pytest.raises(SafetyInputError, match=next(iter(wrong))):
        SafetyState(**wrong)


def test_full_braking_is_what_its_lambda_asks_for():
    cbf = EgoOnlyCBFQP(DoubleIntegratorControlModel("ego", 2), BOUNDS, dt=DT, partner_accel=1.0)
    lam = lambda_of_full_braking(3.0, 5.0, 2.0)
    for gap in (0.01, 0.5, 1.9):
        state = SafetyState(lambda_={KEY: lam}, lambda_safe=lam)
        action, _ = cbf.filter(np.zeros(2), scene(gap=gap, speed=0.0), state)
        np.testing.assert_allclose(action, [-4.0, 0.0], atol=1e-6)
    with pytest.raises(SafetyInputError, match="above zero"):
        lambda_of_full_braking(3.0, 5.0, math.inf)


def test_lambdas_survive_json_in_any_order():
    lambdas = make_lambda_dict(["c", "a", "b"], fill=-0.25)
    assert list(lambdas) == [("a", "b"), ("a", "c"), ("b", "c")]
    wire = json.loads(json.dumps(lambda_to_jsonable(lambdas)))
    assert lambda_from_jsonable(wire) == lambdas
    assert lambda_from_jsonable([{"a": "z", "b": "y", "value": 1}]) == {("y", "z"): 1.0}


@pytest.mark.parametrize(
    "payload",
    [
        {"a": "x"},
        "ab",
        None,
        [0.1, 0.2],
        [{"a": "x", "b": "y"}],
        [{"a": "x", "b": "y", "value": "1"}],
        [{"a": "x", "b": "y", "value": True}],
        [{"a": "x", "b": "y", "value": math.nan}],
        [{"a": "x", "b": "x", "value": 1.0}],
        [{"a": "x", "b": "y", "value": 1.0, "c": 2}],
        [{"a": "x", "b": "y", "value": 1.0}, {"a": "y", "b": "x", "value": 2.0}],
    ],
)
def test_what_are_no_lambdas_is_refused(payload):
    with pytest.raises(SafetyInputError):
        lambda_from_jsonable(payload)
