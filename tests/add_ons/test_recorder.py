"""The recorder's calls: what each does, what it refuses, and that the scene goes on."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from counterpoint import (
    AddOn,
    Controller,
    CounterpointError,
    ImageFrequency,
    Recorder,
    RecorderError,
    RecordingError,
    Robot,
)
from counterpoint import commands as cmd
from counterpoint.commands.parse import COMMANDS
from counterpoint.core.events import Event, MemorySet
from counterpoint.recording import (
    Call,
    CheckpointCall,
    FrameCall,
    MemoryCall,
    Recording,
    UserCall,
)

BALL = cmd.AddObject(object_id="ball", model="sphere", size=(0.1,) * 3, position=(0, 0, 1))
Stage = tuple[Controller, Recorder]


@pytest.fixture
def stage(scene: Callable[..., Controller]) -> Stage:
    """A ball that falls, after its first frame, and a recorder that does nothing yet."""
    recorder = Recorder(flush_every=2)
    return scene(recorder, commands=[BALL]), recorder


def go(controller: Controller, count: int = 3) -> None:
    for _ in range(count):
        controller.communicate()


def read(path: Path) -> list[Call]:
    with Recording(path) as recording:
        calls = list(recording.calls())
        recording.verify_digest()
    return calls


def frames_of(calls: list[Call]) -> list[int]:
    return [c.frame for c in calls if isinstance(c, FrameCall)]


class Untouched:
    """Within it the scene does not change, and after it the next frame comes."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller

    def __enter__(self) -> None:
        self.before = self.controller.world_hash(), self.controller.state_hash()

    def __exit__(self, *_: object) -> None:
        controller = self.controller
        assert (controller.world_hash(), controller.state_hash()) == self.before
        frame = controller.frame
        assert controller.communicate().frame == frame + 1


# --- start, pause, play, stop --------------------------------------------------------------------


