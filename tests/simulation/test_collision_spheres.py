"""The spheres that stand for a robot in the safety filter, against its hulls and in physics."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from safety_latency_inner import ARM_JOINTS, PandaArm

from counterpoint import Controller, Robot
from counterpoint import commands as cmd
from counterpoint.core.pose import matrix_from_quaternion
from counterpoint.robots import get_model
from counterpoint.safety.barriers import Barrier, JointLimits, SelfCollision
from counterpoint.safety.joint_box import JointBox
from counterpoint.safety.obstacles import Boxes
from counterpoint.safety.oscbf import OSCBF, InnerStatus
from counterpoint.simulation.collision_spheres import robot_axes, robot_spheres, sphere_links
from counterpoint.simulation.hulls import robot_hulls
from counterpoint.simulation.response import RobotState

DT = 1 / 60
PILLAR = cmd.AddObject(
    object_id="pillar", model="box", size=(0.1, 0.1, 1.2), position=(0.45, 0.1, 0.6), static=True
)


@pytest.fixture(scope="module")
def panda() -> PandaArm:
    return PandaArm()


@pytest.mark.parametrize("model", ["panda", "xarm7", "ur5", "baxter", "tiago_pro"])
def test_the_spheres_of_a_robot_hold_its_whole_surface(model: str) -> None:
    robot = get_model(model)
    spheres = robot_spheres(robot)
    rng = np.random.default_rng(0)
    hulls_of = dict(robot_hulls(robot))
    for number, link in enumerate(sphere_links(robot)):
        hulls = hulls_of.get(link, ())
        own = spheres.links == number
        assert own.any() == bool(hulls)
        for vertices, triangles in hulls:
            corners = vertices[triangles[rng.integers(len(triangles), size=2000)]]
            points = np.einsum("pk,pkj->pj", rng.dirichlet(np.ones(3), 2000), corners)
            points = np.concatenate((points, vertices))
            offsets = np.linalg.norm(points[:, None] - spheres.offsets[own], axis=2)
            assert ((offsets - spheres.radii[own]).min(axis=1) <= 1e-9).all()


def test_about_twenty_spheres_hug_a_panda(panda: PandaArm) -> None:
    spheres = panda.spheres
    assert len(spheres.radii) == 21
    assert spheres.radii.max() < 0.12  # the thickest link is 0.18 m across


@pytest.mark.parametrize("name", ["panda", "xarm7", "tiago_pro", "baxter"])
def test_joint_axes_are_those_that_physics_turns_links_about(name: str) -> None:
    # The axes say how the links' origins move; the robot's own kinematics says where they are.
    from counterpoint.robots.kinematics import kinematics_of

    model = get_model(name)
    kinematics, axes = kinematics_of(model), robot_axes(model)
    links = sphere_links(model)
    q = np.array(kinematics.home)
    poses = kinematics.link_poses(q, links)
    rotations = np.array([matrix_from_quaternion(p.q) for p in poses])
    positions = np.array([p.p for p in poses])
    step = 1e-2  # SAPIEN's poses are in single precision
    for k in range(len(q)):
        moved = {}
        for sign in (1.0, -1.0):
            there = q.copy()
            there[k] += sign * step
            moved[sign] = np.array([p.p for p in kinematics.link_poses(there, links)])
        axis = rotations[axes.links[k]] @ axes.axes[k]
        anchor = positions[axes.links[k]]
        expected = np.where(
            axes.moves[:, k, None],
            axis if axes.sliding[k] else np.cross(axis, positions - anchor),
            0.0,
        )
        numeric = (moved[1.0] - moved[-1.0]) / (2 * step)
        assert numeric == pytest.approx(expected, abs=2e-4)


def sweep(c: Controller, panda: PandaArm, filtered: bool, frames: int = 240) -> dict[str, float]:
    """Swing a panda's first joint through a pillar, and see what touches."""
    inner = OSCBF(
        JointBox(panda.lower, panda.upper, np.full(7, 2.0), np.full(7, 10.0), dt=DT),
        task_weight=1.0,
    )
    barriers: list[Barrier] = [
        JointLimits(lower=panda.lower, upper=panda.upper),
        SelfCollision(pairs=panda.pairs, activation=0.1),
        Boxes(
            positions=np.array([PILLAR.position]), rotations=np.eye(3)[None],
            half_sizes=np.array([PILLAR.size]) / 2, margin=0.01, activation=0.3, gain=4.0,
        ),
    ]  # fmt: skip
    nominal = np.array([1.0, *[0.0] * 6])
    q_dot, touched, gap, relaxed = np.zeros(ARM_JOINTS), 0, math.inf, 0
    response = c.communicate()
    for _ in range(frames):
        robot: RobotState = response.robots["a"]
        poses = [robot.link_pose(link) for link in panda.links]
        state = panda.geometry.state(
            np.array(robot.q[:ARM_JOINTS]),
            np.array([matrix_from_quaternion(p.q) for p in poses]),
            np.array([p.p for p in poses]),
        )
        gap = min(gap, float(barriers[-1].rows(state).value.min(initial=1.0)) + 0.01)
        result = inner.filter(nominal, state, barriers, q_dot=q_dot)
        relaxed += result.status is not InnerStatus.OPTIMAL
        q_dot = result.q_dot if filtered else nominal
        response = c.communicate(cmd.DriveRobot(robot_id="a", velocity=tuple(q_dot.tolist())))
        touched += any(b.owner == "pillar" for _, b, _ in response.robots["a"].contacts)
    return {"touched": touched, "gap": gap, "relaxed": relaxed, "q0": float(robot.q[0])}


def put_aside(scene: Callable[..., Controller]) -> Controller:
    c = scene(Robot("a", model="panda"))
    c.communicate(cmd.SetJointPositions(robot_id="a", positions={"panda_joint1": -1.0}))
    c.communicate(PILLAR)
    return c


def test_a_swinging_arm_hits_a_pillar_that_it_does_not_heed(
    scene: Callable[..., Controller], panda: PandaArm
) -> None:
    run = sweep(put_aside(scene), panda, filtered=False)
    assert run["touched"] > 0


def test_a_swinging_arm_that_is_filtered_stops_short_of_a_pillar(
    scene: Callable[..., Controller], panda: PandaArm
) -> None:
    run = sweep(put_aside(scene), panda, filtered=True)
    assert run["touched"] == 0
    assert 0.0 < run["gap"] < 0.05
    assert run["relaxed"] == 0
