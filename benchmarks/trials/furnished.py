"""Furnished rooms drawn at random, for `navigate_to`.

Whether there is a way is decided here, without the action's planner: footprints are computed from
the furniture's sizes, on a finer grid, and the floor that a disc of `ROOM_TO_DRIVE` can get to is
one connected region of it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.ndimage import distance_transform_edt, label

from counterpoint import commands as cmd

CELL = 0.02  # m
ROOM_TO_DRIVE = 0.6  # m: radius of the disc that must get there; tiago_pro at rest covers 0.51
AT_EDGE = 0.64  # m: an object counts as reachable if the disc's middle gets so near to it
WALL_HEIGHT = 2.5
KINDS: dict[str, tuple[tuple[float, float], ...]] = {
    # model: ranges of its extents [m]
    "table": ((0.8, 1.8), (0.6, 1.0), (0.7, 0.8)),
    "shelf": ((0.3, 0.4), (0.6, 1.4), (1.0, 1.8)),
    "wall": ((0.8, 2.5), (0.1, 0.1), (1.5, 2.5)),
    "box": ((0.3, 0.7), (0.3, 0.7), (0.3, 1.0)),
    "cylinder": ((0.3, 0.6), (0.3, 0.6), (0.4, 1.0)),
}


@dataclass
class Piece:
    """A piece of furniture: its model, extents (3,) and position (2,) [m], and yaw [rad]."""

    model: str
    size: np.ndarray
    at: np.ndarray
    yaw: float

    @classmethod
    def draw(cls, rng: np.random.Generator, model: str) -> Self:
        """One of a random size, in the middle of the room."""
        size = np.array([rng.uniform(*r) for r in KINDS[model]])
        if model == "cylinder":
            size[1] = size[0]
        return cls(model, size, np.zeros(2), 0.0)

    def distance(self, points: np.ndarray) -> np.ndarray:
        """From points (..., 2) to its footprint [m], 0 within."""
        off = points - self.at
        if self.model == "cylinder":
            return np.maximum(np.hypot(off[..., 0], off[..., 1]) - self.size[0] / 2, 0.0)
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        u = np.abs(c * off[..., 0] + s * off[..., 1]) - self.size[0] / 2
        v = np.abs(c * off[..., 1] - s * off[..., 0]) - self.size[1] / 2
        return np.hypot(np.maximum(u, 0.0), np.maximum(v, 0.0))

    def command(self, name: str) -> cmd.AddObject:
        """It, standing on the floor where it never moves."""
        centered = self.model in ("box", "cylinder")
        return cmd.AddObject(
            object_id=name, model=self.model, size=tuple(self.size.tolist()), static=True,
            position=(*self.at.tolist(), self.size[2] / 2 if centered else 0.0),
            quaternion=(math.cos(self.yaw / 2), 0.0, 0.0, math.sin(self.yaw / 2)),
        )  # fmt: skip


@dataclass
class FurnishedRoom:
    """A room, a start, and a target that there is a way to.

    Attributes:
        size: Inner extents [m].
        pieces: Object id → furniture.
        start: Position [m] and yaw [rad], shape (3,).
        target: A position (3,) [m], or an object id.
        straight: Whether the straight line to it is free.
    """

    size: tuple[float, float]
    pieces: dict[str, Piece]
    start: np.ndarray
    target: Any
    straight: bool

    def commands(self) -> list[cmd.Command]:
        """The room and its furniture."""
        room = cmd.CreateEmptyRoom(width=self.size[0], length=self.size[1], height=WALL_HEIGHT)
        return [room, *(p.command(name) for name, p in self.pieces.items())]

    def left(self, position: np.ndarray) -> float:
        """How far a position (2,) is from the target point or footprint [m]."""
        if isinstance(self.target, str):
            return float(self.pieces[self.target].distance(position))
        return float(np.hypot(*(position - self.target[:2])))


def draw_room(rng: np.random.Generator, rejected: Counter[str]) -> FurnishedRoom:
    """A room, drawn again until there is a way from its start to its target.

    Args:
        rng: Draws it.
        rejected: Counts what was thrown away, by reason.
    """
    while True:
        size = rng.uniform(6, 10), rng.uniform(6, 10)
        xs = np.arange(-size[0] / 2 + CELL / 2, size[0] / 2, CELL)
        ys = np.arange(-size[1] / 2 + CELL / 2, size[1] / 2, CELL)
        cells = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1)
        pieces = _furnish(rng, size)
        distances = {name: piece.distance(cells) for name, piece in pieces.items()}
        taken = np.any([d <= CELL for d in distances.values()], axis=0)
        padded = np.pad(taken, 1, constant_values=True)  # the room's walls
        clear = distance_transform_edt(~padded)[1:-1, 1:-1] * CELL - CELL
        parts, count = label(clear >= ROOM_TO_DRIVE)
        if not count:
            rejected["no room for start and target"] += 1
            continue
        open_cells = np.argwhere(parts > 0)
        i, j = open_cells[rng.integers(len(open_cells))]
        start, part = cells[i, j], int(parts[i, j])
        yaw = rng.uniform(-math.pi, math.pi)
        if rng.random() < 0.5:
            k, m = open_cells[rng.integers(len(open_cells))]
            target, there = np.array([*cells[k, m], 0.0]), int(parts[k, m]) == part
            end = target[:2]
        else:
            target = list(pieces)[rng.integers(len(pieces))]
            near = (distances[target] <= AT_EDGE) & (parts == part)
            there, end = bool(near.any()), pieces[target].at
        if not there:
            rejected["no way"] += 1
            continue
        line = start + np.linspace(0, 1, 200)[:, None] * (end - start)
        others = [p for p in pieces.values() if p.at is not end]
        straight = all((p.distance(line) >= ROOM_TO_DRIVE).all() for p in others)
        return FurnishedRoom(size, pieces, np.array([*start, yaw]), target, straight)


def _furnish(rng: np.random.Generator, size: tuple[float, float]) -> dict[str, Piece]:
    """Six to twelve pieces that do not overlap: their discs may, their footprints may not."""
    pieces: dict[str, Piece] = {}
    wanted = rng.integers(6, 13)
    for _ in range(20 * wanted):
        if len(pieces) == wanted:
            break
        model = list(KINDS)[rng.integers(len(KINDS))]
        piece = Piece.draw(rng, model)
        half = np.hypot(*piece.size[:2]) / 2
        piece.at = np.array([rng.uniform(-s / 2 + half + 0.02, s / 2 - half - 0.02) for s in size])
        piece.yaw = rng.uniform(-math.pi, math.pi)
        rim = _rim(piece)
        if all((p.distance(rim) > 0.02).all() and (piece.distance(_rim(p)) > 0.02).all()
               for p in pieces.values()):  # fmt: skip
            pieces[f"{model}_{len(pieces)}"] = piece
    return pieces


def _rim(piece: Piece) -> np.ndarray:
    """Points all round a piece, 2 cm apart or less, shape (n, 2)."""
    if piece.model == "cylinder":
        turn = np.linspace(0, 2 * math.pi, 128)
        return piece.at + piece.size[0] / 2 * np.column_stack([np.cos(turn), np.sin(turn)])
    x, y = piece.size[:2] / 2
    t = np.linspace(-1, 1, 128)
    one = np.ones_like(t)
    sides = ((t * x, one * y), (t * x, -one * y), (one * x, t * y), (-one * x, t * y))
    edge = np.concatenate([np.column_stack(side) for side in sides])
    c, s = math.cos(piece.yaw), math.sin(piece.yaw)
    return piece.at + edge @ np.array([[c, s], [-s, c]])
