"""The safety report: three tables of one set of runs, as data, JSON, Markdown and LaTeX.

1. What the guarantees assume, how often each assumption was checked, and how often it did not hold.
2. Per condition: violations, brake fires (counted apart), and how far the inner layer relaxed.
3. Conservativeness: mean and variance of the slack λ, beside those of an oracle that knows its
   partners' actions.

A report is what `SafetyTelemetry` has counted. It holds finite numbers only, and its canonical JSON
is the same bytes for the same numbers, so that its digest names it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import blake2b
from typing import Any, TypeVar

from counterpoint.core.errors import SafetyInputError
from counterpoint.safety.tables import Table, to_latex, to_markdown

SCHEMA = 1

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class AssumptionRow:
    """One assumption of the guarantees, in Table 1.

    Attributes:
        assumption: A short name, such as `partner_acceleration`.
        statement: What has to hold, in a sentence.
        checked: How often it was checked.
        violated: How often it did not hold.
        first_violation: What was seen the first time that it did not hold; empty where it held.
    """

    assumption: str
    statement: str
    checked: int
    violated: int
    first_violation: str = ""

    def __post_init__(self) -> None:
        _check(self)
        if self.violated > self.checked:
            raise SafetyInputError(
                f"assumption {self.assumption!r} is violated {self.violated} times "
                f"in {self.checked} checks"
            )


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One condition of the runs, in Table 2.

    Attributes:
        condition: Its name.
        predictor: How partners' motion was predicted, such as `worst_case` or `predicted`.
        regime: The weakest that a period's answer rested on, as `Regime` names them.
        episodes: Runs.
        steps: Control periods, over all runs.
        violations: Periods in which bodies overlapped, counted once a pair.
        brake_fires: Periods in which the brake fired; one that prevents a violation is none.
        infeasible: Periods in which a quadratic program of the outer layer had no solution.
        relaxed: Solutions of the inner layer that broke a barrier row.
        fallbacks: Periods in which the inner layer had no solution and slowed down.
        max_slack: The furthest that the inner layer broke a row [the barrier's unit a second].
        slack_l2: Mean of the norm of its slack, over its solutions.
        minimum_gap: The least distance between surfaces [m]; None where no pair was seen.
    """

    condition: str
    predictor: str
    regime: str
    episodes: int
    steps: int
    violations: int
    brake_fires: int
    infeasible: int = 0
    relaxed: int = 0
    fallbacks: int = 0
    max_slack: float = 0.0
    slack_l2: float = 0.0
    minimum_gap: float | None = None

    def __post_init__(self) -> None:
        _check(self, signed=("minimum_gap",))


@dataclass(frozen=True, slots=True)
class ConservativenessRow:
    """One condition's λ beside the oracle's, in Table 3.

    Attributes:
        condition: Its name.
        samples: Values of λ, one an active pair and period.
        lambda_mean: Their mean [m/s²].
        lambda_variance: Their variance [m²/s⁴].
        oracle_samples: The oracle's values of λ; 0 where none ran.
        oracle_mean: Their mean, or None where no oracle ran.
        oracle_variance: Their variance, or None.
    """

    condition: str
    samples: int
    lambda_mean: float
    lambda_variance: float
    oracle_samples: int = 0
    oracle_mean: float | None = None
    oracle_variance: float | None = None

    def __post_init__(self) -> None:
        _check(self, signed=("lambda_mean", "oracle_mean"))

    @property
    def mean_gap(self) -> float | None:
        """How much less slack than the oracle's was granted [m/s²]; positive is more cautious."""
        return None if self.oracle_mean is None else self.oracle_mean - self.lambda_mean


