"""A camera that stands in the world, or goes along with something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from counterpoint.add_ons.add_on import AddOn
from counterpoint.commands import AddCamera, Command, Names, parse_command


class ThirdPersonCamera(AddOn):
    """A camera.

    Args:
        camera_id: Its name.
        position: Where it stands [m]; with `follow`, its offset from what it follows.
        look_at: A robot, an object or a point to look at [m].
        follow: A robot or object to go along with and look at.
        size: Width and height of its images [pixels].
        field_of_view: Vertical angle [rad].
    """

    def __init__(
        self,
        camera_id: str,
        position: Sequence[float] = (2.0, -2.0, 1.6),
        look_at: str | Sequence[float] | None = None,
        follow: str | None = None,
        size: tuple[int, int] = (256, 256),
        field_of_view: float = 1.0,
    ) -> None:
        self.camera_id = camera_id
        self._spec: dict[str, Any] = {
            "type": "add_camera",
            "camera_id": camera_id,
            "position": position,
            "size": size,
            "field_of_view": field_of_view,
        }
        if follow is not None:
            self._spec |= {"follow": follow, "offset": position}
        if look_at is not None:
            self._spec["look_at"] = look_at

    def get_initialization_commands(self) -> list[Command]:
        """The camera, after all objects and robots of the same frame."""
        camera = parse_command(self._spec)
        assert isinstance(camera, AddCamera)
        return [camera]

    def takes_over(self, names: Names) -> bool:
        """Whether a replay has brought a camera of that name."""
        return self.camera_id in names.cameras
