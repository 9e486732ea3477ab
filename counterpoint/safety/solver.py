"""The one door to quadratic programs: small, dense, checked before and after.

`minimise ½ xᵀHx + gᵀx` over `rows @ x ≥ lower` and `box_lower ≤ x ≤ box_upper`. The box is hard;
rows are hard, or soft with a linear penalty on what is missing, which leaves the solution exact
wherever the rows can be fulfilled at less than that price. The penalty is per unit of the row
scaled to norm 1 in the metric of `H⁻¹`: the unit in which missing `s` costs `weight · s`, and
fulfilling it `½ s²`, whatever the units of the row and of `x` are.
"""

from __future__ import annotations

import functools
import math
import warnings
from typing import Any, NamedTuple

import daqp
import numpy as np
from numpy.typing import NDArray

from counterpoint.core.errors import SafetyInfeasible, SafetyInputError
from counterpoint.core.pose import Array

DEFAULT_SOFT_WEIGHT = 1e3
HESSIAN_REGULARISATION = 1e-6  # of the mean diagonal
RESIDUAL_TOLERANCE = 1e-6  # of the size of the numbers compared
# Scaled slack s costs `weight·s + s²/(2·this)`: daqp needs some curvature.
SOFT_RECIPROCAL_CURVATURE = 1e3
UNBOUNDED = 1e30  # what daqp takes for infinity
DAQP_TOLERANCE = 1e-10
DAQP_SOFT = 8
PROXQP_ITERATIONS = 100  # without a solution it closes in at once and then never stops by itself
ZERO_ROW = 1e-12
UNIT_TOLERANCE = 1e-12  # rows this near to norm 1 are left as they are


class QPSolution(NamedTuple):
    """What `solve` found.

    Attributes:
        x: The minimiser, shape (n,), within the box to the last bit.
        slack: By how much each row is missed, shape (m,), zero or more, in the rows' own units.
        multipliers: Of each row scaled to unit norm, shape (m,), zero or more: a row holds the
            solution back where it is positive. Not a number where `solver` gives none.
        relaxed: Whether a soft row is missed.
        solver: The solver that answered.
    """

    x: Array
    slack: Array
    multipliers: Array
    relaxed: bool
    solver: str


class _Problem(NamedTuple):
    """A checked problem, with rows of unit norm."""

    hessian: Array
    gradient: Array
    rows: Array
    lower: Array
    box_lower: Array
    box_upper: Array
    soft: NDArray[np.bool_] | None
    weight: float


def solve(
    hessian: Array | None,
    gradient: Array,
    rows: Array,
    lower: Array,
    box_lower: Array,
    box_upper: Array,
    *,
    soft: NDArray[np.bool_] | bool = False,
    weight: float = DEFAULT_SOFT_WEIGHT,
    solver: str = "daqp",
) -> QPSolution:
    """Solve one quadratic program, from a cold start, so that equal inputs give equal bits.

    Args:
        hessian: Symmetric positive semidefinite, shape (n, n); 1e-6 of its mean diagonal is added
            to the diagonal. None stands for the identity, to which nothing is added.
        gradient: Shape (n,).
        rows: Shape (m, n); m may be 0.
        lower: Shape (m,).
        box_lower: Shape (n,), may be minus infinite.
        box_upper: Shape (n,), may be infinite.
        soft: Which rows may be missed at a price: one flag for all, or shape (m,).
        weight: What a soft row costs per unit that it is missed by, scaled as said above.
        solver: `daqp`, or any name that the package qpsolvers offers here, for comparison.

    Raises:
        SafetyInputError: A shape does not fit, a number is not finite, the box is empty, or
            `solver` is not to be had.
        SafetyInfeasible: No point of the box fulfils the hard rows, or no solver could show one.
    """
    problem, norms = _checked(hessian, gradient, rows, lower, box_lower, box_upper, soft, weight)
    if solver != "daqp":
        answer = _solve_by_name(problem, solver)
        return _accepted(problem, norms, answer, None, solver)
    answer, multipliers = _daqp(problem)
    if answer is not None:
        try:
            return _accepted(problem, norms, answer, multipliers, "daqp")
        except SafetyInfeasible:
            pass  # its residuals are too large: the second solver decides
    return _accepted(problem, norms, _closest_by_proxqp(problem), None, "proxqp")


