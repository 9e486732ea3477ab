"""Where everything was, frame by frame: for looking, and to name the body that went astray."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from counterpoint.core.errors import CounterpointError, RecordingError
from counterpoint.core.pose import Array, Pose, read_only
from counterpoint.robots import get_model
from counterpoint.robots.kinematics import kinematics_of
from counterpoint.simulation.response import Response

Numbers7 = tuple[
    FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat
]


class RobotLayout(BaseModel):
    """A robot in `PoseLayout`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    robot_id: str
    model: str
    mount: Numbers7
    joints: int = Field(ge=0, le=4096)


class PoseLayout(BaseModel):
    """What the numbers of a frame stand for.

    Attributes:
        robots: Robots, whose joint vectors come first.
        movable: Objects whose poses follow.
        static: Objects that never move, with their poses.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    robots: tuple[RobotLayout, ...]
    movable: tuple[str, ...]
    static: dict[str, Numbers7]

    @property
    def length(self) -> int:
        """How many numbers a frame has."""
        return sum(r.joints for r in self.robots) + 7 * len(self.movable)

    @classmethod
    def from_dict(cls, data: Any) -> PoseLayout:
        """From plain values.

        Raises:
            RecordingError: If they are something else.
        """
        try:
            return cls(**data)
        except (ValidationError, TypeError) as error:
            raise RecordingError(f"a layout of poses is damaged: {error}") from None


class PoseWriter:
    """Turns responses into layouts and bytes."""

    def __init__(self) -> None:
        self._there: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._movable = np.empty(0, dtype=np.intp)

    def layout(self, response: Response) -> dict[str, Any] | None:
        """What the numbers stand for, if that changed since the last call, as plain values."""
        there = tuple(response.robots), tuple(response.objects)
        if there == self._there:
            return None
        self._there = there
        statics = [r.static for r in response.robots.values()]
        objects = list(response.objects.values())
        movable = [o.static for o in objects if not o.static.static]
        self._movable = np.array([o.row for o in movable], dtype=np.intp)
        return {
            "robots": [
                {
                    "robot_id": s.robot_id,
                    "model": s.model.name,
                    "mount": _seven(s.mount),
                    "joints": len(s.kinematics.joints),
                }
                for s in statics
            ],
            "movable": [o.object_id for o in movable],
            "static": {o.static.object_id: _seven(o.pose) for o in objects if o.static.static},
        }

    def numbers(self, response: Response) -> bytes:
        """The numbers of a frame, as float32: what the physics engine itself has."""
        state, rows = response.state, self._movable
        parts = [state.q]
        if len(rows):
            poses = np.hstack([state.object_position[rows], state.object_quaternion[rows]])
            parts.append(poses.ravel())
        data: bytes = np.concatenate(parts).astype("<f4").tobytes()
        return data


def _seven(pose: Pose) -> list[float]:
    return [*pose.p.tolist(), *pose.q.tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """Where everything was in one recorded frame.

    Attributes:
        frame: Which.
        layout: What was there.
        numbers: Joint vectors of robots, then poses of movable objects, float32, shape (n,).
    """

    frame: int
    layout: PoseLayout
    numbers: Array

    @classmethod
    def from_bytes(cls, frame: int, layout: PoseLayout, data: bytes) -> Poses:
        """From what `PoseWriter` gave.

        Raises:
            RecordingError: If the bytes do not fit the layout.
        """
        if len(data) != 4 * layout.length:
            raise RecordingError(
                f"the poses of frame {frame} have {len(data)} bytes instead of {4 * layout.length}"
            )
        return cls(frame, layout, read_only(np.frombuffer(data, "<f4").astype(np.float32)))

    @property
    def joints(self) -> Mapping[str, Array]:
        """Robot id → its joint vector, base first, shape (n,) [m, rad]."""
        found, at = {}, 0
        for robot in self.layout.robots:
            found[robot.robot_id] = self.numbers[at : at + robot.joints].astype(np.float64)
            at += robot.joints
        return found

    @property
    def objects(self) -> Mapping[str, Pose]:
        """Object id → its pose in the world."""
        found = {name: Pose.of(v[:3], v[3:]) for name, v in self.layout.static.items()}
        at = sum(r.joints for r in self.layout.robots)
        for name in self.layout.movable:
            values = self.numbers[at : at + 7].astype(np.float64)
            found[name] = Pose(values[:3], values[3:])
            at += 7
        return found

    def link_poses(self, robot_id: str, links: tuple[str, ...]) -> list[Pose]:
        """Poses in the world of links of a robot.

        Raises:
            RecordingError: If the robot is not there, or its model is not installed.
        """
        robot = next((r for r in self.layout.robots if r.robot_id == robot_id), None)
        if robot is None:
            raise RecordingError(f"there is no robot {robot_id!r} in frame {self.frame}")
        try:
            kinematics = kinematics_of(get_model(robot.model))
        except CounterpointError as error:
            raise RecordingError(f"robot {robot_id!r}: {error}") from None
        q = self.joints[robot_id]
        if len(q) != len(kinematics.joints):
            raise RecordingError(f"robot {robot_id!r} has {len(q)} joints, unlike {robot.model!r}")
        mount = Pose.of(robot.mount[:3], robot.mount[3:])
        return [mount @ pose for pose in kinematics.link_poses(q, links)]

    def first_difference(self, other: Poses) -> str | None:
        """The first robot or object that is somewhere else in `other`, or only in one of both."""
        if self.layout != other.layout:
            mine, theirs = _things(self.layout), _things(other.layout)
            return next((n for n in (*mine, *theirs) if mine.get(n) != theirs.get(n)), "the scene")
        differing = np.flatnonzero(self.numbers != other.numbers)
        if not len(differing):
            return None
        at, first = 0, int(differing[0])
        for robot in self.layout.robots:
            at += robot.joints
            if first < at:
                return robot.robot_id
        return self.layout.movable[(first - at) // 7]


def _things(layout: PoseLayout) -> dict[str, Any]:
    return {
        **{r.robot_id: r for r in layout.robots},
        **dict.fromkeys(layout.movable, "movable"),
        **layout.static,
    }
