"""A camera's images as a video or an animated picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from counterpoint.add_ons.add_on import AddOn, Host
from counterpoint.add_ons.image_capture import make_writable
from counterpoint.commands import CaptureImages, Command
from counterpoint.core.errors import CommandError
from counterpoint.simulation.response import Response

SUFFIXES = (".mp4", ".gif")


class VideoCapture(AddOn):
    """Writes what a camera sees to an mp4 or gif file, finished when the controller closes.

    Args:
        camera: Camera id.
        path: The file; its suffix is `.mp4` or `.gif`.
        every: One picture each so many frames; playback stays in real time.
        overwrite: Whether an existing file may be replaced.
    """

    def __init__(
        self, camera: str, path: str | Path, every: int = 2, overwrite: bool = False
    ) -> None:
        self.camera, self.path, self.every = camera, Path(path), every
        self.overwrite = overwrite
        if self.path.suffix not in SUFFIXES:
            raise CommandError(
                "unknown kind of video", field="path", value=str(path), exists=SUFFIXES
            )
        if every < 1:
            raise CommandError("expected 1 or more frames", field="every", value=every)
        self._writer: Any = None
        self._own = False
        self._frames = 0

    def get_initialization_commands(self) -> list[Command]:
        """Checks that the file can be written.

        Raises:
            CommandError: If it exists already, or its folder cannot be written.
        """
        make_writable(self.path.parent)
        if self.path.exists() and not (self.overwrite or self._own):
            raise CommandError(
                f"{self.path} exists already; choose another path or pass overwrite=True",
                field="path", value=str(self.path),
            )  # fmt: skip
        return [CaptureImages(cameras=(self.camera,))]

    def join(self, host: Host) -> None:
        """See `AddOn`."""
        import imageio

        super().join(host)
        self._own = True
        self._frames = 0
        rate = host.frames_per_second / self.every
        if self.path.suffix == ".mp4":
            self._writer = imageio.get_writer(self.path, fps=rate, macro_block_size=2, quality=7)
        else:
            self._writer = imageio.get_writer(self.path, mode="I", duration=1000 / rate, loop=0)

    def get_commands(self) -> list[Command]:
        """Ask for the pictures that go in."""
        if self._frames == 0 or self._frames % self.every:
            return []
        return [CaptureImages(cameras=(self.camera,))]

    def on_frame(
        self, commands: Sequence[Command], settle: Sequence[Command], response: Response
    ) -> None:
        """Append a picture."""
        if self._frames % self.every == 0 and self._writer is not None:
            self._writer.append_data(np.asarray(response.images[self.camera]["rgb"]))
        self._frames += 1

    def leave(self) -> None:
        """Finish the file."""
        super().leave()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
