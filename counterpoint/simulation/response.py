"""What the world looks like after a frame: arrays gathered once, and views of them by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from counterpoint.core.arm import Arm
from counterpoint.core.pose import (
    Array,
    Pose,
    matrix_from_quaternion,
    quaternion_from_yaw,
    read_only,
)
from counterpoint.objects.articulation import Joint
from counterpoint.objects.model import ObjectModel
from counterpoint.robots import RobotModel
from counterpoint.robots.kinematics import Kinematics
from counterpoint.simulation.contacts import BodyName, Contacts

View = TypeVar("View")


@dataclass(frozen=True, slots=True, eq=False)
class RobotStatic:
    """What never changes about a robot.

    Attributes:
        robot_id: Its name.
        model: Its model, with tracks, end effectors, grippers and cameras.
        kinematics: Forward and inverse kinematics of the model.
        mount: Where the description is mounted in the world: at most lifted for a mobile base.
        mount_inverse: The world in the description's frame.
        links: Names of the physical links; links joined by fixed joints are one.
        joint_names: Moving joints without the base's, in the order of `joint_positions`.
        driven: Where the joints of `drive_robot` are in `q`, base first.
        segmentation_id: What the segmentation pass shows for it.
        cameras: Ids of its cameras.
        first: Where its joints begin in the flat arrays.
    """

    robot_id: str
    model: RobotModel
    kinematics: Kinematics
    mount: Pose
    mount_inverse: Pose
    links: tuple[str, ...]
    joint_names: tuple[str, ...]
    driven: np.ndarray
    segmentation_id: int
    cameras: tuple[str, ...]
    first: int


@dataclass(frozen=True, slots=True, eq=False)
class ObjectStatic:
    """What never changes about an object.

    Attributes:
        object_id: Its name.
        model: Its shapes, affordances and colours.
        static: Whether it never moves.
        mass: [kg].
        row: Where it is in the object arrays.
        segmentation_id: What the segmentation pass shows for it.
        vertices: Every vertex of its shapes, in its frame, shape (n, 3) [m].
        reach: Radius of a sphere about its origin that holds them all [m].
        joint: What holds it to a frame, or None.
        frame: The pose of that frame in the world, or None.
    """

    object_id: str
    model: ObjectModel
    static: bool
    mass: float
    row: int
    segmentation_id: int
    vertices: Array
    reach: float
    joint: Joint | None = None
    frame: Pose | None = None


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """The gathered arrays of one frame. Read-only.

    Attributes:
        q: Every robot's joint positions, one robot after another, shape (n,) [rad or m].
        qd: Their velocities.
        target: Drive targets.
        target_velocity: Commanded velocities; of a base in its body frame.
        object_position: Shape (m, 3) [m].
        object_quaternion: wxyz, shape (m, 4).
        object_linear: Shape (m, 3) [m/s].
        object_angular: Shape (m, 3) [rad/s].
    """

    q: Array
    qd: Array
    target: Array
    target_velocity: Array
    object_position: Array
    object_quaternion: Array
    object_linear: Array
    object_angular: Array


class RobotState:
    """A robot in one frame. Every array is read-only; poses are in the world frame.

    Attributes:
        static: What never changes about it.
        q: Joint vector, base first, shape (n,) [m, rad].
        qd: Its velocity.
        target: Drive targets of `q`.
        target_velocity: Commanded velocities; the base's in the body frame.
        held: Arm → id of the object that it holds, or None.
    """

    __slots__ = ("_contacts", "_poses", "held", "q", "qd", "static", "target", "target_velocity")

    def __init__(
        self, static: RobotStatic, state: State, held: Mapping[Arm, str | None], contacts: Contacts
    ) -> None:
        part = slice(static.first, static.first + len(static.kinematics.joints))
        self.static = static
        self.q, self.qd = state.q[part], state.qd[part]
        self.target, self.target_velocity = state.target[part], state.target_velocity[part]
        self.held = held
        self._contacts = contacts
        self._poses: dict[str, Pose] = {}

    @property
    def base_position(self) -> Array:
        """Where the robot stands, shape (3,) [m]."""
        if self.static.model.mobile:
            return read_only(np.array([self.q[0], self.q[1], self.static.mount.p[2]]))
        return self.static.mount.p

    @property
    def base_yaw(self) -> float:
        """Its heading [rad], not wrapped for a mobile base."""
        if self.static.model.mobile:
            return float(self.q[2])
        w, _, _, z = self.static.mount.q
        return float(2 * np.arctan2(z, w))

    @property
    def base_pose(self) -> Pose:
        """The base as a pose."""
        return _frozen(Pose(self.base_position, quaternion_from_yaw(self.base_yaw)))

    @property
    def joint_positions(self) -> Array:
        """Positions of `static.joint_names`, shape (n,) [rad or m]."""
        return self.q[self.static.kinematics.base_size :]

    @property
    def joint_velocities(self) -> Array:
        """Velocities of `static.joint_names`, shape (n,) [rad/s or m/s]."""
        return self.qd[self.static.kinematics.base_size :]

    @property
    def end_effector_pose(self) -> Mapping[Arm, Pose]:
        """Arm → pose of its tool frame: z out of the hand, fingers closing along y."""
        return {arm: self.tool_pose(arm) for arm in self.static.model.end_effectors}

    def tool_pose(self, arm: Arm) -> Pose:
        """The measured pose of an arm's tool frame."""
        key = f"tool {arm.value}"
        if key not in self._poses:
            static = self.static
            self._poses[key] = _frozen(static.mount @ static.kinematics.tool_pose(self.q, arm))
        return self._poses[key]

    def link_pose(self, link: str) -> Pose:
        """The pose of any link of the description."""
        if link not in self._poses:
            static = self.static
            self._poses[link] = _frozen(static.mount @ static.kinematics.link_pose(self.q, link))
        return self._poses[link]

    @property
    def contacts(self) -> list[tuple[BodyName, BodyName, float]]:
        """Its contacts: the own link, the other body, and the force [N]."""
        return self._contacts.touching(self.static.robot_id)


