"""The bytes of one record: msgpack, with JSON's values and byte strings."""

from __future__ import annotations

import json
from typing import Any

import msgpack

from counterpoint.core.errors import RecorderError, RecordingError

DEPTH = 64
"""How deeply values of a script's memory may be nested."""

LARGEST = 1 << 23
"""Bytes of one record. Unpacked, a hostile one may take 70 times as much memory."""


def pack(value: Any) -> bytes:
    """The bytes of a value. Equal values, with equal order of keys, give equal bytes."""
    data: bytes = msgpack.packb(value)
    return data


def unpack(data: bytes, where: str) -> Any:
    """The value that some bytes stand for.

    Raises:
        RecordingError: If they stand for none.
    """
    if len(data) > LARGEST:
        raise RecordingError(f"{where} has {len(data):,} bytes: more than any that was written")
    try:
        return msgpack.unpackb(data, ext_hook=_refuse)
    except (ValueError, TypeError, OverflowError, msgpack.exceptions.UnpackException) as error:
        raise RecordingError(f"{where} cannot be read: {type(error).__name__}: {error}") from None


def require_room(size: int) -> None:
    """Refuse what would be larger than a record may be.

    Raises:
        RecorderError: If so many bytes are too many.
    """
    if size > LARGEST // 2:
        raise RecorderError(f"a recording has room for {LARGEST // 2:,} bytes here, not {size:,}")


def plain(value: Any) -> Any:
    """A copy of a value that JSON holds, as JSON would give it back.

    Raises:
        TypeError: If JSON cannot hold it: other types, keys that are not strings, NaN, infinities,
            integers of more than 64 bits, or nesting deeper than `DEPTH`.
    """
    try:
        _check(value, 0)
        return json.loads(json.dumps(value, allow_nan=False))
    except (ValueError, RecursionError) as error:
        raise TypeError(f"JSON cannot hold {value!r:.80}: {error}") from None


def _check(value: Any, depth: int) -> None:
    # Strings are encoded because a lone surrogate has no bytes.
    if depth > DEPTH:
        raise TypeError(f"it is nested deeper than {DEPTH}, or contains itself")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"JSON has only strings for keys, not {key!r}")
            key.encode()
            _check(item, depth + 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        raise TypeError(f"{value} has more than 64 bits")
    elif isinstance(value, str):
        value.encode()


def _refuse(code: int, data: bytes) -> Any:
    raise ValueError(f"an extension type ({code}) does not belong here")
