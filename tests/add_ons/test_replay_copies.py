"""Replaying a recording while recording it gives the same file, whatever the run was like."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from counterpoint import (
    Controller,
    DeadlineError,
    ImageFrequency,
    Recorder,
    Robot,
    UnknownObjectError,
    deadline,
    first,
    frames,
    gather,
)
from counterpoint import commands as cmd

ROOM = cmd.CreateEmptyRoom(width=5, length=5)
CUBE = cmd.AddObject(
    object_id="cube", model="box", size=(0.05, 0.05, 0.05), position=(0.5, 0, 0.025)
)
CAMERA = cmd.AddCamera(camera_id="cam", position=(2, 2, 2), look_at="cube", size=(16, 16))
PASSES = ("rgb", "depth", "segmentation", "normals")


class Run:
    """A run that is being recorded: a controller with a recorder and a panda."""

    def __init__(self, path: Path, *, images: bool = False, **settings: Any) -> None:
        self.path, self.images = path, images
        self.controller = Controller(**settings)
        self.recorder = Recorder(flush_every=4, images=images)
        self.robot = Robot("a", "panda", image_frequency=ImageFrequency.never)
        self.controller.add_ons += [self.recorder, self.robot]
        self.send = self.controller.communicate

    def go(self, count: int = 4) -> None:
        for _ in range(count):
            self.send()

    def begin(self) -> None:
        """Start to record, build the scene, and let the arm move."""
        self.recorder.start(self.path)
        self.send([ROOM, CUBE])
        self.robot.reach_for((0.4, 0.2, 0.4))
        self.go(9)

    def pause(self, count: int = 3) -> None:
        """A gap of some frames."""
        self.recorder.pause()
        self.go(count)
        self.recorder.play()


def a_plain_run(run: Run) -> None:
    run.begin()


def nothing_at_all(run: Run) -> None:
    run.recorder.start(run.path)


def a_recording_that_starts_late(run: Run) -> None:
    run.send([ROOM, CUBE])
    run.robot.reach_for((0.4, 0.2, 0.4))
    run.go(10)
    run.recorder.start(run.path)
    run.go(10)


def a_pause(run: Run) -> None:
    run.begin()
    run.pause()
    run.go()


def pauses_without_frames(run: Run) -> None:
    run.begin()
    run.pause(0)
    run.pause(0)
    run.go()
    run.pause(0)


def a_pause_before_the_first_frame(run: Run) -> None:
    run.recorder.start(run.path)
    run.recorder.pause()
    run.recorder.memory_set(["before"], 1)
    run.send([ROOM, CUBE])
    run.go()
    run.recorder.play()
    run.go()


def a_pause_to_the_end(run: Run) -> None:
    run.begin()
    run.recorder.pause()
    run.go()


def notes_and_records(run: Run) -> None:
    run.recorder.memory_set(["early"], -0.0)
    run.begin()
    run.recorder.memory_set(["a"], {"b": []})
    run.go(1)
    run.recorder.memory_set(["a", "b", 0], "ü")
    run.recorder.memory_set(["large"], 2**64 - 1)
    run.recorder.write("note", {"x": [1, 2.5, None, True]})
    run.recorder.write(7, None)
    run.pause(1)
    run.recorder.memory_set(["a", "b", 1], 1e-300)
    run.go()
    run.recorder.memory_set(["after the last frame"], [])


def notes_in_a_pause(run: Run) -> None:
    run.begin()
    run.recorder.memory_set(["a"], {"b": [1]})
    run.recorder.pause()
    run.recorder.memory_set(["a", "b", 1], 2)
    run.go()
    run.recorder.play()
    run.recorder.memory_set(["c"], 3)
    run.go()


def a_weld(run: Run) -> None:
    run.begin()
    run.send(cmd.Weld(robot_id="a", object_id="cube"))
    run.go()
    run.pause(2)
    run.send(cmd.Unweld(robot_id="a"))
    run.go()


def a_grasp(run: Run) -> None:
    run.recorder.start(run.path)
    run.send([ROOM, CUBE])
    grasp = run.robot.grasp("cube")
    while not grasp.done:
        run.send()
    assert run.robot.dynamic.held == {run.robot.model.arms[0]: "cube"}
    run.pause(2)
    run.robot.drop()
    run.go(10)


def robots_and_objects_that_come_and_go(run: Run) -> None:
    run.begin()
    other = Robot("b", "xarm7", (1.5, 1.5, 0), image_frequency=ImageFrequency.never)
    run.controller.add_ons.append(other)
    run.send(cmd.AddObject(object_id="mug", model="mug", position=(1, 0, 0)))
    other.reach_for((1.5, 1.2, 0.4))
    run.go()
    run.send([cmd.RemoveRobot(robot_id="b"), cmd.RemoveObject(object_id="cube")])
    run.go()
    run.pause(1)
    run.send([cmd.AddRobot(robot_id="b", model="panda", position=(-1, 0, 0)), CUBE])
    run.go()


def pushes_and_changed_physics(run: Run) -> None:
    run.begin()
    run.send(
        [
            cmd.SetGravity(gravity=(0, 0, 3)),
            cmd.SetObjectPhysics(object_id="cube", mass=3.0),
            cmd.SetColor(object_id="cube", color=(1, 0, 0)),
            cmd.SetLighting(),
        ]
    )
    run.go()
    run.pause(1)
    run.send(
        [
            cmd.ApplyForce(object_id="cube", force=(1, 0, 0)),
            cmd.SetObjectVelocity(object_id="cube", linear=(1, 0, 0)),
        ]
    )
    run.send(cmd.TeleportObject(object_id="cube", position=(1, 1, 1)))
    run.send(cmd.SetJointPositions(robot_id="a", positions={"panda_joint1": 0.3}))
    run.go()


def cameras_and_captures(run: Run) -> None:
    run.begin()
    run.send([CAMERA, cmd.CaptureImages(passes=PASSES)])
    run.send([cmd.LookAt(camera_id="cam", target="cube", follow=True), cmd.CaptureImages()])
    run.pause(2)
    run.send([cmd.MoveCamera(camera_id="cam", position=(1, 2, 2)), cmd.CaptureImages()])
    run.go()


def coroutines(run: Run) -> None:
    async def reach() -> None:
        with suppress(DeadlineError), deadline(frames=9):
            await run.robot.reach_for((0.4, 0.3, 0.4))

    async def script() -> None:
        await frames(2)
        run.recorder.memory_set(["noted"], 1)
        winner = await first(short=frames(5), long=frames(50))
        run.recorder.write("winner", winner[0])
        await gather(frames(3), run.robot.wait(4))

    run.recorder.start(run.path)
    run.send([ROOM, CUBE])
    run.controller.spawn(reach())
    run.controller.run(script())


def a_refused_frame(run: Run) -> None:
    run.begin()
    with pytest.raises(UnknownObjectError):
        run.send(cmd.RemoveObject(object_id="nothing"))
    run.go()


def an_end_by_terminate(run: Run) -> None:
    run.begin()
    run.send(cmd.Terminate())


def an_end_by_reset(run: Run) -> None:
    run.begin()
    run.controller.reset()


RUNS: list[Callable[[Run], None]] = [
    a_plain_run,
    nothing_at_all,
    a_recording_that_starts_late,
    a_pause,
    pauses_without_frames,
    a_pause_before_the_first_frame,
    a_pause_to_the_end,
    notes_and_records,
    notes_in_a_pause,
    a_weld,
    a_grasp,
    robots_and_objects_that_come_and_go,
    pushes_and_changed_physics,
    cameras_and_captures,
    coroutines,
    a_refused_frame,
    an_end_by_terminate,
    an_end_by_reset,
]
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {"seed": 7, "frames_per_second": 50, "substeps": 3},
    "checkpoints": {"checkpoint_every": 4, "hash_chain": True},
}


def copy(path: Path, *, images: bool = False) -> tuple[bytes, Any]:
    """What recording a replay of `path` gives, and where the replay left the recording."""
    copied = path.with_name(f"copy of {path.name}")
    with Controller() as controller:
        recorder = Recorder(flush_every=4, images=images)
        controller.add_ons.append(recorder)
        recorder.start(copied)
        replay = recorder.replay(path)
        for _ in replay:
            pass
    return copied.read_bytes(), replay.divergence


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("play", RUNS, ids=lambda play: play.__name__)
def test_a_recorded_replay_is_equal_byte_for_byte(
    play: Callable[[Run], None], settings: str, tmp_path: Path
) -> None:
    run = Run(tmp_path / "run.mcap", **SETTINGS[settings])
    with run.controller:
        play(run)
    copied, divergence = copy(run.path)
    assert divergence is None
    assert copied == run.path.read_bytes()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    run = Run(tmp_path / "run.mcap", images=True)
    with run.controller:
        cameras_and_captures(run)
    return run.path


def test_recorded_images_are_equal_byte_for_byte_too(pictures: Path) -> None:
    assert copy(pictures, images=True) == (pictures.read_bytes(), None)


def test_a_recorder_without_images_leaves_them_out(pictures: Path) -> None:
    copied, divergence = copy(pictures)
    assert divergence is None
    assert len(copied) < len(pictures.read_bytes())


def test_a_copy_of_a_copy_is_equal_too(tmp_path: Path) -> None:
    run = Run(tmp_path / "run.mcap", checkpoint_every=4)
    with run.controller:
        robots_and_objects_that_come_and_go(run)
    first_copy, _ = copy(run.path)
    second_copy, _ = copy(run.path.with_name(f"copy of {run.path.name}"))
    assert first_copy == second_copy == run.path.read_bytes()
