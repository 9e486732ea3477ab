from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import qpsolvers
from hypothesis import given
from hypothesis import strategies as st
from serial_arm import SerialArm

from counterpoint.core.errors import SafetyInputError
from counterpoint.safety.barriers import (
    ArmState,
    Barrier,
    EndEffectorBox,
    HalfSpaces,
    JointLimits,
    Rows,
    SelfCollision,
    Singularity,
)
from counterpoint.safety.joint_box import JointBox
from counterpoint.safety.obstacles import Boxes, Spheres
from counterpoint.safety.oscbf import OSCBF, InnerStatus

DT = 0.02
N = 7


def box(acceleration: float = 20.0) -> JointBox:
    return JointBox(
        np.full(N, -2.5), np.full(N, 2.5), np.full(N, 2.0), np.full(N, acceleration), dt=DT
    )


class Given(Barrier):
    """Rows as they are given."""

    def __init__(self, value: list[float], gradient: list[list[float]]) -> None:
        super().__init__()
        object.__setattr__(self, "_rows", Rows(np.array(value), np.array(gradient)))

    def rows(self, state: ArmState) -> Rows:
        return self._rows


def scene(seed: int) -> tuple[ArmState, list[Barrier], np.ndarray]:
    """An arm among bodies, near some of them, and a nominal motion."""
    rng = np.random.default_rng(seed)
    arm = SerialArm(rng)
    state = arm.state(rng.uniform(-1.5, 1.5, N))
    barriers: list[Barrier] = [
        JointLimits(lower=np.full(N, -2.5), upper=np.full(N, 2.5)),
        Spheres(
            positions=rng.uniform(-1, 1, (6, 3)), velocities=rng.uniform(-0.5, 0.5, (6, 3)),
            radii=np.full(6, 0.1),
        ),
        HalfSpaces(normals=np.array([[0.0, 0.0, 1.0]]), offsets=np.array([-1.0])),
        SelfCollision(pairs=np.array([[0, 8], [1, 9], [2, 12], [0, 13]])),
        EndEffectorBox(lower=np.full(3, -1.5), upper=np.full(3, 1.5)),
        Singularity(threshold=1e-4),
    ]  # fmt: skip
    return state, barriers, rng.uniform(-2, 2, N)


def program(inner: OSCBF, state: ArmState, barriers: list[Barrier], nominal: np.ndarray):
    """The same program, put together anew for another solver: H, f, G, b."""
    rows = [b.rows(state) for b in barriers]
    gradient = np.concatenate([r.gradient for r in rows])
    bound = np.concatenate([-10.0 * r.value - (0.0 if r.drift is None else r.drift) for r in rows])
    jacobian = state.tool_jacobian
    weight = np.diag(inner._task) if inner._task is not None else np.zeros((6, 6))
    hessian = np.diag(inner._joint) + jacobian.T @ weight @ jacobian
    return hessian, -hessian @ nominal, gradient, bound


@pytest.mark.parametrize("task_weight", [0.0, 3.0])
@pytest.mark.parametrize("seed", range(40))
def test_answers_agree_with_an_independent_solver(seed, task_weight):
    state, barriers, nominal = scene(seed)
    inner = OSCBF(box(), task_weight=task_weight)
    result = inner.filter(nominal, state, barriers, q_dot=np.zeros(N))
    hessian, linear, gradient, bound = program(inner, state, barriers, nominal)
    low, high = inner.box.at(state.q, np.zeros(N))
    oracle = qpsolvers.solve_qp(
        hessian, linear, -gradient, -bound, lb=low, ub=high, solver="quadprog"
    )
    if oracle is None:
        assert result.status is InnerStatus.RELAXED
        assert result.max_slack > 0.0
    else:
        assert result.status is InnerStatus.OPTIMAL
        assert result.q_dot == pytest.approx(oracle, abs=2e-5)
        short = gradient @ result.q_dot - bound
        assert set(np.flatnonzero(short < 1e-7)) <= set(result.active_rows.tolist())
    assert (result.q_dot >= low).all() and (result.q_dot <= high).all()
    assert result.slack == pytest.approx(np.maximum(bound - gradient @ result.q_dot, 0.0))
    assert result.max_slack == result.slack.max()
    assert result.slack_l2 == pytest.approx(np.linalg.norm(result.slack))


