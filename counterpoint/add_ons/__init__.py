"""What takes part in the loop: robots, cameras, captures."""

from counterpoint.add_ons.add_on import AddOn, Host
from counterpoint.add_ons.collision_log import CollisionLog
from counterpoint.add_ons.comm_channel import CommChannel
from counterpoint.add_ons.image_capture import ImageCapture
from counterpoint.add_ons.interaction import Interaction
from counterpoint.add_ons.jsonl_events import JsonlEvents
from counterpoint.add_ons.occupancy_map import OccupancyMap
from counterpoint.add_ons.radio import Radio
from counterpoint.add_ons.recorder import Recorder
from counterpoint.add_ons.replay import Replay
from counterpoint.add_ons.robot import Robot
from counterpoint.add_ons.safety import SafetyMonitor
from counterpoint.add_ons.third_person_camera import ThirdPersonCamera
from counterpoint.add_ons.video_capture import VideoCapture

__all__ = [
    "AddOn",
    "CollisionLog",
    "CommChannel",
    "Host",
    "ImageCapture",
    "Interaction",
    "JsonlEvents",
    "OccupancyMap",
    "Radio",
    "Recorder",
    "Replay",
    "Robot",
    "SafetyMonitor",
    "ThirdPersonCamera",
    "VideoCapture",
]
