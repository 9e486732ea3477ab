"""From commanded velocities to drive targets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.core.pose import Array
from counterpoint.simulation.drives import DriveTargets

DT = 1 / 60
SPEEDS = st.lists(st.floats(-20, 20), min_size=1, max_size=40)


def joints(
    n: int = 1, *, speed: float = 1.0, acceleration: float = 5.0, limit: float = 2.0,
    windup: float = 0.15,
) -> DriveTargets:  # fmt: skip
    drives = DriveTargets()
    drives.resize(np.empty(0, dtype=np.intp), n)
    drives.lower[:], drives.upper[:] = -limit, limit
    drives.max_velocity[:], drives.max_acceleration[:] = speed, acceleration
    drives.windup[:] = windup
    return drives


def base(**limits: float) -> DriveTargets:
    drives = joints(3, **limits)
    drives.base_yaw = np.array([2])
    return drives


def advance(drives: DriveTargets, wanted: object = None, measured: Array | None = None) -> None:
    if wanted is not None:
        drives.wanted[:] = wanted
        drives.holding = False
    drives.integrate(drives.position.copy() if measured is None else measured, DT)


@given(SPEEDS)
def test_speed_acceleration_and_position_stay_within_limits(wanted: list[float]) -> None:
    drives = joints(speed=0.8, acceleration=4.0, limit=0.3)
    before = 0.0
    for value in wanted:
        advance(drives, value)
        velocity = float(drives.velocity[0])
        assert abs(velocity) <= 0.8
        at_limit = abs(drives.position[0]) == 0.3
        assert at_limit or abs(velocity - before) <= 4.0 * DT + 1e-12
        assert abs(drives.position[0]) <= 0.3
        before = velocity


@given(st.floats(-5, 5), st.integers(1, 60))
def test_without_a_command_a_joint_slows_down_at_its_limit_and_then_holds(
    wanted: float, frames: int
) -> None:
    drives = joints(speed=1.0, acceleration=4.0, limit=100.0)
    for _ in range(frames):
        advance(drives, wanted)
    speed = abs(float(drives.velocity[0]))
    needed = math.ceil(speed / (4.0 * DT)) + 1  # one for rounding
    for _ in range(needed):
        last = abs(float(drives.velocity[0]))
        advance(drives)
        assert last - abs(float(drives.velocity[0])) <= 4.0 * DT + 1e-12
    assert drives.velocity[0] == 0.0
    where = float(drives.position[0])
    for _ in range(5):
        advance(drives)
    assert drives.position[0] == where
    assert drives.holding


def test_a_command_holds_for_one_frame() -> None:
    drives = joints(acceleration=1000.0)
    advance(drives, 0.5)
    assert drives.velocity[0] == 0.5
    advance(drives)
    assert drives.velocity[0] == 0.0


@given(st.floats(-3, 3), st.integers(1, 100))
def test_a_blocked_joint_does_not_store_up_a_jump(wanted: float, frames: int) -> None:
    drives = joints(windup=0.05, limit=100.0)
    stuck = np.zeros(1)
    for _ in range(frames):
        advance(drives, wanted, stuck)
        assert abs(drives.position[0]) <= 0.05
    if abs(drives.position[0]) == 0.05:
        assert drives.velocity[0] == 0.0 and drives.world_velocity[0] == 0.0


def test_a_target_follows_a_joint_that_is_pushed_away() -> None:
    drives = joints(windup=0.1)
    advance(drives, 0.0, np.array([0.4]))
    assert drives.position[0] == pytest.approx(0.3)


@given(st.floats(-math.pi, math.pi), st.floats(-1, 1), st.floats(-1, 1))
def test_a_bases_velocity_is_in_its_body_frame(yaw: float, vx: float, vy: float) -> None:
    drives = base(acceleration=1000.0, limit=100.0, speed=2.0)
    drives.position[2] = yaw
    start = drives.position.copy()
    advance(drives, (vx, vy, 0.0))
    moved = drives.position - start
    expected = DT * np.array(
        [math.cos(yaw) * vx - math.sin(yaw) * vy, math.sin(yaw) * vx + math.cos(yaw) * vy, 0.0]
    )
    np.testing.assert_allclose(moved, expected, atol=1e-12)
    np.testing.assert_allclose(drives.velocity, (vx, vy, 0.0))
    np.testing.assert_allclose(drives.world_velocity * DT, expected, atol=1e-12)


def test_a_base_that_drives_and_turns_keeps_to_its_circle() -> None:
    drives = base(acceleration=1e6, limit=100.0, speed=10.0)
    speed, rate, frames = 1.0, math.pi / 2, 240  # one whole turn
    for _ in range(frames):
        advance(drives, (speed, 0.0, rate))
        angle = drives.position[2]
        radius = speed / rate
        np.testing.assert_allclose(
            drives.position[:2],
            [radius * math.sin(angle), radius * (1 - math.cos(angle))],
            atol=1e-3,
        )
    np.testing.assert_allclose(drives.position[:2], 0.0, atol=1e-6)


@given(st.lists(st.tuples(*[st.floats(-5, 5)] * 3), min_size=1, max_size=20))
def test_a_bases_acceleration_is_limited_in_its_body_frame(
    wanted: list[tuple[float, ...]],
) -> None:
    drives = base(acceleration=2.0, limit=100.0)
    before = np.zeros(3)
    for velocity in wanted:
        advance(drives, velocity)
        assert (np.abs(drives.velocity - before) <= 2.0 * DT + 1e-12).all()
        before = drives.velocity.copy()


def test_a_gripper_goes_to_its_goal_at_its_speed_and_stays() -> None:
    drives = joints(2, speed=0.06, acceleration=math.inf)
    drives.grippers, drives.gripper_of = np.array([0, 1]), np.array([0, 0])
    drives.goal[:] = 0.04
    drives.holding = False
    for _ in range(80):
        before = drives.position.copy()
        advance(drives)
        assert (np.abs(drives.position - before) <= 0.06 * DT + 1e-12).all()
    np.testing.assert_allclose(drives.position, 0.04)
    assert drives.holding


def test_joints_keep_their_targets_when_others_come_and_go() -> None:
    drives = joints(3)
    drives.position[:] = (1.0, 2.0, 3.0)
    drives.resize(np.array([0, 2]), 2)
    np.testing.assert_array_equal(drives.position, (1.0, 3.0, 0.0, 0.0))
    assert not drives.holding
