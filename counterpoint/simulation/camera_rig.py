"""Cameras in the scene: where each one is when an image is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from counterpoint.commands.cameras import AddCamera, LookAt, MoveCamera
from counterpoint.core.pose import Array, Pose, quaternion_from_matrix
from counterpoint.simulation.renderer import CameraView
from counterpoint.simulation.snapshot import CameraState

PointOf = Callable[[str], Array]
"""Robot or object id → the world point to look at, shape (3,) [m]."""

LinkPose = Callable[[str, str], Pose]
"""Robot id, link → its world pose."""


@dataclass(frozen=True, slots=True, eq=False)
class _Camera:
    spec: AddCamera
    pose: Pose
    follow: str | None
    offset: Array | None


class CameraRig:
    """The cameras by id."""

    def __init__(self, point_of: PointOf, link_pose: LinkPose) -> None:
        self._point_of = point_of
        self._link_pose = link_pose
        self._cameras: dict[str, _Camera] = {}

    @property
    def ids(self) -> list[str]:
        """Camera ids in the order in which they were added."""
        return list(self._cameras)

    def add(self, spec: AddCamera) -> None:
        """Add a camera."""
        pose = Pose.of(spec.position, _unit(spec.quaternion))
        if spec.look_at is not None:
            pose = look_at(pose.p, self._point(spec.look_at))
        offset = None if spec.offset is None else np.array(spec.offset)
        self._cameras[spec.camera_id] = _Camera(spec, pose, spec.follow, offset)

    def look(self, command: LookAt) -> None:
        """Turn a camera to something, once or from now on."""
        camera = self._cameras[command.camera_id]
        pose = look_at(self._world(camera).p, self._point(command.target))
        follow = command.target if command.follow and isinstance(command.target, str) else None
        self._cameras[command.camera_id] = replace(camera, pose=pose, follow=follow)

    def move(self, command: MoveCamera) -> None:
        """Put a camera somewhere else."""
        camera = self._cameras[command.camera_id]
        q = camera.pose.q if command.quaternion is None else _unit(command.quaternion)
        pose = Pose(np.array(command.position), q)
        self._cameras[command.camera_id] = replace(camera, pose=pose, offset=None)

    def forget(self, name: str) -> None:
        """A robot or object is gone: its cameras go too, and nothing follows it any more."""
        for camera_id, camera in list(self._cameras.items()):
            if camera.spec.mount is not None and camera.spec.mount[0] == name:
                del self._cameras[camera_id]
            elif camera.follow == name:
                pose = self._world(camera)
                self._cameras[camera_id] = replace(camera, pose=pose, follow=None, offset=None)

    def states(self) -> list[CameraState]:
        """Every camera as it stands now."""
        return [
            CameraState(
                spec=c.spec,
                pose=(*c.pose.p.tolist(), *c.pose.q.tolist()),
                follow=c.follow,
                offset=None if c.offset is None else tuple(c.offset.tolist()),
            )
            for c in self._cameras.values()
        ]

    def restore(self, states: Sequence[CameraState]) -> None:
        """Put cameras up as they stood."""
        for state in states:
            pose = np.array(state.pose)
            offset = None if state.offset is None else np.array(state.offset)
            self._cameras[state.spec.camera_id] = _Camera(
                state.spec, Pose(pose[:3], pose[3:]), state.follow, offset
            )

    def view(self, camera_id: str) -> CameraView:
        """The camera as it is now."""
        camera = self._cameras[camera_id]
        spec = camera.spec
        return CameraView(
            camera_id, self._world(camera), spec.size, spec.field_of_view, spec.near, spec.far
        )

    def _world(self, camera: _Camera) -> Pose:
        if camera.spec.mount is not None:
            return self._link_pose(*camera.spec.mount) @ camera.pose
        if camera.follow is None:
            return camera.pose
        point = self._point_of(camera.follow)
        return look_at(camera.pose.p if camera.offset is None else point + camera.offset, point)

    def _point(self, target: str | tuple[float, float, float]) -> Array:
        return self._point_of(target) if isinstance(target, str) else np.array(target)


def look_at(position: Array, target: Array) -> Pose:
    """A camera pose at `position` that looks at `target`, both shape (3,) [m], with z up."""
    forward = target - position
    length = float(np.linalg.norm(forward))
    forward = np.array([1.0, 0.0, 0.0]) if length < 1e-9 else forward / length
    up = np.array([0.0, 0.0, 1.0]) if abs(forward[2]) < 0.9999 else np.array([1.0, 0.0, 0.0])
    left = np.cross(up, forward)
    left /= np.linalg.norm(left)
    rotation = np.column_stack([forward, left, np.cross(forward, left)])
    return Pose(np.array(position, dtype=np.float64), quaternion_from_matrix(rotation))


def _unit(quaternion: tuple[float, ...]) -> Array:
    q = np.array(quaternion)
    unit: Array = q / np.linalg.norm(q)
    return unit
