"""The table of skills: which trial is one of which actions, on which robots."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from counterpoint import derive_substream
from counterpoint.actions import Action
from counterpoint.robots import RobotModel, get_model, list_models
from trials.trial import ActionFellShort, Outcome, Trial


@dataclass(frozen=True, eq=False)
class Skill:
    """A row of the table of skills.

    Attributes:
        name: What it is called; the first word is the robot's method.
        actions: The actions that it is a trial of.
        suits: Whether a model has what it takes.
        trial: Draws a set-up, acts, and judges. Its docstring says how, for people.
        arguments: What `trial` is called with besides.
        least: The share of set-ups in which it should succeed.
    """

    name: str
    actions: tuple[type[Action], ...]
    suits: Callable[[RobotModel], bool]
    trial: Callable[..., Outcome]
    arguments: Mapping[str, Any]
    least: float

    @property
    def description(self) -> str:
        """How set-ups are drawn, and what counts as a success."""
        return inspect.getdoc(self.trial) or ""

    @property
    def models(self) -> list[str]:
        """The models that are installed and have what it takes."""
        return [name for name in list_models() if self.suits(get_model(name))]

    def run(self, model: str, index: int, seed: int = 0) -> Outcome:
        """Set-up number `index` of a model: the same whatever else was run before it."""
        name = f"{self.name} {model} {index}"
        with closing(Trial(model, derive_substream(name, seed).default_rng())) as trial:
            try:
                return self.trial(trial, **self.arguments)
            except ActionFellShort as short:
                return Outcome(
                    False, short.stage, str(short), frames=trial.frames, rejected=trial.rejected
                )


SKILLS: list[Skill] = []
"""All rows, in the order in which they were declared."""


def skill(
    name: str,
    *actions: type[Action],
    suits: Callable[[RobotModel], bool],
    least: float = 0.95,
    **arguments: Any,
) -> Callable[[Callable[..., Outcome]], Callable[..., Outcome]]:
    """Declare a trial as a row of the table; see `Skill`."""

    def declare(trial: Callable[..., Outcome]) -> Callable[..., Outcome]:
        SKILLS.append(Skill(name, actions, suits, trial, arguments, least))
        return trial

    return declare


def mobile(model: RobotModel) -> bool:
    """It drives."""
    return model.mobile


def has_head(model: RobotModel) -> bool:
    """It has a head."""
    return "head" in model.tracks


def has_gripper(model: RobotModel) -> bool:
    """It has a gripper."""
    return bool(model.grippers)


def two_armed(model: RobotModel) -> bool:
    """It has two arms."""
    return len(model.arms) == 2


def any_model(model: RobotModel) -> bool:
    """It is a robot."""
    return True
