"""Claims about the built-in object models."""

from __future__ import annotations

import math

import numpy as np
import pytest

from counterpoint.core.errors import UnknownModelError
from counterpoint.objects import (
    ObjectModel,
    Shape,
    build_object,
    list_object_models,
    mug,
    plate,
    register_object_model,
    shelf,
)
from counterpoint.objects.parts import volume

BUILT_IN = (
    *("bar", "basket", "box", "crate", "cylinder", "mug"),
    *("plate", "shelf", "sphere", "table", "wall"),
)
CENTRED = {"box", "sphere", "cylinder", "bar"}
OTHER_SIZES = {
    "bar": (0.8, 0.03, 0.05),
    "basket": (0.4, 0.3, 0.4),
    "box": (0.3, 0.04, 0.12),
    "crate": (0.5, 0.25, 0.3),
    "cylinder": (0.05, 0.05, 0.3),
    "mug": (0.07, 0.07, 0.1),
    "plate": (0.3, 0.3, 0.04),
    "shelf": (0.4, 1.2, 1.8),
    "sphere": (0.1, 0.1, 0.1),
    "table": (0.8, 1.6, 0.5),
    "wall": (4.0, 0.2, 1.0),
}
CASES = [(name, None) for name in BUILT_IN] + list(OTHER_SIZES.items())


def _triangles(model: ObjectModel) -> np.ndarray:
    """Corners of every triangle in the object's frame, shape (m, 3, 3)."""
    parts = []
    for shape in model.shapes:
        vertices, triangles = shape.mesh()
        parts.append(shape.object_from_shape.apply(vertices)[triangles])
    return np.concatenate(parts)


def _first_hit(triangles: np.ndarray, origin: np.ndarray, direction: np.ndarray) -> float:
    """Distance along a ray to the nearest triangle (Möller and Trumbore 1997), or infinity."""
    a, b, c = triangles.transpose(1, 0, 2)
    p = np.cross(direction, c - a)
    det = np.einsum("ij,ij->i", b - a, p)
    across = np.abs(det) > 1e-12
    a, b, c, p, det = a[across], b[across], c[across], p[across], det[across]
    s = origin - a
    q = np.cross(s, b - a)
    u = np.einsum("ij,ij->i", s, p) / det
    v = q @ direction / det
    t = np.einsum("ij,ij->i", c - a, q) / det
    eps = 1e-9
    hit = (u > -eps) & (v > -eps) & (u + v < 1 + eps) & (t > 0)
    return float(t[hit].min()) if hit.any() else math.inf


def test_the_built_in_models_are_registered() -> None:
    assert set(BUILT_IN) <= set(list_object_models())
    for name in BUILT_IN:
        assert build_object(name).name == name


def test_an_unknown_model_is_refused_with_what_exists() -> None:
    with pytest.raises(UnknownModelError, match="mug"):
        build_object("mugg")


def test_a_taken_name_is_refused() -> None:
    with pytest.raises(ValueError, match="'mug' is registered already"):
        register_object_model("mug", plate)


@pytest.mark.parametrize(("name", "size"), CASES)
def test_shapes_span_exactly_the_declared_size(
    name: str, size: tuple[float, float, float] | None
) -> None:
    model = build_object(name, size)
    points = _triangles(model).reshape(-1, 3)
    assert size is None or model.size == size
    np.testing.assert_allclose(np.ptp(points, axis=0), model.size, atol=1e-9)
    assert points[:, 2].min() == pytest.approx(model.bottom, abs=1e-12)
    assert model.bottom < model.top <= model.bottom + model.size[2] + 1e-12


@pytest.mark.parametrize(("name", "size"), CASES)
def test_the_origin_is_the_centre_or_what_it_stands_on(
    name: str, size: tuple[float, float, float] | None
) -> None:
    model = build_object(name, size)
    assert model.bottom == (-model.size[2] / 2 if name in CENTRED else 0.0)
    points = _triangles(model).reshape(-1, 3)
    middle = 0.5 * (points.min(axis=0) + points.max(axis=0))
    handle = model.size[1] - model.size[0] if name == "mug" else 0.0
    np.testing.assert_allclose(middle[:2], (0, handle / 2), atol=1e-9)


