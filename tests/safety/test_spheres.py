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
    cover_links,
    cover_points,
    enclosing_ball,
    surface_points,
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


@pytest.mark.parametrize("spacing", [0.3, 0.05])
def test_no_surface_point_is_further_from_a_sample_than_the_spacing(spacing):
    vertices, triangles = hull(1)
    samples = surface_points(vertices, triangles, spacing)
    for point in on_surface(vertices, triangles, np.random.default_rng(2), 500):
        assert np.linalg.norm(samples - point, axis=1).min() <= spacing


@settings(max_examples=25)
@given(st.integers(0, 1000), st.integers(1, 6))
def test_spheres_hold_the_whole_surface_of_a_hull(seed, count):
    vertices, triangles = hull(seed)
    samples = surface_points(vertices, triangles, 0.03)
    cover = cover_links([samples], count, margin=0.03)
    fresh = on_surface(vertices, triangles, np.random.default_rng(seed), 2000)
    assert uncovered(fresh, cover.offsets, cover.radii) <= 0.0
    assert uncovered(vertices, cover.offsets, cover.radii) <= 0.0
    assert 1 <= len(cover.radii) <= count


def test_more_spheres_are_smaller_ones():
    samples = surface_points(*hull(3), 0.03)
    largest = [cover_points(samples, count)[1].max() for count in (1, 2, 4, 8)]
    assert largest[0] > 1.3 * largest[1] > 1.3 * largest[2] > 1.3 * largest[3] * 0.9


def test_equal_hulls_give_equal_spheres():
    samples = surface_points(*hull(4), 0.05)
    first, second = (cover_links([samples, samples[::2]], 7) for _ in range(2))
    assert first.offsets.tobytes() == second.offsets.tobytes()
    assert first.radii.tobytes() == second.radii.tobytes()


def test_the_next_sphere_goes_to_the_link_that_needs_it_most():
    small = surface_points(*hull(5, size=0.02), 0.01)
    large = surface_points(*hull(6, size=0.2), 0.05)
    cover = cover_links([small, np.empty((0, 3)), large], 5)
    assert cover.links.tolist() == [0, 2, 2, 2, 2]


def test_a_point_cloud_of_few_points_gets_no_more_spheres_than_points():
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    cover = cover_links([points], 5)
    assert len(cover.radii) == 2 and cover.radii.max() == 0.0


@pytest.mark.parametrize(
    ("clouds", "total"),
    [([np.zeros((2, 3))] * 3, 2), ([np.full((2, 3), math.nan)], 2)],
)
def test_covers_that_cannot_be_made_are_refused(clouds, total):
    with pytest.raises(SafetyInputError):
        cover_links(clouds, total)


@pytest.mark.parametrize("spacing", [0.0, -1.0, math.nan])
def test_a_spacing_that_is_none_is_refused(spacing):
    with pytest.raises(SafetyInputError):
        surface_points(*hull(0), spacing)


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
