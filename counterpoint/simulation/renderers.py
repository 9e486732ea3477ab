"""Which renderer draws: the one that was asked for, or the best that works here."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from counterpoint.core.errors import CommandError
from counterpoint.simulation.renderer import Renderer
from counterpoint.simulation.vulkan_probe import find_vulkan

RendererName = Literal["auto", "raycast", "vulkan"]


class Choice(NamedTuple):
    """A renderer's name, and why it was chosen."""

    name: Literal["raycast", "vulkan"]
    why: str


def check_renderer(name: RendererName) -> None:
    """Refuse a renderer that there is not, or that does not work here.

    Raises:
        CommandError: Saying what there is, or what was found and what to install.
    """
    names = get_args(RendererName)
    if name not in names:
        raise CommandError("unknown renderer", field="renderer", value=name, exists=names)
    if name == "vulkan" and find_vulkan().device is None:
        raise CommandError(
            f"no Vulkan device: {find_vulkan().reason}; install your GPU's Vulkan driver, or a "
            "software one with scripts/install-software-vulkan, or use 'auto' or 'raycast'",
            field="renderer", value=name,
        )  # fmt: skip


def choose_renderer(name: RendererName = "auto") -> Choice:
    """The renderer that `name` comes to on this machine."""
    if name == "raycast":
        return Choice("raycast", "asked for")
    device, reason = find_vulkan()
    return Choice("raycast" if device is None else "vulkan", reason)


def make_renderer(name: RendererName = "auto") -> Renderer:
    """A new renderer."""
    if choose_renderer(name).name == "vulkan":
        from counterpoint.simulation.vulkan_renderer import VulkanRenderer  # loads SAPIEN

        return VulkanRenderer()
    from counterpoint.simulation.raycast_renderer import RaycastRenderer

    return RaycastRenderer()
