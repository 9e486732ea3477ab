"""Runs the actions of one robot: phases, tracks, and one merged velocity a frame."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.actions import (
    Action,
    ActionStatus,
    CollisionDetection,
    Controls,
    DriveJoints,
    ImageFrequency,
    Request,
)
from counterpoint.actions.claims import Claim, Claimant, check_resources
from counterpoint.actions.status import Result
from counterpoint.add_ons.add_on import Host
from counterpoint.commands import Command, DriveRobot
from counterpoint.core.errors import CommandError, CounterpointError
from counterpoint.core.events import ActionEnded, ActionStarted
from counterpoint.core.pose import Array
from counterpoint.simulation.response import Response, RobotState, RobotStatic

LOGGER = logging.getLogger(__name__)


class Moment(NamedTuple):
    """What actions need to know of their robot when a phase runs."""

    host: Host
    response: Response
    static: RobotStatic
    dynamic: RobotState
    rules: CollisionDetection
    image_frequency: ImageFrequency


class ActionRunner:
    """The actions of one robot.

    Attributes:
        queue: Started, to initialise in the next frame, or when their claims are granted.
        running: Initialised and ongoing.
        ending: Ended, with their end phase to come in this frame.
    """

    def __init__(self, static: RobotStatic) -> None:
        self.queue: list[Action] = []
        self.running: list[Action] = []
        self._static = static
        self._started = 0
        self.ending: list[Action] = []
        self._last: dict[str, Action] = {}
        self._velocity: Array | None = None
        self._commands: list[tuple[Action, Command]] = []
        self._held_back: dict[str, str] = {}
        where = {int(joint): k for k, joint in enumerate(static.driven)}
        tracks = (*(("base",) if static.model.mobile else ()), *static.model.tracks)
        self._spans: dict[str, NDArray[np.intp]] = {
            track: np.array([where[int(i)] for i in static.kinematics.track_indices(track)])
            for track in tracks
        }

    def add(self, action: Action) -> None:
        """Queue an action; where the robot lacks its tracks it ends at once."""
        missing = [t for t in action.tracks if t not in self._spans]
        if missing and action.status is ActionStatus.ongoing:
            action.initialized = True
            action.status = ActionStatus.not_supported
            action.result = Result(
                f"{self._static.model.name} has no {' or '.join(missing)}; "
                f"it has {', '.join(self._spans)}",
                {"robot_id": self._static.robot_id},
            )
        self._started += 1
        action.number = self._started
        self.queue.append(action)

    def claims(self, claimant: Claimant, dynamic: RobotState) -> Sequence[Claim]:
        """Step 1, before anything initialises: what its actions hold, and what they wait for."""
        self._cancel_marked()
        for action in self.queue:
            if action.claim is None and action.status is ActionStatus.ongoing:
                action.claims = tuple(self._phase(action, _asked_claims, action, dynamic))
        if len(self.queue) > 1:
            self._supersede()
        found = _gather(self.running, claimant, None)
        return _gather(self.queue, claimant, found) or ()

    def collect(self, moment: Moment) -> list[Command]:
        """Step 1: new actions initialise; velocities of all actions become one command."""
        queue, self.queue = self.queue, []
        for action in queue:
            if action.waiting:
                self.queue.append(action)
            else:
                self._initialise(action, moment)
        if any(not a.waiting for a in self.queue):  # replaced by one that has just initialised
            for action in self.queue:
                if not action.waiting:
                    self._initialise(action, moment)
            self.queue = [a for a in self.queue if a.waiting]
        asked, self._commands = self._commands, []
        # What an action asked for may have lost its sense in the meantime.
        commands = [c for action, c in asked if self._acceptable(action, c, moment)]
        if self._velocity is not None:
            velocity, self._velocity = tuple(self._velocity.tolist()), None
            commands.append(DriveRobot.of_checked(self._static.robot_id, velocity))
        return commands

    def hold_back(self, tracks: Collection[str], reason: str) -> None:
        """Step 3: these tracks get nothing of what was asked for in this frame, for a reason."""
        self._held_back = {**self._held_back, **dict.fromkeys(tracks, reason)}

    def advance(self, moment: Moment) -> None:
        """Step 5: ongoing actions read the state and decide."""
        held, self._held_back = self._held_back, {}
        for action in self.running:
            _be_patient(action, held, moment.host.frames_per_second)
            if action.status is ActionStatus.ongoing:
                requests = self._phase(
                    action, action.get_ongoing_commands,
                    moment.response, moment.static, moment.dynamic,
                )  # fmt: skip
                self._take(action, requests, moment)
        if any(a.status is not ActionStatus.ongoing for a in self.running):
            self.ending += [a for a in self.running if a.status is not ActionStatus.ongoing]
            self.running = [a for a in self.running if a.status is ActionStatus.ongoing]

    def settle(self, moment: Moment) -> list[Command]:
        """Step 6: end commands of the actions that ended in this frame."""
        ended, self.ending = self.ending, []
        frame = moment.response.frame
        commands: list[Command] = []
        for action in ended:
            action.done = True
            action.ended_frame = frame
            for track in action.tracks:
                self._last[track] = action
            for command in self._phase(
                action, action.get_end_commands,
                moment.response, moment.static, moment.dynamic, moment.image_frequency,
            ):  # fmt: skip
                if self._acceptable(action, command, moment, settling=True):
                    commands.append(command)
            moment.host.events.publish(
                ActionEnded(
                    frame, self._static.robot_id, type(action).__name__,
                    action.status.name, action.result.reason,
                )
            )  # fmt: skip
        return commands

    def abandon(self, reason: str) -> None:
        """The scene or the robot is gone: every action is, too."""
        for action in (*self.running, *self.queue, *self.ending):
            if action.status is ActionStatus.ongoing:
                action.end(ActionStatus.cancelled, reason)
            action.done = True

    def state(self) -> Any:
        """What later frames depend on, for the state hash."""
        return [
            (
                type(a).__name__, a.status.value, a.initialized, a.started_frame, a.cancelling,
                a.held_back, a.state(),
            )
            for a in (*self.running, *self.queue)
        ]  # fmt: skip

    def _cancel_marked(self) -> None:
        for action in self.running:
            if action.cancelling is not None and action.status is ActionStatus.ongoing:
                action.end(action.cancelling_as, action.cancelling)
        for action in self.queue:
            if action.cancelling is not None and action.status is ActionStatus.ongoing:
                action.initialized = True
                action.end(action.cancelling_as, action.cancelling)

    def _supersede(self) -> None:
        """A newer action replaces one on its tracks that has only waited so far."""
        for k, action in enumerate(self.queue):
            if action.waiting:
                for new in self.queue[k + 1 :]:
                    if new.status is ActionStatus.ongoing and set(new.tracks) & set(action.tracks):
                        _replace(action, new)
                        break

    def _initialise(self, action: Action, moment: Moment) -> None:
        host = moment.host
        action.started_frame = host.frame + 1
        if action.status is ActionStatus.ongoing:
            self._make_room(action)
            action.controls = Controls(
                dt=1.0 / host.frames_per_second,
                collision_detection=moment.rules,
                free_arms=self._free_arms(action, moment.dynamic),
                previous=next((self._last[t] for t in action.tracks if t in self._last), None),
            )
            action.initialized = True
            host.events.publish(
                ActionStarted(
                    host.frame + 1, self._static.robot_id, type(action).__name__, action.tracks
                )
            )
            requests = self._phase(
                action, action.get_initialization_commands,
                moment.response, moment.static, moment.dynamic, moment.image_frequency,
            )  # fmt: skip
            self._make_room(action)  # a reach may have found that it needs the torso
            self._take(action, requests, moment)
        self.running.append(action)

    def _make_room(self, new: Action) -> None:
        """Replace the actions whose tracks a new one needs; take back tracks that are only lent."""
        wanted = set(new.tracks)
        for action in (*self.running, *self.queue):
            if action is not new and action.status is ActionStatus.ongoing:
                action.borrowed.difference_update(wanted)
                if wanted & set(action.tracks):
                    _replace(action, new)

    def _free_arms(self, new: Action, dynamic: RobotState) -> tuple[str, ...]:
        used = {
            t for a in (*self.running, new) for t in a.tracks if a.status is ActionStatus.ongoing
        }
        used |= {t for a in self.queue for t in a.tracks}
        model, held = self._static.model, dynamic.held
        return tuple(
            model.arm_track(arm)
            for arm in model.arms
            if model.arm_track(arm) not in used and held.get(arm) is None
        )

    def _phase(
        self, action: Action, phase: Callable[..., Sequence[Any]], *arguments: Any
    ) -> list[Any]:
        """Run a phase; what it raises ends the action as `failure`, and the frame goes on."""
        try:
            return list(phase(*arguments))
        except Exception as error:
            if not isinstance(error, CounterpointError):
                LOGGER.exception(
                    "%s of robot %r raised", type(action).__name__, self._static.robot_id
                )
            action.end(
                ActionStatus.failure, f"{type(error).__name__}: {error}",
                error=error, robot_id=self._static.robot_id,
            )  # fmt: skip
            return []

    def _take(self, action: Action, requests: Sequence[Request], moment: Moment) -> None:
        """Keep an action's requests for the next frame."""
        for request in requests:
            if isinstance(request, DriveJoints):
                self._add_velocity(action, request)
            elif self._acceptable(action, request, moment):
                self._commands.append((action, request))

    def _add_velocity(self, action: Action, request: DriveJoints) -> None:
        span, track = self._spans.get(request.track), request.track
        velocity = np.asarray(request.velocity, dtype=np.float64)
        if span is None or not (track in action.tracks or track in action.borrowed):
            problem = f"drives {request.track!r}, which is not one of its tracks {action.tracks}"
        elif velocity.shape != span.shape:
            problem = f"gives {request.track!r} {velocity.shape} velocities instead of {span.shape}"
        elif not math.isfinite(velocity.dot(velocity)):
            problem = f"gives {request.track!r} a velocity that is not finite"
        elif track == "base" and self._static.model.base == "differential" and velocity[1] != 0:
            problem = "drives a differential base sideways: its second velocity must be 0"
        else:
            if self._velocity is None:
                self._velocity = np.zeros(len(self._static.driven))
            self._velocity[span] = velocity
            return
        action.end(ActionStatus.failure, f"{type(action).__name__} {problem}")

    def _acceptable(
        self, action: Action, command: Any, moment: Moment, *, settling: bool = False
    ) -> bool:
        """Whether an action's command may be sent; a bad one ends the action as `failure`."""
        try:
            if not isinstance(command, Command):
                raise CommandError(f"expected a command, got {command!r:.80}")
            if settling and not command.settles:
                raise CommandError(
                    "an end phase may only stop motion, move grippers, weld, unweld and capture",
                    type=command.type,
                )
            command.check(moment.host.names.copy())
        except CounterpointError as error:
            if settling or action.status is ActionStatus.ongoing:
                action.end(ActionStatus.failure, f"it built a bad command: {error}", error=error)
            return False
        return True


