"""Scenes that several benchmarks share."""

from __future__ import annotations

from counterpoint import ImageFrequency, ThirdPersonCamera, demo
from counterpoint import commands as cmd
from counterpoint.add_ons import AddOn


def demo_room(size: tuple[int, int] = (256, 256)) -> tuple[list[AddOn], list[cmd.Command]]:
    """The demo's room: two tiago_pro and a panda, furniture, and things on it.

    Args:
        size: Width and height of the camera's images [pixels].

    Returns:
        The robots `fetcher`, `carrier` and `stacker` and the camera `room`; and the commands that
        furnish the room.
    """
    robots = demo.cast()
    for robot in robots:
        robot.image_frequency = ImageFrequency.never
    camera = ThirdPersonCamera(
        "room", position=(3.05, -2.65, 2.45), look_at=(0.15, 0.35, 0.45), size=size,
        field_of_view=1.15,
    )  # fmt: skip
    return [*robots, camera], demo.scene()
