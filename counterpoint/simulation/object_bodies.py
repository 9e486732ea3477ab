"""The objects in the scene: their bodies, and one array for all their states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from counterpoint import commands as cmd
from counterpoint.core.pose import (
    Array,
    Pose,
    multiply,
    quaternion_from_yaw,
    read_only,
)
from counterpoint.objects import ArticulationModel, Joint, build_articulation, build_object
from counterpoint.objects.model import ObjectModel
from counterpoint.objects.parts import volume
from counterpoint.robots.sapien_quietly import sapien
from counterpoint.simulation.response import ObjectStatic
from counterpoint.simulation.robot_body import ANY_GROUP

# SAPIEN's cylinders lie along x, ours along z.
_Z_FROM_X = np.array([0.7071067811865476, 0.0, -0.7071067811865476, 0.0])
WALL_FRICTION = 0.5
GRAVITY = (0.0, 0.0, -9.81)  # m/s²: the physics engine's own, which is fixed when it is made
STATE = 13  # position, quaternion, linear and angular velocity


class ObjectBodies:
    """Objects by id.

    Attributes:
        statics: Object id → what never changes about it.
        bodies: Object id → its physics component.
        rows: Position [m], quaternion wxyz, linear [m/s] and angular velocity [rad/s] of each as
            measured last, shape (n, 13).
    """

    def __init__(self) -> None:
        self.statics: dict[str, ObjectStatic] = {}
        self.bodies: dict[str, Any] = {}
        self.rows: Array = np.zeros((0, STATE))
        self._moving: list[tuple[Any, Any, int]] = []
        self._forces: list[tuple[Any, Array, Array | None]] = []
        self._hinged: dict[str, Any] = {}
        """Object id of a part that opens → its articulation."""
        self._gravity: Array | None = None
        """Gravity that is not the engine's own: a force on every body."""

    # --- each frame ---------------------------------------------------------------------------

    def measure(self) -> None:
        """Read every movable object's state into `rows`."""
        rows = self.rows.copy()
        for entity, body, row in self._moving:
            pose = entity.pose
            values = rows[row]
            values[:3] = pose.p
            values[3:7] = pose.q
            values[7:10] = body.linear_velocity
            values[10:] = body.angular_velocity
        self.rows = read_only(rows)

    def push(self) -> None:
        """Before each physics step: apply this frame's forces."""
        if self._gravity is not None and self._gravity.any():
            for _, body, _ in self._moving:
                body.add_force_torque(body.mass * self._gravity, np.zeros(3))
        for body, force, at in self._forces:
            if at is None:
                body.add_force_torque(force, np.zeros(3))
            else:
                body.add_force_at_point(force, at)

    def end_push(self) -> None:
        """After the last physics step of a frame."""
        self._forces.clear()

    # --- commands -----------------------------------------------------------------------------

    def add(self, scene: Any, command: cmd.AddObject, segmentation_id: int) -> ObjectModel:
        """Build an object."""
        model = command.build()
        static = model.static if command.static is None else command.static
        mass = model.mass if command.mass is None else command.mass
        pose = Pose(np.array(command.position), unit(command.quaternion))
        body = build_body(scene, model, pose, static=static, mass=mass, friction=command.friction)
        self._put(command.object_id, model, body, pose, static, mass, segmentation_id)
        return model

    def add_wall(self, scene: Any, command: cmd.AddWall, segmentation_id: int) -> ObjectModel:
        """Build a wall."""
        model, pose = wall_of(command)
        body = build_body(scene, model, pose, static=True, mass=model.mass, friction=WALL_FRICTION)
        self._put(command.object_id, model, body, pose, True, model.mass, segmentation_id)
        return model

    def add_articulation(
        self, scene: Any, command: cmd.AddArticulation, segmentation_ids: tuple[int, int]
    ) -> ArticulationModel:
        """Build a frame, a part, and the joint between them."""
        model = build_articulation(command.model, command.size, command.parameters)
        frame = Pose(np.array(command.position), quaternion_from_yaw(command.yaw))
        part = frame @ model.joint.frame_from_part(command.opening)
        bodies = build_articulation_bodies(scene, model, frame, command.opening)
        names = command.object_id, cmd.frame_id(command.object_id)
        self._put(
            names[0], model.part, bodies[0], part, False, model.part.mass, segmentation_ids[0],
            joint=model.joint, frame=frame,
        )  # fmt: skip
        self._put(
            names[1], model.frame, bodies[1], frame, True, model.frame.mass, segmentation_ids[1]
        )
        self._hinged[command.object_id] = bodies[0].articulation
        return model

    def remove(self, scene: Any, object_id: str) -> Any:
        """Take an object out of the scene. Returns its component."""
        body, gone = self.bodies.pop(object_id), self.statics.pop(object_id)
        self._hinged.pop(object_id, None)
        scene.remove_entity(body.entity)
        self.rows = np.delete(self.rows, gone.row, axis=0)
        self._moving.clear()
        for row, (name, entry) in enumerate(self.statics.items()):
            self.statics[name] = replace(entry, row=row)
            if not entry.static:
                self._moving.append((self.bodies[name].entity, self.bodies[name], row))
        return body

    def teleport(self, command: cmd.TeleportObject) -> None:
        """Put an object somewhere else, at rest."""
        body = self.bodies[command.object_id]
        body.entity.pose = sapien.Pose(np.array(command.position), unit(command.quaternion))
        body.set_linear_velocity(np.zeros(3))
        body.set_angular_velocity(np.zeros(3))

    def set_gravity(self, gravity: Array) -> None:
        """Let everything fall with another acceleration, shape (3,) [m/s²]."""
        own = np.array_equal(gravity, GRAVITY)
        self._gravity = None if own else gravity
        for _, body, _ in self._moving:
            body.set_disable_gravity(not own)
            body.wake_up()

    def set_velocity(self, command: cmd.SetObjectVelocity) -> None:
        """Give an object a velocity."""
        body = self.bodies[command.object_id]
        body.set_linear_velocity(np.array(command.linear))
        body.set_angular_velocity(np.array(command.angular))

    def apply_force(self, command: cmd.ApplyForce) -> None:
        """Push an object during the next frame."""
        at = None if command.at is None else np.array(command.at)
        self._forces.append((self.bodies[command.object_id], np.array(command.force), at))

    def set_physics(self, command: cmd.SetObjectPhysics) -> None:
        """Change an object's mass, friction or damping."""
        body = self.bodies[command.object_id]
        if command.mass is not None:
            inertia = body.inertia * (command.mass / body.mass)
            body.set_mass(command.mass)
            body.set_inertia(inertia)
            entry = self.statics[command.object_id]
            self.statics[command.object_id] = replace(entry, mass=command.mass)
        if command.friction is not None:
            material = sapien.physx.PhysxMaterial(command.friction, command.friction, 0.0)
            for shape in body.collision_shapes:
                shape.set_physical_material(material)
        if command.linear_damping is not None:
            body.set_linear_damping(command.linear_damping)
        if command.angular_damping is not None:
            body.set_angular_damping(command.angular_damping)

    # --- what others ask ----------------------------------------------------------------------

    def pose(self, object_id: str) -> Pose:
        """Where an object is in the scene now."""
        pose = self.bodies[object_id].entity.pose
        return Pose.of(pose.p, pose.q)

    def middle(self, object_id: str) -> Array:
        """The middle of an object, shape (3,) [m]."""
        vertices = self.statics[object_id].vertices
        return self.pose(object_id).apply(0.5 * (vertices.min(0) + vertices.max(0)))

    def openings(self) -> Array:
        """Position and velocity of the joint of every articulation, shape (k, 2)."""
        joints = [(*a.get_qpos().tolist(), *a.get_qvel().tolist()) for a in self._hinged.values()]
        return np.array(joints, dtype=np.float64).reshape(-1, 2)

    def set_motion(self, rows: Array, openings: Array) -> None:
        """Put every movable object where `rows`, shape (n, 13), says, and as fast.

        Parts of articulations go by their joints: `openings`, shape (k, 2).
        """
        for articulation, (q, qd) in zip(self._hinged.values(), openings.tolist(), strict=True):
            articulation.set_qpos(np.array([q], dtype=np.float32))
            articulation.set_qvel(np.array([qd], dtype=np.float32))
        hinged = {id(self.bodies[name]) for name in self._hinged}
        for entity, body, row in self._moving:
            if id(body) in hinged:
                continue
            values = rows[row]
            entity.pose = sapien.Pose(values[:3], values[3:7])
            body.set_linear_velocity(values[7:10])
            body.set_angular_velocity(values[10:])
        self.measure()

    def feed(self, digest: Any) -> None:
        """Add every object's pose and velocity to a digest."""
        digest.update("\0".join(self.statics).encode())
        digest.update(self.rows.tobytes())

    def properties(self) -> Any:
        """Gravity, and mass, damping and friction of every movable object, for the state hash."""
        return [
            self._gravity,
            [
                (
                    body.mass, body.linear_damping, body.angular_damping,
                    body.collision_shapes[0].physical_material.dynamic_friction,
                )
                for _, body, _ in self._moving
            ],
        ]  # fmt: skip

    def not_finite(self) -> str | None:
        """The first object whose measured state is not finite, or None."""
        for object_id, entry in self.statics.items():
            if not np.isfinite(self.rows[entry.row]).all():
                return object_id
        return None

    def clear(self) -> None:
        """Let go of everything in the physics scene."""
        self._moving.clear()
        self._forces.clear()
        self._hinged.clear()
        self.bodies.clear()

    def _put(
        self,
        object_id: str,
        model: ObjectModel,
        body: Any,
        pose: Pose,
        static: bool,
        mass: float,
        segmentation_id: int,
        *,
        joint: Joint | None = None,
        frame: Pose | None = None,
    ) -> None:
        row = len(self.rows)
        corners = [s.object_from_shape.apply(s.mesh()[0]) for s in model.shapes]
        vertices = read_only(np.concatenate(corners))
        reach = float(np.linalg.norm(vertices, axis=1).max())
        self.statics[object_id] = ObjectStatic(
            object_id, model, static, mass, row, segmentation_id, vertices, reach, joint, frame
        )
        self.bodies[object_id] = body
        self.rows = np.vstack([self.rows, np.concatenate([pose.p, pose.q, np.zeros(6)])])
        if not static:
            self._moving.append((body.entity, body, row))
            body.set_disable_gravity(self._gravity is not None)


