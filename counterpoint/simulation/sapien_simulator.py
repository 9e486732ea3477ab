"""SAPIEN's PhysX on the CPU, behind the `Simulator` protocol."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from counterpoint import commands as cmd
from counterpoint.core.arm import Arm
from counterpoint.core.errors import SimulationError
from counterpoint.core.pose import Array, Pose, read_only
from counterpoint.robots.sapien_quietly import sapien
from counterpoint.simulation.camera_rig import CameraRig
from counterpoint.simulation.contacts import BodyName, gather_contacts
from counterpoint.simulation.drawings import marks
from counterpoint.simulation.grips import Grips
from counterpoint.simulation.hulls import robot_hulls
from counterpoint.simulation.object_bodies import (
    WALL_FRICTION,
    ObjectBodies,
    build_body,
)
from counterpoint.simulation.placement import check_placement
from counterpoint.simulation.protocol import Simulator
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
from counterpoint.simulation.robot_body import FLOOR_GROUP, PhysicsScene
from counterpoint.simulation.robot_fleet import Named, RobotFleet
from counterpoint.simulation.room import Room
from counterpoint.simulation.scene_geometry import SceneGeometry
from counterpoint.simulation.snapshot import SceneScript, Snapshot, WeldState, motion_of

BUILDING = frozenset(
    {
        "create_empty_room", "set_gravity", "set_lighting", "add_object", "add_wall",
        "add_articulation", "draw_debug",
        "set_object_physics", "set_color", "add_robot",
    }
)  # fmt: skip
"""The commands that a scene is built with again."""

BACKGROUND = 0
"""What the segmentation pass shows where nothing is."""

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
        self.segmentation_ids: dict[str, int] = {}
        self._numbered: Mapping[str, int] = {}
        """Segmentation values that a snapshot has given to names."""
        self.period = 1.0 / (frames_per_second * substeps)
        self._dt, self._substeps = 1.0 / frames_per_second, substeps
        self._scene: Any = PhysicsScene()
        self._scene.set_timestep(self.period)
        self._physics = self._scene.physx_system
        self._fleet, self._things, self._grips = RobotFleet(), ObjectBodies(), Grips()
        self._script = SceneScript()
        self._welds: dict[str, tuple[Any, str]] = {}
        self._room: Room | None = None
        self._body_names: tuple[BodyName, ...] = ()
        self._body_index: dict[Any, int] = {}
        self._cameras = CameraRig(self._look_point, self._fleet.link_pose)
        self._captures: list[cmd.CaptureImages] = []
        self._geometry = SceneGeometry()
        self._make_renderer = renderer
        self._renderer: Renderer | None = None
        self._apply: dict[str, Callable[[Any], None]] = {
            "create_empty_room": self._create_empty_room,
            "set_gravity": self._set_gravity,
            "set_lighting": self._set_lighting,
            "draw_debug": self._draw_debug,
            "terminate": lambda _: None,  # the controller closes itself after the frame
            "add_object": self._add_object,
            "add_wall": self._add_wall,
            "add_articulation": self._add_articulation,
            "remove_object": self._remove_object,
            "teleport_object": self._things.teleport,
            "set_object_velocity": self._things.set_velocity,
            "apply_force": self._things.apply_force,
            "set_object_physics": self._things.set_physics,
            "set_color": lambda c: self._geometry.set_color(c.object_id, c.color),
            "add_robot": self._add_robot,
            "remove_robot": self._remove_robot,
            "drive_robot": self._fleet.drive,
            "set_gripper": self._fleet.set_gripper,
            "set_joint_positions": self._fleet.set_joint_positions,
            "weld": self._weld,
            "unweld": lambda c: self._let_go(c.robot_id, c.arm),
            "add_camera": self._cameras.add,
            "look_at": self._cameras.look,
            "move_camera": self._cameras.move,
            "capture_images": self._captures.append,
        }
        _OPEN.add(self)

    @property
    def robots(self) -> dict[str, RobotStatic]:
        """Robot id → what never changes about it."""
        return self._fleet.statics

    @property
    def objects(self) -> dict[str, ObjectStatic]:
        """Object id → what never changes about it."""
        return self._things.statics

    # --- the loop -----------------------------------------------------------------------------

    def check(self, frame: Sequence[cmd.Command], index_of: Mapping[int, int]) -> None:
        """Refuse robots that would be added inside another body. Nothing is changed.

        `index_of` leads from the `id` of a command to its index in the caller's list.

        Raises:
            CommandError: Naming the robot and the body.
        """
        check_placement(frame, index_of, self._things, self._fleet, self._room)

    def apply(self, commands: Sequence[cmd.Command]) -> None:
        """Carry out checked commands in their order, without advancing time."""
        for command in commands:
            self._apply[command.type](command)
            if command.type in BUILDING:
                self._script.note(command)

    def step(self) -> None:
        """Advance by one frame."""
        self._fleet.advance(self._dt)
        for _ in range(self._substeps):
            self._things.push()
            self._physics.step()
        self._things.end_push()
        self.frame += 1

    def observe(self) -> Response:
        """Gather the state once, and take the images that were asked for.

        Raises:
            SimulationError: If a position or velocity is not finite.
        """
        fleet, things = self._fleet, self._things
        fleet.measure()
        things.measure()
        q, qd, rows = fleet.q, fleet.qd, things.rows
        if not (np.isfinite(q).all() and np.isfinite(qd).all() and np.isfinite(rows).all()):
            body = fleet.not_finite() or things.not_finite()
            raise SimulationError(
                f"the state of {body!r} is not finite at frame {self.frame}",
                body=body, frame=self.frame,
            )  # fmt: skip
        state = State(
            read_only(q), read_only(qd),
            read_only(fleet.drives.position.copy()), read_only(fleet.drives.velocity.copy()),
            rows[:, :3], rows[:, 3:7], rows[:, 7:10], rows[:, 10:],
        )  # fmt: skip
        contacts = gather_contacts(
            self._physics.get_contacts(), self._body_index, self._body_names, self.period
        )
        robots, objects = dict(self.robots), dict(self.objects)

        def tool_pose(static: RobotStatic, arm: Arm) -> Pose:
            part = slice(static.first, static.first + len(static.kinematics.joints))
            return static.mount @ static.kinematics.tool_pose(q[part], arm)

        self._grips.update(contacts, tool_pose)
        held = {robot_id: self._grips.held(robot_id) for robot_id in robots}
        response = Response(
            frame=self.frame,
            time=self.frame * self._dt,
            robots=Views(robots, lambda r: RobotState(robots[r], state, held[r], contacts)),
            objects=Views(objects, lambda o: ObjectState(objects[o], state, objects)),
            contacts=contacts,
            state=state,
            segmentation_ids=self.segmentation_ids,
            welds=frozenset(self._welds),
            room=None if self._room is None else self._room.bounds,
        )
        self.capture(response)
        return response

    def capture(self, response: Response) -> None:
        """Take the images that commands asked for since the last time, into `response`."""
        if not self._captures:
            return
        wanted: dict[str, list[Any]] = {}
        for command in self._captures:
            for camera in command.cameras if command.cameras is not None else self._cameras.ids:
                there = (*response.images.get(camera, ()), *wanted.setdefault(camera, []))
                wanted[camera] += [p for p in command.passes if p not in there]
        self._captures.clear()
        requests = [(self._cameras.view(c), passes) for c, passes in wanted.items() if passes]
        if not requests:
            return
        pictures = self.renderer.render(self.scene_view(), requests)
        for (view, _), images in zip(requests, pictures, strict=True):
            for image in images.values():
                image.setflags(write=False)
            response.images.setdefault(view.camera_id, {}).update(images)

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
        self._fleet.feed(digest)
        self._things.feed(digest)
        for weld, (_, object_id) in self._welds.items():
            digest.update(f"{weld}={object_id}\0".encode())
        return digest.hexdigest()

    def snapshot(self) -> Snapshot:
        """Everything that later frames depend on."""
        q, qd, drives = self._fleet.motion()
        return Snapshot(
            frame=self.frame,
            commands=tuple(c.model_dump(mode="json") for c in self._script.commands),
            cameras=tuple(self._cameras.states()),
            q=q.astype("<f4").tobytes(),
            qd=qd.astype("<f4").tobytes(),
            drives={name: array.astype("<f8").tobytes() for name, array in drives.items()},
            holding=self._fleet.drives.holding,
            objects=self._things.rows.astype("<f4").tobytes(),
            openings=self._things.openings().astype("<f4").tobytes(),
            welds=tuple(self._weld_states()),
            hands=tuple(self._grips.hands()),
            segmentation=self.segmentation_ids,
        )

    def restore(self, snapshot: Snapshot, commands: Sequence[cmd.Command]) -> None:
        """Go on from a snapshot, in a simulator that is still empty.

        Args:
            snapshot: Taken from a simulator.
            commands: The snapshot's, as checked commands.

        Raises:
            ValueError: If the snapshot's arrays do not fit its commands.
        """
        self._numbered = snapshot.segmentation
        self.apply(commands)
        articulations = sum(o.joint is not None for o in self.objects.values())
        motion = motion_of(snapshot, len(self._fleet.q), len(self.objects), articulations)
        self._fleet.set_motion(motion, holding=snapshot.holding)
        self._things.set_motion(motion.objects, motion.openings)
        for weld in snapshot.welds:
            pose = np.array(weld.carrier_from_object)
            self._fix(weld.robot_id, weld.arm, weld.object_id, sapien.Pose(pose[:3], pose[3:]))
        self._grips.restore(snapshot.hands)
        self._cameras.restore(snapshot.cameras)
        self.segmentation_ids = dict(snapshot.segmentation)
        self._numbered = {}
        self.frame = snapshot.frame

    def take_renderer(self, other: Simulator) -> None:
        """Draw with the renderer of a simulator that is about to close, if it has made one."""
        assert isinstance(other, SapienSimulator)
        self._renderer, other._renderer = other._renderer, None

    def state_parts(self) -> Any:
        """What the state hash adds to the world hash: grips' counters, bodies' properties."""
        return [self._grips.state(), self._things.properties()]

    def close(self) -> None:
        """Free the scene. Safe to call twice."""
        if self._scene is None:
            return
        _OPEN.discard(self)
        if self._renderer is not None:
            self._renderer.close()
        self._fleet.clear()
        self._things.clear()
        self._welds.clear()
        self._body_index.clear()
        self._geometry = SceneGeometry()
        self._physics = None
        self._scene.clear()
        self._scene = None

    # --- scene, objects, robots ---------------------------------------------------------------

    def _create_empty_room(self, command: cmd.CreateEmptyRoom) -> None:
        room = self._room = Room(command.width, command.length, command.height, command.walls)
        self._scene.add_ground(0.0, render=False)
        ground = self._physics.rigid_static_components[-1]
        for shape in ground.get_collision_shapes():
            shape.set_collision_groups([FLOOR_GROUP, FLOOR_GROUP, 0, 0])
        self._geometry.add_static("floor", *room.floor_mesh(), self._segmentation("floor"))
        self._add_names([(ground, BodyName("floor", "", "floor"))])
        for name, model, pose in room.wall_models():
            body = build_body(
                self._scene, model, pose, static=True, mass=model.mass, friction=WALL_FRICTION
            )
            self._add_names([(body, BodyName(name, "", "wall"))])
            self._geometry.add_object(name, model, body.entity, None, self._segmentation(name))

    def _set_gravity(self, command: cmd.SetGravity) -> None:
        self._things.set_gravity(np.array(command.gravity))

    def _set_lighting(self, command: cmd.SetLighting) -> None:
        self._geometry.set_light(np.array(command.direction), command.ambient)

    def _draw_debug(self, command: cmd.DrawDebug) -> None:
        owner = f"drawing/{command.drawing_id}"  # no name of a thing has a slash
        self._geometry.remove(owner)
        if command.points:
            points, triangles = marks(np.array(command.points), command.radius, line=command.line)
            colors = np.tile(np.array(command.color), (len(triangles), 1))
            self._geometry.add_static(owner, points, triangles, colors, BACKGROUND)

    def _add_object(self, command: cmd.AddObject) -> None:
        segmentation = self._segmentation(command.object_id)
        model = self._things.add(self._scene, command, segmentation)
        self._show_object(command.object_id, model, command.color, segmentation)

    def _add_wall(self, command: cmd.AddWall) -> None:
        segmentation = self._segmentation(command.object_id)
        model = self._things.add_wall(self._scene, command, segmentation)
        self._show_object(command.object_id, model, command.color, segmentation)

    def _add_articulation(self, command: cmd.AddArticulation) -> None:
        part, frame = command.object_id, cmd.frame_id(command.object_id)
        ids = self._segmentation(part), self._segmentation(frame)
        model = self._things.add_articulation(self._scene, command, ids)
        self._show_object(part, model.part, None, ids[0])
        self._show_object(frame, model.frame, None, ids[1])

    def _show_object(self, object_id: str, model: Any, color: Any, segmentation: int) -> None:
        body = self._things.bodies[object_id]
        kind = "wall" if model.name == "wall" else "object"
        self._add_names([(body, BodyName(object_id, "", kind))])
        self._geometry.add_object(object_id, model, body.entity, color, segmentation)

    def _remove_object(self, command: cmd.RemoveObject) -> None:
        name = command.object_id
        if self.objects[name].joint is not None:
            self._remove_object(cmd.RemoveObject(object_id=cmd.frame_id(name)))
        for weld in [w for w, (_, held) in self._welds.items() if held == name]:
            robot_id, arm = weld.rsplit("/", 1)
            self._let_go(robot_id, Arm(arm))
        self._grips.forget(name)
        self._forget(name, [self._things.bodies[name]])
        self._things.remove(self._scene, name)

    def _add_robot(self, command: cmd.AddRobot) -> None:
        name, segmentation = command.robot_id, self._segmentation(command.robot_id)
        self._add_names(self._fleet.add(self._scene, command, segmentation))
        body = self._fleet.bodies[name]
        entities = {link.name: link.entity for link in body.links}
        self._geometry.add_robot(name, body.model, robot_hulls(body.model), entities, segmentation)
        self._watch_hands()

    def _remove_robot(self, command: cmd.RemoveRobot) -> None:
        name = command.robot_id
        for arm in Arm:
            if cmd.weld_id(name, arm) in self._welds:
                self._let_go(name, arm)
        self._grips.remove(name)
        links = self._fleet.bodies[name].links
        self._fleet.remove(self._scene, name)
        self._forget(name, links)

    # --- hands --------------------------------------------------------------------------------

    def _weld(self, command: cmd.Weld) -> None:
        link = self._fleet.carrier(command.robot_id, command.arm)
        held = self._things.bodies[command.object_id]
        carrier_from_object = link.entity.pose.inv() * held.entity.pose
        self._fix(command.robot_id, command.arm, command.object_id, carrier_from_object)

    def _fix(self, robot_id: str, arm: Arm, object_id: str, carrier_from_object: Any) -> None:
        link, held = self._fleet.carrier(robot_id, arm), self._things.bodies[object_id]
        joint = self._scene.create_drive(link, carrier_from_object, held, sapien.Pose())
        for limit in (joint.set_limit_x, joint.set_limit_y, joint.set_limit_z):
            limit(0.0, 0.0)
        joint.set_limit_twist(0.0, 0.0)
        joint.set_limit_pyramid(0.0, 0.0, 0.0, 0.0)
        self._welds[cmd.weld_id(robot_id, arm)] = (joint, object_id)
        self._grips.weld(robot_id, arm, object_id)

    def _weld_states(self) -> Iterator[WeldState]:
        for weld, (joint, object_id) in self._welds.items():
            robot_id, arm = weld.rsplit("/", 1)
            pose = joint.pose_in_parent
            yield WeldState(
                robot_id=robot_id, arm=Arm(arm), object_id=object_id,
                carrier_from_object=(*pose.p.tolist(), *pose.q.tolist()),
            )  # fmt: skip

    def _let_go(self, robot_id: str, arm: Arm) -> None:
        joint, object_id = self._welds.pop(cmd.weld_id(robot_id, arm))
        self._things.bodies[object_id].entity.remove_component(joint)
        self._grips.weld(robot_id, arm, None)

    def _watch_hands(self) -> None:
        """Tell the grips which bodies are fingers."""
        index = {name: i for i, name in enumerate(self._body_names)}
        for robot_id, static in self.robots.items():
            self._grips.add(static, self._fleet.fingers(robot_id, index))

    # --- bookkeeping --------------------------------------------------------------------------

    def _look_point(self, name: str) -> Array:
        """The middle of a robot or object, for cameras to look at."""
        return self._things.middle(name) if name in self.objects else self._fleet.middle(name)

    def _segmentation(self, name: str) -> int:
        value = self._numbered.get(name) or 1 + max(self.segmentation_ids.values(), default=0)
        self.segmentation_ids = {**self.segmentation_ids, name: value}
        return value

    def _add_names(self, bodies: Sequence[Named]) -> None:
        for component, name in bodies:
            self._body_index[component] = len(self._body_names)
            self._body_names = (*self._body_names, name)

    def _forget(self, name: str, components: Sequence[Any]) -> None:
        """An object or robot goes: so do its pictures, its names, and the cameras on it."""
        self._script.forget(name)
        self._cameras.forget(name)
        self._geometry.remove(name)
        self.segmentation_ids = {n: v for n, v in self.segmentation_ids.items() if n != name}
        gone = {self._body_index[c] for c in components}
        kept = [(c, self._body_names[i]) for c, i in self._body_index.items() if i not in gone]
        self._body_index, self._body_names = {}, ()
        self._add_names(kept)
        self._watch_hands()


@atexit.register
def _close_all() -> None:
    """Clear every scene before the interpreter takes SAPIEN apart."""
    for simulator in list(_OPEN):
        simulator.close()
