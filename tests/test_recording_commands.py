"""`counterpoint replay`, `inspect` and `verify-determinism`, as they are typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from mcap.reader import make_reader

from counterpoint import Controller, Recorder, Robot, ThirdPersonCamera
from counterpoint import commands as cmd
from counterpoint.recording import Recording
from counterpoint.recording.compare import compare

SCRIPT = """
import sys
from counterpoint import Controller, Robot, commands as cmd
with Controller() as c:
    robot = Robot("arm", "panda")
    c.add_ons.append(robot)
    c.communicate([cmd.CreateEmptyRoom(),
                   cmd.AddObject(object_id="ball", model="sphere", position=(1, 0, 1))])
    robot.reach_for((0.4, 0.2, 0.5))
    for k in range(30):
        c.communicate({extra})
"""


def counterpoint(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "counterpoint.cli", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=120,
        env={"COLUMNS": "200", "NO_COLOR": "1", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty frames of an arm, a ball and a camera, with a note and a record."""
    path = tmp_path_factory.mktemp("recorded") / "run.mcap"
    make(path)
    return path


def make(path: Path, push_at: int | None = None) -> None:
    with Controller() as controller:
        robot, recorder = Robot("arm", "panda"), Recorder()
        camera = ThirdPersonCamera("cam", look_at="arm", size=(32, 24))
        controller.add_ons.extend([robot, recorder, camera])
        recorder.start(path)
        controller.communicate(
            [
                cmd.CreateEmptyRoom(),
                cmd.AddObject(object_id="ball", model="sphere", position=(1, 0, 1)),
            ]
        )
        robot.reach_for((0.4, 0.2, 0.5))
        recorder.memory_set(["score"], 3)
        for k in range(39):
            push = cmd.ApplyForce(object_id="ball", force=(1, 0, 0))
            controller.communicate([push] if k == push_at else [])


def test_inspect_says_what_is_inside(recording: Path) -> None:
    done = counterpoint("inspect", recording)
    assert done.returncode == 0, done.stderr
    for text in (
        "40 frames", "arm (panda)", "ball", "seed 0", "format 1", "whole; its digest matches",
        "1 memory_set()", "1 ActionStarted",
    ):  # fmt: skip
        assert text in done.stdout, text


def test_inspect_reports_a_cut_recording_and_fails(recording: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(recording.read_bytes()[:-900])
    done = counterpoint("inspect", cut)
    assert done.returncode == 1
    assert "cut at byte" in done.stdout


def test_replay_verifies_in_another_process(recording: Path) -> None:
    done = counterpoint("replay", recording, "--verify")
    assert done.returncode == 0, done.stderr
    assert "40 frames" in done.stdout
    assert "equal to the recording" in done.stdout


def test_replay_takes_pictures_from_recorded_and_from_new_cameras(
    recording: Path, tmp_path: Path
) -> None:
    done = counterpoint(
        "replay", recording, "--images", tmp_path / "new", "--every", 20, "--position", 2, -2, 1,
        "--look-at", "arm",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "new" / "replay").glob("*.png"))) == 2
    done = counterpoint(
        "replay", recording, "--images", tmp_path / "old", "--every", 10, "--camera", "cam"
    )
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "old" / "cam").glob("*.png"))) == 4


def test_replay_of_a_camera_that_is_not_there_says_which_are(
    recording: Path, tmp_path: Path
) -> None:
    done = counterpoint("replay", recording, "--images", tmp_path / "x", "--camera", "came")
    assert done.returncode == 2
    assert "'cam'" in done.stderr