@pytest.mark.parametrize(("name", "size"), CASES)
def test_affordances_are_in_the_object_with_orthogonal_unit_axes(
    name: str, size: tuple[float, float, float] | None
) -> None:
    model = build_object(name, size)
    points = _triangles(model).reshape(-1, 3)
    assert len({a.name for a in model.affordances}) == len(model.affordances)
    for a in model.affordances:
        assert np.linalg.norm(a.approach) == pytest.approx(1)
        assert np.linalg.norm(a.closing_axis) == pytest.approx(1)
        assert a.approach @ a.closing_axis == pytest.approx(0)
        assert (a.position >= points.min(axis=0) - 1e-9).all()
        assert (a.position <= points.max(axis=0) + 1e-9).all()
        assert not a.position.flags.writeable


@pytest.mark.parametrize(("name", "size"), CASES)
def test_fingers_that_close_from_both_sides_touch_at_half_the_width(
    name: str, size: tuple[float, float, float] | None
) -> None:
    model = build_object(name, size)
    triangles = _triangles(model)
    gap = 0.004
    for a in model.affordances:
        for axis in (a.closing_axis, -a.closing_axis):
            finger = a.position - (a.width / 2 + gap) * axis
            assert _first_hit(triangles, finger, axis) == pytest.approx(gap, abs=1e-9), a.name


@pytest.mark.parametrize(("name", "size"), CASES)
def test_nothing_is_in_the_way_of_the_fingertips(
    name: str, size: tuple[float, float, float] | None
) -> None:
    model = build_object(name, size)
    triangles = _triangles(model)
    for a in model.affordances:
        for side in (1, -1):
            tip = a.position + side * (a.width / 2 + 0.002) * a.closing_axis
            assert _first_hit(triangles, tip, -a.approach) == math.inf, a.name


@pytest.mark.parametrize("name", BUILT_IN)
def test_things_can_be_placed_on_top(name: str) -> None:
    model = build_object(name)
    up = np.array([0.0, 0.0, 1.0])
    # Off the axis, where the basket has its handle and the sphere still is its pole.
    aside = 0.0 if name == "sphere" else 0.015
    surface = np.array([aside, 0.001, model.top + 1e-4])
    assert _first_hit(_triangles(model), surface, up) == math.inf
    assert _first_hit(_triangles(model), surface, -up) < 1e-3


@pytest.mark.parametrize(
    "shape",
    [Shape("box", (0.1, 0.2, 0.3)), Shape("sphere", (0.2,)), Shape("cylinder", (0.1, 0.3))],
    ids=lambda s: s.kind,
)
def test_meshes_are_closed_face_outwards_and_enclose_their_volume(shape: Shape) -> None:
    vertices, triangles = shape.mesh()
    edges = [(int(t[i]), int(t[i - 2])) for t in triangles for i in range(3)]
    assert len(set(edges)) == len(edges)
    assert {(b, a) for a, b in edges} == set(edges)
    a, b, c = vertices[triangles].transpose(1, 0, 2)
    enclosed = np.einsum("ij,ij->", a, np.cross(b, c)) / 6
    if shape.kind == "box":
        assert enclosed == pytest.approx(volume(shape))
    else:
        assert 0.96 * volume(shape) < enclosed < volume(shape)
    if shape.kind == "cylinder":
        prism = 16 * math.sin(math.pi / 16) * 0.1**2 * 0.6
        assert enclosed == pytest.approx(prism)
    outwards = np.einsum("ij,ij->i", np.cross(b - a, c - a), a + b + c)
    assert (outwards > 0).all()


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize(
    "size", [(0.0, 0.1, 0.1), (0.1, -1.0, 0.1), (0.1, 0.1, math.nan), (math.inf, 0.1, 0.1), (1, 1)]
)
def test_sizes_that_are_not_three_positive_lengths_are_refused(
    name: str, size: tuple[float, float, float]
) -> None:
    with pytest.raises(ValueError, match=f"{name}: size is .* expected"):
        build_object(name, size)


