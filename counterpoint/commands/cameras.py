"""Commands about cameras and images."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, FiniteFloat, model_validator

from counterpoint.commands.base import Command, Name, Phase, Positive, Quaternion, Vector3, to_list
from counterpoint.commands.names import Names
from counterpoint.core.errors import CommandError
from counterpoint.robots.description import load_description

PassName = Literal["rgb", "depth", "segmentation", "normals"]
Pixels = Annotated[int, Field(gt=0, le=8192)]
ImageSize = Annotated[tuple[Pixels, Pixels], BeforeValidator(to_list)]
FieldOfView = Annotated[FiniteFloat, Field(gt=0.01, lt=math.pi - 0.01)]


class AddCamera(Command):
    """A camera, free in the world or mounted on a robot's link. It looks along its +x axis.

    Attributes:
        camera_id: Its name.
        position: In the world, or in the mount's link frame [m].
        quaternion: wxyz, likewise.
        look_at: A robot, an object or a world point to turn to once, instead of `quaternion`.
        follow: Robot or object to keep looking at, frame by frame; with it the camera also keeps
            `offset` from it, where that is given.
        offset: World offset from what it follows [m], or None to stay in place.
        mount: (robot id, link) that carries it, or None.
        size: Width and height [pixels].
        field_of_view: Vertical angle [rad].
        near: Nearest drawn distance [m].
        far: Farthest drawn distance [m].
    """

    phase: ClassVar[Phase] = Phase.cameras
    type: Literal["add_camera"] = "add_camera"
    camera_id: Name
    position: Vector3 = (0.0, 0.0, 1.5)
    quaternion: Quaternion = (1.0, 0.0, 0.0, 0.0)
    look_at: str | Vector3 | None = None
    follow: str | None = None
    offset: Vector3 | None = None
    mount: tuple[str, str] | None = None
    size: ImageSize = (256, 256)
    field_of_view: FieldOfView = 1.0
    near: Positive = 0.02
    far: Positive = 50.0

    @model_validator(mode="after")
    def _is_ordered(self) -> AddCamera:
        if self.far <= self.near:
            raise ValueError(f"far ({self.far}) must be beyond near ({self.near})")
        return self

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.fresh(self.camera_id, "camera_id")
        for target in (self.look_at, self.follow):
            if isinstance(target, str):
                names.target(target)
        if self.mount is not None:
            model = names.robot(self.mount[0])
            links = load_description(model).body_of
            if self.mount[1] not in links:
                raise CommandError(
                    f"{model.name} has no link {self.mount[1]!r}",
                    field="mount", value=self.mount[1], exists=links,
                )  # fmt: skip
        names.cameras[self.camera_id] = None if self.mount is None else self.mount[0]


class _OnCamera(Command):
    phase: ClassVar[Phase] = Phase.cameras
    camera_id: str

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.camera(self.camera_id)


class LookAt(_OnCamera):
    """Turn a camera to a robot, an object or a world point [m], once or from now on."""

    type: Literal["look_at"] = "look_at"
    target: str | Vector3
    follow: bool = False

    @model_validator(mode="after")
    def _followable(self) -> LookAt:
        if self.follow and not isinstance(self.target, str):
            raise ValueError("only a robot or an object can be followed, not a point")
        return self

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.camera(self.camera_id)
        if isinstance(self.target, str):
            names.target(self.target)


class MoveCamera(_OnCamera):
    """Put a camera somewhere else [m]; None keeps its orientation."""

    type: Literal["move_camera"] = "move_camera"
    position: Vector3
    quaternion: Quaternion | None = None


class CaptureImages(Command):
    """Images of this frame, in the response.

    Attributes:
        cameras: Camera ids, or None for all.
        passes: Which images of each.
    """

    phase: ClassVar[Phase] = Phase.capture
    type: Literal["capture_images"] = "capture_images"
    settles: ClassVar[bool] = True
    cameras: tuple[str, ...] | None = None
    passes: tuple[PassName, ...] = ("rgb",)

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.require_scene()
        for camera in self.cameras or ():
            if camera not in names.cameras:
                raise CommandError(
                    f"unknown camera {camera!r}",
                    field="cameras",
                    value=camera,
                    exists=names.cameras,
                )
