"""The packet of fixed format: what is known of each robot, and its bytes on the air."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import msgpack
import numpy as np

from counterpoint.comm.arguments import require_mapping, require_text
from counterpoint.comm.overlay import Tensor, as_tensor
from counterpoint.comm.predicates import Predicates, checked_predicates
from counterpoint.core.errors import CommError
from counterpoint.core.pose import Array, Pose, read_only

SCHEMA_VERSION = 1
"""Of the bytes and of what they mean. Packets of another version are refused."""

LARGEST_PACKET = 1 << 20
"""Bytes of one packet."""

_FIELDS = 7
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class CommPacket:
    """What is known of some robots, and how old that is. Arrays and mappings are read-only.

    The constructor takes everything as it is; `of` and `from_bytes` check it.

    Attributes:
        robots: Their ids, sorted.
        positions: World positions of their bases, shape (n, 3) [m].
        quaternions: World orientations wxyz, shape (n, 4).
        ages: Ages of information, from when each state was sampled, shape (n,) [s].
        predicates: Robot → name → value, for those that say something about their task.
        overlay: Robot → learned message, float32 of any shape, for those that have one.
        schema_version: Version of the format.
    """

    robots: tuple[str, ...]
    positions: Array
    quaternions: Array
    ages: Array
    predicates: Mapping[str, Predicates] = dataclasses.field(default_factory=lambda: _NOTHING)
    overlay: Mapping[str, Tensor] = dataclasses.field(default_factory=lambda: _NOTHING)
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        for name in ("predicates", "overlay"):
            given = getattr(self, name)
            if type(given) is not MappingProxyType:
                object.__setattr__(self, name, MappingProxyType(given))

    @classmethod
    def of(
        cls,
        poses: Mapping[str, Pose],
        ages: Mapping[str, float] | None = None,
        predicates: Mapping[str, Predicates] = _NOTHING,
        overlay: Mapping[str, Any] = _NOTHING,
    ) -> CommPacket:
        """A packet from mappings by robot, checked.

        Args:
            poses: World poses of bases; positions [m], unit quaternions wxyz.
            ages: Ages of information [s]; 0 for robots that are not in it.
            predicates: What is true of their tasks.
            overlay: Learned messages.

        Raises:
            CommError: If something is not what it should be, or about a robot without a pose.
        """
        for field, about in (
            ("ages", ages or {}),
            ("predicates", predicates),
            ("overlay", overlay),
        ):
            for robot_id in about:
                if robot_id not in poses:
                    raise CommError(
                        "there is no pose of that robot", field=field, value=robot_id, exists=poses
                    )
        robots = tuple(sorted(poses, key=_name))
        packet = cls(
            robots,
            _rows([poses[r].p for r in robots], 3, "positions"),
            _rows([poses[r].q for r in robots], 4, "quaternions"),
            _rows([[(ages or {}).get(r, 0.0)] for r in robots], 1, "ages")[:, 0],
            {r: checked_predicates(predicates[r], r) for r in robots if r in predicates},
            {r: as_tensor(overlay[r], r) for r in robots if r in overlay},
        )
        packet.check()
        return packet

    def __contains__(self, robot_id: object) -> bool:
        return robot_id in self.robots

    def __len__(self) -> int:
        return len(self.robots)

    def pose(self, robot_id: str) -> Pose:
        """Where a robot was when its state was sampled.

        Raises:
            CommError: If nothing is known of it.
        """
        row = self._row(robot_id)
        return Pose(self.positions[row], self.quaternions[row])

    def age(self, robot_id: str) -> float:
        """The age of what is known of a robot [s].

        Raises:
            CommError: If nothing is known of it.
        """
        return float(self.ages[self._row(robot_id)])

    def aged(self, elapsed: float) -> CommPacket:
        """The same knowledge, so many seconds later."""
        return dataclasses.replace(self, ages=read_only(self.ages + elapsed))

    def check(self) -> None:
        """Refuse what no channel would hand out.

        Raises:
            CommError: It names the field, what was given and what was expected.
        """
        _require_version(self.schema_version)
        n = len(self.robots)
        names = [_name(r) for r in self.robots]
        if any(a >= b for a, b in pairwise(names)):
            raise CommError("expected sorted names, once each", field="robots", value=self.robots)
        for field, shape in (("positions", (n, 3)), ("quaternions", (n, 4)), ("ages", (n,))):
            array = getattr(self, field)
            if array.shape != shape or not np.isfinite(array).all():
                raise CommError(
                    f"expected {n} rows of finite numbers, shape {shape}", field=field, value=array
                )
        norms = (self.quaternions**2).sum(axis=1)
        if (abs(norms - 1.0) > 1e-6).any():
            raise CommError(
                "expected unit quaternions", field="quaternions", value=self.quaternions
            )
        if (self.ages < 0).any():
            raise CommError("expected ages of 0 or more", field="ages", value=self.ages)
        for field in ("predicates", "overlay"):
            for robot_id in getattr(self, field):
                if robot_id not in self.robots:
                    raise CommError(
                        "there is no pose of that robot",
                        field=field, value=robot_id, exists=self.robots,
                    )  # fmt: skip

    # --- bytes --------------------------------------------------------------------------------

    def to_bytes(self) -> bytes:
        """The packet on the air: msgpack, 64 bytes a robot besides its name. One packet, one form.

        Raises:
            CommError: If it is larger than `LARGEST_PACKET`.
        """
        data: bytes = msgpack.packb(
            [
                self.schema_version,
                list(self.robots),
                self.positions.astype("<f8").tobytes(),
                self.quaternions.astype("<f8").tobytes(),
                self.ages.astype("<f8").tobytes(),
                {r: dict(sorted(self.predicates[r].items())) for r in sorted(self.predicates)},
                {r: _packed(self.overlay[r]) for r in sorted(self.overlay)},
            ]
        )
        if len(data) > LARGEST_PACKET:
            raise CommError(f"a packet has room for {LARGEST_PACKET:,} bytes, not {len(data):,}")
        return data

    @classmethod
    def from_bytes(cls, data: bytes) -> CommPacket:
        """The packet that some bytes stand for.

        Raises:
            CommError: If they are not exactly what `to_bytes` gives, or of another version.
        """
        if len(data) > LARGEST_PACKET:
            raise CommError(f"a packet has at most {LARGEST_PACKET:,} bytes, not {len(data):,}")
        try:
            parts = msgpack.unpackb(data, ext_hook=_refuse)
        except (ValueError, TypeError, OverflowError, msgpack.exceptions.UnpackException) as error:
            raise CommError(f"no packet: {type(error).__name__}: {error}") from None
        if not isinstance(parts, list) or not parts:
            raise CommError("expected a list", field="packet", value=parts)
        _require_version(parts[0])
        if len(parts) != _FIELDS:
            raise CommError(f"expected {_FIELDS} fields, got {len(parts)}")
        _, robots, positions, quaternions, ages, predicates, overlay = parts
        if not isinstance(robots, list):
            raise CommError("expected a list of names", field="robots", value=robots)
        packet = cls(
            tuple(robots),
            _numbers(positions, 3, "positions"),
            _numbers(quaternions, 4, "quaternions"),
            _numbers(ages, 1, "ages")[:, 0],
            {
                _name(r): checked_predicates(v, r)
                for r, v in require_mapping(predicates, "predicates").items()
            },
            {_name(r): _tensor(v, r) for r, v in require_mapping(overlay, "overlay").items()},
        )
        packet.check()
        if packet.to_bytes() != data:
            raise CommError("the packet is not in the one form that it has")
        return packet

    def _row(self, robot_id: str) -> int:
        try:
            return self.robots.index(robot_id)
        except ValueError:
            raise CommError(
                "nothing is known of that robot",
                field="robot_id", value=robot_id, exists=self.robots,
            ) from None  # fmt: skip


NOTHING_KNOWN = CommPacket(
    (), read_only(np.empty((0, 3))), read_only(np.empty((0, 4))), read_only(np.empty(0))
)
"""The packet of who has received nothing yet."""


def _require_version(version: Any) -> None:
    if type(version) is not int or version != SCHEMA_VERSION:
        raise CommError(
            "unknown schema version",
            field="schema_version", value=version, exists=[str(SCHEMA_VERSION)],
        )  # fmt: skip


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise CommError("expected a name", field="robots", value=value)
    require_text(value, "robots")
    return value


def _rows(rows: Any, width: int, field: str) -> Array:
    try:
        array = np.array(rows, dtype=np.float64).reshape(len(rows), width)
    except (TypeError, ValueError):
        raise CommError(f"expected {width} numbers each", field=field, value=rows) from None
    return read_only(array)


def _numbers(data: Any, width: int, field: str) -> Array:
    if not isinstance(data, bytes) or len(data) % (8 * width):
        raise CommError(f"expected float64 in rows of {width}", field=field, value=data)
    return np.frombuffer(data, dtype="<f8").astype(np.float64, copy=False).reshape(-1, width)


def _packed(tensor: Tensor) -> list[Any]:
    return [list(tensor.shape), tensor.astype("<f4").tobytes()]


def _tensor(value: Any, robot_id: str) -> Tensor:
    match value:
        case [list(shape), bytes(data)] if (
            all(type(k) is int and 0 <= k <= LARGEST_PACKET for k in shape)
            and len(shape) <= 8
            and 4 * math.prod(shape) == len(data)
        ):
            return as_tensor(np.frombuffer(data, dtype="<f4").reshape(shape), robot_id)
    raise CommError("expected a shape and as many float32", field="overlay", value=value)


def _refuse(code: int, data: bytes) -> Any:
    raise ValueError(f"an extension type ({code}) does not belong here")
