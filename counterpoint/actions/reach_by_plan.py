"""Hands to targets by way of other places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np

from counterpoint.actions.action import Action, Composite, Request
from counterpoint.actions.reach_for import ReachFor
from counterpoint.actions.reset_arm import ResetArm
from counterpoint.actions.status import ImageFrequency
from counterpoint.actions.targets import hand_point, name_of
from counterpoint.core.errors import CommandError
from counterpoint.core.pose import Array
from counterpoint.simulation.response import Response, RobotState, RobotStatic

PlanName = Literal["vertical_horizontal", "reset"]
Waypoint = Sequence[float]
Plan = PlanName | Sequence[Waypoint]

HEADROOM = 0.08  # m: over the higher of hand and target, on the way across
PASSED_AT = 0.03  # m: how near a place on the way counts as passed


class ReachByPlan(Composite):
    """Reach a target step by step; a step that fails ends it with its own status and result.

    Args:
        reach: The last step.
        plan: `vertical_horizontal` (up, over, down), `reset` (back to the rest pose first), or
            positions of the hand on the way [m], in the frame that the reach's own target is in.
    """

    def __init__(self, reach: ReachFor, plan: Plan) -> None:
        super().__init__()
        self.reach, self.plan = reach, _checked(plan)
        self.tracks = reach.tracks
        self._steps: list[Action] = []

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        self._steps = [*self._on_the_way(resp, dynamic), self.reach]
        self.legs = len(self._steps)
        requests = super().get_initialization_commands(resp, static, dynamic, image_frequency)
        self._take_tracks()
        return requests

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        requests = super().get_ongoing_commands(resp, static, dynamic)
        self._take_tracks()
        return requests

    def next_child(self, resp: Response, static: RobotStatic, dynamic: RobotState) -> Action | None:
        """See `Composite`."""
        if self._steps:
            return self._steps.pop(0)
        self.succeed(self.reach.result.reason, **self.reach.result.facts)
        return None

    def state(self) -> Any:
        """See `Action`."""
        return super().state(), len(self._steps)

    def _take_tracks(self) -> None:
        """A step may find that it needs the torso."""
        if self.child is not None:
            self.tracks = tuple(dict.fromkeys((*self.tracks, *self.child.tracks)))

    def _on_the_way(self, resp: Response, dynamic: RobotState) -> list[Action]:
        arms = self.reach.arms
        if self.plan == "reset":
            return [ResetArm(arms)]
        if self.plan == "vertical_horizontal":
            hands = [dynamic.tool_pose(a).p for a in arms]
            goals = [
                _place(resp, dynamic, t, hand, self.reach.absolute)
                - self.reach.held_offset(resp, dynamic, arm)
                for t, hand, arm in zip(self.reach.targets, hands, arms, strict=True)
            ]
            top = max(float(p[2]) for p in (*hands, *goals)) + HEADROOM
            up = [np.array([*hand[:2], top]) for hand in hands]
            over = [np.array([*goal[:2], top]) for goal in goals]
            return [self._passing(up), self._passing(over)]
        points = [np.asarray(p, dtype=np.float64) for p in self.plan]
        if not self.reach.absolute:
            points = [dynamic.base_pose.apply(p) for p in points]
        return [self._passing([p] * len(arms)) for p in points]

    def _passing(self, points: list[Array]) -> ReachFor:
        turn = self.reach.orientation
        return ReachFor(
            [p.tolist() for p in points], self.reach.arms, arrived_at=PASSED_AT,
            orientation=None if turn is None else turn.tolist(),
        )  # fmt: skip


def _place(resp: Response, dynamic: RobotState, target: Any, hand: Array, absolute: bool) -> Array:
    """Where a target is in the world, shape (3,) [m]."""
    if name_of(target) is not None:
        return hand_point(resp, target, hand)
    point: Array = np.asarray(target, dtype=np.float64)
    return point if absolute else dynamic.base_pose.apply(point)


def _checked(plan: Plan) -> Plan:
    if isinstance(plan, str):
        if plan not in get_args(PlanName):
            raise CommandError("unknown plan", field="plan", value=plan, exists=get_args(PlanName))
        return plan
    try:
        points = np.asarray(plan, dtype=np.float64)
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1:] != (3,) or not np.isfinite(points).all():
        raise CommandError(
            "expected the name of a plan, or a list of positions (x, y, z) [m]",
            field="plan", value=plan, exists=get_args(PlanName),
        )  # fmt: skip
    found: list[Waypoint] = points.tolist()
    return found
