"""How an action stands, and when its robot takes pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class ActionStatus(Enum):
    """Where an action stands. Everything but `ongoing` is final."""

    ongoing = "ongoing"
    success = "success"
    failure = "failure"
    failed_to_move = "failed_to_move"
    failed_to_turn = "failed_to_turn"
    cannot_reach = "cannot_reach"
    failed_to_reach = "failed_to_reach"
    not_holding = "not_holding"
    collision = "collision"
    detected_obstacle = "detected_obstacle"
    already_holding = "already_holding"
    still_dropping = "still_dropping"
    cannot_grasp = "cannot_grasp"
    failed_to_grasp = "failed_to_grasp"
    held_by_other = "held_by_other"
    not_supported = "not_supported"
    replaced = "replaced"
    cancelled = "cancelled"
    timed_out = "timed_out"
    conflict = "conflict"
    safety_stop = "safety_stop"


class ImageFrequency(Enum):
    """When a robot's own cameras take images."""

    once = "once"
    """One at the end of each action."""
    always = "always"
    """One a frame."""
    never = "never"


@dataclass(frozen=True, slots=True)
class Result:
    """Why an action ended.

    Attributes:
        reason: A sentence.
        facts: What applies of `object_id`, `robot_id`, `link`, `distance` [m], `limit`, `frame`,
            `resource`, `error`; each is also an attribute of the result, None where it does not
            apply.
    """

    reason: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.facts.get(name)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"reason": self.reason, **{k: _plain(v) for k, v in self.facts.items()}}


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, BaseException) else value
