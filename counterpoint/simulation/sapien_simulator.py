"""SAPIEN's PhysX on the CPU, behind the `Simulator` protocol."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import numpy as np
import sapien

from counterpoint import commands as cmd
from counterpoint.core.arm import Arm
from counterpoint.core.errors import CommandError, SimulationError
from counterpoint.core.pose import (
    Array,
    Pose,
    matrix_from_quaternion,
    quaternion_from_yaw,
    read_only,
)
from counterpoint.objects import build_object
from counterpoint.objects.model import ObjectModel
from counterpoint.robots import BASE_JOINTS, RobotModel, get_model
from counterpoint.robots.description import load_description
from counterpoint.robots.kinematics import kinematics_of
from counterpoint.simulation.camera_rig import CameraRig
from counterpoint.simulation.contacts import BodyName, gather_contacts
from counterpoint.simulation.drives import DriveTargets
from counterpoint.simulation.grips import Grips
from counterpoint.simulation.object_body import add_object_body, vertices_of
from counterpoint.simulation.hulls import robot_hulls
from counterpoint.simulation.overlap import overlaps
from counterpoint.simulation.renderer import Renderer, SceneView
from counterpoint.simulation.response import (
    ObjectState,
    ObjectStatic,
    Response,
    RobotState,
    RobotStatic,
    State,
    Views,
)
from counterpoint.simulation.robot_body import FLOOR_GROUP, PhysicsScene, RobotBody
from counterpoint.simulation.room import Room
from counterpoint.simulation.scene_geometry import SceneGeometry

_OPEN: weakref.WeakSet[SapienSimulator] = weakref.WeakSet()


class SapienSimulator:
    """A world of robots and objects that does what commands ask.

    Args:
        frames_per_second: Frames a second of simulated time.
        substeps: Physics steps a frame.
        workers: Threads of the physics engine. Their number is part of what makes a run repeatable.
        renderer: Makes the renderer when the first image is asked for.
    """

    def __init__(
        self,
        *,
        frames_per_second: int,
        substeps: int,
        workers: int,
        renderer: Callable[[], Renderer],
    ) -> None:
        sapien.physx.set_scene_config(cpu_workers=workers if workers > 1 else 0)
        self.frame = 0
        self.robots: dict[str, RobotStatic] = {}
        self.objects: dict[str, ObjectStatic] = {}
        self.segmentation_ids: dict[str, int] = {}
        self.period = 1.0 / (frames_per_second * substeps)
        self._dt = 1.0 / frames_per_second
        self._substeps = substeps
        self._scene = PhysicsScene()
        self._scene.set_timestep(self.period)
        self._physics = self._scene.physx_system
        self._bodies: dict[str, RobotBody] = {}
        self._articulations: list[tuple[Any, int, int]] = []
        self._joints: list[Any] = []
        self._order = np.empty(0, dtype=np.intp)
        self._sent_position, self._sent_velocity = np.empty(0), np.empty(0)
        self._moving: list[tuple[Any, Any, int]] = []
        self._object_bodies: dict[str, Any] = {}
        self._drives = DriveTargets()
        self._followers = np.empty(0, dtype=np.intp)
        self._leaders = np.empty(0, dtype=np.intp)
        self._multipliers = np.empty(0)
        self._grips = Grips()
        self._welds: dict[str, tuple[Any, str]] = {}
        self._forces: list[tuple[Any, Array, Array | None]] = []
        self._body_names: tuple[BodyName, ...] = ()
        self._body_index: dict[Any, int] = {}
        self._serial = 0
        self._cameras = CameraRig(self._look_point, self._link_pose)
        self._captures: list[cmd.CaptureImages] = []
        self._geometry = SceneGeometry()
        self._make_renderer = renderer
        self._renderer: Renderer | None = None
        self._room: tuple[float, float] | None = None
        self._q, self._qd = np.empty(0), np.empty(0)
        self._object_rows = np.zeros((0, 13))
        self._apply: dict[str, Callable[[Any], None]] = {
            name: getattr(self, f"_{name}") for name in cmd.COMMANDS if hasattr(self, f"_{name}")
        }
        _OPEN.add(self)

    # --- the protocol -------------------------------------------------------------------------

    def check(self, frame: Sequence[cmd.Command]) -> None:
        """Refuse robots that would be added inside another body. Nothing is changed.

        Raises:
            CommandError: Naming the robot and the body.
        """
        adding = [c for c in frame if isinstance(c, cmd.AddRobot)]
        if not adding:
            return
        there = self._world_hulls(frame)
        for command in adding:
            own = _robot_world_hulls(get_model(command.model), _mount(command), _start(command))
            lowest = min(float(h[:, 2].min()) for h in own)
            if lowest < -0.01:
                raise CommandError(
                    f"robot {command.robot_id!r} would reach {-lowest:.2f} m into the floor",
                    type=command.type, field="position", value=command.position,
                )  # fmt: skip
            for name, hulls in there:
                if any(overlaps(a, b) for a in own for b in hulls):
                    raise CommandError(
                        f"robot {command.robot_id!r} would stand inside {name!r}",
                        type=command.type, field="position", value=command.position,
                    )  # fmt: skip
            there.append((command.robot_id, own))

    def apply(self, commands: Sequence[cmd.Command]) -> None:
        """Carry out checked commands in their order, without advancing time."""
        for command in commands:
            self._apply[command.type](command)

    def step(self) -> None:
        """Advance by one frame."""
        drives = self._drives
        if len(drives.position):
            drives.integrate(self._q, self._dt)
            if len(self._followers):
                # Fingertips hang on the measured bars. The rounding lets a resting hand sleep.
                follow = np.round(self._q[self._leaders], 5) * self._multipliers
                drives.position[self._followers] = follow
                drives.goal[self._followers] = follow
                lead = np.round(self._qd[self._leaders], 4) * self._multipliers
                drives.world_velocity[self._followers] = lead
            self._send_drives(drives.position, drives.world_velocity)
        for _ in range(self._substeps):
            for component, force, at in self._forces:
                if at is None:
                    component.add_force_torque(force, np.zeros(3))
                else:
                    component.add_force_at_point(force, at)
            self._physics.step()
        self._forces.clear()
        self.frame += 1

    def _send_drives(self, position: Array, velocity: Array) -> None:
        """Hand over the drive targets that changed."""
        joints = self._joints
        changed = np.flatnonzero(position != self._sent_position)
        if len(changed):
            for i, value in zip(changed.tolist(), position[changed].tolist(), strict=True):
                joints[i].set_drive_target(value)
            self._sent_position = position.copy()
        changed = np.flatnonzero(velocity != self._sent_velocity)
        if len(changed):
            for i, value in zip(changed.tolist(), velocity[changed].tolist(), strict=True):
                joints[i].set_drive_velocity_target(value)
            self._sent_velocity = velocity.copy()

    def observe(self) -> Response:
        """Gather the state once, and take the images that were asked for.

        Raises:
            SimulationError: If a position or velocity is not finite.
        """
        n = len(self._drives.position)
        q, qd = np.empty(n), np.empty(n)
        for articulation, a, b in self._articulations:
            q[a:b] = articulation.get_qpos()
            qd[a:b] = articulation.get_qvel()
        q, qd = q[self._order], qd[self._order]
        rows = self._object_rows.copy()
        for entity, component, row in self._moving:
            pose = entity.pose
            values = rows[row]
            values[:3] = pose.p
            values[3:7] = pose.q
            values[7:10] = component.linear_velocity
            values[10:] = component.angular_velocity
        if not (np.isfinite(q).all() and np.isfinite(qd).all() and np.isfinite(rows).all()):
            self._raise_not_finite(q, qd, rows)
        self._q, self._qd, self._object_rows = q, qd, rows
        for array in (q, qd, rows):
            array.setflags(write=False)
        drives = self._drives
        state = State(
            q, qd, _frozen(drives.position), _frozen(drives.velocity),
            rows[:, :3], rows[:, 3:7], rows[:, 7:10], rows[:, 10:],
        )  # fmt: skip
        contacts = gather_contacts(
            self._physics.get_contacts(), self._body_index, self._body_names, self.period
        )
        statics, object_statics = dict(self.robots), dict(self.objects)

        def tool_pose(static: RobotStatic, arm: Arm) -> Pose:
            part = slice(static.first, static.first + len(static.kinematics.joints))
            return static.mount @ static.kinematics.tool_pose(q[part], arm)

        self._grips.update(contacts, tool_pose)
        held = {robot_id: self._grips.held(robot_id) for robot_id in statics}
        response = Response(
            frame=self.frame,
            time=self.frame * self._dt,
            robots=Views(statics, lambda r: RobotState(statics[r], state, held[r], contacts)),
            objects=Views(object_statics, lambda o: ObjectState(object_statics[o], state)),
            contacts=contacts,
            state=state,
            segmentation_ids=self.segmentation_ids,
            welds=frozenset(self._welds),
            room=self._room,
        )
        self.capture(response)
        return response

    def capture(self, response: Response) -> None:
        """Take the images that commands asked for since the last time, into `response`."""
        if not self._captures:
            return
        wanted: dict[str, list[str]] = {}
        for command in self._captures:
            for camera in command.cameras if command.cameras is not None else self._cameras.ids:
                passes = wanted.setdefault(camera, [])
                passes += [p for p in command.passes if p not in passes]
        self._captures.clear()
        missing: list[tuple[str, list[str]]] = []
        for camera, passes in wanted.items():
            there = response.images.get(camera, {})
            left = [p for p in passes if p not in there]
            if left:
                missing.append((camera, left))
        if not missing:
            return
        requests: Any = [(self._cameras.view(camera), passes) for camera, passes in missing]
        pictures = self.renderer.render(self.scene_view(), requests)
        for (camera, _), images in zip(missing, pictures, strict=True):
            for image in images.values():
                image.setflags(write=False)
            response.images.setdefault(camera, {}).update(images)

    @property
    def renderer(self) -> Renderer:
        """The renderer, made when first needed."""
        if self._renderer is None:
            self._renderer = self._make_renderer()
        return self._renderer

    def scene_view(self) -> SceneView:
        """What there is to draw, where it is now."""
        return self._geometry.view()

    def world_hash(self) -> str:
        """32 hex characters of the frame number, joints, drive targets, bodies and welds."""
        digest = blake2b(digest_size=16)
        digest.update(self.frame.to_bytes(8, "little"))
        for robot_id, static in self.robots.items():
            body = self._bodies[robot_id]
            part = slice(static.first, static.first + len(static.kinematics.joints))
            digest.update(robot_id.encode() + b"\0")
            digest.update(body.articulation.get_qpos().tobytes())
            digest.update(body.articulation.get_qvel().tobytes())
            for array in (self._drives.position, self._drives.velocity, self._drives.goal):
                digest.update(np.ascontiguousarray(array[part]).tobytes())
        for object_id, component in self._object_bodies.items():
            digest.update(object_id.encode() + b"\0")
            pose = component.entity.pose
            digest.update(pose.p.tobytes() + pose.q.tobytes())
            if not self.objects[object_id].static:
                digest.update(component.linear_velocity.tobytes())
                digest.update(component.angular_velocity.tobytes())
        for weld in self._welds:
            digest.update(weld.encode() + b"\0")
        return digest.hexdigest()

    def state_parts(self) -> Any:
        """What the state hash adds to the world hash: the grips' counters."""
        return self._grips.state()

    def close(self) -> None:
        """Free the scene. Safe to call twice."""
        if self._scene is None:
            return
        _OPEN.discard(self)
        if self._renderer is not None:
            self._renderer.close()
        for held in (self._bodies, self._articulations, self._joints, self._moving, self._object_bodies):
            held.clear()
        self._welds.clear()
        self._body_index.clear()
        self._geometry = SceneGeometry()
        self._physics = None
        self._scene.clear()
        self._scene = None

    # --- scene --------------------------------------------------------------------------------

    def _create_empty_room(self, command: cmd.CreateEmptyRoom) -> None:
        room = Room(command.width, command.length, command.height, command.walls)
        self._room = (command.width, command.length) if command.walls else None
        self._scene.add_ground(0.0, render=False)
        ground = self._physics.rigid_static_components[-1]
        for shape in ground.get_collision_shapes():
            shape.set_collision_groups([FLOOR_GROUP, FLOOR_GROUP, 0, 0])
        self._geometry.add_static("floor", *room.floor_mesh(), self._segmentation("floor"))
        self._add_names([(ground, BodyName("floor", "", "floor"))])
        for name, model, pose in room.wall_models():
            body = add_object_body(
                self._scene, model, pose, static=True, mass=model.mass, friction=0.5
            )
            self._add_names([(body, BodyName(name, "", "wall"))])
            self._geometry.add_object(name, model, body.entity, None, self._segmentation(name))

    def _set_gravity(self, command: cmd.SetGravity) -> None:
        config = self._physics.config
        config.gravity = np.array(command.gravity, dtype=np.float32)
        self._physics.config = config

    def _set_lighting(self, command: cmd.SetLighting) -> None:
        self._geometry.set_light(np.array(command.direction), command.ambient)

    def _terminate(self, command: cmd.Terminate) -> None:
        """The controller closes itself after the frame."""

    # --- objects ------------------------------------------------------------------------------

    def _add_object(self, command: cmd.AddObject) -> None:
        model = build_object(command.model, command.size, command.parameters)
        static = model.static if command.static is None else command.static
        mass = model.mass if command.mass is None else command.mass
        pose = Pose(np.array(command.position), _unit(command.quaternion))
        self._place_object(
            command.object_id, model, pose, static, mass, command.friction, command.color
        )

    def _add_wall(self, command: cmd.AddWall) -> None:
        start, end = np.array(command.start), np.array(command.end)
        along = end - start
        length = float(np.hypot(along[0], along[1]))
        model = build_object("wall", (length, command.thickness, command.height))
        yaw = float(np.arctan2(along[1], along[0]))
        pose = Pose(np.array([*(start + end)[:2] / 2, start[2]]), quaternion_from_yaw(yaw))
        self._place_object(command.object_id, model, pose, True, model.mass, 0.5, command.color)

    def _place_object(
        self,
        object_id: str,
        model: ObjectModel,
        pose: Pose,
        static: bool,
        mass: float,
        friction: float,
        color: Any,
    ) -> None:
        body = add_object_body(
            self._scene, model, pose, static=static, mass=mass, friction=friction
        )
        segmentation = self._segmentation(object_id)
        row = len(self._object_rows)
        vertices = read_only(vertices_of(model))
        reach = float(np.linalg.norm(vertices, axis=1).max())
        entry = ObjectStatic(object_id, model, static, mass, row, segmentation, vertices, reach)
        self.objects[object_id] = entry
        self._object_bodies[object_id] = body
        values = np.concatenate([pose.p, pose.q, np.zeros(6)])
        self._object_rows = np.vstack([self._object_rows, values])
        if not static:
            self._moving.append((body.entity, body, row))
        kind = "wall" if model.name == "wall" else "object"
        self._add_names([(body, BodyName(object_id, "", kind))])
        self._geometry.add_object(object_id, model, body.entity, color, segmentation)

    def _remove_object(self, command: cmd.RemoveObject) -> None:
        name = command.object_id
        for weld in [w for w, (_, held) in self._welds.items() if held == name]:
            robot_id, arm = weld.rsplit("/", 1)
            self._let_go(robot_id, Arm(arm))
        body = self._object_bodies.pop(name)
        gone = self.objects.pop(name)
        self._cameras.forget(name)
        self._geometry.remove(name)
        self._forget_bodies([body])
        self._scene.remove_entity(body.entity)
        self._object_rows = np.delete(self._object_rows, gone.row, axis=0)
        self._moving = []
        for row, (object_id, entry) in enumerate(self.objects.items()):
            self.objects[object_id] = replace(entry, row=row)
            if not entry.static:
                component = self._object_bodies[object_id]
                self._moving.append((component.entity, component, row))
        self._forget_segmentation(name)

    def _teleport_object(self, command: cmd.TeleportObject) -> None:
        body = self._object_bodies[command.object_id]
        body.entity.pose = sapien.Pose(np.array(command.position), _unit(command.quaternion))
        body.set_linear_velocity(np.zeros(3))
        body.set_angular_velocity(np.zeros(3))

    def _set_object_velocity(self, command: cmd.SetObjectVelocity) -> None:
        body = self._object_bodies[command.object_id]
        body.set_linear_velocity(np.array(command.linear))
        body.set_angular_velocity(np.array(command.angular))

    def _apply_force(self, command: cmd.ApplyForce) -> None:
        body = self._object_bodies[command.object_id]
        at = None if command.at is None else np.array(command.at)
        self._forces.append((body, np.array(command.force), at))

    def _set_object_physics(self, command: cmd.SetObjectPhysics) -> None:
        body = self._object_bodies[command.object_id]
        if command.mass is not None:
            scale = command.mass / body.mass
            inertia = body.inertia * scale
            body.set_mass(command.mass)
            body.set_inertia(inertia)
        if command.friction is not None:
            material = sapien.physx.PhysxMaterial(command.friction, command.friction, 0.0)
            for shape in body.collision_shapes:
                shape.set_physical_material(material)
        if command.linear_damping is not None:
            body.set_linear_damping(command.linear_damping)
        if command.angular_damping is not None:
            body.set_angular_damping(command.angular_damping)

    def _set_color(self, command: cmd.SetColor) -> None:
        self._geometry.set_color(command.object_id, command.color)

    # --- robots -------------------------------------------------------------------------------

    def _add_robot(self, command: cmd.AddRobot) -> None:
        model = get_model(command.model)
        kinematics = kinematics_of(model)
        mount = _mount(command)
        self._serial += 1
        body = RobotBody(self._scene, model, self._serial, mount)
        q = _start(command)
        body.teleport(q)
        first, n = len(self._drives.position), len(q)
        drives = self._drives
        drives.resize(np.arange(first), n)
        part = slice(first, first + n)
        drives.position[part] = drives.goal[part] = q
        for name in ("lower", "upper", "max_velocity", "max_acceleration", "windup"):
            getattr(drives, name)[part] = getattr(body, name)
        left_out = {*model.gripper_joints(), *BASE_JOINTS}
        base = list(range(kinematics.base_size))
        arms = [i for i, j in enumerate(kinematics.joints) if j not in left_out]
        static = RobotStatic(
            robot_id=command.robot_id,
            model=model,
            kinematics=kinematics,
            mount=mount,
            mount_inverse=mount.inverse(),
            links=tuple(link.name for link in body.links),
            joint_names=kinematics.joints[kinematics.base_size :],
            driven=np.array(base + arms, dtype=np.intp),
            segmentation_id=self._segmentation(command.robot_id),
            cameras=tuple(f"{command.robot_id}.{c}" for c in model.cameras),
            first=first,
        )
        self.robots[command.robot_id] = static
        self._bodies[command.robot_id] = body
        self._q, self._qd = np.concatenate([self._q, q]), np.concatenate([self._qd, 0 * q])
        self._add_names(
            [(link, BodyName(command.robot_id, link.name, "robot")) for link in body.links]
        )
        entities = {link.name: link.entity for link in body.links}
        self._geometry.add_robot(
            command.robot_id, model, robot_hulls(model), entities, static.segmentation_id
        )
        self._index_robots()

    def _remove_robot(self, command: cmd.RemoveRobot) -> None:
        name = command.robot_id
        for arm in Arm:
            if cmd.weld_id(name, arm) in self._welds:
                self._let_go(name, arm)
        body, static = self._bodies.pop(name), self.robots.pop(name)
        n = len(static.kinematics.joints)
        keep = np.delete(np.arange(len(self._drives.position)), np.arange(static.first, static.first + n))
        self._drives.resize(keep, 0)
        self._q, self._qd = self._q[keep], self._qd[keep]
        self._cameras.forget(name)
        self._geometry.remove(name)
        self._forget_bodies(body.links)
        body.remove(self._scene)
        first = 0
        for robot_id, other in self.robots.items():
            self.robots[robot_id] = replace(other, first=first)
            first += len(other.kinematics.joints)
        self._forget_segmentation(name)
        self._grips.remove(name)
        self._index_robots()

    def _index_robots(self) -> None:
        """Where each robot's joints, bases, grippers and followers are in the flat arrays."""
        self._articulations.clear()
        self._joints.clear()
        order = []
        yaws, grippers, hands, followers, leaders, multipliers = [], [], [], [], [], []
        self._grips_to_add()
        for robot_id, static in self.robots.items():
            body, first = self._bodies[robot_id], static.first
            last = first + len(static.kinematics.joints)
            self._articulations.append((body.articulation, first, last))
            self._joints += body.joints
            order += (body.order + first).tolist()
            if static.model.mobile:
                yaws.append(first + 2)
            for joints in body.gripper_joints.values():
                hands += [1 + max(hands, default=-1)] * len(joints)
                grippers += (joints + first).tolist()
            followers += (body.followers + first).tolist()
            leaders += (body.leaders + first).tolist()
            multipliers += body.multipliers.tolist()
        drives = self._drives
        self._order = np.array(order, dtype=np.intp)
        # What was sent before no longer lines up: send everything again.
        self._sent_position = np.full(len(order), np.nan)
        self._sent_velocity = np.full(len(order), np.nan)
        drives.base_yaw = np.array(yaws, dtype=np.intp)
        drives.grippers = np.array(grippers, dtype=np.intp)
        drives.gripper_of = np.array(hands, dtype=np.intp)
        self._followers = np.array(followers, dtype=np.intp)
        self._leaders = np.array(leaders, dtype=np.intp)
        self._multipliers = np.array(multipliers)
        drives.holding = False

    def _grips_to_add(self) -> None:
        index = {name: i for i, name in enumerate(self._body_names)}
        for robot_id, static in self.robots.items():
            body_of = load_description(static.model).body_of
            fingers = {
                arm: tuple(index[BodyName(robot_id, body_of[f][0], "robot")] for f in g.fingers)
                for arm, g in static.model.grippers.items()
            }
            self._grips.add(static, fingers)

    def _drive_robot(self, command: cmd.DriveRobot) -> None:
        static = self.robots[command.robot_id]
        self._drives.wanted[static.first + static.driven] = command.velocity
        self._drives.holding = False

    def _set_gripper(self, command: cmd.SetGripper) -> None:
        static = self.robots[command.robot_id]
        gripper = static.model.grippers[command.arm]
        position = float(np.interp(command.opening, gripper.openings, gripper.positions))
        joints = self._bodies[command.robot_id].gripper_joints[command.arm] + static.first
        self._drives.goal[joints] = position
        self._drives.holding = False

    def _set_joint_positions(self, command: cmd.SetJointPositions) -> None:
        static = self.robots[command.robot_id]
        part = slice(static.first, static.first + len(static.kinematics.joints))
        q = self._q[part].copy()
        for joint, value in command.positions.items():
            q[static.kinematics.index[joint]] = value
        self._bodies[command.robot_id].teleport(q)
        measured = self._q.copy()
        measured[part] = q
        self._q = measured
        drives = self._drives
        drives.position, drives.velocity = drives.position.copy(), drives.velocity.copy()
        drives.world_velocity = drives.world_velocity.copy()
        drives.position[part] = q
        drives.velocity[part] = drives.world_velocity[part] = 0.0
        for joints in self._bodies[command.robot_id].gripper_joints.values():
            drives.goal[joints + static.first] = drives.position[joints + static.first]
        drives.holding = False

    def _weld(self, command: cmd.Weld) -> None:
        key = cmd.weld_id(command.robot_id, command.arm)
        static = self.robots[command.robot_id]
        tool = static.model.end_effectors[command.arm]
        carrier = load_description(static.model).body_of[tool.link][0]
        link = next(b for b in self._bodies[command.robot_id].links if b.name == carrier)
        held = self._object_bodies[command.object_id]
        joint = self._scene.create_drive(
            link, link.entity.pose.inv() * held.entity.pose, held, sapien.Pose()
        )
        for axis in (joint.set_limit_x, joint.set_limit_y, joint.set_limit_z):
            axis(0.0, 0.0)
        joint.set_limit_twist(0.0, 0.0)
        joint.set_limit_pyramid(0.0, 0.0, 0.0, 0.0)
        self._welds[key] = (joint, command.object_id)
        self._grips.weld(command.robot_id, command.arm, command.object_id)

    def _unweld(self, command: cmd.Unweld) -> None:
        self._let_go(command.robot_id, command.arm)

    def _let_go(self, robot_id: str, arm: Arm) -> None:
        key = cmd.weld_id(robot_id, arm)
        joint, object_id = self._welds.pop(key)
        self._object_bodies[object_id].entity.remove_component(joint)
        self._grips.weld(robot_id, arm, None)

    # --- cameras ------------------------------------------------------------------------------

    def _add_camera(self, command: cmd.AddCamera) -> None:
        self._cameras.add(command)

    def _look_at(self, command: cmd.LookAt) -> None:
        self._cameras.look(command)

    def _move_camera(self, command: cmd.MoveCamera) -> None:
        self._cameras.move(command)

    def _capture_images(self, command: cmd.CaptureImages) -> None:
        self._captures.append(command)

    def _look_point(self, name: str) -> Array:
        """The middle of a robot or object, for cameras to look at."""
        if name in self.objects:
            entry = self.objects[name]
            pose = self._object_bodies[name].entity.pose
            middle = 0.5 * (entry.vertices.min(0) + entry.vertices.max(0))
            return matrix_from_quaternion(pose.q) @ middle + pose.p
        static = self.robots[name]
        links = [link.entity.pose.p for link in self._bodies[name].links]
        top = max(float(p[2]) for p in links)
        if static.model.mobile:
            q = self._bodies[name].positions()
            return np.array([float(q[0]), float(q[1]), 0.6 * top])
        return np.array([*static.mount.p[:2], 0.5 * (float(static.mount.p[2]) + top)])

    def _link_pose(self, robot_id: str, link: str) -> Pose:
        static = self.robots[robot_id]
        q = self._bodies[robot_id].positions()
        return static.mount @ static.kinematics.link_pose(q, link)

    # --- bookkeeping --------------------------------------------------------------------------

    def _segmentation(self, name: str) -> int:
        value = 1 + max(self.segmentation_ids.values(), default=0)
        self.segmentation_ids = {**self.segmentation_ids, name: value}
        return value

    def _forget_segmentation(self, name: str) -> None:
        self.segmentation_ids = {n: v for n, v in self.segmentation_ids.items() if n != name}

    def _add_names(self, bodies: Sequence[tuple[Any, BodyName]]) -> None:
        for component, name in bodies:
            self._body_index[component] = len(self._body_names)
            self._body_names = (*self._body_names, name)

    def _forget_bodies(self, components: Sequence[Any]) -> None:
        gone = {self._body_index[c] for c in components}
        kept = [(c, self._body_names[i]) for c, i in self._body_index.items() if i not in gone]
        self._body_index, self._body_names = {}, ()
        self._add_names(kept)
        self._grips_to_add()

    def _world_hulls(self, frame: Sequence[cmd.Command]) -> list[tuple[str, list[Array]]]:
        """Every body's hulls in the world, with those that the frame adds before any robot."""
        found: list[tuple[str, list[Array]]] = []

        def add(name: str, model: ObjectModel, pose: Pose) -> None:
            hulls = [(pose @ s.object_from_shape).apply(s.mesh()[0]) for s in model.shapes]
            found.append((name, hulls))

        removed = {c.object_id for c in frame if isinstance(c, cmd.RemoveObject)}
        for object_id, entry in self.objects.items():
            if object_id not in removed:
                pose = self._object_bodies[object_id].entity.pose
                add(object_id, entry.model, Pose.of(pose.p, pose.q))
        for robot_id, body in self._bodies.items():
            hulls = []
            by_link = dict(robot_hulls(body.model))
            for link in body.links:
                pose = Pose.of(link.entity.pose.p, link.entity.pose.q)
                hulls += [pose.apply(vertices) for vertices, _ in by_link[link.name]]
            found.append((robot_id, hulls))
        for command in frame:
            if isinstance(command, cmd.CreateEmptyRoom):
                room = Room(command.width, command.length, command.height, command.walls)
                for name, model, pose in room.wall_models():
                    add(name, model, pose)
            elif isinstance(command, cmd.AddObject):
                model = build_object(command.model, command.size, command.parameters)
                add(command.object_id, model, Pose.of(command.position, _unit(command.quaternion)))
        return found

    def _raise_not_finite(self, q: Array, qd: Array, rows: Array) -> None:
        for robot_id, static in self.robots.items():
            part = slice(static.first, static.first + len(static.kinematics.joints))
            if not (np.isfinite(q[part]).all() and np.isfinite(qd[part]).all()):
                raise SimulationError(
                    f"the state of robot {robot_id!r} is not finite at frame {self.frame}",
                    body=robot_id, frame=self.frame,
                )  # fmt: skip
        for object_id, entry in self.objects.items():
            if not np.isfinite(rows[entry.row]).all():
                raise SimulationError(
                    f"the state of object {object_id!r} is not finite at frame {self.frame}",
                    body=object_id, frame=self.frame,
                )  # fmt: skip