def _checked(
    hessian: Array | None, gradient: Array, rows: Array, lower: Array, box_lower: Array,
    box_upper: Array, soft: NDArray[np.bool_] | bool, weight: float,
) -> tuple[_Problem, Array | None]:  # fmt: skip
    """The problem with rows of unit norm, and the norms that they had where they had others."""
    gradient = np.ascontiguousarray(gradient, dtype=np.float64)
    rows = np.ascontiguousarray(rows, dtype=np.float64)
    lower = np.ascontiguousarray(lower, dtype=np.float64)
    box_lower = np.ascontiguousarray(box_lower, dtype=np.float64)
    box_upper = np.ascontiguousarray(box_upper, dtype=np.float64)
    n, m = gradient.size, lower.size
    if hessian is None:
        hessian = _identity(n)
        size = 1.0
    else:
        if hessian.shape != (n, n):
            raise SafetyInputError(f"hessian must have shape {(n, n)}, not {hessian.shape}")
        hessian = np.array(hessian, dtype=np.float64, order="C")
        size = float(np.add.reduce(hessian, axis=None))
        hessian.ravel()[:: n + 1] += HESSIAN_REGULARISATION * hessian.trace() / n
    given = (gradient.shape, rows.shape, lower.shape, box_lower.shape, box_upper.shape)
    if given != ((n,), (m, n), (m,), (n,), (n,)) or n == 0:
        raise SafetyInputError(
            "gradient, rows, lower, box_lower and box_upper must have shapes (n,), (m, n), (m,), "
            f"(n,) and (n,), not {', '.join(map(str, given))}"
        )
    norms = np.sqrt(np.vecdot(rows, rows))
    lengths = norms.tolist()
    size += gradient.dot(gradient) + sum(lengths) + lower.dot(lower)
    if not math.isfinite(size):
        raise SafetyInputError("a quadratic program was given numbers that are not finite")
    if False in (box_lower <= box_upper).tolist():
        raise SafetyInputError("the box is empty, or an edge of it is not a number")
    if not weight > 0:
        raise SafetyInputError(f"weight must be above zero, not {weight!r}")
    unit, scaled = rows, None
    if m and (min(lengths) < 1.0 - UNIT_TOLERANCE or max(lengths) > 1.0 + UNIT_TOLERANCE):
        norms = np.where(norms > ZERO_ROW, norms, 1.0)
        unit, lower, scaled = rows / norms[:, None], lower / norms, norms
    mask: NDArray[np.bool_] | None
    if isinstance(soft, bool):
        mask = np.ones(m, dtype=np.bool_) if soft else None
    elif soft.shape != (m,):
        raise SafetyInputError(f"soft must be one flag or have shape {(m,)}, not {soft.shape}")
    else:
        mask = soft
    problem = _Problem(hessian, gradient, unit, lower, box_lower, box_upper, mask, weight)
    return problem, scaled


def _daqp(problem: _Problem) -> tuple[Array | None, Array | None]:
    n, m = problem.gradient.size, problem.lower.size
    low = np.concatenate((problem.box_lower, problem.lower))
    high = np.concatenate((problem.box_upper, _unbounded(m)))
    sense = np.zeros(n + m, dtype=np.int32)
    given = problem.hessian, problem.gradient, problem.rows, high, low, sense
    if problem.soft is None:
        x, _, flag, info = daqp.solve(*given, primal_tol=DAQP_TOLERANCE)
    else:
        sense[n:][problem.soft] = DAQP_SOFT
        x, _, flag, info = daqp.solve(
            *given, primal_tol=DAQP_TOLERANCE, rho_soft=SOFT_RECIPROCAL_CURVATURE,
            w_soft=problem.weight,
        )  # fmt: skip
    if flag < 1:
        return None, None
    multipliers = info["lam"]
    # Stationarity: that the answer is the minimum, not merely a feasible point.
    of_rows = multipliers[n:]
    curved = x if problem.hessian is _identity(n) else problem.hessian.dot(x)
    residual = curved + problem.gradient
    residual += multipliers[:n]
    residual += of_rows.dot(problem.rows)
    scale = 1.0 + problem.gradient.dot(problem.gradient) + multipliers.dot(multipliers)
    if not residual.dot(residual) <= RESIDUAL_TOLERANCE**2 * scale:
        return None, None
    return x, -of_rows


