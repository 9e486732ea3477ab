"""Rigid transforms: the axioms of their group, and the ways in and out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from counterpoint.core.pose import (
    Array,
    Pose,
    conjugate,
    identity,
    matrix_from_quaternion,
    multiply,
    quaternion_from_axis_angle,
    quaternion_from_frame,
    quaternion_from_matrix,
    quaternion_from_yaw,
    read_only,
    rotate,
    rotation_vector,
    wrap_angle,
    yaw_of,
)

METRES = st.floats(-100, 100)
ANGLES = st.floats(-50, 50)
POINTS = st.tuples(METRES, METRES, METRES).map(np.array)


@st.composite
def quaternions(draw: st.DrawFn) -> Array:
    q = np.array(draw(st.tuples(*[st.floats(-1, 1)] * 4)))
    norm = float(np.linalg.norm(q))
    assume(norm > 1e-3)
    return q / norm


@st.composite
def directions(draw: st.DrawFn) -> Array:
    v = np.array(draw(st.tuples(*[st.floats(-1, 1)] * 3)))
    norm = float(np.linalg.norm(v))
    assume(norm > 1e-3)
    return v / norm


POSES = st.builds(Pose, POINTS, quaternions())


def assert_same(a: Pose, b: Pose, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(a.matrix(), b.matrix(), atol=tolerance)


@given(POSES, POSES, POSES)
def test_composition_is_associative(a: Pose, b: Pose, c: Pose) -> None:
    assert_same((a @ b) @ c, a @ (b @ c))


@given(POSES)
def test_the_identity_changes_nothing(a: Pose) -> None:
    assert_same(a @ identity(), a)
    assert_same(identity() @ a, a)


@given(POSES)
def test_a_pose_and_its_inverse_cancel(a: Pose) -> None:
    assert_same(a @ a.inverse(), identity())
    assert_same(a.inverse() @ a, identity())


@given(POSES, POSES)
def test_the_inverse_of_a_product_is_the_product_of_inverses_backwards(a: Pose, b: Pose) -> None:
    assert_same((a @ b).inverse(), b.inverse() @ a.inverse())


@given(POSES, POSES)
def test_composition_is_the_product_of_the_matrices(a: Pose, b: Pose) -> None:
    np.testing.assert_allclose((a @ b).matrix(), a.matrix() @ b.matrix(), atol=1e-9)


@given(POSES, POINTS)
def test_applying_a_pose_is_its_matrix_times_the_point(a: Pose, point: Array) -> None:
    expected = (a.matrix() @ [*point, 1.0])[:3]
    np.testing.assert_allclose(a.apply(point), expected, atol=1e-9)
    np.testing.assert_allclose(rotate(a.q, point) + a.p, expected, atol=1e-9)


@given(POSES, st.lists(POINTS, min_size=1, max_size=5))
def test_a_pose_keeps_distances(a: Pose, points: list[Array]) -> None:
    moved = a.apply(np.array(points))
    assert moved.shape == (len(points), 3)
    np.testing.assert_allclose(
        np.linalg.norm(moved - moved[0], axis=1),
        np.linalg.norm(np.array(points) - points[0], axis=1),
        atol=1e-9,
    )


@given(POSES)
def test_a_pose_survives_the_way_through_its_matrix(a: Pose) -> None:
    back = Pose.from_matrix(a.matrix())
    np.testing.assert_allclose(back.p, a.p)
    np.testing.assert_allclose(back.q if back.q @ a.q > 0 else -back.q, a.q, atol=1e-9)


@given(quaternions())
def test_the_matrix_of_a_quaternion_is_a_rotation(q: Array) -> None:
    m = matrix_from_quaternion(q)
    np.testing.assert_allclose(m @ m.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(m) == pytest.approx(1.0)


@given(quaternions())
def test_the_quaternion_of_a_matrix_is_finite_of_length_one_and_has_w_not_negative(
    q: Array,
) -> None:
    back = quaternion_from_matrix(matrix_from_quaternion(q))
    assert np.isfinite(back).all()
    assert np.linalg.norm(back) == pytest.approx(1.0)
    assert back[0] >= 0


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.6, 0, 0.8), (-0.6, 0.8, 0)])
@pytest.mark.parametrize("angle", [math.pi, -math.pi, math.pi - 1e-9, 1e-12])
def test_half_turns_and_tiny_turns_survive_the_way_through_the_matrix(
    axis: tuple[float, ...], angle: float
) -> None:
    m = matrix_from_quaternion(quaternion_from_axis_angle(axis, angle))
    np.testing.assert_allclose(matrix_from_quaternion(quaternion_from_matrix(m)), m, atol=1e-8)


@given(quaternions(), quaternions())
def test_conjugation_inverts_and_reverses_products(a: Array, b: Array) -> None:
    np.testing.assert_allclose(multiply(a, conjugate(a)), [1, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(
        conjugate(multiply(a, b)), multiply(conjugate(b), conjugate(a)), atol=1e-12
    )


@given(quaternions(), POINTS)
def test_a_quaternion_and_its_negative_rotate_alike(q: Array, v: Array) -> None:
    np.testing.assert_allclose(rotate(q, v), rotate(-q, v), atol=1e-9)


@given(directions(), st.floats(1e-6, math.pi - 1e-6))
def test_the_rotation_vector_is_the_axis_times_the_angle(axis: Array, angle: float) -> None:
    q = quaternion_from_axis_angle(axis, angle)
    np.testing.assert_allclose(rotation_vector(q), axis * angle, atol=1e-7)
    np.testing.assert_allclose(rotation_vector(-q), axis * angle, atol=1e-7)


@given(quaternions())
def test_the_rotation_vector_is_at_most_half_a_turn(q: Array) -> None:
    v = rotation_vector(q)
    assert np.isfinite(v).all()
    assert np.linalg.norm(v) <= math.pi + 1e-9


@given(ANGLES)
def test_wrapping_keeps_the_direction_and_lands_in_one_turn(angle: float) -> None:
    wrapped = wrap_angle(angle)
    assert -math.pi < wrapped <= math.pi
    assert math.cos(wrapped) == pytest.approx(math.cos(angle), abs=1e-9)
    assert math.sin(wrapped) == pytest.approx(math.sin(angle), abs=1e-9)


@given(st.floats(-3.14, 3.14))
def test_yaw_survives_the_way_through_its_quaternion(yaw: float) -> None:
    assert yaw_of(quaternion_from_yaw(yaw)) == pytest.approx(yaw, abs=1e-9)


@given(directions(), directions())
def test_a_frame_has_the_z_axis_that_was_asked_for(x: Array, z: Array) -> None:
    assume(np.linalg.norm(np.cross(x, z)) > 1e-2)
    m = matrix_from_quaternion(quaternion_from_frame(x, z))
    np.testing.assert_allclose(m[:, 2], z, atol=1e-9)
    assert m[:, 0] @ x > 0


def test_a_pose_takes_anything_array_like() -> None:
    pose = Pose.of([1, 2, 3], (1, 0, 0, 0))
    assert pose.p.dtype == pose.q.dtype == np.float64


def test_a_read_only_array_refuses_writing() -> None:
    array = read_only(np.zeros(3))
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1.0
