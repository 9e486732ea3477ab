"""The error tree, and what messages say."""

from __future__ import annotations

import pytest

import counterpoint
from counterpoint import (
    ActionFailed,
    ActionStatus,
    CommandError,
    CommError,
    CounterpointError,
    DeadlineError,
    RecorderError,
    RecordingError,
    ScriptCancelledError,
    ScriptError,
    SimulationError,
    UnknownModelError,
    UnknownObjectError,
    UnknownRobotError,
)
from counterpoint.core.errors import listing, shorten


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (CommandError, ValueError),
        (UnknownRobotError, KeyError),
        (UnknownObjectError, KeyError),
        (UnknownModelError, KeyError),
        (SimulationError, RuntimeError),
        (RecorderError, RuntimeError),
        (RecordingError, ValueError),
        (CommError, ValueError),
        (ActionFailed, RuntimeError),
        (ScriptError, RuntimeError),
        (ScriptCancelledError, RuntimeError),
        (DeadlineError, TimeoutError),
    ],
)
def test_every_error_is_a_counterpoint_error_and_a_builtin_one(
    error: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(error, CounterpointError)
    assert issubclass(error, builtin)


def test_the_list_above_is_complete() -> None:
    public = {
        name
        for name in counterpoint.__all__
        if isinstance(getattr(counterpoint, name), type)
        and issubclass(getattr(counterpoint, name), Exception)
    }
    assert public == {
        "ActionFailed", "CommandError", "CommError", "CounterpointError", "DeadlineError",
        "RecorderError", "RecordingError", "ScriptCancelledError", "ScriptError",
        "SimulationError", "UnknownModelError", "UnknownObjectError", "UnknownRobotError",
    }  # fmt: skip


def test_a_command_error_says_where_what_was_given_and_what_exists() -> None:
    error = CommandError(
        "unknown camera 'c'", index=3, type="look_at", field="camera_id", value="c",
        exists=["a", "b"],
    )  # fmt: skip
    assert str(error) == (
        "command 3 (look_at), field 'camera_id', value 'c': unknown camera 'c'; there is: 'a', 'b'"
    )
    assert (error.index, error.type, error.field, error.value) == (3, "look_at", "camera_id", "c")
    assert error.exists == ("a", "b")


def test_a_command_error_leaves_out_what_it_does_not_know() -> None:
    assert str(CommandError("there is no scene")) == "there is no scene"
    assert str(CommandError("not a number", field="seed", value="x")) == (
        "field 'seed', value 'x': not a number"
    )
    assert str(CommandError("no scene", type="weld")) == "command (weld): no scene"


@pytest.mark.parametrize(
    ("error", "what"),
    [(UnknownRobotError, "robot"), (UnknownObjectError, "object"), (UnknownModelError, "model")],
)
def test_an_unknown_name_says_what_exists_and_guesses_what_was_meant(
    error: type[UnknownRobotError], what: str
) -> None:
    raised = error("mug_O", ["mug_0", "table"], hint="Add it first")
    text = str(raised)
    assert f"unknown {what} 'mug_O'" in text
    assert "'mug_0', 'table'" in text
    assert "did you mean 'mug_0'?" in text
    assert text.endswith("Add it first")
    assert (raised.name, raised.exists) == ("mug_O", ("mug_0", "table"))


def test_an_unknown_name_in_an_empty_world_says_that_there_is_none_yet() -> None:
    assert "none yet" in str(UnknownObjectError("mug"))


def test_a_simulation_error_names_the_body_and_the_frame() -> None:
    error = SimulationError("not finite", body="mug", frame=7)
    assert (error.body, error.frame) == ("mug", 7)


def test_a_failed_action_carries_its_facts() -> None:
    error = ActionFailed("the action", ActionStatus.collision, "it touched a wall", 12)
    assert (error.action, error.status, error.reason, error.frame) == (
        "the action", ActionStatus.collision, "it touched a wall", 12,
    )  # fmt: skip
    assert "collision" in str(error) and "12" in str(error) and "it touched a wall" in str(error)


def test_long_listings_and_values_are_cut() -> None:
    text = listing([f"object_{i}" for i in range(40)])
    assert text.endswith("and 28 more")
    assert len(shorten("x" * 1000)) == 80
