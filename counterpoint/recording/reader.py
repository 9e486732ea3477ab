"""Reading recordings, whole, cut or damaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from counterpoint.core.errors import CounterpointError, RecordingError
from counterpoint.recording.calls import (
    Call,
    CheckpointCall,
    FrameCall,
    commands_from_list,
    events_from_list,
)
from counterpoint.recording.chunks import Record, checksum, read_chunk, scan
from counterpoint.recording.decoding import (
    checkpoint_from,
    digest_from,
    memory_from,
    user_from,
)
from counterpoint.recording.header import Header
from counterpoint.recording.payload import unpack
from counterpoint.recording.poses import PoseLayout, Poses
from counterpoint.recording.upgrade import check_version, upgrade

BATCH = 48
"""Records decoded at once: fewer are slower between physics steps, more keep the garbage
collector busy."""


class Recording:
    """A recording on disk. Close it, or use it in a `with` statement.

    Args:
        path: The file.

    Attributes:
        path: Likewise.
        header: What it says of itself.
        problem: Why it ends before its end, or None for one that was finished.

    Raises:
        FileNotFoundError: If there is no such file.
        RecordingError: If it is no recording, or of a newer version, or damaged at its beginning.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._stream = self.path.open("rb")
        self._topics: dict[int, str] = {}
        try:
            self._layout = scan(self._stream)
            self.problem = self._layout.problem
            self._version, self.header = self._read_header()
        except RecordingError as error:
            self._stream.close()
            raise RecordingError(f"{self.path.name}: {error}") from None
        self._rate = self.header.settings.frames_per_second
        self._records = lru_cache(maxsize=4)(self._read_records)

    # --- what is in it ------------------------------------------------------------------------

    @property
    def is_cut(self) -> bool:
        """Whether its end is missing, as after a crash."""
        return self._layout.cut

    @property
    def size(self) -> int:
        """Of the file [bytes]."""
        return self.path.stat().st_size

    @property
    def last_frame(self) -> int:
        """The last recorded frame that can be read; the first one if there is none."""
        for place in reversed(range(len(self._layout.chunks))):
            frames = [r.frame for r in self._records(place) if r.topic == "/frames"]
            if frames:
                return frames[-1]
        return self.header.first_frame

    def records(self) -> Iterator[Record]:
        """Every record as it stands in the file.

        Raises:
            RecordingError: Where a chunk is damaged.
        """
        for place in range(len(self._layout.chunks)):
            yield from self._read_records(place)

    def calls(self, since: CheckpointCall | None = None) -> Iterator[Call]:
        """Every recorded call, in order, or those after a checkpoint.

        Raises:
            RecordingError: Where the recording is damaged; all calls before were good.
        """
        last = self.header.first_frame if since is None else since.frame
        first = 0 if since is None else self._chunk_of(since.frame)
        parts: dict[str, Any] = {}
        for place in range(first, len(self._layout.chunks)):
            records = self._read_records(place)
            if since is not None:  # it may stand in the chunk after the frame that it follows
                marks = [i for i, r in enumerate(records) if _is_checkpoint(r, since.frame)]
                if not marks:
                    continue
                records, since = records[marks[-1] + 1 :], None
            for begin in range(0, len(records), BATCH):
                calls, error = self._decode(records[begin : begin + BATCH], parts)
                for call in calls:
                    if isinstance(call, FrameCall):
                        expected = last + 1
                    elif isinstance(call, CheckpointCall) and not call.resumes:
                        expected = last
                    else:
                        expected = call.frame
                    if call.frame != expected:
                        raise self._error(
                            f"frame {call.frame} follows frame {last}: what was between is missing"
                        )
                    if isinstance(call, (FrameCall, CheckpointCall)):
                        last = call.frame
                    yield call
                if error is not None:
                    raise error
        if self.problem is not None and not self.is_cut:
            raise self._error(f"{self.problem}; what comes before was good")

    def checkpoint_before(self, frame: int) -> CheckpointCall | None:
        """The last checkpoint at or before a frame, or None where the run had none by then."""
        first = self.header.first_frame
        if self.header.settings.checkpoint_every is None and frame < first:
            return None
        for place in range(self._chunk_of(frame), -1, -1):
            for record in reversed(self._records(place)):
                if record.topic == "/checkpoints" and record.frame <= frame:
                    call = self._call(record, {})
                    assert isinstance(call, CheckpointCall)
                    return call
        return None

    def poses(self, frame: int) -> Poses:
        """Where everything was in a recorded frame, at once.

        Raises:
            RecordingError: If that frame was not recorded, or is damaged.
        """
        layout: Any = None
        # A frame may stand in the chunk after the one whose times fit: times are whole.
        first = max(0, self._chunk_of(frame) - 1)
        for place in range(first, min(first + 3, len(self._layout.chunks))):
            for record in self._records(place):
                if record.topic == "/poses" and record.frame <= frame:
                    data, new = self._pair(record)
                    layout = new or layout
                    if record.frame == frame and layout is not None and isinstance(data, bytes):
                        return Poses.from_bytes(frame, PoseLayout.from_dict(layout), data)
        raise self._error(
            f"frame {frame} was not recorded; it has frames {self.header.first_frame + 1} to "
            f"{self.last_frame}, less what was paused"
        )

    def all_poses(self) -> Iterator[Poses]:
        """Where everything was, in every recorded frame.

        Raises:
            RecordingError: Where the recording is damaged.
        """
        layout: PoseLayout | None = None
        for record in self.records():
            if record.topic == "/poses":
                data, new = self._pair(record)
                layout = layout if new is None else PoseLayout.from_dict(new)
                if layout is None or not isinstance(data, bytes):
                    raise self._error(f"the poses of frame {record.frame} are damaged")
                yield Poses.from_bytes(record.frame, layout, data)

    def verify_digest(self) -> None:
        """Compare the file with the digest at its end.

        Raises:
            RecordingError: If they differ, or there is none.
        """
        layout = self._layout
        if layout.data_end is None or self.problem is not None:
            raise self._error(f"{self.problem}")
        if checksum(self._stream, layout.data_end) != layout.data_crc:
            raise self._error("its digest does not match: some of its bytes were changed")

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- inside -------------------------------------------------------------------------------

    def _read_header(self) -> tuple[int, Header]:
        if not self._layout.chunks:
            raise RecordingError(f"nothing can be read: {self.problem or 'it is empty'}")
        records = read_chunk(self._stream, self._layout.chunks[0], self._topics)
        if not records or records[0].topic != "/header":
            raise RecordingError("this is not a recording: it does not begin with a header")
        data = unpack(records[0].data, "the header")
        version = check_version(data)
        return version, Header.from_dict(upgrade(version, "/header", data))

    def _read_records(self, place: int) -> list[Record]:
        try:
            return read_chunk(self._stream, self._layout.chunks[place], self._topics)
        except RecordingError as error:
            raise self._error(str(error)) from None

    def _chunk_of(self, frame: int) -> int:
        """The first chunk that may hold what belongs to a frame."""
        time = frame * 1_000_000_000 // self._rate
        for place, chunk in enumerate(self._layout.chunks):
            if chunk.end >= time:
                return place
        return len(self._layout.chunks) - 1

    def _decode(
        self, records: Sequence[Record], parts: dict[str, Any]
    ) -> tuple[list[Call], RecordingError | None]:
        """The calls of some records up to the first that is damaged, and what is wrong with it.

        Several at once: between physics steps, each by itself takes three times as long.
        """
        calls: list[Call] = []
        try:
            for record in records:
                call = self._call(record, parts)
                if call is not None:
                    calls.append(call)
        except RecordingError as error:
            return calls, error
        return calls, None

    def _payload(self, record: Record) -> Any:
        data = unpack(record.data, f"a record of {record.topic} at frame {record.frame}")
        return upgrade(self._version, record.topic, data)

    def _pair(self, record: Record) -> tuple[Any, Any]:
        data = self._payload(record)
        if not isinstance(data, list) or len(data) != 2:
            raise self._error(f"a record of {record.topic} at frame {record.frame} is damaged")
        return data[0], data[1]

    def _call(self, record: Record, parts: dict[str, Any]) -> Call | None:
        """The call that a record completes; parts of a frame are kept until the frame comes."""
        topic, frame = record.topic, record.frame
        try:
            if topic in ("/digests", "/events"):
                parts[topic] = self._payload(record)
                return None
            if topic == "/poses":
                parts[topic] = record.data
                return None
            if topic == "/frames":
                data = self._payload(record)
                call = FrameCall(
                    frame,
                    commands_from_list(data["commands"]),
                    commands_from_list(data["settle"]),
                    events_from_list(parts.get("/events", ())),
                    digest_from(parts["/digests"]) if "/digests" in parts else None,
                    parts.get("/poses"),
                )
                parts.clear()
                return call
            if topic == "/memory":
                return memory_from(frame, self._payload(record))
            if topic == "/records":
                return user_from(frame, self._payload(record))
            if topic == "/checkpoints":
                return checkpoint_from(frame, self._payload(record))
        except (CounterpointError, KeyError, TypeError, AttributeError) as error:
            raise self._error(f"frame {frame} ({topic}): {error}") from error
        return None

    def _error(self, text: str) -> RecordingError:
        return RecordingError(f"{self.path.name}: {text}")


def _is_checkpoint(record: Record, frame: int) -> bool:
    return record.topic == "/checkpoints" and record.frame == frame
