from __future__ import annotations

import numpy as np
import pytest
from qpsolvers import solve_qp

from counterpoint.core.errors import SafetyInfeasible, SafetyInputError
from counterpoint.safety import solver
from counterpoint.safety.solver import solve

BOX = (np.array([-1.0, -1.0]), np.array([1.0, 1.0]))
NO_ROWS = (np.zeros((0, 2)), np.zeros(0))


def random_problem(rng, *, curved=True):
    n, m = int(rng.integers(1, 9)), int(rng.integers(0, 25))
    root = rng.normal(size=(n, n))
    hessian = root @ root.T + 0.1 * np.eye(n) if curved else None
    rows = rng.normal(size=(m, n)) * 10 ** rng.uniform(-2, 2, size=(m, 1))
    inside = rng.uniform(-0.9, 0.9, size=n)
    lower = rows @ inside - np.abs(rng.normal(size=m)) * np.linalg.norm(rows, axis=1)
    return hessian, 3 * rng.normal(size=n), rows, lower, -np.ones(n), np.ones(n)


def regularised(hessian, n):
    return np.eye(n) if hessian is None else hessian + 1e-6 * np.trace(hessian) / n * np.eye(n)


@pytest.mark.parametrize("curved", [True, False])
def test_500_random_problems_agree_with_quadprog_to_1e8(curved):
    rng = np.random.default_rng(0)
    for _ in range(500):
        hessian, gradient, rows, lower, low, high = random_problem(rng, curved=curved)
        ours = solve(hessian, gradient, rows, lower, low, high)
        n = gradient.size
        theirs = solve_qp(
            regularised(hessian, n), gradient, -rows if len(rows) else None,
            -lower if len(rows) else None, lb=low, ub=high, solver="quadprog",
        )  # fmt: skip
        np.testing.assert_allclose(ours.x, theirs, atol=1e-8)
        assert ours.solver == "daqp" and not ours.relaxed


def test_soft_rows_agree_with_a_program_that_has_a_variable_for_each_slack():
    rng = np.random.default_rng(1)
    relaxed = 0
    for _ in range(300):
        hessian, gradient, rows, lower, low, high = random_problem(rng)
        lower = lower + rng.choice([0.0, 2.0]) * np.linalg.norm(rows, axis=1)
        ours = solve(hessian, gradient, rows, lower, low, high, soft=True, weight=50.0)
        theirs = solve(
            hessian, gradient, rows, lower, low, high, soft=True, weight=50.0, solver="quadprog"
        )
        np.testing.assert_allclose(ours.x, theirs.x, atol=1e-7)
        np.testing.assert_allclose(ours.slack, np.maximum(lower - rows @ ours.x, 0), atol=1e-12)
        relaxed += ours.relaxed
    assert 50 < relaxed < 250


def test_soft_rows_that_can_be_fulfilled_change_nothing():
    rng = np.random.default_rng(2)
    for _ in range(200):
        problem = random_problem(rng)
        np.testing.assert_allclose(
            solve(*problem, soft=True, weight=1e4).x, solve(*problem).x, atol=1e-7
        )


def test_only_the_rows_marked_soft_give_way():
    rows, lower = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0.5, 5.0])
    answer = solve(None, np.zeros(2), rows, lower, *BOX, soft=np.array([False, True]))
    assert answer.relaxed
    np.testing.assert_allclose(answer.x, [1.0, 0.0])
    np.testing.assert_allclose(answer.slack, [0.0, 4.0])
    with pytest.raises(SafetyInfeasible):
        solve(None, np.zeros(2), rows, lower, *BOX, soft=np.array([True, False]))


@pytest.mark.parametrize("name", ["clarabel", "piqp", "quadprog"])
def test_every_solver_of_qpsolvers_gives_the_same_answer(name):
    rng = np.random.default_rng(3)
    for _ in range(20):
        problem = random_problem(rng)
        np.testing.assert_allclose(solve(*problem, solver=name).x, solve(*problem).x, atol=2e-4)


def test_rows_that_contradict_the_box_raise_with_the_closest_action():
    rows = np.array([[2.0, 0.0]])
    with pytest.raises(SafetyInfeasible, match=r"missed by 4") as caught:
        solve(None, np.zeros(2), rows, np.array([6.0]), *BOX)
    assert caught.value.violation == pytest.approx(4.0)
    np.testing.assert_allclose(caught.value.closest, [1.0, 0.0], atol=1e-6)


def test_rows_that_contradict_one_another_raise():
    rows = np.array([[1.0, 0.0], [-1.0, 0.0]])
    with pytest.raises(SafetyInfeasible) as caught:
        solve(None, np.zeros(2), rows, np.array([0.4, 0.2]), *BOX)
    assert caught.value.violation == pytest.approx(0.3, abs=1e-3)
    for name in ("quadprog", "clarabel"):
        with pytest.raises(SafetyInfeasible):
            solve(None, np.zeros(2), rows, np.array([0.4, 0.2]), *BOX, solver=name)


