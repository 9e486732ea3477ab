"""The action: a data object on a robot that advances by one frame in each `communicate()`."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple, Self

from counterpoint.actions.claims import (
    Claim,
    OnConflict,
    check_bid,
    check_on_conflict,
    check_resources,
)
from counterpoint.actions.status import ActionStatus, ImageFrequency, Result
from counterpoint.commands import CaptureImages, Command
from counterpoint.core.errors import ActionFailed, CommandError, ScriptError
from counterpoint.core.pose import Array
from counterpoint.core.script import Waitable
from counterpoint.core.waitables import Ended
from counterpoint.simulation.response import Response, RobotState, RobotStatic


class DriveJoints(NamedTuple):
    """Velocities for one track during the next frame.

    Attributes:
        track: `base` (vx, vy [m/s] in the body frame, turn rate [rad/s]) or a track of the model
            (one velocity a joint [rad/s or m/s]).
        velocity: Shape (3,) for the base, else (n,).
    """

    track: str
    velocity: Array


Request = Command | DriveJoints
"""What an action may return: commands, and velocities for its own tracks."""


class Action:
    """Something a robot does over several frames.

    Subclasses override the phases that they need and set `self.status`, best through `end()`.

    Attributes:
        tracks: The tracks that it moves. Actions on disjoint tracks run together.
        status: Where it stands.
        initialized: Whether the first phase is over. A constructor that fails sets it.
        done: Whether its end phase has run.
        started_frame: The frame in which it initialised, or None.
        ended_frame: The frame in which it ended, or None.
        result: Why it ended.
        patience: Seconds that it may be held back before it ends as `safety_stop`.
        held_back: Frames in a row in which something kept its tracks from moving.
        claims: Names of what it wants for its robot alone, all at once, until it has ended.
        on_conflict: Whether it waits for its claims, or ends as `conflict` when it loses one.
        bid: What it offers where claims are negotiated, or None.
        claim: What became of its claims, or None while it has made none.
        child: The action that it runs, where it owns any.
    """

    tracks: tuple[str, ...] = ()
    patience: float = 1.0
    claims: tuple[str, ...] = ()
    on_conflict: OnConflict = "wait"
    bid: float | None = None
    child: Action | None = None

    def __init__(self) -> None:
        self.status = ActionStatus.ongoing
        self.initialized = False
        self.done = False
        self.started_frame: int | None = None
        self.ended_frame: int | None = None
        self.result = Result()
        self._borrowed: set[str] = set()
        self.robot_id: str | None = None
        self.controls: Controls | None = None
        self.claim: Claim | None = None
        self.number = 0
        self.cancelling: str | None = None
        self.cancelling_as = ActionStatus.cancelled
        self.held_back = 0

    # --- phases -------------------------------------------------------------------------------

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """The first frame. May already set a final status."""
        return []

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """Each later frame while ongoing: reads the state, decides, returns commands."""
        return []

    def get_end_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Command]:
        """Once, always, in the `communicate()` in which the status left `ongoing`.

        The default takes the image that `ImageFrequency.once` asks for. Only commands that may
        stand in a settle batch are allowed: stop, gripper, weld and unweld, capture.
        """
        if image_frequency is ImageFrequency.once and static.cameras:
            return [CaptureImages(cameras=static.cameras)]
        return []

    def get_claims(self, dynamic: RobotState) -> tuple[str, ...]:
        """What it claims, asked once before it initialises: `claims`, with what only shows then."""
        return self.claims

    def estimate_progress(self) -> float:
        """How far it has come, 0 to 1; 0 where nobody can tell."""
        return 0.0

    @property
    def borrowed(self) -> set[str]:
        """Tracks that it uses while no other action wants them; taking one out is allowed."""
        return self._borrowed

    # --- for scripts --------------------------------------------------------------------------

    def claiming(
        self, *resources: str, on_conflict: OnConflict | None = None, bid: float | None = None
    ) -> Self:
        """Claim more resources before it initialises, and return it.

        Until all of its claims are granted it waits, and replaces nothing. One that waits already
        makes its claims anew.

        Args:
            resources: Their names, added to those that it claims anyway.
            on_conflict: `wait` or `fail`; None leaves it as it is, `wait` for most actions.
            bid: What it offers where claims are negotiated; None leaves it as it is.

        Raises:
            CommandError: If it has initialised or ended, or an argument is none of these.
        """
        if self.initialized or self.status is not ActionStatus.ongoing:
            raise CommandError(
                f"this {type(self).__name__} has begun: an action claims before it initialises"
            )
        claims = check_resources((*self.claims, *resources))
        if on_conflict is not None:
            self.on_conflict = check_on_conflict(on_conflict)
        if bid is not None:
            self.bid = check_bid(bid)
        self.claims, self.claim = claims, None
        return self

    @property
    def progress(self) -> float:
        """How far it has come, 0 to 1: 1 after success, how far it came after another end."""
        if self.status is ActionStatus.success:
            return 1.0
        return min(1.0, max(0.0, self.estimate_progress()))

    def cancel(self, reason: str = "cancelled by the script", *, timed_out: bool = False) -> None:
        """End it in the next `communicate()`, as `cancelled` or as `timed_out`.

        An action that has ended, or that was cancelled before, stays as it is.
        """
        if self.cancelling is None:
            self.cancelling = reason
            self.cancelling_as = ActionStatus.timed_out if timed_out else ActionStatus.cancelled

    def outcome(self) -> Waitable[ActionStatus]:
        """In a script, `await action.outcome()` gives the final status, whatever it is."""
        self._require_start()
        return Ended(self, lambda: self.status)

    def __await__(self) -> Generator[Waitable[Any], Any, ActionStatus]:
        """In a script, `await action` waits until its end phase has run.

        Returns:
            Its status, which is `success`.

        Raises:
            ActionFailed: If it ended with another one.
        """
        self._require_start()
        return Ended(self, self._success).__await__()

    def _success(self) -> ActionStatus:
        if self.status is not ActionStatus.success:
            raise ActionFailed(self, self.status, self.result.reason, self.ended_frame)
        return self.status

    def _require_start(self) -> None:
        if self.robot_id is None and not self.done:
            name = type(self).__name__
            raise ScriptError(f"this {name} was not started: await robot.start({name}(…))")

    # --- for subclasses -----------------------------------------------------------------------

    def end(self, status: ActionStatus, reason: str, **facts: Any) -> list[Request]:
        """Set the final status and say why. Returns no commands, so that a phase can return it."""
        self.status = status
        self.result = Result(reason, facts)
        return []

    @property
    def waiting(self) -> bool:
        """Whether it may not initialise yet, because it lacks something that it claims."""
        return (
            not self.initialized
            and self.status is ActionStatus.ongoing
            and bool(self.needs)
            and (self.claim is None or self.claim.granted is None)
        )

    @property
    def needs(self) -> tuple[str, ...]:
        """What it claims and its parents do not hold."""
        if not self.claims or self.controls is None:
            return self.claims
        held = self.controls.held
        return tuple(r for r in self.claims if r not in held)

    def succeed(self, reason: str, **facts: Any) -> list[Request]:
        """End in success."""
        return self.end(ActionStatus.success, reason, **facts)

    def state(self) -> Any:
        """What later frames depend on, for the state hash: numbers, strings and arrays."""
        return None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.status.name})"


class Controls(NamedTuple):
    """What a robot lends to its actions.

    Attributes:
        dt: Length of a frame [s].
        collision_detection: The rules by which motion stops.
        free_arms: Arm tracks that no action uses and whose hand is empty.
        previous: The action that ended last on these tracks, or None.
        held: What its parents claimed.
    """

    dt: float
    collision_detection: Any
    free_arms: Sequence[str]
    previous: Action | None
    held: tuple[str, ...] = ()


class Composite(Action):
    """An action that owns children and runs them one after another.

    Subclasses override `next_child`. A child that does not succeed ends the parent with its own
    status and result, unless `child_failed` says otherwise. A child with claims that its parents do
    not hold begins in the frame in which they are granted.

    Attributes:
        legs: How many children it will have run in the end, where it knows.
    """

    legs: int | None = None

    def __init__(self) -> None:
        super().__init__()
        self.child: Action | None = None
        self._ended = 0

    @property
    def borrowed(self) -> set[str]:
        """See `Action`: the child's."""
        return self._borrowed if self.child is None else self.child.borrowed

    def next_child(self, resp: Response, static: RobotStatic, dynamic: RobotState) -> Action | None:
        """The next child, or None after `end()`."""
        raise NotImplementedError

    @property
    def motion(self) -> tuple[str, int] | None:
        """Kind and direction of the base's motion that it ended in, if any."""
        return getattr(self.child, "motion", None)

    def child_failed(self, child: Action) -> None:
        """Take over the child's status."""
        self.status, self.result = child.status, child.result

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        return self._start_next(resp, static, dynamic)

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        child = self.child
        if child is None or child.waiting:
            return []
        requests: list[Request] = []
        if not child.initialized:
            requests += self._begin_child(child, resp, static, dynamic)
        elif child.status is ActionStatus.ongoing:
            requests += child.get_ongoing_commands(resp, static, dynamic)
        if child.status is not ActionStatus.ongoing:
            requests += self._finish(child, resp, static, dynamic)
        return requests

    def get_end_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Command]:
        """See `Action`. A child that still runs is ended too."""
        commands: list[Command] = []
        child = self.child
        if child is not None and not child.done:
            child.done = True
            if child.status is ActionStatus.ongoing:
                child.status = self.status
            commands += child.get_end_commands(resp, static, dynamic, ImageFrequency.never)
        return commands + super().get_end_commands(resp, static, dynamic, image_frequency)

    def state(self) -> Any:
        """See `Action`."""
        child = self.child
        if child is None:
            return None
        return type(child).__name__, child.status.value, child.initialized, child.state()

    def estimate_progress(self) -> float:
        """See `Action`: children that have ended, and the share of the one that runs."""
        if self.legs is None or self.child is None:
            return 0.0
        share = 0.0 if self.child.done else self.child.progress
        return (self._ended + share) / self.legs

    def _finish(
        self, child: Action, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        requests = self._end_child(child, resp, static, dynamic)
        return requests + self._start_next(resp, static, dynamic)

    def _start_next(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        requests: list[Request] = []
        while self.status is ActionStatus.ongoing:
            before = self.child
            child = self.next_child(resp, static, dynamic)
            if child is None:
                break
            self.child = child
            child.robot_id, controls = self.robot_id, self.controls
            if controls is not None:
                controls = controls._replace(held=(*controls.held, *self.claims))
                if before is not None:
                    # To a later child, what came before is its sibling: a drive after a turn goes
                    # another way than the one that was stopped before both.
                    controls = controls._replace(previous=before)
            child.controls = controls
            child.claims = check_resources(child.get_claims(dynamic))
            if child.waiting:
                break
            requests += self._begin_child(child, resp, static, dynamic)
            if child.status is ActionStatus.ongoing:
                break
            requests += self._end_child(child, resp, static, dynamic)
        return requests

    def _begin_child(
        self, child: Action, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        child.initialized = True
        if child.status is not ActionStatus.ongoing:
            return []
        return child.get_initialization_commands(resp, static, dynamic, ImageFrequency.never)

    def _end_child(
        self, child: Action, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        child.done = True
        self._ended += 1
        requests: list[Request] = list(
            child.get_end_commands(resp, static, dynamic, ImageFrequency.never)
        )
        if child.status is not ActionStatus.success:
            self.child_failed(child)
        return requests
