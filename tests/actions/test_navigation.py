"""Outlines, grids, paths and right of way: geometry without a simulator."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from counterpoint.actions.navigation import (
    FREE,
    OCCUPIED,
    Outline,
    cost_field,
    make_grid,
    path_between,
    rounded,
    shortened,
)
from counterpoint.actions.navigation.route import (
    KEEP,
    Goal,
    NoRoute,
    Route,
    plan_retreat,
    plan_route,
)
from counterpoint.actions.plane import convex_outline, distance_to_polyline
from counterpoint.actions.right_of_way import SPACING, yields_after
from counterpoint.core.pose import Array

RADIUS = 0.4
ROOM = (6.0, 6.0)
HALF = np.array(ROOM) / 2

coordinates = st.floats(-2.5, 2.5, width=32)
points = st.tuples(coordinates, coordinates)


@st.composite
def outlines(draw: st.DrawFn) -> list[Outline]:
    """Up to eight turned rectangles and discs."""
    found = []
    for k in range(draw(st.integers(0, 8))):
        middle = np.array(draw(points))
        if draw(st.booleans()):
            found.append(Outline(f"disc {k}", middle[None], draw(st.floats(0.05, 0.5))))
            continue
        x, y = draw(st.floats(0.05, 0.8)), draw(st.floats(0.05, 0.8))
        angle = draw(st.floats(0, math.pi))
        corners = np.array([[x, y], [-x, y], [-x, -y], [x, -y]])
        c, s = math.cos(angle), math.sin(angle)
        found.append(Outline(f"box {k}", middle + corners @ np.array([[c, s], [-s, c]])))
    return found


def away(shapes: list[Outline], at: Array) -> Array:
    """The distance of points (n, 2) from shapes and from the room's walls, by the shapes."""
    walls = (HALF - np.abs(at)).min(axis=1)
    return np.min([walls, *(o.distance(at[:, 0], at[:, 1]) for o in shapes)], axis=0)


def dense(path: Array) -> Array:
    """Points all along a path, 1 cm apart, shape (n, 2)."""
    legs = [
        a + np.linspace(0, 1, max(2, int(np.linalg.norm(b - a) / 0.01)))[:, None] * (b - a)
        for a, b in itertools.pairwise(path)
    ]
    return np.concatenate(legs)


def point_goal(at: Array, within: float = 0.08) -> Goal:
    return Goal([Outline("", np.asarray(at, dtype=float)[None])], 0.0, within)


# --- outlines and grids ----------------------------------------------------------------------


@given(st.lists(points, min_size=3, max_size=20, unique=True))
def test_a_convex_outline_is_the_hull_counter_clockwise(listed: list[tuple[float, float]]) -> None:
    cloud = np.array(listed)
    if np.linalg.matrix_rank(cloud - cloud[0], tol=1e-3) < 2:
        return
    mine, theirs = convex_outline(cloud), ConvexHull(cloud)
    x, y = mine.T
    area = 0.5 * float(x @ np.roll(y, -1) - y @ np.roll(x, -1))
    assert area == pytest.approx(theirs.volume, rel=1e-6, abs=1e-9)


@given(outlines(), st.lists(points, min_size=2, max_size=10))
def test_distances_change_no_faster_than_one_moves(
    shapes: list[Outline], listed: list[tuple[float, float]]
) -> None:
    at = np.array(listed)
    for outline in shapes:
        d = outline.distance(at[:, 0], at[:, 1])
        moved = np.linalg.norm(np.diff(at, axis=0), axis=1)
        assert (np.abs(np.diff(d)) <= moved + 1e-9).all()
        assert (outline.distance(*outline.points.T) <= 1e-9).all()