def _accepted(
    problem: _Problem,
    norms: Array | None,
    x: Array | None,
    multipliers: Array | None,
    solver: str,
) -> QPSolution:
    """The answer within the box, or an error: it misses a hard row or the box."""
    if x is None or not math.isfinite(x.dot(x)):
        raise SafetyInfeasible(f"the safety program has no solution that {solver} could find")
    inside = np.minimum(np.maximum(x, problem.box_lower), problem.box_upper)
    missed = problem.lower - problem.rows.dot(inside)
    relaxed = False
    if max(missed.tolist(), default=0.0) > RESIDUAL_TOLERANCE:
        over = missed > RESIDUAL_TOLERANCE * (1.0 + np.abs(problem.lower))
        hard = over if problem.soft is None else over & ~problem.soft
        if hard.any():
            worst = float((missed if norms is None else missed * norms)[hard].max())
            raise SafetyInfeasible(
                f"no action within its bounds fulfils every row: one is missed by {worst:.3g}",
                closest=inside,
                violation=worst,
            )
        relaxed = bool(over.any())
    if multipliers is None:
        multipliers = np.full(problem.lower.size, np.nan)
    np.maximum(missed, 0.0, out=missed)
    if norms is not None:
        missed *= norms
    return QPSolution(inside, missed, multipliers, relaxed, solver)


def _with_slack_variables(problem: _Problem) -> tuple[Array, Array, Array, Array, Array]:
    """The same problem with a variable for each soft row: (H, g, rows, box_lower, box_upper)."""
    n = problem.gradient.size
    soft = np.flatnonzero(problem.soft) if problem.soft is not None else np.zeros(0, dtype=np.intp)
    k = soft.size
    hessian = np.zeros((n + k, n + k))
    hessian[:n, :n] = problem.hessian
    hessian[range(n, n + k), range(n, n + k)] = 1.0 / SOFT_RECIPROCAL_CURVATURE
    rows = np.zeros((problem.lower.size, n + k))
    rows[:, :n] = problem.rows
    scale = np.einsum("ij,ji->i", problem.rows, np.linalg.solve(problem.hessian, problem.rows.T))
    rows[soft, range(n, n + k)] = np.sqrt(scale[soft])
    return (
        hessian,
        np.concatenate((problem.gradient, np.full(k, problem.weight))),
        rows,
        np.concatenate((problem.box_lower, np.zeros(k))),
        np.concatenate((problem.box_upper, np.full(k, np.inf))),
    )


def _closest_by_proxqp(problem: _Problem) -> Array:
    """The minimiser, or where there is none the point that misses the constraints least."""
    import proxsuite

    hessian, gradient, rows, low, high = _with_slack_variables(problem)
    n, m = gradient.size, problem.lower.size
    qp: Any = proxsuite.proxqp.dense.QP(n, 0, m + n)
    qp.settings.primal_infeasibility_solving = True
    qp.settings.eps_primal_inf = 1e-12
    qp.settings.eps_abs = 1e-9
    qp.settings.max_iter = PROXQP_ITERATIONS
    qp.settings.initial_guess = proxsuite.proxqp.InitialGuess.NO_INITIAL_GUESS
    qp.init(
        hessian, gradient, None, None,
        np.vstack((rows, np.eye(n))),
        np.concatenate((problem.lower, np.maximum(low, -UNBOUNDED))),
        np.concatenate((np.full(m, UNBOUNDED), np.minimum(high, UNBOUNDED))),
    )  # fmt: skip
    qp.solve()
    answer: Array = np.array(qp.results.x[: problem.gradient.size])
    return answer


def _solve_by_name(problem: _Problem, solver: str) -> Array | None:
    try:
        import qpsolvers
    except ImportError:
        raise SafetyInputError(
            f"solver {solver!r} needs the package qpsolvers; without it there is: 'daqp'"
        ) from None
    if solver not in qpsolvers.available_solvers:
        raise SafetyInputError(
            f"unknown solver {solver!r}; there is: {', '.join(qpsolvers.available_solvers)}"
        )
    hessian, gradient, rows, low, high = _with_slack_variables(problem)
    m = problem.lower.size
    try:
        # They warn of dense matrices and of problems without a solution: the check says the latter.
        with warnings.catch_warnings(action="ignore"):
            x = qpsolvers.solve_qp(
                hessian, gradient, -rows if m else None, -problem.lower if m else None,
                lb=low, ub=high, solver=solver,
            )  # fmt: skip
    except ValueError:
        return None  # how quadprog says that the constraints contradict one another
    return None if x is None else x[: problem.gradient.size]


@functools.cache
def _unbounded(m: int) -> Array:
    return np.full(m, UNBOUNDED)


@functools.cache
def _identity(n: int) -> Array:
    return np.eye(n)
