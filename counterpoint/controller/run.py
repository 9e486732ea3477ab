"""Runs scripts to their ends, frame by frame."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from counterpoint.controller.scripts import Scripts
from counterpoint.core.errors import DeadlineError, ScriptError
from counterpoint.core.script import Script
from counterpoint.core.waitables import check_awaitable, discard


def run_to_end(
    runner: Scripts,
    things: Sequence[Awaitable[Any]],
    communicate: Callable[[], object],
    max_frames: int | None,
) -> list[Any]:
    """See `Controller.run`."""
    if max_frames is not None and (not isinstance(max_frames, int) or max_frames < 0):
        discard(things)
        raise ScriptError(f"max_frames takes an integer of 0 or more, got {max_frames!r}")
    for thing in things:
        check_awaitable(thing, things)
    scripts: list[Script] = []
    passed = 0
    try:
        scripts += [runner.start(thing) for thing in things]
        runner.begin_now()
        while not all(s.done for s in scripts):
            if passed == max_frames:
                raise _out_of_frames(scripts, passed)
            passed += 1
            communicate()
    except BaseException as error:
        _end_all(runner, scripts, error, communicate)
        raise
    return [s.result() for s in scripts]


def _out_of_frames(scripts: Sequence[Script], limit: int) -> DeadlineError:
    late = [s for s in scripts if not s.done]
    where = "; ".join(
        f"{s.name} waits in line {', '.join(map(str, s.lines())) or '?'}" for s in late
    )
    return DeadlineError(", ".join(s.name for s in late), limit, f" (max_frames): {where}")


def _end_all(
    runner: Scripts,
    scripts: Sequence[Script],
    error: BaseException,
    communicate: Callable[[], object],
) -> None:
    """Cancel the scripts, and give their end phases a frame."""
    late = [s for s in scripts if not s.done]
    try:
        for script in late:
            timed_out = isinstance(error, DeadlineError)
            runner.cancel(script, f"run(…) ended: {error}", timed_out=timed_out)
        if isinstance(error, Exception) and not all(s.done for s in late):
            communicate()
    except Exception as another:  # noqa: BLE001 - it stands in the notes of the first one
        error.add_note(f"then, on ending scripts: {type(another).__name__}: {another}")
