"""The calls that start actions on a robot, one method an action."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from counterpoint.actions import (
    Action,
    Animate,
    Animation,
    DoNothing,
    Drop,
    FollowPolicy,
    Grasp,
    LookAt,
    MoveBy,
    MoveTo,
    NavigateTo,
    Place,
    Plan,
    Policy,
    ReachByPlan,
    ReachFor,
    ResetArm,
    ResetHead,
    RotateHead,
    Target,
    TurnBy,
    TurnTo,
    Wait,
    nearer_arm,
)
from counterpoint.actions.arguments import check_arms
from counterpoint.actions.targets import require_name
from counterpoint.add_ons.add_on import Host
from counterpoint.core.arm import Arm
from counterpoint.robots import RobotModel
from counterpoint.simulation.response import Response, RobotState

Started = TypeVar("Started", bound=Action)


class RobotCalls:
    """What a script asks of a robot. Each call starts an action and returns it; none blocks.

    Attributes:
        model: What the robot is.
        priority: Who wins where robots want the same thing; higher first.
        host: The controller, once the robot takes part.
    """

    model: RobotModel
    priority: int
    host: Host | None

    @property
    def actions(self) -> Mapping[str, Action]:
        """Track → the ongoing action on it."""
        raise NotImplementedError

    @property
    def dynamic(self) -> RobotState:
        """The robot in the last frame."""
        raise NotImplementedError

    def start(self, action: Started) -> Started:
        """Start an action."""
        raise NotImplementedError

    def _last_response(self) -> Response:
        """The last response with the robot in it."""
        raise NotImplementedError

    def turn_by(self, angle: float) -> TurnBy:
        """Turn by `angle` [degrees], positive to the left."""
        return self._begin(TurnBy(angle))

    def turn_to(self, target: Target) -> TurnTo:
        """Turn to face a robot, an object or a position."""
        return self._begin(TurnTo(target), target)

    def move_by(self, distance: float, arrived_at: float = 0.1, reset_arms: bool = True) -> MoveBy:
        """Drive straight by `distance` [m], backwards when negative."""
        return self._begin(MoveBy(distance, arrived_at, reset_arms))

    def move_to(self, target: Target, arrived_at: float = 0.1, reset_arms: bool = True) -> MoveTo:
        """Turn to a target, then drive to it; an object is reached at its edge."""
        return self._begin(MoveTo(target, arrived_at, reset_arms), target)

    def navigate_to(
        self,
        target: Target,
        arrived_at: float = 0.1,
        reset_arms: bool = True,
        *,
        wait_at_most: float = 30.0,
    ) -> NavigateTo:
        """Drive to a target round furniture and other robots; see `NavigateTo`."""
        action = NavigateTo(
            target, arrived_at, reset_arms,
            wait_at_most=wait_at_most, priority=self.priority, others=self._others_navigating,
        )  # fmt: skip
        return self._begin(action, target)

    def reach_for(
        self,
        target: Target | Sequence[Target],
        arm: Arm | Sequence[Arm] | None = None,
        absolute: bool = True,
        arrived_at: float = 0.01,
        max_distance: float | None = None,
        duration: float | None = None,
        offhand_follows: bool = False,
        from_held: bool = False,
        held_point: str = "bottom",
        plan: Plan | None = None,
        orientation: Sequence[float] | None = None,
    ) -> ReachFor | ReachByPlan:
        """Move one hand, or both with `arm=[left, right]`, to a target; see `ReachFor`.

        With a `plan` it goes there step by step; see `ReachByPlan`.
        """
        reach = ReachFor(
            target, self._arms(arm, target), absolute, arrived_at, max_distance, duration,
            offhand_follows, from_held, held_point, orientation,
        )  # fmt: skip
        return self._begin(reach if plan is None else ReachByPlan(reach, plan), target)

    def reset_arm(
        self, arm: Arm | Sequence[Arm] | None = None, duration: float | None = None
    ) -> ResetArm:
        """Move an arm, several, or (None) all back to the rest pose."""
        return self._begin(ResetArm(self.model.arms if arm is None else arm, duration))

    def grasp(
        self,
        target: Target,
        arm: Arm | None = None,
        angle: float | None = None,
        axis: str = "pitch",
        relative_to_hand: bool = True,
        *,
        hold: str | None = None,
        shared: bool = False,
    ) -> Grasp:
        """Take hold of an object; see `Grasp`. `angle` is in degrees.

        With `shared`, other robots may hold it, too, at other points.
        """
        one = self._arms(arm, target)[0]
        grasp = Grasp(target, one, angle, axis, relative_to_hand, hold, shared=shared)
        return self._begin(grasp, target)

    def drop(self, arm: Arm | None = None, max_frames: int = 200) -> Drop:
        """Open a hand (None: the one that holds something) and wait until the object rests."""
        return self._begin(Drop(self._holding_arm(arm), max_frames))

    def place(self, target: Target, arm: Arm | None = None, held_point: str = "bottom") -> Place:
        """Carry the held object onto an object's top or to a position, and let go."""
        return self._begin(Place(target, self._holding_arm(arm), held_point), target)

    def look_at(
        self, target: Target, duration: float | None = None, follow: bool = False
    ) -> LookAt:
        """Turn the head to a target, and with `follow` keep it there; see `LookAt`."""
        return self._begin(LookAt(target, duration, follow), target)

    def rotate_head(self, angle: float, axis: str, duration: float | None = None) -> RotateHead:
        """Turn the head by `angle` [degrees] about `pitch` (down) or `yaw` (to the left)."""
        return self._begin(RotateHead(angle, axis, duration))

    def reset_head(self, duration: float | None = None) -> ResetHead:
        """Turn the head back to rest."""
        return self._begin(ResetHead(duration))

    def animate(self, animation: str | Animation, loop: bool = False) -> Animate:
        """Play an animation, with `loop` again and again; see `list_animations`."""
        return self._begin(Animate(animation, loop))

    def wait(self, frames: int) -> Wait:
        """Let frames pass."""
        return self._begin(Wait(frames))

    def do_nothing(self) -> DoNothing:
        """Succeed in the next frame."""
        return self._begin(DoNothing())

    def follow_policy(
        self, policy: Policy, frames: int, tracks: str | Sequence[str]
    ) -> FollowPolicy:
        """Let a policy drive `tracks` for up to `frames` frames; see `FollowPolicy`."""
        return self._begin(FollowPolicy(policy, frames, tracks))

    # --- inside -------------------------------------------------------------------------------

    def _others_navigating(self) -> list[NavigateTo]:
        """The ongoing navigations of the other robots."""
        robots = [] if self.host is None else self.host.add_ons
        actions = [
            r.actions.get("base") for r in robots if isinstance(r, RobotCalls) and r is not self
        ]
        return [a for a in actions if isinstance(a, NavigateTo) and a.initialized]

    def _begin(self, action: Started, target: Any = None) -> Started:
        """Start an action, after making sure that what it names exists."""
        self._check_names(self._last_response(), target)
        return self.start(action)

    def _check_names(self, response: Response, target: Any) -> None:
        if isinstance(target, str):
            require_name(response, target)
        elif isinstance(target, tuple) and len(target) == 2 and isinstance(target[0], str):
            require_name(response, target[0])
        elif isinstance(target, (list, tuple)):
            for part in target:
                if isinstance(part, (str, tuple)):
                    self._check_names(response, part)

    def _arms(self, arm: Arm | Sequence[Arm] | None, target: Any) -> list[Arm]:
        """The arms that a call means; None is the only or the nearer one."""
        if arm is None:
            response = self._last_response()
            if len(self.model.arms) == 1:
                return [self.model.arms[0]]
            return [nearer_arm(response, self.dynamic, target)]
        return check_arms(arm)

    def _holding_arm(self, arm: Arm | None) -> Arm:
        if arm is not None:
            return check_arms(arm)[0]
        held = self.dynamic.held
        return next((a for a in self.model.arms if held.get(a)), self.model.arms[0])
