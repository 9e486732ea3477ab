"""The arbiter by itself: policies, fairness, and outcomes that no order of robots changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoint import ActionStatus, AddOn, Arbiter, CommandError, Controller
from counterpoint.actions import Action
from counterpoint.actions.claims import Claim, Claimant, OnConflict
from counterpoint.commands import Names
from counterpoint.controller import Bid
from counterpoint.core.events import ClaimMade, ConflictSettled, Deadlock, Event, EventBus

POLICIES = ("priority", "fifo", "cooldown", "negotiation")
RESOURCES = ("door", "hoist", "mug", "ramp")


def highest(bids: Sequence[Bid]) -> str | None:
    """Who offers most; nobody in particular where nothing is offered."""
    best = max(bids, key=lambda b: -1.0 if b.bid is None else b.bid, default=None)
    return None if best is None or best.bid is None else best.robot_id


def function_of(policy: str) -> Any:
    return highest if policy == "negotiation" else None


# --- robots without bodies -----------------------------------------------------------------------


class Party(AddOn):
    """A robot without a body: it only claims."""

    def __init__(self, name: str, priority: int = 0, cooldown: int = 0) -> None:
        self.claimant = Claimant(name, priority, cooldown)
        self.live: list[Claim] = []
        self.all: list[Claim] = []
        self._started = 0

    def claim(
        self,
        *resources: str,
        on_conflict: OnConflict = "wait",
        bid: float | None = None,
        within: Claim | None = None,
    ) -> Claim:
        """Start an action with claims; `within` one that holds something already, as a child."""
        self._started += 1
        number = self._started if within is None else within.number
        action = Action().claiming(*resources, on_conflict=on_conflict, bid=bid)
        held = () if within is None else within.resources
        needs = tuple(r for r in action.claims if r not in held)
        action.claim = Claim(action, self.claimant, needs, number)
        self.live.append(action.claim)
        self.all.append(action.claim)
        return action.claim

    def claims(self) -> Sequence[Claim]:
        self.live = [c for c in self.live if not c.action.done]
        return list(self.live)


class World:
    """A host whose frames only settle claims; `added` is the order in which it knows its robots."""

    def __init__(
        self, arbiter: Arbiter, parties: Sequence[Party], added: Sequence[Party] = ()
    ) -> None:
        self.frames_per_second, self.seed, self.frame, self.response = 60, 0, 0, None
        self.names, self.events = Names(), EventBus()
        self.arbiter, self.parties, self.added = arbiter, parties, added or parties
        self.happened: list[Event] = []

    def step(self) -> None:
        """One frame; what has lost in it is done at its end."""
        self.arbiter.settle(self, self.added)
        self.frame += 1
        self.happened += self.events.take()
        for party in self.parties:
            for claim in party.live:
                claim.action.done = claim.action.status is not ActionStatus.ongoing

    def found(self, kind: type[Event]) -> list[Any]:
        """The events of a kind so far."""
        return [e for e in self.happened if isinstance(e, kind)]


def world(*parties: Party, policy: Any = "priority", negotiate: Any = None) -> World:
    """A world with an arbiter."""
    return World(Arbiter(policy, negotiate), parties)


def hold_for_a_frame(w: World, claim: Claim) -> None:
    """It is granted in this frame, and let go at its end."""
    w.step()
    assert claim.granted == w.frame
    release(claim)


def release(claim: Claim) -> None:
    """The claim's action has ended, and its end phase has run."""
    claim.action.succeed("done with it")
    claim.action.done = True


# --- policies ------------------------------------------------------------------------------------


def test_what_nobody_else_wants_is_granted_in_the_frame_in_which_it_is_claimed() -> None:
    a = Party("a")
    w = world(a)
    claim = a.claim("mug", "door")
    w.step()
    assert (claim.made, claim.granted, claim.blocked) == (1, 1, ())
    assert w.found(ClaimMade)[0].resources == ("mug", "door")
    assert w.found(ConflictSettled) == []


