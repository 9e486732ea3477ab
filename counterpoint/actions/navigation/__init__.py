"""Ways over the floor: outlines of what stands on it, a grid of it, and paths through the grid."""

from counterpoint.actions.navigation.grid import FREE, OCCUPIED, OUTSIDE, UNKNOWN, Grid, make_grid
from counterpoint.actions.navigation.outlines import (
    Outline,
    body_radius,
    object_outlines,
    robot_outlines,
    scene_outlines,
)
from counterpoint.actions.navigation.route import path_between
from counterpoint.actions.navigation.search import Field, cost_field
from counterpoint.actions.navigation.smooth import rounded, shortened

__all__ = [
    "FREE",
    "OCCUPIED",
    "OUTSIDE",
    "UNKNOWN",
    "Field",
    "Grid",
    "Outline",
    "body_radius",
    "cost_field",
    "make_grid",
    "object_outlines",
    "path_between",
    "robot_outlines",
    "rounded",
    "scene_outlines",
    "shortened",
]
