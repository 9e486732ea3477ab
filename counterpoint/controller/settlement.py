"""One frame's settlement of all claims at once.

Claims are looked at in the order of the policy. One whose resources are all free is granted, whole
or not at all. One that is not, and waits, reserves what it wants, so that a claim of several
resources is not starved by a stream of claims of one. A reservation does not bind a robot that the
waiting one waits for itself: that would hold up both.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from counterpoint.actions import ActionStatus
from counterpoint.actions.claims import Claim, Claimant, InTheWay
from counterpoint.controller.ranking import Negotiate, Policy, by_negotiation, groups, rank, why
from counterpoint.controller.wait_graph import WaitGraph
from counterpoint.core.events import ClaimMade, ConflictSettled, Deadlock, Event

Conflicts = dict[str, tuple[str, tuple[str, ...]]]
"""Resource → who has it or is to have it next, and who else wants it."""


class Settlement:
    """Settles the claims of one frame.

    Args:
        policy: The arbiter's policy.
        negotiate: Its function, with `negotiation`.
        frame: The frame in which granted actions begin.
        objects: Which resources are objects.

    Attributes:
        events: What happened.
    """

    def __init__(
        self, policy: Policy, negotiate: Negotiate | None, frame: int, objects: Collection[str]
    ) -> None:
        self.events: list[Event] = []
        self._policy, self._negotiate = policy, negotiate
        self._frame, self._objects = frame, objects
        self._graph = WaitGraph()
        self._circular = False
        self._holders: dict[str, list[Claim]] = {}
        self._reserved: dict[str, list[Claim]] = {}

    def run(self, claims: Sequence[Claim], before: Conflicts) -> Conflicts:
        """Settle.

        Args:
            claims: All that are held or wanted, by robot.
            before: The conflicts of the frame before: they are not published again.

        Returns:
            The conflicts of this frame.
        """
        waiting: list[Claim] = []
        for claim in claims:
            if claim.made is None:
                self._make(claim)
            if claim.granted is None:
                waiting.append(claim)
            else:
                claim.claimant.last = self._frame
                self._hold(claim)
        if not waiting:
            return {}
        holding = {c.owner for c in claims if c.granted is not None}
        # Only one that holds something and waits for more can be waited for while it waits.
        self._circular = any(c.owner in holding for c in waiting)
        if self._circular:
            for claim in waiting:
                self._graph.edges[claim.owner] = self._held_by_others(claim)
        ranked = self._rank(waiting)
        lost = [c for c in ranked if not self._decide(c)]
        if self._circular:
            self._break_circles(ranked)
        for claim in lost:
            self._lose_to(claim, claim.blocked[0], ranked)
        conflicts = self._publish_conflicts(ranked, before)
        for claim in ranked:  # last, since the reasons above speak of how claimants stood before
            if claim.granted is not None:
                self._note(claim.claimant, claim.resources)
        return conflicts

    # --- who goes first -----------------------------------------------------------------------

    def _rank(self, waiting: Sequence[Claim]) -> list[Claim]:
        if self._policy != "negotiation":
            return rank(self._policy, waiting, self._frame)
        return [c for group in groups(waiting) for c in self._negotiated(group)]

    def _negotiated(self, group: list[Claim]) -> list[Claim]:
        """The group in order, without those that have ended because nobody could order them."""
        assert self._negotiate is not None
        blocked = [c for c in group if self._held_by_others(c)]
        if len(blocked) == len(group):  # whoever goes first, nothing begins now
            return group
        doomed = [c for c in blocked if c.action.on_conflict == "fail"]
        bidders = [c for c in group if c not in doomed]
        try:
            return by_negotiation(bidders, self._negotiate, self._frame) + doomed
        except Exception as error:  # noqa: BLE001 - a user's function: the frame goes on
            for claim in bidders:
                self._end(
                    claim, ActionStatus.failure,
                    f"its claim could not be negotiated: {type(error).__name__}: {error}",
                    error=error,
                )  # fmt: skip
            return doomed

    # --- claims -------------------------------------------------------------------------------

    def _make(self, claim: Claim) -> None:
        claim.made = self._frame
        granted = claim.claimant.granted
        claim.had = {r: granted[r] for r in claim.resources if r in granted}
        self.events.append(
            ClaimMade(
                self._frame, claim.robot_id, type(claim.action).__name__, claim.resources,
                claim.action.on_conflict,
            )
        )  # fmt: skip

    def _hold(self, claim: Claim) -> None:
        for resource in claim.resources:
            self._holders.setdefault(resource, []).append(claim)

    def _note(self, claimant: Claimant, resources: Sequence[str]) -> None:
        claimant.last = self._frame
        claimant.interactions += 1
        claimant.granted.update(dict.fromkeys(resources, self._frame))

    def _decide(self, claim: Claim) -> bool:
        """Grant a claim, or let it wait; False where it can do neither."""
        ways = self._held_by_others(claim)
        for resource in claim.resources:
            for other in self._reserved.get(resource, ()):
                if self._is_bound(claim, other):
                    ways.append(InTheWay(resource, other))
                    if not self._circular:  # the first says enough: no circle can go through it
                        break
        claim.blocked = tuple(ways)
        self._graph.edges.pop(claim.owner, None)
        if not ways:
            claim.granted = self._frame
            self._hold(claim)
            return True
        if claim.action.on_conflict == "fail":
            return False
        for resource in claim.resources:
            self._reserved.setdefault(resource, []).append(claim)
        self._graph.edges[claim.owner] = ways
        return True

    def _held_by_others(self, claim: Claim) -> list[InTheWay]:
        return [
            InTheWay(resource, other)
            for resource in claim.resources
            for other in self._holders.get(resource, ())
            if other.robot_id != claim.robot_id
        ]

    def _is_bound(self, claim: Claim, other: Claim) -> bool:
        """Whether what is reserved for `other` is out of reach of `claim`."""
        if claim.robot_id == other.robot_id:
            return False
        return not (self._circular and self._graph.reaches(other.owner, claim.owner))

    # --- outcomes -----------------------------------------------------------------------------

    def _break_circles(self, ranked: Sequence[Claim]) -> None:
        """End the worst-ranked action of each circle, in which all hold something and wait."""
        waiting = {c.owner: c for c in ranked}
        while circle := self._graph.circle(waiting):
            reason = "deadlock: " + "; ".join(
                f"{owner[0]!r} waits for {way.resource!r}, which {way.claim.robot_id!r} holds"
                for owner, way in circle
            )
            ways = dict(circle)
            worst = next(c for c in reversed(ranked) if c.owner in ways)
            self._graph.edges.pop(worst.owner)
            self._lose(worst, ways[worst.owner], reason)
            robots = tuple(owner[0] for owner in ways)
            resources = tuple(way.resource for way in ways.values())
            self.events.append(Deadlock(self._frame, robots, resources, worst.robot_id, reason))

    def _lose_to(self, claim: Claim, way: InTheWay, ranked: Sequence[Claim]) -> None:
        winner, resource = way.claim, repr(way.resource)
        reason = why(self._policy, winner, claim, ranked, self._frame)
        if winner.granted is None:
            text = f"{resource} is reserved for {winner.robot_id!r}: {reason}"
        else:
            text = f"{resource} goes to {winner.robot_id!r}: {reason}"
        self._lose(claim, way, text)

    def _lose(self, claim: Claim, way: InTheWay, reason: str) -> None:
        facts = {"object_id": way.resource} if way.resource in self._objects else {}
        self._end(
            claim, ActionStatus.conflict, reason,
            resource=way.resource, robot_id=way.claim.robot_id, **facts,
        )  # fmt: skip

    def _end(self, claim: Claim, status: ActionStatus, reason: str, **facts: Any) -> None:
        self._graph.edges.pop(claim.owner, None)
        claim.action.initialized = True
        claim.action.end(status, reason, **facts)

    def _publish_conflicts(self, ranked: Sequence[Claim], before: Conflicts) -> Conflicts:
        """Publish each conflict that has a new winner or a new loser."""
        found: dict[str, tuple[Claim, list[Claim]]] = {}
        for claim in ranked:
            for resource, winner in claim.blocked:
                losers = found.setdefault(resource, (winner, []))[1]
                if not losers or losers[-1] is not claim:
                    losers.append(claim)
        conflicts: Conflicts = {}
        for resource, (winner, losers) in found.items():
            names = tuple(dict.fromkeys(c.robot_id for c in losers))
            conflicts[resource] = winner.robot_id, names
            known = before.get(resource, ("", ()))
            if known[0] != winner.robot_id or not set(names) <= set(known[1]):
                reason = why(self._policy, winner, losers[0], ranked, self._frame)
                self.events.append(
                    ConflictSettled(
                        self._frame, resource, winner.robot_id, names, self._policy, reason
                    )
                )
        return conflicts
