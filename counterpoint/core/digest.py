"""Digests of nested values, for the state hash."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from hashlib import blake2b
from typing import Any

import numpy as np


def digest_of(value: Any) -> str:
    """32 hex characters of numbers, strings, arrays and containers of them, order kept.

    Raises:
        TypeError: If something else is inside: its digest would depend on object identity.
    """
    out = blake2b(digest_size=16)
    _feed(out, value)
    return out.hexdigest()


def _feed(out: Any, value: Any) -> None:
    if isinstance(value, str):
        out.update(f"str:{len(value)}:{value};".encode())
    elif value is None or isinstance(value, (bool, int)):
        out.update(f"{type(value).__name__}:{value};".encode())
    elif isinstance(value, float):
        out.update(b"float:" + np.float64(value).tobytes())
    elif isinstance(value, np.ndarray):
        out.update(f"array:{value.dtype.str}{value.shape};".encode())
        out.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, np.generic):
        _feed(out, value.item())
    elif isinstance(value, Enum):
        _feed(out, value.value)
    elif isinstance(value, Mapping):
        out.update(f"map:{len(value)};".encode())
        for key, item in value.items():
            _feed(out, key)
            _feed(out, item)
    elif isinstance(value, (list, tuple)):
        out.update(f"list:{len(value)};".encode())
        for item in value:
            _feed(out, item)
    else:
        raise TypeError(f"cannot take the digest of a {type(value).__name__}: {value!r:.80}")
