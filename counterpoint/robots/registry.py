"""Which robot models there are."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution

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
        UnknownModelError: If there is none, or the extra that brings it is not installed.
    """
    model = _MODELS.get(name)
    if model is None:
        raise UnknownModelError(name, list_models())
    if not _is_installed(model):
        raise UnknownModelError(
            name, list_models(),
            hint=f"{name!r} comes with an extra: pip install 'counterpoint[{model.extra}]'",
        )  # fmt: skip
    return model


def list_models() -> list[str]:
    """The names of the robot models whose descriptions are installed, sorted."""
    return sorted(name for name, model in _MODELS.items() if _is_installed(model))


@lru_cache(maxsize=32)
def _is_installed(model: RobotModel) -> bool:
    """Whether the extra that brings a model is there, by its metadata: an import takes seconds."""
    if model.extra is None:
        return True
    try:
        distribution(model.package)
    except PackageNotFoundError:
        return False
    return True
