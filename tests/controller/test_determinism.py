"""The same script gives the same run, bit for bit, whatever does not belong to it."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from counterpoint import (
    Arm,
    Controller,
    ImageCapture,
    Recorder,
    Robot,
    ThirdPersonCamera,
    derive_substream,
    frames,
)
from counterpoint import commands as cmd
from counterpoint.core.errors import CommandError

FRAMES = 70


def cast() -> list[Robot]:
    """A mobile robot and an arm."""
    return [Robot("tiago", position=(-1.5, 0, 0)), Robot("panda", "panda", position=(1.2, 0.3, 0))]


def room() -> list[cmd.Command]:
    """A room with boxes that fall onto each other."""
    boxes = [
        cmd.AddObject(
            object_id=f"box_{i}", model="box", size=(0.1, 0.1, 0.1), position=(0, 0.02 * i, 0.2 * i)
        )
        for i in range(1, 5)
    ]
    return [cmd.CreateEmptyRoom(width=8, length=6), *boxes]


def go(controller: Controller, robots: Sequence[Robot], length: int = FRAMES) -> list[str]:
    """A run with drives, reaches and a script; the digests of each frame."""

    async def wander(robot: Robot) -> None:
        rng = derive_substream("wander", controller.seed).default_rng()
        while True:
            robot.move_by(float(rng.uniform(-0.4, 0.4)), reset_arms=False)
            await frames(int(rng.integers(10, 30)))

    controller.communicate(room())
    tiago, panda = robots
    controller.spawn(wander(tiago))
    panda.reach_for((0.75, 0.2, 0.4), Arm.right)
    digests = []
    for _ in range(length):
        controller.communicate()
        digests.append(controller.state_hash())
    return digests


def run(*others: Any, length: int = FRAMES, **settings: Any) -> list[str]:
    """The same run in a controller of its own, with other add-ons."""
    with Controller(**settings) as controller:
        robots = cast()
        controller.add_ons.extend([*others, *robots])
        return go(controller, robots, length)


@pytest.fixture(scope="module")
def digests() -> list[str]:
    return run()


def test_every_frame_has_another_digest(digests: list[str]) -> None:
    assert len(set(digests)) == FRAMES


def test_a_reset_gives_the_same_run_again(digests: list[str]) -> None:
    with Controller() as controller:
        robots = cast()
        controller.add_ons.extend(robots)
        go(controller, robots, 30)
        controller.reset()
        assert go(controller, robots) == digests


def test_two_controllers_in_turn_give_the_same_run(digests: list[str]) -> None:
    with Controller() as disturbing:
        disturbing.communicate(room())
        with Controller() as controller:
            robots = cast()
            controller.add_ons.extend(robots)

            class Between(Recorder):
                def on_frame(self, *frame: Any) -> None:
                    disturbing.communicate()

            controller.add_ons.append(Between())
            assert go(controller, robots) == digests


def test_another_process_with_another_hash_seed_gives_the_same_run(digests: list[str]) -> None:
    program = (
        f"import sys, json; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
        "import test_determinism as t; print(json.dumps(t.run()))"
    )
    for seed in "0", "7":
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert json.loads(done.stdout) == digests


def test_two_workers_of_the_physics_engine_give_the_same_run(digests: list[str]) -> None:
    assert run(workers=2) == digests


def test_recording_does_not_change_the_run(digests: list[str], tmp_path: Path) -> None:
    with Controller() as controller:
        robots, recorder = cast(), Recorder()
        controller.add_ons.extend([*robots, recorder])
        recorder.start(tmp_path / "run.mcap")
        assert go(controller, robots) == digests


def test_checkpoints_change_the_run_in_the_same_way_recorded_or_not(tmp_path: Path) -> None:
    plain = run(checkpoint_every=25)
    with Controller(checkpoint_every=25) as controller:
        robots, recorder = cast(), Recorder()
        controller.add_ons.extend([*robots, recorder])
        recorder.start(tmp_path / "run.mcap")
        assert go(controller, robots) == plain


def test_the_order_of_add_ons_that_the_loop_calls_equal_does_not_matter(tmp_path: Path) -> None:
    found = set()
    for number, order in enumerate(itertools.permutations(range(4))):
        with Controller() as controller:
            robots = cast()
            camera = ThirdPersonCamera("cam", look_at="tiago", size=(16, 16))
            capture = ImageCapture(["cam"], tmp_path / str(number), every=5)
            parts: list[list[Any]] = [robots, [camera], [capture], [Recorder()]]
            controller.add_ons.extend(itertools.chain.from_iterable(parts[i] for i in order))
            found.add(go(controller, robots, 12)[-1])
    assert len(found) == 1


def test_another_seed_gives_another_run_where_randomness_is_used(digests: list[str]) -> None:
    assert run(seed=1, length=5)[-1] != digests[4]


def test_another_seed_changes_nothing_in_the_world_where_randomness_is_not_used() -> None:
    found = set()
    for seed in 0, 1:
        with Controller(seed=seed) as controller:
            controller.communicate(room())
            for _ in range(10):
                controller.communicate()
            found.add(controller.world_hash())
    assert len(found) == 1


def test_a_refused_frame_changes_neither_digest(digests: list[str]) -> None:
    with Controller() as controller:
        robots = cast()
        controller.add_ons.extend(robots)
        go(controller, robots, 10)
        before = controller.world_hash(), controller.state_hash()
        with pytest.raises(CommandError):
            controller.communicate(
                [cmd.SetGravity(gravity=(0, 0, -1)), {"type": "weld", "robot_id": "tiago"}]
            )
        assert (controller.world_hash(), controller.state_hash()) == before
        controller.communicate()
        assert controller.state_hash() == digests[10]


def test_a_chain_of_digests_remembers_what_a_plain_digest_forgets() -> None:
    def end(chain: bool, push: float) -> str:
        with Controller(hash_chain=chain) as controller:
            controller.communicate(
                [
                    cmd.CreateEmptyRoom(),
                    cmd.AddObject(object_id="ball", model="sphere", position=(0, 0, 1)),
                ]
            )
            controller.communicate(cmd.SetObjectVelocity(object_id="ball", linear=(push, 0, 0)))
            still = cmd.TeleportObject(object_id="ball", position=(0, 0, 1))
            controller.communicate(still)
            return controller.world_hash()

    assert end(False, 0.0) == end(False, 1.0)
    assert end(True, 0.0) != end(True, 1.0)
    assert end(True, 1.0) == end(True, 1.0)
    assert len(end(True, 1.0)) == 32


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "10"])
def test_a_setting_that_makes_no_sense_is_refused(value: Any) -> None:
    with pytest.raises(CommandError, match="checkpoint_every"):
        Controller(checkpoint_every=value)


def test_a_checkpoint_leaves_what_scripts_see_untouched(
    open_controller: Callable[..., Controller],
) -> None:
    controller = open_controller(checkpoint_every=20)
    robots = cast()
    controller.add_ons.extend(robots)
    controller.communicate(room())
    tiago, panda = robots
    tiago.move_by(0.4)
    panda.reach_for((0.75, 0.2, 0.4), Arm.right)
    for _ in range(200):
        controller.communicate()
    assert tiago.action is not None
    assert panda.action is not None
    assert tiago.action.status.name == "success"
    assert panda.action.status.name == "success"
    assert tiago.dynamic.base_position[0] == pytest.approx(-1.1, abs=0.11)
