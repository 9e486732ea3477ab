"""What a run's safety layers did, counted: the source of every number in a `SafetyReport`.

Nothing is kept per step: counts, extremes, and running means and variances (Welford 1962), so that
a run of any length costs the same memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from counterpoint.core.errors import SafetyInputError
from counterpoint.safety.interface import Regime
from counterpoint.safety.oscbf import InnerStatus, OSCBFResult
from counterpoint.safety.report import (
    AssumptionRow,
    ConditionRow,
    ConservativenessRow,
    SafetyReport,
)

_WEAKER = tuple(Regime)


class RunningMoments:
    """Count, mean and variance of a stream of numbers.

    Attributes:
        count: Numbers so far.
        mean: Their mean; 0 before the first.
    """

    __slots__ = ("_squares", "count", "mean")

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self._squares = 0.0

    def add(self, value: float) -> None:
        """Take one number in.

        Raises:
            SafetyInputError: If it is not finite: one such number would hide all others.
        """
        if not math.isfinite(value):
            raise SafetyInputError(f"a mean takes finite numbers, not {value!r}")
        self.count += 1
        step = value - self.mean
        self.mean += step / self.count
        self._squares += step * (value - self.mean)

    @property
    def variance(self) -> float:
        """Variance of the numbers so far (over n, not n − 1); 0 before the first."""
        return self._squares / self.count if self.count else 0.0


class SafetyTelemetry:
    """Counts one condition's runs.

    Attributes:
        condition: Its name.
        predictor: How partners' motion is predicted.
        lambdas: λ over active pairs and periods.
    """

    def __init__(self, condition: str, *, predictor: str = "worst_case") -> None:
        self.condition = condition
        self.predictor = predictor
        self.lambdas = RunningMoments()
        self._statements: dict[str, str] = {}
        self._checked: dict[str, int] = {}
        self._violated: dict[str, int] = {}
        self._first: dict[str, str] = {}
        self._slack = RunningMoments()
        self._max_slack = 0.0
        self._gap = math.inf
        self._regime = Regime.GUARANTEED
        self._episodes = self._steps = self._violations = self._fires = 0
        self._infeasible = self._relaxed = self._fallbacks = 0

    def assume(self, assumption: str, statement: str) -> None:
        """Announce an assumption, so that it stands in Table 1 though it is never checked."""
        self._statements[assumption] = statement
        self._checked.setdefault(assumption, 0)
        self._violated.setdefault(assumption, 0)

    def check(self, assumption: str, held: bool, seen: str = "") -> None:
        """Count one check of an assumption.

        Args:
            assumption: One that was announced.
            held: Whether it held.
            seen: What was seen, in a few words; kept for the first violation.

        Raises:
            SafetyInputError: If it was never announced.
        """
        if assumption not in self._statements:
            raise SafetyInputError(
                f"assumption {assumption!r} was never announced; announced are "
                f"{sorted(self._statements)}: call assume() first"
            )
        self._checked[assumption] += 1
        if not held:
            self._violated[assumption] += 1
            self._first.setdefault(assumption, f"step {self._steps}: {seen}".rstrip(": "))

    def begin_episode(self) -> None:
        """Count a run."""
        self._episodes += 1

    def record(
        self,
        *,
        gaps: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]] = (),
        brake_fired: bool = False,
        inner: Iterable[OSCBFResult] = (),
        lambdas: Mapping[tuple[str, str], float] | None = None,
        infeasible: bool = False,
        regimes: Iterable[Regime] = (),
    ) -> None:
        """Count one control period.

        Args:
            gaps: Distance between the surfaces of each pair [m]; below 0 is a violation, at rest
                too.
            brake_fired: Whether the brake had the word in this period.
            inner: What the inner layer answered, one a robot.
            lambdas: Pair → λ of the pairs whose rows were active [m/s²].
            infeasible: Whether a quadratic program of the outer layer had no solution.
            regimes: What the outer layer's answers rest on; the weakest of all periods is reported.

        Raises:
            SafetyInputError: If a λ is not finite.
        """
        self._steps += 1
        for gap in np.asarray(gaps, dtype=np.float64).tolist():
            # A gap that is no number is no proof of distance.
            self._violations += not gap >= 0.0
            self._gap = min(self._gap, gap) if math.isfinite(gap) else self._gap
        self._fires += brake_fired
        self._infeasible += infeasible
        for result in inner:
            self._relaxed += result.status is InnerStatus.RELAXED
            self._fallbacks += result.status is InnerStatus.FALLBACK
            if result.status is not InnerStatus.FALLBACK:
                self._slack.add(result.slack_l2)
                self._max_slack = max(self._max_slack, result.max_slack)
        for value in (lambdas or {}).values():
            self.lambdas.add(value)
            if value > 0.0:
                self._regime = Regime.LEARNT
        for regime in regimes:
            self._regime = max(self._regime, regime, key=_WEAKER.index)

    def assumption_rows(self) -> tuple[AssumptionRow, ...]:
        """Table 1 of these runs, in the order of announcement."""
        return tuple(
            AssumptionRow(
                name, statement, self._checked[name], self._violated[name],
                self._first.get(name, ""),
            )
            for name, statement in self._statements.items()
        )  # fmt: skip

    def condition_row(self) -> ConditionRow:
        """Table 2's row."""
        return ConditionRow(
            condition=self.condition,
            predictor=self.predictor,
            regime=self._regime.value,
            episodes=self._episodes,
            steps=self._steps,
            violations=self._violations,
            brake_fires=self._fires,
            infeasible=self._infeasible,
            relaxed=self._relaxed,
            fallbacks=self._fallbacks,
            max_slack=self._max_slack,
            slack_l2=self._slack.mean,
            minimum_gap=self._gap if math.isfinite(self._gap) else None,
        )

    def conservativeness_row(self, oracle: SafetyTelemetry | None = None) -> ConservativenessRow:
        """Table 3's row, beside an oracle's telemetry of the same runs."""
        ran = oracle is not None and oracle.lambdas.count > 0
        return ConservativenessRow(
            condition=self.condition,
            samples=self.lambdas.count,
            lambda_mean=self.lambdas.mean,
            lambda_variance=self.lambdas.variance,
            oracle_samples=oracle.lambdas.count if oracle is not None else 0,
            oracle_mean=oracle.lambdas.mean if oracle is not None and ran else None,
            oracle_variance=oracle.lambdas.variance if oracle is not None and ran else None,
        )


