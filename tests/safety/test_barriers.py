from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serial_arm import SerialArm

from counterpoint.core.errors import SafetyInputError
from counterpoint.core.pose import matrix_from_quaternion
from counterpoint.safety.barriers import (
    Barrier,
    EndEffectorBox,
    HalfSpaces,
    JointLimits,
    SelfCollision,
    Singularity,
    class_k,
    keep_in_box,
    manipulability,
)
from counterpoint.safety.obstacles import Boxes, Cylinders, Spheres

STEP = 1e-6
SEEDS = range(8)


def rotations(rng: np.random.Generator, count: int) -> np.ndarray:
    q = rng.normal(size=(count, 4))
    return np.array([matrix_from_quaternion(x / np.linalg.norm(x)) for x in q])


def draw(kind: str, arm: SerialArm, rng: np.random.Generator) -> Barrier:
    n, k = arm.size, 3
    spread = rng.uniform(-1.5, 1.5, (k, 3))
    first, second = np.triu_indices(2 * n, 1)
    normals = rng.normal(size=(k, 3))
    corner = rng.uniform(0.2, 1.0, 3)
    return {
        "joint limits": lambda: JointLimits(lower=-np.ones(n), upper=np.ones(n)),
        "self": lambda: SelfCollision(pairs=np.stack((first, second), axis=1), margin=0.01),
        "spheres": lambda: Spheres(positions=spread, radii=np.full(k, 0.2), margin=0.02),
        "boxes": lambda: Boxes(
            positions=spread, rotations=rotations(rng, k),
            half_sizes=rng.uniform(0.05, 0.8, (k, 3)),
        ),
        "cylinders": lambda: Cylinders(
            positions=spread, rotations=rotations(rng, k), radii=rng.uniform(0.05, 0.6, k),
            half_lengths=rng.uniform(0.05, 0.6, k),
        ),
        "walls": lambda: HalfSpaces(
            normals=normals / np.linalg.norm(normals, axis=1, keepdims=True),
            offsets=rng.uniform(-1.0, 0.0, k),
        ),
        "keep in": lambda: keep_in_box(-corner, corner, margin=0.05),
        "end effector": lambda: EndEffectorBox(lower=-corner, upper=corner),
        "singularity": lambda: Singularity(threshold=0.01),
    }[kind]()  # fmt: skip


KINDS = (
    "joint limits", "self", "spheres", "boxes", "cylinders", "walls", "keep in", "end effector",
    "singularity",
)  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_agree_with_finite_differences(kind, seed):
    rng = np.random.default_rng(seed)
    arm = SerialArm(rng, sliding=(2,) if seed % 2 else ())
    barrier = draw(kind, arm, rng)
    q = rng.uniform(-1.0, 1.0, arm.size)
    rows = barrier.rows(arm.state(q))
    assert rows.gradient.shape == (len(rows.value), arm.size)
    numeric = np.empty_like(rows.gradient)
    for k in range(arm.size):
        step = STEP * np.eye(arm.size)[k]
        up, down = barrier.rows(arm.state(q + step)), barrier.rows(arm.state(q - step))
        numeric[:, k] = (up.value - down.value) / (2 * STEP)
    assert rows.gradient == pytest.approx(numeric, abs=2e-7)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["spheres", "boxes", "cylinders"])
def test_drift_is_how_fast_h_changes_as_bodies_move_and_turn(kind, seed):
    rng = np.random.default_rng(seed)
    arm = SerialArm(rng)
    still = draw(kind, arm, rng)
    linear, angular = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    state = arm.state(rng.uniform(-1.0, 1.0, arm.size))
    fields = {name: getattr(still, name) for name in type(still).__dataclass_fields__}

    def at(time: float) -> Barrier:
        moved = {**fields, "velocities": linear, "angular_velocities": angular}
        moved["positions"] = fields["positions"] + linear * time
        if "rotations" in fields:
            turned = [
                matrix_from_quaternion((math.cos(w * time / 2), *(math.sin(w * time / 2) * a / w)))
                for a, w in zip(angular, np.linalg.norm(angular, axis=1), strict=True)
            ]
            moved["rotations"] = np.array(turned) @ fields["rotations"]
        return type(still)(**moved)

    rows = at(0.0).rows(state)
    change = (at(STEP).rows(state).value - at(-STEP).rows(state).value) / (2 * STEP)
    assert rows.drift == pytest.approx(change, abs=2e-7)


@given(st.lists(st.floats(-2.0, 2.0), min_size=3, max_size=3), st.integers(0, 5))
def test_a_box_is_as_far_as_its_nearest_point(point, seed):
    rng = np.random.default_rng(seed)
    half, turn = rng.uniform(0.1, 1.0, (1, 3)), rotations(rng, 1)
    box = Boxes(positions=np.zeros((1, 3)), rotations=turn, half_sizes=half)
    distance, normal = box.distances(np.array(point)[None, None])
    local = turn[0].T @ np.array(point)
    nearest = np.clip(local, -half[0], half[0])
    outside = np.linalg.norm(local - nearest)
    inside = (half[0] - np.abs(local)).min()
    assert distance[0, 0] == pytest.approx(outside if outside > 0 else -inside, abs=1e-12)
    assert np.linalg.norm(normal) == pytest.approx(1.0)