@pytest.mark.parametrize(
    ("name", "size", "parameters", "message"),
    [
        ("sphere", (0.1, 0.1, 0.2), {}, "sphere: size"),
        ("cylinder", (0.1, 0.2, 0.2), {}, "cylinder: size"),
        ("plate", (0.1, 0.2, 0.03), {}, "plate: size"),
        ("bar", (0.1, 0.2, 0.1), {}, "length x to be the longest"),
        ("mug", (0.08, 0.09, 0.1), {}, "two walls"),
        ("mug", (0.08, 0.06, 0.1), {}, "two walls"),
        ("mug", None, {"wall": 0.04}, "mug: wall is 0.04"),
        ("crate", None, {"wall": 0.1}, "crate: wall is 0.1, expected above 0 and below 0.1 m"),
        ("crate", None, {"wall": -0.1}, "crate: wall is -0.1"),
        ("crate", None, {"wall": math.nan}, "crate: wall is nan"),
        ("basket", None, {"handle": 0.2}, "basket: handle"),
        ("plate", None, {"floor": 0.03}, "plate: floor"),
        ("table", None, {"leg": 0.35}, "table: leg"),
        ("table", None, {"board": 0.0}, "table: board"),
        ("shelf", None, {"levels": 1.0}, "shelf: levels is 1.0, expected a whole number in 2..20"),
        ("shelf", None, {"levels": 2.5}, "shelf: levels"),
        ("shelf", None, {"levels": math.inf}, "shelf: levels"),
        ("shelf", None, {"levels": 20.0, "board": 0.08}, "shelf: board"),
    ],
)
def test_parameters_out_of_range_are_refused_by_name(
    name: str,
    size: tuple[float, float, float] | None,
    parameters: dict[str, float],
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        build_object(name, size, parameters)


def test_a_parameter_that_does_not_exist_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="colour"):
        build_object("mug", None, {"colour": 1.0})


def test_a_mug_as_deep_as_wide_has_no_handle() -> None:
    names = {a.name for a in mug((0.07, 0.07, 0.1)).affordances}
    assert "handle" not in names
    assert {"front", "back", "left", "right"} <= names
    assert "handle" in {a.name for a in mug().affordances}


def test_usual_grasps_fit_grippers_that_open_from_9_to_75_mm() -> None:
    for name in BUILT_IN:
        for a in build_object(name).affordances:
            assert 0.009 <= a.width <= 0.075, (name, a.name)


def test_shelf_boards_are_where_the_docstring_says() -> None:
    board, levels = 0.03, 5
    model = shelf((0.4, 1.0, 1.6), levels=levels, board=board)
    triangles = _triangles(model)
    for k in range(levels):
        height = board + k * (1.6 - board) / (levels - 1)
        above = np.array([0.05, 0.01, height + 0.01])
        assert _first_hit(triangles, above, np.array([0, 0, -1.0])) == pytest.approx(0.01)
    assert _first_hit(triangles, np.array([0.0, 0.0, 0.2]), np.array([1.0, 0, 0])) == math.inf
    assert _first_hit(triangles, np.array([0.0, 0.0, 0.2]), np.array([-1.0, 0, 0])) < 0.2


def test_a_usual_crate_weighs_about_a_kilogram() -> None:
    assert build_object("crate").mass == pytest.approx(1.0, abs=0.05)


def test_mass_grows_with_volume() -> None:
    small, large = build_object("box", (0.1, 0.1, 0.1)), build_object("box", (0.2, 0.2, 0.2))
    assert large.mass == pytest.approx(8 * small.mass)