def test_under_priority_the_higher_one_wins_and_names_break_ties() -> None:
    a, b, c = Party("a"), Party("b", priority=2), Party("c", priority=2)
    w = world(a, b, c)
    claims = [p.claim("mug") for p in (a, b, c)]
    w.step()
    assert [x.granted for x in claims] == [None, 1, None]
    settled = w.found(ConflictSettled)[0]
    assert (settled.resource, settled.winner, settled.losers) == ("mug", "b", ("c", "a"))
    assert settled.reason == "its name comes first"
    release(claims[1])
    w.step()
    assert [x.granted for x in claims] == [None, 1, 2]
    assert w.found(ConflictSettled)[1].reason == "its priority is 2, before 0"


def test_under_fifo_the_earlier_claim_wins_whatever_the_priorities() -> None:
    holder, low, high = Party("h"), Party("low"), Party("high", priority=9)
    w = world(holder, low, high, policy="fifo")
    held, early = holder.claim("mug"), None
    w.step()
    early = low.claim("mug")
    w.step()
    late = high.claim("mug")
    w.step()
    release(held)
    w.step()
    assert early.granted == 4
    assert late.granted is None
    assert w.found(ConflictSettled)[-1].reason == "it claimed in frame 2, before frame 3"


def test_under_fifo_claims_of_one_frame_go_by_priority_then_name() -> None:
    parties = [Party("a"), Party("b", priority=1), Party("c", priority=1)]
    w = world(*parties, policy="fifo")
    claims = [p.claim("mug") for p in parties]
    w.step()
    assert [c.granted for c in claims] == [None, 1, None]


def test_under_cooldown_the_one_whose_cooldown_is_over_wins_whatever_the_priorities() -> None:
    eager, calm = Party("eager", priority=9, cooldown=10), Party("calm")
    w = world(eager, calm, policy="cooldown")
    hold_for_a_frame(w, eager.claim("door"))
    again, other = eager.claim("mug"), calm.claim("mug")
    w.step()
    assert (again.granted, other.granted) == (None, 2)
    reason = "its cooldown is over, that of 'eager' is not"
    assert w.found(ConflictSettled)[0].reason == reason


def test_under_cooldown_priority_decides_again_once_all_cooldowns_are_over() -> None:
    eager, calm = Party("eager", priority=9, cooldown=10), Party("calm")
    w = world(eager, calm, policy="cooldown")
    hold_for_a_frame(w, eager.claim("door"))
    for _ in range(9):
        w.step()
    again, other = eager.claim("mug"), calm.claim("mug")
    w.step()
    assert w.frame == 11
    assert (again.granted, other.granted) == (11, None)


def test_under_cooldown_a_robot_goes_after_one_that_waited_while_it_had_the_resource() -> None:
    high, low = Party("high", priority=9), Party("low")  # no cooldown: both are always ready
    w = world(high, low, policy="cooldown")
    first, waiting = high.claim("mug"), low.claim("mug")
    w.step()
    release(first)
    again = high.claim("mug")
    w.step()
    assert (first.granted, waiting.granted, again.granted) == (1, 2, None)
    assert "has had it since 'low' began to wait" in w.found(ConflictSettled)[-1].reason


def test_under_negotiation_a_function_of_the_bids_names_the_winner() -> None:
    seen: list[Sequence[Bid]] = []

    def negotiate(bids: Sequence[Bid]) -> str | None:
        seen.append(bids)
        return highest(bids)

    a, b, c = Party("a", priority=5), Party("b"), Party("c", priority=1)
    w = world(a, b, c, policy="negotiation", negotiate=negotiate)
    claims = [p.claim("mug", bid=x) for p, x in ((a, 1.0), (b, 3.0), (c, 2.0))]
    w.step()
    assert [x.granted for x in claims] == [None, 1, None]
    assert [b.robot_id for b in seen[0]] == ["a", "c", "b"]  # by priority, then name
    assert seen[0][1] == Bid("c", 2.0, ("mug",), 1, 0)
    assert [b.robot_id for b in seen[1]] == ["a", "c"]  # asked for the next of the others
    assert w.found(ConflictSettled)[0].losers == ("c", "a")


