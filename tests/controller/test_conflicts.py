"""Robots that want the same thing, in physics: who gets it, who waits, and that it is let go."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from counterpoint import (
    ActionStatus,
    Arbiter,
    CommandError,
    Controller,
    ImageFrequency,
    Robot,
    UnknownObjectError,
    deadline,
    gather,
)
from counterpoint import commands as cmd
from counterpoint.actions import Action, Composite, MoveTo, Place, Wait
from counterpoint.core.events import ActionStarted, ConflictSettled, Deadlock, Event

Scene = Callable[..., Controller]
MUG = cmd.AddObject(object_id="mug", model="mug", position=(0, 0, 0))
AROUND = (((-0.6, 0, 0), 0), ((0.6, 0, 0), 180), ((0, -0.6, 0), 90))


def panda(name: str, place: int = 0, **arguments: Any) -> Robot:
    position, rotation = AROUND[place]
    return Robot(
        name, model="panda", position=position, rotation=rotation,
        image_frequency=ImageFrequency.never, **arguments,
    )  # fmt: skip


def tiago(name: str, x: float, y: float, **arguments: Any) -> Robot:
    return Robot(name, position=(x, y, 0), image_frequency=ImageFrequency.never, **arguments)


def finish(c: Controller, *actions: Action, limit: int = 3_000) -> None:
    for _ in range(limit):
        if all(a.done for a in actions):
            return
        c.communicate()
    raise TimeoutError(f"not done after {limit} frames: {actions}")


def record(c: Controller, kind: type[Event]) -> list[Any]:
    found: list[Any] = []
    c.events.subscribe(lambda e: found.append(e) if isinstance(e, kind) else None)
    return found


class Hold(Action):
    """Does nothing on its tracks for some frames, or (None) for ever."""

    def __init__(self, last: int | None = None, tracks: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.last, self.tracks = last, tracks

    def get_ongoing_commands(self, resp: Any, *_: Any) -> list[Any]:
        if self.last is not None and resp.frame - self.started_frame >= self.last:
            self.succeed("held long enough")
        return []


class Both(Composite):
    """Holds one resource, and a few frames later wants another."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        self.claims = (first,)
        self.children = [Wait(3), Wait(3).claiming(second)]

    def next_child(self, *_: Any) -> Action | None:
        if self.children:
            return self.children.pop(0)
        self.succeed("had both")
        return None


@pytest.fixture
def three(scene: Scene) -> tuple[Controller, Robot, Robot, Robot]:
    a, b, d = panda("a"), panda("b", 1), panda("d", 2)
    c = scene(a, b, d, commands=[MUG])
    c.communicate()
    return c, a, b, d


def assert_free(c: Controller, robot: Robot, *resources: str) -> None:
    """What another robot claims now is granted at once."""
    probe = robot.start(Hold(1).claiming(*resources))
    c.communicate()
    assert probe.initialized
    finish(c, probe)


# --- grasping ------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3])
def test_of_several_robots_that_grasp_one_mug_one_holds_it_and_the_others_are_told_who(
    three: tuple[Controller, Robot, Robot, Robot], count: int
) -> None:
    c, *robots = three
    robots[1].priority = 1
    grasps = [r.grasp("mug") for r in robots[:count]]
    c.communicate()
    losers = [g for g in grasps if g is not grasps[1]]
    for grasp in losers:
        assert grasp.status is ActionStatus.conflict
        assert grasp.done  # the end phase ran in the same communicate()
        assert (grasp.result.robot_id, grasp.result.object_id) == ("b", "mug")
        assert grasp.result.reason == "'mug' goes to 'b': its priority is 1, before 0"
    finish(c, *grasps)
    assert grasps[1].status is ActionStatus.success
    held = [list(r.dynamic.held.values()) for r in robots]
    assert held == [[None], ["mug"], [None]]


