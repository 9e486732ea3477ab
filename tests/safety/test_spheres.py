from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull
from serial_arm import SerialArm

from counterpoint.core.errors import SafetyInputError
from counterpoint.safety.arm_geometry import ArmGeometry, JointAxes
from counterpoint.safety.spheres import (
    LinkSpheres,
    cover_hulls,
    enclosing_ball,
)


def hull(seed: int, count: int = 40, size: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """A random convex hull, three times as long as wide."""
    points = np.random.default_rng(seed).normal(size=(count, 3)) * (size, size, 3 * size)
    shape = ConvexHull(points)
    return points, shape.simplices


def on_surface(
    vertices: np.ndarray, triangles: np.ndarray, rng: np.random.Generator, count: int = 4000
) -> np.ndarray:
    """Points drawn from triangles, that no cover was made from."""
    chosen = vertices[triangles[rng.integers(len(triangles), size=count)]]
    weights = rng.dirichlet(np.ones(3), count)
    return np.einsum("pk,pkj->pj", weights, chosen)


def uncovered(points: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> float:
    """How far the worst point is outside the union of the spheres."""
    return float((np.linalg.norm(points[:, None] - centres, axis=2) - radii).min(axis=1).max())


@given(st.integers(0, 1000), st.integers(1, 60))
def test_the_enclosing_ball_holds_every_point_and_is_next_to_the_smallest(seed, count):
    points = np.random.default_rng(seed).normal(size=(count, 3))
    centre, radius = enclosing_ball(points)
    assert (np.linalg.norm(points - centre, axis=1) <= radius * (1 + 1e-12)).all()
    diameter = np.linalg.norm(points[:, None] - points, axis=2).max()
    # No ball is smaller than half the diameter, nor larger than Jung's theorem says.
    assert radius <= 1.07 * math.sqrt(3 / 8) * diameter + 1e-12


def test_a_ball_about_a_sphere_is_that_sphere():
    directions = np.random.default_rng(0).normal(size=(500, 3))
    points = directions / np.linalg.norm(directions, axis=1, keepdims=True) + (1.0, 2.0, 3.0)
    centre, radius = enclosing_ball(points)
    assert centre == pytest.approx([1.0, 2.0, 3.0], abs=0.02)
    assert radius == pytest.approx(1.0, rel=0.02)


@settings(max_examples=25)
@given(st.integers(0, 1000), st.integers(1, 12))
def test_spheres_hold_the_whole_surface_of_a_hull(seed, count):
    vertices, triangles = hull(seed)
    cover = cover_hulls([[vertices]], count)
    fresh = on_surface(vertices, triangles, np.random.default_rng(seed))
    assert uncovered(fresh, cover.offsets, cover.radii) <= 1e-9
    assert uncovered(vertices, cover.offsets, cover.radii) <= 1e-9
    assert len(cover.radii) == count


def test_several_parts_of_a_link_are_held_together():
    first, second = hull(1)[0], hull(2)[0] + (0.5, 0.0, 0.0)
    cover = cover_hulls([[first, second]], 6)
    points = np.concatenate([first, second])
    assert uncovered(points, cover.offsets, cover.radii) <= 1e-9


def test_more_spheres_are_smaller_ones():
    vertices, _ = hull(3)
    largest = [cover_hulls([[vertices]], count).radii.max() for count in (1, 2, 4, 8)]
    assert largest[0] > largest[1] > largest[2] > largest[3]
    assert largest[3] < 0.6 * largest[0]


def test_equal_hulls_give_equal_spheres():
    vertices, _ = hull(4)
    first, second = (cover_hulls([[vertices], [vertices[::2]]], 7) for _ in range(2))
    assert first.offsets.tobytes() == second.offsets.tobytes()
    assert first.radii.tobytes() == second.radii.tobytes()


def test_the_next_sphere_goes_to_the_link_that_needs_it_most():
    small, large = hull(5, size=0.02)[0], hull(6, size=0.2)[0]
    cover = cover_hulls([[small], [], [large]], 5)
    assert cover.links.tolist() == [0, 2, 2, 2, 2]


def test_a_robot_without_bodies_has_no_spheres():
    cover = cover_hulls([[], []], 0)
    assert cover.offsets.shape == (0, 3)


@pytest.mark.parametrize(
    ("hulls", "total", "why"),
    [
        ([[np.zeros((2, 3))]] * 3, 2, "need as many"),
        ([[np.full((2, 3), math.nan)]], 2, "finite"),
        ([[np.diag([1.0, 1.0, 0.0])]], 2, "no volume"),
    ],
)
def test_covers_that_cannot_be_made_are_refused(hulls, total, why):
    with pytest.raises(SafetyInputError, match=why):
        cover_hulls(hulls, total)


@pytest.mark.parametrize("seed", range(10))
def test_jacobians_of_spheres_and_tool_agree_with_finite_differences(seed):
    rng = np.random.default_rng(seed)
    arm = SerialArm(rng, joints=5 + seed % 3, sliding=(1, 3) if seed % 2 else ())
    q = rng.uniform(-2.0, 2.0, arm.size)
    state = arm.state(q)
    for k in range(arm.size):
        step = 1e-6 * np.eye(arm.size)[k]
        up, down = arm.state(q + step), arm.state(q - step)
        moved = (up.centres - down.centres) / 2e-6
        assert state.jacobian[:, :, k] == pytest.approx(moved, abs=1e-8)
        assert state.tool_jacobian[:3, k] == pytest.approx(
            (up.tool_position - down.tool_position) / 2e-6, abs=1e-8
        )
        turned = arm.links(q + step)[0][-1] @ arm.links(q - step)[0][-1].T
        spin = np.array([turned[2, 1] - turned[1, 2], turned[0, 2] - turned[2, 0],
                         turned[1, 0] - turned[0, 1]]) / 4e-6  # fmt: skip
        assert state.tool_jacobian[3:, k] == pytest.approx(spin, abs=1e-8)


def test_geometry_of_mismatched_shapes_is_refused():
    spheres = LinkSpheres(np.array([0]), np.zeros((1, 3)), np.ones(1))
    axes = JointAxes(
        np.array([1]), np.array([[0.0, 0.0, 1.0]]), np.array([False]), np.array([[False], [True]])
    )
    with pytest.raises(SafetyInputError, match="tool_offset"):
        ArmGeometry(spheres, axes, tool_link=1, tool_offset=np.zeros(2))
    with pytest.raises(SafetyInputError, match="joints"):
        ArmGeometry(
            spheres, JointAxes(axes.links, axes.axes, axes.sliding, axes.moves[:, :0]),
            tool_link=1, tool_offset=np.zeros(3),
        )  # fmt: skip