def test_a_negotiation_without_preference_goes_by_priority_then_name() -> None:
    a, b, c = Party("a"), Party("b", priority=1), Party("c", priority=1)
    w = world(a, b, c, policy="negotiation", negotiate=lambda bids: None)
    claims = [p.claim("mug") for p in (a, b, c)]
    w.step()
    assert [x.granted for x in claims] == [None, 1, None]


def test_a_negotiation_is_not_asked_while_nobody_could_begin() -> None:
    calls = []
    a, b, c = Party("a"), Party("b"), Party("c")
    w = world(a, b, c, policy="negotiation", negotiate=calls.append)
    a.claim("mug")
    w.step()
    b.claim("mug")
    c.claim("mug")
    for _ in range(5):
        w.step()
    assert calls == []


@pytest.mark.parametrize("answer", ["nobody", 7])
def test_a_winner_that_did_not_bid_ends_what_it_was_asked_about(answer: Any) -> None:
    a, b, c = Party("a"), Party("b"), Party("c")
    w = world(a, b, c, policy="negotiation", negotiate=lambda bids: answer)
    claims = [a.claim("mug"), b.claim("mug")]
    other = c.claim("door")
    w.step()
    for claim in claims:
        assert claim.action.status is ActionStatus.failure
        error = claim.action.result.error
        assert isinstance(error, CommandError)
        assert error.exists == ("a", "b")
        assert "'a', 'b'" in claim.action.result.reason
    assert other.granted == 1  # what was not negotiated goes on
    after = b.claim("mug")
    w.step()
    assert after.granted == 2  # nothing is left behind


def test_a_negotiation_that_raises_ends_what_it_was_asked_about() -> None:
    def negotiate(bids: Sequence[Bid]) -> str:
        raise ZeroDivisionError("no bids worth it")

    a, b, c = Party("a"), Party("b"), Party("c")
    w = world(a, b, c, policy="negotiation", negotiate=negotiate)
    claims = [a.claim("mug"), b.claim("mug")]
    other = c.claim("door")
    w.step()
    assert {x.action.status for x in claims} == {ActionStatus.failure}
    assert all(isinstance(x.action.result.error, ZeroDivisionError) for x in claims)
    assert other.granted == 1


@pytest.mark.parametrize(
    "arguments",
    [{"policy": "lottery"}, {"policy": "negotiation"}, {"policy": "fifo", "negotiate": highest}],
)
def test_a_policy_that_makes_no_sense_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        Arbiter(**arguments)


def test_a_controller_takes_an_arbiter_not_the_name_of_a_policy() -> None:
    with pytest.raises(CommandError, match="expected an Arbiter"):
        Controller(arbiter="fifo")  # type: ignore[arg-type]


# --- granting ------------------------------------------------------------------------------------


def test_claims_are_granted_whole_or_not_at_all() -> None:
    a, b, c = Party("a"), Party("b"), Party("c")
    w = world(a, b, c)
    held = a.claim("mug")
    w.step()
    both = b.claim("mug", "door")
    w.step()
    assert both.granted is None
    assert [x.granted for x in w.arbiter.claims if "door" in x.resources] == [None]
    release(held)
    w.step()
    assert both.granted == 3


def test_one_that_waits_for_several_reserves_them_against_a_stream_of_claims_of_one() -> None:
    holder, big, *small = (Party(n) for n in ("a", "b", "c", "d", "e"))
    w = world(holder, big, *small, policy="fifo")
    held = holder.claim("mug")
    w.step()
    both = big.claim("mug", "door")
    w.step()
    stream = [p.claim("door") for p in small]
    w.step()
    assert [x.granted for x in stream] == [None] * 3  # `door` is free, and reserved
    assert w.found(ConflictSettled)[-1].winner == "b"
    release(held)
    w.step()
    assert both.granted == 4


def test_one_that_does_not_wait_reserves_nothing() -> None:
    holder, picky, other = Party("a"), Party("b", priority=5), Party("c")
    w = world(holder, picky, other)
    holder.claim("mug")
    w.step()
    lost, claim = picky.claim("mug", "door", on_conflict="fail"), other.claim("door")
    w.step()
    assert lost.action.status is ActionStatus.conflict
    assert claim.granted == 2


