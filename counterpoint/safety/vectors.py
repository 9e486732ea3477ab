"""Algebra of stacked vectors, without the overhead of NumPy's general functions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.pose import Array

COINCIDENT = 1e-9
"""Points nearer than this are parted along x [m]."""


def below(
    value: Array, activation: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Where values, shape (s, k), are below a distance: in the flat array, by row, by column.

    A value that is no number is not found to be above, so that it is kept, and found later.
    """
    near = (~(value >= activation)).ravel().nonzero()[0]
    row, column = np.divmod(near, value.shape[1])
    return near, row, column


def units(offset: Array, span: Array) -> Array:
    """Unit vectors along `offset`, of lengths `span`; x where that is 0."""
    unit: Array = offset / np.maximum(span, COINCIDENT)[..., None]
    at_zero = span < COINCIDENT
    if at_zero.any():
        unit[at_zero] = np.eye(1, offset.shape[-1])
    return unit


def norm(vectors: Array) -> Array:
    """Lengths along the last axis."""
    out: Array = np.sqrt(np.vecdot(vectors, vectors))
    return out


def dot(a: Array, b: Array) -> Array:
    """Inner products along the last axis."""
    out: Array = np.vecdot(a, b)
    return out


def along(normal: Array, jacobian: Array) -> Array:
    """Rows `normal · J`, shape (m, n), of unit vectors (m, 3) and Jacobians (m, 3, n)."""
    out: Array = np.einsum("mk,mkn->mn", normal, jacobian)
    return out


def cross(a: Array, b: Array) -> Array:
    """Cross products of rows, shape (m, 3): `numpy.cross` without its overhead."""
    a, b = np.concatenate((a, a[:, :2]), axis=1), np.concatenate((b, b[:, :2]), axis=1)
    out: Array = a[:, 1:4] * b[:, 2:5] - a[:, 2:5] * b[:, 1:4]
    return out
