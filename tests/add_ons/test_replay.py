"""Replays: one call at a time, nothing acts, extra calls, leaving, seeking."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from counterpoint import (
    ActionStatus,
    AddOn,
    CommandError,
    Controller,
    ImageFrequency,
    Recorder,
    RecorderError,
    RecordingError,
    Robot,
    UnknownRobotError,
)
from counterpoint import commands as cmd
from counterpoint.core.events import Event
from counterpoint.recording import Call, CheckpointCall, FrameCall, MemoryCall, Recording, UserCall

CUBE = cmd.AddObject(
    object_id="cube", model="box", size=(0.05, 0.05, 0.05), position=(0.5, 0, 0.025)
)
FRAMES = 30
PAUSED = range(16, 19)  # frames that were not recorded
WITH_CHECKPOINTS = 8


def arm() -> Robot:
    return Robot("a", "panda", image_frequency=ImageFrequency.never)


class Original:
    """A recorded run, and what it was like frame by frame."""

    def __init__(self, path: Path, checkpoint_every: int | None) -> None:
        self.path = path
        self.digests: dict[int, str] = {}
        self.events: list[Event] = []
        with Controller(checkpoint_every=checkpoint_every) as controller:
            recorder, robot = Recorder(flush_every=5), arm()
            controller.add_ons += [recorder, robot]
            controller.events.subscribe(self.events.append)
            recorder.start(path)
            self._send(controller, [cmd.CreateEmptyRoom(), CUBE])
            recorder.memory_set(["score"], {"red": 0})
            robot.reach_for((0.4, 0.3, 0.4))
            while controller.frame < PAUSED.start - 1:
                self._send(controller)
            recorder.pause()
            while controller.frame < PAUSED.stop - 1:
                controller.communicate()
            recorder.play()
            recorder.write("goal", ["red"])
            recorder.memory_set(["score", "red"], 1)
            self._send(
                controller,
                [
                    cmd.AddCamera(camera_id="cam", position=(2, 2, 2), size=(8, 8)),
                    cmd.CaptureImages(),
                ],
            )
            while controller.frame < FRAMES:
                self._send(controller)

    def _send(self, controller: Controller, commands: Any = ()) -> None:
        controller.communicate(commands)
        self.digests[controller.frame] = controller.world_hash()

    @property
    def recorded(self) -> list[int]:
        return list(self.digests)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    return Original(tmp_path_factory.mktemp("replay") / "run.mcap", None)


@pytest.fixture(scope="module")
def with_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Original:
    return Original(tmp_path_factory.mktemp("replay") / "run.mcap", WITH_CHECKPOINTS)


@pytest.fixture(params=["from the beginning", "with checkpoints"])
def either(
    request: pytest.FixtureRequest, original: Original, with_checkpoints: Original
) -> Original:
    return original if request.param == "from the beginning" else with_checkpoints


@pytest.fixture
def player() -> Iterator[tuple[Controller, Recorder]]:
    with Controller() as controller:
        recorder = Recorder()
        controller.add_ons.append(recorder)
        yield controller, recorder


Player = tuple[Controller, Recorder]


# --- one call at a time --------------------------------------------------------------------------


def test_each_step_applies_one_call_and_the_whole_state_is_there(
    player: Player, either: Original
) -> None:
    controller, recorder = player
    kinds = []
    for call in recorder.replay(either.path):
        kinds.append(type(call))
        assert controller.frame == call.frame
        assert recorder.time() == call.frame / 60
        if isinstance(call, FrameCall):
            response = controller.response
            assert response is not None and response.frame == call.frame
            assert controller.world_hash() == either.digests[call.frame] == call.digest
            assert np.isfinite(response.robots["a"].q).all()
            assert list(controller.names.objects) == ["cube"]
            assert ("cam" in response.images) == (call.frame == PAUSED.stop)
        elif isinstance(call, MemoryCall):
            assert recorder.memory_get(call.keys) == call.value
        elif isinstance(call, UserCall):
            assert (call.op_code, call.data) == ("goal", ["red"])
    assert kinds.count(FrameCall) == len(either.recorded)
    assert kinds.count(MemoryCall) == 2
    assert kinds.count(UserCall) == 1
    assert recorder.memory_get() == {"score": {"red": 1}}


def test_a_replay_can_stop_anywhere_and_its_file_be_closed(
    player: Player, original: Original
) -> None:
    controller, recorder = player
    with recorder.replay(original.path) as replay:
        for _ in range(5):
            next(replay)
    before = controller.world_hash()
    controller.communicate()
    assert controller.world_hash() != before


def test_without_images_the_frames_are_the_same(player: Player, original: Original) -> None:
    controller, recorder = player
    replay = recorder.replay(original.path, images=False)
    for _ in replay:
        assert controller.response is None or not controller.response.images
    assert controller.world_hash() == original.digests[FRAMES]
    assert replay.divergence is None


def test_a_second_replay_in_the_same_controller_begins_anew(
    player: Player, original: Original, with_checkpoints: Original
) -> None:
    controller, recorder = player
    for run in (original, with_checkpoints, original):
        replay = recorder.replay(run.path)
        digests = {c.frame: controller.world_hash() for c in replay if isinstance(c, FrameCall)}
        assert digests == run.digests


def test_a_replay_needs_an_empty_scene(
    scene: Callable[..., Controller], original: Original
) -> None:
    recorder = Recorder()
    controller = scene(recorder)
    before = controller.world_hash()
    with pytest.raises(RecorderError, match=r"frame 1: call reset\(\) first"):
        recorder.replay(original.path)
    assert controller.world_hash() == before
    controller.reset()
    calls = [c for c in recorder.replay(original.path) if isinstance(c, FrameCall)]
    assert [c.frame for c in calls] == original.recorded


# --- nothing acts, events come from the file -----------------------------------------------------


class Counter(AddOn):
    """Counts the frames that it takes part in."""

    def __init__(self) -> None:
        self.frames: list[int] = []

    def advance(self, response: Any) -> None:
        self.frames.append(response.frame)


class ActingCounter(Counter):
    acts = True


def test_add_ons_that_act_are_silent_and_others_take_part(
    player: Player, original: Original
) -> None:
    controller, recorder = player
    acting, looking, robot = ActingCounter(), Counter(), arm()
    controller.add_ons += [acting, looking, robot]
    for call in recorder.replay(original.path):
        if isinstance(call, FrameCall):
            with pytest.raises(UnknownRobotError):
                robot.reach_for((0.4, 0.3, 0.4))
    assert acting.frames == []
    assert looking.frames == original.recorded
    assert controller.world_hash() == original.digests[FRAMES]


def test_events_come_from_the_recording_and_each_is_published_once(
    player: Player, original: Original
) -> None:
    controller, recorder = player
    seen: list[Event] = []
    controller.events.subscribe(seen.append)
    in_responses: list[Event] = []
    for call in recorder.replay(original.path):
        if isinstance(call, FrameCall):
            assert controller.response is not None
            assert controller.response.events == list(call.events)
            in_responses += controller.response.events
    assert {type(e).__name__ for e in seen} == {"ActionStarted", "MemorySet"}
    assert seen == in_responses == original.events


# --- extra calls ---------------------------------------------------------------------------------


def test_extra_calls_between_the_steps_are_in_the_new_recording(
    player: Player, original: Original, tmp_path: Path
) -> None:
    _, recorder = player
    recorder.start(tmp_path / "new.mcap")
    replay = recorder.replay(original.path)
    extra = cmd.AddObject(object_id="extra", model="sphere", position=(2, 2, 1))
    for call in replay:
        if isinstance(call, FrameCall) and call.frame == 4:
            replay.send(extra)
            recorder.write("extra", 1)
            recorder.memory_set(["extra"], True)
    recorder.stop()
    assert replay.divergence == (5, "extra")
    with Recording(original.path) as old, Recording(tmp_path / "new.mcap") as new:
        then, now = list(old.calls()), list(new.calls())
    for frame, before in _frames(then).items():
        more = [extra] if frame == 5 else []
        assert sorted(_frames(now)[frame].commands, key=repr) == sorted(
            [*before.commands, *more], key=repr
        )
        assert _frames(now)[frame].settle == before.settle
    assert next(c for c in now if isinstance(c, UserCall)) == UserCall(4, "extra", 1)
    assert [c.keys for c in now if isinstance(c, MemoryCall)][1] == ("extra",)
    # The changed recording is a recording: it replays without leaving itself.
    again = recorder.replay(tmp_path / "new.mcap")
    for _ in again:
        pass
    assert again.divergence is None


def _frames(calls: list[Call]) -> dict[int, FrameCall]:
    return {c.frame: c for c in calls if isinstance(c, FrameCall)}


def test_a_bad_extra_call_is_refused_and_the_replay_goes_on(
    player: Player, original: Original
) -> None:
    controller, recorder = player
    replay = recorder.replay(original.path)
    for _ in range(5):
        next(replay)
    before = controller.frame, controller.world_hash()
    with pytest.raises(CommandError):
        replay.send({"type": "no_such_command"})
    replay.send(cmd.CaptureImages(cameras=("nothing",)))
    with pytest.raises(CommandError, match=r"command 0.*unknown camera"):
        next(replay)
    assert (controller.frame, controller.world_hash()) == before


def test_a_push_that_was_not_recorded_is_told_by_its_first_frame_and_body(
    player: Player, original: Original
) -> None:
    _, recorder = player
    replay = recorder.replay(original.path)
    for call in replay:
        if isinstance(call, FrameCall) and call.frame == 9:
            replay.send(cmd.ApplyForce(object_id="cube", force=(3, 0, 0)))
    assert replay.divergence == (10, "cube")


def test_a_replay_that_is_not_verified_does_not_look(player: Player, original: Original) -> None:
    _, recorder = player
    replay = recorder.replay(original.path, verify=False)
    replay.send(cmd.SetGravity(gravity=(0, 0, 5)))
    for _ in replay:
        pass
    assert replay.divergence is None


# --- leaving -------------------------------------------------------------------------------------


def test_robots_take_over_where_a_replay_is_left(player: Player, either: Original) -> None:
    controller, recorder = player
    robot = arm()
    controller.add_ons.append(robot)
    replay = recorder.replay(either.path)
    for call in replay:
        if isinstance(call, FrameCall) and call.frame == 12:
            break
    joints = controller.response.robots["a"].q  # type: ignore[union-attr]
    controller.communicate()
    assert controller.frame == 13
    assert np.abs(robot.dynamic.q - joints).max() < 0.1
    reach = robot.reach_for((0.4, -0.2, 0.4))
    while not reach.done:
        controller.communicate()
    assert reach.status is ActionStatus.success
    tool = robot.dynamic.tool_pose(robot.model.arms[0]).p
    assert np.linalg.norm(tool - [0.4, -0.2, 0.4]) < 0.02
    with pytest.raises(RecorderError, match="the scene has gone on without it"):
        next(replay)


def test_what_follows_a_replay_is_recorded_with_it(
    player: Player, original: Original, tmp_path: Path
) -> None:
    controller, recorder = player
    robot = arm()
    controller.add_ons.append(robot)
    recorder.start(tmp_path / "longer.mcap")
    for _ in recorder.replay(original.path):
        pass
    controller.communicate()
    robot.reach_for((0.4, -0.2, 0.4))
    for _ in range(5):
        controller.communicate()
    recorder.stop()
    last = controller.world_hash()
    replay = recorder.replay(tmp_path / "longer.mcap")
    for _ in replay:
        pass
    assert replay.divergence is None
    assert (controller.frame, controller.world_hash()) == (FRAMES + 6, last)


# --- seeking -------------------------------------------------------------------------------------


def test_seeking_shows_poses_at_once_and_the_next_step_is_the_frame_after(
    player: Player, either: Original
) -> None:
    controller, recorder = player
    replay = recorder.replay(either.path)
    for frame in (20, 5, 26, 1, 29, 19, 15):
        poses = replay.seek(frame)
        assert poses.frame == frame
        call = next(c for c in replay if isinstance(c, FrameCall))
        after = next(f for f in either.recorded if f > frame)
        assert call.frame == after
        assert controller.world_hash() == either.digests[after]


def test_an_exact_seek_has_every_bit_in_place(player: Player, either: Original) -> None:
    controller, recorder = player
    replay = recorder.replay(either.path)
    for frame in (20, 5, 5, 26, 1, 29, 15, 19, 30, 8, 16 + 8):
        poses = replay.seek(frame, exact=True)
        assert controller.frame == frame
        assert controller.world_hash() == either.digests[frame]
        now = controller.response
        if now is not None and now.frame == frame:  # none right after a checkpoint
            assert np.array_equal(poses.joints["a"].astype("f4"), now.robots["a"].q.astype("f4"))
            assert np.allclose(poses.objects["cube"].p, now.objects["cube"].pose.p, atol=1e-6)
        notes = {"score": {"red": 1 if frame >= PAUSED.stop else 0}}
        assert frame in (1, 15) or recorder.memory_get() == notes
    assert replay.divergence is None


@pytest.mark.parametrize("frame", [0, -1, *PAUSED, FRAMES + 1, 10**9])
def test_a_frame_that_was_not_recorded_cannot_be_sought(
    player: Player, either: Original, frame: int
) -> None:
    controller, recorder = player
    replay = recorder.replay(either.path)
    next(replay)
    before = controller.world_hash()
    with pytest.raises(RecordingError, match=f"frame {frame} was not recorded"):
        replay.seek(frame)
    assert controller.world_hash() == before
    rest = [c.frame for c in replay if isinstance(c, FrameCall)]
    assert rest == either.recorded[1:]


def test_a_replay_that_is_being_recorded_cannot_seek(
    player: Player, original: Original, tmp_path: Path
) -> None:
    _, recorder = player
    recorder.start(tmp_path / "new.mcap")
    replay = recorder.replay(original.path)
    with pytest.raises(RecorderError, match="cannot seek"):
        replay.seek(5)
    assert sum(isinstance(c, FrameCall) for c in replay) == len(original.recorded)


def test_seeking_into_a_recording_that_began_late_is_exact(
    scene: Callable[..., Controller], tmp_path: Path
) -> None:
    recorder, robot = Recorder(flush_every=3), arm()
    controller = scene(recorder, robot, commands=[CUBE])
    robot.reach_for((0.4, 0.3, 0.4))
    for _ in range(10):
        controller.communicate()
    recorder.start(tmp_path / "late.mcap")
    digests = {}
    for _ in range(10):
        controller.communicate()
        digests[controller.frame] = controller.world_hash()
    controller.reset()
    replay = recorder.replay(tmp_path / "late.mcap")
    for frame in (20, 12, 15, 21):
        replay.seek(frame, exact=True)
        assert controller.world_hash() == digests[frame]


# --- files that are none -------------------------------------------------------------------------


def test_a_recording_that_was_cut_says_so_and_replays_to_its_cut(
    player: Player, original: Original, tmp_path: Path
) -> None:
    controller, recorder = player
    cut = tmp_path / "cut.mcap"
    data = original.path.read_bytes()
    cut.write_bytes(data[: len(data) * 6 // 10])
    with pytest.warns(RuntimeWarning, match=r"cut\.mcap was not finished.*up to 5 frames"):
        replay = recorder.replay(cut)
    last = 0
    for call in replay:
        if isinstance(call, FrameCall):
            last = call.frame
            assert controller.world_hash() == original.digests[last]
    assert 5 <= last < FRAMES


def _not_recordings(folder: Path) -> dict[str, Path]:
    files = {
        "empty": b"",
        "text": b"not a recording at all",
        "zeros": bytes(5000),
        "magic only": b"\x89MCAP0\r\n",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in files}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("empty", "empty: this is not a recording: it is empty"),
        ("text", "text: this is not a recording: it begins with b'not a"),
        ("zeros", "zeros: this is not a recording"),
        ("magic only", "magic only: nothing can be read"),
    ],
)
def test_what_is_no_recording_is_refused_and_the_scene_goes_on(
    player: Player, tmp_path: Path, name: str, says: str
) -> None:
    controller, recorder = player
    before = controller.world_hash()
    with pytest.raises(RecordingError, match=says):
        recorder.replay(_not_recordings(tmp_path)[name])
    assert controller.world_hash() == before
    controller.communicate(cmd.CreateEmptyRoom())
    assert controller.frame == 1


def test_a_missing_file_and_a_folder_are_what_python_calls_them(
    player: Player, tmp_path: Path
) -> None:
    controller, recorder = player
    with pytest.raises(FileNotFoundError, match=r"nothing\.mcap"):
        recorder.replay(tmp_path / "nothing.mcap")
    with pytest.raises(IsADirectoryError):
        recorder.replay(tmp_path)
    controller.communicate(cmd.CreateEmptyRoom())


def test_a_recording_can_be_replayed_while_its_file_is_copied_away(
    player: Player, original: Original, tmp_path: Path
) -> None:
    _, recorder = player
    path = tmp_path / "here.mcap"
    shutil.copy(original.path, path)
    replay = recorder.replay(path)
    next(replay)
    path.rename(tmp_path / "there.mcap")
    assert sum(isinstance(c, FrameCall) for c in replay) == len(original.recorded) - 1


def test_the_calls_of_a_run_with_checkpoints_hold_them(with_checkpoints: Original) -> None:
    with Recording(with_checkpoints.path) as recording:
        checkpoints = [c for c in recording.calls() if isinstance(c, CheckpointCall)]
    assert [(c.frame, c.resumes) for c in checkpoints] == [
        (8, False),
        (18, True),
        (24, False),
    ]