@dataclass(frozen=True, slots=True)
class SafetyReport:
    """The three tables.

    Attributes:
        assumptions: Table 1.
        conditions: Table 2.
        conservativeness: Table 3.
    """

    assumptions: tuple[AssumptionRow, ...] = ()
    conditions: tuple[ConditionRow, ...] = ()
    conservativeness: tuple[ConservativenessRow, ...] = ()

    @property
    def assumptions_held(self) -> bool:
        """Whether every assumption was checked at least once and always held."""
        return bool(self.assumptions) and all(
            row.checked > 0 and row.violated == 0 for row in self.assumptions
        )

    def to_jsonable(self) -> dict[str, Any]:
        """The report as plain dicts, lists, strings and numbers."""
        return {
            "schema": SCHEMA,
            "assumptions": [asdict(row) for row in self.assumptions],
            "conditions": [asdict(row) for row in self.conditions],
            "conservativeness": [asdict(row) for row in self.conservativeness],
        }

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, the shortest digits that name each number."""
        return json.dumps(
            self.to_jsonable(), sort_keys=True, separators=(",", ":"), allow_nan=False
        )

    def digest(self) -> str:
        """32 hex characters of the canonical JSON."""
        return blake2b(self.to_json().encode(), digest_size=16).hexdigest()

    @classmethod
    def from_jsonable(cls, data: Mapping[str, Any]) -> SafetyReport:
        """The report that `to_jsonable` was taken of.

        Raises:
            SafetyInputError: If the schema is another, a table or column is missing or unknown, or
                a number is not finite.
        """
        expected = {"schema", "assumptions", "conditions", "conservativeness"}
        if set(data) != expected or data["schema"] != SCHEMA:
            raise SafetyInputError(
                f"a safety report of schema {SCHEMA} has the keys {sorted(expected)}, "
                f"not {sorted(data)} with schema {data.get('schema')!r}"
            )
        return cls(
            _rows(AssumptionRow, data["assumptions"]),
            _rows(ConditionRow, data["conditions"]),
            _rows(ConservativenessRow, data["conservativeness"]),
        )

    @classmethod
    def from_json(cls, text: str) -> SafetyReport:
        """The report of a JSON text; raises as `from_jsonable` does."""
        return cls.from_jsonable(json.loads(text))

    def tables(self) -> tuple[Table, Table, Table]:
        """The three tables as titles, headings and cells: what every renderer starts from."""
        return (
            Table(
                "Assumptions",
                ("Assumption", "Statement", "Checked", "Violated", "First violation"),
                tuple(
                    (r.assumption, r.statement, r.checked, r.violated, r.first_violation)
                    for r in self.assumptions
                ),
            ),
            Table(
                "Conditions",
                (
                    "Condition", "Predictor", "Regime", "Episodes", "Steps", "Violations",
                    "Brake fires", "Infeasible", "Relaxed", "Fallbacks", "Max slack",
                    "Mean slack L2", "Min gap [m]",
                ),
                tuple(tuple(asdict(r).values()) for r in self.conditions),
            ),
            Table(
                "Conservativeness",
                (
                    "Condition", "Samples", "λ mean", "λ variance", "Oracle samples",
                    "Oracle λ mean", "Oracle λ variance", "Mean gap",
                ),
                tuple((*asdict(r).values(), r.mean_gap) for r in self.conservativeness),
            ),
        )  # fmt: skip

    def to_markdown(self) -> str:
        """The tables for a README or a page."""
        return "\n\n".join(to_markdown(table) for table in self.tables()) + "\n"

    def to_latex(self) -> str:
        """The tables for a paper; they ask for the package `booktabs`."""
        return "\n\n".join(to_latex(table) for table in self.tables()) + "\n"


def _rows(kind: type[Row], data: Any) -> tuple[Row, ...]:
    names = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    for entry in data:
        if set(entry) != names:
            raise SafetyInputError(f"a {kind.__name__} has {sorted(names)}, not {sorted(entry)}")
    return tuple(kind(**entry) for entry in data)


def _check(row: Any, signed: tuple[str, ...] = ()) -> None:
    """Every number of a row is finite, and at least 0 where it is a count or a size."""
    for field in fields(row):
        value = getattr(row, field.name)
        if isinstance(value, str) or value is None:
            continue
        if not math.isfinite(value) or (value < 0 and field.name not in signed):
            raise SafetyInputError(
                f"{type(row).__name__}.{field.name} must be finite"
                f"{'' if field.name in signed else ' and at least 0'}, not {value!r}"
            )
