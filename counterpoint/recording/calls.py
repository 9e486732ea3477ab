"""The calls of a recording: what changed the world or the script's memory, in order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from counterpoint.commands import Command, DriveRobot, parse_command
from counterpoint.commands.base import LARGEST
from counterpoint.core.errors import CounterpointError, RecordingError
from counterpoint.core.events import Event, event_from_dict
from counterpoint.simulation.snapshot import Snapshot

Key = str | int
_FLOATS = {float}


@dataclass(frozen=True, slots=True)
class Call:
    """One recorded call.

    Attributes:
        frame: How many frames there were when it was made; of a `FrameCall`, with that one.
    """

    frame: int


@dataclass(frozen=True, slots=True)
class FrameCall(Call):
    """A call of `communicate()`.

    Attributes:
        commands: The frame as it was applied.
        settle: What was applied after it, without advancing time.
        events: What happened.
        digest: `world_hash()` after it, or None where it was not recorded.
        poses: Where everything was, as `poses.pose_bytes()` gave it, or None.
    """

    commands: tuple[Command, ...]
    settle: tuple[Command, ...]
    events: tuple[Event, ...]
    digest: str | None
    poses: bytes | None


@dataclass(frozen=True, slots=True)
class MemoryCall(Call):
    """A call of `memory_set()`."""

    keys: tuple[Key, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class CheckpointCall(Call):
    """The scene was built anew, because the run has checkpoints or because recording resumed.

    Attributes:
        snapshot: From what.
        chain: The chain of digests so far, where the run has one.
        memory: The script's notes.
        resumes: Whether the world may have changed since the call before.
    """

    snapshot: Snapshot
    chain: str | None
    memory: dict[str, Any]
    resumes: bool


@dataclass(frozen=True, slots=True)
class UserCall(Call):
    """A call of `write()`: the script's own."""

    op_code: Key
    data: Any


def commands_to_list(commands: Sequence[Command]) -> list[dict[str, Any]]:
    """Commands as plain values. Commands hold nothing else, so none is copied."""
    return [c.__dict__ for c in commands]


def commands_from_list(data: Any) -> tuple[Command, ...]:
    """Commands from plain values, validated.

    Raises:
        CommandError: With what is wrong.
        RecordingError: If it is no list of commands at all.
    """
    if not isinstance(data, list):
        raise RecordingError(f"expected a list of commands, got {data!r:.80}")
    # Drives are by far the most frequent: their numbers are looked at all at once.
    drives = [c for c in data if _is_drive(c)]
    numbers = list(chain.from_iterable(c["velocity"] for c in drives))
    if numbers and not (
        set(map(type, numbers)) == _FLOATS
        and not math.isnan(sum(numbers))
        and min(numbers) >= -LARGEST
        and max(numbers) <= LARGEST
    ):
        drives = []  # one of them is bad: let the model say which
    if len(drives) == len(data):
        return tuple(DriveRobot.of_checked(c["robot_id"], tuple(c["velocity"])) for c in drives)
    good = {id(c) for c in drives}
    return tuple(
        DriveRobot.of_checked(c["robot_id"], tuple(c["velocity"]))
        if id(c) in good
        else parse_command(c)
        for c in data
    )


def events_from_list(data: Any) -> tuple[Event, ...]:
    """Events from plain values.

    Raises:
        RecordingError: If they are none.
    """
    try:
        return tuple(event_from_dict(item) for item in data)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise RecordingError(f"events cannot be read: {error}") from None


def snapshot_from(data: Any) -> Snapshot:
    """A snapshot from plain values.

    Raises:
        RecordingError: If it is none.
    """
    try:
        return Snapshot(**data)
    except (TypeError, ValueError, CounterpointError) as error:
        raise RecordingError(f"a checkpoint cannot be read: {error}") from None


def _is_drive(data: Any) -> bool:
    return (
        isinstance(data, dict)
        and data.get("type") == "drive_robot"
        and len(data) == 3
        and isinstance(data.get("robot_id"), str)
        and isinstance(data.get("velocity"), list)
    )
