from __future__ import annotations

import math

import numpy as np
import pytest

from counterpoint.core.errors import SafetyInputError
from counterpoint.safety.agents import AgentSnapshot
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.control_models import (
    AgentControlModel,
    DifferentialBaseControlModel,
    DoubleIntegratorControlModel,
    JacobianControlModel,
)

BOUNDS = Bounds(action_linf_component=2.0, cartesian_accel_capacity=5.0)
PLANE = AgentSnapshot([0, 0], [0, 0], 0.1)
SPACE = AgentSnapshot([0, 0, 0], [0, 0, 0], 0.1)


def two_links(q):
    """Tip of a planar arm with links of 1 and 0.7."""
    a, b = q[0], q[0] + q[1]
    return np.array([np.cos(a) + 0.7 * np.cos(b), np.sin(a) + 0.7 * np.sin(b)])


def two_links_jacobian(q):
    a, b = q[0], q[0] + q[1]
    return np.array(
        [[-np.sin(a) - 0.7 * np.sin(b), -0.7 * np.sin(b)],
         [np.cos(a) + 0.7 * np.cos(b), 0.7 * np.cos(b)]]
    )  # fmt: skip


MODELS = [
    (DoubleIntegratorControlModel("a", 2), PLANE),
    (DoubleIntegratorControlModel("a", 3), SPACE),
    (DifferentialBaseControlModel("a", 0.3, lambda _: 0.7), PLANE),
    (
        JacobianControlModel(
            "a", 7, lambda _: np.random.default_rng(0).normal(size=(3, 7)), 1.0, damping=0.0
        ),
        SPACE,
    ),
]


@pytest.mark.parametrize(("model", "state"), MODELS)
def test_the_way_back_is_a_right_inverse(model, state):
    assert isinstance(model, AgentControlModel)
    rng = np.random.default_rng(1)
    for _ in range(50):
        accel = rng.normal(size=model.position_dim)
        action = model.cartesian_accel_to_action(state, accel)
        assert action.shape == (model.action_dim,)
        np.testing.assert_allclose(model.action_to_cartesian_accel(state, action), accel, atol=1e-9)


@pytest.mark.parametrize(("model", "state"), MODELS)
def test_the_jacobian_is_the_derivative_of_the_acceleration_by_the_action(model, state):
    columns = [model.action_to_cartesian_accel(state, e) for e in np.eye(model.action_dim)]
    np.testing.assert_allclose(model.jacobian(state), np.transpose(columns), atol=1e-12)


def test_joint_accelerations_from_rest_move_the_tip_as_the_model_says():
    q = np.array([0.3, 0.9])
    model = JacobianControlModel("arm", 2, lambda _: two_links_jacobian(q), 1.0, position_dim=2)
    action, dt = np.array([0.4, -1.1]), 1e-4
    moved = two_links(q + 0.5 * action * dt**2) - two_links(q)
    np.testing.assert_allclose(
        model.action_to_cartesian_accel(PLANE, action), moved / (0.5 * dt**2), atol=1e-6
    )


def test_damping_bounds_the_action_at_a_singular_posture():
    straight = np.array([0.3, 0.0])
    model = JacobianControlModel(
        "arm", 2, lambda _: two_links_jacobian(straight), 1.0, position_dim=2, damping=0.05
    )
    outwards = np.array([np.cos(0.3), np.sin(0.3)])
    assert np.linalg.norm(model.cartesian_accel_to_action(PLANE, outwards)) <= 1 / (2 * 0.05)
    undamped = JacobianControlModel(
        "arm", 2, lambda _: np.zeros((2, 2)), 1.0, position_dim=2, damping=0.0
    )
    with pytest.raises(SafetyInputError, match="singular"):
        undamped.cartesian_accel_to_action(PLANE, outwards)


def test_a_differential_base_moves_the_point_ahead_of_its_axle_as_its_model_says():
    """Against the motion of the base itself, integrated from rest."""
    offset, heading, dt = 0.4, 0.6, 1e-4
    model = DifferentialBaseControlModel("base", offset, lambda _: heading)
    for forward, yaw in ((1.0, 0.0), (0.0, 2.0), (-0.5, 1.5)):
        turned = heading + 0.5 * yaw * dt**2
        travelled = 0.5 * forward * dt**2
        axle = travelled * np.array([math.cos(heading), math.sin(heading)])
        before = offset * np.array([math.cos(heading), math.sin(heading)])
        after = axle + offset * np.array([math.cos(turned), math.sin(turned)])
        np.testing.assert_allclose(
            model.action_to_cartesian_accel(PLANE, np.array([forward, yaw])),
            (after - before) / (0.5 * dt**2),
            atol=1e-6,
        )


@pytest.mark.parametrize(
    "model",
    [
        DoubleIntegratorControlModel("a", 3),
        DifferentialBaseControlModel("a", 0.3, lambda _: 0.7),
        DifferentialBaseControlModel("a", 1.7, lambda _: 0.7),
    ],
)
def test_the_capacity_can_be_had_in_every_direction_within_the_box(model):
    state = PLANE if model.position_dim == 2 else SPACE
    capacity = model.max_cartesian_accel(BOUNDS)
    rng = np.random.default_rng(2)
    for towards in rng.normal(size=(500, model.position_dim)):
        direction = towards / np.linalg.norm(towards)
        reach = BOUNDS.action_linf_component * np.abs(model.jacobian(state).T @ direction).sum()
        assert reach >= capacity - 1e-12
    assert capacity <= BOUNDS.cartesian_accel_capacity


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: DoubleIntegratorControlModel("a", 4), "2 or 3"),
        (lambda: JacobianControlModel("a", 0, lambda _: np.eye(3), 1.0), "action_dim"),
        (lambda: JacobianControlModel("a", 7, lambda _: np.eye(3), math.nan), "max_cartesian"),
        (lambda: JacobianControlModel("a", 7, lambda _: np.eye(3), 0.0), "max_cartesian"),
        (lambda: JacobianControlModel("a", 7, lambda _: np.eye(3), 1.0, damping=-1), "damping"),
        (lambda: DifferentialBaseControlModel("a", 0.0, lambda _: 0.0), "axle"),
        (
            lambda: JacobianControlModel("a", 7, lambda _: np.eye(3), 1.0).jacobian(SPACE),
            "shape",
        ),
        (
            lambda: JacobianControlModel(
                "a", 3, lambda _: np.full((3, 3), np.nan), 1.0
            ).jacobian(SPACE),
            "not finite",
        ),
        (
            lambda: DifferentialBaseControlModel("a", 0.2, lambda _: math.nan).jacobian(PLANE),
            "heading",
        ),
    ],
)  # fmt: skip
def test_a_model_that_says_nothing_is_refused(make, says):
    with pytest.raises(SafetyInputError, match=says):
        make()
