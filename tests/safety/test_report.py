from __future__ import annotations

import json
import math
import statistics
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.core.errors import SafetyInputError
from counterpoint.safety.brake import decide_brake
from counterpoint.safety.oscbf import InnerStatus, OSCBFResult
from counterpoint.safety.report import (
    AssumptionRow,
    ConditionRow,
    ConservativenessRow,
    SafetyReport,
)
from counterpoint.safety.tables import Table, to_latex, to_markdown
from counterpoint.safety.telemetry import RunningMoments, SafetyTelemetry, safety_report

PAIR = ("ada", "bo")


def inner(status: InnerStatus, slack: list[float]) -> OSCBFResult:
    values = np.array(slack)
    return OSCBFResult(
        np.zeros(7), values, np.arange(len(values)), float(values.max(initial=0.0)),
        float(np.linalg.norm(values)), status,
    )  # fmt: skip


def filled(name: str = "head-on", scale: float = 1.0) -> SafetyTelemetry:
    telemetry = SafetyTelemetry(name)
    telemetry.assume("partner_acceleration", "No partner accelerates by more than it states.")
    telemetry.begin_episode()
    overlap = decide_brake([[0.0, 0.0], [0.5, 0.0]], np.zeros((2, 2)), [0.3, 0.3])
    near = decide_brake([[0.0, 0.0], [0.7, 0.0]], np.zeros((2, 2)), [0.3, 0.3], barrier=[-0.1])
    telemetry.record(gaps=[0.4], lambdas={PAIR: -0.5 * scale})
    telemetry.check("partner_acceleration", True)
    telemetry.record(
        gaps=[0.1], brake_fired=near.fired, lambdas={PAIR: -0.1 * scale}, infeasible=True
    )
    telemetry.check("partner_acceleration", False, "bo at 3.2 m/s²")
    telemetry.record(
        gaps=[-0.1, 0.2], brake_fired=overlap.fired,
        inner=[inner(InnerStatus.RELAXED, [0.3, 0.4]), inner(InnerStatus.OPTIMAL, [0.0])],
    )  # fmt: skip
    return telemetry


def test_violations_and_brake_fires_are_counted_apart():
    row = filled().condition_row()
    assert (row.episodes, row.steps, row.violations, row.brake_fires) == (1, 3, 1, 2)
    assert (row.infeasible, row.relaxed, row.fallbacks) == (1, 1, 0)
    assert row.minimum_gap == -0.1


def test_slack_is_the_worst_step_and_the_mean_norm():
    row = filled().condition_row()
    assert row.max_slack == 0.4
    assert row.slack_l2 == pytest.approx(0.25)


def test_a_fallback_is_counted_and_does_not_drown_the_slack_of_the_others():
    telemetry = SafetyTelemetry("arm")
    telemetry.record(inner=[inner(InnerStatus.FALLBACK, [math.inf])])
    telemetry.record(inner=[inner(InnerStatus.RELAXED, [0.2])])
    row = telemetry.condition_row()
    assert (row.fallbacks, row.relaxed, row.max_slack, row.slack_l2) == (1, 1, 0.2, 0.2)


@pytest.mark.parametrize("gap", [-1e-9, math.nan])
def test_a_gap_that_is_no_proof_of_distance_is_a_violation(gap):
    telemetry = SafetyTelemetry("arm")
    telemetry.record(gaps=np.array([gap]))
    assert telemetry.condition_row().violations == 1


def test_touching_is_no_violation():
    telemetry = SafetyTelemetry("arm")
    telemetry.record(gaps=[0.0])
    assert telemetry.condition_row().violations == 0


def test_one_positive_lambda_leaves_the_guaranteed_regime_for_good():
    telemetry = filled()
    assert telemetry.condition_row().regime == "guaranteed"
    telemetry.record(lambdas={PAIR: 1e-6})
    telemetry.record(lambdas={PAIR: -1.0})
    assert telemetry.condition_row().regime == "learnt"


def test_the_first_violation_of_an_assumption_is_told():
    report = safety_report([filled()])
    (row,) = report.assumptions
    assert (row.checked, row.violated) == (2, 1)
    assert row.first_violation == "step 2: bo at 3.2 m/s²"
    assert not report.assumptions_held


def test_an_assumption_that_nobody_checked_does_not_count_as_held():
    telemetry = SafetyTelemetry("arm")
    telemetry.assume("rigid", "Links do not bend.")
    assert not safety_report([telemetry]).assumptions_held
    telemetry.check("rigid", True)
    assert safety_report([telemetry]).assumptions_held
    with pytest.raises(SafetyInputError, match="never announced"):
        telemetry.check("soft", True)


def test_conditions_share_their_assumptions():
    report = safety_report([filled("head-on"), filled("chase")])
    assert [(r.checked, r.violated) for r in report.assumptions] == [(4, 2)]
    assert [r.condition for r in report.conditions] == ["head-on", "chase"]


