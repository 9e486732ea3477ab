"""Random postures of arms, kept where nothing overlaps: they never ask the actions' own solver."""

from __future__ import annotations

from collections import Counter
from functools import cached_property, lru_cache
from itertools import combinations, product

import numpy as np
from scipy.spatial import cKDTree

from counterpoint import Arm, derive_substream
from counterpoint.core.pose import Array
from counterpoint.robots import get_model
from counterpoint.robots.description import load_description
from counterpoint.robots.forward_kinematics import joint_links
from counterpoint.robots.kinematics import kinematics_of
from counterpoint.simulation.hulls import robot_hulls
from counterpoint.simulation.overlap import overlaps

HANDS = 30_000
TOUCHING = 0.002  # m: overlaps that are less deep are resting contacts


class Postures:
    """Joint states of one arm, uniform within its limits; all other joints at rest.

    A draw is kept where no link of the arm is below the floor or overlaps another link of the
    robot. Pairs that a draw cannot part are left out: neighbours along the arm, links that move
    as one, and pairs whose hulls overlap in the rest posture.

    Args:
        model: The robot model.
        arm: The arm.

    Attributes:
        limits: Lower and upper limits of the arm's joints, shape (2, n) [rad].
    """

    def __init__(self, model: str, arm: Arm) -> None:
        robot = get_model(model)
        self.arm = arm
        self.kinematics = kinematics_of(robot)
        self._hulls = dict(robot_hulls(robot))
        self._track = self.kinematics.track_indices(robot.arm_track(arm))
        low, high = self.kinematics.lower[self._track], self.kinematics.upper[self._track]
        self.limits = np.maximum(low, -np.pi), np.minimum(high, np.pi)
        body_of, links_of = load_description(robot).body_of, joint_links(robot)
        joints = robot.tracks[robot.arm_track(arm)]
        # How far along the arm each link is: what carries it is 0; fingers move with the hand.
        along = {body_of[links_of[joints[0]][0]][0]: 0}
        along |= {body_of[links_of[j][1]][0]: i for i, j in enumerate(joints, start=1)}
        for joint in robot.grippers[arm].joints if arm in robot.grippers else ():
            along[body_of[links_of[joint][1]][0]] = len(joints)
        solid = [n for n, parts in self._hulls.items() if parts]
        self._moved = [n for n in solid if along.get(n, 0) > 0]
        rest = [n for n in solid if n not in self._moved]
        at_rest = self._at_rest = self._points(np.array(self.kinematics.home))
        self.pairs = [
            (a, b)
            for a, b in (*product(self._moved, rest), *combinations(self._moved, 2))
            if (b not in along or abs(along[a] - along[b]) > 1)
            and not _overlap(at_rest[a], at_rest[b])
        ]

    def draw(self, rng: np.random.Generator, rejected: Counter[str]) -> tuple[Array, Array]:
        """A joint vector, shape (n,), and where the hand is then with the robot at the origin.

        Args:
            rng: Draws it.
            rejected: Counts what was thrown away, by reason.
        """
        while True:
            q = self.any(rng)
            points = self._points(q)
            if min(float(p[:, 2].min()) for n in self._moved for p in points[n]) < 0.0:
                rejected["below the floor"] += 1
            elif any(_overlap(points[a], points[b]) for a, b in self.pairs):
                rejected["links overlap"] += 1
            else:
                return q, self.kinematics.tool_pose(q, self.arm).p

    def clear_of(self, other: Postures, q: Array) -> bool:
        """Whether this arm and another overlap nowhere in joint vector `q`, shape (n,)."""
        points = self._points(q)
        pairs = product(self._moved, other._moved)
        return not any(_overlap(points[a], points[b]) for a, b in pairs)

    def any(self, rng: np.random.Generator) -> Array:
        """A joint vector, shape (n,), wherever the links are then."""
        q = np.array(self.kinematics.home)
        q[self._track] = rng.uniform(*self.limits)
        return q

    @cached_property
    def hands(self) -> cKDTree:
        """Where the hand is in many postures: what it can get to, whatever a solver says."""
        rng = derive_substream(f"hands {self.kinematics.model.name} {self.arm}").default_rng()
        hands = [self.kinematics.tool_pose(self.any(rng), self.arm).p for _ in range(HANDS)]
        return cKDTree(np.array(hands))

    @cached_property
    def furthest(self) -> float:
        """How far the hand gets from the shoulder [m]."""
        return float(np.linalg.norm(self.hands.data - self.shoulder(), axis=1).max())

    def clear_at_rest(self, point: Array) -> float:
        """Room between a point, shape (3,) [m], and the robot's links at rest, at least [m].

        Measured to the boxes around the links' parts, in world axes.
        """
        return min(
            float(np.linalg.norm(np.maximum(np.maximum(p.min(0) - point, point - p.max(0)), 0.0)))
            for parts in self._at_rest.values()
            for p in parts
        )

    def shoulder(self) -> Array:
        """Where the arm begins with the robot at rest at the origin, shape (3,) [m]."""
        return self.kinematics.shoulder_pose(np.array(self.kinematics.home), self.arm).p

    def _points(self, q: Array) -> dict[str, list[Array]]:
        links = tuple(n for n, parts in self._hulls.items() if parts)
        poses = self.kinematics.link_poses(q, links)
        return {
            link: [pose.apply(vertices) for vertices, _ in self._hulls[link]]
            for link, pose in zip(links, poses, strict=True)
        }


def _overlap(a: list[Array], b: list[Array]) -> bool:
    return any(overlaps(p, q, TOUCHING) for p in a for q in b)


@lru_cache(maxsize=32)
def postures_of(model: str, arm: Arm) -> Postures:
    """The postures of an arm, made once a process."""
    return Postures(model, arm)