def test_the_scenes_are_of_both_kinds():
    inner = OSCBF(box())
    answers = [inner.filter(s[2], s[0], s[1], q_dot=np.zeros(N)) for s in map(scene, range(40))]
    kinds = [a.status for a in answers]
    assert min(kinds.count(InnerStatus.OPTIMAL), kinds.count(InnerStatus.RELAXED)) >= 5


@given(st.lists(st.floats(-0.3, 0.3), min_size=N, max_size=N))
def test_a_nominal_motion_that_endangers_nobody_is_left_alone(nominal):
    state = scene(0)[0]
    result = OSCBF(box()).filter(np.array(nominal), state, [], q_dot=np.zeros(N))
    assert result.q_dot == pytest.approx(nominal, abs=1e-6)
    assert result.status is InnerStatus.OPTIMAL and len(result.slack) == 0
    assert result.max_slack == result.slack_l2 == 0.0


@pytest.mark.parametrize("size", [1e3, 1e6, -1e6])
def test_a_nominal_motion_beyond_all_measure_ends_in_the_box(size):
    state, barriers, _ = scene(1)
    inner = OSCBF(box())
    result = inner.filter(np.full(N, size), state, barriers, q_dot=np.zeros(N))
    low, high = inner.box.at(state.q, np.zeros(N))
    assert (result.q_dot >= low).all() and (result.q_dot <= high).all()


def test_rows_that_contradict_each_other_are_relaxed_and_say_by_how_much():
    forth = np.eye(1, N).tolist()[0]
    back = (-np.eye(1, N)).tolist()[0]
    # q̇₀ ≥ 0.1 and q̇₀ ≤ −0.1: together they miss by 0.2, however it is shared out.
    opposed = Given([-0.01, -0.01], [forth, back])
    result = OSCBF(box()).filter(np.zeros(N), scene(0)[0], [opposed], q_dot=np.zeros(N))
    assert result.status is InnerStatus.RELAXED
    assert result.slack.sum() == pytest.approx(0.2, abs=1e-6)
    assert set(result.active_rows.tolist()) == {0, 1}


def test_a_row_that_nothing_can_be_done_about_is_relaxed_and_not_forgotten():
    hopeless = Given([-0.5, 1.0], [[0.0] * N, [0.0] * N])
    result = OSCBF(box()).filter(np.full(N, 0.1), scene(0)[0], [hopeless], q_dot=np.zeros(N))
    assert result.status is InnerStatus.RELAXED
    assert result.slack.tolist() == pytest.approx([5.0, 0.0])
    assert result.q_dot == pytest.approx(np.full(N, 0.1), abs=1e-6)


def test_a_row_beyond_the_box_is_approached_as_far_as_the_box_goes():
    wanted = Given([-1.0], [np.eye(1, N).tolist()[0]])  # q̇₀ ≥ 10
    result = OSCBF(box()).filter(np.zeros(N), scene(0)[0], [wanted], q_dot=np.zeros(N))
    assert result.status is InnerStatus.RELAXED
    assert result.q_dot[0] == pytest.approx(20.0 * DT)
    assert result.max_slack == pytest.approx(10.0 - 20.0 * DT)


BROKEN = {
    "q": lambda s: replace(s, q=np.full(N, math.nan)),
    "centres": lambda s: replace(s, centres=s.centres * math.nan),
    "jacobian": lambda s: replace(s, jacobian=np.full_like(s.jacobian, math.inf)),
    "radii": lambda s: replace(s, radii=s.radii * math.nan),
    "tool_position": lambda s: replace(s, tool_position=np.full(3, math.inf)),
    "tool_jacobian": lambda s: replace(s, tool_jacobian=s.tool_jacobian * math.nan),
}


