"""The frame loop."""

from counterpoint.controller.arbiter import Arbiter
from counterpoint.controller.controller import Controller
from counterpoint.controller.ranking import Bid

__all__ = ["Arbiter", "Bid", "Controller"]