def test_a_loser_that_does_not_wait_is_told_who_won_what() -> None:
    a, b = Party("a", priority=1), Party("b")
    w = world(a, b)
    a.claim("mug")
    lost = b.claim("mug", on_conflict="fail")
    w.step()
    assert lost.action.status is ActionStatus.conflict
    result = lost.action.result
    assert (result.robot_id, result.resource, result.object_id) == ("a", "mug", None)
    assert result.reason == "'mug' goes to 'a': its priority is 1, before 0"


def test_actions_of_one_robot_share_what_it_holds() -> None:
    a, b = Party("a"), Party("b")
    w = world(a, b)
    first, second = a.claim("door"), a.claim("door")
    w.step()
    assert (first.granted, second.granted) == (1, 1)
    other = b.claim("door")
    release(first)
    w.step()
    assert other.granted is None
    release(second)
    w.step()
    assert other.granted == 3


def test_a_conflict_is_published_when_it_begins_and_when_it_changes_not_every_frame() -> None:
    a, b, c = Party("a"), Party("b"), Party("c")
    w = world(a, b, c)
    held = a.claim("mug")
    b.claim("mug")
    for _ in range(5):
        w.step()
    assert [e.losers for e in w.found(ConflictSettled)] == [("b",)]
    c.claim("mug")
    for _ in range(5):
        w.step()
    assert [e.losers for e in w.found(ConflictSettled)] == [("b",), ("b", "c")]
    release(held)
    for _ in range(5):
        w.step()
    assert [e.winner for e in w.found(ConflictSettled)] == ["a", "a", "b"]


@pytest.mark.parametrize("policy", POLICIES)
def test_of_32_robots_that_claim_one_object_in_one_frame_one_gets_it(policy: str) -> None:
    parties = [Party(f"r{k:02d}", priority=k % 3) for k in range(32)]
    w = world(*parties, policy=policy, negotiate=function_of(policy))
    claims = [p.claim("mug", bid=float(k * 7 % 32)) for k, p in enumerate(parties)]
    w.step()
    granted = [c.robot_id for c in claims if c.granted is not None]
    assert granted == (["r09"] if policy == "negotiation" else ["r02"])
    assert len(w.found(ConflictSettled)[0].losers) == 31


# --- circles -------------------------------------------------------------------------------------


def test_two_that_wait_for_each_other_are_named_and_the_worse_one_ends() -> None:
    a, b = Party("a"), Party("b", priority=1)
    w = world(a, b)
    left, right = a.claim("left"), b.claim("right")
    w.step()
    inner_a, inner_b = a.claim("right", within=left), b.claim("left", within=right)
    w.step()
    (event,) = w.found(Deadlock)
    assert set(zip(event.robots, event.resources, strict=True)) == {("a", "right"), ("b", "left")}
    assert event.ended == "a"
    assert inner_a.action.status is ActionStatus.conflict
    assert "'a' waits for 'right', which 'b' holds" in inner_a.action.result.reason
    assert "'b' waits for 'left', which 'a' holds" in inner_a.action.result.reason
    assert inner_b.action.status is ActionStatus.ongoing
    release(left)  # as its composite does, which failed with its child
    w.step()
    assert inner_b.granted == 3


def test_a_circle_of_five_ends_one_and_lets_four_through() -> None:
    parties = [Party(f"p{k}") for k in range(5)]
    w = world(*parties)
    forks = [p.claim(f"fork{k}") for k, p in enumerate(parties)]
    w.step()
    others = [
        p.claim(f"fork{(k + 1) % 5}", within=forks[k]) for k, p in enumerate(parties)
    ]  # the dining philosophers
    w.step()
    assert [len(e.robots) for e in w.found(Deadlock)] == [5]
    ended = [c for c in others if c.action.status is ActionStatus.conflict]
    assert [c.robot_id for c in ended] == ["p4"]
    release(forks[4])
    for k in (3, 2, 1, 0):
        w.step()
        assert others[k].granted is not None
        release(others[k])
        release(forks[k])


def test_waiting_in_a_line_is_no_deadlock() -> None:
    a, b, c = Party("a"), Party("b"), Party("c")
    w = world(a, b, c)
    first = a.claim("left")
    middle = b.claim("right")
    w.step()
    b.claim("left", within=middle)
    c.claim("right")
    for _ in range(3):
        w.step()
    assert w.found(Deadlock) == []
    assert first.action.status is ActionStatus.ongoing


