"""counterpoint: Python scripts that direct several robots at once, in physics."""

from counterpoint.actions import ActionStatus, CollisionDetection, ImageFrequency
from counterpoint.add_ons import (
    AddOn,
    CollisionLog,
    CommChannel,
    ImageCapture,
    JsonlEvents,
    OccupancyMap,
    Recorder,
    Robot,
    SafetyMonitor,
    ThirdPersonCamera,
    VideoCapture,
)
from counterpoint.controller import Arbiter, Controller
from counterpoint.core.arm import Arm
from counterpoint.core.deadlines import deadline
from counterpoint.core.errors import (
    ActionFailed,
    CommandError,
    CommError,
    CounterpointError,
    DeadlineError,
    RecorderError,
    RecordingError,
    ScriptCancelledError,
    ScriptError,
    SimulationError,
    UnknownModelError,
    UnknownObjectError,
    UnknownRobotError,
)
from counterpoint.core.pose import Pose
from counterpoint.core.seeds import derive_substream
from counterpoint.core.version import VERSION
from counterpoint.core.waitables import first, frames, gather, seconds, spawn, until

__version__ = VERSION

__all__ = [
    "ActionFailed",
    "ActionStatus",
    "AddOn",
    "Arbiter",
    "Arm",
    "CollisionDetection",
    "CollisionLog",
    "CommChannel",
    "CommError",
    "CommandError",
    "Controller",
    "CounterpointError",
    "DeadlineError",
    "ImageCapture",
    "ImageFrequency",
    "JsonlEvents",
    "OccupancyMap",
    "Pose",
    "Recorder",
    "RecorderError",
    "RecordingError",
    "Robot",
    "SafetyMonitor",
    "ScriptCancelledError",
    "ScriptError",
    "SimulationError",
    "ThirdPersonCamera",
    "UnknownModelError",
    "UnknownObjectError",
    "UnknownRobotError",
    "VideoCapture",
    "deadline",
    "derive_substream",
    "first",
    "frames",
    "gather",
    "seconds",
    "spawn",
    "until",
]
