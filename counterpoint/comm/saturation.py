"""The saturation guard: whether a safety filter can still keep up with the radio and the solver."""

from __future__ import annotations

import math
import warnings

from counterpoint.comm.profiles import DegradationProfile, get_profile
from counterpoint.core.errors import CommError

DROP_LIMIT = 0.1
"""Drop rate from which on a profile is outside of the safe regime."""

DELAY_LIMIT_MS = 100.0
"""Mean delay from which on a profile is outside of the safe regime [ms]."""

SOLVE_BUDGET = 1e-3
"""Time that one solve of a safety filter may take [s]."""


class CommSaturationWarning(UserWarning):
    """A radio, or a solver, is too slow for a safety filter to rely on."""


def saturation_reasons(
    profile: str | DegradationProfile,
    solve_time: float | None = None,
    *,
    budget: float = SOLVE_BUDGET,
) -> tuple[str, ...]:
    """Why a profile and a solver are outside of the safe regime; empty while they are in it.

    Args:
        profile: A profile, or its name.
        solve_time: What one solve took [s], as the caller has measured it, or None.
        budget: What it may take [s].

    Raises:
        CommError: If the profile is unknown, or a time is negative or not a number.
    """
    profile = get_profile(profile)
    for field, value in (("solve_time", solve_time), ("budget", budget)):
        if value is not None and (math.isnan(value) or value < 0):
            raise CommError("expected seconds, 0 or more", field=field, value=value)
    reasons = []
    if profile.drop_rate >= DROP_LIMIT:
        reasons.append(
            f"profile {profile.name!r} drops {profile.drop_rate:.3g} of all packets: "
            f"{DROP_LIMIT:g} or more"
        )
    if profile.mean_ms >= DELAY_LIMIT_MS:
        reasons.append(
            f"profile {profile.name!r} delays by {profile.mean_ms:g} ms: {DELAY_LIMIT_MS:g} or more"
        )
    if solve_time is not None and solve_time > budget:
        reasons.append(f"a solve took {1e3 * solve_time:.3g} ms: more than {1e3 * budget:g}")
    return tuple(reasons)


def check_saturation(
    profile: str | DegradationProfile,
    solve_time: float | None = None,
    *,
    budget: float = SOLVE_BUDGET,
    stacklevel: int = 1,
) -> bool:
    """Warn, once a call, when a profile or a slow solve leaves the safe regime.

    Arguments and errors are those of `saturation_reasons`.

    Args:
        stacklevel: Whose line the warning names: 1 for the caller's, 2 for its caller's.

    Returns:
        Whether it warned.

    Warns:
        CommSaturationWarning: With all the reasons.
    """
    reasons = saturation_reasons(profile, solve_time, budget=budget)
    if reasons:
        warnings.warn("; ".join(reasons), CommSaturationWarning, stacklevel=stacklevel + 1)
    return bool(reasons)
