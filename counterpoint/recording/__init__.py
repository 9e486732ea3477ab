"""Recordings: the file format, writing, reading, comparing. What plays them is an add-on."""

from counterpoint.recording.calls import Call, CheckpointCall, FrameCall, MemoryCall, UserCall
from counterpoint.recording.header import FORMAT, Header
from counterpoint.recording.poses import Poses
from counterpoint.recording.reader import Recording
from counterpoint.recording.writer import RecordingWriter

__all__ = [
    "FORMAT",
    "Call",
    "CheckpointCall",
    "FrameCall",
    "Header",
    "MemoryCall",
    "Poses",
    "Recording",
    "RecordingWriter",
    "UserCall",
]
