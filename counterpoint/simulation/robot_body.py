"""A robot in the physics scene: its articulation, its drives, its grippers."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np

from counterpoint.core.pose import Array, Pose
from counterpoint.robots import BASE_JOINTS, RobotModel
from counterpoint.robots.description import load_description
from counterpoint.robots.kinematics import kinematics_of
from counterpoint.robots.sapien_quietly import sapien, urdf_loader

FINGER_FRICTION = 1.0
LINK_FRICTION = 0.4
BASE_WINDUP = 0.1  # m or rad
ARM_WINDUP = 0.15  # rad or m
# Collision groups: shapes collide where their bits meet. A planar base hovers over the floor on its
# joints, so that those two never have to be tested against each other.
FLOOR_GROUP, BASE_GROUP, ANY_GROUP = 1, 2, 3
SELF_GROUP = 1 << 30


class RobotBody:
    """One robot's articulation.

    Attributes:
        links: Physical links, root first.
        joints: Moving joints in the model's order.
        order: Where each of them is in the physics engine's order, shape (n,).
        lower, upper, max_velocity, max_acceleration, windup: Limits of its joints, shape (n,).
        gripper_joints: Where driver joints of grippers are in the joint vector.
    """

    def __init__(self, scene: Any, model: RobotModel, number: int, mount: Pose) -> None:
        description = load_description(model)
        kinematics = kinematics_of(model)
        self.model = model
        self.articulation = load_articulation(scene, model)
        self.links = list(self.articulation.get_links())
        for link in self.links:
            link.set_disable_gravity(True)
            group = BASE_GROUP if link.name == f"{BASE_JOINTS[-1]}_link" else ANY_GROUP
            for shape in link.get_collision_shapes():
                # A robot's own links never collide: their hulls overlap at the joints.
                shape.set_collision_groups([group, group, SELF_GROUP, number & 0xFFFF])
        self.articulation.set_root_pose(sapien.Pose(mount.p, mount.q))
        there = list(self.articulation.get_active_joints())
        names = [j.name for j in there]
        n = len(names)
        # PhysX orders joints by depth, our vectors go limb by limb.
        self.order = np.array([names.index(j) for j in description.joints], dtype=np.intp)
        self.joints = [there[i] for i in self.order]
        self.lower, self.upper = description.lower.copy(), description.upper.copy()
        self.max_velocity = description.velocity.copy()
        self.max_acceleration, self.windup = np.empty(n), np.empty(n)
        grippers = {j: g for g in model.grippers.values() for j in g.joints}
        for i, joint in enumerate(self.joints):
            gripper = grippers.get(joint.name)
            if gripper is not None:
                drive, effort = gripper.drive, gripper.force_limit
                span = abs(gripper.positions[-1] - gripper.positions[0])
                travel = gripper.openings[-1] - gripper.openings[0]
                self.max_velocity[i] = gripper.speed * span / travel
                self.max_acceleration[i] = np.inf
                joint.set_armature(np.array([gripper.armature], dtype=np.float32))
                # Enough to press with full force, and to move off at full speed.
                self.windup[i] = max(1.5 * effort / drive.stiffness, 0.03 * self.max_velocity[i])
            else:
                drive = model.drive_of(joint.name)
                effort = float(description.effort[i])
                if drive.velocity is not None:
                    self.max_velocity[i] = min(self.max_velocity[i], drive.velocity)
                # The planner's own limits are the drive's; the margin is for rounding.
                self.max_acceleration[i] = drive.acceleration * (1 + 1e-6)
                self.windup[i] = BASE_WINDUP if joint.name in BASE_JOINTS else ARM_WINDUP
            joint.set_drive_properties(drive.stiffness, drive.damping, effort, drive.mode)
            joint.set_friction(0.0)
        followers = [
            (kinematics.index[f], kinematics.index[d], g.multipliers[f])
            for g in model.grippers.values()
            for f, d in g.followers.items()
        ]
        self.followers = np.array([f for f, _, _ in followers], dtype=np.intp)
        self.leaders = np.array([d for _, d, _ in followers], dtype=np.intp)
        self.multipliers = np.array([m for _, _, m in followers])
        self.gripper_joints = {
            arm: kinematics.indices(g.drivers) for arm, g in model.grippers.items()
        }

    def positions(self) -> Array:
        """Measured positions, shape (n,)."""
        q: Array = self.articulation.get_qpos()[self.order].astype(np.float64)
        return q

    def teleport(self, q: Array) -> None:
        """Put the joints at `q`, shape (n,), at rest; the drive targets are the caller's."""
        self.set_motion(q, np.zeros(len(q)))

    def set_motion(self, q: Array, qd: Array) -> None:
        """Give the joints positions `q` and velocities `qd`, both shape (n,)."""
        theirs = np.empty((2, len(q)), dtype=np.float32)
        theirs[:, self.order] = q, qd
        self.articulation.set_qpos(theirs[0])
        self.articulation.set_qvel(theirs[1])

    def remove(self, scene: Any) -> None:
        """Take it out of the scene."""
        for link in reversed(self.links):
            scene.remove_entity(link.entity)


def load_articulation(scene: Any, model: RobotModel) -> Any:
    """Build the model's physical description in a scene."""
    loader = urdf_loader()()
    loader.set_scene(scene)
    loader.fix_root_link = True
    loader.set_material(LINK_FRICTION, LINK_FRICTION, 0.0)
    body_of = load_description(model).body_of
    for gripper in model.grippers.values():
        for finger in gripper.fingers:
            loader.set_link_material(body_of[finger][0], FINGER_FRICTION, FINGER_FRICTION, 0.0)
    # The loader takes a file's name. Meshes are named by absolute paths, so it may be anywhere.
    with tempfile.NamedTemporaryFile("w", suffix=".urdf") as file:
        file.write(load_description(model).physical)
        file.flush()
        return loader.load(file.name)


class PhysicsScene(sapien.Scene):  # type: ignore[misc]
    """A physics scene without a render system, whose life time its owner ends with `clear()`.

    SAPIEN's own scene clears itself when it is collected, which aborts the process when that
    happens at interpreter exit.
    """

    def __init__(self) -> None:
        super().__init__([sapien.physx.PhysxCpuSystem()])

    def __del__(self) -> None:
        """Nothing: the owner has cleared it."""
