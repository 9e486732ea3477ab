"""Animations as data: joint key frames in files, and which ones there are.

A file is one JSON object, named after its animation::

    {
      "description": "The right hand greets.",
      "interpolation": "smooth",
      "models": {
        "tiago_pro": [
          {"time": 1.0, "positions": {"right_arm": [0, -30, 0, 95, 0, 50, 0], "head": [0, 10]}},
          {"time": 2.5, "positions": {"right_arm": "rest", "head": "rest"}}
        ]
      }
    }

Each model has key frames of its own, since no two arms are built alike. A key frame gives, at a
time [s] after the start, the positions of all joints of some tracks, in the order of the model's
`tracks`: degrees where a joint turns, metres where it slides, or `"rest"` for the rest pose.
Tracks that a key frame leaves out go on to their next one. The way to a track's first key frame
begins wherever its joints are.

`smooth` passes through the key frames and comes to rest only where a joint turns back; `stop` comes
to rest in each. Neither overshoots a key frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
    field_validator,
)

from counterpoint.core.errors import CommandError
from counterpoint.robots import RobotModel, get_model, list_models

_REGISTERED: dict[str, Animation] = {}


class KeyFrame(BaseModel):
    """Positions at a time.

    Attributes:
        time: Since the start [s].
        positions: Track → a position for each of its joints [degrees or m], or `rest`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: Annotated[FiniteFloat, Field(gt=0)]
    positions: Annotated[dict[str, Literal["rest"] | tuple[FiniteFloat, ...]], Field(min_length=1)]


class Animation(BaseModel):
    """Joint key frames for one model or several.

    Attributes:
        description: What it looks like.
        interpolation: `smooth` or `stop`.
        models: Model name → its key frames, in the order of their times.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    interpolation: Literal["smooth", "stop"] = "smooth"
    models: Annotated[
        dict[str, Annotated[tuple[KeyFrame, ...], Field(min_length=1)]], Field(min_length=1)
    ]

    @field_validator("models")
    @classmethod
    def _in_order(cls, models: dict[str, tuple[KeyFrame, ...]]) -> dict[str, tuple[KeyFrame, ...]]:
        for name, frames in models.items():
            if any(b.time <= a.time for a, b in pairwise(frames)):
                raise ValueError(f"the times of {name!r} do not rise from key frame to key frame")
            if name in list_models():
                _check_tracks(get_model(name), frames)
        return models

    def tracks(self, model: RobotModel) -> tuple[str, ...]:
        """The tracks that it moves of a model, in the model's order; none where it has none."""
        moved = {t for frame in self.models.get(model.name, ()) for t in frame.positions}
        return tuple(t for t in model.tracks if t in moved)


def register_animation(
    name: str, animation: Animation | Mapping[str, Any] | str | Path
) -> Animation:
    """Make an animation available to `robot.animate(name)`, and return it.

    Args:
        name: Its name, which no other has.
        animation: The animation, its data as a mapping, or the path of a JSON file.

    Raises:
        CommandError: If the name is taken, or the data are not an animation: the message says
            where.
        FileNotFoundError: If there is no such file.
    """
    if not isinstance(animation, Animation):
        animation = _parse(name, animation)
    if name in list_animations():
        raise CommandError(
            "there is an animation of that name already", field="animation", value=name
        )
    _REGISTERED[name] = animation
    return animation


def get_animation(name: str) -> Animation:
    """The animation of a name.

    Raises:
        CommandError: If there is none.
    """
    if name in _REGISTERED:
        return _REGISTERED[name]
    if name not in _shipped():
        raise CommandError(
            "there is no such animation", field="animation", value=name, exists=list_animations()
        )
    return _read_shipped(name)


def list_animations() -> list[str]:
    """The names of all animations, sorted."""
    return sorted({*_shipped(), *_REGISTERED})


@lru_cache(maxsize=1)
def _shipped() -> tuple[str, ...]:
    folder = files("counterpoint.actions") / "animations"
    names = (Path(entry.name) for entry in folder.iterdir())
    return tuple(sorted(name.stem for name in names if name.suffix == ".json"))


@lru_cache(maxsize=32)
def _read_shipped(name: str) -> Animation:
    text = (files("counterpoint.actions") / "animations" / f"{name}.json").read_text("utf-8")
    return Animation.model_validate_json(text)


def _parse(name: str, data: Mapping[str, Any] | str | Path) -> Animation:
    try:
        if isinstance(data, Mapping):
            return Animation.model_validate(data)
        return Animation.model_validate_json(Path(data).read_text("utf-8"))
    except ValidationError as error:
        first = max(error.errors(), key=lambda e: len(e["loc"]))  # the one that says most
        where = ".".join(map(str, first["loc"])) or "animation"
        reason = first["msg"].removeprefix("Value error, ")
        raise CommandError(
            f"animation {name!r}: {reason}", field=where, value=first["input"]
        ) from None


def _check_tracks(model: RobotModel, frames: Sequence[KeyFrame]) -> None:
    for frame in frames:
        for track, positions in frame.positions.items():
            joints = model.tracks.get(track)
            if joints is None:
                raise ValueError(
                    f"{model.name} has no track {track!r}; it has {', '.join(model.tracks)}"
                )
            if positions != "rest" and len(positions) != len(joints):
                raise ValueError(
                    f"at {frame.time} s, {model.name}'s {track} has {len(positions)} positions "
                    f"for its {len(joints)} joints"
                )
