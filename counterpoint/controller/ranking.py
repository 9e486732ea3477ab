"""In which order claims that wait are looked at: the arbiter's policies.

A ranking depends on the claims alone, never on the order in which robots were added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from typing import Any, Literal, NamedTuple

from counterpoint.actions.claims import Claim
from counterpoint.core.errors import CommandError

Policy = Literal["priority", "fifo", "cooldown", "negotiation"]


class Bid(NamedTuple):
    """One robot's part in a negotiation.

    Attributes:
        robot_id: Who bids.
        bid: What its action offers, or None.
        resources: What it wants.
        priority: The robot's priority.
        waited: Frames since it made the claim.
    """

    robot_id: str
    bid: float | None
    resources: tuple[str, ...]
    priority: int
    waited: int


Negotiate = Callable[[Sequence[Bid]], str | None]
"""Says which robot goes first; None leaves it to priority, then name."""


def rank(policy: Policy, claims: Sequence[Claim], frame: int) -> list[Claim]:
    """Claims that wait, best first, under any policy but `negotiation`."""
    if policy == "cooldown":
        return by_cooldown(claims, frame)
    return sorted(claims, key=by_age if policy == "fifo" else by_priority)


def by_priority(claim: Claim) -> tuple[Any, ...]:
    """Higher priority, then name; of one robot's claims, the one of the older action."""
    return -claim.claimant.priority, claim.robot_id, claim.number


def by_age(claim: Claim) -> tuple[Any, ...]:
    """Earlier claim, then priority, then name."""
    return claim.made, by_priority(claim)


def by_cooldown(claims: Sequence[Claim], frame: int) -> list[Claim]:
    """Cooldown over, then priority, then name; but never again before one that waited meanwhile.

    A robot that has had a resource since another began to wait for it goes after that other. This
    is an order by intervals, from when a robot last had the resource until it claimed it again, so
    it never turns in a circle; and a claim has only finitely many before it, so none starves.
    """

    def key(k: int) -> tuple[Any, ...]:
        claim = claims[k]
        return claim.claimant.cooldown_left(frame) > 0, by_priority(claim), k

    before: list[int] = [0] * len(claims)
    after: list[list[int]] = [[] for _ in claims]
    for k, late in enumerate(claims):
        if late.had:
            for i, early in enumerate(claims):
                if yields(late, early):
                    before[k] += 1
                    after[i].append(k)
    ready = [key(k) for k in range(len(claims)) if not before[k]]
    heapify(ready)
    ranked: list[Claim] = []
    while ready:
        k = heappop(ready)[-1]
        ranked.append(claims[k])
        for later in after[k]:
            before[later] -= 1
            if not before[later]:
                heappush(ready, key(later))
    return ranked


def yields(late: Claim, early: Claim) -> bool:
    """Whether `late`'s robot has had something since `early`'s robot began to wait for it."""
    assert early.made is not None
    return late.robot_id != early.robot_id and any(
        late.had.get(r, -1) >= early.made for r in early.resources if r in late.resources
    )


def groups(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Claims that share resources, directly or through others; order kept."""
    found: list[tuple[set[str], list[Claim]]] = []
    for claim in claims:
        wanted, members = set(claim.resources), [claim]
        apart = []
        for names, group in found:
            if names & wanted:
                wanted, members = wanted | names, group + members
            else:
                apart.append((names, group))
        found = [*apart, (wanted, members)]
    return [sorted(members, key=by_priority) for _, members in found]


def by_negotiation(group: Sequence[Claim], negotiate: Negotiate, frame: int) -> list[Claim]:
    """The order that a user's function gives claims, asked for the first of those that are left.

    Args:
        group: By priority, then name.
        negotiate: The function.
        frame: The frame now.

    Raises:
        CommandError: If it names somebody else. What it raises comes out.
    """
    left = list(group)
    ranked: list[Claim] = []
    while left:
        firsts = {c.robot_id: c for c in reversed(left)}
        if len(firsts) == 1:
            return ranked + left
        bidders = [c for c in left if firsts[c.robot_id] is c]
        chosen = negotiate(
            tuple(
                Bid(
                    c.robot_id, c.action.bid, c.resources, c.claimant.priority,
                    frame - (frame if c.made is None else c.made),
                )
                for c in bidders
            )
        )  # fmt: skip
        if chosen is None:
            return ranked + left
        if not isinstance(chosen, str) or chosen not in firsts:
            raise CommandError(
                "the winner of a negotiation is one of the claimants", field="negotiate",
                value=chosen, exists=[c.robot_id for c in bidders],
            )  # fmt: skip
        ranked.append(firsts[chosen])
        left.remove(firsts[chosen])
    return ranked


def why(policy: Policy, winner: Claim, loser: Claim, ranked: Sequence[Claim], frame: int) -> str:
    """Why `winner` goes before `loser`, in words.

    Args:
        policy: What they were ranked by.
        winner: The claim that has what both want, or that it is reserved for.
        loser: The other.
        ranked: The claims that waited in this frame, best first.
        frame: The frame now.
    """
    if winner.granted is not None and winner.granted < frame:
        return f"it has it since frame {winner.granted}"
    if ranked.index(winner) > ranked.index(loser):
        return f"{loser.robot_id!r} waits for what it holds"
    first, second = winner.claimant, loser.claimant
    if policy == "negotiation":
        return "so it was negotiated"
    if policy == "fifo" and winner.made != loser.made:
        return f"it claimed in frame {winner.made}, before frame {loser.made}"
    if policy == "cooldown":
        if yields(loser, winner):
            return f"{loser.robot_id!r} has had it since {winner.robot_id!r} began to wait"
        if second.cooldown_left(frame) > 0 and not first.cooldown_left(frame):
            return f"its cooldown is over, that of {loser.robot_id!r} is not"
    if first.priority != second.priority:
        return f"its priority is {first.priority}, before {second.priority}"
    return "its name comes first"
