"""A robot model as spheres and joint axes: what the safety filter's inner layer sees of it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from lxml import etree

from counterpoint.robots import RobotModel
from counterpoint.robots.description import load_description
from counterpoint.robots.forward_kinematics import links_moved
from counterpoint.safety.arm_geometry import JointAxes
from counterpoint.safety.spheres import LinkSpheres, cover_links, surface_points
from counterpoint.simulation.hulls import robot_hulls

SPACING = 0.01
"""Of the surface points that a cover is made from, and so what is added to its radii [m]."""

SPHERES_A_LINK = 2
"""On average: links with larger spheres get more of them."""


@lru_cache(maxsize=32)
def robot_spheres(
    model: RobotModel, total: int | None = None, links: tuple[str, ...] | None = None
) -> LinkSpheres:
    """Spheres that hold the collision hulls of a model, links numbered as in `robot_hulls`.

    Args:
        model: The model.
        total: How many; by default two a link that has hulls.
        links: Links that matter, such as those that an arm moves; all by default.
    """
    points = []
    for name, hulls in robot_hulls(model):
        wanted = hulls if links is None or name in links else ()
        clouds = [surface_points(vertices, faces, SPACING) for vertices, faces in wanted]
        points.append(np.concatenate(clouds) if clouds else np.empty((0, 3)))
    if total is None:
        total = SPHERES_A_LINK * sum(len(cloud) > 0 for cloud in points)
    return cover_links(points, total, margin=SPACING)


@lru_cache(maxsize=32)
def robot_axes(model: RobotModel) -> JointAxes:
    """The joints of a model in its order, links numbered as in `robot_hulls`."""
    description = load_description(model)
    links = [name for name, _ in robot_hulls(model)]
    joints = {j.get("name"): j for j in etree.fromstring(description.physical).findall("joint")}
    axes = np.array(
        [[float(x) for x in joints[name].find("axis").get("xyz").split()]
         for name in description.joints]
    )  # fmt: skip
    moves = np.zeros((len(links), len(description.joints)), dtype=np.bool_)
    for k, name in enumerate(description.joints):
        moved = set(links_moved(model, (name,)))
        moves[:, k] = [link in moved for link in links]
    return JointAxes(
        links=np.array(
            [links.index(joints[name].find("child").get("link")) for name in description.joints]
        ),
        axes=axes / np.linalg.norm(axes, axis=1, keepdims=True),
        sliding=description.sliding,
        moves=moves,
    )
