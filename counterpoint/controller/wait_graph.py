"""Who waits for whom: reachability and circles in the wait-for graph of one frame."""

from __future__ import annotations

from collections.abc import Iterable

from counterpoint.actions.claims import InTheWay

Owner = tuple[str, int]
"""A robot, and which of its actions."""


class WaitGraph:
    """Owners that wait, each for all that are in its way.

    Attributes:
        edges: Owner that waits → what is in its way.
    """

    def __init__(self) -> None:
        self.edges: dict[Owner, list[InTheWay]] = {}

    def reaches(self, start: Owner, goal: Owner) -> bool:
        """Whether `start` waits for `goal`, directly or through others."""
        seen, pending = {start}, [start]
        while pending:
            for way in self.edges.get(pending.pop(), ()):
                owner = way.claim.owner
                if owner == goal:
                    return True
                if owner not in seen:
                    seen.add(owner)
                    pending.append(owner)
        return False

    def circle(self, order: Iterable[Owner]) -> list[tuple[Owner, InTheWay]]:
        """The first circle found from owners in this order: who waits, and for what; or nothing."""
        done: set[Owner] = set()
        for start in order:
            path: list[tuple[Owner, InTheWay]] = []
            index = {start: 0}
            stack = [(start, iter(self.edges.get(start, ())))]
            while stack:
                owner, ways = stack[-1]
                way = next(ways, None)
                if way is None:
                    stack.pop()
                    done.add(owner)
                    index.pop(owner)
                    if path:
                        path.pop()
                    continue
                there = way.claim.owner
                if there in index:
                    return [*path[index[there] :], (owner, way)]
                if there not in done:
                    path.append((owner, way))
                    index[there] = len(stack)
                    stack.append((there, iter(self.edges.get(there, ()))))
        return []
