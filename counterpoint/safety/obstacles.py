"""Barriers that keep an arm away from rigid bodies: spheres, boxes and cylinders."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import inf

import numpy as np

from counterpoint.core.pose import Array
from counterpoint.safety.barriers import ArmState, Barrier, Rows
from counterpoint.safety.vectors import along, below, cross, dot, norm, units


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Obstacles(Barrier):
    """Distance from every sphere of the robot to every one of some rigid bodies.

    A body moves with its velocity at its position, and turns about it.

    Attributes:
        positions: Centres, shape (k, 3) [m].
        velocities: Their velocities, shape (k, 3) [m/s]; None for bodies at rest.
        angular_velocities: Shape (k, 3) [rad/s]; None for bodies that do not turn.
        margin: Distance that is to remain [m].
        activation: Pairs further apart than this have no row [m].
    """

    positions: Array
    velocities: Array | None = None
    angular_velocities: Array | None = None
    margin: float = 0.0
    activation: float = inf

    @abstractmethod
    def distances(self, offset: Array) -> tuple[Array, Array]:
        """Signed distance of points to the bodies' surfaces, and its gradient.

        Args:
            offset: Points less the bodies' positions, shape (s, k, 3) [m].

        Returns:
            Distances, shape (s, k), and unit vectors away from the surfaces, shape (s, k, 3).
        """

    def rows(self, state: ArmState) -> Rows:  # noqa: D102
        offset = state.centres[:, None] - self.positions
        distance, normal = self.distances(offset)
        value = distance - (state.radii + self.margin)[:, None]
        near, sphere, body = below(value, self.activation)
        normal = normal.reshape(-1, 3).take(near, axis=0)
        drift: Array | None = None
        if self.velocities is not None:
            drift = -dot(normal, self.velocities.take(body, axis=0))
        if self.angular_velocities is not None:
            arm = offset.reshape(-1, 3).take(near, axis=0)
            turning = dot(normal, cross(self.angular_velocities.take(body, axis=0), arm))
            drift = -turning if drift is None else drift - turning
        gradient = along(normal, state.jacobian.take(sphere, axis=0))
        return Rows(value.take(near), gradient, drift)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Spheres(Obstacles):
    """Spheres: those that cover other robots, or balls.

    Attributes:
        radii: Shape (k,) [m].
    """

    radii: Array

    def distances(self, offset: Array) -> tuple[Array, Array]:  # noqa: D102
        span = norm(offset)
        return span - self.radii, units(offset, span)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Boxes(Obstacles):
    """Boxes.

    Attributes:
        rotations: World from box, shape (k, 3, 3).
        half_sizes: Shape (k, 3) [m].
    """

    rotations: Array
    half_sizes: Array

    def distances(self, offset: Array) -> tuple[Array, Array]:  # noqa: D102
        local = np.einsum("skj,kji->ski", offset, self.rotations)
        beyond = np.abs(local) - self.half_sizes
        distance, normal = _corner_distance(beyond)
        normal = np.copysign(normal, local)
        return distance, np.einsum("ski,kji->skj", normal, self.rotations)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cylinders(Obstacles):
    """Upright cylinders, seen from their own frame: their axis is its z.

    Attributes:
        rotations: World from cylinder, shape (k, 3, 3).
        radii: Shape (k,) [m].
        half_lengths: Shape (k,) [m].
    """

    rotations: Array
    radii: Array
    half_lengths: Array

    def distances(self, offset: Array) -> tuple[Array, Array]:  # noqa: D102
        local = np.einsum("skj,kji->ski", offset, self.rotations)
        across, height = local[..., :2], local[..., 2]
        radius = norm(across)
        beyond = np.stack((radius - self.radii, np.abs(height) - self.half_lengths), axis=-1)
        distance, slope = _corner_distance(beyond)
        normal = np.empty_like(local)
        normal[..., :2] = slope[..., :1] * units(across, radius)
        normal[..., 2] = np.copysign(slope[..., 1], height)
        return distance, np.einsum("ski,kji->skj", normal, self.rotations)


def _corner_distance(beyond: Array) -> tuple[Array, Array]:
    """Distance to the corner region {x ≤ 0}, and its gradient, by coordinate, shape (..., d).

    Inside, it is the nearest face's; the first of equals.
    """
    outside = np.maximum(beyond, 0.0)
    span = norm(outside)
    face = beyond.argmax(axis=-1)
    depth = np.take_along_axis(beyond, face[..., None], axis=-1)[..., 0]
    out = depth > 0.0
    normal = outside / np.where(out, span, 1.0)[..., None]
    inner = ~out
    normal[inner] = np.eye(beyond.shape[-1])[face[inner]]
    return np.where(out, span, depth), normal
