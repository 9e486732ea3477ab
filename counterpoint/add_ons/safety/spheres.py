"""A robot's body as spheres, and how its driven joints move them: what the safety monitor sees."""

from __future__ import annotations

import math
from functools import cache, lru_cache

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from counterpoint.core.arm import Arm
from counterpoint.core.pose import Array, matrix_from_quaternion
from counterpoint.robots import RobotModel
from counterpoint.robots.description import load_description
from counterpoint.robots.forward_kinematics import joint_links, links_moved
from counterpoint.robots.model import BASE_JOINTS
from counterpoint.safety.spheres import LinkSpheres
from counterpoint.simulation.collision_spheres import robot_axes, robot_spheres, sphere_links
from counterpoint.simulation.response import RobotState, RobotStatic

LEAST_LEVER = 1e-6
"""Of joints that move no sphere [m]."""


class SphereModel:
    """The spheres that cover a model, and the joints that move them. Shared by all its robots.

    Attributes:
        model: The model.
        cover: The spheres, fixed to `links`.
        links: Links with a body, then those that joints move.
        reach: No sphere's far side is further from the base's axis than this, in any posture [m].
        levers: How far a sphere moves at most per joint, the base's apart, in the order of
            `joint_positions` [m/rad, or 1].
    """

    def __init__(self, model: RobotModel) -> None:
        self.model = model
        self.links = sphere_links(model)
        self.cover: LinkSpheres = robot_spheres(model)
        self.axes = robot_axes(model)
        arms = {j for arm in model.arms for j in model.tracks[model.arm_track(arm)]}
        moved = set(links_moved(model, tuple(arms)))
        self.is_body = np.array([self.links[k] not in moved for k in self.cover.links])
        self.reach = _reach(self)
        self.levers = _levers(self)[len(BASE_JOINTS) if model.mobile else 0 :]
        self._hands = {
            arm: self.links.index(_carrier(model, end.link, self.links))
            for arm, end in model.end_effectors.items()
        }

    def hand(self, arm: Arm) -> int:
        """Index of the link that carries an arm's hand."""
        return self._hands[arm]

    def place(self, state: RobotState) -> PlacedSpheres:
        """Where the spheres of a robot are now."""
        static = state.static
        poses = static.kinematics.link_poses(state.q, self.links)
        mount = matrix_from_quaternion(static.mount.q)
        rotations = mount @ np.array([matrix_from_quaternion(p.q) for p in poses])
        positions = np.array([p.p for p in poses]) @ mount.T + static.mount.p
        return PlacedSpheres(self, state, rotations, positions)


class PlacedSpheres:
    """A robot's spheres in one frame.

    Attributes:
        centres: Shape (s, 3) [m].
        radii: Shape (s,) [m].
        is_body: Which of them no arm moves, shape (s,).
    """

    def __init__(
        self, spheres: SphereModel, state: RobotState, rotations: Array, positions: Array
    ) -> None:
        self._spheres, self._state = spheres, state
        self._rotations, self._positions = rotations, positions
        self.centres: Array = spheres.cover.centres(rotations, positions)
        self.radii: Array = spheres.cover.radii
        self.is_body: NDArray[np.bool_] = spheres.is_body
        self._links = spheres.cover.links
        self._jacobian: Array | None = None

    def add(self, arm: Arm, centre: Array, radius: float) -> None:
        """Count something in a hand as part of the robot."""
        self.centres = np.vstack([self.centres, centre])
        self.radii = np.append(self.radii, radius)
        self.is_body = np.append(self.is_body, False)
        self._links = np.append(self._links, self._spheres.hand(arm))
        self._jacobian = None

    @property
    def jacobian(self) -> Array:
        """Velocities of the centres per entry of `DriveRobot.velocity`, shape (s, 3, n)."""
        if self._jacobian is None:
            axes = self._spheres.axes
            along = np.einsum("nij,nj->ni", self._rotations[axes.links], axes.axes)
            arms = self.centres[:, None] - self._positions[axes.links]
            turning = np.cross(along, arms)
            whole = np.where(axes.sliding[:, None], along, turning)
            whole *= axes.moves[self._links][:, :, None]
            self._jacobian = self._driven(np.ascontiguousarray(whole.transpose(0, 2, 1)))
        return self._jacobian

    @property
    def velocities(self) -> Array:
        """Of the centres, as commanded, shape (s, 3) [m/s]."""
        static = self._state.static
        out: Array = self.jacobian @ self._state.target_velocity[static.driven]
        return out

    def _driven(self, whole: Array) -> Array:
        """Columns of the driven joints, those of a mobile base in its body frame."""
        static: RobotStatic = self._state.static
        driven = whole[:, :, static.driven]
        if static.model.mobile:
            yaw = float(self._state.q[2])
            c, s = math.cos(yaw), math.sin(yaw)
            x, y = driven[:, :, 0].copy(), driven[:, :, 1].copy()
            driven[:, :, 0], driven[:, :, 1] = c * x + s * y, c * y - s * x
        return driven


