"""The safety monitor: what it sees, what it decides for bases and arms, and what it says."""

from counterpoint.add_ons.safety.monitor import SafetyMonitor

__all__ = ["SafetyMonitor"]
