"""What the safety monitor sees of a frame: robots as circles on the floor, and as spheres."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.actions.collision import CollisionDetection, obstacle_ahead
from counterpoint.add_ons.safety.spheres import PlacedSpheres, sphere_model
from counterpoint.core.pose import Array
from counterpoint.safety.bounds import Bounds
from counterpoint.simulation.response import Response, RobotState, RobotStatic

FRESH = 0.02  # m: an extent is measured anew when the posture may have changed it by more
ASIDE = 0.3  # m: so much room there has to be for a robot to evade
_FURNITURE = CollisionDetection(robots=False)
LOAD = 1.0  # m: what hands hold sticks out of them no further


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


class Roster:
    """The robots of a scene: where they are in its arrays, and how far they stuck out last.

    Args:
        statics: Robot → what never changes about it.
        bounds: Robot → what its base may be asked for; its drives' acceleration by default, which
            nothing exceeds.

    Attributes:
        capacities: Robot → acceleration of its base in every direction [m/s²], 0 where it is fixed.
    """

    def __init__(
        self,
        statics: Mapping[str, RobotStatic],
        bounds: Mapping[str, Bounds] = MappingProxyType({}),
    ) -> None:
        self.robots = tuple(statics)
        self.statics = tuple(statics.values())
        self.capacities = {r: _capacity(s, bounds.get(r)) for r, s in statics.items()}
        self.reach = np.array([sphere_model(s.model).reach for s in self.statics])
        self.extents: dict[str, Extent] = {}
        self._pairs = np.triu_indices(len(statics), 1)
        self._fixed = np.array([s.mount.p[:2] for s in self.statics]).reshape(-1, 2)
        mobile = [k for k, s in enumerate(self.statics) if s.model.mobile]
        self._mobile = np.array(mobile, dtype=np.intp)
        self._base = np.array([self.statics[k].first for k in mobile], dtype=np.intp)
        begins = [s.first + s.kinematics.base_size for s in self.statics]
        counts = [len(s.joint_names) for s in self.statics]
        self._joints = np.concatenate(
            [np.arange(a, a + n) for a, n in zip(begins, counts, strict=True)]
        )
        self._ends: NDArray[np.intp] = np.cumsum(counts, dtype=np.intp)
        self._starts: NDArray[np.intp] = self._ends - np.array(counts, dtype=np.intp)
        self._levers = np.concatenate([sphere_model(s.model).levers for s in self.statics])
        self._posture = np.full(len(self._joints), np.inf)
        self._whole = np.zeros(len(statics))

    def is_another(self, response: Response, robots: tuple[str, ...]) -> bool:
        """Whether a response has other robots, or others of the same names."""
        return robots != self.robots or any(
            response.robots[s.robot_id].static is not s for s in self.statics
        )

    def neighbours(self, q: Array, carried: Array, within: float) -> list[tuple[str, str]]:
        """Pairs of robots whose circles may be nearer than that [m], in order.

        Args:
            q: All joint positions of the scene.
            carried: How much further than that what they hold may stick out, shape (n,) [m].
            within: [m].
        """
        first, second = self._pairs
        positions = self._fixed.copy()
        positions[self._mobile, 0], positions[self._mobile, 1] = q[self._base], q[self._base + 1]
        offset = positions[first] - positions[second]
        apart = np.sqrt(np.einsum("ij,ij->i", offset, offset)) - within
        moved = np.abs(q[self._joints] - self._posture) * self._levers
        drift = np.add.reduceat(moved, self._starts)
        bound = np.minimum(self._whole + drift, self.reach) + carried
        near = np.flatnonzero(apart < bound[first] + bound[second])
        return [(self.robots[first[k]], self.robots[second[k]]) for k in near]

    def was_empty(self, robot_id: str) -> bool:
        """Whether a robot's hands were empty when its extent was measured."""
        known = self.extents.get(robot_id)
        return known is None or not any(known.held)

    def drift(self, robot_id: str, state: RobotState) -> float:
        """By how much an extent may have changed since it was measured [m]."""
        known = self.extents.get(robot_id)
        if known is None or known.held != tuple(state.held.values()):
            return math.inf
        levers = sphere_model(state.static.model).levers
        if any(known.held):
            levers = levers + LOAD
        return float(np.abs(state.joint_positions - known.posture) @ levers)

    def note(self, robot_id: str, extent: Extent) -> None:
        """Keep what was measured."""
        k = self.robots.index(robot_id)
        self.extents[robot_id] = extent
        self._posture[self._starts[k] : self._ends[k]] = extent.posture
        self._whole[k] = extent.whole

    def state(self) -> Any:
        """For the state hash."""
        return [(r, e.whole, e.body, e.posture) for r, e in self.extents.items()]


