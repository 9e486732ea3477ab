"""Where two recordings part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from counterpoint.core.errors import RecordingError
from counterpoint.recording.calls import FrameCall, UserCall, commands_to_list
from counterpoint.recording.reader import Recording

SEARCH = 120
"""Frames in which a body that differs is looked for, where at first only velocities do."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first difference of two recordings.

    Attributes:
        frame: The first frame that differs, or 0 for the settings of the run.
        what: `settings`, `commands`, `state`, `length`, or the op code of the script's own record.
        body: The robot or object concerned, or None.
        detail: A sentence.
    """

    frame: int
    what: str
    body: str | None
    detail: str

    def __str__(self) -> str:
        return f"frame {self.frame}, {self.body or self.what}: {self.detail}"


def compare(first: Recording, second: Recording) -> Difference | None:
    """The first difference of two recordings, or None where every frame is equal.

    Compared are the settings, the commands of each frame, the digests of its state, and the
    script's own records.

    Raises:
        RecordingError: Where one of them is damaged.
    """
    mine, theirs = first.header.settings.to_dict(), second.header.settings.to_dict()
    for name, value in mine.items():
        if theirs[name] != value:
            return Difference(
                0, "settings", None, f"{name} is {value!r} in one and {theirs[name]!r} in the other"
            )
    for a, b in zip_longest(_calls(first), _calls(second)):
        if a is None or b is None:
            longer, there = ("second", b) if a is None else ("first", a)
            assert there is not None
            return Difference(there.frame, "length", None, f"only the {longer} one goes on so far")
        found = _difference(a, b)
        if found is None:
            continue
        if found.what == "state" and found.body is None:
            return _with_body(found, first, second)
        return found
    return None


def _calls(recording: Recording) -> Iterator[FrameCall | UserCall]:
    return (c for c in recording.calls() if isinstance(c, (FrameCall, UserCall)))


def _difference(a: FrameCall | UserCall, b: FrameCall | UserCall) -> Difference | None:
    if isinstance(a, UserCall) or isinstance(b, UserCall):
        if a == b:
            return None
        name = a.op_code if isinstance(a, UserCall) else getattr(b, "op_code", "")
        return Difference(min(a.frame, b.frame), str(name), None, "the records differ")
    if a.frame != b.frame:
        return Difference(
            min(a.frame, b.frame), "length", None, f"frame {a.frame} stands against {b.frame}"
        )
    if a.commands != b.commands or a.settle != b.settle:
        return _command_difference(a, b)
    if a.digest != b.digest:
        return Difference(a.frame, "state", None, "only velocities or drive targets differ")
    return None


def _command_difference(a: FrameCall, b: FrameCall) -> Difference:
    mine = commands_to_list([*a.commands, *a.settle])
    theirs = commands_to_list([*b.commands, *b.settle])
    one = next((c for c in mine if c not in theirs), None)
    other = next((c for c in theirs if c not in mine), None)
    if one is not None and other is not None and _subject(one) == _subject(other):
        fields = ", ".join(k for k in one if one[k] != other.get(k))
        detail = f"{one['type']} differs in {fields}"
    elif one is None and other is None:
        detail = "the same commands come in another order or number"
    else:
        # One that stands alone says more than two that have nothing to do with each other.
        alone, where = (one, "first") if other is None else (other, "second")
        assert alone is not None
        one, detail = alone, f"only the {where} one has this {alone['type']}"
    body = None if one is None else _subject(one)[1]
    return Difference(a.frame, "commands", body, detail)


def _subject(command: dict[str, Any]) -> tuple[str, str | None]:
    """What a command is, and what it concerns."""
    ids = ("robot_id", "object_id", "camera_id")
    return command["type"], next((command[k] for k in ids if k in command), None)


def _with_body(found: Difference, first: Recording, second: Recording) -> Difference:
    """Name the body: the first one that is somewhere else, in that frame or soon after."""
    for frame in range(found.frame, found.frame + SEARCH):
        try:
            body = first.poses(frame).first_difference(second.poses(frame))
        except RecordingError:
            break
        if body is not None:
            where = "is somewhere else"
            if frame > found.frame:
                where += f" from frame {frame} on; before, only velocities or drive targets differ"
            return Difference(found.frame, "state", body, where)
    return found