def test_export_gives_frame_transforms_that_any_reader_of_mcap_opens(
    recording: Path, tmp_path: Path
) -> None:
    target = tmp_path / "poses.mcap"
    done = counterpoint("replay", recording, "--export", "foxglove", "--out", target, "--every", 4)
    assert done.returncode == 0, done.stderr
    with target.open("rb") as stream:
        messages = list(make_reader(stream).iter_messages())
    assert len(messages) == 10
    schema, channel, message = messages[-1]
    assert (schema.name, schema.encoding) == ("foxglove.FrameTransforms", "jsonschema")
    assert channel.message_encoding == "json"
    transforms = {t["child_frame_id"]: t for t in json.loads(message.data)["transforms"]}
    with Recording(recording) as original:
        ball = original.poses(40).objects["ball"]
    assert transforms["ball"]["translation"]["z"] == pytest.approx(ball.p[2])
    assert transforms["arm/panda_link7"]["parent_frame_id"] == "world"
    assert transforms["ball"]["timestamp"] == {"sec": 0, "nsec": 666666666}
    again = counterpoint("replay", recording, "--export", "foxglove", "--out", target)
    assert again.returncode == 2
    assert "exists" in again.stderr.lower()


@pytest.mark.parametrize("command", ["inspect", "replay"])
def test_a_file_that_is_no_recording_is_one_clear_line(command: str, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("x = {'a': [1]} [red]")
    done = counterpoint(command, other)
    assert done.returncode == 2
    assert "notes.txt: this is not a recording" in done.stderr
    assert "Traceback" not in done.stderr
    assert counterpoint(command, tmp_path / "nothing").returncode == 2


def test_comparing_names_the_first_frame_and_body(recording: Path, tmp_path: Path) -> None:
    same, pushed = tmp_path / "same.mcap", tmp_path / "pushed.mcap"
    make(same)
    make(pushed, push_at=20)
    with Recording(recording) as a, Recording(same) as b, Recording(pushed) as c:
        assert compare(a, b) is None
        found = compare(a, c)
    assert found is not None
    assert (found.frame, found.what, found.body) == (22, "commands", "ball")
    assert "apply_force" in found.detail


def test_verify_determinism_agrees_with_a_deterministic_script(tmp_path: Path) -> None:
    script = tmp_path / "good.py"
    script.write_text(SCRIPT.replace("{extra}", "[]"))
    done = counterpoint("verify-determinism", script)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "the same: 31 frames" in done.stdout


@pytest.mark.parametrize(
    "extra",
    [
        # Hashes of strings, and so the order of sets, differ from process to process.
        "cmd.ApplyForce(object_id='ball', force=(hash('a string') % 99991, 0, 0))"
        " if k == 20 else []",
        "cmd.ApplyForce(object_id='ball', force=(__import__('os').getpid() % 99991, 0, 0))"
        " if k == 20 else []",
    ],
)
def test_verify_determinism_names_the_frame_and_the_body_that_differ(
    tmp_path: Path, extra: str
) -> None:
    script = tmp_path / "bad.py"
    script.write_text(SCRIPT.replace("{extra}", extra))
    done = counterpoint("verify-determinism", script)
    assert done.returncode == 1, done.stdout
    assert "different: frame 22, ball" in done.stdout


def test_verify_determinism_sees_what_only_the_state_hash_holds(tmp_path: Path) -> None:
    script = tmp_path / "hidden.py"
    text = SCRIPT.replace("{extra}", "[]").replace(
        "for k in range(30):",
        "import os\n    async def idle():\n        from counterpoint import frames\n"
        "        await frames(10 + os.getpid() % 997)\n    c.spawn(idle())\n"
        "    for k in range(30):",
    )
    script.write_text(text)
    done = counterpoint("verify-determinism", script)
    assert done.returncode == 1, done.stdout
    assert "state_hash" in done.stdout


def test_verify_determinism_of_a_failing_script_shows_its_error(tmp_path: Path) -> None:
    script = tmp_path / "failing.py"
    script.write_text("raise SystemExit('no such mug')")
    done = counterpoint("verify-determinism", script)
    assert done.returncode == 2
    assert "no such mug" in done.stderr
    script.write_text("")
    done = counterpoint("verify-determinism", script)
    assert done.returncode == 2
    assert "never called communicate()" in done.stderr