def test_a_reservation_does_not_bind_the_robot_that_its_owner_waits_for() -> None:
    a, b = Party("a"), Party("b", priority=5)
    w = world(a, b)
    left = a.claim("left")
    w.step()
    both = b.claim("left", "right")
    w.step()
    inner = a.claim("right", within=left)  # reserved for b, which waits for a
    w.step()
    assert inner.granted == 3
    assert w.found(Deadlock) == []
    release(inner)
    release(left)
    w.step()
    assert both.granted == 4


# --- properties ----------------------------------------------------------------------------------


class Task(NamedTuple):
    """What one robot does at some time.

    Attributes:
        start: The frame before which it starts.
        robot: Whose it is.
        resources: What it claims.
        hold: Frames that it holds them.
        fails: Whether it ends where it loses.
        bid: What it offers.
        inner: What it claims besides, once it has had its resources for a frame.
    """

    start: int
    robot: int
    resources: tuple[str, ...]
    hold: int
    fails: bool = False
    bid: float | None = None
    inner: tuple[str, ...] = ()


@dataclass
class Running:
    task: Task
    claim: Claim
    inner: Claim | None = None
    left: int = 0


def play(setting: World, tasks: Sequence[Task], limit: int = 2_000) -> list[Any]:
    """Run tasks to their ends and say, frame by frame, who held what.

    Raises:
        TimeoutError: If one is not done after `limit` frames.
    """
    trace: list[Any] = []
    going: list[Running] = []
    for frame in range(limit):
        for task in tasks:
            if task.start == frame:
                party = setting.parties[task.robot]
                claim = party.claim(
                    *task.resources, on_conflict="fail" if task.fails else "wait", bid=task.bid
                )
                going.append(Running(task, claim, left=task.hold))
        setting.step()
        trace.append(
            sorted(
                (c.owner, c.resources, c.granted, c.action.status.value)
                for p in setting.parties
                for c in p.live
            )
        )
        for one in going:
            _advance(one, setting)
        going = [one for one in going if not one.claim.action.done]
        if not going and frame >= max((t.start for t in tasks), default=0):
            return trace
    raise TimeoutError(f"not done after {limit} frames: {going}")


def _advance(one: Running, setting: World) -> None:
    if one.claim.action.done or one.claim.granted is None:
        return
    if one.task.inner and one.inner is None:
        party = setting.parties[one.task.robot]
        one.inner = party.claim(*one.task.inner, within=one.claim)
        if not one.inner.resources:
            release(one.inner)
        return
    if one.inner is not None and not one.inner.action.done and one.inner.granted is None:
        return
    if one.inner is not None and one.inner.action.status is ActionStatus.conflict:
        one.claim.action.end(ActionStatus.conflict, "its child lost")
        one.claim.action.done = True
        return
    one.left -= 1
    if one.left <= 0:
        if one.inner is not None:
            release(one.inner)
        release(one.claim)


some = st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=3, unique=True).map(tuple)
tasks = st.lists(
    st.builds(
        Task,
        start=st.integers(0, 8),
        robot=st.integers(0, 4),
        resources=some,
        hold=st.integers(1, 4),
        fails=st.booleans(),
        bid=st.none() | st.integers(0, 3).map(float),
        inner=st.just(()) | some,
    ),
    min_size=1,
    max_size=12,
)
stances = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 6)), min_size=5, max_size=5
)  # priority and cooldown of each robot


def five(stance: Sequence[tuple[int, int]]) -> list[Party]:
    return [Party(f"r{k}", priority, cooldown) for k, (priority, cooldown) in enumerate(stance)]


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=250)
@given(stance=stances, tasks=tasks, order=st.permutations(range(5)))
def test_1000_sets_of_claims_end_alike_in_whatever_order_robots_were_added(
    policy: Any, stance: list[tuple[int, int]], tasks: list[Task], order: list[int]
) -> None:
    outcomes = []
    for sequence in (range(5), order):
        parties = five(stance)
        added = [parties[k] for k in sequence]
        w = World(Arbiter(policy, function_of(policy)), parties, added)
        trace = play(w, tasks)
        outcomes.append((trace, w.happened, w.arbiter.state()))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=250)