@lru_cache(maxsize=32)
def sphere_model(model: RobotModel) -> SphereModel:
    """The spheres of a model, made once a process."""
    return SphereModel(model)


def _carrier(model: RobotModel, link: str, there: tuple[str, ...]) -> str:
    """The nearest link at or above `link` that is among those there."""
    parents = {child: parent for parent, child in joint_links(model).values()}
    while link not in there:
        link = parents[link]
    return link


def _levers(spheres: SphereModel) -> Array:
    """By joint, the longest way along the links from it to the middle of a sphere that it moves."""
    description, axes = load_description(spheres.model), spheres.axes
    limits = dict(zip(description.joints, description.upper.tolist(), strict=True))
    joints = etree.fromstring(description.kinematic).findall("joint")
    above = {str(j.find("child").get("link")): j for j in joints}

    @cache
    def length(link: str) -> float:
        joint = above.get(link)
        if joint is None:
            return 0.0
        origin = joint.find("origin")
        text = None if origin is None else origin.get("xyz")
        step = math.hypot(*(float(v) for v in (text or "0 0 0").split()))
        name = str(joint.get("name"))
        if joint.get("type") == "prismatic" and name not in BASE_JOINTS:
            step += abs(limits.get(name, 0.0))
        return length(str(joint.find("parent").get("link"))) + step

    offsets = np.linalg.norm(spheres.cover.offsets, axis=1)
    ends = np.array([length(spheres.links[k]) for k in spheres.cover.links]) + offsets
    out = np.zeros(len(description.joints))
    for n, link in enumerate(axes.links):
        moved = axes.moves[spheres.cover.links, n]
        out[n] = max((ends[moved] - length(spheres.links[link])).max(initial=0.0), LEAST_LEVER)
    return np.where(axes.sliding, 1.0, out)


def _reach(spheres: SphereModel) -> float:
    """A bound on how far spheres get from the base's axis: arms count as stretched links."""
    model = spheres.model
    description = load_description(model)
    root = etree.fromstring(description.kinematic)
    limits = dict(zip(description.joints, description.upper.tolist(), strict=True))
    elements = {str(e.find("child").get("link")): e for e in root.findall("joint")}
    known: dict[str, tuple[Array, float, bool]] = {}

    def far(link: str) -> tuple[Array, float, bool]:
        """Where a link is before any joint turns, what later links add, and if one has turned."""
        if link not in elements or str(elements[link].get("name")) in BASE_JOINTS:
            return np.zeros(3), 0.0, False
        if link not in known:
            joint = elements[link]
            origin = joint.find("origin")
            text = None if origin is None else origin.get("xyz")
            step = np.array([float(v) for v in (text or "0 0 0").split()])
            at, more, turned = far(str(joint.find("parent").get("link")))
            slide = 0.0
            if joint.get("type") == "prismatic":
                slide = abs(limits.get(str(joint.get("name")), 0.0))
            turns = joint.get("type") in ("revolute", "continuous")
            straight = not turned and (origin is None or origin.get("rpy") in (None, "0 0 0"))
            if straight:
                known[link] = at + step, more + slide, turns
            else:
                known[link] = at, more + float(np.linalg.norm(step)) + slide, True
        return known[link]

    best = 0.0
    for k, link in enumerate(spheres.cover.links):
        at, more, _ = far(spheres.links[link])
        offset = float(np.linalg.norm(spheres.cover.offsets[k]))
        best = max(best, float(np.hypot(*at[:2])) + more + offset + float(spheres.cover.radii[k]))
    return best
