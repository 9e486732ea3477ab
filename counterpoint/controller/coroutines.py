"""Drives one script's coroutine: what it is resumed with, and what it may wait for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from counterpoint.core.errors import CounterpointError, ScriptError
from counterpoint.core.script import AWAITABLE, Cancelled, Endable, Script, Waitable
from counterpoint.core.waitables import discard

LIMIT = 10_000
"""Resumptions of a script in one frame."""


class Ending(NamedTuple):
    """How a coroutine ended.

    Attributes:
        error: What it raised, or None.
        value: What it returned.
    """

    error: BaseException | None
    value: Any = None


class Closing(Waitable[None]):
    """Actions and scripts have ended."""

    def __init__(self, actions: Sequence[Endable], scripts: Sequence[Script]) -> None:
        self._actions, self._scripts = actions, scripts

    def begin(self, script: Script) -> None:
        """See `Waitable`."""
        for other in self._scripts:
            other.watchers.append(script)

    def ready(self, frame: int) -> bool:
        """See `Waitable`."""
        return all(a.done for a in self._actions) and all(s.done for s in self._scripts)


def drive(script: Script, tick: int, frame: int) -> Ending | None:
    """Resume a script until what it waits for is not there yet (None), or it ends.

    Args:
        script: It waits for nothing, or for something that is there.
        tick: The frame in which resumptions are counted.
        frame: How many frames there were.
    """
    wait, script.wait = script.wait, None
    while True:
        value, error = _given(script, wait, tick)
        try:
            wait = script.coroutine.send(value) if error is None else script.coroutine.throw(error)
        except StopIteration as stop:
            return Ending(None, stop.value)
        except BaseException as raised:  # noqa: BLE001 - it becomes the script's result
            return Ending(_explained(raised))
        if script.doomed:
            return drive_out(script, script.interrupt or Cancelled("the scene ended"))
        if script.burst > LIMIT + 100:  # it was told to stop, and did not
            return Ending(_closed(script, _never_waits(script)))
        wait = _begun(wait, script)
        if script.interrupt is not None and script.closing is not None:
            wait = script.closing  # it was cancelled while it ran
        if not wait.ready(frame):
            script.wait = wait
            return None


def drive_out(script: Script, cancelled: Cancelled) -> Ending:
    """End a coroutine now: whatever it waits for does not come."""
    if script.resumed == 0 and script.thing is not None:
        discard([script.thing])
    try:
        for _ in range(100):
            script.coroutine.throw(cancelled)
    except StopIteration as stop:
        return Ending(None, stop.value)
    except BaseException as raised:  # noqa: BLE001 - it becomes the script's result
        return Ending(raised)
    return Ending(_closed(script, cancelled))


def owned(script: Script, first: int = 0) -> tuple[list[Endable], list[Script]]:
    """The actions and scripts that are not done of a script, from its scope `first` inwards."""
    scopes = script.scopes[first:]
    return (
        [a for s in scopes for a in s.actions if not a.done],
        [c for s in scopes for c in s.children if not c.done],
    )


def bequeath(script: Script, actions: Sequence[Endable]) -> None:
    """What a script leaves running when it returns belongs to its parent."""
    parent = script.parent
    if parent is not None and not parent.ended:
        scope = next((s for s in parent.scopes if script in s.children), parent.scopes[0])
        scope.adopt(actions)


def outcome(script: Script) -> str:
    """How a script ended, for its event."""
    error = script.error
    if error is None:
        return "returned"
    if isinstance(error, Cancelled):
        return f"cancelled: {error.reason}"
    return f"raised {type(error).__name__}: {error}"


class _Failed(Waitable[None]):
    """An error instead of something to wait for."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def ready(self, frame: int) -> bool:
        return True

    def result(self) -> Any:
        raise self._error


def _begun(wait: Any, script: Script) -> Waitable[Any]:
    """What a script yielded, begun, or the error that this is."""
    if not isinstance(wait, Waitable):
        return _Failed(
            ScriptError(
                f"script {script.name!r} (line {script.lines()[-1:] or '?'}) awaited something "
                f"foreign, {wait!r:.80}: {AWAITABLE}"
            )
        )
    try:
        wait.begin(script)
    except CounterpointError as error:
        return _Failed(error)
    return wait


def _given(
    script: Script, wait: Waitable[Any] | None, tick: int
) -> tuple[Any, BaseException | None]:
    """What a script is resumed with: a value, or an error to raise in it."""
    if script.tick != tick:
        script.tick, script.burst = tick, 0
    script.resumed += 1
    script.burst += 1
    if script.burst == LIMIT + 1:
        return None, _never_waits(script)
    if script.interrupt is not None:
        if script.resumed == 1 and script.thing is not None and not script.published:
            discard([script.thing])
        error, script.interrupt = script.interrupt, None
        return None, error
    if wait is None:
        return None, None
    try:
        return wait.result(), None
    except BaseException as raised:  # noqa: BLE001 - it is raised in the script
        return None, raised


def _closed(script: Script, error: BaseException) -> BaseException:
    """Close a coroutine that goes on waiting."""
    try:
        script.coroutine.close()
    except RuntimeError as stubborn:
        error.__cause__ = stubborn
    return error


def _never_waits(script: Script) -> ScriptError:
    return ScriptError(
        f"script {script.name!r} was resumed {LIMIT:,} times in one frame and never waited for "
        "time; put await frames(1) into its loop"
    )


def _explained(error: BaseException) -> BaseException:
    """Say what can be awaited where Python itself refused something foreign."""
    text = str(error)
    foreign = (isinstance(error, TypeError) and "'await' expression" in text) or (
        isinstance(error, RuntimeError) and "no running event loop" in text
    )
    if not foreign:
        return error
    explained = ScriptError(f"{text}: {AWAITABLE}")
    explained.__cause__ = error
    return explained
