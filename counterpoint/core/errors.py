"""The error tree: one root, and subclasses that also derive from the builtin that fits."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class CounterpointError(Exception):
    """Root of every error that counterpoint raises on purpose."""


class CommandError(CounterpointError, ValueError):
    """A command that cannot be carried out. Nothing of its frame was applied.

    Attributes:
        index: Position in the caller's list, or None when an add-on or an action built it.
        type: The command's type, in snake case.
        field: The field at fault, or None when the command as a whole is.
        value: What was given.
        exists: What would have been accepted, where that can be listed.
    """

    def __init__(
        self,
        reason: str,
        *,
        index: int | None = None,
        type: str | None = None,  # noqa: A002 - the attribute's name
        field: str | None = None,
        value: Any = None,
        exists: Iterable[str] | None = None,
    ) -> None:
        self.reason = reason
        self.index = index
        self.type = type
        self.field = field
        self.value = value
        self.exists = None if exists is None else tuple(exists)
        super().__init__(reason)

    def __str__(self) -> str:
        parts = [] if self.index is None and self.type is None else [self._command()]
        if self.field:
            parts += [f"field {self.field!r}", f"value {shorten(self.value)}"]
        text = f"{', '.join(parts)}: {self.reason}" if parts else self.reason
        if self.exists is not None:
            text += f"; there is: {listing(self.exists)}"
        return text

    def _command(self) -> str:
        name = "command" if self.index is None else f"command {self.index}"
        return f"{name} ({self.type})" if self.type else name


class _UnknownNameError(CounterpointError, KeyError):
    """A name that stands for nothing."""

    what = "name"
    index: int | None = None
    type: str | None = None

    def __init__(self, name: str, exists: Iterable[str] = (), *, hint: str = "") -> None:
        self.name = name
        self.exists = tuple(exists)
        self.hint = hint
        super().__init__(name)

    def __str__(self) -> str:
        text = f"unknown {self.what} {self.name!r}; there is: {listing(self.exists)}"
        if self.type:
            where = "command" if self.index is None else f"command {self.index}"
            text = f"{where} ({self.type}): {text}"
        close = get_close_matches(str(self.name), self.exists, n=1)
        if close:
            text += f" (did you mean {close[0]!r}?)"
        return f"{text}. {self.hint}" if self.hint else text


class UnknownRobotError(_UnknownNameError):
    """No robot of that id is in the scene."""

    what = "robot"


class UnknownObjectError(_UnknownNameError):
    """No object of that id is in the scene."""

    what = "object"


class UnknownModelError(_UnknownNameError):
    """No robot or object model of that name is registered."""

    what = "model"


class SimulationError(CounterpointError, RuntimeError):
    """The physics state is not finite. The controller's life ends here.

    Attributes:
        body: The robot or object whose state is not finite.
        frame: The frame at which it was found.
    """

    def __init__(self, reason: str, *, body: str | None = None, frame: int | None = None) -> None:
        self.body = body
        self.frame = frame
        super().__init__(reason)


class RecorderError(CounterpointError, RuntimeError):
    """The recorder was asked for something that its state does not allow."""


class RecordingError(CounterpointError, ValueError):
    """A file that is not a recording, or is damaged, or is newer than this package."""


class CommError(CounterpointError, ValueError):
    """A radio packet or message that cannot be sent or understood.

    Attributes:
        field: What is at fault, or None.
        value: What was given.
        exists: What would have been accepted, where that can be listed.
    """

    def __init__(
        self,
        reason: str,
        *,
        field: str | None = None,
        value: Any = None,
        exists: Iterable[str] | None = None,
    ) -> None:
        self.reason = reason
        self.field = field
        self.value = value
        self.exists = None if exists is None else tuple(exists)
        super().__init__(reason)

    def __str__(self) -> str:
        text = self.reason
        if self.field is not None:
            text = f"field {self.field!r}, value {shorten(self.value)}: {text}"
        if self.exists is not None:
            text += f"; there is: {listing(self.exists)}"
            close = get_close_matches(str(self.value), self.exists, n=1)
            if close:
                text += f" (did you mean {close[0]!r}?)"
        return text


class SafetyError(CounterpointError):
    """Root of what the safety layers raise: catch it, and brake."""


class SafetyInputError(SafetyError, ValueError):
    """The safety layers were given what they cannot work with: a wrong shape, NaN, a strange id."""


class SafetyInfeasible(SafetyError, RuntimeError):
    """No action within its bounds fulfils every row of the safety program.

    Attributes:
        closest: An action within the bounds that comes close to fulfilling them, shape (n,), or
            None.
        violation: By how much it misses the row it misses most, in that row's units.
        info: What the filter that raised it knows about the period, a `FilterInfo`, or None.
    """

    def __init__(
        self, reason: str, *, closest: Any = None, violation: float = float("inf")
    ) -> None:
        self.closest = closest
        self.violation = violation
        self.info: Any = None
        super().__init__(reason)


class ActionFailed(CounterpointError, RuntimeError):
    """An awaited action ended with another status than success.

    Attributes:
        action: The action.
        status: Its final `ActionStatus`.
        reason: A sentence that says why.
        frame: The frame in which it ended.
    """

    def __init__(self, action: Any, status: Any, reason: str, frame: int | None) -> None:
        self.action = action
        self.status = status
        self.reason = reason
        self.frame = frame
        name = getattr(status, "name", str(status))
        super().__init__(f"{type(action).__name__} ended as {name} at frame {frame}: {reason}")


class ScriptError(CounterpointError, RuntimeError):
    """A script did what scripts cannot do."""


class ScriptCancelledError(CounterpointError, RuntimeError):
    """The result of a script that was cancelled was asked for.

    Attributes:
        script: Its name.
        reason: Why it was cancelled.
    """

    def __init__(self, script: str, reason: str) -> None:
        self.script, self.reason = script, reason
        super().__init__(f"script {script!r} was cancelled: {reason}")


class DeadlineError(CounterpointError, TimeoutError):
    """Time ran out: a `with deadline(…)` block, or `run(…, max_frames=…)`.

    Attributes:
        script: The script, or several, joined by commas.
        limit: Frames that it had.
    """

    def __init__(self, script: str, limit: int, where: str = "") -> None:
        self.script, self.limit = script, limit
        super().__init__(f"script {script!r} did not finish within {limit} frames{where}")


def listing(names: Iterable[str], limit: int = 12) -> str:
    """`names` as one readable line, cut after `limit`."""
    names = list(names)
    if not names:
        return "none yet"
    shown = ", ".join(repr(n) for n in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def shorten(value: Any, limit: int = 80) -> str:
    """The repr of `value`, cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
