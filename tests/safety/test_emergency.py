from __future__ import annotations

import math

import numpy as np
import pytest

from counterpoint.core.errors import SafetyInputError
from counterpoint.safety.agents import AgentSnapshot
from counterpoint.safety.bounds import Bounds
from counterpoint.safety.brake import decide_brake
from counterpoint.safety.control_models import JacobianControlModel
from counterpoint.safety.emergency import (
    CartesianAccelEmergencyController,
    DifferentialBaseEmergencyController,
    EmergencyController,
    JacobianEmergencyController,
)

BOUNDS = Bounds(action_linf_component=2.0, cartesian_accel_capacity=1.5)
PLANAR = AgentSnapshot([0.0, 0.0], [0.0, 0.0], 0.3)
SPATIAL = AgentSnapshot([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 0.1)


def arm(jacobian: np.ndarray) -> JacobianEmergencyController:
    return JacobianEmergencyController(
        JacobianControlModel("arm", jacobian.shape[1], lambda _: jacobian, 1.0)
    )


def test_one_partner_is_fled_from_with_the_whole_capacity():
    override = CartesianAccelEmergencyController().compute_override(PLANAR, [[0.0, 1.0]], BOUNDS)
    assert override == pytest.approx([0.0, 1.5])


def test_vectors_that_cancel_give_no_push():
    vectors = [[1.0, 0.0], [-1.0, 0.0]]
    override = CartesianAccelEmergencyController().compute_override(PLANAR, vectors, BOUNDS)
    assert override.tolist() == [0.0, 0.0]


def test_the_brakes_direction_is_one_repulsion_vector():
    brake = decide_brake([[0.0, 0.0], [0.3, 0.4]], np.zeros((2, 2)), [0.3, 0.3])
    override = CartesianAccelEmergencyController().compute_override(PLANAR, brake.away[[0]], BOUNDS)
    assert override == pytest.approx([-0.9, -1.2])


def test_an_arm_moves_its_sphere_the_way_it_has_to_flee():
    jacobian = np.array([[0.4, 0.1, 0.0, 0.2], [0.0, 0.5, 0.1, 0.0], [0.1, 0.0, 0.6, 0.3]])
    bounds = Bounds(action_linf_component=50.0, cartesian_accel_capacity=1.5)
    override = arm(jacobian).compute_override(SPATIAL, [[0.0, 0.0, 1.0]], bounds)
    assert jacobian @ override == pytest.approx([0.0, 0.0, 1.5], abs=0.01)


def test_every_joint_stays_within_the_box_near_a_singularity_too():
    jacobian = np.diag([1.0, 1.0, 1e-4])
    override = arm(jacobian).compute_override(SPATIAL, [[1.0, 1.0, 5.0]], BOUNDS)
    assert np.abs(override).max() <= 2.0
    assert np.isfinite(override).all()


@pytest.mark.parametrize(
    ("heading", "forward"), [(0.0, 0.0), (math.pi / 2, 1.5), (-math.pi / 2, -1.5)]
)
def test_a_differential_base_flees_along_its_heading_only(heading, forward):
    controller = DifferentialBaseEmergencyController(lambda _: heading)
    override = controller.compute_override(PLANAR, [[0.0, 1.0]], BOUNDS)
    assert override == pytest.approx([forward, 0.0], abs=1e-12)


def test_a_base_stays_within_its_box():
    bounds = Bounds(action_linf_component=0.5, cartesian_accel_capacity=1.5)
    controller = DifferentialBaseEmergencyController(lambda _: 0.0)
    assert controller.compute_override(PLANAR, [[1.0, 0.0]], bounds).tolist() == [0.5, 0.0]


@pytest.mark.parametrize(
    "vectors", [np.empty((0, 2)), [1.0, 0.0], [[1.0, 0.0, 0.0]], [[math.nan, 0.0]]]
)
def test_what_is_no_set_of_directions_is_refused(vectors):
    with pytest.raises(SafetyInputError):
        CartesianAccelEmergencyController().compute_override(PLANAR, vectors, BOUNDS)


def test_a_heading_that_is_not_finite_is_refused():
    controller = DifferentialBaseEmergencyController(lambda _: math.nan)
    with pytest.raises(SafetyInputError, match="heading"):
        controller.compute_override(PLANAR, [[1.0, 0.0]], BOUNDS)


def test_the_controllers_are_emergency_controllers():
    for controller in (
        CartesianAccelEmergencyController(),
        DifferentialBaseEmergencyController(lambda _: 0.0),
        arm(np.eye(3)),
    ):
        assert isinstance(controller, EmergencyController)
