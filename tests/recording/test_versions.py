"""Older versions stay readable, and re-recording one writes the newest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counterpoint import Controller, Recorder, RecordingError
from counterpoint.recording import (
    FORMAT,
    CheckpointCall,
    FrameCall,
    MemoryCall,
    Recording,
    UserCall,
    header,
    upgrade,
)
from counterpoint.recording.upgrade import STEPS

SAMPLES = Path(__file__).parent / "samples"


@pytest.mark.parametrize("version", range(1, FORMAT + 1))
def test_there_is_a_small_sample_of_every_version(version: int) -> None:
    sample = SAMPLES / f"v{version}.mcap"
    assert sample.stat().st_size < 30_000
    with Recording(sample) as recording:
        assert recording.problem is None
        recording.verify_digest()
        kinds = [type(c) for c in recording.calls()]
        resumed = [c.resumes for c in recording.calls() if isinstance(c, CheckpointCall)]
    assert {FrameCall, MemoryCall, UserCall, CheckpointCall} == set(kinds)
    assert sorted(resumed) == [False, False, True]
    assert kinds.count(FrameCall) == 29


@pytest.mark.parametrize("version", range(1, FORMAT + 1))
def test_a_sample_replays_to_its_digests(version: int) -> None:
    events = []
    with Controller() as controller:
        recorder = Recorder()
        controller.add_ons.append(recorder)
        controller.events.subscribe(lambda e: events.append(type(e).__name__))
        replay = recorder.replay(SAMPLES / f"v{version}.mcap")
        for call in replay:
            if isinstance(call, FrameCall):
                assert controller.world_hash() == call.digest, f"frame {call.frame}"
        assert controller.frame == 30
        assert replay.divergence is None
        assert recorder.memory_get() == {"score": {"red": 1}}
    assert events == ["MemorySet", "ActionStarted", "ActionEnded", "MemorySet", "ActionStarted"]


def test_every_older_version_has_a_step_to_the_next() -> None:
    assert sorted(STEPS) == list(range(1, FORMAT))


# --- an older version that this test makes up ----------------------------------------------------


def older(topic: str, value: Any) -> Any:
    """What a version before this one might have looked like: other names, other units."""
    if topic == "/header":
        return {**{k: v for k, v in value.items() if k != "flush_every"}, "flush_s": 1 / 12}
    if topic == "/frames":
        return [value["commands"], value["settle"]]
    if topic == "/memory":
        return {"path": value[0], "value": value[1]}
    return value


def step(topic: str, value: Any) -> Any:
    """From that to this version."""
    if topic == "/header":
        rest = {k: v for k, v in value.items() if k not in ("flush_s", "format")}
        return {**rest, "flush_every": round(60 * value["flush_s"]), "format": FORMAT + 1}
    if topic == "/frames":
        return {"commands": value[0], "settle": value[1]}
    if topic == "/memory":
        return [value["path"], value["value"]]
    return value


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package as if its format had been raised by one."""
    import counterpoint.add_ons.recorder as recorder_module

    for module in (header, upgrade, recorder_module):
        monkeypatch.setattr(module, "FORMAT", FORMAT + 1)
    monkeypatch.setitem(STEPS, FORMAT, step)


@pytest.fixture
def old(parts: list[Any], forge: Callable[..., bytes], tmp_path: Path) -> Path:
    """The small recording, as the older version would have written it."""
    path = tmp_path / "old.mcap"
    path.write_bytes(forge(p._replace(value=older(p.topic, p.value)) for p in parts))
    return path


def test_an_older_version_is_not_read_without_its_step(old: Path) -> None:
    with pytest.raises(RecordingError, match="header"):
        Recording(old)


@pytest.mark.usefixtures("next_version")
def test_an_older_version_is_read_like_the_newest(old: Path, small: bytes, tmp_path: Path) -> None:
    newest = tmp_path / "newest.mcap"
    with Recording(old) as recording:
        assert recording.header.format == FORMAT + 1
        assert recording.header.flush_every == 5
        calls = list(recording.calls())
        poses = recording.poses(7).numbers.tolist()
    newest.write_bytes(small)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upgrade, "FORMAT", FORMAT)
        with Recording(newest) as recording:
            assert calls == list(recording.calls())
            assert poses == recording.poses(7).numbers.tolist()


@pytest.mark.usefixtures("next_version")
def test_rerecording_an_older_version_writes_the_newest_with_the_same_times(
    old: Path, tmp_path: Path
) -> None:
    with Controller() as controller:
        recorder = Recorder(flush_every=5)
        controller.add_ons.append(recorder)
        recorder.start(tmp_path / "new.mcap")
        replay = recorder.replay(old)
        times = [(recorder.time(), call.frame) for call in replay]
        recorder.stop()
    assert replay.divergence is None
    with Recording(old) as before, Recording(tmp_path / "new.mcap") as after:
        assert after._version == FORMAT + 1
        assert list(before.calls()) == list(after.calls())
        assert [(c.frame / 60, c.frame) for c in after.calls()] == times
        then = [(r.topic, r.frame) for r in before.records()]
        now = [(r.topic, r.frame) for r in after.records()]
    assert now == then
    assert _log_times(tmp_path / "new.mcap") == _log_times(old)


def _log_times(path: Path) -> list[int]:
    """As another MCAP reader sees them [ns]."""
    from mcap.reader import make_reader

    with path.open("rb") as stream:
        return [m.log_time for _, _, m in make_reader(stream).iter_messages()]
