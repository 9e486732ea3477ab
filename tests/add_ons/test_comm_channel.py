"""The radio on the loop: what robots know of each other, and what their scripts say."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from counterpoint import (
    AddOn,
    CommChannel,
    CommError,
    Controller,
    Recorder,
    Robot,
    UnknownRobotError,
    first,
    frames,
    seconds,
)
from counterpoint import commands as cmd
from counterpoint.comm import (
    CommPacket,
    CommSaturationWarning,
    DegradationProfile,
    LearnedOverlay,
    Message,
)
from counterpoint.core.events import Event, MessageArrived, MessageDropped, MessageSent

pytestmark = pytest.mark.filterwarnings("ignore::counterpoint.comm.CommSaturationWarning")

Scene = Callable[..., Controller]
SLOW = DegradationProfile("slow", 50, 0, 0)  # 3 frames at 60 a second
DEAF = DegradationProfile("deaf", 0, 0, 1)
ROUGH = DegradationProfile("rough", 40, 20, 0.3)


def pair(**arguments: Any) -> tuple[Robot, Robot]:
    return (
        Robot("a", "panda", position=(-1, 0, 0), **arguments),
        Robot("b", "panda", position=(1, 0, 0), rotation=90, **arguments),
    )


def what(packet: CommPacket) -> list[Any]:
    return [packet.robots, packet.positions.tolist(), packet.ages.tolist()]


def listen(controller: Controller) -> list[Event]:
    heard: list[Event] = []
    controller.events.subscribe(
        lambda e: (
            heard.append(e)
            if isinstance(e, MessageSent | MessageDropped | MessageArrived)
            else None
        )
    )
    return heard


# --- packets -------------------------------------------------------------------------------------


def test_what_a_robot_knows_of_one_that_drives_is_where_it_was_as_long_ago_as_it_says(
    scene: Scene,
) -> None:
    channel = CommChannel(ROUGH)
    mover, watcher = Robot("mover"), Robot("watcher", "panda", position=(-2, -2, 0), rotation=30)
    controller = scene(channel, watcher, mover)
    mover.move_by(1.0)
    where, ages = {1: mover.dynamic.base_pose}, []
    for _ in range(80):
        controller.communicate()
        where[controller.frame] = mover.dynamic.base_pose
        packet = channel.view("watcher")
        packet.check()
        if "mover" in packet:
            ages.append(round(60 * packet.age("mover")))
            sampled = controller.frame - ages[-1]
            assert packet.age("mover") == ages[-1] / 60
            np.testing.assert_array_equal(packet.pose("mover").p, where[sampled].p)
            np.testing.assert_allclose(packet.pose("mover").q, where[sampled].q, atol=1e-15)
        fixed = channel.view("mover")
        if "watcher" in fixed:
            np.testing.assert_array_equal(fixed.pose("watcher").p, watcher.dynamic.base_position)
            np.testing.assert_array_equal(fixed.pose("watcher").q, watcher.dynamic.base_pose.q)
    assert where[controller.frame].p[0] > 0.5
    assert len(set(ages)) > 3
    assert all(later <= earlier + 1 for earlier, later in pairwise(ages))


def test_an_ideal_channel_knows_this_frame_and_a_deaf_one_nothing(scene: Scene) -> None:
    ideal, deaf = CommChannel(), CommChannel(DEAF)
    controller = scene(ideal, deaf, *pair())
    for _ in range(5):
        assert ideal.view("a").robots == ("b",)
        assert ideal.view("a").age("b") == 0.0
        assert len(deaf.view("a")) == 0
        controller.communicate()


def test_the_order_of_add_ons_changes_nothing(open_controller: Scene) -> None:
    def run(order: list[int]) -> list[Any]:
        channel, (a, b) = CommChannel(ROUGH), pair()
        c = Robot("c", "panda", position=(0, 2, 0))
        things = [channel, a, b, c]
        controller = open_controller(seed=3)
        controller.add_ons.extend(things[k] for k in order)
        controller.communicate(cmd.CreateEmptyRoom(width=6, length=6))
        seen = []
        for _ in range(40):
            controller.communicate()
            seen.append([what(channel.view(r)) for r in "abc"])
        return seen

    assert run([0, 1, 2, 3]) == run([3, 1, 0, 2]) == run([2, 3, 1, 0])


class Asker(AddOn):
    """Asks for a view while others advance."""

    def __init__(self, channel: CommChannel) -> None:
        self.channel, self.ages, self.polled = channel, [], []

    def advance(self, response: Any) -> None:
        if message := self.channel.poll("a"):
            self.polled.append((response.frame, message.value))
        self.ages.append(self.channel.view("a").ages.tolist())


def test_whoever_asks_within_a_frame_gets_the_view_of_that_frame(scene: Scene) -> None:
    channel, (a, b) = CommChannel(SLOW), pair()
    before, after = Asker(channel), Asker(channel)
    controller = scene(before, channel, after, a, b)
    for _ in range(6):
        controller.communicate()
    assert before.ages == after.ages == [[], [], []] + [[0.05]] * 4
    b.radio.send("a", "first come")
    for _ in range(3):
        controller.communicate()
    assert (before.polled, after.polled) == ([(10, "first come")], [])


def test_predicates_and_learned_messages_travel_with_the_pose(scene: Scene) -> None:
    overlay = LearnedOverlay()
    channel = CommChannel(
        SLOW,
        overlay=overlay,
        predicates=lambda r: {"elbow": r.joint_positions[3], "arm": r.static.model.name},
    )
    a, b = pair()
    controller = scene(channel, a, b)
    overlay.set("b", [1, 2, 3])
    controller.communicate()  # the first frame in which the tensor goes out
    overlay.set("b", None)
    seen = []
    for _ in range(5):
        controller.communicate()
        packet = channel.view("a")
        seen.append({r: t.tolist() for r, t in packet.overlay.items()})
        CommPacket.from_bytes(packet.to_bytes())
    assert seen == [{}, {}, {"b": [1, 2, 3]}, {}, {}]
    assert channel.view("a").predicates["b"]["arm"] == "panda"
    elbow = channel.view("a").predicates["b"]["elbow"]
    assert elbow == pytest.approx(b.dynamic.joint_positions[3], abs=0.01)


def test_what_the_function_of_predicates_raises_comes_out_of_a_complete_frame(
    scene: Scene,
) -> None:
    wrong: list[Any] = []
    channel = CommChannel(predicates=lambda r: {"x": wrong[0] if wrong else 1})
    a, b = pair()
    controller = scene(channel, a, b)
    wrong.append(None)
    with pytest.raises(CommError, match="predicate 'x' of 'a'"):
        controller.communicate()
    assert controller.frame == 2
    assert channel.view("a").age("b") == 0.0
    assert channel.view("a").predicates == {}
    wrong[0] = 2
    controller.communicate()
    assert channel.view("a").predicates == {"b": {"x": 2}}


def test_robots_that_appear_are_heard_and_those_that_go_are_forgotten(scene: Scene) -> None:
    channel, (a, b) = CommChannel(SLOW), pair()
    controller = scene(channel, a)
    assert len(channel.view("a")) == 0
    controller.add_ons.append(b)
    for _ in range(4):
        controller.communicate()
    assert channel.view("a").robots == ("b",)
    controller.communicate(cmd.AddRobot(robot_id="0", model="panda", position=(0, 2, 0)))
    for _ in range(4):
        controller.communicate()
    assert channel.view("b").robots == ("0", "a")
    np.testing.assert_array_equal(channel.view("b").positions, [[0, 2, 0], [-1, 0, 0]])
    controller.communicate(cmd.RemoveRobot(robot_id="a"))
    assert channel.view("b").robots == ("0",)
    with pytest.raises(CommError, match="unknown robot; there is: '0', 'b'"):
        channel.view("a")


def test_statistics_count_packets_and_messages_by_sender_and_receiver(scene: Scene) -> None:
    channel, (a, b) = CommChannel(ROUGH), pair()
    controller = scene(channel, a, b)
    for _ in range(99):
        a.radio.send("b", "hello")
        controller.communicate()
    for _ in range(6):
        controller.communicate()
    whole, one = channel.statistics(), channel.statistics(sender="a", receiver="b")
    assert whole.sent == 2 * 106 and one.sent == 106
    assert 0.2 < whole.drop_rate < 0.4
    assert whole.mean_age is not None and 0.03 < whole.mean_age < 0.1
    assert one.messages_sent == whole.messages_sent == 99
    assert one.messages_delivered == 99 - one.messages_dropped > 50
    assert channel.statistics(sender="b").messages_sent == 0


# --- messages ------------------------------------------------------------------------------------


def test_scripts_talk_by_radio(scene: Scene) -> None:
    a, b = pair()
    controller = scene(CommChannel(SLOW), a, b)
    heard = listen(controller)

    async def ask() -> Any:
        a.radio.send("b", {"ask": [1, 2]})
        return await a.radio.receive()

    async def answer() -> Any:
        question = await b.radio.receive()
        b.radio.send(question.sender, sum(question.value["ask"]))
        return question

    got, question = controller.run(ask(), answer())
    assert question == Message("a", {"ask": [1, 2]}, sent=1, received=4)
    assert got == Message("b", 3, sent=4, received=7)
    assert heard == [
        MessageSent(1, "a", "b", '{"ask": [1, 2]}'),
        MessageArrived(4, "a", "b", 0.05),
        MessageSent(4, "b", "a", "3"),
        MessageArrived(7, "b", "a", 0.05),
    ]
    assert [json.loads(json.dumps(e.to_dict())) for e in heard]


@pytest.mark.parametrize("order", [1, -1])
def test_a_message_without_delay_takes_one_frame_whoever_was_started_first(
    scene: Scene, order: int
) -> None:
    a, b = pair()
    controller = scene(CommChannel(), a, b)

    async def send() -> None:
        await frames(2)
        a.radio.send("b", "now")

    async def receive() -> Any:
        return await b.radio.receive()

    scripts = [send(), receive()][::order]
    assert controller.run(*scripts)[::order][1] == Message("a", "now", sent=3, received=4)


def test_a_message_is_a_copy_as_json_would_give_it_back(scene: Scene) -> None:
    a, b = pair()
    controller = scene(CommChannel(), a, b)
    mine = {"way": [(1, 2.5)], "done": None}
    a.radio.send("b", mine)
    mine["way"].append("changed")
    controller.communicate()
    message = b.radio.poll()
    assert message is not None and message.value == {"way": [[1, 2.5]], "done": None}
    assert b.radio.poll() is None


def test_time_that_runs_out_gives_none_and_a_message_in_the_last_frame_is_in_time(
    scene: Scene,
) -> None:
    a, b = pair()
    controller = scene(CommChannel(SLOW), a, b)

    async def wait(timeout: float) -> tuple[Any, int]:
        begin = controller.frame
        return await b.radio.receive(timeout), controller.frame - begin

    assert controller.run(wait(0.1)) == [(None, 6)]
    assert controller.run(wait(0)) == [(None, 1)]
    a.radio.send("b", 1)
    ((message, took),) = controller.run(wait(0.05))
    assert (message.value, took) == (1, 3)
    a.radio.send("b", 2)
    assert controller.run(wait(0.03)) == [(None, 2)]
    ((message, took),) = controller.run(wait(1))
    assert (message.value, took) == (2, 1)


def test_each_message_goes_to_one_of_those_who_wait_in_the_order_in_which_it_was_sent(
    scene: Scene,
) -> None:
    a, b = pair()
    controller = scene(CommChannel(), a, b)

    async def take() -> Any:
        message = await b.radio.receive(1)
        return None if message is None else message.value

    async def send() -> None:
        for k in range(3):
            a.radio.send("b", k)
        await frames(5)
        a.radio.send("b", 3)

    results = controller.run(take(), take(), take(), take(), take(), send())
    assert results == [0, 1, 2, 3, None, None]


def test_receiving_can_race_with_other_things(scene: Scene) -> None:
    a, b = pair()
    controller = scene(CommChannel(), a, b)

    async def race() -> list[str]:
        early = await first(said=b.radio.receive(), late=seconds(0.1))
        a.radio.send("b", "go")
        later = await first(said=b.radio.receive(), late=seconds(0.1))
        return [early.name, later.name, later.result.value]

    assert controller.run(race()) == [["late", "said", "go"]]


def test_a_lost_message_is_an_event_for_people_and_nothing_to_robots(scene: Scene) -> None:
    a, b = pair()
    controller = scene(CommChannel(DEAF), a, b)
    heard = listen(controller)

    async def wait() -> Any:
        a.radio.send("b", 1)
        return await b.radio.receive(0.5)

    assert controller.run(wait()) == [None]
    assert heard == [MessageSent(1, "a", "b", "1"), MessageDropped(1, "a", "b")]
    assert len(b.radio.view()) == 0


@pytest.mark.parametrize(
    ("to", "message", "field"),
    [
        ("a", 1, "to"),
        ("c", 1, "to"),
        (["b"], 1, "to"),
        ("b", b"bytes", "message"),
        ("b", {1: 2}, "message"),
        ("b", float("nan"), "message"),
        ("b", "x" * 4_094, "message"),
        ("b", np.zeros(3), "message"),
    ],
)
def test_what_cannot_be_sent_is_a_comm_error_and_nothing_is_sent(
    scene: Scene, to: Any, message: Any, field: str
) -> None:
    a, b = pair()
    channel = CommChannel()
    controller = scene(channel, a, b)
    heard = listen(controller)
    with pytest.raises(CommError) as caught:
        a.radio.send(to, message)
    assert caught.value.field == field
    assert heard == [] and channel.statistics().messages_sent == 0
    a.radio.send("b", "x" * 4_093)


def test_a_timeout_that_is_no_time_is_refused(scene: Scene) -> None:
    a, b = pair()
    scene(CommChannel(), a, b)
    for timeout in (-1, float("nan"), float("inf"), "1"):
        with pytest.raises(CommError, match="timeout"):
            a.radio.receive(timeout)  # type: ignore[arg-type]


def test_without_a_channel_there_is_no_radio_and_the_error_says_what_to_do(scene: Scene) -> None:
    a, b = pair()
    with pytest.raises(UnknownRobotError):
        _ = a.radio
    controller = scene(a, b)
    with pytest.raises(CommError, match=r"put a CommChannel\(\) into controller.add_ons"):
        _ = a.radio
    channel = CommChannel()
    with pytest.raises(CommError, match=r"call communicate\(\) once"):
        channel.view("a")
    controller.add_ons.append(channel)
    with pytest.raises(CommError, match=r"call communicate\(\) once"):
        _ = a.radio
    controller.communicate()
    a.radio.send("b", 1)


def test_who_waits_hears_that_the_robot_or_the_channel_is_gone(scene: Scene) -> None:
    a, b = pair()
    channel = CommChannel()
    controller = scene(a, b, channel)

    async def wait(robot: Robot) -> str:
        try:
            return str(await robot.radio.receive())
        except CommError as error:
            return str(error)

    waiting = [controller.spawn(wait(a)), controller.spawn(wait(b))]
    controller.communicate(cmd.RemoveRobot(robot_id="a"))
    assert "'a': unknown robot" in waiting[0].result()
    controller.add_ons.remove(channel)
    controller.communicate()
    assert "put it into controller.add_ons" in waiting[1].result()


# --- episodes, recordings, hashes ----------------------------------------------------------------


def watch(controller: Controller, channel: CommChannel, count: int) -> list[Any]:
    seen = []
    for _ in range(count):
        controller.communicate([] if controller.frame else [cmd.CreateEmptyRoom(width=6, length=6)])
        seen.append([what(channel.view(r)) for r in "ab"])
    return seen


def test_each_episode_has_fresh_noise_which_is_the_same_in_every_run(
    open_controller: Scene,
) -> None:
    channel = CommChannel(ROUGH)
    controller = open_controller(seed=1)
    controller.add_ons.extend([channel, *pair()])
    one = watch(controller, channel, 60)
    controller.reset()
    with pytest.raises(CommError, match="takes part from the next frame on"):
        channel.view("a")
    two = watch(controller, channel, 60)
    assert one != two and channel.statistics().sent == 120
    again = CommChannel(ROUGH, episode=1)
    other = open_controller(seed=1)
    other.add_ons.extend([again, *pair()])
    assert watch(other, again, 60) == two


def test_noise_comes_from_the_controllers_seed_or_from_ones_own(open_controller: Scene) -> None:
    def run(seed: int, own: int | None = None) -> list[Any]:
        channel, controller = CommChannel(ROUGH, own), open_controller(seed=seed)
        controller.add_ons.extend([channel, *pair()])
        return watch(controller, channel, 60)

    assert run(1) == run(1) == run(2, own=1) != run(2)


def test_a_reset_empties_inboxes_and_what_is_under_way(scene: Scene) -> None:
    channel, (a, b) = CommChannel(SLOW), pair()
    channel.overlay.set("a", [1.0])
    controller = scene(channel, a, b)
    a.radio.send("b", 1)
    for _ in range(3):
        controller.communicate()
    a.radio.send("b", 2)
    controller.reset()
    assert channel.episode == 1 and not channel.overlay.tensors
    controller.communicate(cmd.CreateEmptyRoom(width=6, length=6))
    for _ in range(6):
        controller.communicate()
        assert b.radio.poll() is None


def test_a_frame_that_is_refused_is_no_episode(open_controller: Scene) -> None:
    channel, controller = CommChannel(), open_controller()
    controller.add_ons.extend([channel, *pair()])

    class Bad(AddOn):
        def before_send(self, frame: Any) -> Any:
            raise CommError("no")

    bad = Bad()
    controller.add_ons.append(bad)
    with pytest.raises(CommError, match="no"):
        controller.communicate(cmd.CreateEmptyRoom(width=6, length=6))
    controller.add_ons.remove(bad)
    controller.communicate(cmd.CreateEmptyRoom(width=6, length=6))
    assert channel.episode == 0


def test_state_hashes_tell_what_is_known_and_under_way_and_are_the_same_in_every_run(
    open_controller: Scene,
) -> None:
    def run(*, talk: bool) -> list[str]:
        channel, (a, b) = CommChannel(ROUGH, predicates=lambda r: {"x": 1}), pair()
        channel.overlay.set("a", [1.0])
        controller = open_controller()
        controller.add_ons.extend([channel, a, b])
        controller.communicate(cmd.CreateEmptyRoom(width=6, length=6))
        hashes = [controller.state_hash()]
        if talk:
            a.radio.send("b", "hello")
        hashes.append(controller.state_hash())
        for _ in range(20):
            controller.communicate()
            hashes.append(controller.state_hash())
        return hashes

    talking, silent = run(talk=True), run(talk=False)
    assert talking == run(talk=True)
    assert talking[0] == silent[0]
    assert all(x != y for x, y in zip(talking[1:], silent[1:], strict=True))


def test_a_replay_without_the_script_sees_what_the_robots_saw_and_the_events(
    open_controller: Scene, tmp_path: Path
) -> None:
    file = tmp_path / "run.mcap"
    channel, (a, b) = CommChannel(ROUGH), pair()
    live = open_controller(seed=5)
    live.add_ons.extend([Recorder(), channel, a, b])
    told = listen(live)
    assert live.recorder is not None
    live.recorder.start(file)
    seen = watch(live, channel, 1)

    async def talk() -> None:
        for k in range(30):
            a.radio.send("b", {"k": [k]})
            await frames(1)

    live.spawn(talk())
    seen += watch(live, channel, 50)
    live.close()
    assert {type(e) for e in told} == {MessageSent, MessageDropped, MessageArrived}

    again, replay = CommChannel(ROUGH), open_controller()
    replay.add_ons.extend([Recorder(), again])
    retold = listen(replay)
    assert replay.recorder is not None
    views = [
        [what(again.view(r)) for r in "ab"]
        for _ in replay.recorder.replay(file)
        if replay.response is not None
    ]
    assert views == seen
    assert retold == told
    assert again.statistics().messages_sent == 0

    sought = open_controller()
    jumper = CommChannel(ROUGH)
    sought.add_ons.extend([Recorder(), jumper])
    assert sought.recorder is not None
    player = sought.recorder.replay(file)
    for _ in range(40):
        next(player)
    player.seek(10, exact=True)  # back to the beginning, and forward again
    assert [what(jumper.view(r)) for r in "ab"] == seen[9]


def test_a_script_can_go_on_talking_where_it_leaves_a_replay(
    open_controller: Scene, tmp_path: Path
) -> None:
    file = tmp_path / "run.mcap"
    with Controller() as live:
        live.add_ons.extend([Recorder(), CommChannel(), *pair()])
        assert live.recorder is not None
        live.recorder.start(file)
        watch(live, live.add_ons[1], 5)  # type: ignore[arg-type]
    controller, (a, b) = open_controller(), pair()
    controller.add_ons.extend([Recorder(), CommChannel(), a, b])
    assert controller.recorder is not None
    for _ in controller.recorder.replay(file):
        pass
    controller.communicate()
    a.radio.send("b", "on we go")
    controller.communicate()
    message = b.radio.poll()
    assert message is not None and message.value == "on we go"


def test_a_channel_outside_of_the_safe_regime_warns_the_line_that_made_it() -> None:
    with pytest.warns(CommSaturationWarning, match="delays by 100 ms") as caught:
        CommChannel("saturation")
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"profile": "wlan"}, "profile"), ({"seed": -1}, "seed"), ({"episode": True}, "episode")],
)
def test_a_channel_with_bad_arguments_is_refused(arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(CommError) as caught:
        CommChannel(**arguments)
    assert caught.value.field == field


def test_what_a_script_announces_goes_out_from_the_next_frame_on(scene: Scene) -> None:
    channel = CommChannel(SLOW, predicates=lambda r: {"name": r.static.robot_id, "load": 0})
    a, b = pair()
    controller = scene(channel, a, b)
    controller.communicate()
    b.radio.announce(load=2)
    b.radio.announce(done=True)
    seen = []
    for _ in range(4):
        controller.communicate()
        packet = channel.view("a")
        seen.append(dict(packet.predicates["b"]) if "b" in packet.robots else {})
        CommPacket.from_bytes(packet.to_bytes())
    assert seen[-1] == {"name": "b", "load": 2, "done": True}
    assert seen[0] in ({}, {"name": "b", "load": 0})
    assert dict(channel.view("b").predicates["a"]) == {"name": "a", "load": 0}
    with pytest.raises(CommError, match="finite"):
        b.radio.announce(load=float("nan"))
    with pytest.raises(TypeError):
        channel.view("a").predicates["b"]["load"] = 3  # type: ignore[index]
    controller.reset()
    controller.communicate(cmd.CreateEmptyRoom(width=8, length=8))
    for _ in range(4):
        controller.communicate()
    assert channel.view("a").predicates["b"]["load"] == 0
