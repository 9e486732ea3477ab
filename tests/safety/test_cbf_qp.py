from __future__ import annotations

import math

import numpy as np
import pytest
from qpsolvers import solve_qp
from two_bodies import NUMBERS, starts

from counterpoint.core.errors import SafetyInfeasible, SafetyInputError
from counterpoint.safety.agents import Agents
from counterpoint.safety.barrier import Braking
from counterpoint.safety.batch import filter_pairs
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.cbf_qp import EgoOnlyCBFQP
from counterpoint.safety.conformal import SafetyState
from counterpoint.safety.control_models import (
    DifferentialBaseControlModel,
    DoubleIntegratorControlModel,
    JacobianControlModel,
)
from counterpoint.safety.interface import Regime
from counterpoint.safety.rows import ego_rows

BOUNDS = Bounds(action_linf_component=4.0, cartesian_accel_capacity=4.0)
EGO = DoubleIntegratorControlModel("ego", 2)


def make(**settings):
    return EgoOnlyCBFQP(EGO, BOUNDS, **({"dt": 0.02, "partner_accel": 1.0} | settings))


def scene(*partners, velocity=(0.0, 0.0), radius=0.25):
    """The ego at the origin; partners as (x, y) or (x, y, vx, vy)."""
    ids = ["ego", *(f"p{i}" for i in range(len(partners)))]
    position = [(0.0, 0.0), *(p[:2] for p in partners)]
    speeds = [velocity, *((*p, 0.0, 0.0)[2:4] for p in partners)]
    return Agents.of(ids, position, speeds, radius)


def crowd(rng, d, partners):
    position = rng.normal(size=(partners + 1, d)) * 1.5
    position[0] = 0.0
    position[1:] += np.sign(position[1:]) * 0.5
    return Agents.of(
        ["ego", *(f"p{i}" for i in range(partners))],
        position, rng.normal(scale=0.7, size=position.shape), 0.25,
    )  # fmt: skip


def test_500_random_crowds_agree_with_quadprog_to_1e8():
    rng = np.random.default_rng(0)
    compared = 0
    while compared < 500:
        d, k = int(rng.integers(2, 4)), int(rng.integers(1, 8))
        agents, proposed = crowd(rng, d, k), rng.normal(scale=4.0, size=d)
        cbf = EgoOnlyCBFQP(
            DoubleIntegratorControlModel("ego", d), BOUNDS, dt=0.02, partner_accel=1.0
        )
        offset, velocity = agents.position[:1] - agents.position[1:], None
        velocity = agents.velocity[:1] - agents.velocity[1:]
        rows = ego_rows(
            offset, velocity, np.full(k, 0.5), Braking.of(4.0, 1.0, 0.02, d), None, gamma=5.0
        )
        edge = np.full(d, 4.0)
        try:
            theirs = solve_qp(
                np.eye(d), -proposed, -rows.direction, -(rows.asked + 1.0), lb=-edge, ub=edge,
                solver="quadprog",
            )  # fmt: skip
        except ValueError:
            theirs = None
        if theirs is None:
            with pytest.raises(SafetyInfeasible):
                cbf.filter(proposed, agents, SafetyState())
            continue
        action, info = cbf.filter(proposed, agents, SafetyState())
        np.testing.assert_allclose(action, theirs, atol=1e-8)
        assert info.intervened == (not np.allclose(theirs, proposed, atol=1e-12))
        compared += 1


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_batch_answers_what_the_filter_answers(dimension):
    rng = np.random.default_rng(1)
    s = starts(rng.uniform(size=(300, NUMBERS)), dimension)
    lam = rng.choice([0.0, -0.5, 0.5], size=300)
    # Some from outside the set that is promised anything, overlaps among them.
    offset = s.offset * rng.choice([1.0, 0.7, 0.97], size=300)[:, None]
    velocity = s.ego_velocity - s.partner_velocity
    proposed = rng.normal(scale=1.5, size=(300, dimension)) * s.capacity[:, None]
    batch = filter_pairs(
        proposed, offset, velocity, s.contact, capacity=s.capacity,
        partner_accel=s.partner_accel, dt=s.dt, lam=lam,
    )  # fmt: skip
    for i in range(300):
        capacity = float(s.capacity[i])
        cbf = EgoOnlyCBFQP(
            DoubleIntegratorControlModel("ego", dimension),
            Bounds(action_linf_component=capacity, cartesian_accel_capacity=capacity),
            dt=float(s.dt[i]), partner_accel=float(s.partner_accel[i]),
        )  # fmt: skip
        agents = Agents.of(
            ["ego", "p"], [offset[i], np.zeros(dimension)], [velocity[i], np.zeros(dimension)],
            s.contact[i] / 2,
        )  # fmt: skip
        state = SafetyState(lambda_={("ego", "p"): float(lam[i])}, lambda_max=1.0)
        action, info = cbf.filter(proposed[i], agents, state)
        np.testing.assert_allclose(batch.action[i], action, atol=1e-8 * max(1.0, capacity))
        np.testing.assert_allclose(batch.rows.barrier[i], info.barrier[0], atol=1e-12)
        np.testing.assert_allclose(batch.rows.certificate[i], info.certificate[0], atol=1e-12)
    assert batch.active.sum() > 50 and (batch.rows.certificate > batch.rows.barrier).sum() > 5


