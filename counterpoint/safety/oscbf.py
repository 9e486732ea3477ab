"""The inner layer: an operational-space filter of joint velocities (Morton, Pavone 2025).

It changes a nominal motion as little as the barriers ask for, at the level of velocities:

    minimise    |W_j (q̇ − q̇_nom)|² + |W_o (J q̇ − ν_nom)|²
    subject to  gradient · q̇ ≥ −κ(h) − drift      one row a barrier and sphere, soft
                lower ≤ q̇ ≤ upper                 velocity, acceleration and position limits, hard

The slack of the soft rows has a linear weight that outweighs the cost (an exact penalty): a row is
broken only where the rows contradict each other or the box, and the answer says so. A nominal
motion never passes through unfiltered: where a number is not finite, or the program has no
solution, the arm slows down as hard as its box lets it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from counterpoint.core.errors import SafetyError, SafetyInputError
from counterpoint.core.pose import Array
from counterpoint.safety.barriers import ArmState, Barrier, class_k
from counterpoint.safety.joint_box import JointBox
from counterpoint.safety.solver import solve

TOLERANCE = 1e-6
"""Slack up to this is the solver's, not the arm's [the barrier's unit a second]."""

SLACK_WEIGHT = 1e3
"""Weight of the slack, in units of the cost's gradient at rest."""


class InnerStatus(StrEnum):
    """What kind of answer the inner layer gave."""

    OPTIMAL = "optimal"
    """Every row and the box hold."""
    RELAXED = "relaxed"
    """The box holds, and the slack says which rows do not, and by how much."""
    FALLBACK = "fallback"
    """Nothing was solved: the arm slows down as hard as it can."""


@dataclass(frozen=True, slots=True, eq=False)
class OSCBFResult:
    """An answer of the inner layer.

    Attributes:
        q_dot: Joint velocities to command, shape (n,) [rad/s or m/s]; finite, and in the box.
        slack: By how much each row is broken, shape (m,) [the barrier's unit a second]; barriers in
            the order of the list. Infinite for every row of a fallback.
        active_rows: Rows that hold with equality or are broken: they shape the answer, shape (k,).
        max_slack: The largest slack; 0 where there are no rows.
        slack_l2: The slack's norm.
        status: What kind of answer it is.
        reason: Why it is a fallback; empty where it is none.
    """

    q_dot: Array
    slack: Array
    active_rows: NDArray[np.intp]
    max_slack: float
    slack_l2: float
    status: InnerStatus
    reason: str = ""


class OSCBF:
    """The inner filter of one arm. It keeps no state between calls.

    Args:
        box: The arm's limits.
        joint_weight: W_j's diagonal: one number, or shape (n,).
        task_weight: W_o's diagonal: one number, or shape (6,), linear then angular; 0 where only
            joint velocities count.

    Raises:
        SafetyInputError: If a weight is not finite or negative, or a joint's is 0.
    """

    def __init__(
        self, box: JointBox, *, joint_weight: ArrayLike = 1.0, task_weight: ArrayLike = 0.0
    ) -> None:
        self.box = box
        joint = _diagonal(joint_weight, box.size, "joint_weight")
        task = _diagonal(task_weight, 6, "task_weight")
        if not (joint > 0.0).all():
            raise SafetyInputError(f"joint weights must be above 0, not {joint_weight!r}")
        self._joint = joint * joint
        self._hessian = np.diag(self._joint)
        self._task = task * task if task.any() else None

    def filter(
        self,
        q_dot_nominal: Array,
        state: ArmState,
        barriers: Sequence[Barrier],
        *,
        q_dot: Array,
        twist_nominal: Array | None = None,
    ) -> OSCBFResult:
        """The joint velocities nearest to the nominal ones that the barriers allow.

        Args:
            q_dot_nominal: q̇_nom, shape (n,) [rad/s or m/s].
            state: The arm now.
            barriers: What to keep away from.
            q_dot: Joint velocities of the period before, which the acceleration limits start from.
            twist_nominal: ν_nom, the end effector's linear, then angular velocity, shape (6,); by
                default what q̇_nom makes of it.

        Raises:
            SafetyInputError: If a shape does not match the box's.
        """
        n, s = self.box.size, len(state.radii)
        given = (
            q_dot_nominal.shape, q_dot.shape, state.q.shape, state.tool_jacobian.shape,
            state.jacobian.shape, state.centres.shape,
            (6,) if twist_nominal is None else twist_nominal.shape,
        )  # fmt: skip
        wanted = ((n,), (n,), (n,), (6, n), (s, 3, n), (s, 3), (6,))
        if given != wanted:
            raise SafetyInputError(
                "q_dot_nominal, q_dot, state.q, state.tool_jacobian, state.jacobian, "
                f"state.centres and twist_nominal must have shapes {wanted}, not {given}"
            )
        # What is not finite is found by looking, not by warnings.
        with np.errstate(invalid="ignore", over="ignore"):
            gradient, bound = self._rows(state, barriers)
            if not math.isfinite(state.q.dot(state.q) + q_dot.dot(q_dot)):
                rest = np.zeros(n)
                return _fallback(rest, rest, bound, "the joint state is not finite")
            low, high = self.box.at(state.q, q_dot)
            hessian, linear = self._cost(q_dot_nominal, state, twist_nominal)
            return _solve(hessian, linear, gradient, bound, low, high)

    def _rows(self, state: ArmState, barriers: Sequence[Barrier]) -> tuple[Array, Array]:
        """All barriers' rows, `gradient · q̇ ≥ bound`, shapes (m, n) and (m,)."""
        parts = [barrier.rows(state) for barrier in barriers]
        if not parts:
            return np.empty((0, self.box.size)), np.empty(0)
        counts = [len(part.value) for part in parts]
        value = np.concatenate([part.value for part in parts])
        gradient = np.concatenate([part.gradient for part in parts])
        if gradient.shape[1] != self.box.size:
            raise SafetyInputError(
                f"a barrier's gradient must have {self.box.size} columns, not {gradient.shape[1]}"
            )
        # A gain above 1 / dt would ask for more than the whole distance within one period.
        gains = [min(barrier.gain, 1.0 / self.box.dt) for barrier in barriers]
        uniform = gains.count(gains[0]) == len(gains)
        gain = gains[0] if uniform else np.repeat(gains, counts)
        if all(barrier.braking == np.inf for barrier in barriers):
            bound = -gain * value
        else:
            bound = -class_k(value, gain, np.repeat([b.braking for b in barriers], counts))
        start = 0
        for part, count in zip(parts, counts, strict=True):
            if part.drift is not None:
                bound[start : start + count] -= part.drift
            start += count
        return gradient, bound

    def _cost(self, nominal: Array, state: ArmState, twist: Array | None) -> tuple[Array, Array]:
        """The cost's Hessian and linear term, scaled to a mean diagonal of 1."""
        hessian, linear = self._hessian, -self._joint * nominal
        if self._task is not None:
            jacobian = state.tool_jacobian
            weighted = jacobian.T * self._task
            hessian = hessian + weighted @ jacobian
            linear -= weighted @ (jacobian @ nominal if twist is None else twist)
        scale = hessian.trace() / len(hessian)
        return hessian / scale, linear / scale


def _solve(
    hessian: Array, linear: Array, gradient: Array, bound: Array, low: Array, high: Array
) -> OSCBFResult:
    """The program's answer, or a fallback."""
    # Rows that hold everywhere in the box have no say: most, as the box is one period's reach.
    least = gradient.dot(0.5 * (low + high)) - np.abs(gradient).dot(0.5 * (high - low))
    binding = (~(least >= bound)).nonzero()[0]  # so that what is no number is kept
    try:
        q_dot = solve(
            hessian, linear, gradient.take(binding, axis=0), bound.take(binding), low, high,
            soft=True, weight=SLACK_WEIGHT * (1.0 + math.sqrt(linear.dot(linear))),
        ).x  # fmt: skip
    except SafetyError as error:
        return _fallback(low, high, bound, str(error))
    short = bound - gradient.dot(q_dot)
    slack = np.maximum(short, 0.0)
    worst = float(np.maximum.reduce(slack, initial=0.0))
    return OSCBFResult(
        q_dot=q_dot,
        slack=slack,
        active_rows=(short >= -TOLERANCE).nonzero()[0],
        max_slack=worst,
        slack_l2=math.sqrt(slack.dot(slack)),
        status=InnerStatus.OPTIMAL if worst <= TOLERANCE else InnerStatus.RELAXED,
    )


def _diagonal(weight: ArrayLike, size: int, name: str) -> Array:
    """A weight matrix's diagonal, shape (size,), of one number or all of them."""
    given = np.asarray(weight, dtype=np.float64)
    if given.shape not in ((), (size,)):
        raise SafetyInputError(f"{name} is one number or has shape ({size},), not {given.shape}")
    if not (np.isfinite(given).all() and (given >= 0.0).all()):
        raise SafetyInputError(f"{name} must be finite and at least 0, not {weight!r}")
    return np.broadcast_to(given, (size,))


def _fallback(low: Array, high: Array, bound: Array, reason: str) -> OSCBFResult:
    """Slow down as hard as the box lets the arm."""
    return OSCBFResult(
        q_dot=np.minimum(np.maximum(0.0, low), high),
        slack=np.full(len(bound), np.inf),
        active_rows=np.arange(len(bound)),
        max_slack=np.inf,
        slack_l2=np.inf,
        status=InnerStatus.FALLBACK,
        reason=reason,
    )
