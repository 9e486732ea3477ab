from __future__ import annotations

import numpy as np
import pytest
from qpsolvers import solve_qp

from counterpoint.core.errors import SafetyInfeasible, SafetyInputError
from counterpoint.safety.agents import Agents, make_pair_keys
from counterpoint.safety.barrier import Braking
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.cbf_qp import EgoOnlyCBFQP
from counterpoint.safety.conformal import SafetyState
from counterpoint.safety.control_models import DoubleIntegratorControlModel, JacobianControlModel
from counterpoint.safety.interface import Regime, SafetyMode
from counterpoint.safety.joint_cbf_qp import JointCBFQP
from counterpoint.safety.rows import joint_rows

BOUNDS = Bounds(action_linf_component=4.0, cartesian_accel_capacity=4.0)
STRONG = Bounds(action_linf_component=8.0, cartesian_accel_capacity=8.0)
DT = 0.02


def double_integrators(ids, d=2):
    return {i: DoubleIntegratorControlModel(i, d) for i in ids}


def two(distance=1.0, closing=1.0, radius=0.25):
    return Agents.of(
        ("a", "b"), [[0, 0], [distance, 0]], [[closing / 2, 0], [-closing / 2, 0]], radius
    )


def crowd(rng, n, d):
    ids = [f"a{i:02d}" for i in range(n)]
    position = rng.uniform(-1, 1, size=(n, d)) * 0.7 * n ** (1 / d)
    return Agents.of(ids, position, rng.normal(scale=0.8, size=(n, d)) - position, 0.1)


def reference(agents, proposed, low, high, shares=None):
    """The program written out pair by pair, and solved by quadprog; None without a solution."""
    n, d = agents.position.shape
    row = {uid: k for k, uid in enumerate(agents.ids)}
    matrix, lower = [], []
    for a, b in make_pair_keys(agents.ids):
        i, j = row[a], row[b]
        asked = joint_rows(
            (agents.position[i] - agents.position[j])[None],
            (agents.velocity[i] - agents.velocity[j])[None],
            (agents.radius[i] + agents.radius[j])[None],
            Braking.of(8.0, 0.0, DT, d), None, gamma=5.0,
        )  # fmt: skip
        first, second = np.zeros((n, d)), np.zeros((n, d))
        first[i], second[j] = asked.direction[0], -asked.direction[0]
        for coefficients, share in (
            ((first + second, 1.0),) if shares is None else ((first, shares), (second, 1 - shares))
        ):
            flat = coefficients.ravel()
            most = np.maximum(flat * low, flat * high).sum() - 1e-9
            matrix.append(flat)
            lower.append(min(share * asked.asked[0], most))
    try:
        return solve_qp(
            np.eye(n * d), -proposed, -np.array(matrix), -np.array(lower), lb=low, ub=high,
            solver="quadprog",
        )  # fmt: skip
    except ValueError:
        return None


@pytest.mark.parametrize("mode", ["joint", "proportional", "shared"])
def test_500_random_problems_agree_with_quadprog_to_1e8(mode):
    rng = np.random.default_rng(0)
    compared = held = borderline = 0
    while compared < 500:
        n, d = int(rng.integers(2, 6)), int(rng.integers(2, 4))
        agents = crowd(rng, n, d)
        proposed = (rng.normal(size=(n, d)) - 4.0 * agents.position).clip(-3.9, 3.9)
        low, high, shares = np.full(n * d, -4.0), np.full(n * d, 4.0), None
        if mode == "shared":
            ball = np.full((n, d), 1.5)
            ball[0] = np.inf
            low = np.maximum(proposed - ball, -4.0).ravel()
            high = np.minimum(proposed + ball, 4.0).ravel()
            cbf = JointCBFQP(
                double_integrators(agents.ids, d), BOUNDS, dt=DT, mode=SafetyMode.SHARED_CONTROL,
                ego="a00", partner_action_bound=1.5,
            )  # fmt: skip
        else:
            shares = 0.5 if mode == "proportional" else None
            cbf = JointCBFQP(double_integrators(agents.ids, d), BOUNDS, dt=DT, split=mode)
        actions = dict(zip(agents.ids, proposed, strict=True))
        if mode == "shared":
            theirs = shared_reference(agents, proposed, low, high)
        else:
            theirs = reference(agents, proposed.ravel(), low, high, shares)
        try:
            answer, info = cbf.filter(actions, agents, SafetyState())
        except SafetyInfeasible:
            assert theirs is None
            continue
        if theirs is None:  # a row that asks for a corner of the box is feasible by a hair
            borderline += 1
            continue
        ours = np.concatenate([answer[i] for i in agents.ids])
        np.testing.assert_allclose(ours, theirs, atol=1e-8)
        compared += 1
        held += info.intervened
    assert held > 100 and borderline == 0


