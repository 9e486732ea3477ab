"""What the safety monitor sees of a frame: robots as circles on the floor, and as spheres."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.add_ons.safety_spheres import PlacedSpheres, sphere_model
from counterpoint.core.pose import Array
from counterpoint.robots.description import load_description
from counterpoint.safety.joint_box import JointBox
from counterpoint.simulation.response import Response, RobotState, RobotStatic

FRESH = 0.02  # m: an extent is measured anew when the posture may have changed it by more


class Circle(NamedTuple):
    """A robot on the floor.

    Attributes:
        position: Of its base's axis, shape (2,) [m].
        velocity: As commanded, in the world frame, shape (2,) [m/s].
        yaw: Its heading [rad].
    """

    position: Array
    velocity: Array
    yaw: float


class Extent(NamedTuple):
    """How far a robot sticks out about its base's axis, in a posture.

    Attributes:
        whole: With arms and what they hold [m].
        body: Without [m].
        posture: Joint positions without the base's.
        held: What its hands hold.
    """

    whole: float
    body: float
    posture: Array
    held: tuple[str | None, ...]


class SafetyScene:
    """The robots of a frame. What is costly is worked out only for those that are asked about.

    Args:
        response: The last one.
        robots: Those to look at, in a fixed order.
        extents: Robot → its extent when it was measured last; kept from frame to frame.
    """

    def __init__(
        self, response: Response, robots: tuple[str, ...], extents: dict[str, Extent]
    ) -> None:
        self.robots, self._response, self._extents = robots, response, extents
        self.states: dict[str, RobotState] = {r: response.robots[r] for r in robots}
        self.circles: dict[str, Circle] = {r: _circle(s) for r, s in self.states.items()}
        self._placed: dict[str, PlacedSpheres] = {}

    def neighbours(self, within: float) -> list[tuple[str, str]]:
        """Pairs of robots whose circles may be nearer than that [m], in order."""
        n = len(self.robots)
        if n < 2:
            return []
        first, second = _pairs(n)
        positions = np.array([self.circles[r].position for r in self.robots])
        offset = positions[first] - positions[second]
        apart = np.sqrt(np.einsum("ij,ij->i", offset, offset)) - within
        reach = np.array([sphere_model(s.static.model).reach for s in self.states.values()])
        if not (apart < reach[first] + reach[second]).any():
            return []
        reach = np.array([self._bound(r) for r in self.robots])
        near = np.flatnonzero(apart < reach[first] + reach[second])
        pairs = [(self.robots[first[k]], self.robots[second[k]]) for k in near]
        return [
            (a, b)
            for (a, b), k in zip(pairs, near, strict=True)
            if apart[k] < self.extent(a).whole + self.extent(b).whole
        ]

    def spheres(self, robot_id: str) -> PlacedSpheres:
        """A robot's spheres, with those of what it holds."""
        if robot_id not in self._placed:
            state = self.states[robot_id]
            placed = sphere_model(state.static.model).place(state)
            for arm, held in state.held.items():
                if held is not None and held in self._response.objects:
                    low, high = self._response.objects[held].bounds
                    placed.add(arm, 0.5 * (low + high), 0.5 * float(np.linalg.norm(high - low)))
            self._placed[robot_id] = placed
        return self._placed[robot_id]

    def extent(self, robot_id: str) -> Extent:
        """How far a robot sticks out, to within `FRESH`."""
        if self._drift(robot_id) > FRESH:
            state, placed = self.states[robot_id], self.spheres(robot_id)
            away = placed.centres[:, :2] - self.circles[robot_id].position
            far = np.sqrt(np.einsum("ij,ij->i", away, away)) + placed.radii + FRESH
            self._extents[robot_id] = Extent(
                float(far.max()),
                float(far[placed.is_body].max()),
                state.joint_positions.copy(),
                tuple(state.held.values()),
            )
        return self._extents[robot_id]

    def gap(self, first: str, second: str) -> float:
        """Least distance between the spheres of two robots [m]; below 0 they overlap."""
        a, b = self.spheres(first), self.spheres(second)
        offset = a.centres[:, None] - b.centres
        apart = np.sqrt(np.einsum("ijk,ijk->ij", offset, offset))
        return float((apart - a.radii[:, None] - b.radii).min())

    def _bound(self, robot_id: str) -> float:
        """A bound on the extent, without measuring it anew."""
        drift = self._drift(robot_id)
        reach = sphere_model(self.states[robot_id].static.model).reach
        if math.isinf(drift):
            return reach + 1.0  # it may hold something
        return self._extents[robot_id].whole + drift

    def _drift(self, robot_id: str) -> float:
        """By how much the extent may have changed since it was measured [m]."""
        known, state = self._extents.get(robot_id), self.states[robot_id]
        if known is None or known.held != tuple(state.held.values()):
            return math.inf
        # No point moves faster per joint than the robot is long.
        turned = float(np.abs(state.joint_positions - known.posture).sum())
        return turned * sphere_model(state.static.model).reach


@lru_cache(maxsize=64)
def joint_box(static: RobotStatic, dt: float) -> JointBox:
    """What the driven joints of a robot can do; a mobile base has no positions to keep."""
    driven, model = static.driven, static.model
    description = load_description(model)
    names = [static.kinematics.joints[i] for i in driven]
    drives = [model.drive_of(name) for name in names]
    lower = static.kinematics.lower[driven].copy()
    upper = static.kinematics.upper[driven].copy()
    speed = description.velocity[driven].copy()
    for k, drive in enumerate(drives):
        speed[k] = speed[k] if drive.velocity is None else min(speed[k], drive.velocity)
    base = static.kinematics.base_size
    lower[:base], upper[:base] = -np.inf, np.inf
    return JointBox(lower, upper, speed, [d.acceleration for d in drives], dt=dt)


@lru_cache(maxsize=64)
def _pairs(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(n, 1)


def _circle(state: RobotState) -> Circle:
    if not state.static.model.mobile:
        return Circle(state.static.mount.p[:2], np.zeros(2), state.base_yaw)
    yaw = float(state.q[2])
    forward, left = state.target_velocity[:2].tolist()
    c, s = math.cos(yaw), math.sin(yaw)
    return Circle(state.q[:2], np.array([c * forward - s * left, s * forward + c * left]), yaw)
