"""Which robot models there are."""

from __future__ import annotations

from counterpoint.core.errors import UnknownModelError
from counterpoint.robots.model import RobotModel

_MODELS: dict[str, RobotModel] = {}


def register_model(model: RobotModel) -> RobotModel:
    """Make `model` available under its name, and return it.

    Raises:
        ValueError: If another model has that name, or its data contradicts itself.
    """
    if _MODELS.setdefault(model.name, model) is not model:
        raise ValueError(f"a robot model called {model.name!r} is registered already")
    return model


def get_model(name: str) -> RobotModel:
    """The model called `name`.

    Raises:
        UnknownModelError: If there is none.
    """
    try:
        return _MODELS[name]
    except KeyError:
        raise UnknownModelError(name, list_models()) from None


def list_models() -> list[str]:
    """The names of the robot models, sorted."""
    return sorted(_MODELS)
