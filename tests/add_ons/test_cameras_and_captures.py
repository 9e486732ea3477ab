"""Cameras see what they should, and captures write what was seen."""

from __future__ import annotations

from collections.abc import Iterator

import imageio.v3 as iio
import numpy as np
import pytest

from counterpoint import (
    ActionStatus,
    CommandError,
    Controller,
    ImageCapture,
    ImageFrequency,
    Robot,
    ThirdPersonCamera,
    VideoCapture,
)
from counterpoint import commands as cmd

SIZE = (64, 48)


@pytest.fixture
def room() -> Iterator[Controller]:
    with Controller() as c:
        c.add_ons.append(ThirdPersonCamera("cam", (2.0, 0, 1.0), look_at="ball", size=SIZE))
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=8, length=8),
                cmd.AddObject(
                    object_id="ball", model="sphere", size=(0.4,) * 3, position=(0, 0, 0.2),
                    color=(1, 0, 0),
                ),
            ]
        )  # fmt: skip
        yield c


def middle_of(mask: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


def see(c: Controller, name: str, camera: str = "cam") -> np.ndarray:
    r = c.communicate(cmd.CaptureImages(cameras=(camera,), passes=("segmentation",)))
    return r.images[camera]["segmentation"] == r.segmentation_ids[name]


def test_a_camera_that_looks_at_something_has_it_in_the_middle(room: Controller) -> None:
    x, y = middle_of(see(room, "ball"))
    assert x == pytest.approx(SIZE[0] / 2, abs=1)
    assert y == pytest.approx(SIZE[1] / 2, abs=1.5)


def test_a_camera_looks_once_and_a_following_one_for_ever(room: Controller) -> None:
    room.add_ons.append(ThirdPersonCamera("tail", (1.5, 0, 1.0), follow="ball", size=SIZE))
    room.communicate(cmd.TeleportObject(object_id="ball", position=(0, 0.8, 0.2)))
    x, _ = middle_of(see(room, "ball"))
    assert x > SIZE[0] / 2 + 5  # +y is on the right of a camera that looks along -x
    x, _ = middle_of(see(room, "ball", "tail"))
    assert x == pytest.approx(SIZE[0] / 2, abs=1)


def test_cameras_can_be_moved_and_turned(room: Controller) -> None:
    room.communicate(cmd.MoveCamera(camera_id="cam", position=(-2.0, 0, 1.0)))
    assert not see(room, "ball").any()
    room.communicate(cmd.LookAt(camera_id="cam", target="ball"))
    assert see(room, "ball").any()


def test_images_go_to_folders_by_camera_and_pass(room: Controller, tmp_path) -> None:
    passes = ("rgb", "depth", "segmentation")
    room.add_ons.append(ImageCapture(cameras=["cam"], path=tmp_path, passes=passes, every=2))
    responses = [room.communicate() for _ in range(5)]
    for name in passes:
        files = sorted(p.name for p in (tmp_path / "cam" / name).iterdir())
        assert files == ["frame_000000.png", "frame_000001.png", "frame_000002.png"]
    last = responses[4].images["cam"]
    folder = tmp_path / "cam"
    assert (iio.imread(folder / "rgb" / "frame_000002.png") == last["rgb"]).all()
    ids = iio.imread(folder / "segmentation" / "frame_000002.png")
    assert (ids == last["segmentation"]).all()
    depth = iio.imread(folder / "depth" / "frame_000002.png")
    assert depth.dtype == np.uint16
    assert np.abs(depth / 1000.0 - last["depth"]).max() < 1e-3
    assert "cam" not in responses[3].images


def test_one_pass_needs_no_folder_of_its_own(room: Controller, tmp_path) -> None:
    room.add_ons.append(ImageCapture(cameras=["cam"], path=tmp_path))
    room.communicate()
    assert [p.name for p in (tmp_path / "cam").iterdir()] == ["frame_000000.png"]


def test_images_of_someone_else_are_never_overwritten_in_silence(room, tmp_path) -> None:
    foreign = tmp_path / "cam" / "frame_000000.png"
    foreign.parent.mkdir()
    foreign.write_bytes(b"precious")
    capture = ImageCapture(cameras=["cam"], path=tmp_path)
    room.add_ons.append(capture)
    with pytest.raises(CommandError, match="overwrite=True"):
        room.communicate()
    assert foreign.read_bytes() == b"precious"
    capture.overwrite = True
    room.communicate()
    assert foreign.read_bytes() != b"precious"


# imageio leaves the pipes of its reader to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("suffix", ["mp4", "gif"])
def test_a_video_can_be_read_again_and_has_as_many_pictures(room, tmp_path, suffix) -> None:
    file = tmp_path / f"film.{suffix}"
    room.add_ons.append(VideoCapture("cam", file, every=3))
    for k in range(12):
        room.communicate(cmd.TeleportObject(object_id="ball", position=(0, 0.1 * k, 0.2)))
    room.close()
    pictures = iio.imread(file) if suffix == "gif" else iio.imread(file, plugin="FFMPEG")
    assert len(pictures) == 4
    assert pictures.shape[1:3] == (SIZE[1], SIZE[0])
    assert np.abs(pictures[0].astype(float) - pictures[-1]).max() > 50


def test_a_video_replaces_no_file_and_knows_its_kinds(room, tmp_path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"wedding")
    room.add_ons.append(VideoCapture("cam", tmp_path / "film.mp4"))
    with pytest.raises(CommandError, match="exists already"):
        room.communicate()
    assert (tmp_path / "film.mp4").read_bytes() == b"wedding"
    with pytest.raises(CommandError, match=r"\.mp4"):
        VideoCapture("cam", tmp_path / "film.avi")


@pytest.mark.parametrize("frequency", list(ImageFrequency))
def test_a_robots_own_camera_takes_images_as_often_as_it_was_told(frequency) -> None:
    with Controller() as c:
        robot = Robot("a", image_frequency=frequency, image_size=(32, 32))
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom())
        action = robot.turn_by(10)
        seen = []
        while action.status is ActionStatus.ongoing:
            seen.append("a.head" in c.communicate().images)
        expected = {
            ImageFrequency.once: [False] * (len(seen) - 1) + [True],
            ImageFrequency.always: [True] * len(seen),
            ImageFrequency.never: [False] * len(seen),
        }[frequency]
        assert seen == expected


