"""Age of information: how long ago the newest state that is known was sampled."""

from __future__ import annotations

from counterpoint.comm.arguments import require_integer
from counterpoint.core.errors import CommError


class AoIClock:
    """Keeps the age of information of each robot, in whole frames, so that no error adds up.

    The age counts from when a state was sampled, not from when it arrived (Kaul, Yates, Gruteser
    2012): a late packet is old on arrival.

    Args:
        frames_per_second: Frames a second of simulated time.

    Raises:
        CommError: If that is no integer of 1 or more.

    Attributes:
        frame: How often it has ticked.
    """

    def __init__(self, frames_per_second: int = 60) -> None:
        require_integer(frames_per_second, "frames_per_second", 1)
        self.frame = 0
        self.frames_per_second = frames_per_second
        self._sampled: dict[str, int] = {}

    def tick(self) -> None:
        """Let one frame pass."""
        self.frame += 1

    def mark_fresh(self, robot_id: str, frame: int | None = None) -> None:
        """A state of the robot, sampled in that frame or else in this one, is known now.

        What is older than what is known already changes nothing.

        Raises:
            CommError: If the frame has not come yet.
        """
        frame = self.frame if frame is None else frame
        if frame > self.frame:
            raise CommError(
                f"it is frame {self.frame}: nothing was sampled later", field="frame", value=frame
            )
        known = self._sampled.get(robot_id)
        if known is None or frame > known:
            self._sampled[robot_id] = frame

    def age(self, robot_id: str) -> float:
        """The age of what is known of a robot [s].

        Raises:
            CommError: If nothing is.
        """
        sampled = self._sampled.get(robot_id)
        if sampled is None:
            raise CommError(
                "nothing is known of that robot",
                field="robot_id", value=robot_id, exists=self._sampled,
            )  # fmt: skip
        return (self.frame - sampled) / self.frames_per_second

    def snapshot(self) -> dict[str, float]:
        """Robot → age [s]; yours to change."""
        return {robot_id: self.age(robot_id) for robot_id in self._sampled}

    def reset(self) -> None:
        """Forget every robot, and begin at frame 0."""
        self.frame = 0
        self._sampled.clear()
