"""Doors and drawers open about their joints, and containers know what they hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from counterpoint import Controller, Recorder
from counterpoint import commands as cmd
from counterpoint.core.errors import CommandError, UnknownModelError
from counterpoint.core.pose import Pose, quaternion_from_yaw
from counterpoint.objects import build_articulation, list_articulation_models

Scene = Callable[..., Controller]


def push(controller: Controller, name: str, force: tuple[float, float, float], frames: int) -> None:
    for _ in range(frames):
        controller.communicate(cmd.ApplyForce(object_id=name, force=force))


def opening(controller: Controller, name: str) -> float:
    assert controller.response is not None
    found = controller.response.objects[name].opening
    assert found is not None
    return found


@pytest.mark.parametrize("name", list_articulation_models())
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_position_of_a_joint_is_read_back_from_the_poses_it_gives(
    name: str, share: float
) -> None:
    joint = build_articulation(name).joint
    position = share * joint.upper
    assert joint.position(joint.frame_from_part(position)) == pytest.approx(position, abs=1e-9)


@pytest.mark.parametrize(("name", "force"), [("door", (0, 25, 0)), ("drawer", (25, 0, 0))])
def test_a_push_opens_it_as_far_as_it_goes_and_its_origin_stays_on_its_joint(
    scene: Scene, name: str, force: tuple[float, float, float]
) -> None:
    controller = scene(commands=[cmd.AddArticulation(object_id="it", model=name)])
    upper = build_articulation(name).joint.upper
    assert opening(controller, "it") == pytest.approx(0, abs=1e-3)
    push(controller, "it", force, 12)
    assert 0.02 < opening(controller, "it") < upper
    push(controller, "it", (-force[1], force[1], 0) if name == "door" else force, 200)
    assert opening(controller, "it") == pytest.approx(upper, abs=0.02)
    assert controller.response is not None
    part, frame = (controller.response.objects[n] for n in ("it", "it.frame"))
    joint = part.static.joint
    assert joint is not None
    expected = frame.pose @ joint.frame_from_part(opening(controller, "it"))
    assert np.allclose(part.position, expected.p, atol=2e-3)


def test_a_door_turned_in_the_room_opens_to_its_own_left(scene: Scene) -> None:
    yaw = 1.0
    controller = scene(
        commands=[cmd.AddArticulation(object_id="it", model="door", yaw=yaw, opening=0.5)]
    )
    assert controller.response is not None
    part = controller.response.objects["it"]
    assert part.opening == pytest.approx(0.5, abs=0.01)
    turned = Pose(part.position, quaternion_from_yaw(yaw + 0.5))
    assert abs(float(turned.q @ part.quaternion)) == pytest.approx(1, abs=1e-3)


def test_a_closed_door_stops_a_ball_and_an_open_one_lets_it_pass(scene: Scene) -> None:
    def far(angle: float) -> float:
        controller = scene(
            commands=[
                cmd.AddArticulation(
                    object_id="door", model="door", position=(-0.45, 0, 0), opening=angle
                ),
                cmd.AddObject(
                    object_id="ball", model="sphere", size=(0.2,) * 3, position=(0.1, 1, 0.1)
                ),
            ]
        )
        controller.communicate(cmd.SetObjectVelocity(object_id="ball", linear=(0, -2, 0)))
        for _ in range(90):
            controller.communicate()
        assert controller.response is not None
        return float(controller.response.objects["ball"].position[1])

    assert far(0.0) > 0
    assert far(1.8) < -0.5


def test_what_lies_in_a_drawer_comes_along(scene: Scene) -> None:
    controller = scene(commands=[cmd.AddArticulation(object_id="it", model="drawer", opening=0.3)])
    box = cmd.AddObject(
        object_id="box", model="box", size=(0.04, 0.04, 0.04), position=(0.35, 0, 0.5)
    )
    controller.communicate(box)
    for _ in range(60):
        controller.communicate()
    assert controller.response is not None
    assert controller.response.objects["it"].contents == ("box",)
    before = controller.response.objects["box"].position[0]
    push(controller, "it", (-12, 0, 0), 120)
    assert opening(controller, "it") < 0.02
    assert controller.response.objects["box"].position[0] < before - 0.2
    assert controller.response.objects["it"].contents == ("box",)


def test_a_container_knows_what_it_holds_and_what_is_only_near(scene: Scene) -> None:
    def cube(name: str, x: float, z: float) -> cmd.AddObject:
        return cmd.AddObject(
            object_id=name, model="box", size=(0.05, 0.05, 0.05), position=(x, 0, z)
        )

    controller = scene(
        commands=[
            cmd.AddObject(object_id="crate", model="crate", position=(0, 0, 0)),
            cube("low", 0.05, 0.1), cube("high", 0.05, 0.2), cube("beside", 0.4, 0.03),
        ]
    )  # fmt: skip
    for _ in range(60):
        controller.communicate()
    assert controller.response is not None
    assert controller.response.objects["crate"].contents == ("low", "high")
    assert controller.response.objects["low"].contents == ()
    controller.communicate(cmd.TeleportObject(object_id="low", position=(1, 1, 0.1)))
    assert controller.response.objects["crate"].contents == ("high",)


def test_both_parts_go_together_and_their_names_are_free_again(scene: Scene) -> None:
    controller = scene(commands=[cmd.AddArticulation(object_id="it", model="door")])
    with pytest.raises(CommandError, match="frame of 'it'"):
        controller.communicate(cmd.RemoveObject(object_id="it.frame"))
    controller.communicate(cmd.RemoveObject(object_id="it"))
    assert controller.response is not None
    assert list(controller.response.objects) == []
    controller.communicate(cmd.AddArticulation(object_id="it", model="drawer"))
    assert list(controller.response.objects) == ["it", "it.frame"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"model": "dor"}, "drawer"),
        ({"model": "door", "opening": 3.0}, "opens from 0 to 1.9"),
        ({"model": "door", "opening": -0.1}, "opening"),
        ({"model": "door", "size": (1, 0.1, 0)}, "size"),
        ({"model": "door", "parameters": {"upper": 4}}, "half a turn"),
        ({"model": "door", "parameters": {"knobs": 4}}, "knobs"),
    ],
)
def test_what_makes_no_sense_is_refused(scene: Scene, fields: dict, text: str) -> None:
    controller = scene()
    with pytest.raises((CommandError, UnknownModelError), match=text):
        controller.communicate({"type": "add_articulation", "object_id": "it", **fields})
    controller.communicate()


@pytest.mark.parametrize("kind", ["teleport_object", "set_object_velocity"])
def test_a_part_on_a_joint_cannot_be_put_elsewhere(scene: Scene, kind: str) -> None:
    controller = scene(commands=[cmd.AddArticulation(object_id="it", model="door")])
    place = {"position": (1, 1, 1)} if kind == "teleport_object" else {}
    with pytest.raises(CommandError, match="joint holds it"):
        controller.communicate({"type": kind, "object_id": "it", **place})


def test_a_door_and_a_drawer_replay_exactly_from_the_start_and_from_a_checkpoint(
    tmp_path: Path,
) -> None:
    file = tmp_path / "run.mcap"
    with Controller(checkpoint_every=40) as controller:
        recorder = Recorder()
        controller.add_ons.append(recorder)
        recorder.start(file)
        controller.communicate(
            [
                cmd.CreateEmptyRoom(),
                cmd.AddArticulation(object_id="door", model="door", opening=0.2),
                cmd.AddArticulation(object_id="drawer", model="drawer", position=(2, 1, 0)),
            ]
        )
        push(controller, "door", (0, 15, 0), 50)
        push(controller, "drawer", (10, 0, 0), 50)
    with Controller() as controller:
        controller.add_ons.append(Recorder())
        assert controller.recorder is not None
        replay = controller.recorder.replay(file)
        replay.seek(75, exact=True)
        assert 0.2 < opening(controller, "door") < math.pi
        for _ in replay:
            pass
        assert replay.divergence is None
    with Controller() as controller:
        controller.add_ons.append(Recorder())
        assert controller.recorder is not None
        replay = controller.recorder.replay(file)
        for _ in replay:
            pass
        assert replay.divergence is None
