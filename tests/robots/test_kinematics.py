"""Kinematics: against the simulator, against finite differences, and there and back."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint import Arm, derive_substream
from counterpoint.core.pose import (
    Array,
    Pose,
    conjugate,
    matrix_from_quaternion,
    multiply,
    quaternion_from_axis_angle,
    rotation_vector,
)
from counterpoint.robots import get_model, list_models
from counterpoint.robots.kinematics import (
    ORIENTATION_TOLERANCE,
    POSITION_TOLERANCE,
    Kinematics,
    kinematics_of,
)

ARMS = [(name, arm) for name in list_models() for arm in get_model(name).arms]


def random_postures(name: str, count: int, purpose: str) -> Array:
    """Random joint states within limits; a base within a few metres."""
    k = kinematics_of(get_model(name))
    low, high = np.maximum(k.lower, -np.pi), np.minimum(k.upper, np.pi)
    return derive_substream(f"test {purpose} {name}").default_rng().uniform(
        low, high, (count, len(low))
    )  # fmt: skip


@pytest.mark.parametrize("name", list_models())
def test_forward_kinematics_agree_with_the_simulators_link_poses(name: str) -> None:
    from counterpoint.simulation.robot_body import PhysicsScene, RobotBody

    model = get_model(name)
    k = kinematics_of(model)
    scene = PhysicsScene()
    mount = Pose.of((0.3, -0.2, 0.1), quaternion_from_axis_angle((0, 0, 1), 0.5))
    body = RobotBody(scene, model, 1, mount)
    for q in random_postures(name, 10, "forward"):
        body.teleport(q)
        np.testing.assert_allclose(body.positions(), q, atol=1e-6)
        links = tuple(link.name for link in body.links)
        for link, pose in zip(body.links, k.link_poses(q, links), strict=True):
            expected = link.entity.pose
            world = mount @ pose
            np.testing.assert_allclose(world.p, expected.p, atol=1e-4, err_msg=link.name)
            turned = rotation_vector(multiply(conjugate(world.q), expected.q))
            assert np.linalg.norm(turned) < 1e-3, link.name
    body.remove(scene)
    scene.clear()


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_the_jacobian_agrees_with_finite_differences(name: str, arm: Arm) -> None:
    k = kinematics_of(get_model(name))
    step = 1e-3
    for q in random_postures(name, 4, "jacobian"):
        pose = k.tool_pose(q, arm)
        turn = matrix_from_quaternion(pose.q)
        numeric = np.empty((6, len(q)))
        for i in range(len(q)):
            plus, minus = q.copy(), q.copy()
            plus[i] += step
            minus[i] -= step
            a, b = k.tool_pose(minus, arm), k.tool_pose(plus, arm)
            numeric[:3, i] = turn.T @ (b.p - a.p) / (2 * step)
            numeric[3:, i] = rotation_vector(multiply(conjugate(a.q), b.q)) / (2 * step)
        np.testing.assert_allclose(k.tool_jacobian(q, arm), numeric, atol=2e-3)


def left(k: Kinematics, q: Array, arm: Arm, target: Pose) -> tuple[float, float]:
    """Distance [m] and angle [rad] between an arm's tool and a target."""
    pose = k.tool_pose(q, arm)
    turned = rotation_vector(multiply(conjugate(pose.q), target.q))
    return float(np.linalg.norm(pose.p - target.p)), float(np.linalg.norm(turned))


def reachable(name: str, arm: Arm, count: int) -> list[Pose]:
    """Where the tool is in random postures of the arm alone."""
    k = kinematics_of(get_model(name))
    track = k.track_indices(k.model.arm_track(arm))
    found = []
    for posture in random_postures(name, count, f"reach {arm}"):
        q = np.array(k.home)
        q[track] = posture[track]
        found.append(k.tool_pose(q, arm))
    return found


