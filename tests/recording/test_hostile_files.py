"""Files that someone made up: reading and replaying them ends in a RecordingError."""

from __future__ import annotations

import copy
import io
import json
import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.opcode import Opcode
from mcap.writer import CompressionType, Writer

from counterpoint import Controller, Recorder, RecordingError
from counterpoint import commands as cmd
from counterpoint.recording import FORMAT, FrameCall, Recording
from counterpoint.recording.chunks import MAGIC
from counterpoint.recording.header import LIBRARY

Path_ = tuple[Any, ...]
ODD: list[Any] = [
    None, True, -1, 0, 1, 2**63, -(2**62), 10**15, 0.5, float("nan"), float("inf"), 1e300, "", "x",
    "box", "a", b"", bytes(8), [], [1], {}, {"type": "x"}, [[]], [float("nan")] * 7, ["x", "y"],
]  # fmt: skip
"""Values that have no business where they are put."""


def places(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Every place in nested values, of long lists the first ones."""
    yield at
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*at, key))
    elif isinstance(value, list):
        for i in range(min(len(value), 8)):
            yield from places(value[i], (*at, i))


def get(value: Any, at: Path_) -> Any:
    for key in at:
        value = value[key]
    return value


def put(value: Any, at: Path_, new: Any) -> Any:
    """The same, with something else in one place."""
    if not at:
        return new
    value = copy.copy(value)
    value[at[0]] = put(value[at[0]], at[1:], new)
    return value


def without(value: Any, at: Path_) -> Any:
    value = copy.copy(value)
    if len(at) == 1:
        del value[at[0]]
    else:
        value[at[0]] = without(value[at[0]], at[1:])
    return value


def spoilt(value: Any, at: Path_) -> Iterator[Any]:
    """The same with something wrong in one place: another value, none, one more."""
    for odd in ODD:
        yield put(value, at, odd)
    if at:
        yield without(value, at)
    here = get(value, at)
    if isinstance(here, dict):
        yield put(value, at, {**here, "unknown": 1})
    elif isinstance(here, list):
        yield put(value, at, [*here, here[0] if here else 1])


@pytest.fixture(scope="module")
def candidates(parts: list[Any]) -> list[tuple[int, Path_]]:
    """Which record, and where in it: of records that are alike only one is spoilt."""
    chosen, seen = [], set()
    for i, part in enumerate(parts):
        kind = part.topic, part.frame if part.frame in (1, 2, 11) else None
        if kind not in seen or part.topic == "/checkpoints":
            seen.add(kind)
            chosen += [(i, at) for at in places(part.value)]
    return chosen


def look_at_everything(path: Path) -> None:
    """Use a recording in every way that needs no physics."""
    with Recording(path) as recording:
        for call in recording.calls():
            if isinstance(call, FrameCall):
                poses = recording.poses(call.frame)
                assert poses.objects is not None
                for robot_id in poses.joints:
                    poses.link_poses(robot_id, ("panda_hand",))
        list(recording.all_poses())
        recording.checkpoint_before(recording.last_frame)
        recording.verify_digest()


def refused_or_read(path: Path, data: bytes) -> bool:
    path.write_bytes(data)
    try:
        look_at_everything(path)
    except RecordingError:
        return True
    return False


@given(draw=st.data())
@settings(max_examples=500, deadline=1_000)
def test_a_wrong_value_anywhere_is_a_recording_error_or_does_no_harm(
    candidates: list[tuple[int, Path_]],
    parts: list[Any],
    forge: Callable[..., bytes],
    scratch: Path,
    draw: st.DataObject,
) -> None:
    i, at = draw.draw(st.sampled_from(candidates))
    value = draw.draw(st.sampled_from(list(spoilt(parts[i].value, at))))
    forged = [*parts[:i], parts[i]._replace(value=value), *parts[i + 1 :]]
    refused_or_read(scratch, forge(forged))


@pytest.mark.slow
def test_every_wrong_value_in_every_place_is_a_recording_error_or_does_no_harm(
    candidates: list[tuple[int, Path_]],
    parts: list[Any],
    forge: Callable[..., bytes],
    scratch: Path,
) -> None:
    refused = total = 0
    for i, at in candidates:
        for value in spoilt(parts[i].value, at):
            forged = [*parts[:i], parts[i]._replace(value=value), *parts[i + 1 :]]
            refused += refused_or_read(scratch, forge(forged))
            total += 1
    assert total > 10_000
    assert refused > 0.6 * total


@given(payload=st.binary(max_size=60), topic=st.sampled_from(["/frames", "/poses", "/checkpoints"]))
@settings(max_examples=300, deadline=1_000)
def test_bytes_that_are_no_msgpack_are_a_recording_error(
    parts: list[Any],
    forge: Callable[..., bytes],
    raw: Any,
    scratch: Path,
    payload: bytes,
    topic: str,
) -> None:
    i = next(i for i, p in enumerate(parts) if p.topic == topic)
    forged = [*parts[:i], parts[i]._replace(value=raw(payload)), *parts[i + 1 :]]
    assert refused_or_read(scratch, forge(forged))


# --- bombs ---------------------------------------------------------------------------------------

MEMORY = 3 << 30  # bytes of address space, of which an idle interpreter with NumPy has 0.5 GiB

READ_WITH_LITTLE_MEMORY = f"""
import resource, sys
from counterpoint import RecordingError
from counterpoint.recording import Recording
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
for path in sys.argv[1:]:
    try:
        with Recording(path) as recording:
            for call in recording.calls():
                pass
            list(recording.all_poses())
        print("read", path)
    except RecordingError as error:
        print("refused", path, error)
"""


def chunk(content: bytes, *, claimed: int | None = None, compressed: bytes | None = None) -> bytes:
    """A chunk's record."""
    data = zstandard.ZstdCompressor().compress(content) if compressed is None else compressed
    head = struct.pack(
        "<QQQII", 0, 0, len(content) if claimed is None else claimed, zlib.crc32(content), 4
    )
    body = head + b"zstd" + struct.pack("<Q", len(data)) + data
    return bytes([Opcode.CHUNK]) + struct.pack("<Q", len(body)) + body


def message(channel: int, data: bytes) -> bytes:
    body = struct.pack("<HIQQ", channel, 1, 0, 0) + data
    return bytes([Opcode.MESSAGE]) + struct.pack("<Q", len(body)) + body


def bombs(
    parts: list[Any], forge: Callable[..., bytes], raw: Any, small: bytes
) -> dict[str, bytes]:
    """Small files that would take a lot of memory or time, were they believed."""
    header = forge(parts[:1])
    end = header.index(bytes([Opcode.DATA_END]) + struct.pack("<Q", 4))
    zeros = zstandard.ZstdCompressor(level=1).compress(bytes(1 << 28))
    many = 7 << 20

    def payload(data: bytes, topic: str = "/frames") -> bytes:
        return forge([parts[0], parts[1]._replace(topic=topic, value=raw(data))])

    inner = small[len(MAGIC) :]
    return {
        "zip": header[:end] + chunk(bytes(1 << 28), compressed=zeros) + header[end:],
        "zip that claims less": header[:end]
        + chunk(bytes(1 << 28), claimed=100, compressed=zeros)
        + header[end:],
        "zip that claims a lot": header[:end] + chunk(b"x", claimed=1 << 50) + header[end:],
        "many zips": header[:end] + 8 * chunk(bytes(1 << 28), compressed=zeros) + header[end:],
        "record longer than its chunk": header[:end]
        + chunk(bytes([Opcode.MESSAGE]) + struct.pack("<Q", 1 << 62) + bytes(50))
        + header[end:],
        "messages without content": header[:end]
        + chunk(message(2, b"") * (8 << 20))
        + header[end:],
        "chunks in chunks": header[:end] + chunk(chunk(chunk(inner))) + header[end:],
        "nested lists": payload(b"\x91" * many),
        "nested maps": payload(b"\x81\xa1x" * (many // 3)),
        "list of 4 billion": payload(b"\xdd\xff\xff\xff\xff"),
        "map of 4 billion": payload(b"\xdf\xff\xff\xff\xff"),
        "string of 4 billion": payload(b"\xdb\xff\xff\xff\xff"),
        "bytes of 4 billion": payload(b"\xc6\xff\xff\xff\xff"),
        "extension of 4 billion": payload(b"\xc9\xff\xff\xff\xff\x01"),
        "extension": payload(b"\xd4\x01x"),
        "timestamp": payload(msgpack.packb(msgpack.Timestamp(1))),
        "empty maps": payload(b"\xdd" + struct.pack(">I", many) + b"\x80" * many),
        "empty maps as events": payload(
            b"\xdd" + struct.pack(">I", many) + b"\x80" * many, "/events"
        ),
        "empty maps, 256 MB": header[:end]
        + chunk(message(2, b"\xdd" + struct.pack(">I", 250 << 20) + b"\x80" * (250 << 20)))
        + header[end:],
        "key that is a list": payload(b"\x81\x90\xc0"),
        "no channel": header[:end] + chunk(message(999, b"\xc0")) + header[end:],
    }  # fmt: skip


def test_bombs_take_neither_memory_nor_time(
    parts: list[Any], forge: Callable[..., bytes], raw: Any, small: bytes, tmp_path: Path
) -> None:
    harmless = {"no channel", "empty maps as events"}
    names = bombs(parts, forge, raw, small)
    for i, data in enumerate(names.values()):
        (tmp_path / str(i)).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", READ_WITH_LITTLE_MEMORY, *map(str, range(len(names)))],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env={"PYTHONPATH": ":".join(p for p in sys.path if p)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = dict(zip(names, (line.split()[0] for line in done.stdout.splitlines()), strict=True))
    assert {name for name, what in said.items() if what != "refused"} == harmless


def test_the_limit_of_that_test_is_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_WITH_LITTLE_MEMORY.split("for path")[0] + "bytes(4 << 30)"],
        capture_output=True, text=True, timeout=60, check=False,
        env={"PYTHONPATH": ":".join(p for p in sys.path if p)},
    )  # fmt: skip
    assert "MemoryError" in done.stderr
    assert resource.getrlimit(resource.RLIMIT_AS)[0] != MEMORY


# --- other kinds of files ------------------------------------------------------------------------


def other_mcap(profile: str) -> bytes:
    stream = io.BytesIO()
    writer: Any = Writer(stream, compression=CompressionType.ZSTD)
    writer.start(profile=profile, library="someone")
    channel = writer.register_channel("/x", "json", 0)
    writer.add_message(channel, 0, b"{}", 0, 0)
    writer.finish()
    return stream.getvalue()


def test_an_mcap_file_of_another_profile_is_named(read: Callable[[bytes], Any]) -> None:
    outcome = read(other_mcap("ros2"))
    assert outcome.calls is None
    assert "an MCAP file, but not a recording: its profile is 'ros2'" in outcome.error


def test_an_mcap_file_of_this_profile_without_a_header_is_refused(
    read: Callable[[bytes], Any],
) -> None:
    assert "does not begin with a header" in read(other_mcap(LIBRARY)).error


def test_a_newer_version_says_which_and_what_to_do(
    parts: list[Any], forge: Callable[..., bytes], read: Callable[[bytes], Any]
) -> None:
    newer = {**parts[0].value, "format": FORMAT + 1, "package": "9.9", "unknown": {"x": 1}}
    outcome = read(forge([parts[0]._replace(value=newer), *parts[1:]]))
    assert outcome.calls is None
    for said in (f"version {FORMAT + 1}", "9.9", f"up to version {FORMAT}", "install a newer one"):
        assert said in outcome.error


@pytest.mark.parametrize("version", [None, 0, -1, "1", 1.0, True, [1]])
def test_a_version_that_is_none_is_refused(
    version: Any, parts: list[Any], forge: Callable[..., bytes], read: Callable[[bytes], Any]
) -> None:
    header = {**parts[0].value, "format": version}
    outcome = read(forge([parts[0]._replace(value=header), *parts[1:]]))
    assert "names no version" in outcome.error


# --- in physics ----------------------------------------------------------------------------------

REPLAY_EACH = """
import sys, warnings
from pathlib import Path
from counterpoint import Controller, Recorder, RecordingError
warnings.simplefilter("ignore")
for path in sys.argv[1:]:
    with Controller() as controller:
        recorder = Recorder()
        controller.add_ons.append(recorder)
        recorder.start(Path("copies") / path)
        try:
            for call in recorder.replay(path):
                pass
            print("replayed", path, flush=True)
        except RecordingError as error:
            print("refused", path, *str(error).split(), flush=True)
"""


def replay_each(folder: Path, files: list[bytes], timeout: float) -> list[str]:
    """What became of each file; a crash of the physics engine fails here."""
    for i, data in enumerate(files):
        (folder / str(i)).write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", REPLAY_EACH, *map(str, range(len(files)))],
        cwd=folder, capture_output=True, text=True, timeout=timeout, check=False,
        env={"PYTHONPATH": ":".join(p for p in sys.path if p)},
    )  # fmt: skip
    said = [line.split()[0] for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"file {len(said)}: {done.stderr[-2000:]}"
    assert len(said) == len(files)
    return said


def numbers(data: bytes, kind: str, **at: float) -> bytes:
    """Packed numbers, some of them changed."""
    array = np.frombuffer(data, kind).copy()
    for place, value in at.items():
        array[int(place[1:])] = value
    return array.tobytes()


def bad_snapshots(good: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Snapshots that PhysX must never see."""
    nan, inf, drives = float("nan"), float("inf"), good["drives"]
    weld = {
        "robot_id": "a", "arm": "right", "object_id": "box",
        "carrier_from_object": [0, 0, 0.1, 1, 0, 0, 0],
    }  # fmt: skip
    cameras = good["cameras"]
    made: dict[str, dict[str, Any]] = {
        f"{name} {what}": {name: numbers(good[name], "<f4", **{f"_{k}": value})}
        for name in ("q", "qd", "objects")
        for what, value in (("nan", nan), ("inf", inf), ("-inf", -inf))
        for k in (0,)
    }
    made |= {
        f"drive {name} nan": {"drives": {**drives, name: numbers(drives[name], "<f8", _1=nan)}}
        for name in drives
    }
    made |= {
        "joint beyond its limit": {"q": numbers(good["q"], "<f4", _0=1e6)},
        "joint far beyond": {"q": numbers(good["q"], "<f4", _0=3e38)},
        "speed far beyond": {"qd": numbers(good["qd"], "<f4", _0=3e38)},
        "goal far beyond": {"drives": {**drives, "goal": numbers(drives["goal"], "<f8", _7=1e300)}},
        "target far beyond": {
            "drives": {**drives, "position": numbers(drives["position"], "<f8", _0=1e300)}
        },
        "object far away": {"objects": numbers(good["objects"], "<f4", _0=3e38)},
        "object fast": {"objects": numbers(good["objects"], "<f4", _7=3e38)},
        "no rotation": {"objects": numbers(good["objects"], "<f4", _3=0, _4=0, _5=0, _6=0)},
        "long rotation": {"objects": numbers(good["objects"], "<f4", _3=5.0)},
        "too few joints": {"q": good["q"][:-4]},
        "half a number": {"q": good["q"][:-1]},
        "too many objects": {"objects": 2 * good["objects"]},
        "no objects": {"objects": b""},
        "a drive missing": {"drives": {k: v for k, v in drives.items() if k != "goal"}},
        "a drive too many": {"drives": {**drives, "more": drives["goal"]}},
        "unknown robot": {"hands": [{**good["hands"][0], "robot_id": "b"}]},
        "unknown arm": {"hands": [{**good["hands"][0], "arm": "left"}]},
        "unknown object held": {"hands": [{**good["hands"][0], "held": "nothing"}]},
        "weld of nothing": {"welds": [{**weld, "object_id": "nothing"}]},
        "weld of nobody": {"welds": [{**weld, "robot_id": "nobody"}]},
        "weld twice": {"welds": [weld, weld]},
        "weld without rotation": {"welds": [{**weld, "carrier_from_object": [0] * 7}]},
        "weld far away": {"welds": [{**weld, "carrier_from_object": [1e38, 0, 0, 1, 0, 0, 0]}]},
        "camera on no link": {
            "cameras": [
                {**c, "spec": {**c["spec"], "mount": ["a", "nothing"]}} for c in cameras[1:]
            ]
        },
        "camera on nobody": {
            "cameras": [{**c, "spec": {**c["spec"], "mount": ["b", "x"]}} for c in cameras[1:]]
        },
        "camera follows nothing": {"cameras": [{**cameras[0], "follow": "nothing"}]},
        "camera twice": {"cameras": [cameras[0], cameras[0]]},
        "camera without rotation": {"cameras": [{**cameras[0], "pose": [0] * 7}]},
        "no commands": {"commands": []},
        "commands out of order": {"commands": good["commands"][::-1]},
        "commands twice": {"commands": 2 * good["commands"]},
        "a command that builds nothing": {"commands": [*good["commands"], {"type": "terminate"}]},
        "unknown robot model": {
            "commands": [
                {**c, "model": "no_such_robot"} if c["type"] == "add_robot" else c
                for c in good["commands"]
            ]
        },
        "unknown object model": {
            "commands": [
                {**c, "model": "no_such_thing"} if c["type"] == "add_object" else c
                for c in good["commands"]
            ]
        },
    }
    return made


HARMLESS = {"joint beyond its limit", "a command that builds nothing"}


def test_a_made_up_snapshot_is_refused_before_the_physics_engine_sees_it(
    parts: list[Any], forge: Callable[..., bytes], tmp_path: Path
) -> None:
    i = next(i for i, p in enumerate(parts) if p.topic == "/checkpoints" and p.value["resumes"])
    good = parts[i].value["snapshot"]
    made = bad_snapshots(good)
    files = []
    for change in made.values():
        value = {**parts[i].value, "snapshot": {**good, **change}}
        files.append(forge([*parts[:i], parts[i]._replace(value=value), *parts[i + 1 :]]))
    said = replay_each(tmp_path, files, 100)
    assert {name for name, what in zip(made, said, strict=True) if what != "refused"} == HARMLESS


def test_replaying_what_was_spoilt_is_a_recording_error_or_does_no_harm(
    candidates: list[tuple[int, Path_]], parts: list[Any], forge: Callable[..., bytes],
    tmp_path: Path, pytestconfig: pytest.Config,
) -> None:  # fmt: skip
    rng = np.random.default_rng(0)
    files = []
    for _ in range(2_000 if pytestconfig.getoption("--slow") else 100):
        i, at = candidates[rng.integers(len(candidates))]
        values = list(spoilt(parts[i].value, at))
        value = values[rng.integers(len(values))]
        files.append(forge([*parts[:i], parts[i]._replace(value=value), *parts[i + 1 :]]))
    said = replay_each(tmp_path, files, 500)
    assert 0.4 * len(files) < said.count("refused") < len(files)


def test_a_robot_that_is_not_installed_is_named_and_the_scene_before_it_is_there(
    parts: list[Any], forge: Callable[..., bytes], scratch: Path
) -> None:
    i = next(i for i, p in enumerate(parts) if p.topic == "/frames")
    commands = json.loads(json.dumps(parts[i].value["commands"]))
    for command in commands:
        if command["type"] == "add_robot":
            command["model"] = "no_such_robot"
    value = {**parts[i].value, "commands": commands}
    scratch.write_bytes(forge([*parts[:i], parts[i]._replace(value=value), *parts[i + 1 :]]))
    with Controller() as controller:
        recorder = Recorder()
        controller.add_ons.append(recorder)
        before = controller.world_hash()
        replay = recorder.replay(scratch)
        with pytest.raises(RecordingError, match=r"frame 1.*'no_such_robot'"):
            next(replay)
        assert (controller.frame, controller.world_hash()) == (0, before)
        controller.communicate(cmd.CreateEmptyRoom())
        assert controller.frame == 1