@given(outlines())
@settings(max_examples=30)
def test_a_grid_agrees_with_the_shapes_that_it_is_made_of(shapes: list[Outline]) -> None:
    grid = make_grid(shapes, -HALF, HALF, 0.1, ROOM)
    middles = grid.position_of(np.argwhere(np.ones_like(grid.values)))
    true = away(shapes, middles).reshape(grid.values.shape)
    near = true < 1.0
    np.testing.assert_allclose(grid.clearance[near], true[near], atol=1e-9)
    assert (grid.clearance <= true + 1e-9).all()
    assert (grid.values[true <= 1e-12] == OCCUPIED).all()
    assert (true[grid.values == OCCUPIED] <= 0.1 * math.sqrt(0.5) + 1e-9).all()
    assert (true[grid.values == FREE] > 0).all()


def test_interpolated_clearance_is_exact_beside_a_straight_wall() -> None:
    grid = make_grid([], -HALF, HALF, 0.05, ROOM)
    at = np.array([[2.5137, 0.3], [2.7, -0.4], [-2.333, 1.0]])
    np.testing.assert_allclose(grid.clearance_at(at), 3 - np.abs(at[:, 0]), atol=1e-9)


# --- paths -----------------------------------------------------------------------------------


@given(outlines(), points, points)
@settings(max_examples=60)
def test_a_route_keeps_clear_of_everything_and_ends_at_its_goal(
    shapes: list[Outline], start: tuple[float, float], end: tuple[float, float]
) -> None:
    begin, goal = np.array(start), np.array(end)
    if away(shapes, begin[None])[0] < RADIUS + KEEP:
        return
    route = plan_route(shapes, begin, point_goal(goal), RADIUS, ROOM)
    if isinstance(route, NoRoute):
        assert route.reason
        return
    np.testing.assert_allclose(route.path[0], begin)
    assert np.linalg.norm(route.path[-1] - goal) <= 0.08 + 1e-9
    assert away(shapes, dense(route.path)).min() >= RADIUS - 1e-9


@given(outlines(), points, points)
@settings(max_examples=40)
def test_there_is_a_route_back_where_there_is_one_forth(
    shapes: list[Outline], start: tuple[float, float], end: tuple[float, float]
) -> None:
    a, b = np.array(start), np.array(end)
    if min(away(shapes, np.array([a, b]))) < RADIUS + 2 * KEEP:
        return
    forth = plan_route(shapes, a, point_goal(b), RADIUS, ROOM)
    back = plan_route(shapes, b, point_goal(a), RADIUS, ROOM)
    assert isinstance(forth, Route) == isinstance(back, Route)


def test_the_wider_of_two_ways_is_worth_a_small_detour() -> None:
    wall = [
        Outline("middle", np.array([[-0.1, -0.6], [0.1, -0.6], [0.1, 0.5], [-0.1, 0.5]])),
        Outline("north", np.array([[-0.1, 1.4], [0.1, 1.4], [0.1, 3.0], [-0.1, 3.0]])),
    ]  # 0.9 m to the north of the middle, 2.4 m to its south
    route = plan_route(wall, np.array([-2, 0.2]), point_goal(np.array([2, 0.2])), 0.38, ROOM)
    assert isinstance(route, Route)
    assert route.path[:, 1].min() < -0.6


def test_a_path_over_open_floor_is_straight() -> None:
    route = plan_route([], np.array([-2.0, -1.3]), point_goal(np.array([2.0, 1.1])), RADIUS, ROOM)
    assert isinstance(route, Route)
    np.testing.assert_allclose(route.path, [[-2, -1.3], [2, 1.1]])


def test_corners_become_arcs_that_touch_their_legs() -> None:
    grid = make_grid([], -HALF, HALF, 0.05, ROOM)
    corner = np.array([[-2.0, 0.0], [0.0, 0.0], [0.0, 2.0]])
    path, radii = rounded(corner, grid, RADIUS)
    arc = path[1:-1]
    np.testing.assert_allclose(arc[[0, -1]], [[-0.6, 0.0], [0.0, 0.6]], atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(arc - [-0.6, 0.6], axis=1), 0.6)
    np.testing.assert_allclose(radii[1:-1], 0.6)
    assert np.isinf(radii[[0, -1]]).all()


