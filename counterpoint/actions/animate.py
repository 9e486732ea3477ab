"""Playing animations."""

from __future__ import annotations

from typing import Any

import numpy as np

from counterpoint.actions.action import DriveJoints, Request
from counterpoint.actions.animation import Animation, KeyFrame, get_animation
from counterpoint.actions.arm_motion import TrackLimits
from counterpoint.actions.guarded import GuardedAction
from counterpoint.actions.key_frames import Keys, position_at, stretched, tangents_of
from counterpoint.actions.status import ActionStatus, ImageFrequency
from counterpoint.core.errors import CommandError
from counterpoint.core.pose import Array
from counterpoint.robots.description import load_description
from counterpoint.robots.forward_kinematics import links_moved
from counterpoint.simulation.response import Response, RobotState, RobotStatic

AT_END = 0.02  # rad or m, of each joint
SETTLE_FRAMES = 60


class Animate(GuardedAction):
    """Play an animation: the tracks that it moves are the action's from its first frame on.

    It keeps to the animation's times where the joints' limits allow it, and takes longer elsewhere.

    Args:
        animation: A name of `counterpoint.actions.list_animations()`, or an `Animation`.
        loop: Play it again and again, until it is cancelled or replaced.

    Raises:
        CommandError: If there is no such animation.
    """

    def __init__(self, animation: str | Animation, loop: bool = False) -> None:
        super().__init__()
        self.name = animation if isinstance(animation, str) else "animation"
        self.animation = get_animation(animation) if isinstance(animation, str) else animation
        self.loop = loop
        self._keys: list[Keys] = []
        self._tangents: list[Array] = []
        self._limits: list[TrackLimits] = []
        self._time = 0.0
        self._settling = 0

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        model = static.model
        self.tracks = self.animation.tracks(model)
        if not self.tracks:
            return self.end(
                ActionStatus.not_supported,
                f"{self.name!r} has no key frames for {model.name}; it has some for "
                f"{', '.join(self.animation.models)}",
                robot_id=static.robot_id,
            )  # fmt: skip
        joints = tuple(j for t in self.tracks for j in model.tracks[t])
        body_of = load_description(model).body_of
        moved = (n for n in links_moved(model, joints) if n in body_of)  # tool frames have no body
        self.watch(resp, dynamic, links={body_of[n][0] for n in moved})
        self._limits = [TrackLimits.of(static, (track,)) for track in self.tracks]
        self._begin(static, dynamic)
        return self._drive(dynamic)

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        if self.collided(resp, dynamic):
            return []
        if self._time >= max(float(keys.times[-1]) for keys in self._keys):
            if self.loop:
                self._begin(static, dynamic)
                return self._drive(dynamic)
            off = max(
                float(np.abs(keys.positions[-1] - dynamic.q[limits.indices]).max())
                for keys, limits in zip(self._keys, self._limits, strict=True)
            )
            if off < AT_END:
                return self.succeed(f"played {self.name!r}")
            self._settling += 1
            if self._settling > SETTLE_FRAMES:
                return self.end(
                    ActionStatus.failed_to_reach,
                    f"a joint is {off:.3f} off the last key frame: something held it back",
                    distance=off, limit=AT_END,
                )  # fmt: skip
        return self._drive(dynamic)

    def state(self) -> Any:
        """See `Action`."""
        return (self._time, self._settling, [keys.times for keys in self._keys])

    def _begin(self, static: RobotStatic, dynamic: RobotState) -> None:
        """Curves from where the joints are, through all key frames."""
        stop = self.animation.interpolation == "stop"
        frames = self.animation.models[static.model.name]
        tracks = []
        for limits in self._limits:
            own = [f for f in frames if limits.tracks[0] in f.positions]
            start = dynamic.target[limits.indices]
            speed = dynamic.target_velocity[limits.indices]
            tracks.append(
                Keys(
                    np.array([0.0, *(f.time for f in own)]),
                    np.array([start, *(_positions(f, static, limits) for f in own)]),
                    np.minimum(np.maximum(speed, -limits.velocity), limits.velocity),
                    limits.velocity,
                    limits.acceleration,
                )
            )
        self._keys = stretched(tracks, stop=stop)
        self._tangents = [tangents_of(keys, stop=stop) for keys in self._keys]
        self._time = 0.0

    def _drive(self, dynamic: RobotState) -> list[Request]:
        """The mean velocities of the next frame."""
        assert self.controls is not None
        dt = self.controls.dt
        self._time += dt
        requests: list[Request] = []
        for limits, keys, tangents in zip(self._limits, self._keys, self._tangents, strict=True):
            way = position_at(keys, tangents, self._time) - dynamic.target[limits.indices]
            velocity = np.minimum(np.maximum(way / dt, -limits.velocity), limits.velocity)
            requests.append(DriveJoints(limits.tracks[0], velocity))
        return requests


def _positions(frame: KeyFrame, static: RobotStatic, limits: TrackLimits) -> Array:
    """A key frame's positions of one track, shape (n,) [rad or m]."""
    kinematics, indices = static.kinematics, limits.indices
    given = frame.positions[limits.tracks[0]]
    if given == "rest":
        rest: Array = kinematics.home[indices]
        return rest
    sliding = load_description(static.model).sliding[indices]
    positions: Array = np.where(sliding, given, np.deg2rad(given))
    low, high = kinematics.lower[indices], kinematics.upper[indices]
    for k, index in enumerate(indices.tolist()):
        if not low[k] - 1e-6 <= positions[k] <= high[k] + 1e-6:
            ends = [v if sliding[k] else float(np.rad2deg(v)) for v in (low[k], high[k])]
            raise CommandError(
                f"at {frame.time} s, {kinematics.joints[index]} is beyond its limits, "
                f"{ends[0]:.4g} to {ends[1]:.4g} {'m' if sliding[k] else 'degrees'}",
                field=limits.tracks[0], value=given[k],
            )  # fmt: skip
    return np.minimum(np.maximum(positions, low), high)
