"""Scripts as coroutines: what they await, in which order they go on, and how they end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import subprocess
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

from counterpoint import (
    ActionFailed,
    ActionStatus,
    Arm,
    Controller,
    CounterpointError,
    DeadlineError,
    ImageFrequency,
    Robot,
    ScriptCancelledError,
    ScriptError,
    deadline,
    first,
    frames,
    gather,
    seconds,
    spawn,
    until,
)
from counterpoint import commands as cmd
from counterpoint.actions import Action, Wait
from counterpoint.core.events import Event, ScriptEnded, ScriptStarted

FOREVER = 1_000_000


def stage() -> tuple[Controller, Robot, Robot]:
    controller = Controller()
    a = Robot("a", model="panda", image_frequency=ImageFrequency.never)
    b = Robot("b", model="panda", position=(2, 0, 0), image_frequency=ImageFrequency.never)
    controller.add_ons.extend([a, b])
    controller.communicate(cmd.CreateEmptyRoom(width=8, length=8))
    return controller, a, b


@pytest.fixture(scope="module")
def scene() -> Iterator[tuple[Controller, Robot, Robot]]:
    controller, a, b = stage()
    yield controller, a, b
    controller.close()


@pytest.fixture
def world(scene: tuple[Controller, Robot, Robot]) -> Iterator[tuple[Controller, Robot, Robot]]:
    """A controller at rest with two pandas; nothing may be left running after a test."""
    controller, a, b = scene
    yield scene
    controller.communicate()
    assert controller._scripts.state() == []
    assert not a._actions()
    assert not b._actions()
    gc.collect()  # a coroutine that was never awaited is reported in the test that left it


class Failing(Action):
    """Ends in failure after some frames."""

    def __init__(self, after: int = 1) -> None:
        super().__init__()
        self.left = after

    def get_ongoing_commands(self, resp: Any, static: Any, dynamic: Any) -> list[Any]:
        self.left -= 1
        return self.end(ActionStatus.failure, "as asked") if self.left <= 0 else []


class Boom(Exception):
    pass


async def sleeper(n: int, value: Any = None) -> Any:
    await frames(n)
    return value


async def raiser(after: int, error: Exception) -> None:
    await frames(after)
    raise error


# --- actions -------------------------------------------------------------------------------------


def test_awaiting_an_action_gives_its_status(world: Any) -> None:
    c, a, _ = world

    async def script() -> ActionStatus:
        return await a.wait(3)

    assert c.run(script()) == [ActionStatus.success]


def test_awaiting_an_action_that_does_not_succeed_raises(world: Any) -> None:
    c, a, _ = world

    async def script() -> ActionFailed:
        with pytest.raises(ActionFailed) as caught:
            await a.start(Failing(2))
        return caught.value

    start = c.frame
    (error,) = c.run(script())
    assert (error.status, error.reason, error.frame) == (
        ActionStatus.failure,
        "as asked",
        start + 2,
    )
    assert error.action is a.action


@pytest.mark.parametrize("status", [s for s in ActionStatus if s is not ActionStatus.ongoing])
def test_outcome_never_raises(world: Any, status: ActionStatus) -> None:
    c, a, _ = world

    class Ends(Action):
        def get_ongoing_commands(self, resp: Any, static: Any, dynamic: Any) -> list[Any]:
            return self.end(status, "")

    async def script() -> ActionStatus:
        outcome: ActionStatus = await a.start(Ends()).outcome()
        return outcome

    assert c.run(script()) == [status]


def test_the_end_phase_has_run_when_an_awaited_action_returns(world: Any) -> None:
    c, a, _ = world

    async def script() -> tuple[bool, int | None, int]:
        action = a.wait(2)
        await action
        return action.done, action.ended_frame, c.frame

    ((done, ended, now),) = c.run(script())
    assert done
    assert ended == now


def test_an_action_of_a_script_initialises_in_the_next_frame(world: Any) -> None:
    c, a, _ = world

    async def script() -> tuple[int, int | None]:
        await frames(2)
        now = c.frame
        action = a.wait(1)
        assert not action.initialized
        await action
        return now, action.started_frame

    ((now, started),) = c.run(script())
    assert started == now + 1


def test_a_script_takes_as_many_frames_as_the_polling_loop(world: Any) -> None:
    c, a, _ = world
    start = c.frame
    a.wait(5)
    while a.action.status is ActionStatus.ongoing:
        c.communicate()
    polled, start = c.frame - start, c.frame

    async def script() -> None:
        await a.wait(5)

    c.run(script())
    assert c.frame - start == polled


def test_an_action_that_was_not_started_cannot_be_awaited(world: Any) -> None:
    c, _, _ = world

    async def script() -> None:
        await Wait(3)

    with pytest.raises(ScriptError, match=r"was not started: await robot\.start\(Wait\(…\)\)"):
        c.run(script())


# --- time and conditions -------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 7])
def test_frames_lets_that_many_frames_pass(world: Any, n: int) -> None:
    c, _, _ = world
    start = c.frame
    c.run(sleeper(n))
    assert c.frame == start + n


@pytest.mark.parametrize(("s", "n"), [(0, 1), (0.001, 1), (1 / 60, 1), (0.1, 6), (0.101, 7)])
def test_seconds_round_up_to_frames(world: Any, s: float, n: int) -> None:
    c, _, _ = world

    async def script() -> None:
        await seconds(s)

    start = c.frame
    c.run(script())
    assert c.frame == start + n


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "3"])
def test_frames_takes_a_positive_integer(wrong: Any) -> None:
    with pytest.raises(ScriptError, match="integer of 1 or more"):
        frames(wrong)


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_seconds_takes_a_finite_number(wrong: float) -> None:
    with pytest.raises(ScriptError, match="finite"):
        seconds(wrong)


def test_frames_can_be_awaited_again(world: Any) -> None:
    c, _, _ = world
    pause = frames(3)

    async def script() -> None:
        await pause
        await pause

    start = c.frame
    c.run(script())
    assert c.frame == start + 6


def test_until_gives_the_first_true_value(world: Any) -> None:
    c, _, _ = world
    start = c.frame
    asked: list[int] = []

    def predicate() -> str:
        asked.append(c.frame - start)
        return "now" if c.frame == start + 3 else ""

    async def script() -> str:
        return await until(predicate)

    assert c.run(script()) == ["now"]
    assert asked == [0, 1, 2, 3]


def test_what_a_predicate_raises_comes_out_of_until(world: Any) -> None:
    c, _, _ = world

    def predicate() -> bool:
        raise Boom

    async def script() -> str:
        with pytest.raises(Boom):
            await until(predicate)
        return "caught"

    assert c.run(script()) == ["caught"]


# --- order ---------------------------------------------------------------------------------------


def test_scripts_resume_in_the_order_in_which_they_were_started_once_a_frame(world: Any) -> None:
    c, _, _ = world
    log: list[tuple[int, str]] = []
    start = c.frame

    async def script(name: str, pause: int) -> None:
        for _ in range(4 // pause):
            log.append((c.frame - start, name))
            await frames(pause)

    c.run(script("x", 1), script("y", 2), script("z", 1))
    assert log == [
        (0, "x"), (0, "y"), (0, "z"),
        (1, "x"), (1, "z"),
        (2, "x"), (2, "y"), (2, "z"),
        (3, "x"), (3, "z"),
    ]  # fmt: skip


def test_scripts_resume_after_on_frame(world: Any) -> None:
    c, a, _ = world
    log: list[str] = []
    a.on_frame = lambda *_: log.append("on_frame")

    async def script() -> None:
        await frames(1)
        log.append("script")

    c.run(script())
    del a.on_frame
    assert log == ["on_frame", "script"]


def test_a_script_that_is_spawned_between_frames_begins_at_once(world: Any) -> None:
    c, _, _ = world
    begun: list[int] = []

    async def script() -> None:
        begun.append(c.frame)

    handle = c.spawn(script())
    assert begun == [c.frame]
    assert handle.done


def test_a_parent_goes_on_in_the_frame_in_which_its_child_ended(world: Any) -> None:
    c, _, _ = world

    async def nested(depth: int) -> None:
        if depth:
            await gather(nested(depth - 1))
        else:
            await frames(1)

    start = c.frame
    c.run(nested(8))
    assert c.frame == start + 1


def test_run_returns_results_in_order(world: Any) -> None:
    c, a, _ = world
    action = a.wait(2)
    assert c.run(sleeper(3, "x"), sleeper(1, "y"), action) == ["x", "y", ActionStatus.success]
    assert c.run() == []


# --- gather and first ----------------------------------------------------------------------------


def test_gather_gives_results_in_order(world: Any) -> None:
    c, a, _ = world

    async def script() -> list[Any]:
        return await gather(sleeper(4, "x"), a.wait(1), sleeper(2, "y"), frames(1), gather())

    assert c.run(script()) == [["x", ActionStatus.success, "y", None, []]]


def test_an_error_in_gather_cancels_the_others_and_comes_out(world: Any) -> None:
    c, a, b = world
    log: list[str] = []

    async def other() -> None:
        try:
            await b.wait(FOREVER)
        finally:
            log.append("finally")

    async def script() -> Action:
        long = a.wait(FOREVER)
        with pytest.raises(Boom):
            await gather(long, other(), raiser(3, Boom()))
        log.append("out")
        assert long.done
        assert b.action.done
        assert b.action.status is ActionStatus.cancelled
        return long

    (long,) = c.run(script())
    assert long.status is ActionStatus.cancelled
    assert log == ["finally", "out"]


def test_first_names_the_winner(world: Any) -> None:
    c, _, _ = world

    async def script() -> Any:
        return await first(slow=sleeper(5), quick=sleeper(2, "done"))

    start = c.frame
    assert c.run(script()) == [("quick", "done")]
    assert c.frame == start + 2


def test_the_others_of_first_are_cancelled_and_their_end_phase_has_run(world: Any) -> None:
    c, a, _ = world

    async def script() -> None:
        long = a.wait(FOREVER)
        winner = await first(long=long, late=frames(3))
        assert winner.name == "late"
        assert long.done
        assert long.status is ActionStatus.cancelled
        assert long.result.reason == "'late' was first"
        assert long.ended_frame == c.frame

    start = c.frame
    c.run(script())
    assert c.frame == start + 4


def test_of_those_that_end_in_one_frame_the_one_named_first_wins(world: Any) -> None:
    c, _, _ = world

    async def nested() -> str:
        await gather(gather(frames(2)))
        return "deep"

    async def script() -> Any:
        return await first(deep=nested(), flat=frames(2))

    assert c.run(script()) == [("deep", "deep")]


def test_an_error_of_the_winner_comes_out_of_first(world: Any) -> None:
    c, a, _ = world

    async def script() -> None:
        with pytest.raises(ActionFailed):
            await first(bad=a.start(Failing(1)), late=seconds(1))

    c.run(script())


def test_first_needs_something() -> None:
    with pytest.raises(ScriptError, match="needs something"):
        first()


# --- deadlines -----------------------------------------------------------------------------------


def test_a_deadline_ends_what_was_started_inside_as_timed_out(world: Any) -> None:
    c, a, b = world
    start = c.frame

    async def helper() -> None:
        await b.wait(FOREVER)

    async def script() -> None:
        outside = b.wait(20)
        with pytest.raises(TimeoutError) as caught, deadline(frames=5):
            await gather(a.wait(FOREVER), helper())
        assert isinstance(caught.value, DeadlineError)
        assert isinstance(caught.value, CounterpointError)
        assert "script 'script" in str(caught.value)
        for action in (a.action, b.action):
            assert action.done
            assert action.status is ActionStatus.timed_out
            assert action.ended_frame == c.frame == start + 6
        await outside

    c.run(script())


def test_what_is_done_in_the_last_frame_is_in_time(world: Any) -> None:
    c, a, _ = world

    async def script() -> None:
        with deadline(frames=5):
            await gather(gather(a.wait(5)), frames(5))
        with deadline(seconds=0.1):
            await frames(6)
        with pytest.raises(DeadlineError), deadline(seconds=0.1):
            await frames(7)

    c.run(script())


def test_a_deadline_reaches_a_loop_of_short_waits(world: Any) -> None:
    c, _, _ = world

    async def script() -> int:
        passed = 0

        async def loop() -> None:
            nonlocal passed
            while True:
                with contextlib.suppress(Exception):
                    await frames(1)
                    passed += 1

        with pytest.raises(DeadlineError), deadline(frames=5):
            await loop()
        return passed

    assert c.run(script()) == [5]


def test_the_outer_of_two_deadlines_wins_where_both_run_out(world: Any) -> None:
    c, _, _ = world
    log: list[str] = []

    async def script() -> None:
        try:
            with deadline(frames=5):
                try:
                    with deadline(frames=5):
                        await frames(9)
                except TimeoutError:
                    log.append("inner")
        except TimeoutError:
            log.append("outer")
        try:
            with deadline(frames=9):
                try:
                    with deadline(frames=2):
                        await frames(20)
                except TimeoutError:
                    log.append("inner")
        except TimeoutError:
            log.append("outer")

    c.run(script())
    assert log == ["outer", "inner"]


def test_an_action_that_outlives_its_deadline_block_goes_on(world: Any) -> None:
    c, a, _ = world

    async def script() -> ActionStatus:
        with deadline(frames=3):
            action = a.wait(10)
        return await action

    assert c.run(script()) == [ActionStatus.success]


@pytest.mark.parametrize("wrong", [{}, {"seconds": 1, "frames": 1}, {"frames": 0}, {"seconds": -1}])
def test_a_deadline_takes_either_seconds_or_frames(wrong: dict[str, Any]) -> None:
    with pytest.raises(ScriptError, match="deadline"):
        deadline(**wrong)


def test_deadline_gather_first_and_spawn_need_a_script(world: Any) -> None:
    with pytest.raises(ScriptError, match="inside a script"), deadline(frames=3):
        pass
    coroutine = sleeper(1)
    with pytest.raises(ScriptError, match=r"controller\.spawn"):
        spawn(coroutine)
    coroutine.close()


# --- spawning and cancelling ---------------------------------------------------------------------


def test_spawn_returns_a_handle(world: Any) -> None:
    c, _, _ = world
    handle = c.spawn(sleeper(2, "x"))
    assert not handle.done
    with pytest.raises(ScriptError, match="not done"):
        handle.result()
    c.communicate()
    c.communicate()
    assert handle.done
    assert handle.result() == "x"


@pytest.mark.parametrize("how", ["controller", "function"])
def test_a_child_script_ends_with_its_parent(world: Any, how: str) -> None:
    c, a, _ = world
    log: list[str] = []

    async def child() -> None:
        try:
            await a.wait(FOREVER)
        finally:
            log.append("child ended")

    async def parent() -> Any:
        handle = (c.spawn if how == "controller" else spawn)(child())
        await frames(3)
        assert not handle.done
        return handle

    (handle,) = c.run(parent())
    assert handle.done
    assert log == ["child ended"]
    assert a.action.status is ActionStatus.cancelled
    with pytest.raises(ScriptCancelledError, match=r"'parent.*' returned"):
        handle.result()


def test_a_handle_can_be_awaited(world: Any) -> None:
    c, _, _ = world

    async def script() -> list[Any]:
        one, two = spawn(sleeper(2, "x")), spawn(raiser(4, Boom("y")))
        found = [await one, await one]
        with pytest.raises(Boom):
            await two
        return found

    assert c.run(script()) == [["x", "x"]]


def test_cancelling_a_script_cancels_its_actions_and_runs_its_finally_blocks(world: Any) -> None:
    c, a, b = world
    log: list[Any] = []

    async def script() -> None:
        b.wait(FOREVER)
        try:
            await a.wait(FOREVER)
        finally:
            log.append((a.action.status, b.action.status))

    handle = c.spawn(script())
    c.communicate()
    handle.cancel("enough")
    handle.cancel("again")
    c.communicate()
    assert log == [(ActionStatus.cancelled, ActionStatus.cancelled)]
    assert a.action.result.reason == "enough"
    assert handle.done
    with pytest.raises(ScriptCancelledError, match="enough"):
        handle.result()


def test_cancelling_a_script_leaves_the_actions_of_others_alone(world: Any) -> None:
    c, a, _ = world
    mine = a.wait(8)

    async def script() -> None:
        await a.wait(FOREVER)

    handle = c.spawn(script())
    c.communicate()
    handle.cancel()
    while not mine.done:
        c.communicate()
    assert handle.done
    assert mine.status is ActionStatus.success


def test_a_script_that_waits_for_no_action_is_cancelled_at_once(world: Any) -> None:
    c, _, _ = world
    handle = c.spawn(sleeper(FOREVER))
    handle.cancel()
    assert handle.done


def test_a_cancelled_script_may_clean_up_with_actions(world: Any) -> None:
    c, a, _ = world
    status: list[ActionStatus] = []

    async def script() -> None:
        try:
            await a.wait(FOREVER)
        finally:
            status.append(await a.wait(3))

    handle = c.spawn(script())
    c.communicate()
    handle.cancel()
    while not handle.done:
        c.communicate()
    assert status == [ActionStatus.success]


def test_a_script_can_cancel_itself_and_its_siblings(world: Any) -> None:
    c, _, _ = world
    handles: dict[str, Any] = {}

    async def script() -> None:
        handles["other"].cancel("by me")
        handles["me"].cancel("myself")
        await frames(1)

    async def begin() -> None:
        await frames(1)
        await script()

    handles["other"] = c.spawn(sleeper(FOREVER))
    handles["me"] = c.spawn(begin())
    c.communicate()
    for name, reason in (("other", "by me"), ("me", "myself")):
        with pytest.raises(ScriptCancelledError, match=reason):
            handles[name].result()


def test_children_are_cancelled_before_their_parents_clean_up(world: Any) -> None:
    c, a, _ = world
    log: list[str] = []

    async def nested(depth: int) -> None:
        try:
            await (gather(nested(depth - 1)) if depth else a.wait(FOREVER))
        finally:
            log.append(f"{depth}")

    handle = c.spawn(nested(3))
    c.communicate()
    handle.cancel()
    c.communicate()
    assert log == ["0", "1", "2", "3"]


def test_an_action_that_a_child_left_running_ends_with_the_parent(world: Any) -> None:
    c, a, _ = world

    async def child() -> Action:
        return a.wait(FOREVER)

    async def work() -> None:
        await gather(child())
        await frames(20)

    async def parent() -> None:
        with pytest.raises(DeadlineError), deadline(frames=4):
            await work()
        assert a.action.status is ActionStatus.timed_out

    c.run(parent())


# --- errors --------------------------------------------------------------------------------------


def test_an_error_ends_the_actions_of_a_script_and_comes_out_of_communicate(world: Any) -> None:
    c, a, _ = world

    async def script() -> None:
        a.wait(FOREVER)
        await frames(2)
        raise Boom("here")

    handle = c.spawn(script())
    c.communicate()
    frame = c.frame
    with pytest.raises(Boom, match="here"):
        c.communicate()
    assert c.frame == frame + 1
    c.communicate()
    assert a.action.status is ActionStatus.cancelled
    assert "'script" in a.action.result.reason
    with pytest.raises(Boom):
        handle.result()


def test_the_frame_is_complete_and_other_scripts_went_on_when_an_error_comes_out(
    world: Any,
) -> None:
    c, _, _ = world
    before, after = c.spawn(sleeper(2, "x")), None
    c.spawn(raiser(2, Boom("one")))
    c.spawn(raiser(2, Boom("two")))
    after = c.spawn(sleeper(2, "z"))
    c.communicate()
    with pytest.raises(Boom, match="one") as caught:
        c.communicate()
    assert "Boom: two" in caught.value.__notes__[0]
    assert (before.result(), after.result()) == ("x", "z")
    assert c.response.frame == c.frame


def test_an_error_that_another_script_waits_for_goes_there_alone(world: Any) -> None:
    c, _, _ = world

    async def script() -> str:
        try:
            await gather(raiser(2, Boom()))
        except Boom:
            return "caught"
        return ""

    assert c.run(script()) == ["caught"]


def test_an_error_in_one_script_of_run_ends_the_others(world: Any) -> None:
    c, a, _ = world

    async def other() -> None:
        await a.wait(FOREVER)

    with pytest.raises(Boom):
        c.run(other(), raiser(3, Boom()))
    assert a.action.done
    assert a.action.status is ActionStatus.cancelled


def test_an_error_before_the_first_frame_comes_out_of_spawn_and_run(world: Any) -> None:
    c, _, _ = world

    async def script() -> None:
        raise Boom

    frame = c.frame
    with pytest.raises(Boom):
        c.spawn(script())
    with pytest.raises(Boom):
        c.run(script())
    assert c.frame == frame


def test_run_stops_after_max_frames(world: Any) -> None:
    c, a, _ = world

    async def script() -> None:
        await a.wait(FOREVER)

    start = c.frame
    with pytest.raises(TimeoutError, match=r"'script.*' did not finish within 5 frames") as caught:
        c.run(script(), max_frames=5)
    assert "waits in line" in str(caught.value)
    assert a.action.done
    assert a.action.status is ActionStatus.timed_out
    assert c.frame == start + 6
    assert c.run(sleeper(5, "in time"), max_frames=5) == ["in time"]


@pytest.mark.parametrize("shape", ["loop", "ping-pong", "stubborn"])
def test_a_script_that_never_yields_time_is_stopped_and_named(world: Any, shape: str) -> None:
    c, a, _ = world
    action = a.wait(1)
    c.run(action)
    log: list[str] = []

    async def nothing() -> None:
        pass

    async def greedy() -> None:
        try:
            while True:
                if shape == "loop":
                    await action
                elif shape == "ping-pong":
                    await gather(nothing())
                else:
                    try:
                        await action
                    except ScriptError:
                        log.append("swallowed")
        finally:
            log.append("finally")

    with pytest.raises(ScriptError, match=r"'greedy.*' was resumed 10,000 times|'greedy.*' is one"):
        c.run(greedy())
    assert log[-1] == "finally"


def test_scripts_that_start_scripts_without_end_are_stopped(world: Any) -> None:
    c, _, _ = world

    async def breed() -> None:
        await gather(breed())

    with pytest.raises(ScriptError, match=r"more than 10,000 scripts in one frame"):
        c.run(breed())


@types.coroutine
def alien() -> Any:
    yield "something"


@pytest.mark.parametrize("what", ["future", "sleep", "sleep(0)", "generator", "number", "alien"])
def test_awaiting_something_foreign_says_what_can_be_awaited(world: Any, what: str) -> None:
    c, _, _ = world
    loop = asyncio.new_event_loop()

    async def script() -> None:
        if what == "future":
            await loop.create_future()
        elif what == "sleep":
            await asyncio.sleep(1)
        elif what == "sleep(0)":
            await asyncio.sleep(0)
        elif what == "generator":
            generator: Any = (i for i in range(3))
            await generator
        elif what == "number":
            await 3  # type: ignore[misc]
        else:
            await alien()

    with pytest.raises(ScriptError, match=r"a script can await an action, action\.outcome\(\)"):
        c.run(script())
    loop.close()


@pytest.mark.parametrize("wrong", [3, None, sleeper, [1]])
def test_what_cannot_be_run_is_refused_before_anything_starts(world: Any, wrong: Any) -> None:
    c, _, _ = world
    with pytest.raises(ScriptError, match=r"cannot be awaited|call it"):
        c.run(sleeper(1), wrong)
    with pytest.raises(ScriptError, match=r"cannot be awaited|call it"):
        gather(sleeper(1), wrong)


def test_a_coroutine_can_be_started_once(world: Any) -> None:
    c, _, _ = world
    script = sleeper(1)
    c.run(script)
    with pytest.raises(ScriptError, match="started before"):
        c.run(script)
    script = sleeper(1)
    with pytest.raises(ScriptError, match="given twice"):
        c.run(script, script)


def test_a_script_must_not_advance_the_controller_that_runs_it(world: Any) -> None:
    c, _, _ = world

    async def script() -> None:
        with pytest.raises(ScriptError, match=r"communicate\(\).*await frames\(1\)"):
            c.communicate()
        with pytest.raises(ScriptError, match=r"run\(\)"):
            c.run()

    c.run(script())


# --- the controller ------------------------------------------------------------------------------


def test_two_controllers_do_not_mix_up_their_scripts(world: Any) -> None:
    c, _, _ = world
    with Controller(frames_per_second=10) as other:

        async def inner() -> int:
            start = other.frame
            handle = spawn(sleeper(2, "theirs"))
            assert handle.runner is other._scripts
            await seconds(1)
            assert c.spawn(sleeper(3)).parent is None
            return other.frame - start

        async def outer() -> Any:
            with deadline(frames=3):
                await frames(1)
                found = other.run(inner())
                handle = spawn(sleeper(1, "ours"))
                assert handle.runner is c._scripts
                return found, await handle

        assert c.run(outer()) == [([10], "ours")]
    for _ in range(3):
        c.communicate()


@pytest.mark.parametrize("how", ["close", "reset", "terminate"])
def test_the_end_of_the_scene_ends_scripts(how: str) -> None:
    c, a, _ = stage()
    log: list[str] = []

    async def stubborn() -> None:
        try:
            await a.wait(FOREVER)
        finally:
            log.append("finally")
            await frames(3)
            log.append("never")

    handle, child = c.spawn(stubborn()), c.spawn(gather(sleeper(FOREVER)))
    c.communicate()
    if how == "terminate":
        c.communicate(cmd.Terminate())
    else:
        getattr(c, how)()
    assert handle.done
    assert child.done
    assert log == ["finally"]
    assert a.action is None
    with pytest.raises(ScriptCancelledError):
        handle.result()
    if how == "reset":
        c.communicate(cmd.CreateEmptyRoom(width=8, length=8))
        assert c.run(sleeper(2, "anew")) == ["anew"]
    c.close()


def test_a_script_may_close_its_controller() -> None:
    c, a, _ = stage()

    async def script() -> None:
        await a.wait(2)
        c.close()
        await frames(1)

    with pytest.raises(ScriptCancelledError):
        c.run(script())


def test_beginnings_and_ends_of_scripts_are_events(world: Any) -> None:
    c, _, _ = world
    events: list[Event] = []
    unsubscribe = c.events.subscribe(events.append)

    async def episode() -> None:
        await gather(sleeper(1), frames(2))

    start = c.frame
    c.run(episode())
    with pytest.raises(Boom):
        c.run(raiser(1, Boom("x")))
    c.spawn(sleeper(9)).cancel("bored")
    unsubscribe()
    kinds = [(type(e), e.frame - start, e.script.split("-")[0]) for e in events]
    assert kinds == [
        (ScriptStarted, 0, "episode"),
        (ScriptStarted, 0, "sleeper"),
        (ScriptEnded, 1, "sleeper"),
        (ScriptEnded, 2, "episode"),
        (ScriptStarted, 2, "raiser"),
        (ScriptEnded, 3, "raiser"),
        (ScriptStarted, 3, "sleeper"),
        (ScriptEnded, 3, "sleeper"),
    ]
    outcomes = [e.outcome for e in events if isinstance(e, ScriptEnded)]
    assert outcomes == ["returned", "returned", "raised Boom: x", "cancelled: bored"]


def test_the_state_hash_includes_scripts_and_is_the_same_in_two_runs() -> None:
    def hashes(second: int) -> list[str]:
        with Controller() as c:

            async def script() -> None:
                await frames(3)
                await frames(second)

            c.spawn(script())
            found = []
            for _ in range(6):
                c.communicate()
                found.append(c.state_hash())
            return found

    one, two, other = hashes(2), hashes(2), hashes(7)
    assert one == two
    assert one[:2] == other[:2]
    assert one[2] != other[2]
    assert one[-1] != other[-1]


def test_a_subclass_of_controller_is_what_run_advances() -> None:
    class Counting(Controller):
        calls = 0

        def communicate(self, commands: Any = ()) -> Any:
            self.calls += 1
            return super().communicate(commands)

    with Counting() as c:
        c.run(sleeper(4))
        assert c.calls == 4


# --- robots in physics ---------------------------------------------------------------------------


def test_two_robots_work_side_by_side() -> None:
    with Controller() as c:
        arm = Robot("arm", model="panda", image_frequency=ImageFrequency.never)
        base = Robot("base", position=(2, 0, 0), image_frequency=ImageFrequency.never)
        c.add_ons.extend([arm, base])
        c.communicate(cmd.CreateEmptyRoom(width=8, length=8))

        async def reach() -> str:
            await arm.reach_for((0.5, 0.2, 0.5), absolute=False)
            await arm.reset_arm()
            return "reached"

        async def drive() -> tuple[str, ActionStatus]:
            await gather(base.move_by(0.5), base.reset_arm(Arm.left))
            race = base.move_by(-5.0)
            winner = await first(there=race, late=seconds(0.5))
            with pytest.raises(TimeoutError), deadline(seconds=0.25):
                await base.turn_by(170)
            assert base.action.status is ActionStatus.timed_out
            return winner.name, race.status

        found = c.run(reach(), drive(), max_frames=2000)
        assert found == ["reached", ("late", ActionStatus.cancelled)]
        assert 2.1 < base.dynamic.base_position[0] < 2.6


# --- random scripts ------------------------------------------------------------------------------


async def perform(node: Any, robots: list[Robot]) -> Any:
    """Interpret a random program."""
    kind, *rest = node
    if kind == "wait":
        return await robots[rest[0]].wait(rest[1])
    if kind == "fail":
        return await robots[rest[0]].start(Failing(rest[1]))
    if kind == "frames":
        return await frames(rest[0])
    if kind == "raise":
        await frames(1)
        raise Boom(str(rest[0]))
    if kind == "sequence":
        return [await perform(n, robots) for n in rest[0]]
    if kind == "gather":
        return await gather(*(perform(n, robots) for n in rest[0]))
    if kind == "actions":
        return await gather(*(robots[i].wait(n) for i, n in rest[0]))
    if kind == "first":
        return await first(**{f"n{i}": perform(n, robots) for i, n in enumerate(rest[0])})
    if kind == "deadline":
        with deadline(frames=rest[0]):
            return await perform(rest[1], robots)
    if kind == "cancel":
        handle = spawn(perform(rest[1], robots))
        await first(time=frames(rest[0]), end=until(lambda: handle.done))
        handle.cancel("by program")
        return None
    if kind == "try":
        try:
            return await perform(rest[0], robots)
        except (CounterpointError, Boom) as error:
            return type(error).__name__
        finally:
            await robots[0].wait(rest[1])
    raise AssertionError(kind)


def program(rng: random.Random, depth: int) -> Any:
    def some() -> list[Any]:
        return [program(rng, depth - 1) for _ in range(rng.randint(1, 3))]

    leaves = ["wait", "wait", "frames", "fail", "raise", "actions"]
    kinds = ["sequence", "gather", "first", "deadline", "cancel", "try"]
    kind = rng.choice(leaves if depth == 0 or rng.random() < 0.15 else kinds)
    n = rng.randint(1, 8)
    if kind in ("wait", "fail"):
        return kind, rng.randint(0, 1), n
    if kind == "actions":
        return kind, [(rng.randint(0, 1), rng.randint(1, 8)) for _ in range(rng.randint(1, 3))]
    if kind in ("frames", "raise"):
        return kind, n
    if kind in ("sequence", "gather", "first"):
        return kind, some()
    if kind == "try":
        return kind, program(rng, depth - 1), n
    return kind, n, program(rng, depth - 1)


def traces() -> list[Any]:
    """What 200 random programs do, one after another."""
    c, a, b = stage()
    found: list[Any] = []
    events: list[Any] = []
    c.events.subscribe(lambda e: events.append(e.to_dict()))
    for seed in range(200):
        rng = random.Random(seed)
        scripts = [program(rng, 4) for _ in range(rng.randint(1, 3))]
        try:
            outcome = repr(c.run(*(perform(s, [a, b]) for s in scripts), max_frames=400))
        except (CounterpointError, Boom) as error:
            outcome = f"{type(error).__name__}: {error}"
        while c._scripts._scripts:  # clean-up that takes longer than the one frame of run
            c.communicate()
        assert not a._actions(), seed
        assert not b._actions(), seed
        found.append((outcome, c.frame, events[:], c.state_hash()))
        events.clear()
    c.close()
    return found


def test_random_scripts_give_the_same_trace_twice_and_leave_nothing_running() -> None:
    one, two = traces(), traces()
    assert one == two
    kinds = {e["status"] for _, _, events, _ in one for e in events if e["type"] == "ActionEnded"}
    assert {"success", "failure", "cancelled", "timed_out"} <= kinds


def test_scripts_bring_in_neither_asyncio_nor_threads() -> None:
    code = (
        "import sys, counterpoint.core.waitables, counterpoint.controller.scripts as s; "
        "source = open(s.__file__).read() + open(counterpoint.core.script.__file__).read(); "
        "assert not any(w in source for w in ('import asyncio', 'import threading', 'import time'))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
