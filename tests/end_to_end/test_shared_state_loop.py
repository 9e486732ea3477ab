"""What a shared loop of several characters has to do: one clock, slots, settled conflicts."""

from __future__ import annotations

from typing import Any

import pytest

from counterpoint import ActionStatus, Arbiter, Controller, ImageFrequency, Robot, frames
from counterpoint import commands as cmd
from counterpoint.actions import Action
from counterpoint.core.events import ConflictSettled

NAMES = ("follower1", "follower2", "leader")
PRIORITIES = {"leader": 3, "follower1": 2, "follower2": 1}
BIDS = {"leader": 1.0, "follower1": 2.0, "follower2": 3.0}


def characters(order: tuple[str, ...] = NAMES, **arguments: Any) -> tuple[Controller, dict]:
    """Three robots in one room, in the frame after their first."""
    c = Controller(**arguments)
    places = {"leader": (-2, 0, 0), "follower1": (0, 0, 0), "follower2": (2, 0, 0)}
    robots = {
        name: Robot(
            name, model="panda", position=places[name], priority=PRIORITIES[name],
            cooldown=0.1, image_frequency=ImageFrequency.never,
        )
        for name in order
    }  # fmt: skip
    c.add_ons.extend(robots.values())
    c.communicate(cmd.CreateEmptyRoom(width=8, length=4))
    return c, robots


async def meet(robot: Robot, times: int = 3) -> None:
    """Move, and in between take turns on the stage."""
    for k in range(times):
        await robot.reach_for((0.4, 0.1 * k, 0.5), absolute=False)
        await robot.wait(5).claiming("stage", bid=BIDS[robot.robot_id])


def highest(bids: Any) -> str:
    return max(bids, key=lambda b: b.bid).robot_id


def perform(
    policy: str, seed: int = 42, order: tuple[str, ...] = NAMES
) -> tuple[list[str], list[Any], dict]:
    """Run all three; returns the state's hash after every frame, the conflicts, and the slots."""
    negotiate = highest if policy == "negotiation" else None
    c, robots = characters(order, seed=seed, arbiter=Arbiter(policy, negotiate))
    hashes, settled = [], []
    c.events.subscribe(lambda e: settled.append(e) if isinstance(e, ConflictSettled) else None)
    with c:
        scripts = [c.spawn(meet(robots[name])) for name in NAMES]
        while not all(s.done for s in scripts):
            c.communicate()
            hashes.append(c.state_hash())
        slots = {name: robots[name].interaction for name in NAMES}
    return hashes, settled, slots


@pytest.mark.parametrize("policy", ["priority", "fifo", "cooldown", "negotiation"])
def test_the_same_seed_gives_the_same_outcome_and_the_same_hash_at_every_frame(
    policy: str,
) -> None:
    first, again = perform(policy), perform(policy)
    assert first == again
    assert len(first[0]) > 60
    assert first[1]  # there were conflicts to settle


def test_different_seeds_give_different_hashes() -> None:
    assert set(perform("cooldown", 42)[0]).isdisjoint(perform("cooldown", 99)[0])


@pytest.mark.parametrize("policy", ["priority", "fifo", "cooldown", "negotiation"])
def test_conflicts_end_alike_in_whatever_order_the_characters_were_added(policy: str) -> None:
    _, settled, slots = perform(policy)
    _, other, others = perform(policy, order=NAMES[::-1])
    assert settled == other
    assert slots == others


def test_each_policy_settles_the_same_conflict_in_its_own_way() -> None:
    first_winners = {}
    for policy, negotiate in (
        ("priority", None), ("fifo", None), ("cooldown", None), ("negotiation", highest),
    ):  # fmt: skip
        c, robots = characters(arbiter=Arbiter(policy, negotiate))
        with c:
            if policy == "cooldown":  # the leader has just interacted
                robots["leader"].wait(1).claiming("door")
                c.communicate()
            holder = robots["follower1"].wait(4).claiming("stage")
            c.communicate()
            waiting: dict[str, Action] = {}
            for name in ("follower2", "leader"):  # the one of less priority comes first
                waiting[name] = robots[name].wait(4).claiming("stage", bid=BIDS[name])
                if policy != "cooldown":
                    c.communicate()
            while not holder.done:
                c.communicate()
            c.communicate()
            first_winners[policy] = [n for n, a in waiting.items() if a.initialized]
    assert first_winners == {
        "priority": ["leader"],
        "fifo": ["follower2"],
        "cooldown": ["follower2"],
        "negotiation": ["follower2"],
    }


def test_three_characters_and_more_act_on_one_clock() -> None:
    c, robots = characters()
    with c:
        reaches = [r.reach_for((0.4, 0.2, 0.5), absolute=False) for r in robots.values()]
        while any(a.status is ActionStatus.ongoing for a in reaches):
            c.communicate()
        assert {a.started_frame for a in reaches} == {2}
        assert {a.status for a in reaches} == {ActionStatus.success}


def test_each_character_has_a_slot_with_state_progress_target_count_and_cooldown() -> None:
    c, robots = characters(arbiter=Arbiter("cooldown"))
    leader, follower = robots["leader"], robots["follower1"]
    with c:
        assert leader.interaction.state == "idle"
        arm = leader.reach_for((0.4, 0.2, 0.5), absolute=False)
        assert leader.interaction.state == "transitioning"  # it has not begun
        c.communicate()
        assert leader.interaction.state == "busy"
        wait = leader.wait(10).claiming("stage")
        other = follower.wait(10).claiming("stage")
        c.communicate()
        slot = leader.interaction
        assert (slot.state, slot.holds, slot.count) == ("interacting", ("stage",), 1)
        assert slot.cooldown_left == pytest.approx(0.1)
        waiting = follower.interaction
        assert (waiting.state, waiting.count) == ("transitioning", 0)
        assert (waiting.waits_for, waiting.waits_on) == (("stage",), ("leader",))
        seen = [slot.progress]
        while not wait.done:
            c.communicate()
            seen.append(leader.interaction.progress)
        assert seen == pytest.approx([k / 10 for k in range(1, 11)])
        last = leader.interaction.last_frame
        assert last == wait.ended_frame
        left = []
        while not (arm.done and other.done):
            c.communicate()
            left.append(leader.interaction.cooldown_left)
        assert left[:7] == pytest.approx([k / 60 for k in (5, 4, 3, 2, 1, 0, 0)])
        assert (leader.interaction.state, leader.interaction.holds) == ("idle", ())
        assert leader.interaction.last_frame == last
        assert (follower.interaction.count, follower.interaction.progress) == (1, 1.0)


def test_a_reset_loop_repeats_itself() -> None:
    c, robots = characters(arbiter=Arbiter("cooldown"))

    async def turns(robot: Robot) -> None:
        for _ in range(3):
            await robot.wait(4).claiming("stage")
            await frames(2)

    def run() -> list[str]:
        hashes = []
        scripts = [c.spawn(turns(r)) for r in robots.values()]
        while not all(s.done for s in scripts):
            c.communicate()
            hashes.append(c.state_hash())
        return hashes

    with c:
        first = run()
        c.reset()
        c.communicate(cmd.CreateEmptyRoom(width=8, length=4))
        assert {r.interaction.count for r in robots.values()} == {0}
        assert run() == first
