"""What may be asked of the world: one typed model per command."""

from counterpoint.commands.base import Command, Phase
from counterpoint.commands.cameras import AddCamera, CaptureImages, LookAt, MoveCamera
from counterpoint.commands.names import Names, weld_id
from counterpoint.commands.objects import (
    AddArticulation,
    AddObject,
    AddWall,
    ApplyForce,
    RemoveObject,
    SetColor,
    SetObjectPhysics,
    SetObjectVelocity,
    TeleportObject,
    frame_id,
)
from counterpoint.commands.parse import (
    COMMANDS,
    CommandLike,
    check_commands,
    in_order,
    parse_command,
    parse_commands,
)
from counterpoint.commands.robots import (
    AddRobot,
    DriveRobot,
    RemoveRobot,
    SetGripper,
    SetJointPositions,
    Unweld,
    Weld,
    driven_joints,
)
from counterpoint.commands.scene import (
    CreateEmptyRoom,
    DrawDebug,
    SetGravity,
    SetLighting,
    Terminate,
)

__all__ = [
    "COMMANDS",
    "AddArticulation",
    "AddCamera",
    "AddObject",
    "AddRobot",
    "AddWall",
    "ApplyForce",
    "CaptureImages",
    "Command",
    "CommandLike",
    "CreateEmptyRoom",
    "DrawDebug",
    "DriveRobot",
    "LookAt",
    "MoveCamera",
    "Names",
    "Phase",
    "RemoveObject",
    "RemoveRobot",
    "SetColor",
    "SetGravity",
    "SetGripper",
    "SetJointPositions",
    "SetLighting",
    "SetObjectPhysics",
    "SetObjectVelocity",
    "TeleportObject",
    "Terminate",
    "Unweld",
    "Weld",
    "check_commands",
    "driven_joints",
    "frame_id",
    "in_order",
    "parse_command",
    "parse_commands",
    "weld_id",
]
