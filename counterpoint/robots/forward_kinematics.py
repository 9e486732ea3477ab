"""Forward kinematics and Jacobians of a robot model, by SAPIEN's Pinocchio model.

Joint vectors `q` have one entry a moving joint, in the order of `ForwardKinematics.joints` (base
first), and poses are in the frame that the description is mounted in: the world, moved by the
robot's mounting pose.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from lxml import etree
from numpy.typing import NDArray

from counterpoint.core.arm import Arm
from counterpoint.core.pose import Array, Pose
from counterpoint.robots.description import load_description, tool_link
from counterpoint.robots.model import BASE_JOINTS, RobotModel


class ForwardKinematics:
    """Where a model's links and tools are. Shared by all its robots: it keeps no state.

    Attributes:
        joints: Moving joints, base first.
        lower: Lowest position of each, shape (n,) [m or rad].
        upper: Highest position.
        home: Rest position, shape (n,).
    """

    def __init__(self, model: RobotModel) -> None:
        from counterpoint.robots.sapien_quietly import PinocchioModel  # slow: only when needed

        description = load_description(model)
        self.model = model
        self.joints = description.joints
        self.index = {name: i for i, name in enumerate(self.joints)}
        self.lower, self.upper = description.lower, description.upper
        self.home = np.array([model.home.get(j, 0.0) for j in self.joints])
        self.home = np.clip(self.home, self.lower, self.upper)
        for gripper in model.grippers.values():  # grippers rest open
            for joint in gripper.drivers:
                self.home[self.index[joint]] = gripper.positions[-1]
            for joint, driver in gripper.followers.items():
                self.home[self.index[joint]] = (
                    gripper.multipliers[joint] * self.home[self.index[driver]]
                )
        self.home.setflags(write=False)
        self.base_size = len(BASE_JOINTS) if model.mobile else 0
        self._pinocchio = PinocchioModel(description.kinematic, np.zeros(3))
        self._pinocchio.set_joint_order(list(self.joints))
        links = [
            str(e.get("name")) for e in etree.fromstring(description.kinematic).findall("link")
        ]
        self._pinocchio.set_link_order(links)
        self._link = {name: i for i, name in enumerate(links)}
        self._tool = {arm: self._link[tool_link(arm.value)] for arm in model.end_effectors}
        self._lengths: dict[Arm, float] = {}

    def indices(self, joints: tuple[str, ...]) -> NDArray[np.intp]:
        """Where the named joints are in a joint vector."""
        return np.array([self.index[j] for j in joints], dtype=np.intp)

    def track_indices(self, track: str) -> NDArray[np.intp]:
        """Where a track's joints are in a joint vector; `base` is a track too."""
        if track == "base":
            return np.arange(self.base_size)
        return self.indices(self.model.tracks[track])

    def link_pose(self, q: Array, link: str) -> Pose:
        """The pose of a link."""
        self._pinocchio.compute_forward_kinematics(q)
        return self._pose(self._link[link])

    def link_poses(self, q: Array, links: tuple[str, ...]) -> list[Pose]:
        """The poses of several links."""
        self._pinocchio.compute_forward_kinematics(q)
        return [self._pose(self._link[link]) for link in links]

    def tool_pose(self, q: Array, arm: Arm) -> Pose:
        """The pose of an arm's tool frame."""
        self._pinocchio.compute_forward_kinematics(q)
        return self._pose(self._tool[arm])

    def tool_jacobian(self, q: Array, arm: Arm) -> Array:
        """The tool's velocity per joint velocity in its own frame, linear first, shape (6, n)."""
        jacobian: Array = self._pinocchio.compute_single_link_local_jacobian(q, self._tool[arm])
        return jacobian

    def _pose(self, link: int) -> Pose:
        pose: Any = self._pinocchio.get_link_pose(link)
        return Pose(pose.p.astype(np.float64), pose.q.astype(np.float64))

    def shoulder_pose(self, q: Array, arm: Arm) -> Pose:
        """The pose of the link that the arm's first joint moves."""
        return self.link_pose(q, self._track_links(arm)[0])

    def arm_length(self, arm: Arm) -> float:
        """The length of an arm stretched joint by joint, from its first joint to the tool [m]."""
        if arm not in self._lengths:
            poses = self.link_poses(self.home, self._track_links(arm))
            points = [p.p for p in poses] + [self.tool_pose(self.home, arm).p]
            steps = pairwise(points)
            self._lengths[arm] = float(sum(np.linalg.norm(b - a) for a, b in steps))
        return self._lengths[arm]

    def _track_links(self, arm: Arm) -> tuple[str, ...]:
        return _child_links(self.model, self.model.tracks[self.model.arm_track(arm)])

    def _arm_base(self, q: Array) -> Pose:
        """The body that the arms hang on, whatever the arms do."""
        return self.link_pose(q, _arm_parent(self.model))


@lru_cache(maxsize=32)
def joint_links(model: RobotModel) -> dict[str, tuple[str, str]]:
    """Joint → its parent and its child link."""
    root = etree.fromstring(load_description(model).kinematic)
    return {
        str(j.get("name")): (str(j.find("parent").get("link")), str(j.find("child").get("link")))
        for j in root.findall("joint")
    }


@lru_cache(maxsize=64)
def links_moved(model: RobotModel, joints: tuple[str, ...]) -> tuple[str, ...]:
    """Every link that some of the joints move, nearest to the root first."""
    moved: dict[str, None] = {}
    links = joint_links(model)
    before = -1
    while len(moved) != before:  # descriptions list joints in any order
        before = len(moved)
        for joint, (parent, child) in links.items():
            if joint in joints or parent in moved:
                moved[child] = None
    return tuple(moved)


def _child_links(model: RobotModel, joints: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(joint_links(model)[j][1] for j in joints)


def _arm_parent(model: RobotModel) -> str:
    first = model.tracks[model.arm_track(model.arms[0])][0]
    return joint_links(model)[first][0]
