"""The robots in the scene: their bodies, and one set of flat arrays for all their joints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoint import commands as cmd
from counterpoint.core.arm import Arm
from counterpoint.core.pose import Array, Pose, quaternion_from_yaw, read_only
from counterpoint.robots import BASE_JOINTS, get_model
from counterpoint.robots.description import load_description
from counterpoint.robots.kinematics import kinematics_of
from counterpoint.simulation.contacts import BodyName
from counterpoint.simulation.drives import DriveTargets
from counterpoint.simulation.hulls import robot_hulls
from counterpoint.simulation.response import RobotStatic
from counterpoint.simulation.robot_body import RobotBody
from counterpoint.simulation.snapshot import DRIVE_ARRAYS, Motion

Named = tuple[Any, BodyName]
"""A physics component and what its body is called."""


class RobotFleet:
    """Robots by id, with every joint of theirs in flat arrays, one robot after another.

    Attributes:
        statics: Robot id → what never changes about it.
        bodies: Robot id → its articulation.
        drives: Drive targets of all joints.
        q: Joint positions measured last, shape (n,) [rad or m].
        qd: Their velocities.
    """

    def __init__(self) -> None:
        self.statics: dict[str, RobotStatic] = {}
        self.bodies: dict[str, RobotBody] = {}
        self.drives = DriveTargets()
        self.q, self.qd = np.empty(0), np.empty(0)
        self._serial = 0
        self._articulations: list[tuple[Any, int, int]] = []
        self._joints: list[Any] = []
        self._order = np.empty(0, dtype=np.intp)
        self._sent_position, self._sent_velocity = np.empty(0), np.empty(0)
        self._followers = np.empty(0, dtype=np.intp)
        self._leaders = np.empty(0, dtype=np.intp)
        self._multipliers = np.empty(0)

    # --- each frame ---------------------------------------------------------------------------

    def advance(self, dt: float) -> None:
        """Integrate the drive targets by a frame of `dt` [s], and hand over those that changed."""
        drives = self.drives
        if not len(drives.position):
            return
        drives.integrate(self.q, dt)
        followers = self._followers
        if len(followers):
            # Fingertips hang on the measured bars. The rounding lets a resting hand sleep.
            follow = np.round(self.q[self._leaders], 5) * self._multipliers
            drives.position[followers] = drives.goal[followers] = follow
            lead = np.round(self.qd[self._leaders], 4) * self._multipliers
            drives.world_velocity[followers] = lead
        position, velocity = drives.position, drives.world_velocity
        changed = np.flatnonzero(position != self._sent_position)
        if len(changed):
            for i, value in zip(changed.tolist(), position[changed].tolist(), strict=True):
                self._joints[i].set_drive_target(value)
            self._sent_position = position.copy()
        changed = np.flatnonzero(velocity != self._sent_velocity)
        if len(changed):
            for i, value in zip(changed.tolist(), velocity[changed].tolist(), strict=True):
                self._joints[i].set_drive_velocity_target(value)
            self._sent_velocity = velocity.copy()

    def measure(self) -> None:
        """Read every joint's position and velocity into `q` and `qd`."""
        n = len(self.drives.position)
        q, qd = np.empty(n), np.empty(n)
        for articulation, a, b in self._articulations:
            q[a:b] = articulation.get_qpos()
            qd[a:b] = articulation.get_qvel()
        self.q, self.qd = q[self._order], qd[self._order]

    # --- commands -----------------------------------------------------------------------------

    def drive(self, command: cmd.DriveRobot) -> None:
        """Velocities for the next frame."""
        static = self.statics[command.robot_id]
        self.drives.wanted[static.first + static.driven] = command.velocity
        self.drives.holding = False

    def set_gripper(self, command: cmd.SetGripper) -> None:
        """Where a gripper goes from now on."""
        static = self.statics[command.robot_id]
        gripper = static.model.grippers[command.arm]
        position = float(np.interp(command.opening, gripper.openings, gripper.positions))
        joints = self.bodies[command.robot_id].gripper_joints[command.arm] + static.first
        self.drives.goal[joints] = position
        self.drives.holding = False

    def set_joint_positions(self, command: cmd.SetJointPositions) -> None:
        """Teleport joints, with their drive targets."""
        static, body = self.statics[command.robot_id], self.bodies[command.robot_id]
        part = self._part(static)
        q = self.q[part].copy()
        for joint, value in command.positions.items():
            q[static.kinematics.index[joint]] = value
        body.teleport(q)
        self.q = self.q.copy()
        self.q[part] = q
        drives = self.drives
        for name, values in (("position", q), ("velocity", 0.0), ("world_velocity", 0.0)):
            array = getattr(drives, name).copy()
            array[part] = values
            setattr(drives, name, array)
        for joints in body.gripper_joints.values():
            drives.goal[joints + static.first] = drives.position[joints + static.first]
        drives.holding = False

    # --- snapshots ----------------------------------------------------------------------------

    def motion(self) -> tuple[Array, Array, dict[str, Array]]:
        """Measured positions and velocities of all joints, and the drives' changing arrays."""
        return self.q, self.qd, {name: getattr(self.drives, name) for name in DRIVE_ARRAYS}

    def set_motion(self, motion: Motion, *, holding: bool) -> None:
        """Put every joint and drive in a state of motion that was taken from the same robots."""
        for robot_id, body in self.bodies.items():
            part = self._part(self.statics[robot_id])
            body.set_motion(motion.q[part], motion.qd[part])
        for name, values in motion.drives.items():
            setattr(self.drives, name, values.copy())
        self.drives.holding = holding
        self.measure()

    # --- coming and going ---------------------------------------------------------------------

    def add(self, scene: Any, command: cmd.AddRobot, segmentation_id: int) -> list[Named]:
        """Build a robot at rest. Returns its links and their names."""
        model = get_model(command.model)
        kinematics = kinematics_of(model)
        mount = mount_of(command)
        for array in mount:
            read_only(array)
        self._serial += 1
        body = RobotBody(scene, model, self._serial, mount)
        q = start_of(command)
        body.teleport(q)
        first, n = len(self.drives.position), len(q)
        drives, part = self.drives, slice(first, first + n)
        drives.resize(np.arange(first), n)
        drives.position[part] = drives.goal[part] = q
        for name in ("lower", "upper", "max_velocity", "max_acceleration", "windup"):
            getattr(drives, name)[part] = getattr(body, name)
        left_out = {*model.gripper_joints(), *BASE_JOINTS}
        base = list(range(kinematics.base_size))
        arms = [i for i, j in enumerate(kinematics.joints) if j not in left_out]
        self.statics[command.robot_id] = RobotStatic(
            robot_id=command.robot_id,
            model=model,
            kinematics=kinematics,
            mount=mount,
            mount_inverse=mount.inverse(),
            links=tuple(link.name for link in body.links),
            joint_names=kinematics.joints[kinematics.base_size :],
            driven=np.array(base + arms, dtype=np.intp),
            segmentation_id=segmentation_id,
            cameras=tuple(f"{command.robot_id}.{c}" for c in model.cameras),
            first=first,
        )
        self.bodies[command.robot_id] = body
        self.q, self.qd = np.concatenate([self.q, q]), np.concatenate([self.qd, np.zeros(n)])
        self._line_up()
        return [(link, BodyName(command.robot_id, link.name, "robot")) for link in body.links]

    def remove(self, scene: Any, robot_id: str) -> list[Any]:
        """Take a robot out of the scene. Returns its links."""
        body, static = self.bodies.pop(robot_id), self.statics.pop(robot_id)
        part = self._part(static)
        keep = np.delete(np.arange(len(self.q)), np.arange(part.start, part.stop))
        self.drives.resize(keep, 0)
        self.q, self.qd = self.q[keep], self.qd[keep]
        body.remove(scene)
        first = 0
        for other_id, other in self.statics.items():
            self.statics[other_id] = replace(other, first=first)
            first += len(other.kinematics.joints)
        self._line_up()
        return body.links

    def _line_up(self) -> None:
        """Where each robot's joints, bases, grippers and followers are in the flat arrays."""
        self._articulations.clear()
        self._joints.clear()
        order: list[int] = []
        yaws: list[int] = []
        grippers: list[int] = []
        hands: list[int] = []
        followers: list[int] = []
        leaders: list[int] = []
        multipliers: list[float] = []
        for robot_id, static in self.statics.items():
            body, part = self.bodies[robot_id], self._part(static)
            self._articulations.append((body.articulation, part.start, part.stop))
            self._joints += body.joints
            order += (body.order + part.start).tolist()
            if static.model.mobile:
                yaws.append(part.start + 2)
            for joints in body.gripper_joints.values():
                hands += [1 + max(hands, default=-1)] * len(joints)
                grippers += (joints + part.start).tolist()
            followers += (body.followers + part.start).tolist()
            leaders += (body.leaders + part.start).tolist()
            multipliers += body.multipliers.tolist()

        def indices(values: Sequence[int]) -> NDArray[np.intp]:
            return np.array(values, dtype=np.intp)

        self._order = indices(order)
        # What was sent before no longer lines up: send everything again.
        self._sent_position = np.full(len(order), np.nan)
        self._sent_velocity = np.full(len(order), np.nan)
        self._followers, self._leaders = indices(followers), indices(leaders)
        self._multipliers = np.array(multipliers)
        drives = self.drives
        drives.base_yaw, drives.grippers = indices(yaws), indices(grippers)
        drives.gripper_of = indices(hands)
        drives.holding = False

    # --- what others ask ----------------------------------------------------------------------

    def fingers(self, robot_id: str, index: dict[BodyName, int]) -> dict[Arm, tuple[int, int]]:
        """Arm → the body indices of its two fingers."""
        static = self.statics[robot_id]
        body_of = load_description(static.model).body_of
        found = {}
        for arm, gripper in static.model.grippers.items():
            first, second = (
                index[BodyName(robot_id, body_of[f][0], "robot")] for f in gripper.fingers
            )
            found[arm] = first, second
        return found

    def carrier(self, robot_id: str, arm: Arm) -> Any:
        """The physics link that an arm's tool frame is fixed to."""
        model = self.statics[robot_id].model
        name = load_description(model).body_of[model.end_effectors[arm].link][0]
        return next(link for link in self.bodies[robot_id].links if link.name == name)

    def link_pose(self, robot_id: str, link: str) -> Pose:
        """The pose of any link of a robot's description, as the scene is now."""
        static = self.statics[robot_id]
        q = self.bodies[robot_id].positions()
        return static.mount @ static.kinematics.link_pose(q, link)

    def middle(self, robot_id: str) -> Array:
        """A point in the middle of a robot, for cameras to look at, shape (3,) [m]."""
        static = self.statics[robot_id]
        top = max(float(link.entity.pose.p[2]) for link in self.bodies[robot_id].links)
        if static.model.mobile:
            x, y = self.bodies[robot_id].positions()[:2].tolist()
            return np.array([x, y, 0.6 * top])
        return np.array([*static.mount.p[:2], 0.5 * (float(static.mount.p[2]) + top)])

    def hulls(self, robot_id: str) -> list[Array]:
        """A robot's hulls in the world as the scene is now, each shape (n, 3) [m]."""
        body = self.bodies[robot_id]
        by_link = dict(robot_hulls(body.model))
        found = []
        for link in body.links:
            pose = Pose.of(link.entity.pose.p, link.entity.pose.q)
            found += [pose.apply(vertices) for vertices, _ in by_link[link.name]]
        return found

    def feed(self, digest: Any) -> None:
        """Add positions, velocities and drive targets of every robot to a digest."""
        digest.update("\0".join(self.statics).encode())
        drives = self.drives
        hands = drives.goal[drives.grippers]
        for array in (self.q, self.qd, drives.position, drives.velocity, hands):
            digest.update(array.tobytes())

    def not_finite(self) -> str | None:
        """The first robot whose measured state is not finite, or None."""
        for robot_id, static in self.statics.items():
            part = self._part(static)
            if not (np.isfinite(self.q[part]).all() and np.isfinite(self.qd[part]).all()):
                return robot_id
        return None

    def clear(self) -> None:
        """Let go of everything in the physics scene."""
        self._articulations.clear()
        self._joints.clear()
        self.bodies.clear()

    @staticmethod
    def _part(static: RobotStatic) -> slice:
        return slice(static.first, static.first + len(static.kinematics.joints))


def mount_of(command: cmd.AddRobot) -> Pose:
    """Where the description is mounted: a mobile base's joints are world coordinates already."""
    if get_model(command.model).mobile:
        return Pose.of((0.0, 0.0, command.position[2]))
    return Pose(np.array(command.position), quaternion_from_yaw(command.yaw))


def start_of(command: cmd.AddRobot) -> Array:
    """The joint vector that a robot starts at, shape (n,)."""
    kinematics = kinematics_of(get_model(command.model))
    q = np.array(kinematics.home)
    if kinematics.base_size:
        q[:3] = command.position[0], command.position[1], command.yaw
    return q


def hulls_at_start(command: cmd.AddRobot) -> list[Array]:
    """The hulls in the world of a robot that is not there yet, each shape (n, 3) [m]."""
    model, mount = get_model(command.model), mount_of(command)
    links = robot_hulls(model)
    poses = kinematics_of(model).link_poses(start_of(command), tuple(name for name, _ in links))
    return [
        (mount @ pose).apply(vertices)
        for (_, hulls), pose in zip(links, poses, strict=True)
        for vertices, _ in hulls
    ]
