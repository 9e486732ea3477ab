"""Deadlines in scripts: `with deadline(seconds=20): …`."""

from __future__ import annotations

import math
from types import TracebackType
from typing import Self

from counterpoint.core.errors import DeadlineError, ScriptError
from counterpoint.core.script import Cancelled, Scope, Script, is_count, require_script, to_frames


def deadline(*, seconds: float | None = None, frames: int | None = None) -> Deadline:
    """Give a `with` block in a script so much time.

    After the last frame, the actions that were started inside end as `timed_out` and the scripts as
    cancelled; when their end phases have run (in the next frame, where there are any), `finally`
    blocks inside run and the block raises `DeadlineError`, which is a `TimeoutError`.

    Raises:
        ScriptError: Unless exactly one of both is given, and positive.
    """
    if (seconds is None) == (frames is None):
        raise ScriptError("deadline(…) takes either seconds=… or frames=…")
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
        raise ScriptError(f"deadline(seconds=…) takes a finite, positive number, got {seconds!r}")
    if frames is not None and not is_count(frames):
        raise ScriptError(f"deadline(frames=…) takes an integer of 1 or more, got {frames!r}")
    return Deadline(seconds, frames)


class Deadline(Scope):
    """See `deadline`.

    Attributes:
        expired: Whether the time ran out.
    """

    def __init__(self, s: float | None, n: int | None) -> None:
        super().__init__()
        self.expired = False
        self._s, self._n = s, n
        self._limit = 0
        self._script: Script | None = None

    @property
    def limit(self) -> int:
        """Frames that the block has."""
        return self._limit

    def __enter__(self) -> Self:
        script = require_script("deadline(…)", "controller.run(script)")
        if self._script is not None:
            raise ScriptError("this deadline was used before; make a new one: with deadline(…):")
        self._script = script
        runner = script.runner
        self._limit = self._n or to_frames(self._s or 0.0, runner.frames_per_second)
        self.expires = runner.frame + self._limit
        script.enter(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        script = self._script
        if script is None:
            return
        script.leave(self)
        mine = error is None or (isinstance(error, Cancelled) and error.scope is self)
        if self.expired and mine:
            raise DeadlineError(script.name, self._limit) from None
