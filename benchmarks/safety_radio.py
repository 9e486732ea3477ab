"""How far apart the monitor keeps robots that know each other by radio alone, profile by profile.

The scenes are those of `safety_stress.py` in which robots drive; each run is judged by physics, and
its gap is the true one, whatever the robots have heard.
"""

from __future__ import annotations

import numpy as np
import tyro
from report import Report
from safety_stress import Outcome, run

from counterpoint.comm import get_profile

SAFE = ("ideal", "urllc", "factory", "wifi", "lossy")
PROFILES = (*SAFE, "saturation")
DRIVING = ("crossing", "head_on", "chase", "crowd", "static", "reversing")


def gaps(outcomes: list[Outcome]) -> list[float]:
    """Least gap of each run in which robots came near each other [m]."""
    return [o.gap for o in outcomes if o.gap is not None]


def main(draws: int = 5, scenes: tuple[str, ...] = DRIVING, quick: bool = False) -> None:
    """Run the driving scenes over every profile.

    Args:
        draws: Of each scene and profile.
        scenes: Which.
        quick: One draw.
    """
    draws = 1 if quick else draws
    report = Report("safety_radio", "the safety monitor by radio", draws=draws, scenes=scenes)
    for profile in PROFILES:
        runs = [(name, k) for name in scenes for k in range(draws)]
        outcomes = [run(*r, monitored=True, profile=profile) for r in report.track(runs, profile)]
        seen, hit = gaps(outcomes), sum(o.collided for o in outcomes)
        done = sum(o.succeeded for o in outcomes)
        broken = sum("packets_hold" in o.broken for o in outcomes)
        delay = get_profile(profile).mean_ms
        line = (
            f"least {min(seen):.3f} m, median {np.median(seen):.3f} m; "
            f"{hit} of {len(runs)} collide; {done} get there"
        )
        if profile in SAFE:
            fine = min(seen) >= 0.0 and hit == 0
            report.claim(f"{profile} ({delay:g} ms): gap", "≥ 0", line, fine)
        else:
            report.note(f"{profile} ({delay:g} ms), outside of the safe regime: {line}")
        report.note(
            f"{profile}: {sum(o.brakes for o in outcomes)} periods braked or without a solution; "
            f"packets did not hold in {broken} runs"
        )
        report.figure(profile, {"mean_ms": delay, "gaps": seen, "collided": hit, "done": done})
    raise SystemExit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