@pytest.mark.parametrize(("name", "arm"), ARMS)
@pytest.mark.parametrize("orientation", [False, True], ids=["position", "pose"])
def test_answers_reach_the_target_within_limits_and_move_only_the_arm(
    name: str, arm: Arm, orientation: bool
) -> None:
    k = kinematics_of(get_model(name))
    others = np.ones(len(k.joints), dtype=bool)
    others[k.track_indices(k.model.arm_track(arm))] = False
    targets = reachable(name, arm, 25)
    found = 0
    for target in targets:
        solution = k.solve(arm, target, np.array(k.home), orientation=orientation, seeds=16)
        assert (solution.q >= k.lower - 1e-12).all() and (solution.q <= k.upper + 1e-12).all()
        np.testing.assert_array_equal(solution.q[others], k.home[others])
        distance, angle = left(k, solution.q, arm, target)
        assert distance == pytest.approx(solution.position_error, abs=1e-5)
        if solution.success:
            found += 1
            assert distance < POSITION_TOLERANCE + 1e-6
            assert not orientation or angle < ORIENTATION_TOLERANCE + 1e-4
    assert found >= (20 if orientation else 25)


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_with_the_axis_alone_the_turn_about_it_is_free(name: str, arm: Arm) -> None:
    k = kinematics_of(get_model(name))
    found = 0
    for target in reachable(name, arm, 10):
        solution = k.solve(arm, target, np.array(k.home), axis_only=True, seeds=16)
        if solution.success:
            found += 1
            axis = matrix_from_quaternion(k.tool_pose(solution.q, arm).q)[:, 2]
            cosine = float(axis @ matrix_from_quaternion(target.q)[:, 2])
            assert np.arccos(min(1.0, cosine)) < ORIENTATION_TOLERANCE + 1e-3
    assert found >= 9


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_a_target_out_of_reach_is_no_success(name: str, arm: Arm) -> None:
    k = kinematics_of(get_model(name))
    shoulder = k.shoulder_pose(np.array(k.home), arm).p
    for direction in np.vstack([np.eye(3), -np.eye(3)]):
        target = Pose.of(shoulder + 1.5 * k.arm_length(arm) * direction)
        solution = k.solve(arm, target, np.array(k.home), orientation=False)
        assert not solution.success
        assert solution.position_error > 0.1
        assert np.isfinite(solution.q).all()


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_no_posture_reaches_beyond_the_arms_length(name: str, arm: Arm) -> None:
    k = kinematics_of(get_model(name))
    for q in random_postures(name, 50, "length"):
        reach = np.linalg.norm(k.tool_pose(q, arm).p - k.shoulder_pose(q, arm).p)
        assert reach <= k.arm_length(arm) + 1e-6


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_the_same_question_has_the_same_answer_in_any_order(name: str, arm: Arm) -> None:
    model = get_model(name)
    k, fresh = kinematics_of(model), Kinematics(model)
    targets = reachable(name, arm, 6)
    first = [k.solve(arm, t, np.array(k.home)).q for t in targets]
    again = [fresh.solve(arm, t, np.array(k.home)).q for t in reversed(targets)][::-1]
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_several_seeds_lead_to_several_postures(name: str, arm: Arm) -> None:
    k = kinematics_of(get_model(name))
    answers: list[Array] = []
    for target in reachable(name, arm, 5):
        good = [s.q for s in k.answers(arm, target, np.array(k.home), seeds=12) if s.success]
        answers.append(np.ptp(good, axis=0).max() if good else 0.0)
    assert max(answers) > 0.2


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_asking_does_not_change_the_posture_that_was_given(name: str, arm: Arm) -> None:
    k = kinematics_of(get_model(name))
    q = np.array(k.home)
    target = reachable(name, arm, 1)[0]
    k.solve(arm, target, q)
    k.nudge(arm, target.p, q, 1e-3)
    np.testing.assert_array_equal(q, k.home)


def test_the_torso_moves_only_where_it_may() -> None:
    k = kinematics_of(get_model("tiago_pro"))
    q = np.array(k.home)
    high = k.tool_pose(q, Arm.right)
    torso = k.index["torso_lift_joint"]
    for tracks, moves in (((), False), (("torso",), True)):
        target = Pose(high.p + [0, 0, 0.25], high.q)
        solution = k.solve(Arm.right, target, q, tracks=tracks, orientation=False)
        assert moves or solution.q[torso] == q[torso]


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_nudging_comes_to_a_target_that_is_near(name: str, arm: Arm) -> None:
    k = kinematics_of(get_model(name))
    q = np.array(k.home)
    target = k.tool_pose(q, arm).p + [0.02, 0.02, -0.03]
    for _ in range(30):
        q, distance = k.nudge(arm, target, q, 1e-3)
        assert (q >= k.lower).all() and (q <= k.upper).all()
    assert distance < 1e-3