def test_a_head_camera_sees_what_stands_in_front_of_the_robot() -> None:
    with Controller() as c:
        robot = Robot("a", image_frequency=ImageFrequency.never, image_size=SIZE)
        c.add_ons.append(robot)
        c.communicate(
            [
                cmd.CreateEmptyRoom(),
                cmd.AddObject(
                    object_id="post", model="box", size=(0.2, 0.2, 1.6), position=(2, 0, 0.8)
                ),
            ]
        )
        assert see(c, "post", "a.head").any()
        robot.turn_by(180)
        while robot.action.status is ActionStatus.ongoing:
            c.communicate()
        assert not see(c, "post", "a.head").any()


# --- beginning anew ------------------------------------------------------------------------------


def test_a_capture_goes_on_after_a_reset_and_replaces_only_its_own_files(tmp_path) -> None:
    with Controller() as c:
        c.add_ons.append(ThirdPersonCamera("cam", size=SIZE))
        c.add_ons.append(ImageCapture(cameras=["cam"], path=tmp_path / "images"))
        c.communicate(cmd.CreateEmptyRoom())
        c.communicate()
        c.reset()
        c.communicate(cmd.CreateEmptyRoom())
    names = sorted(p.name for p in (tmp_path / "images" / "cam").iterdir())
    assert names == ["frame_000000.png", "frame_000001.png"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_video_begins_anew_after_a_reset(tmp_path) -> None:
    file = tmp_path / "film.gif"
    with Controller() as c:
        c.add_ons.append(ThirdPersonCamera("cam", size=SIZE, look_at=(0, 0, 0)))
        c.add_ons.append(VideoCapture("cam", file, every=1))
        ball = cmd.AddObject(object_id="ball", model="sphere", size=(0.5,) * 3)
        for frames in (5, 2):
            c.communicate([cmd.CreateEmptyRoom(), ball])
            for k in range(1, frames):
                c.communicate(cmd.TeleportObject(object_id="ball", position=(0, 0.3 * k, 0)))
            if frames == 5:
                c.reset()
    assert len(iio.imread(file)) == 2


def test_a_capture_that_was_refused_leaves_no_picture_behind(tmp_path) -> None:
    with Controller() as c:
        c.add_ons.append(ThirdPersonCamera("cam", size=SIZE))
        c.add_ons.append(ImageCapture(cameras=["cam"], path=tmp_path / "images"))
        with pytest.raises(CommandError):
            c.communicate([cmd.CreateEmptyRoom(), {"type": "nonsense"}])
        with pytest.raises(CommandError):
            c.communicate()
        assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
        c.communicate(cmd.CreateEmptyRoom())
    assert len(list(tmp_path.rglob("*.png"))) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"size": (0, 10)}, {"size": "big"}, {"position": (1, 2)}, {"field_of_view": -1},
        {"camera_id": ""}, {"look_at": (1, 2)}, {"position": (float("nan"), 0, 0)},
    ],
)  # fmt: skip
def test_a_camera_made_of_nonsense_is_refused_and_the_scene_goes_on(arguments) -> None:
    with Controller() as c:
        c.communicate(cmd.CreateEmptyRoom())
        before = c.state_hash()
        c.add_ons.append(ThirdPersonCamera(**{"camera_id": "cam", **arguments}))
        with pytest.raises(CommandError):
            c.communicate()
        assert c.state_hash() == before
        c.add_ons.clear()
        c.communicate()


@pytest.mark.parametrize(
    "arguments",
    [
        {"image_size": (0, 10)}, {"position": (1, 2)}, {"position": "here"},
        {"rotation": float("inf")}, {"rotation": "north"}, {"robot_id": "a/b"}, {"robot_id": ""},
    ],
)  # fmt: skip
def test_a_robot_made_of_nonsense_is_refused_and_the_scene_goes_on(arguments) -> None:
    with Controller() as c:
        c.communicate(cmd.CreateEmptyRoom())
        before = c.state_hash()
        c.add_ons.append(Robot(**{"robot_id": "a", **arguments}))
        with pytest.raises(CommandError):
            c.communicate()
        assert c.state_hash() == before
        c.add_ons.clear()
        c.communicate()
