"""Which names exist in the world, as far as checking commands needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from counterpoint.core.arm import Arm
from counterpoint.core.errors import CommandError, UnknownObjectError, UnknownRobotError, listing

ROOM_PARTS = ("floor", "wall_north", "wall_east", "wall_south", "wall_west")
"""Names that contacts and segmentation have for the room itself."""


@dataclass(slots=True)
class Names:
    """The names in the world. A copy is advanced command by command while a frame is checked.

    Attributes:
        scene: Whether there is a room.
        objects: Object id → whether it is static.
        robots: Robot id → its `RobotModel`.
        cameras: Camera id → the robot it is mounted on, or None.
        welds: Weld id → the things that it joins.
        articulations: Object id of a part that opens → that of its frame.
    """

    scene: bool = False
    objects: dict[str, bool] = field(default_factory=dict)
    robots: dict[str, Any] = field(default_factory=dict)
    cameras: dict[str, str | None] = field(default_factory=dict)
    welds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    articulations: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Names:
        """An independent copy."""
        return Names(
            self.scene,
            dict(self.objects),
            dict(self.robots),
            dict(self.cameras),
            dict(self.welds),
            dict(self.articulations),
        )

    def require_scene(self) -> None:
        """Raise unless there is a room."""
        if not self.scene:
            raise CommandError(
                "there is no scene yet; send create_empty_room first, or in the same frame"
            )

    def robot(self, robot_id: str) -> Any:
        """The model of a robot that exists."""
        self.require_scene()
        try:
            return self.robots[robot_id]
        except KeyError:
            raise UnknownRobotError(robot_id, self.robots) from None

    def object(self, object_id: str) -> bool:
        """Whether an object that exists is static."""
        self.require_scene()
        try:
            return self.objects[object_id]
        except KeyError:
            raise UnknownObjectError(object_id, self.objects) from None

    def camera(self, camera_id: str) -> None:
        """Raise unless the camera exists."""
        self.require_scene()
        if camera_id not in self.cameras:
            raise CommandError(
                f"unknown camera {camera_id!r}",
                field="camera_id",
                value=camera_id,
                exists=self.cameras,
            )

    def target(self, name: str) -> None:
        """Raise unless `name` is a robot or an object."""
        if name not in self.robots:
            self.object(name)

    def fresh(self, name: str, field_name: str) -> None:
        """Raise if a robot, object or camera has that name already: ids are unique among all."""
        self.require_scene()
        for what, there in (
            ("a robot", self.robots),
            ("an object", self.objects),
            ("a camera", self.cameras),
            ("a part of the room", ROOM_PARTS),
        ):
            if name in there:
                raise CommandError(
                    f"{what} called {name!r} exists already; taken names: {listing(there)}",
                    field=field_name,
                    value=name,
                )

    def arm(self, robot_id: str, arm: Arm, *, gripper: bool = False) -> None:
        """Raise unless the robot has that arm (and a gripper on it, if one is needed)."""
        model = self.robot(robot_id)
        there = model.grippers if gripper else model.end_effectors
        if arm not in there:
            what = "gripper on its" if gripper else ""
            raise CommandError(
                f"robot {robot_id!r} ({model.name}) has no {what} {arm.value} arm".replace(
                    "  ", " "
                ),
                field="arm",
                value=arm.value,
                exists=[a.value for a in there],
            )

    def weld(self, robot_id: str, arm: Arm, object_id: str) -> None:
        """Note that an object is fixed to a hand; raise if it cannot be."""
        self.arm(robot_id, arm)
        if self.object(object_id):
            raise CommandError(
                f"object {object_id!r} is static and cannot be held",
                field="object_id",
                value=object_id,
            )
        key = weld_id(robot_id, arm)
        if key in self.welds:
            raise CommandError(
                f"the {arm} hand of {robot_id!r} holds {self.welds[key][1]!r} already",
                field="arm",
                value=arm.value,
            )
        self.welds[key] = (robot_id, object_id)


def weld_id(robot_id: str, arm: Arm) -> str:
    """The name of the weld on a hand."""
    return f"{robot_id}/{arm.value}"
