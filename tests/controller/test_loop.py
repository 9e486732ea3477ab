"""The frame loop: its eight steps, what is atomic about it, how it ends and begins anew."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from counterpoint import (
    ActionStatus,
    AddOn,
    CommandError,
    Controller,
    CounterpointError,
    ImageCapture,
    Robot,
    ThirdPersonCamera,
    UnknownObjectError,
    UnknownRobotError,
    frames,
)
from counterpoint import commands as cmd
from counterpoint.actions import Action
from counterpoint.commands import Command

Scene = Callable[..., Controller]
CUBE = cmd.AddObject(
    object_id="cube", model="box", size=(0.05, 0.05, 0.05), position=(1, 1, 0.025), mass=0.2
)


class Witness(AddOn):
    """Writes down what is asked of it."""

    def __init__(self, name: str = "w", log: list[Any] | None = None) -> None:
        self.name = name
        self.log: list[Any] = [] if log is None else log
        self.batches: list[tuple[list[str], list[str]]] = []

    def note(self, what: str) -> None:
        self.log.append((self.name, what))

    def get_initialization_commands(self) -> list[Command]:
        self.note("initialise")
        return [cmd.SetLighting()]

    def join(self, host: Any) -> None:
        super().join(host)
        self.note("join")

    def get_commands(self) -> list[Command]:
        self.note("get_commands")
        return []

    def before_send(self, frame: list[Command]) -> list[Command]:
        self.note("before_send " + " ".join(c.type for c in frame))
        return frame

    def advance(self, response: Any) -> None:
        self.note(f"advance {response.frame}")

    def settle(self, response: Any) -> list[Command]:
        self.note("settle")
        return []

    def on_frame(
        self, commands: Sequence[Command], settle: Sequence[Command], response: Any
    ) -> None:
        self.note("on_frame")
        self.batches.append(([c.type for c in commands], [c.type for c in settle]))

    def leave(self) -> None:
        super().leave()
        self.note("leave")


# --- the steps -----------------------------------------------------------------------------------


def test_the_steps_come_in_their_order(open_controller: Callable[..., Controller]) -> None:
    c = open_controller()
    log: list[Any] = []
    one, other = Witness("one", log), Witness("other", log)
    c.add_ons.extend([one, other])

    async def script() -> None:
        await frames(1)
        log.append(("script", "resumed"))

    c.spawn(script())
    c.communicate([cmd.CaptureImages(), CUBE, cmd.CreateEmptyRoom()])
    both = lambda what: [("one", what), ("other", what)]  # noqa: E731
    assert log == [
        *both("initialise"),
        *both("join"),
        *both("get_commands"),
        *both("before_send create_empty_room set_lighting set_lighting add_object capture_images"),
        *both("advance 1"),
        *both("settle"),
        *both("on_frame"),
        ("script", "resumed"),
    ]
    log.clear()
    c.communicate()
    assert log == [
        *both("get_commands"), *both("before_send "), *both("advance 2"), *both("settle"),
        *both("on_frame"),
    ]  # fmt: skip


def test_the_callers_list_is_not_changed(scene: Scene) -> None:
    box = {"type": "add_object", "object_id": "o", "model": "box", "position": [0, 0, 1]}
    given: list[Any] = [cmd.CaptureImages(), box, cmd.SetGravity()]
    before = [repr(item) for item in given]
    c = scene()
    c.communicate(given)
    assert [repr(item) for item in given] == before
    with pytest.raises(CommandError):
        c.communicate(given)
    assert [repr(item) for item in given] == before


def test_settle_commands_are_applied_without_advancing_time(scene: Scene) -> None:
    class Late(Witness):
        def settle(self, response: Any) -> list[Command]:
            return [cmd.CaptureImages()] if response.frame == 3 else []

    late = Late()
    c = scene(late, commands=[cmd.AddCamera(camera_id="cam"), CUBE])
    for _ in range(3):
        response = c.communicate()
        assert ("cam" in response.images) == (response.frame == 3)
    assert late.batches[2] == ([], ["capture_images"])
    assert c.frame == 4


# --- what add-ons rewrite ------------------------------------------------------------------------


class Rewriter(AddOn):
    """Replaces the frame once."""

    def __init__(self, commands: list[Command]) -> None:
        self.commands: list[Command] | None = commands

    def before_send(self, frame: list[Command]) -> list[Command]:
        if self.commands is None or self.host is None or self.host.frame == 0:
            return frame
        commands, self.commands = self.commands, None
        return [*commands, *frame]


def test_what_an_add_on_rewrites_is_applied_in_the_order_of_phases(scene: Scene) -> None:
    witness = Witness()
    rewriter = Rewriter([cmd.CaptureImages(), cmd.SetGravity(gravity=(0, 0, 0))])
    c = scene(rewriter, witness, commands=[CUBE])
    c.communicate(cmd.SetColor(object_id="cube", color=(1, 0, 0)))
    assert witness.batches[-1][0] == ["set_gravity", "set_color", "capture_images"]


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (cmd.RemoveObject(object_id="nothing"), UnknownObjectError),
        (cmd.DriveRobot(robot_id="nobody", velocity=()), UnknownRobotError),
        (cmd.CaptureImages(cameras=("none",)), CommandError),
    ],
)
def test_a_bad_command_of_a_rewriting_add_on_is_refused_and_nothing_happens(
    scene: Scene, command: Command, error: type[Exception]
) -> None:
    c = scene(commands=[CUBE])
    new = CUBE.model_copy(update={"object_id": "new", "position": (0.0, 0.0, 1.0)})
    c.add_ons.append(Rewriter([command]))
    before = c.world_hash(), c.frame, c.names
    with pytest.raises(error):
        c.communicate(new)
    assert (c.world_hash(), c.frame, c.names) == before
    assert "new" in c.communicate(new).objects  # the rewriter has spent its command


# --- a bad frame ---------------------------------------------------------------------------------


def test_a_refused_frame_leaves_queues_actions_and_names_as_they_were(scene: Scene) -> None:
    robot = Robot("a", model="panda")
    c = scene(robot, commands=[CUBE])
    running = robot.reach_for((0.4, 0.3, 0.5))
    c.communicate()
    queued = robot.wait(5)
    before = c.world_hash(), c.state_hash(), c.names, dict(robot.actions), c.response
    late = Robot("late", model="xarm7", position=(-2, 0, 0))
    c.add_ons.append(late)
    for bad in (
        [{"type": "add_object", "object_id": "new", "model": "box"}, {"type": "nonsense"}],
        [CUBE],
        cmd.AddRobot(robot_id="b", model="panda", position=(0.1, 0, 0)),
    ):
        with pytest.raises(CounterpointError):
            c.communicate(bad)
        assert (c.world_hash(), c.state_hash(), c.names, dict(robot.actions), c.response) == before
        assert (running.status, queued.initialized) == (ActionStatus.ongoing, False)
        assert late.host is None
    c.communicate()
    assert queued.initialized and late.static.robot_id == "late"


def test_a_robot_that_a_command_removes_ends_its_actions_and_is_unknown_from_then_on(
    scene: Scene,
) -> None:
    robot = Robot("a")
    c = scene(robot, commands=[CUBE])
    action = robot.move_by(1.0)
    for _ in range(10):
        c.communicate()
    c.communicate(cmd.RemoveRobot(robot_id="a"))
    assert action.done and action.status is ActionStatus.cancelled
    assert "removed" in action.result.reason
    with pytest.raises(UnknownRobotError):
        robot.move_by(1.0)
    c.communicate()


def test_a_robot_that_comes_back_by_a_command_can_be_used_again(scene: Scene) -> None:
    robot = Robot("a", model="panda")
    c = scene(robot)
    c.communicate(cmd.RemoveRobot(robot_id="a"))
    c.communicate(cmd.AddRobot(robot_id="a", model="panda", position=(1, 0, 0)))
    action = robot.wait(1)
    c.communicate()
    c.communicate()
    assert action.status is ActionStatus.success


def test_a_command_that_lost_its_sense_ends_the_action_that_asked_for_it(scene: Scene) -> None:
    class Welder(Action):
        def get_ongoing_commands(self, resp: Any, static: Any, dynamic: Any) -> list[Any]:
            return [cmd.Weld(robot_id="a", object_id="cube")] if resp.frame == 3 else []

    robot = Robot("a", model="panda")
    c = scene(robot, commands=[CUBE])
    action = robot.start(Welder())
    c.communicate()
    c.communicate()
    response = c.communicate(cmd.RemoveObject(object_id="cube"))
    assert response.welds == frozenset()
    assert action.done and action.status is ActionStatus.failure
    assert isinstance(action.result.error, UnknownObjectError)


def test_an_object_that_a_command_removes_ends_the_actions_that_need_it(scene: Scene) -> None:
    robot = Robot("a", model="panda")
    c = scene(robot, commands=[CUBE.model_copy(update={"position": (0.5, 0.0, 0.025)})])
    action = robot.grasp("cube")
    for _ in range(20):
        c.communicate()
    assert action.status is ActionStatus.ongoing
    c.communicate(cmd.RemoveObject(object_id="cube"))
    for _ in range(600):
        if action.done:
            break
        c.communicate()
    assert action.done and action.status is not ActionStatus.success
    assert "cube" in action.result.reason


# --- the end and the beginning -------------------------------------------------------------------


def test_terminate_completes_its_frame_and_closes(scene: Scene) -> None:
    witness = Witness()
    c = scene(witness, commands=[CUBE])
    response = c.communicate([cmd.Terminate(), cmd.SetGravity()])
    assert response.frame == 2
    assert witness.batches[-1][0] == ["set_gravity", "terminate"]
    assert witness.log[-1] == ("w", "leave")
    with pytest.raises(CounterpointError, match="terminate"):
        c.communicate()


def test_a_closed_controller_says_so_and_closing_twice_is_safe(scene: Scene) -> None:
    c = scene(Robot("a", model="panda"))
    c.close()
    c.close()
    for use in (
        c.communicate, c.world_hash, c.state_hash, c.reset, c.run,
        lambda: c.renderer_name,
    ):  # fmt: skip
        with pytest.raises(CounterpointError, match=r"has ended.*make a new Controller"):
            use()


def test_an_error_in_the_with_block_closes_the_controller() -> None:
    with pytest.raises(ZeroDivisionError), Controller() as c:
        1 / 0  # noqa: B018
    with pytest.raises(CounterpointError, match="ended"):
        c.communicate()


def busy(c: Controller, robots: Sequence[Robot]) -> list[tuple[str, str]]:
    c.communicate([cmd.CreateEmptyRoom(), CUBE])
    for robot in robots:
        robot.reach_for(robot.dynamic.base_position + [0.45, 0.1, 0.6])
    hashes = []
    for _ in range(30):
        c.communicate()
        hashes.append((c.world_hash(), c.state_hash()))
    return hashes


def test_reset_begins_anew_with_equal_hashes(open_controller: Callable[..., Controller]) -> None:
    c = open_controller()
    robots = [Robot("a"), Robot("b", model="panda", position=(1, -1, 0))]
    c.add_ons.extend(robots)
    first = busy(c, robots)
    action = robots[0].action
    c.reset()
    assert (c.frame, c.response, c.names.robots, robots[0].action) == (0, None, {}, None)
    assert action is not None and action.done
    with pytest.raises(UnknownRobotError):
        robots[0].wait(1)
    assert busy(c, robots) == first


def test_the_order_of_add_ons_does_not_matter_to_the_world() -> None:
    results = []
    for order in permutations(range(4)):
        with Controller() as c:
            robots = [Robot("a"), Robot("b", model="panda", position=(1.2, 0, 0))]
            camera = ThirdPersonCamera("cam", look_at="a")
            parts: list[AddOn] = [*robots, camera, Witness()]
            c.add_ons.extend(parts[i] for i in order)
            c.communicate([cmd.CaptureImages(cameras=("cam",)), CUBE, cmd.CreateEmptyRoom()])
            robots[0].move_by(0.3)
            for _ in range(5):
                response = c.communicate()
            assert c.names.cameras == {"cam": None, "a.head": "a"}
            results.append((response.robots["a"].q.tobytes(), response.robots["b"].q.tobytes()))
    assert len(set(results)) == 1


def test_an_add_on_may_come_late_and_go_early(scene: Scene) -> None:
    c = scene()
    witness = Witness()
    c.add_ons.append(witness)
    c.communicate()
    c.add_ons.remove(witness)
    c.communicate()
    assert [what for _, what in witness.log] == [
        "initialise", "join", "get_commands", "before_send set_lighting", "advance 2", "settle",
        "on_frame", "leave",
    ]  # fmt: skip
    assert witness.host is None


# --- hashes --------------------------------------------------------------------------------------


def test_the_state_hash_differs_where_an_action_differs(scene: Scene) -> None:
    def play(wait: int | None, seed: int = 0) -> tuple[str, str]:
        robot = Robot("a", model="panda")
        c = scene(robot, seed=seed)
        if wait is not None:
            robot.wait(wait)
        c.communicate()
        return c.world_hash(), c.state_hash()

    worlds, states = zip(play(None), play(5), play(6), play(None, seed=1), strict=True)
    assert len(set(worlds)) == 1
    assert len(set(states)) == 4
    assert play(5) == (worlds[1], states[1])


def test_the_state_hash_differs_where_gravity_or_a_mass_differs(scene: Scene) -> None:
    def play(*commands: Command) -> tuple[str, str]:
        c = scene(commands=[CUBE, cmd.SetGravity(gravity=(0, 0, 0))])
        c.communicate(commands)
        return c.world_hash(), c.state_hash()

    states = [
        play()[1],
        play(cmd.SetObjectPhysics(object_id="cube", mass=0.3))[1],
        play(cmd.SetObjectPhysics(object_id="cube", friction=0.1))[1],
        play(cmd.SetObjectPhysics(object_id="cube", linear_damping=0.1))[1],
    ]
    assert len(set(states)) == 4
    assert play()[1] == states[0]


def test_two_controllers_side_by_side_do_not_disturb_each_other() -> None:
    with Controller() as alone:
        robots = [Robot("a"), Robot("b", model="panda", position=(1, -1, 0))]
        alone.add_ons.extend(robots)
        expected = busy(alone, robots)
    with Controller() as c, Controller(frames_per_second=30, seed=4) as neighbour:
        other = Robot("z")
        neighbour.add_ons.append(other)
        neighbour.communicate([cmd.CreateEmptyRoom(), cmd.SetGravity(gravity=(0, 0, -1))])
        other.move_by(1.0)
        robots = [Robot("a"), Robot("b", model="panda", position=(1, -1, 0))]
        c.add_ons.extend(robots)
        c.communicate([cmd.CreateEmptyRoom(), CUBE])
        for robot in robots:
            robot.reach_for(robot.dynamic.base_position + [0.45, 0.1, 0.6])
        hashes = []
        for k in range(30):
            c.communicate()
            neighbour.communicate()
            if k == 15:
                neighbour.reset()
                neighbour.add_ons.clear()
            hashes.append((c.world_hash(), c.state_hash()))
    assert hashes == expected


PLAY = """
import json
from counterpoint import Arm, Controller, Robot
from counterpoint import commands as cmd

