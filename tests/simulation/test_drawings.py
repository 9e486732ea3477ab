"""Marks in pictures: seen, and felt by nobody."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from counterpoint import Controller
from counterpoint import commands as cmd
from counterpoint.add_ons import ThirdPersonCamera
from counterpoint.core.errors import CommandError
from counterpoint.simulation.drawings import marks

PINK = (0.9, 0.2, 0.6)
LINE = cmd.DrawDebug(drawing_id="way", points=[(-1, 0, 0.5), (1, 0, 0.5)], radius=0.1)


@given(
    arrays(np.float64, st.tuples(st.integers(1, 6), st.just(3)), elements=st.floats(-5, 5)),
    st.booleans(),
)
def test_marks_are_finite_and_near_their_points(points: np.ndarray, line: bool) -> None:
    vertices, triangles = marks(points, 0.02, line=line)
    assert np.isfinite(vertices).all()
    assert triangles.min() >= 0 and triangles.max() < len(vertices)
    distance = np.linalg.norm(vertices[:, None] - points, axis=2).min(axis=1)
    assert distance.max() < 0.0201


def test_a_line_faces_outwards_all_along() -> None:
    start, end = np.array([0.0, 0, 0]), np.array([1.0, 2, 3])
    vertices, triangles = marks(np.stack([start, end]), 0.05, line=True)
    a, b, c = np.moveaxis(vertices[triangles[16:]], 1, 0)  # behind the two dots
    middle = (a + b + c) / 3
    along = (end - start) / np.linalg.norm(end - start)
    foot = start + ((middle - start) @ along)[:, None] * along
    assert (np.einsum("ij,ij->i", np.cross(b - a, c - a), middle - foot) > 0).all()


def test_a_drawing_is_in_the_picture_and_in_nothing_else(scene: Callable[..., Controller]) -> None:
    def run(*commands: cmd.Command) -> Controller:
        controller = scene(
            ThirdPersonCamera("cam", position=(0, -2, 0.5), look_at=(0, 0, 0.5), size=(32, 32)),
            commands=[cmd.AddObject(object_id="ball", model="sphere", position=(0, 0, 1.5))],
        )
        controller.communicate(commands)
        for _ in range(40):  # the ball falls through the line
            controller.communicate()
        return controller

    plain, drawn = run(), run(LINE)
    assert plain.world_hash() == drawn.world_hash()
    look = cmd.CaptureImages(cameras=("cam",), passes=("rgb", "depth", "segmentation"))
    images = drawn.communicate(look).images["cam"]
    red, green, blue = images["rgb"][16, 16].astype(float)
    assert red > blue > green
    assert images["segmentation"][16, 16] == 0
    assert images["depth"][16, 16] == pytest.approx(1.9, abs=0.05)


def test_it_stays_until_it_is_drawn_anew_or_taken_away(scene: Callable[..., Controller]) -> None:
    controller = scene(
        ThirdPersonCamera("cam", position=(0, -2, 0.5), look_at=(0, 0, 0.5), size=(32, 32)),
        checkpoint_every=2,  # the scene is built anew in between
    )
    look = cmd.CaptureImages(cameras=("cam",), passes=("depth",))

    def depth(*commands: cmd.Command) -> float:
        return float(controller.communicate([*commands, look]).images["cam"]["depth"][16, 16])

    behind = depth()
    assert depth(LINE) == pytest.approx(1.9, abs=0.05)
    for _ in range(4):
        assert depth() == pytest.approx(1.9, abs=0.05)
    moved = cmd.DrawDebug(drawing_id="way", points=[(0, 0.5, 0.5)], radius=0.1)
    assert depth(moved) == pytest.approx(2.45, abs=0.05)
    assert depth(cmd.DrawDebug(drawing_id="way")) == behind
    for _ in range(3):
        assert depth() == behind


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points", [(0, 0)]), ("points", [(0, 0, float("nan"))]), ("points", "abc"),
        ("radius", 0), ("color", (2, 0, 0)), ("drawing_id", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(field: str, value: object) -> None:
    with pytest.raises(CommandError) as caught:
        cmd.DrawDebug(**{"drawing_id": "d", field: value})
    assert caught.value.field is not None and caught.value.field.startswith(field)
