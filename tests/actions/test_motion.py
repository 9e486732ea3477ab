"""Smooth motion: what its goal, its duration and its limits promise, without a scene."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.actions.key_frames import Keys, position_at, stretched, tangents_of
from counterpoint.actions.motion import JointMotion

DT = 1 / 60


def play(motion: JointMotion, *, change_at: int = -1, goal: float = 0.0) -> list[float]:
    """The positions of one joint, frame by frame, with the goal changed in a frame."""
    position, speed, seen = np.zeros(1), np.zeros(1), [0.0]
    while not motion.finished and len(seen) < 1000:
        if len(seen) == change_at:
            motion.retarget(np.array([goal]))
        speed = motion.step(position, speed)
        position = position + speed * DT
        seen.append(float(position[0]))
    return seen


@pytest.mark.parametrize("change_at", [-1, 1, 60])
def test_a_duration_holds_once_whatever_changes_on_the_way(change_at: int) -> None:
    motion = JointMotion(
        np.zeros(1), np.zeros(1), np.ones(1), np.ones(1), 4 * np.ones(1), DT, duration=3.0
    )
    seen = play(motion, change_at=change_at, goal=1.1)
    assert seen[-1] == pytest.approx(1.0 if change_at < 0 else 1.1, abs=1e-6)
    assert len(seen) * DT == pytest.approx(3.0, abs=0.05)


positions = st.lists(st.floats(-2, 2), min_size=2, max_size=6)


@given(positions, st.floats(-1, 1), st.booleans())
def test_curves_pass_through_key_frames_within_limits_and_do_not_overshoot(
    values: list[float], speed: float, stop: bool
) -> None:
    keys = Keys(
        np.arange(len(values)) * 0.3, np.array(values)[:, None], np.array([speed]),
        np.array([2.0]), np.array([8.0]),
    )  # fmt: skip
    (slower,) = stretched([keys], stop=stop)
    assert (np.diff(slower.times) >= np.diff(keys.times) - 1e-9).all()
    tangents = tangents_of(slower, stop=stop)
    for time, value in zip(slower.times, values, strict=True):
        assert position_at(slower, tangents, float(time))[0] == pytest.approx(value, abs=1e-6)
    fine = np.linspace(0, slower.times[-1], 400 * len(values))
    curve = np.array([position_at(slower, tangents, float(t))[0] for t in fine])
    rate = np.abs(np.diff(curve) / np.diff(fine))
    assert rate.max() <= max(2.0, abs(speed)) * 1.02 + 1e-6
    later = fine > slower.times[1]  # the first piece may begin with a speed the wrong way
    if later.any():
        assert curve[later].max() <= max(values[1:]) + 1e-6
        assert curve[later].min() >= min(values[1:]) - 1e-6


def test_tracks_that_are_slowed_down_stay_in_step() -> None:
    fast = Keys(
        np.array([0.0, 1.0, 2.0]), np.array([[0.0], [0.1], [0.0]]), np.zeros(1), np.ones(1),
        8 * np.ones(1),
    )  # fmt: skip
    slow = Keys(
        np.array([0.0, 2.0]), np.array([[0.0], [6.0]]), np.zeros(1), np.ones(1), 8 * np.ones(1)
    )
    a, b = stretched([fast, slow], stop=False)
    assert a.times[-1] == b.times[-1] == pytest.approx(9.0, rel=0.01)
    assert a.times[1] == pytest.approx(a.times[-1] / 2)