class ObjectState:
    """An object in one frame. Every array is read-only."""

    __slots__ = ("_all", "_state", "static")

    def __init__(
        self, static: ObjectStatic, state: State, objects: Mapping[str, ObjectStatic]
    ) -> None:
        self.static = static
        self._state = state
        self._all = objects

    @property
    def position(self) -> Array:
        """World position of its origin, shape (3,) [m]."""
        row: Array = self._state.object_position[self.static.row]
        return row

    @property
    def quaternion(self) -> Array:
        """World orientation wxyz, shape (4,)."""
        row: Array = self._state.object_quaternion[self.static.row]
        return row

    @property
    def pose(self) -> Pose:
        """Both."""
        return Pose(self.position, self.quaternion)

    @property
    def linear_velocity(self) -> Array:
        """Shape (3,) [m/s]."""
        row: Array = self._state.object_linear[self.static.row]
        return row

    @property
    def angular_velocity(self) -> Array:
        """Shape (3,) [rad/s]."""
        row: Array = self._state.object_angular[self.static.row]
        return row

    @property
    def contents(self) -> tuple[str, ...]:
        """Ids of the movable objects whose middle is inside this container, lowest first."""
        if self.static.model.interior is None:
            return ()
        low, high = self.static.model.interior
        others = [o for o in self._all.values() if not o.static and o is not self.static]
        if not others:
            return ()
        middles = np.array(
            [
                Pose(self._state.object_position[o.row], self._state.object_quaternion[o.row])
                .apply(0.5 * (o.vertices.min(axis=0) + o.vertices.max(axis=0)))
                for o in others
            ]
        )  # fmt: skip
        local = (middles - self.position) @ matrix_from_quaternion(self.quaternion)
        inside = ((local >= low) & (local <= high)).all(axis=1)
        found = [(float(local[i, 2]), others[i].object_id) for i in np.flatnonzero(inside)]
        return tuple(name for _, name in sorted(found))

    @property
    def opening(self) -> float | None:
        """How far a part of an articulation is open [rad or m]; None for other objects."""
        joint, frame = self.static.joint, self.static.frame
        if joint is None or frame is None:
            return None
        return joint.position(frame.inverse() @ self.pose)

    @property
    def bounds(self) -> Array:
        """The lowest and the highest corner of its axis-aligned box, shape (2, 3) [m]."""
        points = self.static.vertices @ matrix_from_quaternion(self.quaternion).T + self.position
        return read_only(np.stack([points.min(0), points.max(0)]))


