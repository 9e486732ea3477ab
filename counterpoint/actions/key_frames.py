"""Motion of joints through key frames: cubic curves that keep to joint limits and to times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from counterpoint.core.pose import Array

ROUNDS = 30  # of stretching, each of which changes the speeds of the neighbours
SLACK = 1.001


class Keys(NamedTuple):
    """Key frames of some joints.

    Attributes:
        times: Shape (k,), rising, the first at 0 [s].
        positions: Shape (k, n) [rad or m].
        velocity: At the first, shape (n,) [rad/s or m/s]. At the last it is 0.
        max_velocity: Limits, shape (n,).
        max_acceleration: Limits, shape (n,).
    """

    times: Array
    positions: Array
    velocity: Array
    max_velocity: Array
    max_acceleration: Array


def stretched(tracks: Sequence[Keys], *, stop: bool) -> list[Keys]:
    """The same key frames at the earliest times, not before their own, that the limits allow.

    Where one track needs longer between two key frames, all of them take longer there.
    """
    line = np.unique(np.concatenate([track.times for track in tracks]))
    spans = np.diff(line)
    tracks = list(tracks)
    at = [np.searchsorted(line, track.times) for track in tracks]
    for _ in range(ROUNDS):
        factor = np.ones(len(spans))
        for keys, where in zip(tracks, at, strict=True):
            for k, need in enumerate(_needed(keys, stop=stop).tolist()):
                part = slice(int(where[k]), int(where[k + 1]))
                factor[part] = np.maximum(factor[part], need)
        if (factor <= SLACK).all():
            break
        spans = spans * factor
        now = np.concatenate([[0.0], np.cumsum(spans)])
        tracks = [t._replace(times=now[where]) for t, where in zip(tracks, at, strict=True)]
    return tracks


def position_at(keys: Keys, tangents: Array, time: float) -> Array:
    """Where the joints are at a time, shape (n,); before and after all key frames, at the nearest.

    Args:
        tangents: `tangents_of` those key frames, shape (k, n).
    """
    times, positions = keys.times, keys.positions
    if time >= times[-1]:
        last: Array = positions[-1]
        return last
    k = max(int(np.searchsorted(times, time, side="right")) - 1, 0)
    h = float(times[k + 1] - times[k])
    s = min(max((time - float(times[k])) / h, 0.0), 1.0)
    a, b = positions[k], positions[k + 1]
    here: Array = (
        a * ((1 + 2 * s) * (1 - s) ** 2)
        + b * (s * s * (3 - 2 * s))
        + h * (tangents[k] * (s * (1 - s) ** 2) - tangents[k + 1] * (s * s * (1 - s)))
    )
    return here


def tangents_of(keys: Keys, *, stop: bool) -> Array:
    """The joints' velocities in each key frame, shape (k, n).

    Inside, they are the weighted harmonic means of Fritsch and Butland (1984), with which a cubic
    is monotone where the key frames are; 0 everywhere but in the first with `stop`.
    """
    spans = np.diff(keys.times)[:, None]
    slope = np.diff(keys.positions, axis=0) / spans
    tangents = np.zeros_like(keys.positions)
    tangents[0] = keys.velocity
    if stop:
        return tangents
    before, after = slope[:-1], slope[1:]
    w1, w2 = 2 * spans[1:] + spans[:-1], spans[1:] + 2 * spans[:-1]
    same = before * after > 0
    safe = np.where(same, before, 1.0), np.where(same, after, 1.0)
    mean = (w1 + w2) / (w1 / safe[0] + w2 / safe[1])
    tangents[1:-1] = np.where(same, mean, 0.0)
    return tangents


def _needed(keys: Keys, *, stop: bool) -> Array:
    """How much longer each span has to be for the limits, shape (k - 1,), at least 1."""
    tangents = tangents_of(keys, stop=stop)
    h = np.diff(keys.times)[:, None]
    rise = np.diff(keys.positions, axis=0)
    m0, m1 = tangents[:-1], tangents[1:]
    # The speed is quadratic in each span: it is largest at an end or where it turns.
    square, linear = 3 * (m0 + m1 - 2 * rise / h), 6 * rise / h - 4 * m0 - 2 * m1
    turn = -linear / np.where(square == 0, 1.0, 2 * square)
    turn = np.minimum(np.maximum(turn, 0.0), 1.0)
    inside = np.abs(m0 + turn * (linear + turn * square))
    speed = np.maximum(np.maximum(np.abs(m0), np.abs(m1)), inside)
    # The acceleration is linear: it is largest at an end.
    start = np.abs(6 * rise / h - 4 * m0 - 2 * m1) / h
    end = np.abs(-6 * rise / h + 2 * m0 + 4 * m1) / h
    bend = np.maximum(start, end)
    by_speed = (speed / keys.max_velocity).max(axis=1)
    by_bend = np.sqrt((bend / keys.max_acceleration).max(axis=1))
    needed: Array = np.maximum(np.maximum(by_speed, by_bend), 1.0)
    return needed