def test_start_and_stop_are_the_ends_of_the_record(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage
    assert not recorder.record()
    recorder.start(tmp_path / "a.mcap")
    assert recorder.record()
    assert recorder.path == tmp_path / "a.mcap"
    go(controller)
    recorder.stop()
    assert not recorder.record()
    assert recorder.path is None
    go(controller)
    assert frames_of(read(tmp_path / "a.mcap")) == [2, 3, 4]


def test_what_happens_in_a_pause_is_not_recorded(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a.mcap")
    go(controller, 2)
    recorder.pause()
    assert not recorder.record()
    go(controller, 5)
    recorder.play()
    assert recorder.record()
    go(controller, 2)
    recorder.stop()
    calls = read(tmp_path / "a.mcap")
    assert frames_of(calls) == [2, 3, 9, 10]
    resumed = [c.frame for c in calls if isinstance(c, CheckpointCall)]
    assert resumed == [1, 8]


def test_a_late_start_records_the_scene_as_it_stands(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage
    go(controller, 20)
    recorder.start(tmp_path / "a.mcap")
    before = controller.world_hash()
    recorder.stop()
    calls = read(tmp_path / "a.mcap")
    assert [type(c) for c in calls] == [CheckpointCall]
    with Controller() as other:
        again = Recorder()
        other.add_ons.append(again)
        for _ in again.replay(tmp_path / "a.mcap"):
            assert other.world_hash() == before
        assert other.frame == 21


def test_a_recorder_records_one_file_after_another(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage
    for name in ("a", "b"):
        recorder.start(tmp_path / name)
        go(controller)
        recorder.stop()
    assert frames_of(read(tmp_path / "a")) == [2, 3, 4]
    assert frames_of(read(tmp_path / "b")) == [5, 6, 7]


def test_missing_folders_are_made(stage: Stage, tmp_path: Path) -> None:
    _, recorder = stage
    recorder.start(tmp_path / "not" / "there" / "a.mcap")
    recorder.stop()
    assert frames_of(read(tmp_path / "not" / "there" / "a.mcap")) == []


@pytest.mark.parametrize("call", ["pause", "play", "stop"])
def test_without_a_recording_it_warns_and_does_nothing(stage: Stage, call: str) -> None:
    controller, recorder = stage
    with (
        Untouched(controller),
        pytest.warns(UserWarning, match=rf"nothing is being recorded: {call}"),
    ):
        getattr(recorder, call)()
    assert not recorder.record()


def test_playing_what_is_not_paused_warns_and_the_recording_goes_on(
    stage: Stage, tmp_path: Path
) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a.mcap")
    with Untouched(controller), pytest.warns(UserWarning, match="it is not paused"):
        recorder.play()
    recorder.stop()
    assert frames_of(read(tmp_path / "a.mcap")) == [2]


def test_an_existing_file_is_never_overwritten(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage
    path = tmp_path / "mine.txt"
    path.write_text("mine")
    with Untouched(controller), pytest.raises(FileExistsError, match=r"mine\.txt"):
        recorder.start(path)
    assert path.read_text() == "mine"
    assert not recorder.record()


def test_starting_twice_is_refused_and_the_first_recording_goes_on(
    stage: Stage, tmp_path: Path
) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a.mcap")
    with Untouched(controller), pytest.raises(RecorderError, match=r"already.*a\.mcap.*stop\(\)"):
        recorder.start(tmp_path / "b.mcap")
    assert not (tmp_path / "b.mcap").exists()
    recorder.stop()
    assert frames_of(read(tmp_path / "a.mcap")) == [2]


@pytest.mark.parametrize("where", ["a file/a.mcap", "/proc/a.mcap", "."])
def test_a_path_that_cannot_be_written_is_refused(stage: Stage, tmp_path: Path, where: str) -> None:
    controller, recorder = stage
    (tmp_path / "a file").write_text("mine")
    with Untouched(controller), pytest.raises(OSError, match=r"a file|/proc|exists"):
        recorder.start(tmp_path / where)
    assert not recorder.record()
    recorder.start(tmp_path / "good.mcap")
    recorder.stop()


def test_a_recorder_of_no_controller_says_where_to_put_it(tmp_path: Path) -> None:
    recorder = Recorder()
    for call in (lambda: recorder.start(tmp_path / "a"), lambda: recorder.replay(tmp_path / "a")):
        with pytest.raises(RecorderError, match=r"controller\.add_ons"):
            call()
    assert not (tmp_path / "a").exists()


def test_an_ended_controller_cannot_be_recorded(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage
    controller.close()
    with pytest.raises(CounterpointError, match="has ended"):
        recorder.start(tmp_path / "a")
    assert not (tmp_path / "a").exists()


class InTheMiddle(AddOn):
    """Calls something once, in the middle of a frame."""

    def __init__(self, what: Callable[[], None]) -> None:
        self.what: Callable[[], None] | None = what

    def advance(self, response: Any) -> None:
        what, self.what = self.what, None
        if what is not None:
            what()


def test_a_recording_begins_and_resumes_only_between_frames(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage

    def start() -> None:
        with pytest.raises(RecorderError, match="between frames"):
            recorder.start(tmp_path / "a")

    def play() -> None:
        with pytest.raises(RecorderError, match="between frames"):
            recorder.play()

    controller.add_ons.append(InTheMiddle(start))
    controller.communicate()
    assert not recorder.record()
    assert not (tmp_path / "a").exists()
    recorder.start(tmp_path / "a")
    recorder.pause()
    controller.add_ons.append(InTheMiddle(play))
    controller.communicate()
    assert not recorder.record()
    recorder.play()
    go(controller, 1)
    recorder.stop()
    assert frames_of(read(tmp_path / "a")) == [4]


@pytest.mark.parametrize("wrong", [0, -1, 1.5, None, "60"])
def test_flush_every_is_a_positive_integer(wrong: Any) -> None:
    with pytest.raises(RecorderError, match="flush_every"):
        Recorder(flush_every=wrong)


# --- what ends a recording -----------------------------------------------------------------------


@pytest.mark.parametrize("end", ["close", "reset", "terminate", "remove"])
def test_whatever_ends_the_scene_finishes_the_recording(
    stage: Stage, tmp_path: Path, end: str
) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a")
    go(controller)
    last = 4
    if end == "terminate":
        controller.communicate(cmd.Terminate())
        last = 5
    elif end == "remove":
        controller.add_ons.remove(recorder)
        controller.communicate()
    else:
        getattr(controller, end)()
    assert not recorder.record()
    assert frames_of(read(tmp_path / "a")) == [2, 3, 4, 5][: last - 1]


def test_a_recorder_records_again_after_a_reset(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a")
    controller.reset()
    recorder.start(tmp_path / "b")
    controller.communicate(cmd.CreateEmptyRoom())
    controller.close()
    assert frames_of(read(tmp_path / "b")) == [1]


def test_a_controller_that_closes_before_its_first_frame_leaves_a_whole_recording(
    tmp_path: Path,
) -> None:
    with Controller() as controller:
        controller.add_ons.append(Recorder())
        assert controller.recorder is not None
        controller.recorder.start(tmp_path / "a")
    assert read(tmp_path / "a") == []


def test_two_recorders_record_the_same(scene: Callable[..., Controller], tmp_path: Path) -> None:
    one, other = Recorder(), Recorder()
    controller = scene(one, other, commands=[BALL])
    assert controller.recorder is one
    one.start(tmp_path / "a")
    go(controller)
    one.stop()
    other.start(tmp_path / "b")
    go(controller)
    other.stop()
    assert frames_of(read(tmp_path / "a")) == [2, 3, 4]
    assert frames_of(read(tmp_path / "b")) == [5, 6, 7]


def test_two_recorders_at_once_write_equal_files(tmp_path: Path) -> None:
    one, other = Recorder(), Recorder()
    with Controller() as controller:
        controller.add_ons += [one, other]
        one.start(tmp_path / "a")
        other.start(tmp_path / "b")
        controller.communicate([cmd.CreateEmptyRoom(), BALL])
        go(controller)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert frames_of(read(tmp_path / "b")) == [1, 2, 3, 4]


def test_controllers_side_by_side_write_equal_recordings(tmp_path: Path) -> None:
    with Controller() as one, Controller() as other:
        for controller, name in ((one, "a"), (other, "b")):
            controller.add_ons.append(Recorder())
            assert controller.recorder is not None
            controller.recorder.start(tmp_path / name)
        for commands in ([cmd.CreateEmptyRoom(), BALL], [], []):
            one.communicate(commands)
            other.communicate(commands)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_recorder_that_records_one_controller_is_refused_by_another(
    stage: Stage, tmp_path: Path
) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a")
    with Controller() as other:
        with Untouched(controller), pytest.raises(RecorderError, match="another controller"):
            other.add_ons.append(recorder)
        assert other.add_ons == []
    recorder.stop()
    assert frames_of(read(tmp_path / "a")) == [2]


# --- every call that can change the world is written ---------------------------------------------

EVERY_COMMAND: list[list[cmd.Command]] = [
    [
        cmd.CreateEmptyRoom(),
        cmd.SetGravity(gravity=(0, 0, -5)),
        cmd.SetLighting(ambient=0.5),
        cmd.DrawDebug(drawing_id="way", points=[(0, 0, 0), (1, 0, 0)]),
        BALL,
        cmd.AddWall(object_id="screen", start=(1, -1, 0), end=(1, 1, 0), height=1),
        cmd.AddArticulation(object_id="door", model="door", position=(-1, -2, 0)),
        cmd.AddRobot(robot_id="arm", model="panda", position=(-1, 0, 0)),
        cmd.AddCamera(camera_id="cam", position=(2, 2, 2), size=(8, 8)),
        cmd.LookAt(camera_id="cam", target="ball"),
        cmd.CaptureImages(),
    ],
    [
        cmd.TeleportObject(object_id="ball", position=(0, 1, 1)),
        cmd.SetObjectVelocity(object_id="ball", linear=(1, 0, 0)),
        cmd.ApplyForce(object_id="ball", force=(0, 0, 1)),
        cmd.SetObjectPhysics(object_id="ball", mass=2.0),
        cmd.SetColor(object_id="ball", color=(1, 0, 0)),
        cmd.MoveCamera(camera_id="cam", position=(2, 0, 1)),
        cmd.DriveRobot(robot_id="arm", velocity=(0.1, 0, 0, 0, 0, 0, 0)),
        cmd.SetGripper(robot_id="arm", opening=0.01),
        cmd.SetJointPositions(robot_id="arm", positions={"panda_joint1": 0.2}),
        cmd.Weld(robot_id="arm", object_id="ball"),
    ],
    [cmd.Unweld(robot_id="arm")],
    [cmd.RemoveObject(object_id="ball"), cmd.RemoveRobot(robot_id="arm"), cmd.Terminate()],
]


def test_every_command_is_written_as_it_was_applied(tmp_path: Path) -> None:
    sent = [c for frame in EVERY_COMMAND for c in frame]
    assert {c.type for c in sent} == set(COMMANDS)
    with Controller() as controller:
        recorder = Recorder()
        controller.add_ons.append(recorder)
        recorder.start(tmp_path / "a")
        for frame in EVERY_COMMAND:
            controller.communicate(frame)
    frames = [c for c in read(tmp_path / "a") if isinstance(c, FrameCall)]
    assert [list(f.commands) for f in frames] == EVERY_COMMAND


def test_what_robots_do_is_written_settle_batches_too(
    scene: Callable[..., Controller], tmp_path: Path
) -> None:
    recorder = Recorder()
    robot = Robot("a", "panda", image_frequency=ImageFrequency.never)
    controller = scene(recorder, robot)
    recorder.start(tmp_path / "a")
    reach = robot.reach_for((0.4, 0.2, 0.4))
    while not reach.done:
        controller.communicate()
    recorder.stop()
    frames = [c for c in read(tmp_path / "a") if isinstance(c, FrameCall)]
    assert {c.type for f in frames for c in f.commands} == {"drive_robot"}
    assert [c.type for c in frames[-1].settle] == ["drive_robot"] or not frames[-1].settle
    ended = [e for f in frames for e in f.events]
    assert [type(e).__name__ for e in ended] == ["ActionStarted", "ActionEnded"]


def test_a_refused_frame_is_not_written(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a")
    with Untouched(controller), pytest.raises(CounterpointError):
        controller.communicate([cmd.SetLighting(), cmd.RemoveObject(object_id="nothing")])
    recorder.stop()
    (frame,) = (c for c in read(tmp_path / "a") if isinstance(c, FrameCall))
    assert frame.commands == ()


# --- records and notes of the script -------------------------------------------------------------


def test_a_record_of_the_script_is_handed_out_again(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a")
    recorder.write("score", {"left": [1, 2.5, None, True, "ü"]})
    controller.communicate()
    recorder.write(7, None)
    recorder.stop()
    records = [c for c in read(tmp_path / "a") if isinstance(c, UserCall)]
    assert records == [
        UserCall(1, "score", {"left": [1, 2.5, None, True, "ü"]}),
        UserCall(2, 7, None),
    ]


def test_writing_without_a_recording_is_an_error(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage
    with Untouched(controller), pytest.raises(RecorderError, match=r"start\(\) or play\(\)"):
        recorder.write("score", 1)
    recorder.start(tmp_path / "a")
    recorder.pause()
    with Untouched(controller), pytest.raises(RecorderError, match=r"start\(\) or play\(\)"):
        recorder.write("score", 1)


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def endless() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


NOT_JSON: list[Any] = [
    {1, 2}, b"bytes", 1j, object(), float("nan"), float("inf"), {1: 2}, {"a": {None: 1}}, 2**64,
    -(2**63) - 1, "\ud800", {"\ud800": 1}, deep(100), deep(100_000), endless(), Path("x"),
]  # fmt: skip


@pytest.mark.parametrize("value", NOT_JSON, ids=lambda v: f"{type(v).__name__}")
def test_what_json_cannot_hold_is_refused_and_changes_nothing(
    stage: Stage, tmp_path: Path, value: Any
) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a")
    recorder.memory_set(["there"], 1)
    with Untouched(controller):
        with pytest.raises(TypeError):
            recorder.memory_set(["there"], value)
        with pytest.raises(TypeError):
            recorder.write("x", value)
    assert recorder.memory_get() == {"there": 1}
    recorder.stop()
    assert [c for c in read(tmp_path / "a") if isinstance(c, UserCall)] == []


def test_what_is_larger_than_a_record_may_be_is_refused_and_changes_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a")
    for letter in "abcd":  # what is replaced takes no room
        recorder.memory_set(["large"], letter * (3 << 20))
        controller.communicate()
    with Untouched(controller):
        for call in (recorder.write, lambda key, value: recorder.memory_set([key], value)):
            with pytest.raises(RecorderError, match="4,194,304 bytes"):
                call("too large", "x" * (5 << 20))
        with pytest.raises(RecorderError, match="4,194,304 bytes"):
            recorder.memory_set(["more"], "x" * (3 << 20))
    assert list(recorder.memory_get()) == ["large"]
    recorder.pause()
    recorder.play()
    recorder.stop()
    calls = read(tmp_path / "a")
    assert [type(c) for c in calls].count(MemoryCall) == 4
    assert isinstance(calls[-1], CheckpointCall)
    assert calls[-1].memory == recorder.memory_get()


def test_any_number_of_records_between_two_frames_can_be_read_again(
    stage: Stage, tmp_path: Path
) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a")
    for k in range(10):
        recorder.write(k, "x" * (3 << 20))
    controller.communicate()
    recorder.stop()
    assert [c.op_code for c in read(tmp_path / "a") if isinstance(c, UserCall)] == [*range(10)]
    with Recording(tmp_path / "a") as recording:
        assert [p.frame for p in recording.all_poses()] == [2]
        assert recording.poses(2).objects["ball"].p[2] < 1


@pytest.mark.parametrize("op_code", [None, 1.5, True, ["a"], b"a", 2**64, -(2**70)])
def test_an_op_code_is_a_string_or_an_integer(stage: Stage, tmp_path: Path, op_code: Any) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a")
    with Untouched(controller), pytest.raises(TypeError):
        recorder.write(op_code, 1)


def test_notes_are_nested(stage: Stage) -> None:
    _, recorder = stage
    recorder.memory_set(["teams"], {"red": {"scores": [1]}})
    recorder.memory_set(["teams", "red", "scores", 1], 2)
    recorder.memory_set(["teams", "red", "scores", 0], 0)
    recorder.memory_set(["teams", "blue"], {})
    assert recorder.memory_get(["teams", "red", "scores"]) == [0, 2]
    assert recorder.memory_get(["teams", "red", "scores", 1]) == 2
    assert recorder.memory_get() == {"teams": {"red": {"scores": [0, 2]}, "blue": {}}}


def test_notes_are_copies(stage: Stage) -> None:
    _, recorder = stage
    given = {"scores": [1]}
    recorder.memory_set(["a"], given)
    given["scores"].append(2)
    recorder.memory_get(["a"])["scores"].append(3)
    assert recorder.memory_get(["a"]) == {"scores": [1]}


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        (["missing", "x"], "memory\\['missing'\\] does not exist.*'there'"),
        (["there", "x"], "'x' has no place"),
        (["there", 2], "2 has no place"),
        (["there", -1], "-1 has no place"),
        (["there", 0, "x"], "'x' has no place"),
        ([0], "0 has no place"),
        ([], "at least one key"),
    ],
)
def test_a_note_without_a_place_is_a_key_error_and_is_not_recorded(
    stage: Stage, tmp_path: Path, keys: list[Any], named: str
) -> None:
    controller, recorder = stage
    recorder.memory_set(["there"], [1])
    recorder.start(tmp_path / "a")
    with Untouched(controller), pytest.raises(KeyError, match=named):
        recorder.memory_set(keys, 1)
    recorder.stop()
    assert [c for c in read(tmp_path / "a") if isinstance(c, MemoryCall)] == []
    assert recorder.memory_get() == {"there": [1]}


@pytest.mark.parametrize("keys", [["missing"], ["there", 1], ["there", "x"], ["there", 0, 0]])
def test_reading_a_note_that_is_not_there_is_a_key_error(stage: Stage, keys: list[Any]) -> None:
    _, recorder = stage
    recorder.memory_set(["there"], [1])
    with pytest.raises(KeyError, match="does not exist"):
        recorder.memory_get(keys)


@pytest.mark.parametrize("keys", ["there", b"there", 0, None, [None], [1.0], [True], [["x"]]])
def test_keys_are_a_list_of_strings_and_integers(stage: Stage, keys: Any) -> None:
    controller, recorder = stage
    with Untouched(controller):
        with pytest.raises(TypeError):
            recorder.memory_set(keys, 1)
        with pytest.raises(TypeError):
            recorder.memory_get(keys)


def test_setting_a_note_is_an_event_and_a_record(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage
    seen: list[Any] = []
    controller.events.subscribe(seen.append)
    recorder.start(tmp_path / "a")
    recorder.memory_set(["goal"], [1, 2])
    assert seen == [MemorySet(1, ("goal",), [1, 2])]
    controller.communicate()
    recorder.stop()
    assert MemoryCall(1, ("goal",), [1, 2]) in read(tmp_path / "a")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


@given(value=JSON)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_json_holds_is_noted_and_read_back(stage: Stage, value: Any) -> None:
    _, recorder = stage
    recorder.memory_set(["value"], value)
    noted = recorder.memory_get(["value"])
    assert json.dumps(noted) == json.dumps(value)


# --- time ----------------------------------------------------------------------------------------


def test_time_is_simulated_time_and_in_a_replay_that_of_the_recording(
    stage: Stage, tmp_path: Path
) -> None:
    controller, recorder = stage
    assert recorder.time() == controller.time == pytest.approx(1 / 60)
    recorder.start(tmp_path / "a")
    go(controller, 5)
    recorder.stop()
    with Controller(frames_per_second=10) as other:
        again = Recorder()
        other.add_ons.append(again)
        times = [(again.time(), c.frame) for c in again.replay(tmp_path / "a")]
    assert times == [(f / 60, f) for f in (1, 2, 3, 4, 5, 6)]


# --- a disk that is full -------------------------------------------------------------------------


class Full:
    """A file on a disk that has room for so many bytes."""

    def __init__(self, path: Path, room: int) -> None:
        self._file, self._room = path.open("xb"), room

    def write(self, data: Any) -> int:
        fits = bytes(data)[: self._room]
        self._room -= len(fits)
        self._file.write(fits)
        if len(fits) < len(data):
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(data)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def on_a_full_disk(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """The next file that is opened for writing has so much room."""
    real = Path.open

    def open_full(path: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if mode != "xb":
            return real(path, mode, *rest, **named)
        monkeypatch.setattr(Path, "open", real)
        return Full(path, room)

    monkeypatch.setattr(Path, "open", open_full)


@pytest.mark.parametrize("room", [0, 7, 100, 1_100, 1_300, 2_000])
def test_a_full_disk_ends_the_recording_but_not_the_scene(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, tmp_path: Path, room: int
) -> None:
    controller, recorder = stage
    on_a_full_disk(monkeypatch, room)
    path = tmp_path / "a.mcap"

    def record() -> None:
        recorder.start(path)
        go(controller, 1000)

    with pytest.raises(RecorderError, match=r"a\.mcap.*ended at frame.*No space left"):
        record()
    assert not recorder.record()
    with Untouched(controller):
        pass
    recorder.start(tmp_path / "b.mcap")
    controller.communicate()
    recorder.stop()
    assert len(frames_of(read(tmp_path / "b.mcap"))) == 1
    assert path.stat().st_size == room
    if room < 1000:
        with pytest.raises(RecordingError):
            Recording(path)
        return
    with Recording(path) as recording:
        assert recording.is_cut
        frames = frames_of(list(recording.calls()))
    assert frames == list(range(2, 2 + len(frames)))


def test_a_device_that_takes_nothing_ends_the_recording_but_not_the_scene(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, tmp_path: Path
) -> None:
    controller, recorder = stage
    real = Path.open
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda *_: real(Path("/dev/full"), "wb"))
        with pytest.raises(RecorderError, match="No space left"):
            recorder.start(tmp_path / "a")
    assert not recorder.record()
    with Untouched(controller):
        pass


def test_a_disk_that_is_full_at_the_end_is_reported_by_stop_and_by_close(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for end in ("stop", "close"):
        with Controller() as controller:
            recorder = Recorder(flush_every=1000)
            controller.add_ons.append(recorder)
            on_a_full_disk(monkeypatch, 1_000)
            recorder.start(tmp_path / end)
            controller.communicate([cmd.CreateEmptyRoom(), BALL])
            go(controller, 20)
            with pytest.raises(RecorderError, match="No space left"):
                recorder.stop() if end == "stop" else controller.close()
            assert not recorder.record()
            assert recorder.path is None


@dataclass(frozen=True, slots=True)
class Measured(Event):
    """An event of the script's own, which may hold what no file does."""

    values: Any


@pytest.mark.parametrize("values", [np.zeros(3), {1, 2}, 2**80, "\ud800", "x" * (9 << 20)])
def test_an_event_that_no_file_can_hold_ends_the_recording_after_the_frame_before(
    stage: Stage, tmp_path: Path, values: Any
) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a")
    go(controller, 2)
    controller.events.publish(Measured(3, values))
    with pytest.raises(RecorderError, match="ended at frame 4"):
        controller.communicate()
    assert controller.frame == 4
    assert not recorder.record()
    with Untouched(controller):
        pass
    assert frames_of(read(tmp_path / "a")) == [2, 3]


def test_an_event_of_the_scripts_own_is_handed_out_again(stage: Stage, tmp_path: Path) -> None:
    controller, recorder = stage
    recorder.start(tmp_path / "a")
    controller.events.publish(Measured(1, (1, 2.5)))
    controller.communicate()
    recorder.stop()
    (frame,) = (c for c in read(tmp_path / "a") if isinstance(c, FrameCall))
    assert frame.events == (Measured(1, (1, 2.5)),)
