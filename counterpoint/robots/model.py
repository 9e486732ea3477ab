"""What a robot model is: plain data. Adding a robot is adding one module of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from counterpoint.core.arm import Arm
from counterpoint.core.pose import Pose, identity

BaseKind = Literal["fixed", "omnidirectional", "differential"]
BASE_JOINTS = ("base_x", "base_y", "base_yaw")
"""The planar base's joints. With them, joint positions are world coordinates."""


@dataclass(frozen=True, slots=True)
class Drive:
    """How the joints of a track are driven.

    Attributes:
        stiffness: Position gain [N/m or N·m/rad], or [1/s²] in acceleration mode.
        damping: Velocity gain [N·s/m or N·m·s/rad], or [1/s] in acceleration mode.
        acceleration: Limit on the commanded acceleration [m/s² or rad/s²].
        mode: `force` (limited by each joint's effort limit) or `acceleration`.
        velocity: Limit on the commanded speed where it is below the description's, else None.
    """

    stiffness: float = 1000.0
    damping: float = 100.0
    acceleration: float = 10.0
    mode: Literal["force", "acceleration"] = "force"
    velocity: float | None = None


@dataclass(frozen=True, slots=True)
class Gripper:
    """A parallel gripper.

    Its driver joints move to a commanded position; each follower is driven to a multiple of the
    measured position of a driver, which replaces the description's mimic joints.

    Attributes:
        drivers: Joints that SetGripper moves, all to the same position.
        fingers: The two links that hold things, and their links' names in contacts.
        openings: Distances between the fingertips, rising [m].
        positions: The driver positions at those distances [m or rad].
        speed: How fast the opening changes [m/s].
        drive: Gains of drivers and followers.
        force_limit: Largest driver force [N] or torque [N·m].
        armature: Inertia that the motors add to each joint through their gears [kg or kg·m²].
        followers: Follower joint → driver joint.
        multipliers: Follower joint → multiple of its driver's position.
        hold: `friction`, or `weld` for hands that cannot pinch.
    """

    drivers: tuple[str, ...]
    fingers: tuple[str, str]
    openings: tuple[float, ...]
    positions: tuple[float, ...]
    speed: float = 0.1
    drive: Drive = Drive()
    force_limit: float = 40.0
    armature: float = 0.0
    followers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    multipliers: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    hold: Literal["friction", "weld"] = "friction"

    @property
    def joints(self) -> tuple[str, ...]:
        """Drivers, then followers."""
        return (*self.drivers, *self.followers)

    @property
    def max_opening(self) -> float:
        """The widest distance between the fingertips [m]."""
        return self.openings[-1]


@dataclass(frozen=True, slots=True)
class EndEffector:
    """A hand's tool frame: z points out of the hand, and the fingers close along y.

    Attributes:
        link: The link that it is fixed to.
        link_from_tool: Where the tool centre point is in that link's frame.
        finger_depth: How far the fingertips reach beyond the tool centre point [m].
    """

    link: str
    link_from_tool: Pose = field(default_factory=identity)
    finger_depth: float = 0.01


@dataclass(frozen=True, slots=True)
class CameraMount:
    """A camera on a robot. It looks along its +x axis, +z up.

    Attributes:
        link: The link that it is fixed to.
        link_from_camera: Where it sits.
        field_of_view: Vertical angle [rad].
    """

    link: str
    link_from_camera: Pose
    field_of_view: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class RobotModel:
    """A robot, as data.

    Attributes:
        name: The name that scripts use.
        description: Description file (URDF), relative to `package`'s robots, or absolute.
        base: `fixed`, `differential` or `omnidirectional`.
        tracks: Track name → joint names, without the base and the grippers.
        end_effectors: Arm → its tool frame.
        grippers: Arm → its gripper.
        home: Joint name → rest position [m or rad]; others rest at 0.
        drives: Track name → how its joints are driven.
        radius: Radius of the circle that the robot covers at its rest pose [m].
        package: The installed package that ships the description.
        extra: The extra of counterpoint that installs it, or None where counterpoint itself does.
        fixed_joints: Joints whose name contains one of these are fixed (wheels).
        base_height: How far the description is lifted off the floor [m].
        base_speed: Largest speed forward [m/s] and turning [rad/s].
        cameras: Camera name → mount.
        payload: Heaviest object that an arm lifts [kg].
        color: Colour of links that `colors` does not name.
        colors: Part of a link's name → colour.
    """

    name: str
    description: str
    base: BaseKind
    tracks: Mapping[str, tuple[str, ...]]
    end_effectors: Mapping[Arm, EndEffector]
    grippers: Mapping[Arm, Gripper]
    home: Mapping[str, float]
    drives: Mapping[str, Drive]
    radius: float
    package: str = "example-robot-data"
    extra: str | None = None
    fixed_joints: tuple[str, ...] = ()
    base_height: float = 0.0
    base_speed: tuple[float, float] = (1.0, 1.5)
    cameras: Mapping[str, CameraMount] = field(default_factory=lambda: MappingProxyType({}))
    payload: float = 2.0
    color: tuple[float, float, float] = (0.82, 0.83, 0.85)
    colors: Mapping[str, tuple[float, float, float]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The arms it has, right before left."""
        return tuple(arm for arm in (Arm.right, Arm.left) if arm in self.end_effectors)

    @property
    def mobile(self) -> bool:
        """Whether its base moves."""
        return self.base != "fixed"

    def color_of(self, link: str) -> tuple[float, float, float]:
        """The colour of a link."""
        return next((c for part, c in self.colors.items() if part in link), self.color)

    def arm_track(self, arm: Arm) -> str:
        """The name of the track that moves `arm`."""
        return f"{arm.value}_arm"

    def gripper_joints(self) -> tuple[str, ...]:
        """Every joint of every gripper."""
        return tuple(
            j for arm in self.arms if arm in self.grippers for j in self.grippers[arm].joints
        )

    def drive_of(self, joint: str) -> Drive:
        """How `joint` is driven (base joints, track joints)."""
        if joint in BASE_JOINTS:
            return self.drives["base"]
        for track, joints in self.tracks.items():
            if joint in joints:
                return self.drives.get(track, Drive())
        return Drive()
