"""What a robot is doing with what robots share: a record to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from counterpoint.actions import Action, ActionStatus
from counterpoint.actions.claims import Claim, Claimant

InteractionState = Literal["idle", "busy", "transitioning", "interacting"]


@dataclass(frozen=True, slots=True)
class Interaction:
    """How a robot stands towards what robots share.

    Attributes:
        state: `interacting` while an action of the robot holds a claim; else `transitioning` while
            one has not initialised or waits for a claim; else `busy` while one runs; else `idle`.
        holds: The resources that it holds, in the order in which they were granted.
        waits_for: The resources that are in other robots' hands, or reserved for them.
        waits_on: Those robots.
        progress: How far the action that was started last has come, 0 to 1.
        count: How many claims the robot was granted in this scene.
        last_frame: The last frame in which it held one, or None.
        cooldown_left: Seconds until the cooldown after that is over.
    """

    state: InteractionState = "idle"
    holds: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    waits_on: tuple[str, ...] = ()
    progress: float = 0.0
    count: int = 0
    last_frame: int | None = None
    cooldown_left: float = 0.0


def interaction_of(
    claimant: Claimant,
    actions: Sequence[Action],
    last: Action | None,
    *,
    frame: int,
    frames_per_second: int,
) -> Interaction:
    """The record of a robot.

    Args:
        claimant: The robot, as the arbiter sees it.
        actions: Those that run or wait to.
        last: The one that was started last, or None.
        frame: The frame now.
        frames_per_second: Frames a second of simulated time.
    """
    ongoing = [a for a in actions if a.status is ActionStatus.ongoing]
    claims = [c for a in ongoing for c in _claims(a)]
    held = sorted((c for c in claims if c.granted is not None), key=lambda c: c.granted or 0)
    blocked = [b for c in claims if c.granted is None for b in c.blocked]
    state: InteractionState = "idle"
    if held:
        state = "interacting"
    elif any(_waits(a) for a in ongoing):
        state = "transitioning"
    elif ongoing:
        state = "busy"
    return Interaction(
        state=state,
        holds=tuple(dict.fromkeys(r for c in held for r in c.resources)),
        waits_for=tuple(dict.fromkeys(b.resource for b in blocked)),
        waits_on=tuple(dict.fromkeys(b.claim.robot_id for b in blocked)),
        progress=0.0 if last is None else last.progress,
        count=claimant.interactions,
        last_frame=claimant.last,
        cooldown_left=claimant.cooldown_left(frame) / frames_per_second,
    )


def _claims(action: Action | None) -> list[Claim]:
    """What an action and its children hold or wait for."""
    found = []
    while action is not None:
        if action.claim is not None:
            found.append(action.claim)
        action = action.child
    return found


def _waits(action: Action | None) -> bool:
    """Whether an action, or the child that it has come to, has not initialised."""
    while action is not None:
        if not action.initialized:
            return True
        action = action.child
    return False
