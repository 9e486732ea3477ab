"""Actions whose motion a touch stops."""

from __future__ import annotations

from collections.abc import Collection

from counterpoint.actions.action import Action
from counterpoint.actions.arm_motion import arm_links
from counterpoint.actions.collision import touching
from counterpoint.actions.status import ActionStatus
from counterpoint.core.arm import Arm
from counterpoint.simulation.response import Response, RobotState


class GuardedAction(Action):
    """An action that ends as `collision` when a link that it watches touches something.

    What a link touches when the motion begins does not stop it: it may be leaving.
    """

    def __init__(self) -> None:
        super().__init__()
        self._spared: set[str] = set()
        self._watched: frozenset[str] | None = None

    def watch(
        self,
        resp: Response,
        dynamic: RobotState,
        arms: Collection[Arm] | None = None,
        spared: Collection[str] = (),
        *,
        links: Collection[str] | None = None,
    ) -> None:
        """Begin to watch `links`, or those of `arms`, or all, for touches by names not `spared`."""
        static = dynamic.static
        if links is not None:
            self._watched = frozenset(links)
        elif arms is not None:
            self._watched = frozenset(n for arm in arms for n in arm_links(static.model, arm))
        there = resp.contacts.touching(static.robot_id)
        self._spared = set(spared) | {
            other.owner
            for own, other, _ in there
            if self._watched is None or own.link in self._watched
        }

    def collided(self, resp: Response, dynamic: RobotState) -> bool:
        """End as `collision` if a watched link touches something that stops motion."""
        assert self.controls is not None
        rules = self.controls.collision_detection
        hit = touching(resp, dynamic, rules, ignore=self._spared, links=self._watched)
        if hit is None:
            return False
        link, other, force = hit
        self.end(
            ActionStatus.collision, f"{link} touched {other!r} with {force:.1f} N",
            link=link, frame=resp.frame, **{facts_key(resp, other): other},
        )  # fmt: skip
        return True


def facts_key(resp: Response, name: str) -> str:
    """What a result calls the name of a robot or an object."""
    return "robot_id" if name in resp.robots else "object_id"