def safety_report(
    conditions: Sequence[SafetyTelemetry],
    *,
    oracles: Mapping[str, SafetyTelemetry] | None = None,
) -> SafetyReport:
    """The report of several conditions.

    Args:
        conditions: One telemetry a condition.
        oracles: Condition → the telemetry of the oracle's runs in it.

    Raises:
        SafetyInputError: If two conditions have one name, or an oracle belongs to none.
    """
    oracles = oracles or {}
    names = [telemetry.condition for telemetry in conditions]
    if len(set(names)) != len(names):
        raise SafetyInputError(f"two conditions have one name: {names}")
    if unknown := sorted(oracles.keys() - set(names)):
        raise SafetyInputError(f"oracles of unknown conditions {unknown}; there are {names}")
    return SafetyReport(
        assumptions=_merged(row for t in conditions for row in t.assumption_rows()),
        conditions=tuple(t.condition_row() for t in conditions),
        conservativeness=tuple(
            t.conservativeness_row(oracles.get(t.condition)) for t in conditions
        ),
    )


def _merged(rows: Iterable[AssumptionRow]) -> tuple[AssumptionRow, ...]:
    """One row an assumption, over all conditions."""
    merged: dict[str, AssumptionRow] = {}
    for row in rows:
        before = merged.get(row.assumption)
        merged[row.assumption] = (
            row
            if before is None
            else AssumptionRow(
                row.assumption, before.statement, before.checked + row.checked,
                before.violated + row.violated, before.first_violation or row.first_violation,
            )
        )  # fmt: skip
    return tuple(merged.values())
