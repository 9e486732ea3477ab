"""What scripts wait for: frames, seconds, conditions, actions, several things, with deadlines.

A script is a coroutine that `controller.run(…)` or `controller.spawn(…)` started:

    async def tidy(robot, mug):
        with deadline(seconds=20):
            await robot.grasp(mug)
        winner, _ = await first(there=robot.move_by(1.0), late=seconds(5))
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Coroutine, Generator
from inspect import CORO_CREATED, getcoroutinestate, isawaitable, iscoroutinefunction
from types import CoroutineType
from typing import Any, NamedTuple, TypeVar

from counterpoint.core.errors import ScriptError
from counterpoint.core.script import (
    AWAITABLE,
    Cancelled,
    Endable,
    Joined,
    Script,
    Waitable,
    is_count,
    require_script,
    to_frames,
)

T = TypeVar("T")


def frames(n: int) -> Frames:
    """Let `n` frames pass, 1 or more.

    Raises:
        ScriptError: If `n` is not such an integer.
    """
    if not is_count(n):
        raise ScriptError(f"frames(n) takes an integer of 1 or more, got {n!r}")
    return Frames(n=n)


def seconds(s: float) -> Frames:
    """Let simulated seconds pass: `max(1, ceil(s · fps − 1e-9))` frames.

    Raises:
        ScriptError: If `s` is negative or not finite.
    """
    if not math.isfinite(s) or s < 0:
        raise ScriptError(f"seconds(s) takes a finite number of 0 or more, got {s!r}")
    return Frames(s=s)


class Frames:
    """Time, counted from the frame in which it is awaited; it can be awaited again."""

    def __init__(self, *, n: int | None = None, s: float = 0.0) -> None:
        self._n, self._s = n, s

    def __await__(self) -> Generator[Waitable[Any], Any, None]:
        return _Passed(self._n, self._s).__await__()


class _Passed(Waitable[None]):
    def __init__(self, n: int | None, s: float) -> None:
        self._n, self._s = n, s
        self._target = 0

    def begin(self, script: Script) -> None:
        n, runner = self._n, script.runner
        self._target = runner.frame + (
            to_frames(self._s, runner.frames_per_second) if n is None else n
        )

    def ready(self, frame: int) -> bool:
        return frame >= self._target

    def state(self) -> Any:
        return self._target


def until(predicate: Callable[[], T]) -> Until[T]:
    """Wait until `predicate()` is true, and give what it returned.

    It is asked at once, then once a frame; what it raises comes out of the `await`.
    """
    if not callable(predicate):
        raise ScriptError(f"until(predicate) takes a function without arguments, got {predicate!r}")
    return Until(predicate)


class Until(Waitable[T]):
    """A condition; see `until`."""

    def __init__(self, predicate: Callable[[], T]) -> None:
        self._predicate = predicate
        self._value: Any = None
        self._error: Exception | None = None

    def ready(self, frame: int) -> bool:
        """See `Waitable`."""
        try:
            self._value = self._predicate()
            return bool(self._value)
        except Exception as error:  # noqa: BLE001 - it is raised in the script
            self._error = error
            return True

    def result(self) -> Any:
        """See `Waitable`."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return self._value


class Ended(Waitable[T]):
    """The end phase of an action has run; gives what `outcome()` says."""

    def __init__(self, action: Endable, outcome: Callable[[], T]) -> None:
        self._action, self._outcome = action, outcome

    def ready(self, frame: int) -> bool:
        """See `Waitable`."""
        return self._action.done

    def result(self) -> Any:
        """See `Waitable`."""
        return self._outcome()


# --- several things ------------------------------------------------------------------------------


def spawn(script: Coroutine[Any, Any, Any]) -> Script:
    """Start a child of the running script: it begins in this frame, and ends with its parent.

    Raises:
        ScriptError: Outside of a script; there, it is `controller.spawn(script)`.
    """
    return require_script("spawn(script)", "controller.spawn(script)").runner.start(script)


