from __future__ import annotations

import math

import numpy as np
import pytest

from counterpoint.core.errors import SafetyInputError
from counterpoint.safety.agents import Agents
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.brake import decide_brake
from counterpoint.safety.cbf_qp import EgoOnlyCBFQP
from counterpoint.safety.conformal import SafetyState
from counterpoint.safety.control_models import DoubleIntegratorControlModel
from counterpoint.safety.emergency import CartesianAccelEmergencyController
from counterpoint.safety.filter import SafetyFilter
from counterpoint.safety.joint_cbf_qp import JointCBFQP

BOUNDS = Bounds(action_linf_component=4.0, cartesian_accel_capacity=4.0)
FLEE = CartesianAccelEmergencyController()
DT = 0.02


def ego_filter(state=None, **settings):
    cbf = EgoOnlyCBFQP(
        DoubleIntegratorControlModel("ego", 2), BOUNDS,
        **({"dt": DT, "partner_accel": 1.0} | settings),
    )  # fmt: skip
    return SafetyFilter(cbf, brake=decide_brake, emergency={"ego": FLEE}, state=state)


def joint_filter(ids):
    models = {i: DoubleIntegratorControlModel(i, 2) for i in ids}
    return SafetyFilter(
        JointCBFQP(models, BOUNDS, dt=DT), brake=decide_brake,
        emergency=dict.fromkeys(ids, FLEE),
    )  # fmt: skip


def scene(*partners, velocity=(0.0, 0.0), ego=(0.0, 0.0)):
    ids = ("ego", *(f"p{i}" for i in range(len(partners))))
    return Agents(
        ids,
        np.array([ego, *(p[:2] for p in partners)], dtype=float),
        np.array([velocity, *((*p, 0.0, 0.0)[2:4] for p in partners)], dtype=float),
        np.full(len(ids), 0.25),
    )


def test_the_brake_does_not_pre_empt_a_filter_that_has_an_answer():
    filter_, x, v, braked = ego_filter(), 0.0, 0.0, 0
    for _ in range(500):
        action, info = filter_.step(scene((6.0 - x, 0.0), velocity=(v, 0.0)), [4.0, 0.0])
        x, v = x + v * DT + 0.5 * action[0] * DT**2, v + action[0] * DT
        braked += info.fallback_fired
    assert 0 < 6.0 - x - 0.5 < 0.1
    assert braked == filter_.fired == filter_.infeasible == 0


def test_an_infeasible_program_goes_to_the_brake_and_is_counted():
    filter_ = ego_filter()
    agents = scene((0.52, 0.1, -1.0, 0.0), (-0.52, 0.1, 1.0, 0.0))
    proposed = np.array([0.0, 3.0])
    action, info = filter_.step(agents, proposed)
    assert info.infeasible and info.fallback_fired
    assert filter_.infeasible == filter_.fired == 1
    np.testing.assert_allclose(action, [0.0, -4.0], atol=1e-9)


def test_an_overlap_at_rest_is_braked_apart():
    action, info = ego_filter().step(scene((0.4, 0.0)), np.array([4.0, 0.0]))
    assert info.fallback_fired
    np.testing.assert_allclose(action, [-4.0, 0.0])


@pytest.mark.parametrize("poison", [math.nan, math.inf])
@pytest.mark.parametrize("where", ["partner position", "partner velocity", "proposal"])
def test_numbers_that_are_not_finite_brake_and_pass_nothing_on(where, poison):
    agents, proposed = scene((2.0, 0.0), velocity=(1.0, 0.0)), np.array([3.0, 0.0])
    if where == "partner position":
        agents.position[1, 0] = poison
    elif where == "partner velocity":
        agents.velocity[1, 1] = poison
    else:
        proposed[1] = poison
    action, info = ego_filter().step(agents, proposed)
    assert info.fallback_fired and info.intervened and info.blind == ()
    np.testing.assert_allclose(action, [-4.0, 0.0], atol=1e-9)


def test_an_ego_that_does_not_know_where_it_is_does_nothing_and_says_so():
    agents = scene((2.0, 0.0), ego=(math.nan, 0.0), velocity=(1.0, 0.0))
    action, info = ego_filter().step(agents, np.array([3.0, 0.0]))
    np.testing.assert_array_equal(action, [0.0, 0.0])
    assert info.blind == ("ego",) and info.fallback_fired


def test_a_period_without_numbers_is_not_learnt_from():
    filter_ = ego_filter()
    near = scene((0.7, 0.0), velocity=(0.8, 0.0))
    filter_.step(near, [4.0, 0.0])
    filter_.step(scene((math.nan, 0.0)), [4.0, 0.0])
    _, info = filter_.step(near, [4.0, 0.0])
    assert info.loss is None