def test_conservativeness_is_told_beside_the_oracles():
    report = safety_report([filled(scale=2.0)], oracles={"head-on": filled(scale=1.0)})
    (row,) = report.conservativeness
    assert row.lambda_mean == pytest.approx(-0.6)
    assert row.oracle_mean == pytest.approx(-0.3)
    assert row.mean_gap == pytest.approx(0.3)
    assert row.lambda_variance == pytest.approx(0.16)
    alone = safety_report([filled()]).conservativeness[0]
    assert alone.oracle_mean is alone.mean_gap is None


def test_conditions_that_cannot_be_told_apart_are_refused():
    with pytest.raises(SafetyInputError, match="one name"):
        safety_report([filled(), filled()])
    with pytest.raises(SafetyInputError, match="unknown"):
        safety_report([filled()], oracles={"chase": filled()})


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_running_moments_are_those_of_the_whole_list(values):
    moments = RunningMoments()
    for value in values:
        moments.add(value)
    scale = max(map(abs, values)) + 1.0
    assert moments.mean == pytest.approx(statistics.fmean(values), abs=1e-9 * scale)
    assert moments.variance == pytest.approx(statistics.pvariance(values), abs=1e-9 * scale**2)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_lambda_that_is_not_finite_is_refused(value):
    with pytest.raises(SafetyInputError):
        SafetyTelemetry("arm").record(lambdas={PAIR: value})


def test_json_is_canonical_and_comes_back_the_same():
    report = safety_report([filled()], oracles={"head-on": filled(scale=0.5)})
    again = SafetyReport.from_json(report.to_json())
    assert again == report
    assert again.to_json() == report.to_json() and again.digest() == report.digest()
    assert json.loads(report.to_json())["schema"] == 1
    keys = list(json.loads(report.to_json()))
    assert keys == sorted(keys)


def test_the_digest_names_the_numbers():
    report = safety_report([filled()])
    other = replace(report, conditions=(replace(report.conditions[0], violations=2),))
    assert report.digest() != other.digest()
    assert report.digest() == safety_report([filled()]).digest()


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(schema=2),
        lambda d: d.pop("conditions"),
        lambda d: d["conditions"][0].pop("steps"),
        lambda d: d["conditions"][0].update(extra=1),
        lambda d: d["conditions"][0].update(max_slack=math.nan),
        lambda d: d["conditions"][0].update(violations=-1),
        lambda d: d["assumptions"][0].update(violated=9),
    ],
)
def test_a_damaged_report_is_refused(change):
    data = safety_report([filled()]).to_jsonable()
    change(data)
    with pytest.raises(SafetyInputError):
        SafetyReport.from_jsonable(data)


def test_markdown_shows_every_number_once_under_its_heading():
    text = safety_report([filled()], oracles={"head-on": filled(scale=0.5)}).to_markdown()
    lines = [line for line in text.splitlines() if line.startswith("|")]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    heads = table[3], table[5]
    named = dict(zip(*heads, strict=True))
    assert named["Violations"] == "1" and named["Brake fires"] == "2"
    assert named["Max slack"] == "0.4" and named["Min gap [m]"] == "-0.1"
    assert all(len(row) == len(table[0]) for row in table[:3])


def test_latex_escapes_what_latex_would_read():
    table = Table("50 % of a_b & c", ("λ", "x"), (("{~^\\}", None), ("#$", 1.5)))
    text = to_latex(table)
    assert r"\caption{50 \% of a\_b \& c}" in text
    assert r"$\lambda$ & x \\" in text
    assert r"\{\textasciitilde{}\textasciicircum{}\textbackslash{}\} & – \\" in text
    assert r"\#\$ & 1.5 \\" in text
    assert text.count(r"\begin") == text.count(r"\end") == 2


def test_a_cell_cannot_break_out_of_its_markdown_table():
    text = to_markdown(Table("t", ("a",), (("x | y\nz",),)))
    assert text.splitlines()[-1] == r"| x \| y z |"


def test_a_row_of_another_length_is_refused():
    with pytest.raises(SafetyInputError, match="columns"):
        Table("t", ("a", "b"), (("x",),))


@pytest.mark.parametrize(
    "make",
    [
        lambda: AssumptionRow("a", "b", 1, 2),
        lambda: AssumptionRow("a", "b", -1, 0),
        lambda: ConditionRow("c", "p", "guaranteed", 1, 1, 0, 0, max_slack=math.inf),
        lambda: ConservativenessRow("c", 1, math.nan, 0.0),
        lambda: ConservativenessRow("c", 1, 0.0, -1.0),
    ],
)
def test_numbers_that_cannot_be_counts_or_sizes_are_refused(make):
    with pytest.raises(SafetyInputError):
        make()
