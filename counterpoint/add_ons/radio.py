"""A robot's radio, as scripts use it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from counterpoint.comm import CommPacket, Message
from counterpoint.core.errors import CommError
from counterpoint.core.script import NEVER, Script, Waitable, to_frames

if TYPE_CHECKING:
    from counterpoint.add_ons.comm_channel import CommChannel


class Radio:
    """Sends and receives for one robot: `robot.radio`.

    Args:
        channel: What it is on.
        robot_id: Whose it is.
    """

    __slots__ = ("_channel", "robot_id")

    def __init__(self, channel: CommChannel, robot_id: str) -> None:
        self._channel, self.robot_id = channel, robot_id

    def send(self, to: str, message: Any) -> None:
        """Send a message to another robot. Nobody is told whether it arrives.

        It arrives in a later frame, after those that were sent to that robot before it.

        Args:
            to: The robot.
            message: What JSON can hold, in up to 4,096 bytes of msgpack.

        Raises:
            CommError: If there is no such robot, or the message is larger or of another kind.
        """
        self._channel.send(self.robot_id, to, message)

    def announce(self, **predicates: Any) -> None:
        """Say in every packet from the next frame on what is true: `radio.announce(done=True)`.

        What was announced before under other names stays; a name that the channel's function of
        predicates gives, too, means what is announced here.

        Args:
            **predicates: By name, a bool, an integer, a finite float or a string.

        Raises:
            CommError: If one of them is something else.
        """
        self._channel.announce(self.robot_id, predicates)

    def receive(self, timeout: float | None = None) -> Reception:
        """Wait in a script for the next message: `message = await robot.radio.receive(0.5)`.

        Losing one is nothing unusual on a radio, so that time running out gives None.

        Args:
            timeout: Simulated seconds to wait, or None for as long as it takes.

        Raises:
            CommError: If the timeout is negative or not a number; on being awaited, if the robot or
                the channel is gone.
        """
        if timeout is not None and not (
            isinstance(timeout, (int, float)) and math.isfinite(timeout) and timeout >= 0
        ):
            raise CommError("expected seconds, 0 or more", field="timeout", value=timeout)
        return Reception(self._channel, self.robot_id, timeout)

    def poll(self) -> Message | None:
        """The next message, if one has arrived, for scripts that are no coroutines."""
        return self._channel.poll(self.robot_id)

    def view(self) -> CommPacket:
        """What the robot knows of the others, from their packets; see `CommChannel.view`."""
        return self._channel.view(self.robot_id)


class Reception(Waitable[Message | None]):
    """The next message of a robot, or None when time has run out; see `Radio.receive`."""

    def __init__(self, channel: CommChannel, robot_id: str, timeout: float | None) -> None:
        self._channel, self._robot_id, self._timeout = channel, robot_id, timeout
        self._until = NEVER

    def begin(self, script: Script) -> None:
        """See `Waitable`."""
        if self._timeout is not None:
            runner = script.runner
            self._until = runner.frame + to_frames(self._timeout, runner.frames_per_second)

    def ready(self, frame: int) -> bool:
        """See `Waitable`."""
        return frame >= self._until or self._channel.concerns(self._robot_id)

    def result(self) -> Message | None:
        """See `Waitable`."""
        return self._channel.poll(self._robot_id)

    def state(self) -> Any:
        """See `Waitable`."""
        return self._robot_id, self._until