@given(stance=stances, tasks=tasks)
def test_no_two_robots_hold_one_resource_and_every_claim_comes_to_an_end(
    policy: Any, stance: list[tuple[int, int]], tasks: list[Task]
) -> None:
    w = world(*five(stance), policy=policy, negotiate=function_of(policy))
    for frame in play(w, tasks, limit=500):  # raises if one is never granted nor ended
        holders: dict[str, str] = {}
        for (robot, _), resources, granted, _ in frame:
            for resource in resources if granted is not None else ():
                assert holders.setdefault(resource, robot) == robot


waiting_tasks = tasks.map(lambda many: [t._replace(fails=False, inner=()) for t in many])


@settings(max_examples=250)
@given(stance=stances, tasks=waiting_tasks)
def test_fifo_starves_nobody_no_later_claim_of_the_same_goes_first(
    stance: list[tuple[int, int]], tasks: list[Task]
) -> None:
    parties = five(stance)
    play(world(*parties, policy="fifo"), tasks)
    claims = [c for p in parties for c in p.all]
    for early in claims:
        for late in claims:
            rivals = early.robot_id != late.robot_id
            if rivals and early.made < late.made and set(early.resources) & set(late.resources):
                assert early.granted < late.granted


@settings(max_examples=250)
@given(
    stance=stances,
    rounds=st.lists(st.tuples(some, st.integers(1, 4)), min_size=5, max_size=5),
)
def test_cooldown_starves_nobody_each_other_robot_goes_first_at_most_once(
    stance: list[tuple[int, int]], rounds: list[tuple[tuple[str, ...], int]]
) -> None:
    parties = five(stance)
    w = world(*parties, policy="cooldown")
    current = [p.claim(*rounds[k][0]) for k, p in enumerate(parties)]
    for _ in range(120):  # each robot claims again as soon as it has let go
        w.step()
        for k, party in enumerate(parties):
            claim = current[k]
            if claim.granted is not None and w.frame >= claim.granted + rounds[k][1]:
                release(claim)
                current[k] = party.claim(*rounds[k][0])
    claims = [c for p in parties for c in p.all if c.made is not None]
    for claim in claims:
        end = w.frame if claim.granted is None else claim.granted
        between = [
            other.robot_id
            for other in claims
            if other.granted is not None
            and claim.made <= other.granted < end
            and set(other.resources) & set(claim.resources)
        ]
        assert len(between) == len(set(between))
    assert all(p.claimant.interactions >= 3 for p in parties)


# --- declaring -----------------------------------------------------------------------------------


def test_claiming_adds_to_what_an_action_claims_and_returns_it() -> None:
    action = Action()
    assert action.claiming("door").claiming("mug", "door", on_conflict="fail", bid=2) is action
    assert action.claims == ("door", "mug")
    assert (action.on_conflict, action.bid) == ("fail", 2)
    assert Action().claims == ()


@pytest.mark.parametrize(
    ("resources", "arguments"),
    [
        (("",), {}), ((7,), {}), (("door",), {"on_conflict": "fight"}),
        (("door",), {"bid": float("nan")}), (("door",), {"bid": True}),
    ],
)  # fmt: skip
def test_claims_that_make_no_sense_are_refused_and_change_nothing(
    resources: tuple[Any, ...], arguments: dict[str, Any]
) -> None:
    action = Action()
    with pytest.raises(CommandError):
        action.claiming(*resources, **arguments)
    assert action.claims == ()
    assert action.on_conflict == "wait"


def test_the_arbiters_state_holds_what_is_held_and_waited_for() -> None:
    a, b = Party("a"), Party("b")
    w = world(a, b)
    empty = w.arbiter.state()
    claim = a.claim("mug")
    b.claim("mug")
    w.step()
    both = w.arbiter.state()
    assert both != empty
    release(claim)
    assert w.arbiter.state() not in (empty, both)
    w.arbiter.clear()
    assert w.arbiter.state() == empty
