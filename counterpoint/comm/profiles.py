"""How bad a radio is: delays and drops, as data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from counterpoint.core.errors import CommError


@dataclass(frozen=True, slots=True)
class DegradationProfile:
    """Delays and drops of a radio.

    A delay is drawn from a normal distribution and clipped to [0, 2 · `mean_ms`]; a packet or
    message is lost with probability `drop_rate`, each independently.

    Attributes:
        name: What it is called.
        mean_ms: Mean delay [ms].
        std_ms: Standard deviation of the delay before clipping [ms].
        drop_rate: Probability of a loss, from 0 to 1.

    Raises:
        CommError: If the name is empty, a number is not finite or negative, or the drop rate is
            above 1.
    """

    name: str
    mean_ms: float
    std_ms: float
    drop_rate: float

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise CommError("expected a name", field="name", value=self.name)
        for field, most in (("mean_ms", MOST_MS), ("std_ms", MOST_MS), ("drop_rate", 1.0)):
            value = getattr(self, field)
            if (
                not isinstance(value, (int, float))
                or isinstance(value, bool)
                or not 0 <= value <= most
            ):
                raise CommError(f"expected a number from 0 to {most:g}", field=field, value=value)

    def longest(self, frames_per_second: int) -> int:
        """Frames that the longest delay takes."""
        return math.ceil(1e-3 * (2 * self.mean_ms) * frames_per_second - 1e-9)


MOST_MS = 10_000.0
"""Longest delay of a profile [ms]: samples are kept for twice as long."""

_PROFILES: dict[str, DegradationProfile] = {}


def register_profile(profile: DegradationProfile) -> DegradationProfile:
    """Make a profile available under its name, and return it.

    Raises:
        CommError: If another profile has that name.
    """
    if _PROFILES.setdefault(profile.name, profile) != profile:
        raise CommError(
            "another profile of that name is registered", field="name", value=profile.name
        )
    return profile


def get_profile(name: str | DegradationProfile) -> DegradationProfile:
    """The profile called `name`; a profile is returned as it is.

    Raises:
        CommError: If there is none.
    """
    if isinstance(name, DegradationProfile):
        return name
    profile = _PROFILES.get(name) if isinstance(name, str) else None
    if profile is None:
        raise CommError("unknown profile", field="profile", value=name, exists=_PROFILES)
    return profile


def list_profiles() -> list[str]:
    """The names of the registered profiles, mildest of those that are shipped first."""
    return list(_PROFILES)


for _name, _mean, _std, _drop in (
    ("ideal", 0.0, 0.0, 0.0),
    ("urllc", 1.0, 0.0, 1e-6),
    ("factory", 5.0, 0.1, 1e-4),
    ("wifi", 10.0, 1.0, 1e-2),
    ("lossy", 30.0, 5.0, 1e-2),
    ("saturation", 100.0, 10.0, 1e-1),
):
    register_profile(DegradationProfile(_name, _mean, _std, _drop))