@given(st.lists(st.floats(-2.0, 2.0), min_size=3, max_size=3))
def test_a_cylinder_is_as_far_as_its_nearest_surface(point):
    radius, half = 0.4, 0.7
    cylinder = Cylinders(
        positions=np.zeros((1, 3)), rotations=np.eye(3)[None], radii=np.array([radius]),
        half_lengths=np.array([half]),
    )  # fmt: skip
    distance, normal = cylinder.distances(np.array(point)[None, None])
    x, y, z = point
    side, end = math.hypot(x, y) - radius, abs(z) - half
    outside = math.hypot(max(side, 0.0), max(end, 0.0))
    assert distance[0, 0] == pytest.approx(outside if outside > 0 else max(side, end), abs=1e-12)
    assert np.linalg.norm(normal) == pytest.approx(1.0)


def test_a_body_on_a_spheres_centre_parts_along_x():
    arm = SerialArm(np.random.default_rng(0))
    state = arm.state(np.zeros(7))
    rows = Spheres(positions=state.centres[[3]], radii=np.array([0.1])).rows(state)
    assert np.isfinite(rows.gradient).all()
    assert rows.gradient[3] == pytest.approx(state.jacobian[3, 0])


@pytest.mark.parametrize("kind", ["self", "spheres", "boxes", "cylinders", "walls"])
def test_rows_exist_for_near_bodies_only(kind):
    rng = np.random.default_rng(4)
    arm = SerialArm(rng)
    barrier = draw(kind, arm, rng)
    state = arm.state(rng.uniform(-1, 1, 7))
    everything = barrier.rows(state)
    limit = float(np.median(everything.value))
    fields = {name: getattr(barrier, name) for name in type(barrier).__dataclass_fields__}
    near = type(barrier)(**{**fields, "activation": limit}).rows(state)
    assert near.value.tolist() == [v for v in everything.value.tolist() if v < limit]
    kept = everything.value < limit
    assert near.gradient == pytest.approx(everything.gradient[kept])


@pytest.mark.parametrize("kind", ["self", "spheres", "boxes", "cylinders", "walls"])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_distance_that_is_no_number_is_not_taken_for_far_away(kind):
    rng = np.random.default_rng(5)
    arm = SerialArm(rng)
    barrier = draw(kind, arm, rng)
    fields = {name: getattr(barrier, name) for name in type(barrier).__dataclass_fields__}
    near = type(barrier)(**{**fields, "activation": 0.1})
    q = rng.uniform(-1, 1, 7)
    rows = near.rows(arm.state(np.where(np.arange(7) == 3, math.nan, q)))
    assert np.isnan(rows.value).any()


@pytest.mark.parametrize("joints", [3, 6, 7])
def test_manipulability_has_yoshikawas_value(joints):
    rng = np.random.default_rng(joints)
    jacobian = SerialArm(rng, joints).state(rng.uniform(-1, 1, joints)).tool_jacobian
    task = jacobian if joints >= 6 else jacobian[:3]
    singular_values = np.linalg.svd(task, compute_uv=False)
    value, _ = manipulability(jacobian)
    assert value == pytest.approx(float(np.prod(singular_values)), rel=1e-9)


def test_at_a_singularity_manipulability_is_zero_without_a_gradient():
    value, gradient = manipulability(np.ones((6, 7)))
    assert value == 0.0 and not gradient.any()
    with np.errstate(invalid="ignore"):
        value, gradient = manipulability(np.full((6, 7), math.nan))
    assert math.isnan(value) and np.isnan(gradient).all()


@given(st.floats(-1.0, 5.0), st.floats(0.5, 20.0), st.floats(0.1, 20.0))
def test_a_barrier_that_falls_as_fast_as_it_may_needs_no_more_than_the_braking(h, gain, braking):
    def rate(value: float) -> float:
        return float(class_k(np.array([value]), gain, braking)[0])

    assert rate(0.0) == 0.0
    if h > 0.0:
        slope = (rate(h + 1e-7) - rate(h - 1e-7)) / 2e-7
        # h falls at rate(h): its deceleration is rate'(h) · rate(h).
        assert slope * rate(h) <= braking * (1 + 1e-4) + 1e-6
        assert 0.0 < rate(h) <= gain * h * (1 + 1e-9)
    else:
        assert rate(h) == pytest.approx(gain * h)


@pytest.mark.parametrize(
    "options",
    [{"gain": 0.0}, {"gain": -1.0}, {"gain": math.nan}, {"gain": math.inf}, {"braking": 0.0},
     {"braking": math.nan}],
)  # fmt: skip
def test_a_class_k_function_that_holds_nothing_back_is_refused(options):
    with pytest.raises(SafetyInputError, match="above 0"):
        Singularity(threshold=0.1, **options)