def test_once_it_is_grasped_the_mug_is_held_by_other_and_not_claimed_any_more(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, _ = three
    finish(c, a.grasp("mug"))
    late = b.grasp("mug")
    finish(c, late)
    assert late.status is ActionStatus.held_by_other
    assert_free(c, b, "mug")


def test_a_grasp_that_is_told_to_wait_begins_when_the_other_has_ended(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, _ = three
    holding = a.start(Hold(20).claiming("mug"))
    grasp = b.grasp("mug").claiming(on_conflict="wait")
    finish(c, grasp)
    assert grasp.started_frame == holding.ended_frame + 1
    assert grasp.status is ActionStatus.success


def test_two_robots_place_onto_one_table_one_after_the_other(scene: Scene) -> None:
    a, b = panda("a"), panda("b", 1)
    side = (0.04, 0.04, 0.04)
    c = scene(
        a, b,
        commands=[
            cmd.AddObject(
                object_id="pad", model="box", size=(0.5, 0.2, 0.02), position=(0, 0, 0.01),
                static=True,
            ),
            cmd.AddObject(object_id="one", model="box", size=side, position=(-0.3, 0.3, 0.02)),
            cmd.AddObject(object_id="two", model="box", size=side, position=(0.3, -0.3, 0.02)),
        ],
    )  # fmt: skip
    c.communicate()
    finish(c, a.grasp("one"), b.grasp("two"))
    first, second = a.place("pad"), b.place("pad")
    c.communicate()
    assert first.claims == ("one", "pad")
    assert (first.initialized, second.initialized) == (True, False)
    finish(c, first, second)
    assert first.status is second.status is ActionStatus.success
    assert second.started_frame == first.ended_frame + 1


def test_a_place_with_an_empty_hand_waits_for_nothing(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, _ = three
    a.start(Hold().claiming("mug"))
    c.communicate()
    place = b.start(Place("mug", b.model.arms[0]))
    c.communicate()
    assert place.status is ActionStatus.not_holding


# --- waiting -------------------------------------------------------------------------------------


def test_three_robots_claim_a_doorway_and_are_in_it_one_at_a_time(scene: Scene) -> None:
    robots = [tiago(n, -2.2, y) for n, y in (("a", 1.5), ("b", 0.0), ("d", -1.5))]
    c = scene(
        *robots,
        commands=[
            cmd.AddWall(object_id="left", start=(0, 0.65, 0), end=(0, 3, 0)),
            cmd.AddWall(object_id="right", start=(0, -3, 0), end=(0, -0.65, 0)),
        ],
        arbiter=Arbiter("fifo"),
    )
    robots[1].priority = 1

    async def cross(robot: Robot, y: float) -> None:
        await robot.start(Crossing((2.2, y, 0)))

    class Crossing(Composite):
        tracks, claims = ("base",), ("doorway",)

        def __init__(self, goal: tuple[float, float, float]) -> None:
            super().__init__()
            self.stops = [(-1.0, 0, 0), (1.0, 0, 0), goal]

        def next_child(self, *_: Any) -> Action | None:
            if self.stops:
                return MoveTo(self.stops.pop(0), arrived_at=0.15)
            self.succeed("across")
            return None

    scripts = [c.spawn(cross(r, y)) for r, y in zip(robots, (1.5, 0.0, -1.5), strict=True)]
    seen = []
    for _ in range(3_000):
        if all(s.done for s in scripts):
            break
        c.communicate()
        inside = [r.robot_id for r in robots if abs(r.dynamic.base_position[0]) < 0.5]
        assert len(inside) <= 1
        moving = [r.robot_id for r in robots if r.interaction.state == "interacting"]
        assert len(moving) <= 1
        if inside and inside[0] not in seen:
            seen += inside
    assert seen == ["b", "a", "d"]
    assert all(r.dynamic.base_position[0] > 1.9 for r in robots)


def test_a_waiting_action_leaves_the_running_one_alone_until_it_is_granted(scene: Scene) -> None:
    a, b = tiago("a", 0, 1.5), tiago("b", 0, -1.5)
    c = scene(a, b)
    a.start(Hold(40).claiming("doorway"))
    c.communicate()
    running = b.move_by(1.5)
    waiting = b.move_by(-0.3).claiming("doorway")
    for _ in range(30):
        c.communicate()
    assert running.status is waiting.status is ActionStatus.ongoing
    assert (running.initialized, waiting.initialized) == (True, False)
    assert b.dynamic.base_position[0] > 0.05
    assert b.actions["base"] is running
    finish(c, running)
    assert running.status is ActionStatus.replaced
    assert waiting.initialized


def test_a_newer_action_on_its_tracks_replaces_a_waiting_one(scene: Scene) -> None:
    a, b = tiago("a", 0, 1.5), tiago("b", 0, -1.5)
    c = scene(a, b)
    a.start(Hold().claiming("doorway", "ramp"))
    waiting = b.move_by(1.0).claiming("doorway")
    c.communicate()
    beside = b.wait(5)  # on no track
    c.communicate()
    assert waiting.status is ActionStatus.ongoing
    newer = b.move_by(0.2).claiming("ramp")
    c.communicate()
    assert waiting.status is ActionStatus.replaced
    assert waiting.done
    assert newer.status is beside.status is ActionStatus.ongoing
    free = b.move_by(-0.2)
    finish(c, newer, free, beside)
    assert [x.status.name for x in (newer, free)] == ["replaced", "success"]


def test_a_waiting_action_can_be_cancelled_and_its_end_phase_runs_at_once(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, d = three
    held = a.start(Hold(3).claiming("doorway"))
    waiting, third = b.start(Hold(2).claiming("doorway")), d.start(Hold(2).claiming("doorway"))
    c.communicate()
    assert b.interaction.waits_for == ("doorway",)
    assert b.interaction.waits_on == ("a",)
    waiting.cancel("never mind")
    c.communicate()
    assert (waiting.status, waiting.result.reason) == (ActionStatus.cancelled, "never mind")
    assert waiting.done
    finish(c, held, third)
    assert third.started_frame == held.ended_frame + 1
    assert waiting.claim.granted is None


def test_a_cancelled_robot_does_not_get_what_falls_free_in_the_same_frame(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, d = three
    held = a.start(Hold(3).claiming("doorway"))
    waiting, third = b.start(Hold().claiming("doorway")), d.start(Hold().claiming("doorway"))
    finish(c, held)
    b.cancel()
    c.communicate()
    assert not waiting.claim.granted
    assert third.initialized


def test_a_child_of_a_cancelled_parent_does_not_get_what_falls_free_either(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, d = three
    held, both = a.start(Hold(12).claiming("right")), b.start(Both("left", "right"))
    while both.child is None or not both.child.claim:
        c.communicate()
    third = d.start(Hold().claiming("right"))
    finish(c, held)
    both.cancel()
    c.communicate()
    assert both.child.claim.granted is None
    assert third.initialized


def test_a_refused_frame_leaves_claims_as_they_were(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, _ = three
    a.start(Hold(5).claiming("mug"))
    c.communicate()
    waiting = b.start(Hold().claiming("mug"))
    before = c.arbiter.state(), c.state_hash()
    with pytest.raises(UnknownObjectError):
        c.communicate({"type": "remove_object", "object_id": "cup"})
    assert (c.arbiter.state(), c.state_hash()) == before
    assert waiting.claim is None
    c.communicate()
    assert waiting.claim.made == c.frame


def test_a_deadline_ends_a_waiting_action_as_timed_out(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, _ = three
    a.start(Hold().claiming("doorway"))

    async def script() -> Action:
        try:
            with deadline(frames=10):
                waiting = b.start(Hold().claiming("doorway"))
                await waiting
        except TimeoutError:
            return waiting
        raise AssertionError("it did not wait")

    (waiting,) = c.run(script())
    assert waiting.status is ActionStatus.timed_out
    assert not waiting.claim.granted


# --- release -------------------------------------------------------------------------------------


class Bad(Hold):
    def get_ongoing_commands(self, *_: Any) -> list[Any]:
        raise ZeroDivisionError("on purpose")


ENDS: list[tuple[str, Callable[[Robot, Action], object]]] = [
    ("success", lambda robot, action: setattr(action, "last", 0)),
    ("cancelled", lambda robot, action: action.cancel()),
    ("replaced", lambda robot, action: robot.reset_arm()),
    ("failed_to_move", lambda robot, action: action.end(ActionStatus.failed_to_move, "stuck")),
]


@pytest.mark.parametrize(("status", "end"), ENDS)
def test_claims_are_released_whatever_the_end_is(
    three: tuple[Controller, Robot, Robot, Robot],
    status: str,
    end: Callable[[Robot, Action], object],
) -> None:
    c, a, b, _ = three
    action = a.start(Hold(tracks=("right_arm",)).claiming("mug"))
    c.communicate()
    assert a.interaction.holds == ("mug",)
    end(a, action)
    finish(c, action)
    assert action.status.name == status
    assert_free(c, b, "mug")


def test_an_action_that_raises_leaves_no_claim(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, _ = three
    action = a.start(Bad().claiming("mug"))
    c.communicate()
    assert action.status is ActionStatus.failure
    assert_free(c, b, "mug")


def test_an_interrupted_script_leaves_no_claim(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, d = three

    async def hoard() -> None:
        await gather(
            a.start(Both("mug", "doorway")),
            b.start(Hold().claiming("ramp")),
            b.start(Hold().claiming("mug")),
        )

    script = c.spawn(hoard())
    for _ in range(10):
        c.communicate()
    script.cancel("changed its mind")
    c.communicate()
    assert script.done
    assert_free(c, d, "mug", "doorway", "ramp")


def test_a_removed_robot_leaves_no_claim(three: tuple[Controller, Robot, Robot, Robot]) -> None:
    c, a, b, _ = three
    a.start(Hold().claiming("mug"))
    waiting = b.start(Hold(2).claiming("mug"))
    c.communicate()
    assert not waiting.initialized
    c.communicate(cmd.RemoveRobot(robot_id="a"))
    assert waiting.initialized
    finish(c, waiting)


def test_reset_and_close_clear_the_arbiter(three: tuple[Controller, Robot, Robot, Robot]) -> None:
    c, a, b, d = three
    before = c.arbiter.state()
    a.start(Hold().claiming("mug"))
    b.start(Hold().claiming("mug"))
    c.communicate()
    assert len(c.arbiter.claims) == 2
    c.reset()
    assert c.arbiter.claims == ()
    assert c.arbiter.state() == before
    c.communicate([cmd.CreateEmptyRoom(), MUG])
    assert (d.interaction.count, a.interaction.count) == (0, 0)
    b.start(Hold().claiming("mug"))
    c.communicate()
    assert b.interaction.state == "interacting"
    c.close()
    assert c.arbiter.claims == ()


# --- composites ----------------------------------------------------------------------------------


def test_a_child_does_not_begin_until_its_own_claims_are_granted(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, _ = three
    held = a.start(Hold(15).claiming("right"))
    both = b.start(Both("left", "right"))
    for _ in range(10):
        c.communicate()
    child = both.child
    assert not child.initialized
    assert both.status is ActionStatus.ongoing
    assert (b.interaction.holds, b.interaction.waits_on) == (("left",), ("a",))
    finish(c, held, both)
    assert both.status is ActionStatus.success
    assert child.claim.granted == held.ended_frame + 1


def test_a_child_shares_what_its_parent_holds(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, _ = three
    both = a.start(Both("mug", "mug"))
    rival = b.start(Hold(1).claiming("mug"))
    finish(c, both, rival)
    assert both.status is ActionStatus.success
    assert rival.started_frame == both.ended_frame + 1


def test_two_composites_in_a_deadlock_are_named_and_one_gets_through(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, _ = three
    found = record(c, Deadlock)
    one, other = a.start(Both("left", "right")), b.start(Both("right", "left"))
    finish(c, one, other)
    assert [x.status for x in (one, other)] == [ActionStatus.success, ActionStatus.conflict]
    assert len(found) == 1
    assert sorted(found[0].robots) == ["a", "b"]
    assert sorted(found[0].resources) == ["left", "right"]
    assert found[0].ended == "b"
    for words in ("deadlock", "'a' waits for 'right', which 'b' holds", "'b' waits for 'left'"):
        assert words in other.result.reason


# --- declaring and reading -----------------------------------------------------------------------


def test_an_action_claims_until_it_initialises_and_not_later(
    three: tuple[Controller, Robot, Robot, Robot],
) -> None:
    c, a, b, _ = three
    held = a.start(Hold(5).claiming("mug"))
    waiting = b.start(Hold(2).claiming("mug"))
    c.communicate()
    with pytest.raises(CommandError, match="has begun"):
        held.claiming("doorway")
    waiting.claiming("doorway")  # it has not initialised
    finish(c, held, waiting)
    assert waiting.claim.resources == ("mug", "doorway")
    with pytest.raises(CommandError):
        waiting.claiming("ramp")


@pytest.mark.parametrize("cooldown", [-1, float("nan"), None])
def test_a_cooldown_that_is_no_length_of_time_is_refused(cooldown: Any) -> None:
    with pytest.raises(CommandError, match="cooldown"):
        Robot("a", cooldown=cooldown)


@pytest.mark.parametrize("claims", ["doorway", (3,)])
def test_claims_of_a_subclass_that_are_no_names_end_it_as_failure(
    three: tuple[Controller, Robot, Robot, Robot], claims: Any
) -> None:
    c, a, _, _ = three
    action = Hold()
    action.claims = claims
    a.start(action)
    c.communicate()
    assert action.status is ActionStatus.failure
    assert action.done
    assert "names of resources" in action.result.reason


def test_a_negotiation_that_raises_does_not_harm_the_frame(scene: Scene) -> None:
    def negotiate(bids: Any) -> str:
        raise KeyError("no idea")

    a, b = panda("a"), panda("b", 1)
    c = scene(a, b, arbiter=Arbiter("negotiation", negotiate))
    going = a.reach_for((0.0, 0.2, 0.5))
    one, other = (r.start(Hold().claiming("mug")) for r in (a, b))
    frame = c.frame
    c.communicate()
    assert c.frame == frame + 1
    assert one.status is other.status is ActionStatus.failure
    assert isinstance(one.result.error, KeyError)
    finish(c, going)
    assert going.status is ActionStatus.success


def test_progress_grows_to_one_while_a_robot_drives_waits_reaches_and_grasps(scene: Scene) -> None:
    a, b = tiago("a", -2, 1.5), panda("b")
    c = scene(a, b, commands=[MUG])
    c.communicate()
    for robot, start in (
        (a, lambda: a.move_by(0.6)),
        (a, lambda: a.turn_by(90)),
        (a, lambda: a.move_to((-2.0, 0.5, 0))),
        (a, lambda: a.wait(20)),
        (b, lambda: b.reach_for((-0.1, 0.3, 0.5))),
        (b, lambda: b.grasp("mug")),
        (b, lambda: b.place((-0.1, 0.2, 0))),
        (b, b.reset_arm),
    ):
        action = start()
        assert robot.interaction.progress == 0.0
        shares = []
        while not action.done:
            c.communicate()
            shares.append(robot.interaction.progress)
        assert action.status is ActionStatus.success
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
        assert sum(0.1 < s < 0.9 for s in shares) > 5
        assert max(y - x for x, y in pairwise(shares)) < 0.4


def test_a_robot_without_claims_is_granted_nothing_and_publishes_nothing(scene: Scene) -> None:
    a = panda("a")
    c = scene(a)
    found = record(c, ConflictSettled), record(c, ActionStarted)
    finish(c, a.wait(3), a.reach_for((0.0, 0.2, 0.5)))
    assert (len(found[0]), len(found[1])) == (0, 2)
    assert a.interaction.count == 0
    assert c.arbiter.claims == ()
