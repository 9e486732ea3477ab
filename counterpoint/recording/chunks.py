"""The container: finding the chunks of a file that may be cut or damaged, and reading one."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, NamedTuple

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Header
from mcap.stream_reader import get_chunk_data_stream

from counterpoint.core.errors import RecordingError
from counterpoint.recording.header import LIBRARY

MAGIC = b"\x89MCAP0\r\n"
CHUNK_HEAD = 40  # bytes: times, size, CRC, and the lengths of what follows
LARGEST_CHUNK = 1 << 28
"""Bytes that one chunk may unpack to: a file that claims more is not believed."""

LARGEST_COUNT = 1 << 18
"""Records that one chunk may hold, likewise."""

_RECORD = struct.Struct("<BQ")  # opcode, length
_MESSAGE = struct.Struct("<HI16x")  # channel, sequence, and two times that follow from it

BROKEN = (
    McapError, ValueError, OverflowError, MemoryError, struct.error, zstandard.ZstdError,
)  # fmt: skip
"""What reading damaged bytes may raise."""


@dataclass(frozen=True, slots=True)
class ChunkPlace:
    """Where a chunk is.

    Attributes:
        offset: Of its record in the file [bytes].
        length: Of its record.
        start: Time of its first record [ns]. Not covered by a checksum: verify what is found.
        end: Time of its last record [ns], likewise.
    """

    offset: int
    length: int
    start: int
    end: int


class Record(NamedTuple):
    """A record as it stands in the file.

    Attributes:
        topic: Its channel's topic.
        frame: Its sequence number.
        data: Its payload.
    """

    topic: str
    frame: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Layout:
    """What a look over a file has found.

    Attributes:
        chunks: Its complete chunks.
        problem: Why it ends before its end, or None for a file that was finished.
        cut: Whether that is because bytes are missing at its end.
        data_end: Offset of the record that ends the data, or None.
        data_crc: The checksum of everything before that.
    """

    chunks: tuple[ChunkPlace, ...]
    problem: str | None
    cut: bool
    data_end: int | None
    data_crc: int


def scan(stream: IO[bytes]) -> Layout:
    """Find the chunks of a recording, without reading what is in them.

    Raises:
        RecordingError: If it is no recording.
    """
    size = stream.seek(0, 2)
    stream.seek(0)
    begin = stream.read(len(MAGIC))
    if begin != MAGIC:
        shown = "it is empty" if not begin else f"it begins with {begin!r}"
        raise RecordingError(f"this is not a recording: {shown}")
    chunks: list[ChunkPlace] = []
    at = len(MAGIC)
    first = True
    while True:
        stream.seek(at)
        head = stream.read(9)
        if len(head) < 9:
            return Layout(tuple(chunks), f"it was cut at byte {size:,}", True, None, 0)
        opcode, length = head[0], int.from_bytes(head[1:], "little")
        if first and opcode != Opcode.HEADER:
            raise RecordingError("this is not a recording: it has no header")
        if at + 9 + length > size:
            return Layout(tuple(chunks), f"it was cut at byte {size:,}", True, None, 0)
        if first:
            _check_header(stream.read(length))
        elif opcode == Opcode.CHUNK and length >= CHUNK_HEAD:
            start, end = struct.unpack("<QQ", stream.read(16))
            chunks.append(ChunkPlace(at, 9 + length, start, end))
        elif opcode == Opcode.DATA_END and length >= 4:
            crc = int.from_bytes(stream.read(4), "little")
            stream.seek(max(0, size - len(MAGIC)))
            finished = stream.read() == MAGIC
            problem = None if finished else f"its index was cut at byte {size:,}"
            return Layout(tuple(chunks), problem, not finished, at, crc)
        elif opcode not in (Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE_INDEX, Opcode.METADATA):
            return Layout(tuple(chunks), f"it is damaged at byte {at:,}", False, None, 0)
        first = False
        at += 9 + length


def read_chunk(stream: IO[bytes], place: ChunkPlace, topics: dict[int, str]) -> list[Record]:
    """The records of a chunk.

    Args:
        stream: The file.
        place: Where the chunk is.
        topics: Channel → topic; those that the chunk makes known are added.

    Raises:
        RecordingError: If its checksum is wrong, or it cannot be read.
    """
    stream.seek(place.offset + 9)
    try:
        chunk = Chunk.read(ReadDataStream(BytesIO(stream.read(place.length - 9))))
        if chunk.compression != "zstd" or chunk.uncompressed_crc == 0:
            raise ValueError("it is not compressed as recordings are, or has no checksum")
        claimed = zstandard.frame_content_size(chunk.data)
        if claimed != chunk.uncompressed_size or claimed > LARGEST_CHUNK:
            raise ValueError(f"it claims to hold {claimed:,} bytes")
        content, _ = get_chunk_data_stream(chunk, validate_crc=True)
        return list(_records(content.read(claimed), topics))
    except BROKEN as error:
        raise RecordingError(
            f"the chunk at byte {place.offset:,} is damaged: {type(error).__name__} {error}"
        ) from None


def _records(data: bytes, topics: dict[int, str]) -> Iterator[Record]:
    """The records in the bytes of a chunk whose checksum is right."""
    at, end, count = 0, len(data), 0
    while at < end:
        count += 1
        opcode, length = _RECORD.unpack_from(data, at)
        if count > LARGEST_COUNT or opcode not in (Opcode.CHANNEL, Opcode.MESSAGE):
            raise ValueError(f"it holds too much, or what does not belong there ({opcode})")
        at += _RECORD.size
        if length > end - at:
            raise ValueError("a record is longer than its chunk")
        if opcode == Opcode.MESSAGE:
            channel, sequence = _MESSAGE.unpack_from(data, at)
            yield Record(topics.get(channel, ""), sequence, data[at + _MESSAGE.size : at + length])
        else:
            channel = Channel.read(ReadDataStream(BytesIO(data[at : at + length])))
            topics[channel.id] = channel.topic
        at += length


def checksum(stream: IO[bytes], end: int) -> int:
    """The CRC of the first `end` bytes of a file."""
    stream.seek(0)
    crc, left = 0, end
    while left:
        block = stream.read(min(left, 1 << 20))
        if not block:
            break
        crc = zlib.crc32(block, crc)
        left -= len(block)
    return crc


def _check_header(data: bytes) -> None:
    try:
        header = Header.read(ReadDataStream(BytesIO(data)))
    except BROKEN:
        raise RecordingError("this is not a recording: its header cannot be read") from None
    if header.profile != LIBRARY:
        raise RecordingError(
            f"this is an MCAP file, but not a recording: its profile is {header.profile!r:.60}"
        )
