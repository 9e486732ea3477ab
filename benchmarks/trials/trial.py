"""A trial of a skill: one set-up drawn at random, what the robot does in it, and the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action, ActionStatus
from counterpoint.core.pose import Array
from counterpoint.robots import get_model
from counterpoint.simulation.response import ObjectState

ROOM = 12.0  # m: width and length of a room that nothing else is said about
SETTLED = 30  # frames after an action, in which what it reached must last
MOST_FRAMES = 3000

Started = TypeVar("Started", bound=Action)


@dataclass
class Outcome:
    """What came of one trial.

    Attributes:
        success: Whether the action says so and the state of the world agrees.
        stage: What failed.
        reason: And why.
        numbers: What was measured.
        denied: The action claims a success that the state of the world does not show.
        frames: How long the actions took.
        rejected: Draws that were thrown away, by reason.
    """

    success: bool
    stage: str = ""
    reason: str = ""
    numbers: dict[str, float] = field(default_factory=dict)
    denied: bool = False
    frames: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)


class ActionFellShort(Exception):
    """An action of a trial ended in anything but success."""

    def __init__(self, action: Action) -> None:
        super().__init__(f"{action.status.name}: {action.result.reason}")
        self.stage = type(action).__name__


class Trial:
    """One set-up.

    Args:
        model: The robot's model.
        rng: What the set-up is drawn from.

    Attributes:
        rejected: Draws that were thrown away, by reason.
        frames: How long the actions that were run took.
        touched: The first thing but the floor that the robot touched, in words; else empty.
        robot: The robot, once the scene is open.
        controller: Its controller.
    """

    robot: Robot
    controller: Controller

    def __init__(self, model: str, rng: np.random.Generator) -> None:
        self.model, self.rng = get_model(model), rng
        self.rejected: Counter[str] = Counter()
        self.frames = 0
        self.touched = ""

    def open(
        self,
        *scene: cmd.Command,
        base: tuple[float, float, float] = (0.0, 0.0, 0.0),
        posture: Array | None = None,
        room: bool = True,
    ) -> Robot:
        """The robot in a room with nothing but `scene`.

        Args:
            scene: What else there is.
            base: Where it stands: x, y [m] and yaw [rad].
            posture: Its joint vector, shape (n,), or None for rest; a base in it does not count.
            room: Whether to add a room of `ROOM`; else `scene` has one.
        """
        x, y, yaw = base
        self.robot = Robot(
            "a", model=self.model.name, position=(x, y, 0.0), rotation=float(np.rad2deg(yaw)),
            image_frequency=ImageFrequency.never,
        )  # fmt: skip
        self.controller = Controller()
        self.controller.add_ons.append(self.robot)
        walls = [cmd.CreateEmptyRoom(width=ROOM, length=ROOM)] if room else []
        self.controller.communicate([*walls, *scene])
        if posture is not None:
            kinematics = self.robot.static.kinematics
            first = kinematics.base_size
            positions = dict(zip(kinematics.joints[first:], posture[first:].tolist(), strict=True))
            self.controller.communicate(cmd.SetJointPositions(robot_id="a", positions=positions))
        return self.robot

    def steps(self, action: Action, most: int = MOST_FRAMES) -> Iterator[None]:
        """Run an action frame by frame; each step is after a frame."""
        for _ in range(most):
            if action.status is not ActionStatus.ongoing:
                break
            self.controller.communicate()
            self.frames += 1
            self._feel()
            yield

    def run(self, action: Started, most: int = MOST_FRAMES) -> Started:
        """Run an action to its end.

        Raises:
            ActionFellShort: If that is no success.
        """
        for _ in self.steps(action, most):
            pass
        require(action)
        return action

    def rest(self, frames: int = SETTLED) -> None:
        """Let frames pass: what was reached must last."""
        for _ in range(frames):
            self.controller.communicate()
            self._feel()

    def object(self, name: str) -> ObjectState:
        """The state of an object."""
        assert self.controller.response is not None
        return self.controller.response.objects[name]

    def verdict(self, *denials: str | None, **numbers: float) -> Outcome:
        """A success, if the state of the world does not deny it.

        Args:
            denials: Sentences that say what is not as it should be, or None.
            numbers: What was measured.
        """
        found = [d for d in denials if d]
        return Outcome(
            not found, "physics" if found else "", "; ".join(found), numbers,
            bool(found), self.frames, self.rejected,
        )  # fmt: skip

    def close(self) -> None:
        """Free the scene, if it was opened."""
        if hasattr(self, "controller"):
            self.controller.close()

    def _feel(self) -> None:
        if self.touched:
            return
        for own, other, force in self.robot.dynamic.contacts:
            if other.kind != "floor" and other.owner != "a":
                self.touched = f"{own.link} touched {other.owner!r} with {force:.1f} N"


def require(action: Action) -> None:
    """Raise `ActionFellShort` unless an action ended in success."""
    if action.status is not ActionStatus.success:
        raise ActionFellShort(action)


def beyond(what: str, value: float, limit: float, unit: str = "") -> str | None:
    """A denial where a value is beyond its limit."""
    return f"{what}: {value:.4g} {unit}, more than {limit:g}" if not value <= limit else None


def finish(controller: Controller, action: Action, max_frames: int = 1500) -> Action:
    """Run frames until an action ends, or that many: then it is still `ongoing`."""
    for _ in range(max_frames):
        if action.status is not ActionStatus.ongoing:
            break
        controller.communicate()
    return action
