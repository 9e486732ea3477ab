"""The radio between robots: what each knows of the others, and messages between their scripts."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from counterpoint.add_ons.add_on import AddOn, Host
from counterpoint.add_ons.radio import Radio
from counterpoint.comm import (
    Broadcast,
    CommPacket,
    CommStatistics,
    DegradationProfile,
    LearnedOverlay,
    Message,
    Messages,
    Noise,
    check_saturation,
    checked_predicates,
    get_profile,
)
from counterpoint.comm.arguments import require_integer
from counterpoint.comm.broadcast import Extras
from counterpoint.commands import Command
from counterpoint.core.errors import CommError
from counterpoint.core.events import MessageArrived, MessageDropped, MessageSent
from counterpoint.core.pose import Array
from counterpoint.recording.payload import pack, plain
from counterpoint.simulation.response import Response, RobotState, RobotStatic

LARGEST_MESSAGE = 4_096
"""Bytes of a message, as msgpack."""


class CommChannel(AddOn):
    """A radio between all robots of the scene, with delays and drops.

    In each frame every robot broadcasts a packet: where it is, what is true of its task, and
    perhaps a learned message. The others hear it late or not at all; `view` is what one of them
    knows, and how old that is. Scripts send messages over the same links, by `robot.radio`.

    What a robot knows is the same whatever the order of the add-ons, and each link has noise of its
    own, which other robots do not change. A jump to another frame of a replay begins anew.

    Args:
        profile: A profile, or its name: `ideal`, `urllc`, `factory`, `wifi`, `lossy`, `saturation`,
            or one of your own. Outside of the safe regime it warns.
        seed: Of the noise; None takes the controller's.
        overlay: Holds the learned messages that go out. It is emptied when the scene ends.
        predicates: Says what is true of a robot's task: a function of its state that returns names
            with a bool, an integer, a finite float or a string. What it raises comes out of the
            frame, which is complete then; that robot's packet says nothing in it.
        episode: Which episode the first scene is. Each `reset()` begins the next one, with fresh
            noise. To see in a replay what was seen live, give the recorded episode.

    Attributes:
        profile: Delays and drops.
        overlay: Likewise.
        episode: Which episode this scene is, or the next one where there is none.

    Raises:
        CommError: If the profile is unknown, or the seed or the episode is no integer of 0 or more.

    Warns:
        CommSaturationWarning: See `counterpoint.comm.check_saturation`.
    """

    def __init__(
        self,
        profile: str | DegradationProfile = "ideal",
        seed: int | None = None,
        overlay: LearnedOverlay | None = None,
        predicates: Callable[[RobotState], Mapping[str, Any]] | None = None,
        *,
        episode: int = 0,
    ) -> None:
        self.profile = get_profile(profile)
        if seed is not None:
            require_integer(seed, "seed", 0)
        require_integer(episode, "episode", 0)
        self.overlay = overlay or LearnedOverlay()
        self.episode = episode
        self._seed, self._predicates = seed, predicates
        self._problem: Exception | None = None
        self._frame: int | None = None
        check_saturation(self.profile, stacklevel=2)

    # --- what scripts see ---------------------------------------------------------------------

    def view(self, robot_id: str) -> CommPacket:
        """What a robot knows of the others, as of the last frame, with ages of information.

        Those of whom it has heard nothing yet are not in it.

        Raises:
            CommError: If the robot is not there, or the channel takes no part yet.
        """
        self._require_host()
        return self._broadcast.view(robot_id)

    def radio(self, robot_id: str) -> Radio:
        """A robot's radio on this channel; `robot.radio` is that of the first channel.

        Raises:
            CommError: If the robot is not there, or the channel takes no part yet.
        """
        self._inbox(robot_id)
        return Radio(self, robot_id)

    def send(self, sender: str, receiver: str, message: Any) -> None:
        """Send a message; see `Radio.send`."""
        host = self._require_host()
        self._inbox(sender)
        if receiver == sender or receiver not in list(self._inboxes):
            raise CommError(
                "a robot cannot send to itself" if receiver == sender else "unknown robot",
                field="to", value=receiver, exists=[r for r in self._inboxes if r != sender],
            )  # fmt: skip
        try:
            message = plain(message)
        except TypeError as error:
            raise CommError(str(error), field="message", value=message) from None
        if (size := len(pack(message))) > LARGEST_MESSAGE:
            raise CommError(
                f"a message has room for {LARGEST_MESSAGE:,} bytes, not {size:,}",
                field="message", value=message,
            )  # fmt: skip
        frame = host.frame
        host.events.publish(MessageSent(frame, sender, receiver, json.dumps(message)))
        if not self._messages.send(sender, receiver, message, frame):
            host.events.publish(MessageDropped(frame, sender, receiver))

    def announce(self, robot_id: str, predicates: Mapping[str, Any]) -> None:
        """Put predicates into a robot's packets from the next frame on; see `Radio.announce`."""
        self._inbox(robot_id)
        said = checked_predicates(predicates, robot_id)
        before = self._announced.get(robot_id, {})
        self._announced[robot_id] = MappingProxyType({**before, **said})

    def poll(self, robot_id: str) -> Message | None:
        """Take the next message out of a robot's inbox, if there is one.

        Raises:
            CommError: If the robot is not there, or the channel takes no part.
        """
        inbox = self._inbox(robot_id)
        return inbox.popleft() if inbox else None

    def concerns(self, robot_id: str) -> bool:
        """Whether `poll` would give a message or raise."""
        return self.host is None or self._inboxes.get(robot_id) != _EMPTY

    def statistics(self, sender: str | None = None, receiver: str | None = None) -> CommStatistics:
        """What became of packets and messages in this episode.

        Args:
            sender: Count only what this robot has sent.
            receiver: Count only what was sent to this robot.

        Raises:
            CommError: If the channel takes no part yet.
        """
        self._require_host()
        counts = self._messages.counts(sender, receiver)
        return replace(
            self._broadcast.statistics(sender, receiver),
            messages_sent=counts.messages_sent,
            messages_dropped=counts.messages_dropped,
            messages_delivered=counts.messages_delivered,
        )

    # --- the loop -----------------------------------------------------------------------------

    def join(self, host: Host) -> None:
        """See `AddOn`."""
        super().join(host)
        self._begin(host)

    def advance(self, response: Response) -> None:
        """Sample, send and receive, unless somebody has asked for this frame's view before."""
        self._update(response)

    def on_frame(
        self, commands: Sequence[Command], settle: Sequence[Command], response: Response
    ) -> None:
        """Raise what the function of predicates has raised."""
        problem, self._problem = self._problem, None
        if problem is not None:
            raise problem

    def state(self) -> Any:
        """What every robot knows, and what is under way."""
        if self._frame is None:
            return None
        tensors = dict(self.overlay.tensors)
        inboxes = {r: [list(m) for m in inbox] for r, inbox in self._inboxes.items()}
        announced = {r: dict(p) for r, p in self._announced.items()}
        return [
            self._seed, self._broadcast.state(), self._messages.state(),
            inboxes, tensors, announced,
        ]  # fmt: skip

    def leave(self) -> None:
        """The episode is over."""
        super().leave()
        if self._frame is not None:
            self.episode += 1
            self.overlay.reset()
        self._frame = self._problem = None

    # --- inside -------------------------------------------------------------------------------

    def _begin(self, host: Host) -> None:
        seed = host.seed if self._seed is None else self._seed
        noise = Noise(self.profile, host.frames_per_second, seed, self.episode)
        self._broadcast, self._messages = Broadcast(noise), Messages(noise)
        self._inboxes: dict[str, deque[Message]] = {}
        self._announced: dict[str, Mapping[str, Any]] = {}
        self._bodies = _Bodies([])

    def _require_host(self) -> Host:
        if self.host is None:
            raise CommError(
                "this channel takes part from the next frame on: put it into controller.add_ons "
                "and call communicate() once"
            )
        # Whoever asks before its turn to advance is told of this frame, too.
        if self.host.response is not None:
            self._update(self.host.response)
        return self.host

    def _inbox(self, robot_id: str) -> deque[Message]:
        self._require_host()
        inbox = self._inboxes.get(robot_id)
        if inbox is None:
            raise CommError("unknown robot", field="robot_id", value=robot_id, exists=self._inboxes)
        return inbox

    def _update(self, response: Response) -> None:
        frame, host = response.frame, self.host
        if frame == self._frame or host is None:
            return
        if self._frame is not None and frame != self._frame + 1:
            self._begin(host)
        self._frame = frame
        statics = [r.static for r in response.robots.values()]
        if statics != self._bodies.given:
            self._bodies = bodies = _Bodies(statics)
            bodies.place(response)
            before = self._inboxes
            self._inboxes = {r: before.get(r) or deque() for r in bodies.robots}
            self._announced = {r: p for r, p in self._announced.items() if r in self._inboxes}
        robots = self._bodies.robots
        poses = self._bodies.poses(response.state.q)
        self._broadcast.transmit(frame, robots, poses, self._extras(response, robots))
        for receiver, message in self._messages.deliver(frame, robots):
            self._inboxes[receiver].append(message)
            age = (frame - message.sent) / host.frames_per_second
            host.events.publish(MessageArrived(frame, message.sender, receiver, age))

    def _extras(self, response: Response, robots: Sequence[str]) -> list[Extras | None] | None:
        tensors = self.overlay.tensors
        if self._predicates is None and not tensors and not self._announced:
            return None
        return [
            Extras(self._ask(response.robots[robot_id]), tensors.get(robot_id))
            for robot_id in robots
        ]

    def _ask(self, robot: RobotState) -> Mapping[str, Any]:
        said = self._announced.get(robot.static.robot_id, {})
        if self._predicates is None:
            return said
        try:
            seen = checked_predicates(self._predicates(robot), robot.static.robot_id)
            return MappingProxyType({**seen, **said}) if said else seen
        except Exception as error:  # noqa: BLE001 - it is raised when the frame is complete
            self._problem = self._problem or error
            return said


_EMPTY: deque[Message] = deque()


class _Bodies:
    """Where the base poses of some robots are in the arrays of a response."""

    def __init__(self, given: list[RobotStatic]) -> None:
        self.given = given
        statics = sorted(given, key=lambda s: s.robot_id)
        self.robots = tuple(s.robot_id for s in statics)
        self._poses = np.zeros((len(statics), 7))
        mobile = [k for k, s in enumerate(statics) if s.model.mobile]
        self._mobile = np.array(mobile, dtype=np.intp)
        self._first = np.array([statics[k].first for k in mobile], dtype=np.intp)

    def place(self, response: Response) -> None:
        """Note where robots stand that never move."""
        for row, robot_id in zip(self._poses, self.robots, strict=True):
            pose = response.robots[robot_id].base_pose
            row[:3], row[3:] = pose.p, pose.q

    def poses(self, q: Array) -> Array:
        """Positions [m] and quaternions wxyz of the bases, shape (n, 7)."""
        poses, mobile, first = self._poses, self._mobile, self._first
        poses[mobile, 0], poses[mobile, 1] = q[first], q[first + 1]
        half = 0.5 * q[first + 2]
        poses[mobile, 3], poses[mobile, 6] = np.cos(half), np.sin(half)
        return poses
