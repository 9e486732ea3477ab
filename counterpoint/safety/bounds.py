"""How much an agent may do: the numbers that every layer of the safety filter is scaled by."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from counterpoint.core.errors import SafetyInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one agent can do, and what may be counted on.

    The box bounds each component of an action; the capacity is the Euclidean acceleration that the
    barriers count on. A box of half-width `c` holds the ball of radius `c`, so a double integrator
    can deliver at most `action_linf_component` in *every* direction, whatever its corners allow.

    Attributes:
        action_linf_component: Bound on each component of the action, in the action's units: m/s²
            for a double integrator, rad/s² for joints.
        cartesian_accel_capacity: Euclidean Cartesian acceleration that can be counted on [m/s²].
        action_rate: Bound on the Euclidean change of the action from one period to the next, in the
            action's units; an assumption that reports check, not a row of the program.
        comm_latency_ms: Mean latency of the radio that is assumed [ms].
        force_limit: Largest contact force that is accepted [N].

    Raises:
        SafetyInputError: A number is NaN, zero or negative (`comm_latency_ms` may be zero), or the
            box or the capacity is infinite.
    """

    action_linf_component: float
    cartesian_accel_capacity: float
    action_rate: float = math.inf
    comm_latency_ms: float = 0.0
    force_limit: float = math.inf

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            latency = field.name == "comm_latency_ms"
            unbounded = field.name in ("action_rate", "force_limit")
            if not (value >= 0 if latency else value > 0) or (math.isinf(value) and not unbounded):
                wanted = "zero or more" if latency else "above zero"
                finite = "" if unbounded else " and finite"
                raise SafetyInputError(f"{field.name} must be {wanted}{finite}, not {value!r}")
