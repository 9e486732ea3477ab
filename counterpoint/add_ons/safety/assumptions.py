"""What the monitor's guarantees assume, checked against the truth, frame by frame."""

from __future__ import annotations

import numpy as np

from counterpoint.add_ons.safety.scene import FRESH, SafetyScene
from counterpoint.add_ons.safety.views import LAG, Pairs, View
from counterpoint.core.pose import Array
from counterpoint.safety.telemetry import SafetyTelemetry

ROUNDING = 1.02  # a plan's acceleration may be so much above its limit, by rounding


class Assumptions:
    """Table 1 of a monitor's report.

    Args:
        telemetry: Where the checks are counted.
        partner_acceleration: The worst acceleration that is assumed of partners [m/s²].
        by_radio: Whether partners are known by radio.
    """

    def __init__(
        self, telemetry: SafetyTelemetry, partner_acceleration: float, by_radio: bool
    ) -> None:
        self._telemetry, self._worst = telemetry, partner_acceleration
        self._before: dict[str, Array] = {}
        telemetry.assume(
            "partner_acceleration",
            f"No partner that is not counted on accelerates towards a robot by more than "
            f"{partner_acceleration:g} m/s².",
        )
        telemetry.assume("drives_follow", f"Bases are within {LAG:g} m of where drives want them.")
        if by_radio:
            telemetry.assume(
                "packets_hold", "What a robot makes of its packets holds each partner's whole body."
            )

    def skip(self) -> None:
        """A frame in which nobody is near anybody."""
        self._before = {}

    def check(
        self,
        scene: SafetyScene,
        near: Pairs,
        views: list[View],
        counted_on: set[str],
        dt: float,
    ) -> None:
        """Count a frame's checks.

        Args:
            scene: The truth.
            near: Pairs of robots that are near each other.
            views: What decisions were based on.
            counted_on: Robots whose braking is part of others' decisions.
            dt: Length of a frame [s].
        """
        robots = {r for p in near for r in p}
        egos = {r for view in views for r in view.egos}
        for ego, partner in (p for a, b in near for p in ((a, b), (b, a))):
            if ego in egos and partner not in counted_on and partner in self._before:
                there, here = scene.circle(partner), scene.circle(ego)
                way = here.position - there.position
                change = (there.velocity - self._before[partner]) / dt
                towards = float(change @ way) / max(float(np.hypot(*way)), 1e-9)
                self._telemetry.check(
                    "partner_acceleration", towards <= ROUNDING * self._worst,
                    f"{partner!r} towards {ego!r} by {towards:.2f} m/s²",
                )  # fmt: skip
        self._before = {r: scene.circle(r).velocity for r in robots}
        for robot in sorted(robots):
            state = scene.states[robot]
            if state.static.model.mobile:
                lag = float(np.hypot(*(state.q[:2] - state.target[:2])))
                self._telemetry.check(
                    "drives_follow", lag <= LAG, f"{robot!r} is off by {lag:.3f} m"
                )
        for view in views:
            for partner, heard in (view.heard or {}).items():
                off = float(np.hypot(*(scene.circle(partner).position - heard.position)))
                out = off + scene.extent(partner).whole - FRESH - heard.radius
                self._telemetry.check(
                    "packets_hold", out <= 0.0, f"{partner!r} sticks out by {out:.3f} m"
                )