def shared_reference(agents, proposed, low, high):
    n, d = proposed.shape
    counted = np.array([4.0] + [1.5] * (n - 1))
    matrix, lower = [], []
    for i in range(n):
        for j in range(i + 1, n):
            asked = joint_rows(
                (agents.position[i] - agents.position[j])[None],
                (agents.velocity[i] - agents.velocity[j])[None],
                (agents.radius[i] + agents.radius[j])[None],
                Braking.of(counted[i] + counted[j], 0.0, DT, d), None, gamma=5.0,
            )  # fmt: skip
            row = np.zeros((n, d))
            row[i], row[j] = asked.direction[0], -asked.direction[0]
            row = row.ravel()
            matrix.append(row)
            lower.append(min(asked.asked[0], np.maximum(row * low, row * high).sum() - 1e-9))
    try:
        return solve_qp(
            np.eye(n * d), -proposed.ravel(), -np.array(matrix), -np.array(lower), lb=low, ub=high,
            solver="quadprog",
        )  # fmt: skip
    except ValueError:
        return None


def test_two_that_both_brake_may_come_closer_than_one_that_brakes_alone():
    agents = two(distance=1.6, closing=2.6)
    joint = JointCBFQP(double_integrators("ab"), BOUNDS, dt=DT)
    _, together = joint.filter({i: np.zeros(2) for i in "ab"}, agents, SafetyState())
    alone = EgoOnlyCBFQP(DoubleIntegratorControlModel("a", 2), BOUNDS, dt=DT, partner_accel=0.0)
    _, single = alone.filter(np.zeros(2), agents, SafetyState())
    assert together.barrier[0] > single.barrier[0]
    assert together.regime is Regime.COOPERATIVE


def test_a_crowd_that_wants_to_meet_in_one_point_never_touches():
    """Positions swapped across a circle, the oracle deciding for all, for twelve seconds."""
    n, radius = 3, 0.2
    ids = [f"a{i}" for i in range(n)]
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False) + 0.05 * np.arange(n)
    position = 2.5 * np.c_[np.cos(angle), np.sin(angle)]
    goals, velocity = -position, np.zeros((n, 2))
    cbf, state = JointCBFQP(double_integrators(ids), BOUNDS, dt=DT, split="joint"), SafetyState()
    smallest, interventions = np.inf, 0
    upper = np.triu_indices(n, 1)
    for _ in range(600):
        wish = np.clip(1.0 * (goals - position) - 1.6 * velocity, -2, 2)
        agents = Agents.of(ids, position, velocity, radius)
        actions, info = cbf.filter(dict(zip(ids, wish, strict=True)), agents, state)
        accel = np.array([actions[i] for i in ids])
        position = position + velocity * DT + 0.5 * accel * DT**2
        velocity = velocity + accel * DT
        apart = np.linalg.norm(position[upper[0]] - position[upper[1]], axis=1)
        smallest = min(smallest, apart.min() - 2 * radius)
        interventions += info.intervened
    assert smallest > 0 and interventions > 20


def corrections(cbf, agents):
    answer, info = cbf.filter({i: np.zeros(2) for i in agents.ids}, agents, SafetyState())
    assert info.active.all()
    return {i: float(np.linalg.norm(a)) for i, a in answer.items()}


def test_a_proportional_split_lets_the_strong_give_way_more():
    agents = two(distance=1.0, closing=2.4)
    bounds = {"a": BOUNDS, "b": STRONG}
    models = double_integrators("ab")
    shared = corrections(JointCBFQP(models, bounds, dt=DT, split="proportional"), agents)
    assert shared["b"] == pytest.approx(2 * shared["a"])
    free = corrections(JointCBFQP(models, bounds, dt=DT, split="joint"), agents)
    assert free["a"] == pytest.approx(free["b"])


def test_a_split_by_authority_spares_an_arm_that_is_nearly_stretched_along_the_line():
    weak = np.array([[0.2, 0.1, 0.1], [1.0, 0.5, 0.3]])
    models = {
        "a": JacobianControlModel("a", 3, lambda _: weak, 4.0, position_dim=2),
        "b": DoubleIntegratorControlModel("b", 2),
    }
    agents = two(distance=0.8, closing=1.6)
    cbf = JointCBFQP(models, BOUNDS, dt=DT, split="relative_degree_aware")
    answer, _ = cbf.filter({"a": np.zeros(3), "b": np.zeros(2)}, agents, SafetyState())
    realised = {"a": abs((weak @ answer["a"])[0]), "b": abs(answer["b"][0])}
    authority = {"a": 4.0 * np.abs(weak[0]).sum(), "b": 4.0}
    assert realised["b"] > 1.0
    assert realised["a"] / realised["b"] == pytest.approx(authority["a"] / authority["b"], rel=1e-6)


