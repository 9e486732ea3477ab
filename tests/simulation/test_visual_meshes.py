"""Claims about the simplification of visual meshes, and about finding them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from counterpoint.objects.model import Shape
from counterpoint.robots import get_model, list_models
from counterpoint.robots.description import load_description
from counterpoint.robots.visuals import load_visuals
from counterpoint.simulation.visual_meshes import flat_mesh, simplified


def _fine_sphere(radius: float, n: int = 200) -> np.ndarray:
    """Corners of a sphere of 2 n² triangles."""
    polar, azimuth = np.linspace(0, np.pi, n + 1), np.linspace(0, 2 * np.pi, n + 1)
    p, a = np.meshgrid(polar, azimuth, indexing="ij")
    points = radius * np.stack([np.sin(p) * np.cos(a), np.sin(p) * np.sin(a), np.cos(p)], -1)
    u, v, w, x = points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]
    faces = np.concatenate([np.stack([u, v, w], -2), np.stack([u, w, x], -2)])
    return faces.reshape(-1, 3, 3).astype(np.float32)


def test_a_simplified_sphere_is_smooth_light_and_where_it_was() -> None:
    corners = _fine_sphere(0.1)
    mesh = simplified(corners)
    assert 1000 < len(mesh.triangles) < len(corners) / 5
    distance = np.linalg.norm(mesh.vertices, axis=1)
    np.testing.assert_allclose(distance, 0.1, atol=0.001)
    outward = (mesh.normals * mesh.vertices).sum(axis=1) / distance
    assert np.quantile(outward, 0.01) > 0.97
    a, b, c = (mesh.vertices[mesh.triangles[:, i]] for i in range(3))
    facing = (np.cross(b - a, c - a) * (a + b + c)).sum(axis=1)
    assert (facing > 0).mean() > 0.99


def test_a_simplified_box_keeps_its_edges() -> None:
    vertices, triangles = Shape("box", (0.1, 0.07, 0.05)).mesh()
    mesh = simplified(np.asarray(vertices, np.float32)[triangles])
    assert len(mesh.triangles) == 12
    assert len(mesh.vertices) == 24  # each of eight corners, for each of three faces
    np.testing.assert_allclose(np.abs(mesh.normals).max(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.abs(mesh.vertices), np.tile([[0.1, 0.07, 0.05]], (24, 1)))


def test_what_has_no_area_is_kept_as_it_is() -> None:
    line = np.zeros((2, 3, 3), np.float32)
    assert len(simplified(line).triangles) == 2


def test_a_flat_mesh_has_the_normal_of_each_face() -> None:
    mesh = flat_mesh(*Shape("box", (1.0, 1.0, 1.0)).mesh())
    assert mesh.vertices.shape == mesh.normals.shape == (36, 3)
    assert ((mesh.normals * mesh.vertices).sum(axis=1) > 0.99).all()


@pytest.mark.parametrize("name", list_models())
def test_visuals_are_found_for_links_of_the_physical_description(name: str) -> None:
    model = get_model(name)
    visuals = load_visuals(model)
    carriers = {carrier for carrier, _ in load_description(model).body_of.values()}
    assert visuals
    assert set(visuals) <= carriers
    for visual in (v for parts in visuals.values() for v in parts):
        assert Path(visual.file).is_file() == (visual.kind == "mesh")
        assert len(visual.size) == {"mesh": 3, "box": 3, "sphere": 1, "cylinder": 2}[visual.kind]