def _replace(action: Action, new: Action) -> None:
    action.end(ActionStatus.replaced, f"{type(new).__name__} took over its tracks")


def _be_patient(action: Action, held: Mapping[str, str], frames_per_second: int) -> None:
    """Count the frames in which an action could not move; end it when that was too long."""
    reason = next((held[t] for t in action.tracks if t in held), None) if held else None
    if reason is None:
        action.held_back = 0
        return
    action.held_back += 1
    if action.held_back > action.patience * frames_per_second:
        action.end(
            ActionStatus.safety_stop, f"held back for {action.patience:g} s: {reason}",
            patience=action.patience,
        )  # fmt: skip


def _asked_claims(action: Action, dynamic: RobotState) -> tuple[str, ...]:
    return check_resources(action.get_claims(dynamic))


def _gather(
    roots: Sequence[Action], claimant: Claimant, found: list[Claim] | None
) -> list[Claim] | None:
    """Add to `found`, which is made where there is something, what actions and children claim."""
    for root in roots:
        action: Action | None = root
        while action is not None:
            if action.claims:
                if action.waiting and root.status is ActionStatus.ongoing:
                    action.claim = action.claim or Claim(
                        action, claimant, action.needs, root.number
                    )
                    found = [*(found or ()), action.claim]
                elif action.claim is not None and action.claim.granted is not None:
                    found = [*(found or ()), action.claim]
            action = action.child
    return found
