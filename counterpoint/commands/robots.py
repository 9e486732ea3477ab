"""Commands about robots. `drive_robot` and `set_gripper` are how robots move on purpose."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from counterpoint.commands.base import Command, Name, Number, Phase, Vector, Vector3
from counterpoint.commands.names import Names, weld_id
from counterpoint.core.arm import Arm
from counterpoint.core.errors import CommandError
from counterpoint.robots import BASE_JOINTS, RobotModel, get_model
from counterpoint.robots.description import load_description


@lru_cache(maxsize=64)
def driven_joints(model_name: str) -> tuple[str, ...]:
    """The joints that `drive_robot` has a velocity for after the base, in order."""
    model = get_model(model_name)
    left_out = {*model.gripper_joints(), *BASE_JOINTS}
    return tuple(j for j in load_description(model).joints if j not in left_out)


_GIVEN = {"robot_id", "velocity"}


@lru_cache(maxsize=64)
def driven_length(model: RobotModel) -> int:
    """How many velocities `drive_robot` has for a model, with those of a mobile base."""
    return (3 if model.mobile else 0) + len(driven_joints(model.name))


class AddRobot(Command):
    """A robot at rest.

    Attributes:
        robot_id: Its name.
        model: One of `counterpoint.robots.list_models()`.
        position: Where its foot stands [m].
        yaw: Its heading [rad].
    """

    phase: ClassVar[Phase] = Phase.robots
    type: Literal["add_robot"] = "add_robot"
    robot_id: Name
    model: str = "tiago_pro"
    position: Vector3 = (0.0, 0.0, 0.0)
    yaw: Number = 0.0

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.fresh(self.robot_id, "robot_id")
        model = get_model(self.model)
        try:
            load_description(model)
        except (FileNotFoundError, ValueError) as error:
            raise CommandError(str(error), field="model", value=self.model) from error
        names.robots[self.robot_id] = model


class _OnRobot(Command):
    phase: ClassVar[Phase] = Phase.motion
    robot_id: str

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.robot(self.robot_id)


class RemoveRobot(_OnRobot):
    """Take a robot out of the scene, with its cameras and welds."""

    phase: ClassVar[Phase] = Phase.robots
    type: Literal["remove_robot"] = "remove_robot"

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.robot(self.robot_id)
        del names.robots[self.robot_id]
        for camera in [c for c, on in names.cameras.items() if on == self.robot_id]:
            del names.cameras[camera]
        for weld in [w for w, joined in names.welds.items() if self.robot_id in joined]:
            del names.welds[weld]


class DriveRobot(_OnRobot):
    """Velocities that hold for one frame.

    Attributes:
        velocity: Of a mobile base (vx, vy [m/s] in its body frame, turn rate [rad/s]), then of
            every joint of `static.joint_names` but the grippers' [rad/s or m/s]. A fixed base has
            no entries; a differential base needs vy = 0.
    """

    type: Literal["drive_robot"] = "drive_robot"
    settles: ClassVar[bool] = True
    velocity: Vector

    @classmethod
    def of_checked(cls, robot_id: str, velocity: tuple[float, ...]) -> DriveRobot:
        """The command, from finite floats; not validated again: there is one a robot and frame."""
        command = cls.__new__(cls)
        values = {"type": "drive_robot", "robot_id": robot_id, "velocity": velocity}
        object.__setattr__(command, "__dict__", values)
        object.__setattr__(command, "__pydantic_fields_set__", _GIVEN)
        object.__setattr__(command, "__pydantic_extra__", None)
        object.__setattr__(command, "__pydantic_private__", None)
        return command

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        model = names.robot(self.robot_id)
        expected = driven_length(model)
        if len(self.velocity) != expected:
            parts = "3 for the base and one a joint" if model.mobile else "one a joint"
            raise CommandError(
                f"expected {expected} velocities ({parts}), got {len(self.velocity)}",
                field="velocity",
                value=self.velocity,
            )
        if model.base == "differential" and self.velocity[1] != 0:
            raise CommandError(
                "a differential base cannot move sideways: the second entry must be 0",
                field="velocity",
                value=self.velocity[1],
            )


class SetGripper(_OnRobot):
    """Open or close a hand.

    Attributes:
        arm: Whose gripper.
        opening: Distance between the fingertips to go to [m]; 0 closes.
    """

    type: Literal["set_gripper"] = "set_gripper"
    settles: ClassVar[bool] = True
    arm: Arm = Arm.right
    opening: Annotated[Number, Field(ge=0)]

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.arm(self.robot_id, self.arm, gripper=True)


class SetJointPositions(_OnRobot):
    """Teleport joints, at rest; their drive targets follow.

    Attributes:
        positions: Joint name → position [rad or m]. `base_x`, `base_y` and `base_yaw` are the
            world position of a mobile base.
    """

    type: Literal["set_joint_positions"] = "set_joint_positions"
    positions: dict[str, Number]

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        model = names.robot(self.robot_id)
        description = load_description(model)
        for joint, value in self.positions.items():
            if joint not in description.joints:
                raise CommandError(
                    f"robot {self.robot_id!r} ({model.name}) has no joint {joint!r}",
                    field="positions",
                    value=joint,
                    exists=description.joints,
                )
            i = description.joints.index(joint)
            low, high = description.lower[i], description.upper[i]
            if not low - 1e-9 <= value <= high + 1e-9:
                raise CommandError(
                    f"joint {joint!r} moves between {low:.4g} and {high:.4g}",
                    field="positions",
                    value=value,
                )


class Weld(_OnRobot):
    """Fix an object to a hand, as they are now.

    Attributes:
        arm: The hand.
        object_id: The object, which must be movable.
    """

    type: Literal["weld"] = "weld"
    settles: ClassVar[bool] = True
    arm: Arm = Arm.right
    object_id: str

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.weld(self.robot_id, self.arm, self.object_id)


class Unweld(_OnRobot):
    """Let go of what is welded to a hand."""

    type: Literal["unweld"] = "unweld"
    settles: ClassVar[bool] = True
    arm: Arm = Arm.right

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.arm(self.robot_id, self.arm)
        key = weld_id(self.robot_id, self.arm)
        if key not in names.welds:
            raise CommandError(
                f"nothing is welded to the {self.arm} hand of {self.robot_id!r}",
                field="arm",
                value=self.arm.value,
                exists=names.welds,
            )
        del names.welds[key]