@pytest.mark.parametrize("part", BROKEN)
def test_a_state_that_is_not_finite_slows_down_and_never_passes_through(part):
    state, barriers, nominal = scene(2)
    inner = OSCBF(box(), task_weight=1.0)
    result = inner.filter(nominal, BROKEN[part](state), barriers, q_dot=np.full(N, 1.0))
    assert result.status is InnerStatus.FALLBACK and result.reason
    assert math.isinf(result.max_slack) and math.isinf(result.slack_l2)
    assert (result.q_dot >= 0.0).all() and (result.q_dot <= 1.0 - 20.0 * DT + 1e-12).all()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("argument", ["q_dot_nominal", "q_dot", "twist_nominal"])
def test_an_argument_that_is_not_finite_slows_down(argument, value):
    state, barriers, nominal = scene(2)
    arguments = {
        "q_dot_nominal": nominal.copy(), "q_dot": np.full(N, 0.4), "twist_nominal": np.zeros(6)
    }  # fmt: skip
    arguments[argument][2] = value
    result = OSCBF(box(), task_weight=1.0).filter(
        arguments.pop("q_dot_nominal"), state, barriers, **arguments
    )
    assert result.status is InnerStatus.FALLBACK
    assert result.q_dot.tolist() == [0.0] * N


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_body_that_is_nowhere_slows_down(value):
    state, _, nominal = scene(2)
    for field in ("positions", "velocities", "radii"):
        arguments = {
            "positions": np.zeros((2, 3)), "velocities": np.zeros((2, 3)), "radii": np.ones(2)
        }  # fmt: skip
        arguments[field][1] = value
        result = OSCBF(box()).filter(
            nominal, state, [Spheres(**arguments, activation=0.5)], q_dot=np.zeros(N)
        )
        # An endless radius is an overlap: all that can be said about it is that it is none.
        assert result.status is not InnerStatus.OPTIMAL
        assert not np.array_equal(result.q_dot, nominal)


def test_arguments_of_a_wrong_shape_are_refused():
    state, barriers, nominal = scene(3)
    inner = OSCBF(box())
    for arguments in (
        (nominal[:6], state, np.zeros(N)),
        (nominal, state, np.zeros(6)),
        (nominal, replace(state, tool_jacobian=np.zeros((3, N))), np.zeros(N)),
        (nominal, replace(state, jacobian=state.jacobian[:, :, :6]), np.zeros(N)),
        (nominal, replace(state, centres=state.centres[:-1]), np.zeros(N)),
    ):
        with pytest.raises(SafetyInputError):
            inner.filter(arguments[0], arguments[1], barriers, q_dot=arguments[2])
    with pytest.raises(SafetyInputError, match="columns"):
        inner.filter(nominal, state, [Given([1.0], [[1.0, 0.0]])], q_dot=np.zeros(N))
    with pytest.raises(SafetyInputError, match="twist"):
        OSCBF(box(), task_weight=1.0).filter(
            nominal, state, barriers, q_dot=np.zeros(N), twist_nominal=np.zeros(3)
        )


@pytest.mark.parametrize(
    "weights",
    [
        {"joint_weight": 0.0},
        {"joint_weight": math.nan},
        {"joint_weight": -1.0},
        {"task_weight": -1.0},
        {"task_weight": math.inf},
        {"joint_weight": np.ones(6)},
    ],
)
def test_weights_that_make_no_cost_are_refused(weights):
    with pytest.raises(SafetyInputError):
        OSCBF(box(), **weights)


def test_the_task_weight_keeps_the_end_effector_on_its_way_and_pays_with_the_joints():
    state, _, nominal = scene(4)
    blocked = Given([0.0], [(-np.eye(1, N) * np.sign(nominal[0])).tolist()[0]])
    twist = state.tool_jacobian @ (0.1 * nominal)
    missed = [
        np.linalg.norm(
            state.tool_jacobian
            @ OSCBF(box(1e3), task_weight=weight)
            .filter(0.1 * nominal, state, [blocked], q_dot=np.zeros(N))
            .q_dot
            - twist
        )
        for weight in (0.0, 3.0, 30.0)
    ]
    assert missed[0] > 3 * missed[1] > 9 * missed[2]


