"""A robot model as spheres and joint axes: what the safety filter's inner layer sees of it."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from lxml import etree

from counterpoint.robots import RobotModel
from counterpoint.robots.description import load_description
from counterpoint.robots.forward_kinematics import joint_links, links_moved
from counterpoint.safety.arm_geometry import JointAxes
from counterpoint.safety.spheres import LinkSpheres, cover_hulls
from counterpoint.simulation.hulls import robot_hulls

SPHERES_A_LINK = 2
"""On average: links with larger spheres get more of them."""


@lru_cache(maxsize=32)
def sphere_links(model: RobotModel) -> tuple[str, ...]:
    """The links that spheres and axes are numbered by: those with a body, or that a joint moves."""
    ends = joint_links(model)
    bodies = [link for link, hulls in robot_hulls(model) if hulls]
    return tuple(dict.fromkeys([*bodies, *(ends[j][1] for j in load_description(model).joints)]))


@lru_cache(maxsize=32)
def robot_spheres(model: RobotModel, total: int | None = None) -> LinkSpheres:
    """Spheres that hold the collision hulls of a model, links numbered as in `sphere_links`.

    Args:
        model: The model.
        total: How many; by default two a link that has hulls.
    """
    hulls = dict(robot_hulls(model))
    parts = [[vertices for vertices, _ in hulls.get(link, ())] for link in sphere_links(model)]
    if total is None:
        total = math.ceil(SPHERES_A_LINK * sum(bool(p) for p in parts))
    return cover_hulls(parts, total)


@lru_cache(maxsize=32)
def robot_axes(model: RobotModel) -> JointAxes:
    """The joints of a model in its order, links numbered as in `sphere_links`."""
    description = load_description(model)
    joints, links = description.joints, sphere_links(model)
    where = {link: k for k, link in enumerate(links)}
    elements = {
        str(j.get("name")): j for j in etree.fromstring(description.kinematic).findall("joint")
    }
    axes = np.zeros((len(joints), 3))
    moves = np.zeros((len(links), len(joints)), dtype=np.bool_)
    for k, name in enumerate(joints):
        axis = elements[name].find("axis")
        axes[k] = [float(x) for x in ("1 0 0" if axis is None else axis.get("xyz")).split()]
        moves[[where[m] for m in links_moved(model, (name,)) if m in where], k] = True
    ends = joint_links(model)
    return JointAxes(
        links=np.array([where[ends[name][1]] for name in joints], dtype=np.intp),
        axes=axes / np.linalg.norm(axes, axis=1, keepdims=True),
        sliding=description.sliding,
        moves=moves,
    )
