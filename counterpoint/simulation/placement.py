"""Whether robots that a frame adds would stand inside something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from counterpoint import commands as cmd
from counterpoint.core.errors import CommandError
from counterpoint.core.pose import Array, Pose
from counterpoint.simulation.object_bodies import (
    ObjectBodies,
    articulation_hulls,
    hulls_at,
    unit,
    wall_of,
)
from counterpoint.simulation.overlap import overlaps
from counterpoint.simulation.robot_fleet import RobotFleet, hulls_at_start
from counterpoint.simulation.room import Room

BELOW_FLOOR = 0.01  # m: a robot that reaches lower is refused

Hulls = list[tuple[str, list[Array]]]
"""Names of bodies, and their convex parts in the world, each shape (n, 3) [m]."""


def check_placement(
    frame: Sequence[cmd.Command],
    index_of: Mapping[int, int],
    things: ObjectBodies,
    fleet: RobotFleet,
    room: Room | None,
) -> None:
    """Refuse robots that would be added inside another body, or below the floor.

    Args:
        frame: Checked commands in their order.
        index_of: `id` of a command → its index in the caller's list.
        things: The objects that are there.
        fleet: The robots that are there.
        room: The room that is there.

    Raises:
        CommandError: Naming the robot and the body.
    """
    adding = [c for c in frame if isinstance(c, cmd.AddRobot)]
    if not adding:
        return
    there = [(name, hulls, _box(hulls)) for name, hulls in _world_hulls(frame, things, fleet, room)]
    for command in adding:
        own = hulls_at_start(command)
        box = _box(own)
        lowest = float(box[0, 2])
        inside = f"{-lowest:.2f} m of the floor" if lowest < -BELOW_FLOOR else None
        for name, hulls, other in there:
            # Whole bodies first: robots have dozens of hulls each.
            if (box[0] > other[1]).any() or (other[0] > box[1]).any():
                continue
            if inside is None and any(overlaps(a, b) for a in own for b in hulls):
                inside = repr(name)
        if inside is not None:
            raise CommandError(
                f"robot {command.robot_id!r} would stand inside {inside}",
                index=index_of.get(id(command)), type=command.type,
                field="position", value=command.position,
            )  # fmt: skip
        there.append((command.robot_id, own, box))


def _box(hulls: list[Array]) -> Array:
    """The lowest and the highest corner of the box that holds all hulls, shape (2, 3) [m]."""
    points = np.concatenate([*hulls, np.empty((0, 3))])
    return np.stack([points.min(axis=0, initial=np.inf), points.max(axis=0, initial=-np.inf)])


def _world_hulls(
    frame: Sequence[cmd.Command], things: ObjectBodies, fleet: RobotFleet, room: Room | None
) -> Hulls:
    """Every body's hulls in the world, with those that the frame adds before any robot."""
    removed = {c.object_id for c in frame if isinstance(c, cmd.RemoveObject)}
    removed |= {c.robot_id for c in frame if isinstance(c, cmd.RemoveRobot)}
    put = {
        c.object_id: Pose.of(c.position, unit(c.quaternion))
        for c in frame
        if isinstance(c, cmd.TeleportObject)
    }
    found: Hulls = [
        (name, hulls_at(entry.model, put.get(name) or things.pose(name)))
        for name, entry in things.statics.items()
        if name not in removed
    ]
    found += [(r, fleet.hulls(r)) for r in fleet.statics if r not in removed]
    for command in frame:
        if isinstance(command, cmd.CreateEmptyRoom):
            room = Room(command.width, command.length, command.height, command.walls)
        elif isinstance(command, cmd.AddObject):
            model = command.build()
            pose = Pose.of(command.position, unit(command.quaternion))
            found.append((command.object_id, hulls_at(model, pose)))
        elif isinstance(command, cmd.AddWall):
            found.append((command.object_id, hulls_at(*wall_of(command))))
        elif isinstance(command, cmd.AddArticulation):
            found += articulation_hulls(command)
    if room is not None:
        found += [(name, hulls_at(model, pose)) for name, model, pose in room.wall_models()]
    return found