def test_partners_under_shared_control_stay_within_the_ball_about_their_proposals():
    agents = two(distance=0.8, closing=1.5)
    cbf = JointCBFQP(
        double_integrators("ab"), BOUNDS, dt=DT, mode=SafetyMode.SHARED_CONTROL, ego="a",
        partner_action_bound=0.5,
    )  # fmt: skip
    proposed = {"a": np.zeros(2), "b": np.array([-0.3, 0.2])}
    answer, info = cbf.filter(proposed, agents, SafetyState())
    assert info.active[0] and info.mode is SafetyMode.SHARED_CONTROL
    assert np.abs(answer["b"] - proposed["b"]).max() <= 0.5 + 1e-12
    assert np.abs(answer["a"]).max() > 0.5


def test_a_crowd_that_is_safe_does_as_proposed_to_the_last_bit():
    agents = two(distance=5.0, closing=0.1)
    proposed = {"a": np.array([0.1, 0.2]), "b": np.array([-0.3, 0.0])}
    answer, info = JointCBFQP(double_integrators("ab"), BOUNDS, dt=DT).filter(
        proposed, agents, SafetyState()
    )
    assert not info.intervened
    for i in "ab":
        np.testing.assert_array_equal(answer[i], proposed[i])


def test_the_order_of_agents_changes_nothing():
    rng = np.random.default_rng(3)
    agents = crowd(rng, 5, 2)
    turned = Agents.of(
        agents.ids[::-1], agents.position[::-1], agents.velocity[::-1], agents.radius[::-1]
    )
    proposed = {i: rng.normal(size=2) for i in agents.ids}
    cbf = JointCBFQP(double_integrators(agents.ids), BOUNDS, dt=DT, activation_distance=2.0)
    a, told = cbf.filter(proposed, agents, SafetyState())
    b, again = cbf.filter(proposed, turned, SafetyState())
    assert told.keys == again.keys and len(told.keys) < 10
    for i in agents.ids:
        np.testing.assert_allclose(a[i], b[i], atol=1e-12)


def test_an_overlap_asks_for_as_much_separation_as_the_boxes_allow():
    answer, info = JointCBFQP(double_integrators("ab"), BOUNDS, dt=DT).filter(
        {i: np.zeros(2) for i in "ab"}, two(distance=0.3, closing=0.0), SafetyState()
    )
    assert info.gap[0] < 0
    np.testing.assert_allclose(answer["a"], [-4, 0], atol=1e-9)
    np.testing.assert_allclose(answer["b"], [4, 0], atol=1e-9)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"mode": SafetyMode.EGO_ONLY}, "EgoOnlyCBFQP"),
        ({"mode": SafetyMode.SHARED_CONTROL}, "ego must be"),
        ({"mode": SafetyMode.SHARED_CONTROL, "ego": "a"}, "partner_action_bound"),
        ({"ego": "a"}, "SHARED_CONTROL"),
        ({"split": "evenly"}, "'evenly'"),
        ({"bounds": {"a": BOUNDS}}, "no bounds are given of 'b'"),
        ({"models": {"a": DoubleIntegratorControlModel("b", 2)}}, "'b' is given for 'a'"),
        ({"models": {}}, "one or more"),
    ],
)
def test_settings_that_make_no_filter_are_refused(settings, says):
    good = {"models": double_integrators("ab"), "bounds": BOUNDS, "dt": DT}
    with pytest.raises(SafetyInputError, match=says):
        JointCBFQP(**(good | settings))


def test_proposals_have_to_name_those_that_are_there():
    cbf = JointCBFQP(double_integrators("ab"), BOUNDS, dt=DT)
    with pytest.raises(SafetyInputError, match="proposed for 'a'"):
        cbf.filter({"a": np.zeros(2)}, two(), SafetyState())
    with pytest.raises(SafetyInputError, match="of 'b'"):
        cbf.filter({"a": np.zeros(2), "b": np.array([0.0, np.nan])}, two(), SafetyState())
    stranger = Agents.of(("a", "c"), [[0, 0], [1, 0]], np.zeros((2, 2)), 0.1)
    with pytest.raises(SafetyInputError, match="no control model is given of 'c'"):
        cbf.filter({i: np.zeros(2) for i in "ac"}, stranger, SafetyState())
