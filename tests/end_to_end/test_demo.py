"""The demo is one deterministic run in which everything succeeds."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from counterpoint import demo
from counterpoint.controller import Controller

FRAME = 600

HASHES = f"""
from counterpoint import demo
from counterpoint.controller import Controller
with Controller() as controller:
    robots = demo.cast()
    controller.add_ons.extend(robots)
    controller.communicate(demo.scene())
    for job in demo.jobs(robots):
        controller.spawn(job)
    while controller.frame < {FRAME}:
        controller.communicate()
    print(controller.world_hash(), controller.state_hash())
"""


def test_both_hashes_at_frame_600_of_the_demo_are_equal_in_two_processes() -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", HASHES], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    first, second = (run.communicate(timeout=300)[0].split() for run in runs)
    assert [len(h) for h in first] == [32, 32]
    assert first == second


def test_every_action_of_the_demo_succeeds_and_leaves_things_where_they_belong() -> None:
    with Controller() as controller:
        robots = demo.cast()
        controller.add_ons.extend(robots)
        controller.communicate(demo.scene())
        controller.run(*demo.jobs(robots), max_frames=demo.MAX_FRAMES)
        objects = controller.communicate().objects
    assert objects["mug"].position[2] == pytest.approx(demo.TABLE, abs=0.005)
    assert objects["crate"].position[2] == pytest.approx(0.6, abs=0.005)
    heights = [objects[f"cube_{i}"].position[2] for i in range(3)]
    assert heights == pytest.approx(
        [demo.TABLE + demo.CUBE * (i + 0.5) for i in range(3)], abs=0.005
    )
    assert all(
        abs(objects["cube_2"].position[k] - objects["cube_0"].position[k]) < 0.02 for k in (0, 1)
    )


@pytest.mark.slow
def test_the_command_writes_pictures_a_video_a_contact_sheet_and_the_statuses(tmp_path) -> None:
    out = tmp_path / "demo"
    done = subprocess.run(
        [sys.executable, "-m", "counterpoint.cli", "demo", "--out", str(out)],
        capture_output=True, check=False, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "statuses.json").read_text())
    assert {a["status"] for a in report["actions"]} == {"success"}
    assert {a["robot_id"] for a in report["actions"]} == {"fetcher", "carrier", "stacker"}
    assert len(list((out / "images" / "room").glob("frame_*.png"))) == (report["frames"] + 9) // 10
    assert (out / "demo.mp4").stat().st_size > 100_000
    assert (out / "contact_sheet.png").stat().st_size > 50_000


def test_the_demo_leaves_a_folder_of_someone_else_alone(tmp_path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    done = subprocess.run(
        [sys.executable, "-m", "counterpoint.cli", "demo", "--out", str(tmp_path)],
        capture_output=True, check=False, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert "thesis.tex" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