class SafetyScene:
    """The robots of a frame. What is costly is worked out only for those that are asked about.

    Args:
        response: The last one.
        roster: The robots to look at.
    """

    def __init__(self, response: Response, roster: Roster) -> None:
        self.robots, self._response, self._roster = roster.robots, response, roster
        self.states: dict[str, RobotState] = {r: response.robots[r] for r in roster.robots}
        self._circles: dict[str, Circle] = {}
        self._placed: dict[str, PlacedSpheres] = {}

    def neighbours(self, within: float) -> list[tuple[str, str]]:
        """Pairs of robots whose circles are nearer than that [m], in order."""
        carried = [
            0.0 if self._roster.was_empty(r) and not any(s.held.values()) else LOAD
            for r, s in self.states.items()
        ]
        return [
            (a, b)
            for a, b in self._roster.neighbours(self._response.state.q, np.array(carried), within)
            if float(np.hypot(*(self.circle(a).position - self.circle(b).position))) - within
            < self.extent(a).whole + self.extent(b).whole
        ]

    def capacity(self, robot_id: str) -> float:
        """What a robot's base can accelerate by in every direction [m/s²]; 0 where it is fixed."""
        return self._roster.capacities[robot_id]

    def circle(self, robot_id: str) -> Circle:
        """A robot on the floor."""
        if robot_id not in self._circles:
            self._circles[robot_id] = _circle(self.states[robot_id])
        return self._circles[robot_id]

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
        state = self.states[robot_id]
        if self._roster.drift(robot_id, state) > FRESH:
            placed = self.spheres(robot_id)
            away = placed.centres[:, :2] - self.circle(robot_id).position
            far = np.sqrt(np.einsum("ij,ij->i", away, away)) + placed.radii + FRESH
            held = tuple(state.held.values())
            self._roster.note(
                robot_id,
                Extent(
                    float(far.max()), float(far[placed.is_body].max()),
                    state.joint_positions.copy(), held,
                ),
            )  # fmt: skip
        return self._roster.extents[robot_id]

    def is_free(self, robot_id: str, direction: Array) -> bool:
        """Whether a robot finds no furniture and no wall close by in a direction, shape (2,)."""
        state = self.states[robot_id]
        held = [h for h in state.held.values() if h is not None]
        return (
            obstacle_ahead(self._response, state, _FURNITURE, direction, ASIDE, ignore=held) is None
        )

    def gap(self, first: str, second: str) -> float:
        """Least distance between the spheres of two robots [m]; below 0 they overlap."""
        a, b = self.spheres(first), self.spheres(second)
        offset = a.centres[:, None] - b.centres
        apart = np.sqrt(np.einsum("ijk,ijk->ij", offset, offset))
        return float((apart - a.radii[:, None] - b.radii).min())


def _capacity(static: RobotStatic, bounds: Bounds | None) -> float:
    if not static.model.mobile:
        return 0.0
    drives = static.model.drives["base"].acceleration
    if bounds is None:
        return drives
    return min(drives, bounds.cartesian_accel_capacity, bounds.action_linf_component)


def _circle(state: RobotState) -> Circle:
    if not state.static.model.mobile:
        return Circle(state.static.mount.p[:2], np.zeros(2), state.base_yaw)
    yaw = float(state.q[2])
    forward, left = state.target_velocity[:2].tolist()
    c, s = math.cos(yaw), math.sin(yaw)
    return Circle(state.q[:2], np.array([c * forward - s * left, s * forward + c * left]), yaw)