def test_a_corner_without_room_for_an_arc_stays() -> None:
    post = Outline("post", np.array([[-0.42, 0.42]]), 0.15)
    grid = make_grid([post], -HALF, HALF, 0.05, ROOM)
    corner = np.array([[-2.0, 0.0], [0.0, 0.0], [0.0, 2.0]])
    path, radii = rounded(corner, grid, 0.42 - 0.15)
    assert away([post], dense(path)).min() > 0.42 - 0.15 - 0.02
    assert radii[1:-1].min() < 0.3


def test_shortening_keeps_the_ends_and_the_clearance() -> None:
    box = Outline("box", np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]))
    grid = make_grid([box], -HALF, HALF, 0.05, ROOM)
    start = np.array([-2.0, 0.0])
    cells = cost_field(grid, start, RADIUS).path_to(grid.cell_of((2.0, 0.0)))
    path = shortened(cells, grid, RADIUS, RADIUS + 0.3)
    assert len(path) <= 6 < len(cells)
    np.testing.assert_allclose(path[[0, -1]], cells[[0, -1]])
    assert away([box], dense(path)).min() >= RADIUS - 0.01


@pytest.mark.parametrize("radius", [0.2, 0.45, 0.55])
def test_a_gap_is_passed_by_what_fits_through(radius: float) -> None:
    walls = [
        Outline("n", np.array([[0.0, 0.5], [0.1, 0.5], [0.1, 3.0], [0.0, 3.0]])),
        Outline("s", np.array([[0.0, -3.0], [0.1, -3.0], [0.1, -0.5], [0.0, -0.5]])),
    ]
    grid = make_grid(walls, -HALF, HALF, 0.05, ROOM)
    path = path_between(grid, np.array([-2.0, 0.0]), np.array([2.0, 0.0]), radius)
    assert (path is not None) is (radius < 0.5)


# --- right of way ----------------------------------------------------------------------------


def line(start: tuple[float, float], end: tuple[float, float]) -> Array:
    a, b = np.array(start), np.array(end)
    count = round(float(np.linalg.norm(b - a)) / SPACING) + 1
    return a + np.linspace(0, 1, count)[:, None] * (b - a)


@pytest.mark.parametrize(
    ("own", "other", "after"),
    [
        (line((0, 0), (4, 0)), line((0, 2), (4, 2)), None),  # side by side
        (line((0, 0), (4, 0)), line((3, -1), (3, 4)), 2.1),  # crossing, the other is nearer
        (line((0, 0), (4, 0)), line((1, -8), (1, 8)), None),  # crossing, through in time
        (line((0, 0), (4, 0)), line((6, 0), (0, 0)), 0.0),  # head-on: it stands on the way
        (line((0, 0), (4, 0)), line((2, 1.5), (2, 1.5)), None),
    ],
)
def test_who_goes_first_where_ways_meet(own: Array, other: Array, after: float | None) -> None:
    limit = yields_after(own, other, 1.0, 0.5, 0.5)
    assert limit == (None if after is None else pytest.approx(after, abs=0.05))


def test_a_retreat_leaves_the_way_free_and_is_short() -> None:
    way = line((-2.5, 0), (2.5, 0))
    route = plan_retreat([], np.array([0.5, 0.1]), [(way, 0.9)], RADIUS, ROOM)
    assert route is not None
    end = route.path[-1]
    assert distance_to_polyline(end[None], way)[0] >= 0.9
    assert np.linalg.norm(end - [0.5, 0.1]) < 1.1


def test_there_is_no_retreat_in_a_corridor_without_a_passing_place() -> None:
    walls = [
        Outline("n", np.array([[-3.0, 0.6], [3.0, 0.6], [3.0, 3.0], [-3.0, 3.0]])),
        Outline("s", np.array([[-3.0, -3.0], [3.0, -3.0], [3.0, -0.6], [-3.0, -0.6]])),
    ]
    way = line((-2.5, 0), (2.5, 0))
    assert plan_retreat(walls, np.array([0.0, 0.0]), [(way, 0.9)], RADIUS, ROOM) is None
