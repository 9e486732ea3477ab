"""Checks of arguments that several modules share."""

from __future__ import annotations

from typing import Any

from counterpoint.core.errors import CommError


def require_integer(value: Any, field: str, least: int) -> None:
    """Refuse what is no integer of `least` or more.

    Raises:
        CommError: It names the field.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise CommError(f"expected an integer of {least} or more", field=field, value=value)
