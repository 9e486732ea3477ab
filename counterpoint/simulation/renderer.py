"""What a renderer is: geometry and poses in, images out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.pose import Array, Pose
from counterpoint.robots import RobotModel

Pass = Literal["rgb", "depth", "segmentation", "normals"]
PASSES: tuple[Pass, ...] = ("rgb", "depth", "segmentation", "normals")

# How a face is lit, the same in every renderer. The shares of ambient light, main light and
# headlight add up to about 1 on a face in full light; colours are multiplied by
# light ** (1 / GAMMA).
HEADLIGHT = 0.15
"""Share of the lamp at the camera."""
SKY = 0.35
"""How much darker the ambient light is on a face that looks down than on one that looks up."""
GAMMA = 2.2


def main_light(ambient: float) -> float:
    """Share of the main light where `ambient` is the ambient share."""
    return max(0.0, 1.0 - ambient - 0.5 * HEADLIGHT)


@dataclass(frozen=True, slots=True, eq=False)
class RenderBody:
    """Rigid geometry to draw.

    Attributes:
        segmentation_id: What the segmentation pass shows for it; 0 is the background.
        vertices: Shape (n, 3) [m], in the body's frame.
        triangles: Vertex indices, shape (m, 3), outward facing.
        colors: Red, green and blue in 0..1 of each triangle, shape (m, 3).
        link: The robot model and the link that it is, for renderers that draw visual meshes
            instead of the triangles; None if it is no part of a robot.
    """

    segmentation_id: int
    vertices: NDArray[np.float32]
    triangles: NDArray[np.uint32]
    colors: NDArray[np.float32]
    link: tuple[RobotModel, str] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CameraView:
    """A camera at one moment. It looks along its +x axis, +y is left and +z is up, as in SAPIEN.

    Attributes:
        camera_id: Its name.
        world_from_camera: Where it is.
        size: Width and height [pixels].
        field_of_view: Vertical angle [rad].
        near: Nearest distance along the viewing axis that is drawn [m].
        far: Farthest such distance [m].
    """

    camera_id: str
    world_from_camera: Pose
    size: tuple[int, int]
    field_of_view: float
    near: float = 0.01
    far: float = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class SceneView:
    """What there is to draw in one frame.

    Attributes:
        version: Changes whenever `bodies` does, so that geometry can be cached.
        bodies: The geometry, in a fixed order.
        positions: World position of each body, shape (n, 3) [m].
        quaternions: World orientation of each body, wxyz, shape (n, 4).
        light_direction: Unit vector along which the main light travels, shape (3,).
        ambient: Share of light that comes from everywhere, in 0..1.
        background: Colour where nothing is hit, in 0..1.
    """

    version: int
    bodies: Sequence[RenderBody]
    positions: Array
    quaternions: Array
    light_direction: Array
    ambient: float
    background: tuple[float, float, float]


Images = dict[str, NDArray[np.generic]]


class Renderer(Protocol):
    """Draws a scene for some cameras.

    Conventions: rgb is uint8 (h, w, 3); depth is float32 metres along the viewing axis (h, w), 0
    where nothing is hit within `far`; segmentation is uint16 (h, w); normals are float32 unit
    vectors in the world frame (h, w, 3), facing the camera, 0 where nothing is hit.
    """

    name: str

    def render(
        self, scene: SceneView, requests: Sequence[tuple[CameraView, Sequence[Pass]]]
    ) -> list[Images]:
        """One dict of pass to image for each request. The scene is prepared once for all."""
        ...

    def close(self) -> None:
        """Free what the renderer holds."""
        ...