class Views(Mapping[str, View], Generic[View]):
    """Views by name, made when first asked for."""

    __slots__ = ("_made", "_make", "_names")

    def __init__(self, names: Mapping[str, Any], make: Callable[[str], View]) -> None:
        self._names = names
        self._make = make
        self._made: dict[str, View] = {}

    def __getitem__(self, name: str) -> View:
        view = self._made.get(name)
        if view is None:
            if name not in self._names:
                raise KeyError(name)
            view = self._made[name] = self._make(name)
        return view

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


@dataclass(slots=True, eq=False)
class Response:
    """The world after a frame.

    Attributes:
        frame: Its number; the first is 1.
        time: Simulated time [s].
        robots: Robot id → its state.
        objects: Object id → its state.
        contacts: Pairs of bodies that touch.
        images: Camera id → pass → array, where images were captured.
        segmentation_ids: Name of a robot, object or part of the room → its segmentation value.
        events: What happened in this frame.
        welds: Names of the welds, `robot/arm`.
        room: Width and length of the room that has walls [m], or None.
        state: The arrays behind the views.
    """

    frame: int
    time: float
    robots: Mapping[str, RobotState]
    objects: Mapping[str, ObjectState]
    contacts: Contacts
    state: State
    segmentation_ids: Mapping[str, int]
    welds: frozenset[str] = frozenset()
    room: tuple[float, float] | None = None
    images: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    _footprints: Footprints | None = None

    @property
    def footprints(self) -> Footprints:
        """Circles in the floor plane round every robot and object, made when first asked for."""
        if self._footprints is None:
            robots, objects = list(self.robots.values()), list(self.objects.values())
            places = [r.q if r.static.model.mobile else r.static.mount.p for r in robots]
            centers = np.array([place[:2].tolist() for place in places]).reshape(-1, 2)
            radii = np.array([r.static.model.radius for r in robots])
            apart = centers[:, None] - centers[None]
            self._footprints = Footprints(
                {r.static.robot_id: i for i, r in enumerate(robots)},
                centers,
                radii,
                np.sqrt(np.vecdot(apart, apart)) - radii[:, None] - radii,
                tuple(o.static.object_id for o in objects),
                self.state.object_position[:, :2],
                np.array([o.static.reach for o in objects]),
            )
        return self._footprints


class Footprints(NamedTuple):
    """Circles in the floor plane.

    Attributes:
        robots: Robot id → its row.
        robot_centers: Shape (n, 2) [m].
        robot_radii: Shape (n,) [m].
        robot_gaps: Distance between the circles of each two robots, shape (n, n) [m].
        objects: Object ids.
        object_centers: Shape (m, 2) [m].
        object_radii: Radii of spheres that hold each object, shape (m,) [m].
    """

    robots: dict[str, int]
    robot_centers: Array
    robot_radii: Array
    robot_gaps: Array
    objects: tuple[str, ...]
    object_centers: Array
    object_radii: Array


def _frozen(pose: Pose) -> Pose:
    return Pose(read_only(pose.p), read_only(pose.q))
