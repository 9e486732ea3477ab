"""The empty room: a floor and four walls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.pose import Array, Pose, quaternion_from_yaw
from counterpoint.objects import build_object
from counterpoint.objects.model import ObjectModel

WALL_THICKNESS = 0.1
TILE = 0.5  # m, of the floor's pattern, which shows scale and motion in pictures
LIGHT_TILE, DARK_TILE = (0.78, 0.77, 0.74), (0.70, 0.69, 0.66)


@dataclass(frozen=True, slots=True)
class Room:
    """A room centred on the origin: inner extents along x and y, and the walls' height [m]."""

    width: float
    length: float
    height: float
    walls: bool

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Inner extents along x and y [m] where there are walls, else None."""
        return (self.width, self.length) if self.walls else None

    def wall_models(self) -> list[tuple[str, ObjectModel, Pose]]:
        """Name, model and pose of each wall; north is +y and east is +x."""
        if not self.walls:
            return []
        x, y, t = self.width / 2, self.length / 2, WALL_THICKNESS
        plan = (
            ("wall_north", (0.0, y + t / 2), self.width + 2 * t, 0.0),
            ("wall_east", (x + t / 2, 0.0), self.length, np.pi / 2),
            ("wall_south", (0.0, -y - t / 2), self.width + 2 * t, 0.0),
            ("wall_west", (-x - t / 2, 0.0), self.length, np.pi / 2),
        )
        return [
            (
                name,
                build_object("wall", (extent, t, self.height)),
                Pose.of((*at, 0.0), quaternion_from_yaw(yaw)),
            )
            for name, at, extent, yaw in plan
        ]

    def floor_mesh(self) -> tuple[Array, NDArray[np.uint32], NDArray[np.float32]]:
        """The floor's vertices (n, 3) [m], triangles (m, 3) and their colours (m, 3)."""
        columns, rows = max(1, round(self.width / TILE)), max(1, round(self.length / TILE))
        columns, rows = min(columns, 64), min(rows, 64)
        xs = np.linspace(-self.width / 2, self.width / 2, columns + 1)
        ys = np.linspace(-self.length / 2, self.length / 2, rows + 1)
        grid = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1).reshape(-1, 2)
        vertices = np.column_stack([grid, np.zeros(len(grid))])
        i, j = (v.ravel() for v in np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij"))
        a = i * (rows + 1) + j
        b, c, d = a + rows + 1, a + rows + 2, a + 1
        triangles = np.stack([a, b, c, a, c, d], axis=1).reshape(-1, 3).astype(np.uint32)
        palette = np.array([LIGHT_TILE, DARK_TILE], dtype=np.float32)
        return vertices, triangles, palette[np.repeat((i + j) % 2, 2)]
