"""Many independent radio links at once: which sample has arrived over each, frame by frame."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoint.comm.arguments import require_integer
from counterpoint.comm.profiles import DegradationProfile
from counterpoint.comm.statistics import CommStatistics
from counterpoint.core.seeds import derive_substream

Frames = NDArray[np.int64]
Link = tuple[str, str]
"""A sender and a receiver."""

BLOCK = 64
"""Frames for which the noise of a link is drawn at once."""

NONE = -1
"""In place of a frame: there is none."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Where the delays and drops of a radio come from.

    Attributes:
        profile: How bad it is.
        frames_per_second: Frames a second of simulated time.
        seed: Root seed.
        episode: Which episode it is: each has noise of its own.

    Raises:
        CommError: If one of the last three is no integer, or too small.
    """

    profile: DegradationProfile
    frames_per_second: int
    seed: int
    episode: int = 0

    def __post_init__(self) -> None:
        for field, least in (("frames_per_second", 1), ("seed", 0), ("episode", 0)):
            require_integer(getattr(self, field), field, least)

    def generator(self, what: str, link: Link) -> np.random.Generator:
        """The random stream of what one link carries, from the beginning of the episode."""
        sender, receiver = link
        name = f"radio/episode {self.episode}/{what}/{sender!r} to {receiver!r}"
        return derive_substream(name, self.seed).default_rng()

    def draw(self, generators: Sequence[np.random.Generator], count: int) -> Frames:
        """Frames from a sample's to that in which it arrives, or `NONE` for a drop.

        The radio is looked at at frame times only, so that a delay lasts until the frame after it.

        Returns:
            Those of the next `count` samples of each stream, shape (count, n).
        """
        normal, uniform = np.empty((2, len(generators), count))
        for k, generator in enumerate(generators):
            generator.standard_normal(out=normal[k])
            generator.random(out=uniform[k])
        profile = self.profile
        milliseconds = profile.mean_ms + profile.std_ms * normal
        np.clip(milliseconds, 0.0, 2 * profile.mean_ms, out=milliseconds)
        frames = np.ceil(1e-3 * milliseconds * self.frames_per_second - 1e-9).astype(np.int64)
        frames[uniform < profile.drop_rate] = NONE
        return frames.T


class Links:
    """One-way links that carry a sample each frame. The newest that is due is visible.

    What is visible never goes backwards: a sample that is overtaken is never seen. A link has its
    own random stream, and what it draws in a frame depends on nothing but the seed, the episode,
    its name and the frame.

    Args:
        noise: Delays and drops.
        names: The links, as (sender, receiver), each once.

    Attributes:
        names: The links, as (sender, receiver).
        newest: The newest sample that has arrived over each link, by its frame, or `NONE`; (n,).
    """

    def __init__(self, noise: Noise, names: Sequence[Link] = ()) -> None:
        self.noise = noise
        self.span = noise.profile.longest(noise.frames_per_second) + 1
        """Samples that may be under way, this frame's among them."""
        self.names: tuple[Link, ...] = ()
        self._streams: dict[Link, _Stream] = {}
        self._gone: dict[Link, NDArray[np.int64]] = {}
        self._block = NONE
        self._blank(0)
        self.rename(names)

    def rename(self, names: Sequence[Link]) -> None:
        """Go on with other links: those that were there before keep all that they know."""
        before, after = {n: k for k, n in enumerate(self.names)}, dict.fromkeys(names)
        known, under_way, due, counts = self.newest, self._under_way, self._due, self._counts
        self._gone |= {name: counts[:, k] for name, k in before.items() if name not in after}
        self.names = tuple(names)
        self._streams = {n: s for n, s in self._streams.items() if n in after}
        self._blank(len(names))
        for k, name in enumerate(self.names):
            if name in before:
                old = before[name]
                self.newest[k] = known[old]
                self._under_way[:, k] = under_way[:, old]
                self._due[:, k] = due[:, old]
                self._counts[:, k] = counts[:, old]
            elif name in self._gone:
                self._counts[:, k] = self._gone.pop(name)
        self._block = NONE

    def transmit(self, frame: int) -> NDArray[np.intp]:
        """Send a sample of this frame over each link; frames follow each other by 1.

        Returns:
            The links over which a newer sample than before has arrived in this frame.
        """
        if frame // BLOCK != self._block:
            self._draw(frame // BLOCK)
        row = frame % BLOCK
        columns, slots = self._columns, self._slots[row]
        # A later sample takes the place of one that arrives in the same frame: it is newer.
        self._under_way[slots, columns] = frame
        self._due[slots, columns] += 1
        self._counts[self._delays[row], columns] += 1
        now = frame % self.span
        arrived = self._under_way[now]
        newer = np.flatnonzero(arrived > self.newest)
        np.maximum(self.newest, arrived, out=self.newest)
        counts = self._counts
        counts[_DELIVERED] += self._due[now]
        age = frame - self.newest
        known = self.newest >= 0
        counts[_KNOWN] += known
        counts[_AGES] += age * known
        np.maximum(counts[_OLDEST], age * known, out=counts[_OLDEST])
        arrived[:] = NONE
        self._due[now] = 0
        return newer

    def statistics(self, chosen: Callable[[Link], bool] = lambda _: True) -> CommStatistics:
        """Counters of all links that there ever were, or of those that are chosen, together."""
        rows = self._gone | dict(zip(self.names, self._counts.T, strict=True))
        table = np.array(
            [row for link, row in rows.items() if chosen(link)], dtype=np.int64
        ).reshape(-1, len(self._counts))
        counts = table.sum(axis=0)
        delays, period = counts[: self.span], 1.0 / self.noise.frames_per_second
        known = int(counts[_KNOWN])
        return CommStatistics(
            sent=int(delays.sum() + counts[_DROPPED]),
            dropped=int(counts[_DROPPED]),
            delivered=int(counts[_DELIVERED]),
            delays=tuple(delays.tolist()),
            mean_age=float(counts[_AGES] / known * period) if known else None,
            greatest_age=float(table[:, _OLDEST].max() * period) if known else None,
        )

    def state(self) -> list[object]:
        """What later frames depend on; the noise depends on the frame alone."""
        return [self.noise.episode, self.names, self.newest, self._under_way[:-1]]

    def _blank(self, n: int) -> None:
        self._columns = np.arange(n)
        self.newest = np.full(n, NONE, dtype=np.int64)
        # The last row takes what is dropped.
        self._under_way = np.full((self.span + 1, n), NONE, dtype=np.int64)
        self._due = np.zeros((self.span + 1, n), dtype=np.int64)
        self._counts = np.zeros((self.span + _EXTRA, n), dtype=np.int64)

    def _draw(self, block: int) -> None:
        """The noise of a block of frames. A link that is new, or went back in time, catches up."""
        ahead: dict[int, list[_Stream]] = {}
        for name in self.names:
            stream = self._streams.get(name)
            if stream is None or stream.block > block:
                stream = self._streams[name] = _Stream(self.noise.generator("packets", name))
            if stream.block < block:
                ahead.setdefault(stream.block, []).append(stream)
        for drawn, streams in ahead.items():
            generators = [s.generator for s in streams]
            # In whole blocks, as whoever was there from the beginning has drawn them.
            for _ in range(block - drawn - 1):
                self.noise.draw(generators, BLOCK)
            delays = self.noise.draw(generators, BLOCK)
            for stream, column in zip(streams, delays.T, strict=True):
                stream.block, stream.delays = block, column
        drawn_now = [self._streams[name].delays for name in self.names]
        delays = np.array(drawn_now, dtype=np.int64).reshape(-1, BLOCK).T
        self._block = block
        frames = block * BLOCK + np.arange(BLOCK)[:, None]
        dropped = delays == NONE
        self._slots = np.where(dropped, self.span, (frames + delays) % self.span)
        self._delays = np.where(dropped, self.span + _EXTRA + _DROPPED, delays)


@dataclass(slots=True)
class _Stream:
    """The noise of one link, and the block of frames that was drawn last."""

    generator: np.random.Generator
    block: int = NONE
    delays: Frames = dataclasses.field(default_factory=lambda: np.empty(0, dtype=np.int64))


_EXTRA = 5
"""Rows of counters after those of each delay."""
_DROPPED, _DELIVERED, _KNOWN, _AGES, _OLDEST = -5, -4, -3, -2, -1
