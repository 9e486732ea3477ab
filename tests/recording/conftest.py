"""A small recording, and what takes recordings apart and puts them together again."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgpack
import pytest
from mcap.writer import CompressionType, IndexType, Writer

from counterpoint import Controller, ImageFrequency, Recorder, RecordingError, Robot
from counterpoint import commands as cmd
from counterpoint.recording import Call, CheckpointCall, FrameCall, Recording
from counterpoint.recording.header import LIBRARY
from counterpoint.recording.writer import CHANNELS

FLUSH_EVERY = 5
FRAMES = 20


class Outcome(NamedTuple):
    """What could be read of a file.

    Attributes:
        calls: The calls, as text, or None where it was refused at once.
        is_cut: Whether it says that its end is missing.
        error: What it says is wrong, or None.
    """

    calls: list[str] | None
    is_cut: bool
    error: str | None


class Part(NamedTuple):
    """A record, with its payload unpacked; `bytes` stand for themselves in `forge`."""

    topic: str
    frame: int
    value: Any


Forge = Callable[[Iterable[Part]], bytes]
Read = Callable[[bytes], Outcome]


def text(call: Call) -> str:
    """Everything in a call, faster than pydantic's own `repr`."""
    if isinstance(call, FrameCall):
        commands, settle = ([c.__dict__ for c in many] for many in (call.commands, call.settle))
        return repr((call.frame, commands, settle, call.events, call.digest, call.poses))
    if isinstance(call, CheckpointCall):
        snapshot = call.snapshot.model_dump()
        return repr((call.frame, snapshot, call.chain, call.memory, call.resumes))
    return repr(call)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A recording of a panda and a box, with something of every kind in it."""
    path = tmp_path_factory.mktemp("small") / "small.mcap"
    with Controller(checkpoint_every=8) as controller:
        recorder = Recorder(flush_every=FLUSH_EVERY)
        robot = Robot("a", "panda", image_frequency=ImageFrequency.never)
        controller.add_ons += [recorder, robot]
        recorder.start(path)
        box = cmd.AddObject(object_id="box", model="box", size=(0.05,) * 3, position=(0.5, 0, 1))
        camera = cmd.AddCamera(camera_id="cam", follow="box", size=(8, 8))
        mounted = cmd.AddCamera(camera_id="eye", mount=("a", "panda_hand"), size=(8, 8))
        controller.communicate([cmd.CreateEmptyRoom(), box, camera])
        robot.reach_for((0.4, 0.2, 0.4))
        controller.communicate(mounted)
        recorder.memory_set(["score"], {"red": [1, 2.5, None]})
        recorder.write("note", ["anything"])
        while controller.frame < 10:
            controller.communicate()
        controller.communicate(cmd.Weld(robot_id="a", object_id="box"))
        recorder.pause()
        controller.communicate()
        recorder.play()
        while controller.frame < FRAMES:
            controller.communicate()
    return path.read_bytes()


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is written over and over again."""
    return tmp_path_factory.mktemp("scratch") / "some.mcap"


@pytest.fixture(scope="session")
def read(scratch: Path) -> Read:
    """Reads the bytes of a file as far as it goes; whatever is wrong is a RecordingError."""

    def read(data: bytes) -> Outcome:
        scratch.write_bytes(data)
        calls: list[str] = []
        try:
            recording = Recording(scratch)
        except RecordingError as error:
            return Outcome(None, False, str(error))
        with recording:
            try:
                for call in recording.calls():
                    calls.append(text(call))
                if not recording.is_cut:
                    recording.verify_digest()
            except RecordingError as error:
                return Outcome(calls, recording.is_cut, str(error))
            return Outcome(calls, recording.is_cut, recording.problem)

    return read


@pytest.fixture(scope="session")
def parts(small: bytes, scratch: Path) -> list[Part]:
    """The records of the small recording."""
    scratch.write_bytes(small)
    with Recording(scratch) as recording:
        return [Part(r.topic, r.frame, msgpack.unpackb(r.data)) for r in recording.records()]


@pytest.fixture(scope="session")
def forge() -> Forge:
    """Makes a recording from records, with good checksums."""

    def forge(parts: Iterable[Part]) -> bytes:
        stream = io.BytesIO()
        options: dict[str, Any] = {"index_types": IndexType.CHUNK, "enable_data_crcs": True}
        writer: Any = Writer(stream, 1 << 62, CompressionType.ZSTD, **options)
        writer.start(profile=LIBRARY, library=LIBRARY)
        channels = {f"/{n}": writer.register_channel(f"/{n}", "msgpack", 0) for n in CHANNELS}
        for k, part in enumerate(parts):
            data = part.value if isinstance(part.value, Raw) else msgpack.packb(part.value)
            time = part.frame * 1_000_000_000 // 60
            writer.add_message(channels[part.topic], time, bytes(data), time, part.frame)
            if k == 0:
                writer.flush()
        writer.finish()
        return stream.getvalue()

    return forge


class Raw(bytes):
    """A payload that `forge` writes as it is."""


@pytest.fixture(scope="session")
def raw() -> type[bytes]:
    return Raw