def gather(*things: Awaitable[Any]) -> Gather:
    """Wait for all of `things`, and give their results in order.

    An error in one cancels the others; it comes out when their end phases have run.
    """
    for thing in things:
        check_awaitable(thing, things)
    return Gather(things)


def first(**things: Awaitable[Any]) -> First:
    """Wait for the first of `things` to end, and give its name and result.

    The others are cancelled, and their end phases have run before it returns; so it returns in the
    next frame where an action had to be ended. Of those that end in one frame, the one named first
    wins. An error in the winner comes out.

    Raises:
        ScriptError: Without things.
    """
    if not things:
        raise ScriptError("first(…) needs something: first(there=action, late=seconds(5))")
    for thing in things.values():
        check_awaitable(thing, things.values())
    return First(things)


class Winner(NamedTuple):
    """What `first` gives.

    Attributes:
        name: The winner's name.
        result: Its result.
    """

    name: str
    result: Any


class Gather:
    """See `gather`."""

    def __init__(self, things: tuple[Awaitable[Any], ...]) -> None:
        self.things = things

    def __await__(self) -> Generator[Waitable[Any], Any, list[Any]]:
        scripts = [require_script("gather", "await gather(…)").runner.start(t) for t in self.things]
        yield from Joined(scripts, stop_at="error").__await__()
        failed = next((s for s in scripts if s.error is not None), None)
        if failed is not None:
            yield from _cancel(scripts, f"{failed.name} failed", failed)
        return [s.result() for s in scripts]


class First:
    """See `first`."""

    def __init__(self, things: dict[str, Awaitable[Any]]) -> None:
        self.things = tuple(things.values())
        self._names = tuple(things)

    def __await__(self) -> Generator[Waitable[Any], Any, Winner]:
        scripts = [require_script("first", "await first(…)").runner.start(t) for t in self.things]
        yield from Joined(scripts, stop_at="any").__await__()
        name, winner = next((n, s) for n, s in zip(self._names, scripts, strict=True) if s.done)
        yield from _cancel(scripts, f"{name!r} was first", winner)
        return Winner(name, winner.result())


def _cancel(
    scripts: list[Script], reason: str, decided: Script
) -> Generator[Waitable[Any], Any, None]:
    """Cancel the others, wait for them, and raise the error of the one that decided, if any."""
    others = [s for s in scripts if not s.done]
    for script in others:
        script.cancel(reason)
    yield from Joined(others).__await__()
    errors = [s.error for s in others if s.error is not None and not isinstance(s.error, Cancelled)]
    if decided.error is not None:
        for error in errors:
            decided.error.add_note(f"then, on being cancelled: {type(error).__name__}: {error}")
        decided.result()
    elif errors:
        raise errors[0]


# --- what can be awaited -------------------------------------------------------------------------


def check_awaitable(thing: Any, siblings: Any = ()) -> None:
    """Raise unless `thing` can be awaited, and then leave no sibling's coroutine unused.

    Raises:
        ScriptError: It says what can be.
    """
    problem = None
    if iscoroutinefunction(thing):
        problem = f"{thing.__name__} is a function: call it, {thing.__name__}(…)"
    elif not isawaitable(thing):
        problem = f"a {type(thing).__name__} cannot be awaited: {AWAITABLE}"
    elif isinstance(thing, Coroutine) and getattr(thing, "cr_running", False):
        problem = f"{thing!r:.80} is running already"
    elif _is_used(thing):
        problem = f"{thing!r:.80} was started before; call the function again"
    elif sum(isinstance(thing, Coroutine) and thing is s for s in siblings) > 1:
        problem = f"{thing!r:.80} is given twice; call the function again"
    if problem:
        discard(siblings)
        raise ScriptError(problem)


def discard(things: Any) -> None:
    """Close coroutines that will not be started, also those inside of gather and first."""
    for thing in things:
        if isinstance(thing, (Gather, First)):
            discard(thing.things)
        elif isinstance(thing, Coroutine) and not getattr(thing, "cr_running", False):
            thing.close()


def _is_used(coroutine: Any) -> bool:
    return isinstance(coroutine, CoroutineType) and getcoroutinestate(coroutine) != CORO_CREATED