def build_body(
    scene: Any, model: ObjectModel, pose: Pose, *, static: bool, mass: float, friction: float
) -> Any:
    """Build `model` at `pose` and return its physics component.

    The mass [kg] is spread over the shapes by volume; inertia follows from them.
    """
    physx = sapien.physx
    body = physx.PhysxRigidStaticComponent() if static else physx.PhysxRigidDynamicComponent()
    for shape in collision_shapes(model, mass, friction):
        body.attach(shape)
    entity = sapien.Entity()
    entity.add_component(body)
    entity.pose = sapien.Pose(pose.p, pose.q)
    scene.add_entity(entity)
    return body


def collision_shapes(model: ObjectModel, mass: float, friction: float) -> list[Any]:
    """The physics engine's shapes of a model, with a mass [kg] that is spread over their volume."""
    physx = sapien.physx
    material = physx.PhysxMaterial(friction, friction, 0.0)
    shapes = []
    density = mass / sum(volume(s) for s in model.shapes)
    for shape in model.shapes:
        turn: Array = shape.object_from_shape.q
        if shape.kind == "box":
            part = physx.PhysxCollisionShapeBox(np.asarray(shape.size, np.float32), material)
        elif shape.kind == "sphere":
            part = physx.PhysxCollisionShapeSphere(shape.size[0], material)
        elif shape.kind == "hull":
            corners = shape.mesh()[0].astype(np.float32)
            part = physx.PhysxCollisionShapeConvexMesh(corners, np.ones(3, np.float32), material)
        else:
            part = physx.PhysxCollisionShapeCylinder(shape.size[0], shape.size[1], material)
            turn = multiply(turn, _Z_FROM_X)
        part.local_pose = sapien.Pose(shape.object_from_shape.p, turn)
        part.density = density
        part.set_collision_groups([ANY_GROUP, ANY_GROUP, 0, 0])
        shapes.append(part)
    return shapes


