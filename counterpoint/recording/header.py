"""The first record of a recording: what it is, and the run that it holds."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from counterpoint.core.errors import CommandError, RecordingError
from counterpoint.core.settings import Settings
from counterpoint.recording.decoding import notes_from

FORMAT = 1
"""The version that is written."""

LIBRARY = "counterpoint"
"""Fixed, so that bytes repeat: who wrote a file stands in its header."""


class Header(BaseModel):
    """What a recording says of itself.

    Attributes:
        format: The format's version.
        package: The version of counterpoint that wrote it.
        settings: What makes the run the same run.
        first_frame: How many frames there were when it began; above 0 a checkpoint comes first.
        flush_every: Frames that may be lost when the process is killed.
        memory: The notes of the script when it began.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    format: int
    package: str
    settings: Settings
    first_frame: int = Field(ge=0)
    flush_every: int = Field(ge=1)
    memory: dict[str, Any]

    @field_validator("settings", mode="before")
    @classmethod
    def _settings(cls, value: Any) -> Any:
        return Settings.from_dict(value) if isinstance(value, dict) else value

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**self.model_dump(exclude={"settings"}), "settings": self.settings.to_dict()}

    @classmethod
    def from_dict(cls, data: Any) -> Header:
        """From what `to_dict` gave.

        Raises:
            RecordingError: If it is something else.
        """
        try:
            return cls(**{**data, "memory": notes_from(data["memory"])})
        except (ValidationError, CommandError, TypeError, KeyError) as error:
            raise RecordingError(f"the header is damaged: {error}") from None
