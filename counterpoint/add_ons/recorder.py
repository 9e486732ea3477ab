"""Records everything that changes the world, and plays it again."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from counterpoint.add_ons.add_on import AddOn, Director
from counterpoint.add_ons.replay import Replay
from counterpoint.commands import Command
from counterpoint.core.errors import RecorderError
from counterpoint.core.events import MemorySet
from counterpoint.core.version import VERSION
from counterpoint.recording import FORMAT, CheckpointCall, Header, RecordingWriter
from counterpoint.recording.calls import Key
from counterpoint.recording.memory import Memory, checked
from counterpoint.recording.payload import pack, plain, require_room
from counterpoint.simulation.response import Response
from counterpoint.simulation.snapshot import Snapshot


class Recorder(AddOn):
    """Records a run as the calls that change the world, and replays such recordings.

    A recording needs nothing else to run again: no script, no policy. Replaying one while recording
    gives the same file, byte for byte.

    Args:
        flush_every: Frames after which what was gathered goes to the file: more of them make
            smaller files, fewer make less to lose when the process is killed.
        images: Whether captured images are recorded too. They are not needed: a replay can take
            any.

    Attributes:
        path: Of the recording, or None when not recording.
    """

    def __init__(self, *, flush_every: int = 60, images: bool = False) -> None:
        if not isinstance(flush_every, int) or flush_every < 1:
            raise RecorderError(f"flush_every takes an integer of 1 or more, got {flush_every!r}")
        self.path: Path | None = None
        self._flush_every, self._images = flush_every, images
        self._director: Director | None = None
        self._stream: IO[bytes] | None = None
        self._writer: RecordingWriter | None = None
        self._paused = False
        self._first_frame = 0
        self._memory = Memory()
        self._replay: Replay | None = None
        self.verifying = False
        """Whether a replay wants to know the digest of each frame."""
        self.digest = ""
        """`world_hash()` of the last frame, if it was recorded or verified."""

    # --- recording ----------------------------------------------------------------------------

    def start(self, path: Path | str) -> None:
        """Begin to record to a new file.

        Where the scene has begun already, it goes in first, as a checkpoint; for that it is built
        anew, so what follows may differ in the last bits from the same run without a recording.

        Raises:
            RecorderError: If it is recording already, is not in `controller.add_ons`, or is in the
                middle of a frame.
            FileExistsError: If the file exists. Likewise PermissionError and other OSErrors.
        """
        if self._stream is not None:
            raise RecorderError(f"it is recording already, to {str(self.path)!r}: stop() first")
        director = self._require_director()
        frame = director.frame
        director.world_hash()  # an ended controller says so
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("xb")
        try:
            snapshot = director.checkpoint() if frame else None
        except BaseException:
            stream.close()
            path.unlink()
            raise
        self._stream, self.path, self._paused, self._first_frame = stream, path, False, 0
        if snapshot is not None:
            self._write_checkpoint(snapshot, resumes=True)

    def pause(self) -> None:
        """Suspend the recording; warns where there is none."""
        if self._stream is None:
            warnings.warn("nothing is being recorded: pause() has no effect", stacklevel=2)
        self._paused = self._stream is not None

    def play(self) -> None:
        """Resume the recording with a checkpoint of the scene, which is built anew from that.

        Warns where nothing is paused.

        Raises:
            RecorderError: In the middle of a frame.
        """
        if self._stream is None or not self._paused:
            what = "nothing is being recorded" if self._stream is None else "it is not paused"
            warnings.warn(f"{what}: play() has no effect", stacklevel=2)
            return
        snapshot = self._require_director().checkpoint()
        self._paused = False
        self._write_checkpoint(snapshot, resumes=True)

    def stop(self) -> None:
        """End the recording: write its index and digest, and close it. Warns where there is none.

        Raises:
            RecorderError: If that cannot be written; what was flushed before is there.
        """
        if self._stream is None:
            warnings.warn("nothing is being recorded: stop() has no effect", stacklevel=2)
            return
        self._finish()

    def record(self) -> bool:
        """Whether it is recording, and not paused."""
        return self._stream is not None and not self._paused

    def write(self, op_code: Key, data: Any) -> None:
        """Add a record of your own, which a replay hands out again as a `UserCall`.

        Args:
            op_code: What it is, in your words or numbers.
            data: What JSON can hold.

        Raises:
            RecorderError: If it is not recording, or the data is larger than 4 MiB.
            TypeError: If JSON cannot hold the data.
        """
        if not self.record():
            raise RecorderError("it is not recording: start() or play() first")
        if not isinstance(plain(op_code), (str, int)) or isinstance(op_code, bool):
            raise TypeError(f"op_code takes a string or an integer, got {op_code!r:.80}")
        data, frame = plain(data), self._frame
        require_room(len(pack(data)))
        self._write(lambda w: w.record(frame, op_code, data))

    # --- notes of the script ------------------------------------------------------------------

    def memory_set(self, keys: Sequence[Key], value: Any) -> None:
        """Note something down under nested keys: `memory_set(["scores", "a"], 3)`.

        The keys before the last have to be there. An integer is a place in a list; one past its end
        makes the list longer.

        Raises:
            KeyError: If a key before the last is missing, or there is no such place in a list.
            RecorderError: If all notes together would be larger than 4 MiB.
            TypeError: If JSON cannot hold the value.
        """
        value = plain(value)
        self.apply_memory(keys, value)
        if self._director is not None:
            self._director.events.publish(MemorySet(self._frame, tuple(keys), value))

    def memory_get(self, keys: Sequence[Key] = ()) -> Any:
        """What was noted down under nested keys, or everything. A copy.

        Raises:
            KeyError: If it is not there.
        """
        return self._memory.get(keys)

    def apply_memory(self, keys: Sequence[Key], value: Any) -> None:
        """Note down, and record that, without telling anyone. For replays; see `memory_set`."""
        keys = checked(keys)
        self._memory.check_place(keys)
        self._memory.make_room(keys, value)
        if self.record():
            frame = self._frame
            self._write(lambda w: w.memory(frame, keys, value))
        self._memory.put(keys, value)

    def replace_memory(self, memory: dict[str, Any]) -> None:
        """All notes at once. For replays."""
        self._memory = Memory(memory)

    def time(self) -> float:
        """The recording's time while replaying, else the controller's [s]."""
        return self._require_director().time

    # --- replaying ----------------------------------------------------------------------------

    def replay(self, path: Path | str, *, verify: bool = True, images: bool = True) -> Replay:
        """Play a recording in the controller, which has to be at frame 0; see `Replay`.

        Args:
            path: The file.
            verify: Whether the state is compared with what was recorded, frame by frame.
            images: Whether the images that were captured are captured again.

        Raises:
            FileNotFoundError: If there is no such file.
            RecordingError: If it is no recording, damaged, or of a newer version.
            RecorderError: If the scene is not empty.
        """
        director = self._require_director()
        if self._replay is not None:
            self._replay.close()
        self._replay = Replay(self, director, Path(path), verify=verify, images=images)
        return self._replay

    def record_checkpoint(self, call: CheckpointCall) -> None:
        """Record that the scene went on from a checkpoint. For replays."""
        if self.record():
            if self._writer is None:
                self._first_frame = call.frame
            self._write(lambda w: w.checkpoint(call))

    # --- the loop -----------------------------------------------------------------------------

    def enlist(self, director: Director) -> None:
        """See `AddOn`."""
        if self._director is not director and self._stream is not None:
            raise RecorderError(f"it is recording another controller, to {str(self.path)!r}")
        self._director = director

    def on_frame(
        self, commands: Sequence[Command], settle: Sequence[Command], response: Response
    ) -> None:
        """See `AddOn`."""
        recording = self.record()
        # Taken here: a checkpoint that follows builds the scene anew.
        digest = self._require_director().world_hash() if recording or self.verifying else ""
        self.digest = digest
        if not recording:
            return
        images = self._images
        self._write(lambda w: w.frame(commands, settle, response, digest, images=images))

    def on_checkpoint(self, snapshot: Snapshot) -> None:
        """See `AddOn`."""
        if self.record():
            self._write_checkpoint(snapshot, resumes=False)

    def leave(self) -> None:
        """The scene ends, and so does the recording."""
        super().leave()
        if self._replay is not None:
            self._replay.close()
        if self._stream is not None:
            self._finish()

    # --- inside -------------------------------------------------------------------------------

    @property
    def _frame(self) -> int:
        return 0 if self._director is None else self._director.frame

    def _require_director(self) -> Director:
        if self._director is None:
            raise RecorderError("put the recorder into controller.add_ons first")
        return self._director

    def _write_checkpoint(self, snapshot: Snapshot, *, resumes: bool) -> None:
        director = self._require_director()
        chain = director.world_hash() if director.settings.hash_chain else None
        self.record_checkpoint(
            CheckpointCall(snapshot.frame, snapshot, chain, self._memory.to_dict(), resumes)
        )

    def _write(self, what: Callable[[RecordingWriter], None]) -> None:
        """Write something; the header first.

        Raises:
            RecorderError: If the file takes no more, or something is not for msgpack, as an event
                of the caller's own may be. The recording is over then.
        """
        try:
            if self._writer is None:
                assert self._stream is not None
                self._writer = RecordingWriter(self._stream, self._header())
            what(self._writer)
        except (OSError, TypeError, ValueError, OverflowError) as error:
            raise self._failed(error) from error

    def _header(self) -> Header:
        director = self._require_director()
        return Header(
            format=FORMAT,
            package=VERSION,
            settings=director.settings,
            flush_every=self._flush_every,
            first_frame=self._first_frame,
            memory=self._memory.to_dict(),
        )

    def _finish(self) -> None:
        try:
            if self._writer is None:
                self._write(lambda w: None)
            assert self._writer is not None and self._stream is not None
            self._writer.finish()
            self._stream.close()
        except OSError as error:
            raise self._failed(error) from error
        finally:
            self._writer = self._stream = self.path = None
            self._paused = False

    def _failed(self, error: Exception) -> RecorderError:
        """The recording is over; the scene goes on."""
        path = self.path
        if self._stream is not None:
            with contextlib.suppress(OSError):
                if self._writer is not None and not isinstance(error, OSError):
                    self._writer.finish()
            with contextlib.suppress(OSError):
                self._stream.close()
        self._writer = self._stream = self.path = None
        self._paused = False
        return RecorderError(
            f"the recording to {str(path)!r} ended at frame {self._frame}: {error}; "
            "what was written before is there"
        )
