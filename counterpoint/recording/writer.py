"""Writing recordings: MCAP with msgpack payloads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

import numpy as np
from mcap.writer import CompressionType, IndexType, Writer

from counterpoint.commands import Command
from counterpoint.recording.calls import CheckpointCall, Key, commands_to_list
from counterpoint.recording.chunks import LARGEST_CHUNK
from counterpoint.recording.header import LIBRARY, Header
from counterpoint.recording.payload import LARGEST, pack
from counterpoint.recording.poses import PoseWriter
from counterpoint.simulation.response import Response

CHANNELS = (
    "header", "frames", "digests", "poses", "events", "memory", "checkpoints", "records", "images",
)  # fmt: skip
"""One channel for each kind of record; their numbers are their places here, from 1."""

CHUNK = 4 << 20
"""Bytes after which records are handed on, whatever `flush_every` says."""

OVERHEAD = 31
"""Bytes that a record takes besides its payload."""

LARGEST_IMAGE = LARGEST_CHUNK - LARGEST - CHUNK
"""Bytes of an image: with what is before it in its chunk it must not be too much to read."""

NO_LIMIT = 1 << 62
"""A chunk ends where a frame ends, not where the library would cut it."""


class RecordingWriter:
    """Writes one recording.

    Every `flush_every` frames what was gathered is compressed, checked by a CRC, and handed to the
    operating system: that much is safe from then on, whatever happens to the process.

    Args:
        stream: Where to; open for writing bytes.
        header: The first record.
    """

    def __init__(self, stream: IO[bytes], header: Header) -> None:
        self._stream, self._header = stream, header
        self._rate = header.settings.frames_per_second
        options: dict[str, Any] = {"index_types": IndexType.CHUNK, "enable_data_crcs": True}
        self._writer: Any = Writer(stream, NO_LIMIT, CompressionType.ZSTD, **options)
        self._writer.start(profile=LIBRARY, library=LIBRARY)
        self._channel = {
            name: self._writer.register_channel(f"/{name}", "msgpack", 0) for name in CHANNELS
        }
        self._poses = PoseWriter()
        self._unflushed = self._bytes = 0
        self._add("header", header.first_frame, header.to_dict())
        self.flush()

    def frame(
        self,
        commands: Sequence[Command],
        settle: Sequence[Command],
        response: Response,
        digest: str,
        *,
        images: bool = False,
    ) -> None:
        """Add a frame: what was applied, the digest after it, where everything was, events."""
        frame = response.frame
        calls = {"commands": commands_to_list(commands), "settle": commands_to_list(settle)}
        # What belongs to a frame stands before it: a file that is cut holds no half frames.
        layout = self._poses.layout(response)
        if response.events:
            self._add("events", frame, [e.to_dict() for e in response.events])
        self._add("digests", frame, bytes.fromhex(digest))
        self._add("poses", frame, [self._poses.numbers(response), layout])
        if images:
            for camera, passes in response.images.items():
                for name, image in passes.items():
                    self._flush_if_full()
                    self._add("images", frame, _image(camera, name, image))
        self._add("frames", frame, calls)
        self._unflushed += 1
        if self._unflushed >= self._header.flush_every:
            self.flush()
        self._flush_if_full()

    def memory(self, frame: int, keys: Sequence[Key], value: Any) -> None:
        """Add a change of the script's notes."""
        self._add("memory", frame, [list(keys), value])
        self._flush_if_full()

    def record(self, frame: int, op_code: Key, data: Any) -> None:
        """Add a record of the script's own."""
        self._add("records", frame, [op_code, data])
        self._flush_if_full()

    def checkpoint(self, call: CheckpointCall) -> None:
        """Add a checkpoint."""
        data = {
            "snapshot": call.snapshot.model_dump(),
            "chain": call.chain,
            "memory": call.memory,
            "resumes": call.resumes,
        }
        self._add("checkpoints", call.frame, data)
        self._flush_if_full()

    def flush(self) -> None:
        """Hand everything so far to the operating system."""
        self._writer.flush()
        self._unflushed = self._bytes = 0
        self._poses = PoseWriter()  # so that what was flushed can be read by itself

    def finish(self) -> None:
        """Write the index and the digest of the whole. The stream stays open."""
        self.flush()
        self._writer.finish()
        self._stream.flush()

    def _flush_if_full(self) -> None:
        if self._bytes > CHUNK:
            self.flush()

    def _add(self, channel: str, frame: int, value: Any) -> None:
        time = frame * 1_000_000_000 // self._rate
        data = pack(value)
        if len(data) > (LARGEST_IMAGE if channel == "images" else LARGEST):
            raise ValueError(f"a record of {len(data):,} bytes is too large ({channel})")
        self._bytes += len(data) + OVERHEAD
        self._writer.add_message(self._channel[channel], time, data, time, frame)


def _image(camera: str, name: str, image: np.ndarray) -> dict[str, Any]:
    return {
        "camera": camera,
        "pass": name,
        "dtype": image.dtype.str,
        "shape": list(image.shape),
        "data": np.ascontiguousarray(image).tobytes(),
    }
