"""A scene at one moment, complete enough to be built again elsewhere."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat

from counterpoint.commands import AddCamera, Command, DrawDebug, SetColor, SetObjectPhysics
from counterpoint.core.arm import Arm
from counterpoint.core.pose import Array

DRIVE_ARRAYS = ("position", "velocity", "world_velocity", "wanted", "goal")
"""The arrays of `DriveTargets` that change from frame to frame."""

OBJECT_STATE = 13
"""Numbers an object: position, quaternion, linear and angular velocity."""

Whole = Annotated[int, Field(ge=0, lt=1 << 53)]
Numbers3 = tuple[FiniteFloat, FiniteFloat, FiniteFloat]
Numbers7 = tuple[
    FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat
]

FARTHEST = 1e9
"""The largest number in a state of motion: what is larger soon is not finite."""


def _is_pose(pose: tuple[float, ...]) -> tuple[float, ...]:
    if not 0.9 < sum(v * v for v in pose[3:]) ** 0.5 < 1.1:
        raise ValueError("its quaternion is not of length 1")
    if max(map(abs, pose)) > FARTHEST:
        raise ValueError(f"it is farther away than {FARTHEST:g} m")
    return pose


PoseNumbers = Annotated[Numbers7, AfterValidator(_is_pose)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CameraState(_Part):
    """A camera as it stands now: its command, its pose, and what it follows."""

    spec: AddCamera
    pose: PoseNumbers
    follow: str | None
    offset: Numbers3 | None


class WeldState(_Part):
    """An object that is fixed to a hand, and its pose in the frame of the link that carries it."""

    robot_id: str
    arm: Arm
    object_id: str
    carrier_from_object: PoseNumbers


class HandState(_Part):
    """How long a hand has pressed on what, and what it holds."""

    robot_id: str
    arm: Arm
    candidate: str | None
    pressed: Whole
    missed: Whole
    held: str | None


class Snapshot(_Part):
    """Everything that the next frames of a scene depend on.

    Physics engines keep more than positions and velocities (contacts, solver warm starts), and
    SAPIEN's is repeatable only from the moment a scene is built. So a scene goes on from a snapshot
    in the same way wherever that is done, but not in the same way as it would have without.

    Attributes:
        frame: How many frames there were.
        commands: What builds the scene, in the order in which it was built; JSON-ready.
        cameras: The cameras.
        q: Joint positions, robot by robot, float32.
        qd: Joint velocities, likewise.
        drives: The drives' arrays by name, float64.
        holding: Whether nothing moves any drive target.
        objects: Position, quaternion and velocities of each object, float32, shape (m, 13).
        openings: Position and velocity of the joint of each articulation, float32, shape (k, 2).
        welds: What is fixed to hands.
        hands: What hands press on.
        segmentation: What the segmentation pass shows for each name.
    """

    frame: Whole
    commands: tuple[dict[str, Any], ...]
    cameras: tuple[CameraState, ...]
    q: bytes
    qd: bytes
    drives: dict[str, bytes]
    holding: bool
    objects: bytes
    openings: bytes
    welds: tuple[WeldState, ...]
    hands: tuple[HandState, ...]
    segmentation: dict[str, Annotated[int, Field(gt=0, lt=1 << 16)]]


class Motion(NamedTuple):
    """The arrays of a snapshot, checked against the scene that they belong to.

    Attributes:
        q: Joint positions, shape (n,).
        qd: Joint velocities, shape (n,).
        drives: Drive arrays by name, each shape (n,).
        objects: Object states, shape (m, 13).
        openings: Joints of articulations, shape (k, 2).
    """

    q: Array
    qd: Array
    drives: dict[str, Array]
    objects: Array
    openings: Array


def motion_of(snapshot: Snapshot, joints: int, objects: int, articulations: int) -> Motion:
    """The arrays of a snapshot of a scene with so many joints, objects and articulations.

    Raises:
        ValueError: If they do not fit, or are not finite, or hold what is no rotation.
    """
    if set(snapshot.drives) != set(DRIVE_ARRAYS):
        raise ValueError(f"drives {sorted(snapshot.drives)} instead of {sorted(DRIVE_ARRAYS)}")
    rows = _array(snapshot.objects, np.float32, objects * OBJECT_STATE, "objects")
    rows = rows.reshape(objects, OBJECT_STATE)
    lengths = np.linalg.norm(rows[:, 3:7], axis=1)
    if not ((lengths > 0.9) & (lengths < 1.1)).all():
        raise ValueError("an object's quaternion is not of length 1")
    return Motion(
        _array(snapshot.q, np.float32, joints, "q"),
        _array(snapshot.qd, np.float32, joints, "qd"),
        {k: _array(v, np.float64, joints, k) for k, v in snapshot.drives.items()},
        rows,
        _array(snapshot.openings, np.float32, articulations * 2, "openings").reshape(-1, 2),
    )


def _array(data: bytes, kind: Any, count: int, name: str) -> Array:
    dtype = np.dtype(kind).newbyteorder("<")
    if len(data) != count * dtype.itemsize:
        raise ValueError(f"{name} has {len(data)} bytes instead of {count * dtype.itemsize}")
    array: Array = np.frombuffer(data, dtype).astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is not finite")
    if len(array) and float(np.abs(array).max()) > FARTHEST:
        raise ValueError(f"{name} holds a number beyond {FARTHEST:g}")
    return array


class SceneScript:
    """The commands that would build the scene as it stands, kept while it is being built."""

    def __init__(self) -> None:
        self._commands: list[Command] = []

    @property
    def commands(self) -> tuple[Command, ...]:
        """The commands, in the order in which they were applied."""
        return tuple(self._commands)

    def note(self, command: Command) -> None:
        """Take in a command that makes or changes a lasting thing; later ones replace earlier."""
        last = next((c for c in self._commands if _same_thing(c, command)), None)
        if last is None:
            self._commands.append(command)
            return
        if isinstance(last, SetObjectPhysics):
            given = {k: v for k, v in command if v is not None}
            command = last.model_copy(update=given)
        self._commands[self._commands.index(last)] = command

    def forget(self, name: str) -> None:
        """A robot or object is gone."""
        self._commands = [
            c for c in self._commands
            if name not in (getattr(c, "object_id", None), getattr(c, "robot_id", None))
        ]  # fmt: skip


def _same_thing(a: Command, b: Command) -> bool:
    """Whether `b` takes the place of `a`."""
    if a.type != b.type:
        return False
    if isinstance(a, (SetColor, SetObjectPhysics)):
        return a.object_id == getattr(b, "object_id", None)
    if isinstance(a, DrawDebug):
        return a.drawing_id == getattr(b, "drawing_id", None)
    return a.type in ("set_gravity", "set_lighting")
