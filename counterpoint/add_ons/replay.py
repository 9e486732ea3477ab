"""Plays a recording in a controller, one call at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from counterpoint.add_ons.add_on import Director
from counterpoint.commands import CaptureImages, Command, CommandLike, parse_commands
from counterpoint.core.errors import CounterpointError, RecorderError, RecordingError
from counterpoint.recording import (
    Call,
    CheckpointCall,
    FrameCall,
    MemoryCall,
    Poses,
    Recording,
    UserCall,
)
from counterpoint.recording.poses import PoseLayout, PoseWriter
from counterpoint.simulation.response import Response

if TYPE_CHECKING:
    from counterpoint.add_ons.recorder import Recorder


class Divergence(NamedTuple):
    """Where a replay left the recording.

    Attributes:
        frame: The first frame whose state is another one.
        body: The first robot or object that is somewhere else, or None where no pose differs yet.
    """

    frame: int
    body: str | None


class Replay:
    """An iterator that applies one recorded call at each step, and yields it.

    Between steps the whole state is there: `controller.response`, cameras, hashes. Robots and other
    add-ons that act are silent; those that only look take part as always. Commands sent with
    `send()` go into the next frame. To leave the recording and act on from where it is, just call
    `communicate()`: robots among the add-ons take over those of the recording.

    Attributes:
        recording: The file.
        divergence: Where the state left the recording, or None while it has not.
    """

    def __init__(
        self, recorder: Recorder, director: Director, path: Path, *, verify: bool, images: bool
    ) -> None:
        self.recording = Recording(path)
        self.divergence: Divergence | None = None
        self._recorder, self._director = recorder, director
        self._verify, self._images = verify, images
        self._extra: list[Command] = []
        self._changed = False
        self._poses: tuple[PoseWriter, PoseLayout] | None = None
        self._target: int | None = None
        try:
            self._begin()
        except BaseException:
            self.recording.close()
            raise
        if self.recording.is_cut:
            warnings.warn(
                f"{path.name} was not finished: {self.recording.problem}; it replays up to frame "
                f"{self.recording.last_frame}, and up to {self.recording.header.flush_every} "
                "frames that were not flushed are lost",
                RuntimeWarning,
                stacklevel=4,
            )

    # --- stepping -----------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Call]:
        return self

    def __next__(self) -> Call:
        if self._target is not None:
            self._reach(self._target)
        return self._step()

    def send(self, commands: CommandLike | Iterable[CommandLike]) -> None:
        """Add commands to the next frame, which were not recorded."""
        self._extra += parse_commands(commands)

    def seek(self, frame: int, *, exact: bool = False) -> Poses:
        """Go to a frame: the next step plays the one after it.

        Where everything was then is known at once. The exact state comes from the nearest
        checkpoint, or from the beginning where the run has none: with the next step, or now with
        `exact`.

        Args:
            frame: A recorded frame.
            exact: Whether the controller shall be in that frame when this returns.

        Raises:
            RecordingError: If that frame was not recorded.
            RecorderError: While recording.
        """
        if self._recorder.record():
            raise RecorderError("a replay that is being recorded cannot seek: stop() first")
        poses = self.recording.poses(frame)
        self._target = frame
        if exact:
            self._reach(frame)
        return poses

    def close(self) -> None:
        """Close the file. The scene stays as it is."""
        self.recording.close()

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

    def _begin(self) -> None:
        header = self.recording.header
        self._director.prepare_replay(header.settings)
        self._recorder.replace_memory(header.memory)
        self._calls = self.recording.calls()
        self._frame = 0

    def _reach(self, frame: int) -> None:
        """Bring the scene to a frame exactly."""
        self._target = None
        checkpoint = self.recording.checkpoint_before(frame)
        start = 0 if checkpoint is None else checkpoint.frame
        if not start <= self._frame <= frame:
            if checkpoint is None:
                self._begin()
            else:
                self._restore(checkpoint)
                self._calls = self.recording.calls(since=checkpoint)
        while self._frame < frame:
            self._step()

    def _step(self) -> Call:
        director = self._director
        if director.frame != self._frame:
            raise RecorderError(
                f"the scene is at frame {director.frame} and this replay at {self._frame}: the "
                "scene has gone on without it"
            )
        try:
            call = next(self._calls)
        except StopIteration:
            if self._verify and self.recording.problem is None:
                self.recording.verify_digest()
            self.close()
            raise
        match call:
            case FrameCall():
                self._play(call)
            case MemoryCall():
                self._note(call)
            case UserCall():
                if self._recorder.record():
                    self._recorder.write(call.op_code, call.data)
            case CheckpointCall() if call.resumes:
                self._restore(call)
                self._recorder.record_checkpoint(call)
        return call

    def _note(self, call: MemoryCall) -> None:
        try:
            self._recorder.apply_memory(call.keys, call.value)
        except KeyError as error:
            raise RecordingError(
                f"{self.recording.path.name}: frame {call.frame} (/memory): {error}"
            ) from error

    def _restore(self, call: CheckpointCall) -> None:
        self._director.restore(call.snapshot, call.chain)
        self._recorder.replace_memory(call.memory)
        self._frame, self._poses = call.frame, None

    def _play(self, call: FrameCall) -> None:
        extra, self._extra = self._extra, []
        self._changed = self._changed or bool(extra)
        commands, settle = call.commands, call.settle
        if not self._images:
            commands = tuple(c for c in commands if not isinstance(c, CaptureImages))
            settle = tuple(c for c in settle if not isinstance(c, CaptureImages))
        verifying = self._recorder.verifying = self._verify and self.divergence is None
        try:
            response = self._director.play(commands, settle, call.events, extra)
        except CounterpointError as error:
            if self._director.frame == call.frame or getattr(error, "index", None) is not None:
                raise
            raise RecordingError(
                f"{self.recording.path.name}: frame {call.frame} cannot be played: {error}"
            ) from error
        finally:
            self._frame, self._recorder.verifying = self._director.frame, False
        if verifying:
            self._compare(call, response)

    def _compare(self, call: FrameCall, response: Response) -> None:
        """Compare the state with what was recorded, and name the first body that differs."""
        if call.digest is None or self._recorder.digest == call.digest:
            return
        body = None
        if call.poses is not None:
            writer = PoseWriter()
            layout = PoseLayout.from_dict(writer.layout(response))
            now = Poses.from_bytes(call.frame, layout, writer.numbers(response))
            body = self.recording.poses(call.frame).first_difference(now)
        self.divergence = Divergence(call.frame, body)
        if not self._changed:
            what = "a velocity or a drive target" if body is None else repr(body)
            warnings.warn(
                f"the replay left the recording at frame {call.frame}: {what} differs",
                RuntimeWarning,
                stacklevel=4,
            )
