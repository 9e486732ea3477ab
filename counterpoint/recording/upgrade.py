"""Reading older versions: one small function for each step from a version to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from counterpoint.core.errors import RecordingError
from counterpoint.recording.header import FORMAT

Step = Callable[[str, Any], Any]
"""From a topic and a payload of one version to the payload of the next."""

STEPS: dict[int, Step] = {}
"""Version → the step to the version after it."""


def check_version(header: Any) -> int:
    """The version of the format that a header names.

    Raises:
        RecordingError: If it is none that can be read.
    """
    version = header.get("format") if isinstance(header, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise RecordingError(f"the header names no version of the format: {header!r:.80}")
    if version > FORMAT:
        raise RecordingError(
            f"the recording has version {version} of the format, written by counterpoint "
            f"{header.get('package')}; this one reads up to version {FORMAT}: install a newer one"
        )
    return version


def upgrade(version: int, topic: str, payload: Any) -> Any:
    """A payload of an older version as the newest has it."""
    while version < FORMAT:
        payload = STEPS[version](topic, payload)
        version += 1
    return payload
