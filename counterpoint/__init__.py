"""counterpoint: Python scripts that direct several robots at once, in physics."""

from counterpoint.actions import ActionStatus, CollisionDetection, ImageFrequency
from counterpoint.add_ons import AddOn, ImageCapture, Robot, ThirdPersonCamera, VideoCapture
from counterpoint.controller import Controller
from counterpoint.core.arm import Arm
from counterpoint.core.errors import (
    ActionFailed,
    CommandError,
    CommError,
    CounterpointError,
    RecorderError,
    RecordingError,
    SimulationError,
    UnknownModelError,
    UnknownObjectError,
    UnknownRobotError,
)
from counterpoint.core.pose import Pose
from counterpoint.core.seeds import derive_substream

__version__ = "0.1.0"

__all__ = [
    "ActionFailed",
    "ActionStatus",
    "AddOn",
    "Arm",
    "CollisionDetection",
    "CommError",
    "CommandError",
    "Controller",
    "CounterpointError",
    "ImageCapture",
    "ImageFrequency",
    "Pose",
    "RecorderError",
    "RecordingError",
    "Robot",
    "SimulationError",
    "ThirdPersonCamera",
    "UnknownModelError",
    "UnknownObjectError",
    "UnknownRobotError",
    "VideoCapture",
    "derive_substream",
]
