"""Recorded poses as a file that Foxglove and other viewers of MCAP open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mcap.writer import Writer

from counterpoint.core.errors import RecordingError
from counterpoint.core.pose import Pose
from counterpoint.recording.poses import Poses
from counterpoint.recording.reader import Recording
from counterpoint.robots import get_model
from counterpoint.robots.description import load_description

# The layout of `foxglove.FrameTransforms`, as Foxglove's documentation of schemas gives it.
_NUMBERS = {"type": "object", "additionalProperties": {"type": "number"}}
SCHEMA = {
    "title": "foxglove.FrameTransforms",
    "type": "object",
    "properties": {
        "transforms": {
            "type": "array",
            "items": {
                "title": "foxglove.FrameTransform",
                "type": "object",
                "properties": {
                    "timestamp": {
                        "type": "object",
                        "title": "time",
                        "properties": {"sec": {"type": "integer"}, "nsec": {"type": "integer"}},
                    },
                    "parent_frame_id": {"type": "string"},
                    "child_frame_id": {"type": "string"},
                    "translation": _NUMBERS,
                    "rotation": _NUMBERS,
                },
            },
        }
    },
}


def export_frame_transforms(recording: Recording, path: Path, *, every: int = 2) -> Iterator[int]:
    """Write where every link and object was, as JSON `foxglove.FrameTransforms` in an MCAP file.

    Args:
        recording: What to export.
        path: The file, which must not exist.
        every: One message each so many frames.

    Yields:
        Each frame that was written.

    Raises:
        FileExistsError: If the file exists.
        RecordingError: If the recording is damaged, or needs a model that is not installed.
    """
    rate = recording.header.settings.frames_per_second
    with path.open("xb") as stream:
        writer: Any = Writer(stream)
        writer.start(profile="", library="counterpoint")
        schema = writer.register_schema(
            "foxglove.FrameTransforms", "jsonschema", json.dumps(SCHEMA).encode()
        )
        channel = writer.register_channel("/tf", "json", schema)
        for poses in recording.all_poses():
            if poses.frame % every:
                continue
            time = poses.frame * 1_000_000_000 // rate
            stamp = {"sec": time // 1_000_000_000, "nsec": time % 1_000_000_000}
            message = {"transforms": [_transform(stamp, n, p) for n, p in _frames(poses)]}
            data = json.dumps(message, separators=(",", ":")).encode()
            writer.add_message(channel, time, data, time, poses.frame)
            yield poses.frame
        writer.finish()


def _frames(poses: Poses) -> Iterator[tuple[str, Pose]]:
    yield from poses.objects.items()
    for robot in poses.layout.robots:
        try:
            body_of = load_description(get_model(robot.model)).body_of
        except (KeyError, OSError) as error:
            raise RecordingError(f"robot {robot.robot_id!r}: {error}") from error
        links = tuple(dict.fromkeys(body for body, _ in body_of.values()))
        for link, pose in zip(links, poses.link_poses(robot.robot_id, links), strict=True):
            yield f"{robot.robot_id}/{link}", pose


def _transform(stamp: dict[str, int], name: str, pose: Pose) -> dict[str, Any]:
    x, y, z = pose.p.tolist()
    qw, qx, qy, qz = pose.q.tolist()
    return {
        "timestamp": stamp,
        "parent_frame_id": "world",
        "child_frame_id": name,
        "translation": {"x": x, "y": y, "z": z},
        "rotation": {"x": qx, "y": qy, "z": qz, "w": qw},
    }
