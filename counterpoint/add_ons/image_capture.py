"""Images of every frame, as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from counterpoint.add_ons.add_on import AddOn, Host
from counterpoint.commands import CaptureImages, Command
from counterpoint.core.errors import CommandError
from counterpoint.simulation.renderer import PASSES, Pass
from counterpoint.simulation.response import Response


class ImageCapture(AddOn):
    """Writes images as PNG files: `path/camera/frame_000000.png`.

    With several passes each has a folder of its own in the camera's. Depth is 16-bit millimetres,
    segmentation 16-bit ids, normals are mapped from -1..1 to 0..255.

    Args:
        cameras: Camera ids.
        path: Where the folders go.
        passes: Which images: `rgb`, `depth`, `segmentation`, `normals`.
        every: One image each so many frames.
        overwrite: Whether files that it did not write may be replaced.
    """

    def __init__(
        self,
        cameras: Sequence[str],
        path: str | Path,
        passes: Sequence[str] = ("rgb",),
        every: int = 1,
        overwrite: bool = False,
    ) -> None:
        for name in passes:
            if name not in PASSES:
                raise CommandError("unknown pass", field="passes", value=name, exists=PASSES)
        if every < 1:
            raise CommandError("expected 1 or more frames", field="every", value=every)
        self.cameras, self.path = tuple(cameras), Path(path)
        self.passes = cast(tuple[Pass, ...], tuple(passes))
        self.every, self.overwrite = every, overwrite
        self.count = 0
        self._frames = 0
        self._own: set[Path] = set()

    def folder(self, camera: str, name: str) -> Path:
        """Where the images of a camera and pass are."""
        return self.path / camera if len(self.passes) == 1 else self.path / camera / name

    def get_initialization_commands(self) -> list[Command]:
        """Checks the cameras' names, by asking for nothing, and that files can be written.

        Raises:
            CommandError: If a folder cannot be written, or holds images of someone else.
        """
        for camera in self.cameras:
            for name in self.passes:
                make_writable(self.folder(camera, name))
                there = self.folder(camera, name).glob("frame_*.png")
                foreign = next((f for f in there if f not in self._own), None)
                if foreign is not None and not self.overwrite:
                    raise CommandError(
                        f"{foreign} exists already; choose another path, remove it, or pass "
                        "overwrite=True",
                        field="path", value=str(self.path),
                    )  # fmt: skip
        if not self.cameras:
            return []
        return [CaptureImages(cameras=self.cameras, passes=self.passes)]

    def join(self, host: Host) -> None:
        """See `AddOn`."""
        super().join(host)
        self.count = 0
        self._frames = 0

    def get_commands(self) -> list[Command]:
        """Ask for images in the frames that are captured."""
        if self._frames == 0 or self._frames % self.every:
            return []  # the first frame's are asked for at initialisation
        return [CaptureImages(cameras=self.cameras, passes=self.passes)]

    def on_frame(
        self, commands: Sequence[Command], settle: Sequence[Command], response: Response
    ) -> None:
        """Write the files."""
        wanted = self._frames % self.every == 0
        self._frames += 1
        if not wanted:
            return
        for camera in self.cameras:
            images = response.images.get(camera, {})
            for name in self.passes:
                if name in images:
                    file = self.folder(camera, name) / f"frame_{self.count:06d}.png"
                    write_png(file, name, images[name])
                    self._own.add(file)
        self.count += 1


def make_writable(folder: Path) -> None:
    """Make a folder, and make sure that files can be written there.

    Raises:
        CommandError: If not, with the system's reason.
    """
    probe = folder / ".counterpoint-probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CommandError(
            f"cannot write images there: {error.strerror or error}", field="path", value=str(folder)
        ) from error


def write_png(file: Path, name: str, image: NDArray[np.generic]) -> None:
    """Write one image of pass `name`."""
    from PIL import Image

    Image.fromarray(picture(name, image)).save(file, compress_level=1)


def picture(name: str, image: NDArray[Any]) -> NDArray[Any]:
    """The image as a file stores it: uint8 colours, or uint16 millimetres or ids."""
    if name == "depth":
        millimetres = np.asarray(image, dtype=np.float32) * 1000.0 + 0.5
        stored: NDArray[Any] = np.clip(millimetres, 0, 65535).astype(np.uint16)
        return stored
    if name == "normals":
        return (np.asarray(image, dtype=np.float32) * 127.5 + 127.5).astype(np.uint8)
    return image
