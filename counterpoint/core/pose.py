"""Rigid transforms: positions in metres, unit quaternions as wxyz, right-handed, z up."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Scalar = TypeVar("Scalar", bound=np.generic)


class Pose(NamedTuple):
    """A rigid transform, as `parent_from_child`.

    Attributes:
        p: Position, shape (3,) [m].
        q: Unit quaternion wxyz, shape (4,).
    """

    p: Array
    q: Array

    @classmethod
    def of(cls, p: ArrayLike = (0.0, 0.0, 0.0), q: ArrayLike = (1.0, 0.0, 0.0, 0.0)) -> Pose:
        """A pose from anything array-like."""
        return cls(np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64))

    @classmethod
    def from_matrix(cls, matrix: Array) -> Pose:
        """A pose from a homogeneous matrix, shape (4, 4)."""
        return cls(matrix[:3, 3].copy(), quaternion_from_matrix(matrix[:3, :3]))

    def matrix(self) -> Array:
        """The homogeneous matrix, shape (4, 4)."""
        out = np.eye(4)
        out[:3, :3] = matrix_from_quaternion(self.q)
        out[:3, 3] = self.p
        return out

    def __matmul__(self, other: Pose) -> Pose:
        """Composition: `a_from_b @ b_from_c` is `a_from_c`."""
        return Pose(self.p + rotate(self.q, other.p), multiply(self.q, other.q))

    def inverse(self) -> Pose:
        """The transform the other way round."""
        q = conjugate(self.q)
        return Pose(-rotate(q, self.p), q)

    def apply(self, points: ArrayLike) -> Array:
        """Points of the child frame in the parent frame, shape (..., 3)."""
        return np.asarray(points, dtype=np.float64) @ matrix_from_quaternion(self.q).T + self.p


def identity() -> Pose:
    """The pose that changes nothing."""
    return Pose(np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0]))


def conjugate(q: ArrayLike) -> Array:
    """The inverse of a unit quaternion, shape (4,)."""
    w, x, y, z = (float(v) for v in np.asarray(q))
    return np.array([w, -x, -y, -z])


def multiply(a: ArrayLike, b: ArrayLike) -> Array:
    """The Hamilton product of two quaternions, each shape (4,)."""
    aw, ax, ay, az = np.asarray(a, dtype=np.float64).tolist()
    bw, bx, by, bz = np.asarray(b, dtype=np.float64).tolist()
    return np.array(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ]
    )


def rotate(q: ArrayLike, v: ArrayLike) -> Array:
    """The vector `v`, shape (3,), rotated by the unit quaternion `q`."""
    w, x, y, z = np.asarray(q, dtype=np.float64).tolist()
    a, b, c = np.asarray(v, dtype=np.float64).tolist()
    tx, ty, tz = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
    return np.array(
        [a + w * tx + y * tz - z * ty, b + w * ty + z * tx - x * tz, c + w * tz + x * ty - y * tx]
    )


def matrix_from_quaternion(q: ArrayLike) -> Array:
    """The rotation matrix of a unit quaternion, shape (3, 3)."""
    w, x, y, z = np.asarray(q, dtype=np.float64).tolist()
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def matrices_from_quaternions(quaternions: Array) -> Array:
    """Rotation matrices of unit quaternions wxyz, shape (n, 4), as (n, 3, 3)."""
    w, x, y, z = quaternions.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    out: Array = np.moveaxis(np.array(rows), -1, 0)
    return out


def quaternion_from_matrix(matrix: ArrayLike) -> Array:
    """The unit quaternion (w ≥ 0) of a rotation matrix (Shepperd 1978: the largest term)."""
    m = np.asarray(matrix, dtype=np.float64)
    trace = float(np.trace(m))
    terms = [trace, float(m[0, 0]), float(m[1, 1]), float(m[2, 2])]
    k = int(np.argmax(terms))
    if k == 0:
        q = np.array([1 + trace, m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])
    else:
        i, j, n = k - 1, k % 3, (k + 1) % 3
        q = np.empty(4)
        q[0] = m[n, j] - m[j, n]
        q[1 + i] = 1 + m[i, i] - m[j, j] - m[n, n]
        q[1 + j] = m[j, i] + m[i, j]
        q[1 + n] = m[n, i] + m[i, n]
    q /= np.linalg.norm(q)
    return q if q[0] >= 0 else -q


def quaternion_from_axis_angle(axis: ArrayLike, angle: float) -> Array:
    """The rotation by `angle` [rad] about the unit vector `axis`, shape (3,)."""
    x, y, z = np.asarray(axis, dtype=np.float64).tolist()
    sine = math.sin(0.5 * angle)
    return np.array([math.cos(0.5 * angle), sine * x, sine * y, sine * z])


def quaternion_from_yaw(yaw: float) -> Array:
    """The rotation by `yaw` [rad] about z."""
    return np.array([math.cos(0.5 * yaw), 0.0, 0.0, math.sin(0.5 * yaw)])


def yaw_of(q: ArrayLike) -> float:
    """The heading [rad] of the rotated x axis in the floor plane."""
    w, x, y, z = np.asarray(q, dtype=np.float64).tolist()
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def rotation_vector(q: ArrayLike) -> Array:
    """The axis times the angle (at most pi) of a unit quaternion, shape (3,) [rad]."""
    unit: Array = np.asarray(q, dtype=np.float64)
    if unit[0] < 0:
        unit = -unit
    sine = float(np.linalg.norm(unit[1:]))
    if sine < 1e-12:
        return 2.0 * unit[1:]
    return unit[1:] * (2.0 * math.atan2(sine, float(unit[0])) / sine)


def quaternion_from_frame(x: ArrayLike, z: ArrayLike) -> Array:
    """The rotation whose z axis is `z`, and whose x axis is as near to `x` as that allows."""
    third: Array = np.asarray(z, dtype=np.float64)
    third = third / np.linalg.norm(third)
    first: Array = np.asarray(x, dtype=np.float64)
    first = first - third * float(first @ third)
    first = first / np.linalg.norm(first)
    return quaternion_from_matrix(np.column_stack([first, np.cross(third, first), third]))


def wrap_angle(angle: float) -> float:
    """`angle` [rad] in (-pi, pi]."""
    return math.pi - (math.pi - angle) % (2 * math.pi)


def read_only(array: NDArray[Scalar]) -> NDArray[Scalar]:
    """The same array, no longer writable."""
    array.setflags(write=False)
    return array
