"""What a robot is: models as data, descriptions, kinematics."""

from counterpoint.robots.baxter import BAXTER
from counterpoint.robots.fetch import FETCH
from counterpoint.robots.model import (
    BASE_JOINTS,
    CameraMount,
    Drive,
    EndEffector,
    Gripper,
    RobotModel,
)
from counterpoint.robots.panda import PANDA
from counterpoint.robots.registry import get_model, list_models, register_model
from counterpoint.robots.tiago_pro import TIAGO_PRO
from counterpoint.robots.ur5 import UR5
from counterpoint.robots.xarm7 import XARM7

__all__ = [
    "BASE_JOINTS",
    "BAXTER",
    "FETCH",
    "PANDA",
    "TIAGO_PRO",
    "UR5",
    "XARM7",
    "CameraMount",
    "Drive",
    "EndEffector",
    "Gripper",
    "RobotModel",
    "get_model",
    "list_models",
    "register_model",
]
