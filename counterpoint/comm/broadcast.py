"""Every robot broadcasts its state each frame, and every other one hears it late, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from counterpoint.comm.links import NONE, Links, Noise
from counterpoint.comm.overlay import Tensor
from counterpoint.comm.packet import CommPacket
from counterpoint.comm.predicates import Predicates
from counterpoint.comm.statistics import CommStatistics
from counterpoint.core.errors import CommError
from counterpoint.core.pose import Array, read_only


class Extras(NamedTuple):
    """What a robot's packet carries besides its pose.

    Attributes:
        predicates: What is true of its task.
        overlay: Its learned message, or None.
    """

    predicates: Predicates
    overlay: Tensor | None


class Broadcast:
    """A radio between robots: a link for each pair and direction, each with noise of its own.

    It does for many receivers what a `CommDegradation` round a `FixedFormatChannel` does for one,
    on arrays: packets are made when they are asked for.

    Args:
        noise: Delays and drops.

    Attributes:
        robots: Ids of the robots that take part, sorted.
        frame: The frame that was transmitted last.
    """

    def __init__(self, noise: Noise) -> None:
        self.robots: tuple[str, ...] = ()
        self.frame = NONE
        self._links = Links(noise)
        self._rate = noise.frames_per_second
        self._senders = np.empty(0, dtype=np.intp)
        self._names: list[str] = []
        """The sender of each link; links are in order of their receivers."""
        # Samples under way by frame and sender, and those last heard by link.
        self._samples = np.empty((self._links.span, 0, 7))
        self._heard = np.empty((0, 7))
        self._extras: np.ndarray = np.empty((self._links.span, 0), dtype=object)
        self._heard_extras: np.ndarray = np.empty(0, dtype=object)

    def transmit(
        self,
        frame: int,
        robots: tuple[str, ...],
        poses: Array,
        extras: Sequence[Extras | None] | None = None,
    ) -> None:
        """Send what was sampled in a frame; frames follow each other by 1.

        A robot that is no longer there is forgotten by all.

        Args:
            frame: Its number.
            robots: Ids of the robots that are there, sorted.
            poses: World poses of their bases, position [m] and quaternion wxyz, shape (n, 7).
            extras: What each says besides, or None where none says anything.
        """
        if robots != self.robots:
            self._change(robots)
        now = frame % self._links.span
        self._samples[now] = poses
        if extras is not None:
            for k, extra in enumerate(extras):
                self._extras[now, k] = extra
        else:
            self._extras[now] = None
        self.frame = frame
        newer = self._links.transmit(frame)
        if len(newer):
            slots, senders = self._links.newest[newer] % self._links.span, self._senders[newer]
            self._heard[newer] = self._samples[slots, senders]
            self._heard_extras[newer] = self._extras[slots, senders]

    def view(self, robot_id: str) -> CommPacket:
        """What a robot knows of the others in this frame.

        Raises:
            CommError: If it is not there.
        """
        if robot_id not in self.robots:
            raise CommError("unknown robot", field="robot_id", value=robot_id, exists=self.robots)
        k, others = self.robots.index(robot_id), len(self.robots) - 1
        rows = np.arange(k * others, (k + 1) * others)
        newest = self._links.newest[rows]
        if not others or newest.min() < 0:
            rows = rows[newest >= 0]
            newest = self._links.newest[rows]
        robots = tuple([self._names[i] for i in rows.tolist()])
        poses = self._heard[rows]
        heard = [e for e in zip(robots, self._heard_extras[rows].tolist(), strict=True) if e[1]]
        return CommPacket(
            robots,
            read_only(poses[:, :3]),
            read_only(poses[:, 3:]),
            read_only((self.frame - newest) / self._rate),
            {name: e.predicates for name, e in heard if e.predicates},
            {name: e.overlay for name, e in heard if e.overlay is not None},
        )

    def statistics(self, sender: str | None = None, receiver: str | None = None) -> CommStatistics:
        """Counters of all links that there ever were, or those of a sender, a receiver, or both."""
        return self._links.statistics(
            lambda link: sender in (None, link[0]) and receiver in (None, link[1])
        )

    def state(self) -> list[Any]:
        """What later frames depend on."""
        extras = [*self._extras.ravel().tolist(), *self._heard_extras.tolist()]
        return [
            self.frame, list(self.robots), self._links.state(), self._samples, self._heard,
            [None if e is None else [dict(e.predicates), e.overlay] for e in extras],
        ]  # fmt: skip

    def _change(self, robots: tuple[str, ...]) -> None:
        """Go on with other robots; what those that stay have heard of each other stays."""
        before = {name: k for k, name in enumerate(self.robots)}
        links_before = {link: k for k, link in enumerate(self._links.names)}
        links = [(s, r) for r in robots for s in robots if s != r]
        column = {name: k for k, name in enumerate(robots)}
        self._names = [s for s, _ in links]
        self._senders = np.array([column[s] for s, _ in links], dtype=np.intp)
        self._samples = _moved(self._samples, robots, before, axis=1)
        self._extras = _moved(self._extras, robots, before, axis=1)
        self._heard = _moved(self._heard, links, links_before, axis=0)
        self._heard_extras = _moved(self._heard_extras, links, links_before, axis=0)
        self._links.rename(links)
        self.robots = robots


def _moved(
    array: np.ndarray, names: Sequence[Any], before: Mapping[Any, int], *, axis: int
) -> np.ndarray:
    """An array with a place for each of `names`: those that had one keep what is in it."""
    shape = list(array.shape)
    shape[axis] = len(names)
    out = np.full(shape, None if array.dtype == object else 0.0, dtype=array.dtype)
    new = [k for k, name in enumerate(names) if name in before]
    old = [before[name] for name in names if name in before]
    if axis:
        out[:, new] = array[:, old]
    else:
        out[new] = array[old]
    return out