@pytest.mark.parametrize(
    ("agents", "proposed", "says"),
    [
        (scene((2.0, 0.0)), np.zeros(3), "shape"),
        (scene((2.0, 0.0)), "fast", "not an array"),
        (Agents(("ego", "ego"), np.zeros((2, 2)), np.zeros((2, 2)), np.ones(2)), [0, 0], "once"),
        (Agents(("a", "b"), np.zeros((2, 2)), np.zeros((2, 2)), np.ones(2)), [0, 0], "'ego'"),
        (Agents(("ego",), np.zeros((2, 2)), np.zeros((2, 2)), np.ones(2)), [0, 0], "position"),
    ],
)
def test_what_is_wrong_with_the_call_raises(agents, proposed, says):
    with pytest.raises(SafetyInputError, match=says):
        ego_filter().step(agents, proposed)


def test_who_has_no_way_of_fleeing_is_no_subject_of_a_filter():
    with pytest.raises(SafetyInputError, match="no emergency controller is given of 'ego'"):
        SafetyFilter(ego_filter().cbf, brake=decide_brake, emergency={})


def drive(filter_, lie, periods, identities=None):
    """An ego that pushes towards a partner that accelerates towards it `lie` times its word."""
    offset, velocity, infos = np.array([-1.5, 0.0]), np.zeros(2), []
    for _ in range(periods):
        agents = scene((0.0, 0.0), ego=tuple(offset), velocity=tuple(velocity))
        action, info = filter_.step(agents, [2.0, 0.0], identities=identities)
        relative = action - np.array([-lie, 0.0])
        offset = offset + velocity * DT + 0.5 * relative * DT**2
        velocity = velocity + relative * DT
        infos.append(info)
    return infos


def test_lambda_learns_over_time_what_a_partner_adds_to_its_word():
    honest, liar = ego_filter(), ego_filter()
    drive(honest, 1.0, 400)
    infos = drive(liar, 1.4, 400)
    assert honest.state.lambda_[("ego", "p0")] == pytest.approx(0.0, abs=1e-9)
    assert -0.6 < liar.state.lambda_[("ego", "p0")] < -0.1
    assert any(info.loss for info in infos)


def test_an_exchanged_partner_is_noticed_by_the_filter_itself():
    filter_ = ego_filter(state=SafetyState(lambda_safe=-0.6, warmup_steps=5))
    drive(filter_, 1.0, 50, {"p0": "policy-1"})
    filter_.step(scene((3.0, 0.0)), [0.0, 0.0], identities={"p0": "policy-2"})
    assert filter_.state.lambda_[("ego", "p0")] == -0.6
    assert filter_.state.warmup_steps_remaining[("ego", "p0")] == 5


def test_partners_may_appear_and_vanish():
    filter_ = ego_filter()
    for agents in (scene((1.0, 0.0)), scene((1.0, 0.0), (0.0, 1.0)), scene(), scene((0.9, 0.0))):
        action, info = filter_.step(agents, [4.0, 0.0])
        assert np.isfinite(action).all()
        assert len(info.keys) == len(agents.ids) - 1
    assert set(filter_.state.lambda_) == {("ego", "p0")}


def test_reset_forgets_everything():
    filter_ = ego_filter()
    first = [i.lambda_ for i in drive(filter_, 1.4, 120)]
    filter_.reset()
    assert filter_.state.lambda_ == {} and filter_.fired == 0
    assert [i.lambda_ for i in drive(filter_, 1.4, 120)] == first


def test_in_the_joint_modes_only_those_in_danger_are_braked():
    agents = Agents.of(("a", "b", "c"), [[0, 0], [0.3, 0], [5, 0]], np.zeros((3, 2)), 0.25)
    proposed = {"a": np.array([1.0, 0]), "b": np.array([-1.0, 0]), "c": np.array([0.3, 0.1])}
    actions, info = joint_filter("abc").step(agents, proposed)
    assert info.fallback_fired
    np.testing.assert_allclose(actions["a"], [-4, 0])
    np.testing.assert_allclose(actions["b"], [4, 0])
    np.testing.assert_allclose(actions["c"], proposed["c"])


def test_in_the_joint_modes_a_missing_state_brakes_those_who_can_see():
    agents = Agents(
        ("a", "b"), np.array([[0, 0], [np.nan, 0]]), np.array([[1.0, 0], [0, 0]]), np.ones(2)
    )
    actions, info = joint_filter("ab").step(agents, {i: np.zeros(2) for i in "ab"})
    np.testing.assert_allclose(actions["a"], [-4, 0])
    np.testing.assert_array_equal(actions["b"], [0, 0])
    assert info.blind == ("b",)


def test_equal_runs_give_equal_bits():
    runs = [drive(ego_filter(), 1.4, 200) for _ in range(2)]
    for a, b in zip(*runs, strict=True):
        np.testing.assert_array_equal(a.barrier, b.barrier)
        assert a.lambda_ == b.lambda_