def test_the_second_solver_answers_when_the_first_fails(monkeypatch):
    rng = np.random.default_rng(4)
    problems = [random_problem(rng) for _ in range(50)]
    answers = [solve(*problem).x for problem in problems]
    monkeypatch.setattr(solver.daqp, "solve", lambda *a, **k: (np.zeros(1), 0.0, -4, {}))
    for problem, answer in zip(problems, answers, strict=True):
        second = solve(*problem)
        assert second.solver == "proxqp"
        np.testing.assert_allclose(second.x, answer, atol=1e-5)


@pytest.mark.parametrize("wrong", ["infeasible", "not the minimum", "nan"])
def test_an_answer_that_does_not_stand_the_check_is_not_believed(monkeypatch, wrong):
    rows, lower = np.array([[1.0, 0.0]]), np.array([0.5])
    x = {"infeasible": [0.0, 0.0], "not the minimum": [0.9, 0.0], "nan": [np.nan, 0.0]}[wrong]
    multipliers = np.array([0.0, 0.0, -0.5 if wrong != "infeasible" else 0.0])
    said = (np.array(x), 0.0, 1, {"lam": multipliers})
    monkeypatch.setattr(solver.daqp, "solve", lambda *a, **k: said)
    answer = solve(None, np.zeros(2), rows, lower, *BOX)
    assert answer.solver == "proxqp"
    np.testing.assert_allclose(answer.x, [0.5, 0.0], atol=1e-6)


def test_no_rows_leave_the_clipped_minimum():
    np.testing.assert_allclose(solve(None, np.array([-3.0, 0.2]), *NO_ROWS, *BOX).x, [1.0, -0.2])


@pytest.mark.parametrize(("bound", "feasible"), [(-1.0, True), (0.0, True), (0.5, False)])
def test_a_row_of_zeros_is_a_condition_on_its_bound(bound, feasible):
    row = np.zeros((1, 2))
    if feasible:
        np.testing.assert_array_equal(
            solve(None, np.zeros(2), row, np.array([bound]), *BOX).x, [0, 0]
        )
    else:
        with pytest.raises(SafetyInfeasible):
            solve(None, np.zeros(2), row, np.array([bound]), *BOX)
        assert solve(None, np.zeros(2), row, np.array([bound]), *BOX, soft=True).relaxed


def test_a_strided_array_is_read_as_it_looks():
    rng = np.random.default_rng(5)
    for _ in range(20):
        hessian, gradient, rows, lower, low, high = random_problem(rng)
        turned = np.asfortranarray(rows)
        wide = np.zeros(2 * gradient.size)
        wide[::2] = gradient
        a = solve(hessian, gradient, rows, lower, low, high)
        b = solve(hessian, wide[::2], turned, lower, low, high)
        np.testing.assert_array_equal(a.x, b.x)


def test_an_infinite_box_bounds_nothing():
    wide = (np.full(2, -np.inf), np.full(2, np.inf))
    np.testing.assert_allclose(solve(None, np.array([-30.0, 4.0]), *NO_ROWS, *wide).x, [30, -4])


@pytest.mark.parametrize(
    ("place", "poison"),
    # An infinite upper edge of the box is allowed.
    [(k, p) for k in range(6) for p in (np.nan, np.inf) if (k, p) != (5, np.inf)],
)
def test_numbers_that_are_not_finite_are_refused_wherever_they_are(place, poison):
    problem = [np.eye(2), np.zeros(2), np.array([[1.0, 0.0]]), np.array([0.5]), *BOX]
    problem[place] = problem[place].copy()
    problem[place].flat[0] = poison
    with pytest.raises(SafetyInputError):
        solve(*problem)


@pytest.mark.parametrize("place", range(6))
def test_a_wrong_shape_is_refused_wherever_it_is(place):
    problem = [np.eye(2), np.zeros(2), np.array([[1.0, 0.0]]), np.array([0.5]), *BOX]
    problem[place] = np.zeros((3, 3, 3))
    with pytest.raises(SafetyInputError, match="shape"):
        solve(*problem)


def test_an_empty_box_an_unknown_solver_and_a_weight_of_zero_are_refused():
    with pytest.raises(SafetyInputError, match="box is empty"):
        solve(None, np.zeros(2), *NO_ROWS, BOX[1], BOX[0])
    with pytest.raises(SafetyInputError, match="unknown solver 'abacus'"):
        solve(None, np.zeros(2), *NO_ROWS, *BOX, solver="abacus")
    with pytest.raises(SafetyInputError, match="weight"):
        solve(None, np.zeros(2), *NO_ROWS, *BOX, soft=True, weight=0.0)


def test_equal_inputs_give_equal_bits_whatever_was_solved_before():
    rng = np.random.default_rng(6)
    problem = random_problem(rng)
    first = solve(*problem).x
    for _ in range(20):
        solve(*random_problem(rng), soft=True)
    np.testing.assert_array_equal(solve(*problem).x, first)
