"""A script's notes: nested values that JSON can hold."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from counterpoint.core.errors import RecorderError, listing
from counterpoint.recording.calls import Key
from counterpoint.recording.payload import pack, require_room


class Memory:
    """Nested dicts and lists, reached by a list of keys."""

    def __init__(self, values: dict[str, Any] | None = None) -> None:
        self._values: dict[str, Any] = copy.deepcopy(values or {})
        self._size = len(pack(self._values))

    def get(self, keys: Sequence[Key]) -> Any:
        """A copy of what is there.

        Raises:
            KeyError: If nothing is.
        """
        return copy.deepcopy(self._find(checked(keys)))

    def check_place(self, keys: Sequence[Key]) -> None:
        """Raise unless something can be put there.

        Raises:
            KeyError: If a key before the last is missing, or the last one has no place.
        """
        if not keys:
            raise KeyError("at least one key is needed")
        parent, last = self._find(keys[:-1]), keys[-1]
        if isinstance(parent, dict) and isinstance(last, str):
            return
        if isinstance(parent, list) and isinstance(last, int) and 0 <= last <= len(parent):
            return
        raise KeyError(f"{last!r} has no place in {_shown(keys[:-1])}, which is {parent!r:.80}")

    def make_room(self, keys: Sequence[Key], value: Any) -> None:
        """Raise unless all notes fit into one record with this one; see `check_place`.

        Raises:
            RecorderError: If they do not.
        """
        size = len(pack(value))
        try:
            require_room(self._size + size)
        except RecorderError:  # count again, without what was replaced since, or is now
            self._size = len(pack(self._values))
            parent, last = self._find(keys[:-1]), keys[-1]
            replaced = len(pack(parent[last])) if _has(parent, last) else 0
            require_room(self._size - replaced + size)
        self._size += size

    def put(self, keys: Sequence[Key], value: Any) -> None:
        """Put a copy of a value where there is a place for it; see `check_place`."""
        parent, last = self._find(keys[:-1]), keys[-1]
        value = copy.deepcopy(value)
        if isinstance(parent, dict):
            parent[last] = value
        elif last == len(parent):
            parent.append(value)
        else:
            parent[int(last)] = value

    def to_dict(self) -> dict[str, Any]:
        """Everything. Not a copy."""
        return self._values

    def _find(self, keys: Sequence[Key]) -> Any:
        value: Any = self._values
        for i, key in enumerate(keys):
            if not _has(value, key):
                there = listing(value) if isinstance(value, dict) else f"{value!r:.80}"
                raise KeyError(f"{_shown(keys[: i + 1])} does not exist; there is: {there}")
            value = value[key]
        return value


def _has(value: Any, key: Key) -> bool:
    if isinstance(value, dict):
        return key in value
    return isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value)


def checked(keys: Sequence[Key]) -> list[Key]:
    """The keys as a list.

    Raises:
        TypeError: If they are not strings and integers.
    """
    if isinstance(keys, (str, bytes)) or not isinstance(keys, Sequence):
        raise TypeError(f"expected a list of keys, got {keys!r:.80}")
    for key in keys:
        if not isinstance(key, (str, int)) or isinstance(key, bool):
            raise TypeError(f"a key is a string or an integer, not {key!r:.80}")
    return list(keys)


def _shown(keys: Sequence[Key]) -> str:
    return "memory" + "".join(f"[{key!r}]" for key in keys)
