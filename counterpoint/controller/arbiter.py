"""The arbiter: which robot gets what several want for themselves alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from counterpoint.actions.claims import Claim
from counterpoint.add_ons import AddOn, Host
from counterpoint.controller.ranking import Negotiate, Policy
from counterpoint.controller.settlement import Conflicts, Settlement
from counterpoint.core.errors import CommandError


class Arbiter:
    """Settles what robots want for themselves alone.

    `fifo` and `cooldown` starve nobody, as long as those that hold something let go of it; under
    `priority` and `negotiation`, robots may go first for ever.

    Args:
        policy: Who goes first. `priority`: higher priority. `fifo`: earlier claim. `cooldown`: the
            one whose cooldown since its last interaction is over, and never a second time before
            one that waited meanwhile. `negotiation`: the one that `negotiate` names. Ties go by
            priority, then by name.
        negotiate: With `negotiation`: a function of the claimants' bids, by priority, then name,
            that returns the winner's robot id, or None for the tie rule. It is asked, in each frame
            in which one of them could begin, for the first, for the next of the others, and so on;
            the same bids should get the same answer. Where it names somebody else, or raises, the
            actions that it was asked about end as `failure` with the error in their results.

    Attributes:
        policy: The policy.
        claims: What is held and waited for, as of the last settlement; by robot.

    Raises:
        CommandError: If the policy is unknown, or it and `negotiate` do not go together.
    """

    def __init__(self, policy: Policy = "priority", negotiate: Negotiate | None = None) -> None:
        if policy not in get_args(Policy):
            raise CommandError(
                "unknown policy", field="policy", value=policy, exists=get_args(Policy)
            )
        if (policy == "negotiation") != callable(negotiate):
            raise CommandError(
                "policy 'negotiation' takes a function of bids, the others take none",
                field="negotiate", value=negotiate,
            )  # fmt: skip
        self.policy, self._negotiate = policy, negotiate
        self.claims: tuple[Claim, ...] = ()
        self._conflicts: Conflicts = {}

    def settle(self, host: Host, add_ons: Iterable[AddOn]) -> None:
        """Grant what can be granted to robots in the coming frame; end or hold back the others."""
        found: list[Claim] | None = None
        for add_on in add_ons:
            claims = add_on.claims()
            if claims:
                found = found or []
                found += claims
        if found is None:
            self.clear()
            return
        found.sort(key=lambda c: c.owner)
        self.claims = tuple(found)
        settlement = Settlement(self.policy, self._negotiate, host.frame + 1, host.names.objects)
        self._conflicts = settlement.run(self.claims, self._conflicts)
        for event in settlement.events:
            host.events.publish(event)

    def clear(self) -> None:
        """Forget every claim."""
        if self.claims or self._conflicts:
            self.claims, self._conflicts = (), {}

    def state(self) -> Any:
        """What later frames depend on, for the state hash."""
        return self.policy, [c.state() for c in self.claims if not c.action.done]