def test_equal_arguments_give_equal_bits():
    state, barriers, nominal = scene(5)
    answers = [OSCBF(box()).filter(nominal, state, barriers, q_dot=np.zeros(N)) for _ in range(2)]
    assert answers[0].q_dot.tobytes() == answers[1].q_dot.tobytes()
    assert answers[0].slack.tobytes() == answers[1].slack.tobytes()


@pytest.mark.parametrize("seed", range(6))
def test_an_arm_driven_at_bodies_comes_near_and_stops_in_front_of_them(seed):
    rng = np.random.default_rng(100 + seed)
    arm = SerialArm(rng)
    q, q_dot = rng.uniform(-0.5, 0.5, N), np.zeros(N)
    target = rng.uniform(-1.2, 1.2, N)
    # A body where the arm is going to be on its way.
    goal = arm.state(target).centres[-1]
    start = arm.state(q)
    gap = np.linalg.norm(start.centres - goal, axis=1) - start.radii
    body = min(0.15, float(gap.min()) - 0.1)
    assert body > 0.02
    bodies = Spheres(positions=goal[None], radii=np.array([body]), braking=2.0, margin=0.005)
    walls = Boxes(
        positions=np.array([[0.0, 0.0, -5.0]]), rotations=np.eye(3)[None],
        half_sizes=np.array([[9.0, 9.0, 1.0]]), braking=2.0,
    )  # fmt: skip
    inner = OSCBF(box())
    nearest, unfiltered = math.inf, math.inf
    free_q = q.copy()
    for _ in range(400):
        state = arm.state(q)
        nearest = min(nearest, float(bodies.rows(state).value.min()))
        result = inner.filter(3.0 * (target - q), state, [bodies, walls], q_dot=q_dot)
        q_dot = result.q_dot
        q = q + q_dot * DT
        free_q = free_q + np.clip(3.0 * (target - free_q), -2.0, 2.0) * DT
        unfiltered = min(unfiltered, float(bodies.rows(arm.state(free_q)).value.min()))
    assert unfiltered < 0.0, "the body is not in the way"
    assert nearest > -bodies.margin, "the spheres overlap"
    assert nearest < 0.1, "the filter keeps the arm away from where it could go"


@pytest.mark.parametrize("seed", range(12))
def test_bodies_that_move_are_evaded_and_where_they_cannot_be_the_answer_says_so(seed):
    rng = np.random.default_rng(1000 + seed)
    arm = SerialArm(rng)
    q, q_dot = rng.uniform(-0.5, 0.5, N), np.zeros(N)
    start = arm.state(q)
    positions, radius = rng.uniform(-1.0, 1.0, (4, 3)), 0.1
    apart = np.linalg.norm(start.centres[:, None] - positions, axis=2) - start.radii[:, None]
    positions = positions[apart.min(axis=0) > radius + 0.15]
    velocities = rng.uniform(-0.25, 0.25, positions.shape)
    inner, gap, relaxed = OSCBF(box()), math.inf, 0
    for step in range(150):
        if step % 50 == 0:
            target = rng.uniform(-1.5, 1.5, N)
        bodies = Spheres(
            positions=positions, velocities=velocities, radii=np.full(len(positions), radius),
            activation=0.5,
        )  # fmt: skip
        state = arm.state(q)
        gap = min(gap, float(bodies.rows(state).value.min(initial=1.0)))
        result = inner.filter(3.0 * (target - q), state, [bodies], q_dot=q_dot)
        relaxed += result.status is InnerStatus.RELAXED
        q_dot = result.q_dot
        q = q + q_dot * DT
        positions = positions + velocities * DT
    assert gap > -1e-4 or relaxed
