"""From what a caller hands over to checked commands in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from counterpoint.commands import cameras, objects, robots, scene
from counterpoint.commands.base import Command
from counterpoint.commands.names import Names
from counterpoint.core.errors import (
    CommandError,
    UnknownModelError,
    UnknownObjectError,
    UnknownRobotError,
)

CommandLike = Command | Mapping[str, Any]

COMMANDS: dict[str, type[Command]] = {
    kind.model_fields["type"].default: kind
    for module in (scene, objects, robots, cameras)
    for kind in vars(module).values()
    if isinstance(kind, type)
    and issubclass(kind, Command)
    and isinstance(kind.model_fields["type"].default, str)
}
"""Every command type by its name."""


def parse_command(item: CommandLike, index: int | None = None) -> Command:
    """One command, from a typed command or a dict with its `type` (or `$type`).

    Raises:
        CommandError: With the index, type, field, value and what exists.
    """
    if isinstance(item, Command):
        return item
    if not isinstance(item, Mapping):
        raise CommandError(
            f"expected a command or a dict, got {type(item).__name__}: {item!r:.80}", index=index
        )
    data = dict(item)
    name = data.pop("$type", None)
    name = data.pop("type", name)
    if name is None:
        raise CommandError('a command needs a "type"', index=index, exists=sorted(COMMANDS))
    kind = COMMANDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise CommandError(
            f"unknown command type {name!r}",
            index=index,
            field="type",
            value=name,
            exists=sorted(COMMANDS),
        )
    try:
        return kind(**data)
    except CommandError as error:
        error.index = index
        raise
    except TypeError as error:
        raise CommandError(str(error), index=index, type=name) from None


def parse_commands(items: CommandLike | Iterable[CommandLike]) -> list[Command]:
    """The caller's commands: one, or any iterable of them. The caller's list is not changed."""
    if isinstance(items, (Command, Mapping)):
        items = (items,)
    elif isinstance(items, (str, bytes)) or not isinstance(items, Iterable):
        raise CommandError(
            f"communicate() takes a command, a dict or a list of them, not {items!r:.80}"
        )
    return [parse_command(item, i) for i, item in enumerate(items)]


def in_order(commands: Iterable[Command]) -> list[Command]:
    """The commands by phase, stable within a phase."""
    return sorted(commands, key=_phase)


def _phase(command: Command) -> int:
    return command.phase


def check_commands(
    commands: Sequence[Command], names: Names, positions: Mapping[int, int] | None = None
) -> None:
    """Check ordered commands one after another, advancing `names`.

    Args:
        commands: In the order in which they will be applied.
        names: The names before; those after, when this returns.
        positions: `id` of a command → its index in the caller's list, for errors.

    Raises:
        CommandError: With the index and type filled in; likewise the unknown-name errors.
    """
    for command in commands:
        try:
            command.check(names)
        except (CommandError, UnknownRobotError, UnknownObjectError, UnknownModelError) as error:
            error.index = None if positions is None else positions.get(id(command))
            error.type = command.type
            raise