hashes = []
with Controller(seed=3) as c:
    a, b = Robot("a", position=(-1.5, 0, 0)), Robot("b", model="panda", position=(1, 0, 0))
    c.add_ons.extend([a, b])
    c.communicate([
        cmd.CreateEmptyRoom(),
        cmd.AddObject(object_id="cube", model="box", size=(0.05, 0.05, 0.05),
                      position=(1.5, 0.1, 0.025)),
        cmd.AddObject(object_id="mug", model="mug", position=(0, 1, 0)),
        cmd.AddObject(object_id="ball", model="sphere", position=(0, -1, 1)),
    ])

    async def drive():
        await a.turn_by(40)
        await a.move_by(0.4)

    async def work():
        await b.grasp("cube").outcome()
        await b.reach_for((1.4, -0.2, 0.4)).outcome()

    c.spawn(drive())
    c.spawn(work())
    for _ in range(150):
        c.communicate()
        hashes.append((c.world_hash(), c.state_hash()))
print(json.dumps(hashes))
"""


def test_the_same_script_gives_equal_hashes_at_every_frame_in_two_processes() -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PLAY], stdout=subprocess.PIPE, text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(p for p in sys.path if p)},
        )
        for seed in ("1", "2")
    ]  # fmt: skip
    one, other = (json.loads(p.communicate(timeout=100)[0]) for p in started)
    assert len(one) == 150
    assert len({tuple(pair) for pair in one}) == 150
    different = [k for k, (a, b) in enumerate(zip(one, other, strict=True), 2) if a != b]
    assert different == []


def test_an_image_capture_does_not_change_the_world(scene: Scene, tmp_path: Any) -> None:
    def play(*more: AddOn) -> list[str]:
        robot = Robot("a", model="panda")
        c = scene(robot, *more, commands=[CUBE])
        robot.reach_for((0.4, 0.2, 0.5))
        hashes = []
        for _ in range(5):
            c.communicate()
            hashes.append(c.world_hash())
        return hashes

    camera = ThirdPersonCamera("cam", look_at="a", size=(32, 32))
    assert play(camera, ImageCapture(["cam"], tmp_path)) == play()


# --- settle batches ------------------------------------------------------------------------------


class Ends(Action):
    """Ends at once and hands over what it is given."""

    def __init__(self, *commands: Command) -> None:
        super().__init__()
        self.commands = commands

    def get_ongoing_commands(self, resp: Any, static: Any, dynamic: Any) -> list[Any]:
        return self.succeed("enough")

    def get_end_commands(self, *_: Any) -> list[Command]:
        return list(self.commands)


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        (cmd.SetGripper(robot_id="a", opening=0.02), True),
        (cmd.DriveRobot(robot_id="a", velocity=(0.0,) * 7), True),
        (cmd.Weld(robot_id="a", object_id="cube"), True),
        (cmd.CaptureImages(), True),
        (cmd.TeleportObject(object_id="cube", position=(0, 0, 1)), False),
        (cmd.SetJointPositions(robot_id="a", positions={}), False),
        (cmd.RemoveObject(object_id="cube"), False),
        (cmd.SetGravity(), False),
        (cmd.Terminate(), False),
    ],
    ids=lambda v: getattr(v, "type", str(v)),
)
def test_an_end_phase_may_only_stop_grip_weld_and_capture(
    scene: Scene, command: Command, allowed: bool
) -> None:
    robot, witness = Robot("a", model="panda"), Witness()
    c = scene(robot, witness, commands=[CUBE])
    action = robot.start(Ends(command))
    c.communicate()
    assert witness.batches[-1][1] == ([command.type] if allowed else [])
    assert action.done
    assert action.status is (ActionStatus.success if allowed else ActionStatus.failure)
    if not allowed:
        assert command.type in action.result.reason
        assert isinstance(action.result.error, CommandError)


def test_end_commands_of_several_actions_stand_in_the_order_of_phases(scene: Scene) -> None:
    robot, witness = Robot("a", model="panda"), Witness()
    c = scene(robot, witness, commands=[CUBE])
    robot.start(Ends(cmd.CaptureImages()))
    robot.start(Ends(cmd.SetGripper(robot_id="a", opening=0.02)))
    c.communicate()
    assert witness.batches[-1][1] == ["set_gripper", "capture_images"]


def test_a_drive_that_comes_back_from_the_before_send_is_what_moves_the_robot(
    scene: Scene,
) -> None:
    class Stop(AddOn):
        def before_send(self, frame: list[Command]) -> list[Command]:
            return [
                c.model_copy(update={"velocity": (0.0,) * len(c.velocity)})
                if isinstance(c, cmd.DriveRobot)
                else c
                for c in frame
            ]

    robot = Robot("a", model="panda")
    c = scene(robot, Stop())
    start = robot.dynamic.q.copy()
    robot.reach_for((0.4, 0.3, 0.5))
    for _ in range(20):
        c.communicate()
    np.testing.assert_allclose(robot.dynamic.q, start, atol=2e-3)
