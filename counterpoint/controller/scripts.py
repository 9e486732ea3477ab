"""Runs scripts: coroutines that are resumed once a frame, in the order in which they were started.

There is no event loop, no thread and no clock. Within a frame, each script that waits for something
which is there now is resumed, in order; then, deepest first, those that wait for a script which
ended, and those that were just started. Deadlines come last: what is done in the last frame of a
deadline is in time.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from heapq import heappop, heappush
from typing import Any

from counterpoint.controller.coroutines import (
    LIMIT,
    Closing,
    bequeath,
    drive,
    drive_out,
    outcome,
    owned,
)
from counterpoint.core.deadlines import Deadline
from counterpoint.core.errors import ScriptError
from counterpoint.core.events import EventBus, ScriptEnded, ScriptStarted
from counterpoint.core.script import NEVER, Cancelled, Joined, Script, current_script, running
from counterpoint.core.waitables import check_awaitable, discard

LOGGER = logging.getLogger(__name__)


class Scripts:
    """The scripts of one controller.

    Args:
        events: Where their beginnings and ends are published.
        frame: Says how many frames there were.
        frames_per_second: Frames a second of simulated time.
    """

    def __init__(
        self, events: EventBus, frame: Callable[[], int], frames_per_second: Callable[[], int]
    ) -> None:
        self._events, self._frame = events, frame
        self._frames_per_second = frames_per_second
        self._scripts: dict[int, Script] = {}
        self._ready: list[tuple[int, int, Script]] = []
        self._errors: list[tuple[Script, BaseException]] = []
        self._names: dict[str, int] = {}
        self._started = 0
        self._tick = 0
        self._burst = 0
        self._busy = False
        self._stopping: str | None = None
        self._executing: Script | None = None

    @property
    def frame(self) -> int:
        """How many frames there were."""
        return self._frame()

    @property
    def frames_per_second(self) -> int:
        """Frames a second of simulated time."""
        return self._frames_per_second()

    def check_outside(self, what: str) -> None:
        """Raise if one of these scripts is running now.

        Raises:
            ScriptError: It says what scripts do instead of `what`.
        """
        if self._executing is not None:
            raise ScriptError(
                f"script {self._executing.name!r} called {what} of the controller that runs it; "
                "inside a script, use await frames(1), await gather(…), or spawn(…)"
            )

    # --- starting -----------------------------------------------------------------------------

    def spawn(self, thing: Awaitable[Any]) -> Script:
        """Start a script; see `Controller.spawn`."""
        check_awaitable(thing)
        script = self.start(thing)
        self.begin_now()
        return script

    def start(self, thing: Awaitable[Any]) -> Script:
        """Start a script, and let it begin when the others of this frame were resumed."""
        parent = current_script()
        if parent is not None and parent.runner is not self:
            parent = None
        problem = None
        if self._stopping is not None:
            problem = f"no script can be started: {self._stopping}"
        elif parent is not None:
            self._burst += 1
            if self._burst > LIMIT:
                problem = (
                    f"script {parent.name!r} is one of those that started more than {LIMIT:,} "
                    "scripts in one frame; let time pass in between: await frames(1)"
                )
        if problem:
            discard([thing])
            raise ScriptError(problem)
        script = Script(self, thing, self._name(thing), self._started, parent)
        self._started += 1
        self._scripts[script.order] = script
        if parent is not None:
            parent.scopes[-1].adopt([], [script])
        if script.published:
            self._events.publish(ScriptStarted(self.frame, script.name))
        self._wake(script)
        return script

    def begin_now(self) -> None:
        """Between frames, let scripts that have just been started or cancelled go on at once."""
        if self._busy:
            return
        self._busy = True
        try:
            self._drain(self.frame)
        finally:
            self._busy = False
        self._raise_errors()

    # --- the frame ----------------------------------------------------------------------------

    def resume(self) -> None:
        """Step 8 of a frame.

        Raises:
            BaseException: The first error of a script that no other script waits for. By then every
                script was resumed; what else was raised stands in its notes.
        """
        self._tick += 1
        self._burst = 0
        if not self._scripts:
            return
        frame = self.frame
        self._busy = True
        try:
            scripts = tuple(self._scripts.values())
            for script in scripts:
                wait = script.wait
                if wait is not None and wait.ready(frame):
                    self._step(script)
            self._drain(frame)
            for script in scripts:
                if script.expires <= frame:
                    self._expire(script, frame)
            self._drain(frame)
        finally:
            self._busy = False
        self._raise_errors()

    def state(self) -> Any:
        """What later frames depend on, for the state hash."""
        return [s.state() for s in self._scripts.values()]

    def cancel(self, script: Script, reason: str, *, timed_out: bool = False) -> None:
        """End what a script started, then the script."""
        self._interrupt(script, reason, timed_out=timed_out)
        self.begin_now()

    def stop(self, reason: str) -> None:
        """The scene ends: every script is cancelled, and does not wait any more.

        What a `finally` block raises then is logged; it is the script's result.
        """
        busy, self._busy, self._stopping = self._busy, True, reason
        try:
            while self._scripts:
                script = self._scripts.popitem()[1]
                if script is self._executing:
                    script.interrupt = Cancelled(reason)
                    script.doomed = True
                else:
                    self._end_now(script, Cancelled(reason))
        finally:
            self._busy, self._stopping = busy, None
            self._ready.clear()
            self._errors.clear()
            self._names.clear()

    # --- inside -------------------------------------------------------------------------------

    def _name(self, thing: Awaitable[Any]) -> str:
        name: str = getattr(thing, "__name__", type(thing).__name__)
        count = self._names[name] = self._names.get(name, 0) + 1
        return name if count == 1 else f"{name}-{count}"

    def _wake(self, script: Script) -> None:
        heappush(self._ready, (-script.depth, script.order, script))

    def _drain(self, frame: int) -> None:
        ready = self._ready
        while ready:
            script = heappop(ready)[2]
            if not script.done and (script.wait is None or script.wait.ready(frame)):
                self._step(script)

    def _raise_errors(self) -> None:
        if self._errors:
            errors, self._errors = self._errors, []
            error = errors[0][1]
            for script, other in errors[1:]:
                if other is not error:
                    error.add_note(
                        f"in the same frame, script {script.name!r} raised "
                        f"{type(other).__name__}: {other}"
                    )
            raise error

    def _step(self, script: Script) -> None:
        if script.ended:
            self._conclude(script)
            return
        before, self._executing = self._executing, script
        try:
            with running(script):
                ending = drive(script, self._tick, self.frame)
        finally:
            self._executing = before
        if ending is not None:
            self._finish(script, *ending)

    def _finish(self, script: Script, error: BaseException | None, value: Any) -> None:
        """The coroutine has ended; what ends with it may need one more frame."""
        script.ended, script.error, script.value = True, error, value
        actions, children = owned(script)
        if error is None:
            reason = f"script {script.name!r} returned"
            bequeath(script, actions)
            actions = []
        elif isinstance(error, Cancelled):
            reason = error.reason
        else:
            reason = f"script {script.name!r} raised {type(error).__name__}: {error}"
            if not any(isinstance(w.wait, Joined) for w in script.watchers):
                self._errors.append((script, error))
        for action in actions:
            action.cancel(reason, timed_out=False)
        for child in children:
            self._interrupt(child, reason)
        script.expires = NEVER
        script.wait = Closing(actions, children)
        script.wait.begin(script)
        if script.wait.ready(self.frame):
            self._conclude(script)

    def _conclude(self, script: Script) -> None:
        script.done, script.wait = True, None
        script.scopes = script.scopes[:1]
        script.thing = None
        self._scripts.pop(script.order, None)
        if script.published:
            self._events.publish(ScriptEnded(self.frame, script.name, outcome(script)))
        for watcher in script.watchers:
            if not watcher.done:
                self._wake(watcher)
        script.watchers = []

    def _interrupt(
        self,
        script: Script,
        reason: str,
        *,
        timed_out: bool = False,
        scope: Deadline | None = None,
    ) -> None:
        """Mark actions and scripts; each script is thrown its `Cancelled` when those are done."""
        pending: list[tuple[Script, Deadline | None]] = [(script, scope)]
        while pending:
            one, within = pending.pop()
            if one.ended or one.cancelled:
                continue
            one.cancelled = within is None
            first = 0 if within is None else one.scopes.index(within)
            for inner in one.scopes[first:]:
                inner.expires = NEVER
            one.expires = min(s.expires for s in one.scopes)
            actions, children = owned(one, first)
            for action in actions:
                action.cancel(reason, timed_out=timed_out)
            one.interrupt = Cancelled(reason, within)
            one.closing = Closing(actions, children)
            one.closing.begin(one)
            if one is not self._executing:
                one.wait = one.closing
                self._wake(one)
            pending += [(child, None) for child in children]

    def _expire(self, script: Script, frame: int) -> None:
        if script.ended or script.interrupt is not None:
            return
        for scope in script.scopes:
            if scope.expires <= frame and isinstance(scope, Deadline):
                scope.expired = True
                limit = scope.limit
                reason = f"the deadline of {limit} frames in script {script.name!r} has passed"
                self._interrupt(script, reason, timed_out=True, scope=scope)
                return

    def _end_now(self, script: Script, cancelled: Cancelled) -> None:
        """End a script while the scene ends."""
        if not script.ended:
            before, self._executing = self._executing, script
            try:
                with running(script):
                    script.error, script.value = drive_out(script, cancelled)
            finally:
                self._executing = before
            if script.error is not None and not isinstance(script.error, Cancelled):
                LOGGER.error("script %r raised as it was ended", script.name, exc_info=script.error)
        script.ended = True
        self._conclude(script)
