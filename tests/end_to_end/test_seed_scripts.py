"""The scripts of ThreeDWorld's tutorial on actions work in the same shape."""

from __future__ import annotations

import pytest

from counterpoint import (
    ActionStatus,
    Controller,
    CounterpointError,
    ImageCapture,
    Robot,
    ThirdPersonCamera,
)
from counterpoint import commands as cmd


def test_starting_an_action_does_nothing_by_itself() -> None:
    c = Controller()
    robot = Robot("a")
    c.add_ons.append(robot)
    c.communicate(cmd.CreateEmptyRoom(width=12, length=12))
    before = c.world_hash()
    robot.move_by(2)
    assert robot.action.status is ActionStatus.ongoing
    assert c.world_hash() == before
    c.close()


def test_a_loop_of_100_frames_moves_the_robot_and_saves_an_image_of_each(tmp_path) -> None:
    c = Controller()
    robot = Robot("a", position=(0, 0, 0))
    camera = ThirdPersonCamera("cam", position=(2, -2, 1.6), look_at="a", size=(48, 48))
    capture = ImageCapture(cameras=["cam"], path=tmp_path / "move_by")
    c.add_ons.extend([camera, robot, capture])  # the camera comes before what it looks at
    c.communicate([cmd.CreateEmptyRoom(width=12, length=12)])
    robot.move_by(2)
    for _ in range(100):
        c.communicate([])
    assert robot.dynamic.base_position[0] > 1.0
    assert len(list((tmp_path / "move_by" / "cam").glob("frame_*.png"))) == 101
    c.communicate({"$type": "terminate"})
    with pytest.raises(CounterpointError, match="terminate"):
        c.communicate([])


def test_polling_the_status_ends_with_the_printed_success() -> None:
    with Controller() as c:
        robot = Robot("a")
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom(width=12, length=12))
        robot.move_by(2)
        while robot.action.status is ActionStatus.ongoing:
            c.communicate([])
        assert f"{robot.action.status}" == "ActionStatus.success"
        x, done = robot.dynamic.base_position[0], robot.action.done
        c.communicate([])  # never needed, never harmful
        assert done
        assert robot.dynamic.base_position[0] == pytest.approx(x, abs=0.01)
        assert x == pytest.approx(2.0, abs=0.1)


class TwoRobots(Controller):
    """The tutorial's style for several agents: a subclass with the loop in a method."""

    def __init__(self) -> None:
        super().__init__(seed=7)
        self.a = Robot("a", position=(0, -2, 0))
        self.b = Robot("b", position=(0, 2, 0), rotation=180)
        self.add_ons.extend([self.a, self.b])
        self.communicate(cmd.CreateEmptyRoom(width=12, length=12))

    def both_move(self) -> list[ActionStatus]:
        self.a.move_by(1.0)
        self.b.turn_by(-45)
        robots = (self.a, self.b)
        while any(r.action.status is ActionStatus.ongoing for r in robots):
            self.communicate([])
        return [r.action.status for r in robots]


def test_subclassing_the_controller_directs_two_robots_at_once() -> None:
    with TwoRobots() as c:
        assert c.both_move() == [ActionStatus.success, ActionStatus.success]
        assert c.a.dynamic.base_position[0] == pytest.approx(1.0, abs=0.1)
        assert c.b.dynamic.base_yaw == pytest.approx(2.356, abs=0.02)


def test_the_public_card_runs_as_printed(tmp_path) -> None:
    with Controller(seed=0, frames_per_second=60, substeps=2, renderer="auto", workers=1) as c:
        a = Robot("a", model="tiago_pro", position=(0, 0, 0), rotation=90)
        camera = ThirdPersonCamera("cam", position=(2, -2, 1.6), look_at="a", size=(256, 256))
        capture = ImageCapture(
            cameras=["cam"], path=tmp_path / "images", passes=("rgb", "depth", "segmentation")
        )
        c.add_ons.extend([camera, a, capture])
        response = c.communicate(
            [
                cmd.CreateEmptyRoom(width=6, length=6),
                {
                    "type": "add_object", "object_id": "cube", "model": "box",
                    "size": [0.05, 0.05, 0.05], "position": [1, 0, 0.5],
                },
            ]
        )  # fmt: skip
        assert set(response.images["cam"]) == {"rgb", "depth", "segmentation"}
        capture.every = 100_000  # the rest of the drive needs no pictures
        a.move_by(1.0)
        while a.action.status is ActionStatus.ongoing:
            c.communicate([])
        assert a.action.status is ActionStatus.success
