"""Checks of arguments that several modules share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterpoint.core.errors import CommError


def require_integer(value: Any, field: str, least: int) -> None:
    """Refuse what is no integer of `least` or more.

    Raises:
        CommError: It names the field.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise CommError(f"expected an integer of {least} or more", field=field, value=value)


def require_text(text: str, field: str) -> None:
    """Refuse a string that has no bytes: one with a lone surrogate.

    Raises:
        CommError: It names the field.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CommError(f"expected text: {error}", field=field, value=text) from None


def require_mapping(value: Any, field: str) -> Mapping[Any, Any]:
    """A mapping as it is; anything else is refused.

    Raises:
        CommError: It names the field.
    """
    if not isinstance(value, Mapping):
        raise CommError("expected a mapping", field=field, value=value)
    return value
