"""Whether convex bodies overlap, against what is known of boxes and balls."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from counterpoint.core.pose import Array, Pose
from counterpoint.objects import build_object
from counterpoint.simulation.overlap import TOLERANCE, depth, overlaps

CORNERS = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
SIZES = st.tuples(*[st.floats(0.05, 2.0)] * 3).map(np.array)
PLACES = st.tuples(*[st.floats(-2, 2)] * 3).map(np.array)
UNSURE = 2e-3  # m about the border in which the answer may be either


@st.composite
def turns(draw: st.DrawFn) -> Array:
    q = np.array(draw(st.tuples(*[st.floats(-1, 1)] * 4)))
    assume(np.linalg.norm(q) > 0.1)
    return q / np.linalg.norm(q)


def ball(radius: float, center: Array, n: int = 400) -> Array:
    """Points on a sphere (Fibonacci's), whose hull is nearly a ball."""
    k = np.arange(n) + 0.5
    z, angle = 1 - 2 * k / n, np.pi * (1 + 5**0.5) * k
    flat = np.sqrt(1 - z * z)
    return center + radius * np.column_stack([flat * np.cos(angle), flat * np.sin(angle), z])


@given(SIZES, SIZES, PLACES)
def test_upright_boxes_overlap_where_their_intervals_do(a: Array, b: Array, at: Array) -> None:
    depth = float((0.5 * (a + b) - np.abs(at)).min())
    assume(abs(depth - TOLERANCE) > UNSURE)
    assert overlaps(CORNERS * a, CORNERS * b + at) == (depth > TOLERANCE)


@given(st.floats(0.1, 1), st.floats(0.1, 1), PLACES)
def test_balls_overlap_where_their_centres_are_near(a: float, b: float, at: Array) -> None:
    depth = a + b - float(np.linalg.norm(at))
    assume(abs(depth - TOLERANCE) > 0.03 * (a + b))  # the points' hull is not quite a ball
    assert overlaps(ball(a, np.zeros(3)), ball(b, at)) == (depth > TOLERANCE)


@given(SIZES, st.floats(0.1, 0.8), PLACES)
def test_a_ball_overlaps_a_box_where_its_centre_is_near_enough(
    size: Array, radius: float, at: Array
) -> None:
    outside = np.maximum(np.abs(at) - size / 2, 0.0)
    gap = float(np.linalg.norm(outside)) - radius
    assume(abs(gap + TOLERANCE) > 0.05 * radius)
    assert overlaps(CORNERS * size, ball(radius, at)) == (gap < -TOLERANCE)


@given(SIZES, SIZES, PLACES, turns(), PLACES, turns())
def test_the_answer_does_not_depend_on_the_order_or_the_frame(
    a: Array, b: Array, at: Array, turn: Array, place: Array, view: Array
) -> None:
    one, other = CORNERS * a, Pose(at, turn).apply(CORNERS * b)
    frame = Pose(place, view)
    into = depth(one, other)
    assume(abs(into - TOLERANCE) > 1e-6)  # at the border rounding decides
    assert overlaps(one, other) == overlaps(other, one) == (into > TOLERANCE)
    assert overlaps(frame.apply(one), frame.apply(other)) == (into > TOLERANCE)


@given(SIZES, PLACES, turns())
def test_a_body_overlaps_itself_and_what_lies_inside(size: Array, at: Array, turn: Array) -> None:
    body = Pose(at, turn).apply(CORNERS * size)
    assert overlaps(body, body)
    assert overlaps(body, Pose(at, turn).apply(CORNERS * size * 0.5))


@given(SIZES, turns(), st.floats(0.01, 1.0))
def test_bodies_that_a_plane_parts_do_not_overlap(size: Array, turn: Array, gap: float) -> None:
    body = Pose(np.zeros(3), turn).apply(CORNERS * size)
    other = body - [0.0, 0.0, float(np.ptp(body[:, 2])) + gap]
    assert not overlaps(body, other)


def test_a_slanted_gap_is_seen_however_slowly_the_search_creeps() -> None:
    one = CORNERS * [0.75, 0.5, 1.0]
    turn = np.array([0.0, 2.0, 1.0, 0.0]) / 5**0.5
    other = Pose(np.array([0.625, 0.625, 0.0]), turn).apply(CORNERS * [0.875, 1.0, 1.0])
    assert not overlaps(one, other)  # they are 12.5 mm apart


def test_resting_contact_is_no_overlap() -> None:
    assert not overlaps(CORNERS, CORNERS + [0, 0, 1.0])
    assert not overlaps(CORNERS, CORNERS + [0, 0, 1.0 - 0.9 * TOLERANCE])
    assert overlaps(CORNERS, CORNERS + [0, 0, 1.0 - 1.5 * TOLERANCE])


@pytest.mark.parametrize("name", ["box", "cylinder", "sphere"])
def test_the_shapes_of_objects_overlap_when_they_meet(name: str) -> None:
    points = build_object(name, None, {}).shapes[0].mesh()[0]
    width = float(np.ptp(points[:, 0]))
    assert overlaps(points, points + [0.8 * width, 0, 0])
    assert not overlaps(points, points + [1.2 * width, 0, 0])
