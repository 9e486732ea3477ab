"""Contacts that begin and end, and events as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from counterpoint import CollisionLog, Controller, JsonlEvents, Recorder, Robot
from counterpoint import commands as cmd
from counterpoint.core.errors import CommandError
from counterpoint.core.events import ContactBegan, ContactEnded, Event, FrameCompleted

Scene = Callable[..., Controller]


def box(name: str, x: float, z: float) -> cmd.AddObject:
    return cmd.AddObject(object_id=name, model="box", size=(0.1, 0.1, 0.1), position=(x, 0, z))


def test_a_box_that_falls_on_another_touches_it_until_it_is_taken_away(scene: Scene) -> None:
    log = CollisionLog()
    controller = scene(log, commands=[box("low", 0, 0.05), box("high", 0, 0.3)])
    events: list[Event] = []
    controller.events.subscribe(events.append)
    for _ in range(40):
        controller.communicate()
    assert list(log.touching) == [("high", "low")]
    touch = log.touching["high", "low"]
    assert 5 < touch.since < 30
    assert touch.greatest > touch.force > 1  # it fell, then rested with its weight
    controller.communicate(cmd.TeleportObject(object_id="high", position=(1, 1, 0.05)))
    for _ in range(5):
        controller.communicate()
    assert log.touching == {}
    (ended,) = log.ended
    assert (ended[0].first, ended[0].second, ended[1]) == ("high", "low", 41)
    kinds = [e for e in events if isinstance(e, (ContactBegan, ContactEnded))]
    assert [type(e).__name__ for e in kinds] == ["ContactBegan", "ContactEnded"]
    assert isinstance(kinds[1], ContactEnded)
    assert kinds[1].frames == 41 - touch.since + 1


def test_the_floor_counts_only_when_asked_for_and_a_robot_is_no_touch_of_itself(
    scene: Scene,
) -> None:
    quiet, full = CollisionLog(), CollisionLog(floor=True)
    controller = scene(Robot("arm", "panda"), quiet, full, commands=[box("low", 0.8, 0.05)])
    for _ in range(10):
        controller.communicate()
    assert quiet.touching == {}
    assert ("floor", "low") in full.touching
    assert all("arm" not in pair for pair in full.touching)


def test_a_reset_begins_a_new_log(scene: Scene) -> None:
    log = CollisionLog(floor=True)
    controller = scene(log, commands=[box("low", 0, 0.05)])
    for _ in range(5):
        controller.communicate()
    assert log.touching
    controller.reset()
    controller.communicate(cmd.CreateEmptyRoom())
    assert log.touching == {}


def test_events_become_lines_of_json_in_their_order(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "out" / "events.jsonl"
    robot = Robot("a", "panda")
    controller = scene(robot, JsonlEvents(file))
    robot.wait(3)
    for _ in range(6):
        controller.communicate()
    lines = [json.loads(line) for line in file.read_text().splitlines()]  # before it is closed
    assert [(e["type"], e["frame"]) for e in lines] == [("ActionStarted", 2), ("ActionEnded", 4)]
    assert lines[1]["status"] == "success"
    controller.reset()
    controller.communicate(cmd.CreateEmptyRoom())
    robot.wait(1)
    controller.communicate()
    controller.close()
    assert file.read_text().splitlines()[:2] == [json.dumps(line) for line in lines]
    assert len(file.read_text().splitlines()) > 2


def test_the_end_of_each_frame_is_an_event_for_those_who_ask(scene: Scene, tmp_path: Path) -> None:
    controller = scene(JsonlEvents(tmp_path / "all.jsonl", frames=True))
    seen: list[Event] = []
    controller.events.subscribe(seen.append, frames=True)
    response = controller.communicate()
    assert seen == [FrameCompleted(2, pytest.approx(2 / 60))]
    assert response.events == []
    assert json.loads((tmp_path / "all.jsonl").read_text().splitlines()[-1])["frame"] == 2


def test_a_file_that_exists_or_cannot_be_made_is_refused_before_the_frame(tmp_path: Path) -> None:
    there = tmp_path / "there.jsonl"
    there.write_text("mine")
    for path in (there, there / "below"):
        with Controller() as controller:
            controller.add_ons.append(JsonlEvents(path))
            with pytest.raises(CommandError, match="cannot write events"):
                controller.communicate(cmd.CreateEmptyRoom())
            assert controller.frame == 0
    assert there.read_text() == "mine"


def test_in_a_replay_events_come_from_the_recording_and_come_once(tmp_path: Path) -> None:
    file = tmp_path / "run.mcap"

    def published(controller: Controller) -> list[str]:
        found: list[str] = []
        controller.events.subscribe(lambda e: found.append(type(e).__name__))
        return found

    with Controller() as controller:
        controller.add_ons += [Recorder(), CollisionLog()]
        live = published(controller)
        assert controller.recorder is not None
        controller.recorder.start(file)
        controller.communicate([cmd.CreateEmptyRoom(), box("low", 0, 0.05), box("high", 0, 0.3)])
        for _ in range(30):
            controller.communicate()
    with Controller() as controller:
        log = CollisionLog()
        controller.add_ons += [Recorder(), log]
        again = published(controller)
        assert controller.recorder is not None
        for _ in controller.recorder.replay(file):
            pass
        assert list(log.touching) == [("high", "low")]
    assert live == again == ["ContactBegan"]
