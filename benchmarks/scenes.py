"""Scenes that several benchmarks share."""

from __future__ import annotations

from typing import Any

from counterpoint import ImageFrequency, Robot, ThirdPersonCamera
from counterpoint import commands as cmd
from counterpoint.add_ons import AddOn

TABLE = 0.7  # m: height of the desk that the panda stands on
WALLS = (6.4, 5.6)  # m


def demo_room(size: tuple[int, int] = (256, 256)) -> tuple[list[AddOn], list[cmd.Command]]:
    """A room like the demo's: two tiago_pro and a panda, furniture, and things on it.

    Args:
        size: Width and height of the camera's images [pixels].

    Returns:
        The robots `fetcher`, `carrier` and `stacker` and the camera `room`; and the commands that
        furnish the room.
    """
    never = ImageFrequency.never
    add_ons: list[AddOn] = [
        Robot("fetcher", position=(-1.6, 0.6, 0), rotation=180, image_frequency=never),
        Robot("carrier", position=(0.65, -1.7, 0), image_frequency=never),
        Robot(
            "stacker", model="panda", position=(2.4, 1.4, TABLE), rotation=180,
            image_frequency=never,
        ),
        ThirdPersonCamera(
            "room", position=(3.05, -2.65, 2.45), look_at=(0.15, 0.35, 0.45), size=size,
            field_of_view=1.15,
        ),
    ]  # fmt: skip

    def add(name: str, model: str, position: tuple[float, float, float], **more: Any) -> None:
        commands.append(cmd.AddObject(object_id=name, model=model, position=position, **more))

    commands: list[cmd.Command] = [cmd.CreateEmptyRoom(width=WALLS[0], length=WALLS[1])]
    add("shelf", "shelf", (-2.9, 1.0, 0), size=(0.35, 0.9, 1.2))
    add("mug", "mug", (-2.81, 1.0, 0.02 + 2 * (1.2 - 0.02) / 3))
    add("table", "table", (-1.6, 2.35, 0), size=(0.9, 0.6, TABLE))
    add("bench", "table", (1.4, -1.7, 0), size=(0.5, 0.9, 0.6))
    add("stand", "table", (-0.25, -0.34, 0), size=(0.9, 0.5, 0.6))
    add("crate", "crate", (1.33, -1.7, 0.6), size=(0.3, 0.36, 0.16))
    add("desk", "table", (2.15, 1.4, 0), size=(0.8, 1.2, TABLE))
    for k, (x, y) in enumerate(((1.95, 1.05), (2.15, 0.98), (1.92, 1.5))):
        add(f"cube_{k}", "box", (x, y, TABLE + 0.025), size=(0.05, 0.05, 0.05))
    return add_ons, commands