def test_an_action_that_is_safe_comes_back_to_the_last_bit():
    proposed = np.array([0.1, 0.2])
    action, info = make().filter(proposed, scene((5.0, 0.0)), SafetyState())
    assert action is not proposed
    np.testing.assert_array_equal(action, proposed)
    assert not info.intervened and info.solver is None and not info.active.any()
    assert info.regime is Regime.GUARANTEED


def test_the_ego_counts_on_its_own_braking_alone():
    """At 4 m/s towards a standing partner, whose braking would be no help: it stops short of it."""
    cbf, state, dt = make(partner_accel=0.5), SafetyState(), 0.02
    x, v = 0.0, 0.0
    smallest, fastest = math.inf, 0.0
    for _ in range(600):
        agents = scene((8.0 - x, 0.0), velocity=(v, 0.0))
        action, _ = cbf.filter(np.array([4.0, 0.0]), agents, state)
        x, v = x + v * dt + 0.5 * action[0] * dt * dt, v + action[0] * dt
        smallest, fastest = min(smallest, 8.0 - x - 0.5), max(fastest, v)
    assert fastest > 3.5
    assert 0.0 < smallest < 0.1


def test_a_partner_that_accelerates_as_hard_as_the_ego_is_refused_with_the_reason():
    with pytest.raises(SafetyInputError, match=r"cannot be made safe.*4 m/s²"):
        make(partner_accel=3.95)
    with pytest.raises(SafetyInputError, match=r"cannot be made safe.*bull"):
        make(partner_accel={"calf": 1.0, "bull": 9.0})


def test_a_prediction_is_less_cautious_and_said_to_guarantee_nothing():
    agents = scene((1.0, 0.0), velocity=(1.3, 0.0))
    proposed = np.array([4.0, 0.0])
    careful, _ = make().filter(proposed, agents, SafetyState())
    predicted, info = make(partner_motion="predicted").filter(
        proposed, agents, SafetyState(), predicted_velocity=agents.velocity
    )
    assert predicted[0] > careful[0] + 0.5
    assert info.regime is Regime.PREDICTED
    fleeing = agents.velocity + np.array([[0.0, 0.0], [0.02, 0.0]])
    bolder, _ = make(partner_motion="predicted").filter(
        proposed, agents, SafetyState(), predicted_velocity=fleeing
    )
    assert bolder[0] == pytest.approx(predicted[0] + 1.0)
    with pytest.raises(SafetyInputError, match="predicted_velocity"):
        make(partner_motion="predicted").filter(proposed, agents, SafetyState())
    with pytest.raises(SafetyInputError, match="finite"):
        make(partner_motion="predicted").filter(
            proposed, agents, SafetyState(), predicted_velocity=agents.velocity * np.nan
        )


