"""The frame loop."""

from counterpoint.controller.controller import Controller

__all__ = ["Controller"]
