"""A script: a coroutine that is resumed once a frame, with what it started and its deadlines."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Coroutine, Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from counterpoint.core.errors import ScriptCancelledError, ScriptError

T_co = TypeVar("T_co", covariant=True)

NEVER = 2**62
"""A frame that does not come."""

AWAITABLE = (
    "a script can await an action, action.outcome(), frames(n), seconds(s), until(predicate), "
    "robot.radio.receive(timeout), gather(…), first(…), a handle from spawn(…), or another "
    "`async def` function"
)


class Cancelled(BaseException):
    """Thrown into a script so that its `finally` blocks run. Let it pass.

    It is no `Exception`, so that `except Exception` in a script does not keep it alive.

    Attributes:
        reason: Why.
        scope: The deadline that has run out, or None when the whole script is cancelled.
    """

    def __init__(self, reason: str, scope: Scope | None = None) -> None:
        self.reason, self.scope = reason, scope
        super().__init__(reason)


class Waitable(Generic[T_co]):
    """What a script waits for. Subclasses say when it is there, and what it gives."""

    def __await__(self) -> Generator[Waitable[Any], Any, T_co]:
        """Hand itself to the runner, which resumes the script when it is ready."""
        given: T_co = yield self
        return given

    def begin(self, script: Script) -> None:
        """`script` waits for it from now on."""

    def ready(self, frame: int) -> bool:
        """Whether it is there after this frame. Must not raise."""
        raise NotImplementedError

    def result(self) -> Any:
        """What the script gets; an error is raised in the script."""
        return None

    def state(self) -> Any:
        """What later frames depend on, for the state hash."""
        return None


@runtime_checkable
class Endable(Protocol):
    """What scripts know of an action."""

    @property
    def done(self) -> bool:
        """Whether its end phase has run."""
        ...

    def cancel(self, reason: str, *, timed_out: bool) -> None:
        """End it in the next frame."""
        ...


class Scope:
    """What a script started inside one `with deadline(…)` block, or outside of any.

    Attributes:
        actions: Actions that are not done yet.
        children: Scripts that are not done yet.
        expires: The frame after which the block has no time left.
    """

    def __init__(self) -> None:
        self.actions: list[Endable] = []
        self.children: list[Script] = []
        self.expires = NEVER
        self._tidy_at = 16

    def adopt(self, actions: Sequence[Endable], children: Sequence[Script] = ()) -> None:
        """Answer for these, too; now and then, forget those that are done."""
        self.actions += actions
        self.children += children
        if len(self.actions) + len(self.children) > self._tidy_at:
            self.actions = [a for a in self.actions if not a.done]
            self.children = [c for c in self.children if not c.done]
            self._tidy_at = 16 + 2 * (len(self.actions) + len(self.children))


class Runner(Protocol):
    """What scripts know of what runs them."""

    @property
    def frame(self) -> int:
        """How many frames there were."""
        ...

    @property
    def frames_per_second(self) -> int:
        """Frames a second of simulated time."""
        ...

    def start(self, thing: Awaitable[Any]) -> Script:
        """Start a script; a child if a script of this runner is running."""
        ...

    def cancel(self, script: Script, reason: str, *, timed_out: bool = False) -> None:
        """End what a script started, then the script."""
        ...


class Script:
    """A started script, as the handle that `spawn` returns. It can be awaited.

    Attributes:
        name: The function's name, with a number where it was started before.
        done: Whether it has ended, and so have the scripts and actions that end with it.
    """

    def __init__(
        self,
        runner: Runner,
        thing: Awaitable[Any],
        name: str,
        order: int,
        parent: Script | None,
    ) -> None:
        self.name = name
        self.done = False
        self.runner = runner
        self.parent = parent
        self.order = order
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.published = isinstance(thing, Coroutine)
        self.thing: Awaitable[Any] | None = thing
        self.coroutine: Coroutine[Any, Any, Any] = (
            thing if isinstance(thing, Coroutine) else _wait_for(thing)
        )
        self.scopes = [Scope()]
        self.expires = NEVER
        self.wait: Waitable[Any] | None = None
        self.watchers: list[Script] = []
        self.interrupt: Cancelled | None = None
        self.closing: Waitable[None] | None = None
        self.doomed = False
        self.cancelled = False
        self.ended = False
        self.value: Any = None
        self.error: BaseException | None = None
        self.resumed = 0
        self.tick = 0
        self.burst = 0

    def result(self) -> Any:
        """What it returned.

        Raises:
            ScriptCancelledError: If it was cancelled.
            ScriptError: If it is not done.
            BaseException: What it raised, if it did.
        """
        if not self.done:
            raise ScriptError(
                f"script {self.name!r} is not done: await its handle, or call communicate() until "
                "handle.done"
            )
        if isinstance(self.error, Cancelled):
            raise ScriptCancelledError(self.name, self.error.reason)
        if self.error is not None:
            raise self.error
        return self.value

    def cancel(self, reason: str = "cancelled") -> None:
        """End its actions, then the scripts that it started, then run its `finally` blocks.

        Their end phases run in the next frame, so a script that has ongoing actions is done then;
        one that has none is done at once, or when it waits next. A cancelled script may wait in a
        `finally` block, and is done after that. A second call does nothing.
        """
        self.runner.cancel(self, reason)

    def __await__(self) -> Generator[Waitable[Any], Any, Any]:
        """Wait until it is done; gives what it returned or raises what it raised."""
        yield from Joined([self]).__await__()
        return self.result()

    # --- for the runner -----------------------------------------------------------------------

    def enter(self, scope: Scope) -> None:
        """What is started from now on belongs to `scope`."""
        self.scopes.append(scope)
        self.expires = min(s.expires for s in self.scopes)

    def leave(self, scope: Scope) -> None:
        """`scope` is over; what still runs belongs to the one around it."""
        if scope in self.scopes:
            outer = self.scopes[self.scopes.index(scope) - 1]
            self.scopes.remove(scope)
            outer.adopt(scope.actions, scope.children)
            self.expires = min(s.expires for s in self.scopes)

    def lines(self) -> list[int]:
        """Where it waits: line numbers, from its own to that of the innermost function."""
        found: list[int] = []
        inner: Any = self.coroutine
        while inner is not None:
            frame = getattr(inner, "cr_frame", None) or getattr(inner, "gi_frame", None)
            if frame is None:
                break
            found.append(frame.f_lineno)
            inner = getattr(inner, "cr_await", None) or getattr(inner, "gi_yieldfrom", None)
        return found

    def state(self) -> Any:
        """What later frames depend on, for the state hash; locals are not among it."""
        wait = None if self.wait is None else (type(self.wait).__name__, self.wait.state())
        why = None if self.interrupt is None else self.interrupt.reason
        return (self.name, self.resumed, self.lines(), wait, why, [s.expires for s in self.scopes])

    def __repr__(self) -> str:
        return f"Script({self.name!r}, {'done' if self.done else 'running'})"


class Joined(Waitable[None]):
    """Scripts are done: all of them, or (`stop_at`) one that ends it early.

    Args:
        scripts: The scripts.
        stop_at: `error`: one that failed is enough; `any`: one that is done is enough.
    """

    def __init__(self, scripts: Sequence[Script], stop_at: str = "") -> None:
        self.scripts = scripts
        self.stop_at = stop_at

    def begin(self, script: Script) -> None:
        """See `Waitable`."""
        for other in self.scripts:
            if other is script:
                raise ScriptError(f"script {script.name!r} awaits itself")
            if other.runner is script.runner:
                other.watchers.append(script)

    def ready(self, frame: int) -> bool:
        """See `Waitable`."""
        waiting = False
        for script in self.scripts:
            if not script.done:
                waiting = True
            elif self.stop_at == "any" or (self.stop_at == "error" and script.error is not None):
                return True
        return not waiting


_running: ContextVar[Script | None] = ContextVar("counterpoint_script", default=None)


def current_script() -> Script | None:
    """The script that is being resumed in this thread, whatever controller it belongs to."""
    return _running.get()


def require_script(what: str, instead: str) -> Script:
    """The running script.

    Raises:
        ScriptError: Outside of one; it says what to call `instead`.
    """
    script = current_script()
    if script is None:
        raise ScriptError(f"{what} works inside a script; outside, use {instead}")
    return script


@contextmanager
def running(script: Script) -> Iterator[None]:
    """Make `script` the current one."""
    token = _running.set(script)
    try:
        yield
    finally:
        _running.reset(token)


def adopt(action: Endable) -> None:
    """The current script, if any, answers for an action: it ends with the script's cancellation."""
    script = _running.get()
    if script is not None:
        script.scopes[-1].adopt([action])


async def _wait_for(thing: Awaitable[Any]) -> Any:
    """A script for what is no coroutine."""
    script = _running.get()
    if script is not None:
        if isinstance(thing, Script):
            if thing.runner is script.runner:
                script.scopes[0].adopt([], [thing])
        elif isinstance(thing, Endable):
            script.scopes[0].adopt([thing])
    return await thing


def to_frames(s: float, frames_per_second: int) -> int:
    """Simulated seconds as a number of frames."""
    return max(1, math.ceil(s * frames_per_second - 1e-9))


def is_count(n: Any) -> bool:
    """Whether it is an integer of 1 or more."""
    return isinstance(n, int) and not isinstance(n, bool) and n >= 1