def test_each_report_says_which_regime_it_was_in():
    far, near = scene((5.0, 0.0)), scene((5.0, 0.0), (0.0, 5.0))
    zero = np.zeros(2)
    assert make().filter(zero, far, SafetyState())[1].regime is Regime.GUARANTEED
    assert make().filter(zero, near, SafetyState())[1].regime is Regime.FEASIBLE
    assert make().filter(zero, far, SafetyState(lambda_max=0.5))[1].regime is Regime.LEARNT
    base = DifferentialBaseControlModel("ego", 0.5, lambda _: 0.0)
    cbf = EgoOnlyCBFQP(base, BOUNDS, dt=0.02, partner_accel=1.0)
    assert cbf.filter(zero, far, SafetyState())[1].regime is Regime.LINEARISED


@pytest.mark.parametrize("kind", ["base", "arm"])
def test_rows_reach_the_action_through_the_control_model(kind):
    rng = np.random.default_rng(2)
    if kind == "base":
        model = DifferentialBaseControlModel("ego", 0.8, lambda _: 0.4)
    else:
        jacobian = rng.normal(size=(2, 5))
        model = JacobianControlModel("ego", 5, lambda _: jacobian, 3.0, position_dim=2)
    cbf = EgoOnlyCBFQP(model, BOUNDS, dt=0.02, partner_accel=0.5)
    agents = scene((0.9, 0.1), velocity=(1.1, 0.0))
    state = SafetyState()
    proposed = model.cartesian_accel_to_action(None, np.array([3.0, 0.0]))
    action, info = cbf.filter(np.clip(proposed, -4, 4), agents, state)
    assert info.active[0]
    rows = ego_rows(
        agents.position[:1] - agents.position[1:], agents.velocity[:1] - agents.velocity[1:],
        np.array([0.5]), Braking.of(cbf.capacity, 0.5, 0.02, 2), None, gamma=5.0,
    )  # fmt: skip
    realised = rows.direction[0] @ model.action_to_cartesian_accel(None, action)
    assert realised == pytest.approx(rows.asked[0] + 0.5, abs=1e-6)


def test_rows_exist_only_within_the_activation_distance():
    agents = scene((1.0, 0.0), (4.0, 0.0), (0.0, 1.5))
    _, info = make(activation_distance=1.5).filter(np.zeros(2), agents, SafetyState())
    assert info.keys == (("ego", "p0"), ("ego", "p2"))
    assert len(info.barrier) == len(info.gap) == 2
    np.testing.assert_allclose(info.gap, [0.5, 1.0])
    full, everyone = make().filter(np.array([4.0, 0.0]), agents, SafetyState())
    near, _ = make(activation_distance=1.5).filter(np.array([4.0, 0.0]), agents, SafetyState())
    assert len(everyone.keys) == 3
    np.testing.assert_allclose(full, near)


def test_partners_come_and_go_between_periods():
    cbf, state = make(), SafetyState()
    for agents in (scene((2.0, 0.0)), scene((2.0, 0.0), (0.0, 2.0)), scene(), scene((0.0, 2.0))):
        _, info = cbf.filter(np.array([1.0, 0.0]), agents, state)
        assert len(info.keys) == len(agents.ids) - 1


def test_an_ego_alone_is_held_by_its_box_only():
    action, info = make().filter(np.array([9.0, -1.0]), scene(), SafetyState())
    np.testing.assert_allclose(action, [4.0, -1.0])
    assert info.keys == () and info.intervened


def test_an_ego_that_is_squeezed_raises_with_what_is_known():
    agents = scene((0.52, 0.0, -1.0, 0.0), (-0.52, 0.0, 1.0, 0.0))
    with pytest.raises(SafetyInfeasible) as caught:
        make().filter(np.zeros(2), agents, SafetyState())
    info = caught.value.info
    assert info.infeasible and info.intervened and info.keys == (("ego", "p0"), ("ego", "p1"))
    assert np.abs(caught.value.closest).max() <= 4.0


def test_coincident_centres_part_with_all_there_is():
    action, info = make().filter(np.zeros(2), scene((0.0, 0.0)), SafetyState())
    np.testing.assert_allclose(action, [4.0, 0.0])
    assert info.gap[0] == pytest.approx(-0.5)


def test_whatever_solver_is_named_answers_the_same():
    agents, proposed = scene((0.8, 0.1), (0.5, -0.9), velocity=(0.3, 0.0)), np.array([4.0, 1.0])
    expected, info = make().filter(proposed, agents, SafetyState())
    for name in ("quadprog", "clarabel", "piqp"):
        action, told = make(solver=name).filter(proposed, agents, SafetyState())
        np.testing.assert_allclose(action, expected, atol=1e-5)
        assert told.solver == name
        np.testing.assert_array_equal(told.active, info.active)


