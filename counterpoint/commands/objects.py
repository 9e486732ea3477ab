"""Commands about objects."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from counterpoint.commands.base import (
    Color,
    Command,
    Name,
    Number,
    Phase,
    Positive,
    Quaternion,
    Size3,
    Vector3,
)
from counterpoint.commands.names import Names
from counterpoint.core.errors import CommandError, UnknownModelError
from counterpoint.objects import (
    ObjectModel,
    build_articulation,
    build_object,
    file_digest,
    mesh_from_file,
)

MESH = "mesh"
"""The model of objects whose shape comes from a file."""

Friction = Annotated[Number, Field(ge=0)]


class AddObject(Command):
    """A parametric object, or one from a file.

    Attributes:
        object_id: Its name.
        model: One of `counterpoint.objects.list_object_models()`, or `mesh`.
        file: Of a `mesh`, the `.glb`, `.obj` or `.stl` with its shape: see
            `counterpoint.objects.mesh_from_file()`.
        digest: What the file held when the command was made: filled in, so that a recording is not
            replayed with another one.
        size: Overall extents (x, y, z) [m], or None for the model's usual size.
        position: Of its origin [m]: the centre of a box, sphere, cylinder or bar, else the middle
            of what it stands on.
        quaternion: Its orientation, wxyz.
        mass: Mass [kg], or None for the model's.
        static: Whether it never moves, or None for the model's choice.
        friction: Coulomb coefficient of its surface.
        color: Red, green, blue in 0..1, or None for the model's.
        parameters: The model's own parameters, by name.
    """

    phase: ClassVar[Phase] = Phase.objects
    type: Literal["add_object"] = "add_object"
    object_id: Name
    model: str
    file: str | None = None
    digest: str | None = None
    size: Size3 | None = None
    position: Vector3 = (0.0, 0.0, 0.0)
    quaternion: Quaternion = (1.0, 0.0, 0.0, 0.0)
    mass: Positive | None = None
    static: bool | None = None
    friction: Friction = 0.6
    color: Color | None = None
    parameters: dict[str, Number] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _note_digest(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("file"), str) and not data.get("digest"):
            return {**data, "digest": file_digest(data["file"])}
        return data

    def build(self) -> ObjectModel:
        """What is to be added.

        Raises:
            UnknownModelError: If there is no such model.
            CommandError: If its size, its parameters or its file are at fault.
        """
        field = "model"
        try:
            if self.model != MESH and self.file is None:
                return build_object(self.model, self.size, self.parameters)
            field = "file"
            if self.model != MESH or self.file is None or self.parameters:
                raise ValueError(f"model {MESH!r} takes a file and no parameters, others no file")
            return mesh_from_file(self.file, self.digest, self.size)
        except UnknownModelError:
            raise
        except (ValueError, TypeError) as error:
            value = self.model if field == "model" else self.file
            raise CommandError(str(error), field=field, value=value) from error

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.fresh(self.object_id, "object_id")
        model = self.build()
        names.objects[self.object_id] = model.static if self.static is None else self.static


class AddWall(Command):
    """A static wall that stands on the floor.

    Attributes:
        object_id: Its name.
        start: One end in the floor plane (x, y, z of its foot) [m].
        end: The other end [m].
        height: Its height [m].
        thickness: Its thickness [m].
    """

    phase: ClassVar[Phase] = Phase.objects
    type: Literal["add_wall"] = "add_wall"
    object_id: Name
    start: Vector3
    end: Vector3
    height: Positive = 2.5
    thickness: Positive = 0.1
    color: Color | None = None

    @model_validator(mode="after")
    def _has_length(self) -> AddWall:
        if self.start[:2] == self.end[:2]:
            raise ValueError("a wall needs two different ends")
        return self

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.fresh(self.object_id, "object_id")
        names.objects[self.object_id] = True


class AddArticulation(Command):
    """A thing of two parts that a joint holds together: a frame that stays, and what opens.

    The part that opens is the object `object_id`, the frame is the static object
    `object_id.frame`; both go together.

    Attributes:
        object_id: Its name.
        model: One of `counterpoint.objects.list_articulation_models()`.
        size: Extents (x, y, z) [m], or None for the model's usual size.
        position: Of the frame's origin, on the floor below it [m].
        yaw: Its heading [rad].
        opening: How far it stands open [rad or m].
        parameters: The model's own parameters, by name.
    """

    phase: ClassVar[Phase] = Phase.objects
    type: Literal["add_articulation"] = "add_articulation"
    object_id: Name
    model: str
    size: Size3 | None = None
    position: Vector3 = (0.0, 0.0, 0.0)
    yaw: Number = 0.0
    opening: Annotated[Number, Field(ge=0)] = 0.0
    parameters: dict[str, Number] = Field(default_factory=dict)

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        frame = frame_id(self.object_id)
        names.fresh(self.object_id, "object_id")
        names.fresh(frame, "object_id")
        try:
            upper = build_articulation(self.model, self.size, self.parameters).joint.upper
        except UnknownModelError:
            raise
        except (ValueError, TypeError) as error:
            raise CommandError(str(error), field="model", value=self.model) from error
        if self.opening > upper:
            raise CommandError(f"it opens from 0 to {upper:g}", field="opening", value=self.opening)
        names.objects[self.object_id] = False
        names.objects[frame] = True
        names.articulations[self.object_id] = frame


def frame_id(object_id: str) -> str:
    """The name of the frame of an articulation."""
    return f"{object_id}.frame"


class _OnObject(Command):
    phase: ClassVar[Phase] = Phase.objects
    object_id: str

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.object(self.object_id)

    def _check_movable(self, names: Names) -> None:
        if names.object(self.object_id):
            raise CommandError(
                f"object {self.object_id!r} is static and does not move",
                field="object_id",
                value=self.object_id,
                exists=[o for o, static in names.objects.items() if not static],
            )

    def _check_free(self, names: Names) -> None:
        self._check_movable(names)
        if self.object_id in names.articulations:
            raise CommandError(
                "a joint holds it; push it with apply_force, or remove it and add it elsewhere",
                field="object_id", value=self.object_id,
            )  # fmt: skip


class RemoveObject(_OnObject):
    """Take an object out of the scene, with the welds on it and the frame that it is joined to."""

    type: Literal["remove_object"] = "remove_object"

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        names.object(self.object_id)
        whole = next((a for a, f in names.articulations.items() if f == self.object_id), None)
        if whole is not None:
            raise CommandError(
                f"it is the frame of {whole!r} and goes with it",
                field="object_id", value=self.object_id,
            )  # fmt: skip
        del names.objects[self.object_id]
        frame = names.articulations.pop(self.object_id, None)
        if frame is not None:
            del names.objects[frame]
        for weld in [w for w, joined in names.welds.items() if self.object_id in joined]:
            del names.welds[weld]


class TeleportObject(_OnObject):
    """Put an object somewhere else, at rest."""

    type: Literal["teleport_object"] = "teleport_object"
    position: Vector3
    quaternion: Quaternion = (1.0, 0.0, 0.0, 0.0)

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        self._check_free(names)


class SetObjectVelocity(_OnObject):
    """Give an object a linear [m/s] and an angular [rad/s] velocity."""

    type: Literal["set_object_velocity"] = "set_object_velocity"
    linear: Vector3 = (0.0, 0.0, 0.0)
    angular: Vector3 = (0.0, 0.0, 0.0)

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        self._check_free(names)


class ApplyForce(_OnObject):
    """Push an object with a force [N] for one frame.

    Attributes:
        force: In the world frame [N].
        at: World point that it acts at [m], or None for the centre of mass.
    """

    type: Literal["apply_force"] = "apply_force"
    force: Vector3
    at: Vector3 | None = None

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        self._check_movable(names)


class SetObjectPhysics(_OnObject):
    """Change an object's mass [kg], friction or damping [1/s]; None leaves it as it is."""

    type: Literal["set_object_physics"] = "set_object_physics"
    mass: Positive | None = None
    friction: Friction | None = None
    linear_damping: Friction | None = None
    angular_damping: Friction | None = None

    def check(self, names: Names) -> None:
        """See `Command.check`."""
        self._check_movable(names)


class SetColor(_OnObject):
    """Change an object's colour."""

    type: Literal["set_color"] = "set_color"
    color: Color