def build_articulation_bodies(
    scene: Any, model: ArticulationModel, frame: Pose, opening: float
) -> tuple[Any, Any]:
    """Build a frame at `frame`, opened by `opening`; returns the links of the part and frame.

    An articulation in reduced coordinates: its joint cannot give way, however heavy the part.
    """
    root = sapien.physx.PhysxArticulationLinkComponent()
    part = sapien.physx.PhysxArticulationLinkComponent(root)
    at = model.joint.frame_from_joint
    entities = []
    for link, kind in ((root, model.frame), (part, model.part)):
        for shape in collision_shapes(kind, kind.mass, WALL_FRICTION):
            link.attach(shape)
        entities.append(sapien.Entity())
        entities[-1].add_component(link)
    root.joint.type = "fixed"
    joint = part.joint
    joint.type = model.joint.kind
    joint.pose_in_parent = sapien.Pose(at.p, at.q)
    joint.pose_in_child = sapien.Pose(np.zeros(3), at.q)
    joint.limit = np.array([0.0, model.joint.upper])
    joint.set_drive_property(0.0, model.joint.damping)
    entities[0].pose = sapien.Pose(frame.p, frame.q)
    for entity in entities:
        scene.add_entity(entity)
    part.articulation.set_qpos(np.array([opening], dtype=np.float32))
    return part, root


def wall_of(command: cmd.AddWall) -> tuple[ObjectModel, Pose]:
    """The model of a wall, and where it stands."""
    start, end = np.array(command.start), np.array(command.end)
    along = end - start
    length, yaw = float(np.hypot(along[0], along[1])), float(np.arctan2(along[1], along[0]))
    model = build_object("wall", (length, command.thickness, command.height))
    middle = np.array([*(start + end)[:2] / 2, start[2]])
    return model, Pose(middle, quaternion_from_yaw(yaw))


def articulation_hulls(command: cmd.AddArticulation) -> list[tuple[str, list[Array]]]:
    """The names and hulls in the world of an articulation that is not there yet."""
    model = build_articulation(command.model, command.size, command.parameters)
    frame = Pose(np.array(command.position), quaternion_from_yaw(command.yaw))
    part = frame @ model.joint.frame_from_part(command.opening)
    return [
        (command.object_id, hulls_at(model.part, part)),
        (cmd.frame_id(command.object_id), hulls_at(model.frame, frame)),
    ]


def hulls_at(model: ObjectModel, pose: Pose) -> list[Array]:
    """An object's convex shapes in the world, each shape (n, 3) [m]."""
    return [(pose @ s.object_from_shape).apply(s.mesh()[0]) for s in model.shapes]


def unit(quaternion: Sequence[float]) -> Array:
    """The quaternion at length 1."""
    q: Array = np.array(quaternion)
    return q / np.linalg.norm(q)
