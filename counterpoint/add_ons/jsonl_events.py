"""Events as lines of JSON in a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from counterpoint.add_ons.add_on import AddOn, Host
from counterpoint.commands import Command
from counterpoint.core.errors import CommandError
from counterpoint.core.events import Event
from counterpoint.simulation.response import Response


class JsonlEvents(AddOn):
    """Writes every event of a scene to a file, one JSON object a line, frame by frame.

    After a `reset()` the next scene's events follow in the same file.

    Args:
        path: The file.
        overwrite: Whether an existing file may be replaced.
        frames: Whether the end of each frame is an event, too.
    """

    def __init__(self, path: str | Path, *, overwrite: bool = False, frames: bool = False) -> None:
        self.path, self._frames = Path(path), frames
        self._mode = "w" if overwrite else "x"
        self._file: IO[str] | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def get_initialization_commands(self) -> list[Command]:
        """Checks that the file can be written.

        Raises:
            CommandError: If it exists, or cannot be made.
        """
        if self._file is None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open(self._mode, encoding="utf-8")
            except OSError as error:
                raise CommandError(
                    f"cannot write events there: {error.strerror or error}",
                    field="path", value=str(self.path),
                ) from error  # fmt: skip
            self._mode = "a"
        return []

    def join(self, host: Host) -> None:
        """See `AddOn`."""
        super().join(host)
        self._unsubscribe = host.events.subscribe(self._write, frames=self._frames)

    def on_frame(
        self, commands: Sequence[Command], settle: Sequence[Command], response: Response
    ) -> None:
        """What was written so far is safe from a crash of the process."""
        if self._file is not None:
            self._file.flush()

    def leave(self) -> None:
        """Close the file."""
        super().leave()
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._file is not None:
            self._file.close()
        self._file = self._unsubscribe = None

    def _write(self, event: Event) -> None:
        if self._file is not None:
            self._file.write(json.dumps(event.to_dict(), ensure_ascii=False) + "\n")
