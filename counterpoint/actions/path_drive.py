"""Driving a base along a path in the floor plane."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from counterpoint.actions.motion import JointMotion
from counterpoint.core.pose import Array, wrap_angle
from counterpoint.robots.model import RobotModel
from counterpoint.simulation.response import RobotState

HEADROOM = 0.9  # share of the base's acceleration limit that the plan takes; steering has the rest
BRAKING = 0.6  # share of the acceleration limit that slowing down for a corner may take
SIDEWAYS = 0.5  # share of it that driving round a corner may take
TURNING = 0.7  # share of the turn rate that driving round a corner may take
SLOWEST = 0.05  # m/s: at corners that could not be rounded
GAIN = 4.0  # 1/s: how fast an offset from the path is made good
GLANCE = 0.2  # s: how far ahead along the path the heading is taken from,
CORNER = 0.03  # m: and at least that far
ASKEW = 0.3  # rad: a differential base that is further off its direction turns first
ASTRAY = 0.2  # m off its path at which a base makes that good before it goes on
LAST_LEG = 1.0  # m before the end within which the base turns to its final heading
CRAWL = 0.5  # m/s: at lower speeds steering back to the path becomes no sharper
CRAB = 0.5  # share of its speed at which an omnidirectional base drives sideways or backwards


class PathDrive:
    """A smooth drive along a path: fast on straight legs, slower round corners, at rest at the end.

    An omnidirectional base sets off at once and turns into the direction of travel meanwhile; a
    differential one turns first. Progress and heading are motions with limits on speed,
    acceleration and jerk; what the base's own limits cost is made good by steering towards the
    path.

    Args:
        path: Points, shape (n, 2) [m]; it begins where the robot is.
        radii: Of the curve at each point [m], as `navigation.rounded` gives them.
        model: What drives.
        dynamic: Where and how fast it does so now.
        dt: Length of a frame [s].
    """

    def __init__(
        self, path: Array, radii: Array, model: RobotModel, dynamic: RobotState, dt: float
    ) -> None:
        keep = np.concatenate([[True], np.linalg.norm(np.diff(path, axis=0), axis=1) > 1e-6])
        self.path, radii = path[keep], radii[keep]
        steps = np.diff(self.path, axis=0)
        lengths = np.linalg.norm(steps, axis=1)
        self.stations: Array = np.concatenate([[0.0], np.cumsum(lengths)])
        self.length = float(self.stations[-1])
        self._angles = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])) if len(steps) else None
        self._dt, self._omnidirectional = dt, model.base == "omnidirectional"
        speed, turn_rate = model.base_speed
        acceleration = HEADROOM * model.drives["base"].acceleration
        self._acceleration, self._speed = acceleration, speed
        limit = np.minimum(np.sqrt(SIDEWAYS * acceleration * radii), TURNING * turn_rate * radii)
        limit = np.clip(limit, SLOWEST, speed)
        limit[-1] = speed  # the motion itself ends at rest
        rising = limit * limit + 2 * BRAKING * acceleration * self.stations
        self._braking = np.minimum.accumulate(rising[::-1])[::-1]
        one = np.ones(1)
        yaw = float(dynamic.target[2])
        forward = self._forward_speed(dynamic)
        self._progress = JointMotion(
            np.zeros(1), np.array([max(forward, 0.0)]), self.length * one,
            speed * one, acceleration * one, dt,
        )  # fmt: skip
        self._heading = JointMotion(
            np.array([yaw]), dynamic.target_velocity[2:3], np.array([yaw]),
            turn_rate * one, acceleration * one, dt,
        )  # fmt: skip
        self.travelled = 0.0

    @property
    def finished(self) -> bool:
        """Whether the end of the path is reached, as far as the plan goes."""
        return self.length < 1e-6 or self._progress.finished

    @property
    def ends_soon(self) -> bool:
        """Whether the rest is so short that an omnidirectional base turns to its final heading."""
        return self.length - self.travelled < LAST_LEG

    @property
    def stopping_distance(self) -> float:
        """How far along the path it takes to come to rest [m]."""
        speed = float(self._progress.speed[0])
        return speed * speed / (2 * self._acceleration) + 0.1 * speed

    def ahead(self, distance: float, spacing: float = 0.1) -> Array:
        """Points of the path from here on, up to `distance` [m] further, shape (n, 2)."""
        end = min(self.travelled + distance, self.length)
        count = max(2, int(np.ceil((end - self.travelled) / spacing)) + 1)
        return self._at(np.linspace(self.travelled, end, count))

    def step(self, dynamic: RobotState, face: float | None = None) -> Array:
        """The base's velocity in the next frame, in its own frame, shape (3,) [m/s, rad/s].

        Args:
            dynamic: The robot now.
            face: Heading to end with [rad], or None for the direction of travel.
        """
        x, y, yaw = dynamic.target[:3].tolist()
        wanted = self._direction(face) + self._steering(x, y)
        off = wrap_angle(wanted - yaw)
        self._heading.retarget(np.array([yaw + off]))
        turn = float(self._heading.step(dynamic.target[2:3], dynamic.target_velocity[2:3])[0])
        if self._angles is None:
            return np.array([0.0, 0.0, turn])
        along = wrap_angle(self._tangent(self.travelled) - yaw)
        slow = float(self._progress.speed[0]) <= SLOWEST + 1e-3
        # Beside its path it wants a heading that leads back, however far off the path's own.
        askew = min(abs(along), abs(off)) > ASKEW
        if not self._omnidirectional and slow and askew and not self.finished:
            return np.array([0.0, 0.0, turn])
        wanted_x, wanted_y = self._at(np.array([self.travelled]))[0].tolist()
        astray = math.hypot(wanted_x - x, wanted_y - y)
        self._progress.limit(np.array([self._allowed(along, astray)]))
        here = np.array([self.travelled])
        speed = float(self._progress.step(here, self._progress.speed)[0])
        self.travelled = min(self.travelled + speed * self._dt, self.length)
        tangent = self._tangent(self.travelled)
        wanted_x, wanted_y = self._at(np.array([self.travelled]))[0].tolist()
        vx = speed * math.cos(tangent) + GAIN * (wanted_x - x)
        vy = speed * math.sin(tangent) + GAIN * (wanted_y - y)
        heading = yaw + 0.5 * self._dt * turn
        c, s = math.cos(heading), math.sin(heading)
        forward, left = c * vx + s * vy, c * vy - s * vx
        excess = max(math.hypot(forward, left) / self._speed, 1.0)
        forward, left = forward / excess, left / excess
        if self._omnidirectional:
            return np.array([forward, left, turn])
        return np.array([forward, 0.0, turn])

    def state(self) -> Any:
        """For the state hash."""
        return (
            self.path, self.travelled, self._progress.state(), self._heading.state(),
        )  # fmt: skip

    def _allowed(self, along: float, astray: float) -> float:
        """The speed allowed here [m/s].

        Args:
            along: How far off the heading the path leads [rad].
            astray: How far from the path the base is [m]: the path waits for it.
        """
        k = int(np.searchsorted(self.stations, self.travelled, side="right"))
        k = min(k, len(self.stations) - 1)
        rising = float(self._braking[k]) - 2 * BRAKING * self._acceleration * self.travelled
        if self._omnidirectional:
            speed = self._speed * (CRAB + (1 - CRAB) * max(math.cos(along), 0.0))
        else:
            speed = self._speed * max(1 - abs(along) / ASKEW, 0.0)
        speed *= max(1 - astray / ASTRAY, 0.0)
        return max(min(math.sqrt(max(rising, 0.0)), speed), SLOWEST)

    def _direction(self, face: float | None) -> float:
        """The heading wanted now [rad]."""
        if face is not None and self._omnidirectional and self.ends_soon:
            return face
        if self._angles is None or self.finished:
            return float(self._heading.goal[0]) if face is None else face
        speed = float(self._progress.speed[0])
        return self._tangent(self.travelled + CORNER + GLANCE * speed)

    def _steering(self, x: float, y: float) -> float:
        """What turns a differential base back to its path [rad] (Stanley: Hoffmann et al. 2007)."""
        if self._omnidirectional or self._angles is None or self.finished:
            return 0.0
        there_x, there_y = self._at(np.array([self.travelled]))[0].tolist()
        tangent = self._tangent(self.travelled)
        left = math.cos(tangent) * (there_y - y) - math.sin(tangent) * (there_x - x)
        return math.atan2(GAIN * left, float(self._progress.speed[0]) + CRAWL)

    def _tangent(self, station: float) -> float:
        assert self._angles is not None
        k = int(np.searchsorted(self.stations, station, side="right")) - 1
        return float(self._angles[min(max(k, 0), len(self._angles) - 1)])

    def _at(self, stations: Array) -> Array:
        x = np.interp(stations, self.stations, self.path[:, 0])
        y = np.interp(stations, self.stations, self.path[:, 1])
        return np.column_stack([x, y])

    def _forward_speed(self, dynamic: RobotState) -> float:
        """How fast the robot already goes along the path's beginning [m/s]."""
        if self._angles is None:
            return 0.0
        vx, vy = dynamic.target_velocity[:2].tolist()
        along = float(self._angles[0]) - float(dynamic.target[2])
        return float(vx * math.cos(along) + vy * math.sin(along))
