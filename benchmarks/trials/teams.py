"""Trials of two robots with one object; `teamwork.py` has the scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import teamwork

from counterpoint.actions import Drop, Grasp, MoveBy, ReachFor
from counterpoint.robots import RobotModel
from trials.skill import skill
from trials.trial import Outcome, Trial

LEAST = 0.90
ACTING = ("hand over", "carry")
"""Stages in which an action failed; in the others it is the state of the world that denies."""


def _tiago_pro(model: RobotModel) -> bool:
    return model.name == "tiago_pro"


@skill("hand_over a stick", Grasp, ReachFor, Drop, suits=_tiago_pro, least=LEAST)
def hand_over(t: Trial) -> Outcome:
    """Takes a stick from a table, turns round, and hands it to a second robot.

    *Drawn:* the stick's length (24 to 32 cm) and thickness (3.5 to 4.5 cm), where it lies and how
    it is turned (up to 25°); how far apart the robots are (1.35 to 1.5 m), how far out of line (up
    to 10 cm), and the height at which they meet (0.9 to 1.05 m).

    *Success:* every action of both succeeds; a second later the stick is in the second robot's hand
    and not in the first one's, at most 10 cm below the height at which they met.
    """
    return _as_drawn(t, teamwork.hand_over_trial)


@skill("carry_together a bar", Grasp, ReachFor, MoveBy, Drop, suits=_tiago_pro, least=LEAST)
def carry_bar(t: Trial) -> Outcome:
    """Takes one end of a bar, and a second robot the other; they carry it to another stand.

    *Drawn:* the bar's length (1.1 to 1.4 m) and mass (1 to 2.5 kg), the height of the stands (0.7
    to 0.85 m), the way between them (1.2 to 2 m), and how far each robot is off its place along
    that way (up to 5 cm).

    *Success:* every action of both succeeds; the bar was lifted by 5 cm at least, never leant by
    more than 5°, and its middle rests within 5 cm of the middle of the second stand.
    """
    return _as_drawn(t, teamwork.carry_bar_trial)


@skill("carry_together a table", Grasp, ReachFor, MoveBy, Drop, suits=_tiago_pro, least=LEAST)
def carry_table(t: Trial) -> Outcome:
    """Takes one edge of a table, and a second robot the other; they carry it, face to face.

    *Drawn:* the table's extents (0.7 to 1 m, 0.5 to 0.7 m, 0.7 to 0.78 m high) and mass (2.5 to 5
    kg), how far each robot stands from it (68 to 74 cm), and the way (0.8 to 1.5 m).

    *Success:* every action of both succeeds; the table was lifted by 5 cm at least, never leant by
    more than 5°, and rests within 5 cm of the end of the way.
    """
    return _as_drawn(t, teamwork.carry_table_trial)


def _as_drawn(t: Trial, trial: Callable[..., Outcome]) -> Outcome:
    """A trial of `teamwork.py` with a seed of its own."""
    outcome = trial(0, seed=int(t.rng.integers(2**31)))
    return replace(
        outcome,
        frames=int(outcome.numbers.pop("frames")),
        denied=not outcome.success and outcome.stage not in ACTING,
    )
