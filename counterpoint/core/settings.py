"""What makes two runs of one script the same run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from counterpoint.core.errors import CommandError

BOUNDS = {
    "seed": (0, 2**64 - 1),
    "frames_per_second": (1, 10_000),
    "substeps": (1, 1_000),
    "workers": (1, 256),
    "checkpoint_every": (1, 2**32 - 1),
}
"""Least and largest values. They come from files, too: a frame has to end."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What, besides the script, decides every bit of a run on one machine.

    Attributes:
        seed: Of every random stream.
        frames_per_second: Frames a second of simulated time.
        substeps: Physics steps a frame.
        workers: Threads of the physics engine.
        checkpoint_every: Frames after which the scene is built anew, or None for never. Only then
            can a later run go on from the middle of a recording with every bit in place.
        hash_chain: Whether the digest of a frame includes that of the frame before.

    Raises:
        CommandError: If one of them is not what it should be.
    """

    seed: int = 0
    frames_per_second: int = 60
    substeps: int = 2
    workers: int = 1
    checkpoint_every: int | None = None
    hash_chain: bool = False

    def __post_init__(self) -> None:
        for field, (low, high) in BOUNDS.items():
            value = getattr(self, field)
            if field == "checkpoint_every" and value is None:
                continue
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise CommandError(
                    f"expected an integer from {low} to {high}", field=field, value=value
                )
        if not isinstance(self.hash_chain, bool):
            raise CommandError("expected True or False", field="hash_chain", value=self.hash_chain)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Settings:
        """From what `to_dict` gave.

        Raises:
            CommandError: If an entry is missing, unknown, or not what it should be.
        """
        names = [f.name for f in fields(cls)]
        for name in (*names, *data):
            if name not in data or name not in names:
                raise CommandError(
                    "missing or unknown setting", field=name, value=data.get(name), exists=names
                )
        return cls(**data)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)