def _mount(command: cmd.AddRobot) -> Pose:
    """Where the description is mounted: a mobile base's joints are world coordinates already."""
    if get_model(command.model).mobile:
        return Pose.of((0.0, 0.0, command.position[2]))
    return Pose(np.array(command.position), quaternion_from_yaw(command.yaw))


def _start(command: cmd.AddRobot) -> Array:
    """The joint vector that a robot starts at."""
    kinematics = kinematics_of(get_model(command.model))
    q = np.array(kinematics.home)
    if kinematics.base_size:
        q[:3] = command.position[0], command.position[1], command.yaw
    return q


def _robot_world_hulls(model: RobotModel, mount: Pose, q: Array) -> list[Array]:
    links = robot_hulls(model)
    poses = kinematics_of(model).link_poses(q, tuple(name for name, _ in links))
    return [
        (mount @ pose).apply(vertices)
        for (_, hulls), pose in zip(links, poses, strict=True)
        for vertices, _ in hulls
    ]


def _unit(quaternion: Sequence[float]) -> Array:
    q = np.array(quaternion)
    unit: Array = q / np.linalg.norm(q)
    return unit


def _frozen(array: Array) -> Array:
    return read_only(array.copy())


@atexit.register
def _close_all() -> None:
    """Clear every scene before the interpreter takes SAPIEN apart."""
    for simulator in list(_OPEN):
        simulator.close()

