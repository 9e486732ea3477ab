"""Parametric objects with affordance points.

Importing this registers the built-in models: bar, basket, box, crate, cylinder, mug, plate,
shelf, sphere, table and wall; and, of two parts with a joint, door and drawer.
"""

from counterpoint.objects.articulation import (
    ArticulationModel,
    Joint,
    build_articulation,
    door,
    drawer,
    list_articulation_models,
)
from counterpoint.objects.furniture import shelf, table, wall
from counterpoint.objects.mesh_files import file_digest, mesh_from_file
from counterpoint.objects.model import (
    Affordance,
    Builder,
    ObjectModel,
    Shape,
    build_object,
    list_object_models,
    register_object_model,
)
from counterpoint.objects.primitives import bar, box, cylinder, sphere
from counterpoint.objects.vessels import basket, crate, mug, plate

__all__ = [
    "Affordance",
    "ArticulationModel",
    "Builder",
    "Joint",
    "ObjectModel",
    "Shape",
    "bar",
    "basket",
    "box",
    "build_articulation",
    "build_object",
    "crate",
    "cylinder",
    "door",
    "drawer",
    "file_digest",
    "list_articulation_models",
    "list_object_models",
    "mesh_from_file",
    "mug",
    "plate",
    "register_object_model",
    "shelf",
    "sphere",
    "table",
    "wall",
]
