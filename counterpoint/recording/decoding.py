"""From the plain values of a file to calls; whatever is not what it should be is refused."""

from __future__ import annotations

import re
from typing import Any

from counterpoint.core.errors import RecordingError
from counterpoint.recording.calls import CheckpointCall, MemoryCall, UserCall, snapshot_from
from counterpoint.recording.memory import checked
from counterpoint.recording.payload import plain

DIGEST = 16  # bytes
_HEX = re.compile(r"[0-9a-f]{32}")


def checkpoint_from(frame: int, data: Any) -> CheckpointCall:
    """A checkpoint.

    Raises:
        RecordingError: If it is none.
    """
    try:
        snapshot, chain, resumes = snapshot_from(data["snapshot"]), data["chain"], data["resumes"]
        notes = notes_from(data["memory"])
    except (TypeError, KeyError) as error:
        raise RecordingError(f"a checkpoint cannot be read: {error}") from None
    if snapshot.frame != frame:
        raise RecordingError(f"a checkpoint of frame {frame} holds frame {snapshot.frame}")
    if chain is not None and not (isinstance(chain, str) and _HEX.fullmatch(chain)):
        raise RecordingError(f"a checkpoint's chain of digests is {chain!r:.60}")
    if not isinstance(resumes, bool):
        raise RecordingError(f"whether a checkpoint resumes is {resumes!r:.60}")
    return CheckpointCall(frame, snapshot, chain, notes, resumes)


def memory_from(frame: int, data: Any) -> MemoryCall:
    """A change of the script's notes.

    Raises:
        RecordingError: If it is none.
    """
    keys, value = _pair(data)
    try:
        if not isinstance(keys, list) or not keys:
            raise TypeError(f"expected a list of keys, got {keys!r:.80}")
        return MemoryCall(frame, tuple(checked(keys)), plain(value))
    except TypeError as error:
        raise RecordingError(f"a note cannot be read: {error}") from None


def user_from(frame: int, data: Any) -> UserCall:
    """A record of the script's own.

    Raises:
        RecordingError: If it is none.
    """
    op_code, value = _pair(data)
    try:
        return UserCall(frame, checked([op_code])[0], plain(value))
    except TypeError as error:
        raise RecordingError(f"a record cannot be read: {error}") from None


def digest_from(data: Any) -> str:
    """A digest, as hex characters.

    Raises:
        RecordingError: If it is none.
    """
    if not isinstance(data, bytes) or len(data) != DIGEST:
        raise RecordingError(f"a digest has {DIGEST} bytes, unlike {data!r:.60}")
    return data.hex()


def notes_from(data: Any) -> dict[str, Any]:
    """All notes of a script.

    Raises:
        TypeError: If they are something else.
    """
    if not isinstance(data, dict):
        raise TypeError(f"expected a script's notes, got {data!r:.80}")
    notes: dict[str, Any] = plain(data)
    return notes


def _pair(data: Any) -> tuple[Any, Any]:
    if not isinstance(data, list) or len(data) != 2:
        raise RecordingError(f"expected two values, got {data!r:.80}")
    return data[0], data[1]
