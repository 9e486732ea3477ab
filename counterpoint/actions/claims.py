"""Claims: what an action wants for its robot alone while it runs.

A resource is a name: an object, a robot, or whatever scripts agree on, such as `doorway`. Claims
are between robots; actions of one robot share what it holds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from counterpoint.core.errors import CommandError

if TYPE_CHECKING:
    from counterpoint.actions.action import Action

OnConflict = Literal["wait", "fail"]
"""What an action does that is not granted its claims: wait for them, or end as `conflict`."""


@dataclass(slots=True, eq=False)
class Claimant:
    """A robot as the arbiter sees it.

    Attributes:
        robot_id: Its name.
        priority: Higher goes first.
        cooldown: Frames after an interaction in which it stands back for others.
        last: The last frame in which it held a claim, or None.
        interactions: How many claims it was granted.
        granted: Resource → the frame in which it was last granted that.
    """

    robot_id: str
    priority: int = 0
    cooldown: int = 0
    last: int | None = None
    interactions: int = 0
    granted: dict[str, int] = field(default_factory=dict)

    def cooldown_left(self, frame: int) -> int:
        """Frames until its cooldown is over, in `frame`."""
        return 0 if self.last is None else max(0, self.last + self.cooldown - frame)

    def state(self) -> Any:
        """What later frames depend on, for the state hash."""
        return self.last, self.interactions, self.granted


class InTheWay(NamedTuple):
    """Why a claim is not granted.

    Attributes:
        resource: What it wants.
        claim: The claim that has it, or that it is reserved for.
    """

    resource: str
    claim: Claim


@dataclass(slots=True, eq=False)
class Claim:
    """One action's claim, from the frame in which it is made until the action's end phase has run.

    Attributes:
        action: Whose it is.
        claimant: The action's robot.
        resources: What it wants, all at once or not at all; without what its parents hold.
        number: Which of the robot's actions it, or the action that owns it, is.
        made: The frame in which it was made.
        granted: The frame in which it was granted, or None.
        had: Resource → the frame in which the robot was last granted that, when this was made.
        blocked: What is in its way, best first.
    """

    action: Action
    claimant: Claimant
    resources: tuple[str, ...]
    number: int
    made: int | None = None
    granted: int | None = None
    had: dict[str, int] = field(default_factory=dict)
    blocked: tuple[InTheWay, ...] = ()

    @property
    def robot_id(self) -> str:
        """The robot that claims."""
        return self.claimant.robot_id

    @property
    def owner(self) -> tuple[str, int]:
        """The action that a script started: itself, or the outermost parent."""
        return self.claimant.robot_id, self.number

    def state(self) -> Any:
        """What later frames depend on, for the state hash."""
        return self.owner, self.resources, self.made, self.granted


def check_resources(resources: Sequence[str]) -> tuple[str, ...]:
    """Names of resources, each once.

    Raises:
        CommandError: If they are a single string, or not all names.
    """
    if isinstance(resources, str) or not all(isinstance(r, str) and r for r in resources):
        raise CommandError("expected names of resources", field="claims", value=resources)
    return tuple(dict.fromkeys(resources))


def check_on_conflict(on_conflict: str) -> OnConflict:
    """`wait` or `fail`.

    Raises:
        CommandError: If it is neither.
    """
    for known in get_args(OnConflict):
        if on_conflict == known:
            return known  # type: ignore[no-any-return]
    raise CommandError(
        "unknown choice", field="on_conflict", value=on_conflict, exists=get_args(OnConflict)
    )


def check_bid(bid: float) -> float:
    """A finite number.

    Raises:
        CommandError: If it is none.
    """
    if isinstance(bid, bool) or not isinstance(bid, (int, float)) or not math.isfinite(bid):
        raise CommandError("expected a finite number", field="bid", value=bid)
    return bid