@pytest.mark.parametrize(
    ("proposed", "says"),
    [
        ([math.nan, 0.0], "not finite"),
        ([math.inf, 0.0], "not finite"),
        ([0.0], "shape"),
        ([[0.0, 0.0]], "shape"),
        ("fast", "not an array"),
    ],
)
def test_a_proposal_that_is_no_action_is_refused(proposed, says):
    with pytest.raises(SafetyInputError, match=says):
        make().filter(proposed, scene((2.0, 0.0)), SafetyState())


def test_states_that_cannot_be_worked_with_are_refused_in_every_period():
    cbf, state, good = make(), SafetyState(), scene((2.0, 0.0))
    cbf.filter(np.zeros(2), good, state)
    bad = [
        (Agents(good.ids, good.position * np.nan, good.velocity, good.radius), "not finite"),
        (Agents(good.ids, good.position, good.velocity + np.inf, good.radius), "not finite"),
        (Agents(good.ids, good.position[:1], good.velocity, good.radius), "position"),
        (Agents(("ego", "ego"), good.position, good.velocity, good.radius), "more than once"),
        (Agents(("a", "b"), good.position, good.velocity, good.radius), "no agent 'ego'"),
        (Agents.of(good.ids, np.zeros((2, 3)), np.zeros((2, 3)), 0.1), "2 dimensions"),
    ]
    for agents, says in bad:
        with pytest.raises(SafetyInputError, match=says):
            cbf.filter(np.zeros(2), agents, state)


def test_partners_that_are_named_have_to_be_there_and_no_others():
    cbf = make(partner_accel={"p0": 1.0, "p1": 0.5})
    cbf.filter(np.zeros(2), scene((2.0, 0.0), (0.0, 2.0)), SafetyState())
    with pytest.raises(SafetyInputError, match="no state is given of 'p1'"):
        cbf.filter(np.zeros(2), scene((2.0, 0.0)), SafetyState())
    with pytest.raises(SafetyInputError, match="stated of 'p2'"):
        cbf.filter(np.zeros(2), scene((2.0, 0.0), (0.0, 2.0), (3.0, 3.0)), SafetyState())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"dt": 0.0}, "dt"),
        ({"dt": math.nan}, "dt"),
        ({"gamma": -1.0}, "gamma"),
        ({"activation_distance": 0.0}, "activation"),
        ({"partner_accel": -1.0}, "zero or more"),
        ({"partner_accel": math.nan}, "zero or more"),
        ({"partner_motion": "hoped"}, "'hoped'"),
    ],
)
def test_settings_that_make_no_filter_are_refused(settings, says):
    with pytest.raises(SafetyInputError, match=says):
        make(**settings)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"proposed": np.zeros((3, 2))}, "proposed"),
        ({"offset": np.full((2, 2), np.nan)}, "finite"),
        ({"velocity": np.zeros((2, 3))}, "velocity"),
        ({"contact": np.array([0.5, -0.5])}, "zero or more"),
        ({"capacity": np.ones(3)}, "capacity"),
        ({"capacity": 1.0, "partner_accel": np.array([0.5, 1.0])}, "as hard"),
        ({"dt": 0.0}, "dt"),
    ],
)
def test_a_batch_that_cannot_be_worked_with_is_refused(change, says):
    good = {
        "proposed": np.zeros((2, 2)), "offset": np.ones((2, 2)), "velocity": np.zeros((2, 2)),
        "contact": np.full(2, 0.5), "capacity": 4.0, "partner_accel": 1.0, "dt": 0.02,
    }  # fmt: skip
    with pytest.raises(SafetyInputError, match=says):
        filter_pairs(**(good | change))


def test_an_empty_batch_has_an_empty_answer():
    none = np.zeros((0, 2))
    answer = filter_pairs(none, none, none, np.zeros(0), capacity=1.0, partner_accel=0.1, dt=0.02)
    assert answer.action.shape == (0, 2) and answer.active.shape == (0,)
