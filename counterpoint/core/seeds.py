"""Named random streams: the only source of randomness."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np


@dataclass(frozen=True, slots=True)
class Substream:
    """A random stream with a name. The same name and root seed give the same draws for ever.

    Attributes:
        name: What the stream is for. An episode's index belongs in it.
        root_seed: The seed of the whole run.
        spawn_key: The two 64-bit words of the name's digest, and the child's index after `spawn`.
    """

    name: str
    root_seed: int
    spawn_key: tuple[int, ...]

    def seed_sequence(self) -> np.random.SeedSequence:
        """The stream's seed sequence."""
        return np.random.SeedSequence(self.root_seed, spawn_key=self.spawn_key)

    def default_rng(self) -> np.random.Generator:
        """A fresh PCG64 generator at the stream's beginning."""
        return np.random.Generator(np.random.PCG64(self.seed_sequence()))

    def spawn(self, n: int) -> tuple[Substream, ...]:
        """`n` independent children; the i-th is the same whatever `n` is."""
        return tuple(
            Substream(f"{self.name}/{i}", self.root_seed, (*self.spawn_key, i)) for i in range(n)
        )


def derive_substream(name: str, root_seed: int = 0) -> Substream:
    """The random stream called `name` under `root_seed` (a non-negative integer).

    The spawn key is the 16-byte BLAKE2b digest of the name as two big-endian 64-bit words, so
    streams of different names are independent.

    Raises:
        ValueError: If the seed is negative or the name is empty.
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"a substream needs a name, not {name!r}")
    if root_seed < 0:
        raise ValueError(f"root_seed must be 0 or more, not {root_seed}")
    digest = blake2b(name.encode(), digest_size=16).digest()
    key = (int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big"))
    return Substream(name, int(root_seed), key)
