"""What the monitor's decisions are based on: the truth, or what each robot has heard."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

import numpy as np

from counterpoint.add_ons.add_on import Host
from counterpoint.add_ons.comm_channel import CommChannel
from counterpoint.add_ons.safety.bases import Disc
from counterpoint.add_ons.safety.radio import EXTENT, Heard, Listener, Partner
from counterpoint.add_ons.safety.scene import FRESH, SafetyScene
from counterpoint.add_ons.safety.spheres import sphere_model
from counterpoint.core.errors import CommandError
from counterpoint.core.pose import Array

LAG = 0.02
"""How far bodies and their drive targets may be apart [m]."""

Pairs = list[tuple[str, str]]


class View(NamedTuple):
    """What some robots are decided by.

    Attributes:
        egos: Those who are decided about.
        discs: They and their partners, as circles.
        pairs: Those of them that are to be kept apart.
        heard: What the ego knows of its partners by radio; None where the truth is known.
    """

    egos: tuple[str, ...]
    discs: dict[str, Disc]
    pairs: Pairs
    heard: dict[str, Heard] | None


class Sight(Protocol):
    """Where views come from."""

    def look(
        self, scene: SafetyScene, near: Pairs, nominal: Mapping[str, Array]
    ) -> tuple[list[View], dict[str, str]]:
        """The views of a frame, and robots that know nothing yet of a partner.

        Args:
            scene: The truth.
            near: Pairs of robots that are near each other in truth.
            nominal: What each robot that is commanded was told to do, as `DriveRobot` says it.
        """
        ...


class TrueSight:
    """One view for all: robots where they are.

    Args:
        margin: Distance that is to remain [m].
    """

    def __init__(self, margin: float) -> None:
        self._margin = margin

    def look(
        self, scene: SafetyScene, near: Pairs, nominal: Mapping[str, Array]
    ) -> tuple[list[View], dict[str, str]]:
        """See `Sight`."""
        robots = dict.fromkeys(r for p in near for r in p)
        discs = {r: _own_disc(scene, r, self._margin, nominal.get(r)) for r in robots}
        egos = tuple(r for r in robots if r in nominal)
        return [View(egos, discs, near, None)] if near else [], {}


class RadioSight:
    """A view for each robot: itself where it is, and its partners as it has heard of them.

    Args:
        host: The controller, with a channel among its add-ons.
        margin: Distance that is to remain [m].
        activation: Partners further away are not looked at [m].
        partner_acceleration: The worst of those that are not commanded [m/s²].
    """

    def __init__(
        self, host: Host, *, margin: float, activation: float, partner_acceleration: float
    ) -> None:
        self._host, self._margin, self._activation = host, margin, activation
        self._partner = partner_acceleration
        self._listener = Listener(1.0 / host.frames_per_second)

    def look(
        self, scene: SafetyScene, near: Pairs, nominal: Mapping[str, Array]
    ) -> tuple[list[View], dict[str, str]]:
        """See `Sight`."""
        channel = next((a for a in self._host.add_ons if isinstance(a, CommChannel)), None)
        if channel is None:
            raise CommandError(
                "source='radio' needs a CommChannel in controller.add_ons",
                exists=[type(a).__name__ for a in self._host.add_ons],
            )
        known = {r: self._known(scene, r, r in nominal) for r in scene.robots}
        if channel.host is None:  # it takes part from the next frame on
            return [], {r: _other(scene.robots, r) for r in nominal}
        views, deaf = [], {}
        for ego, velocity in nominal.items():
            channel.announce(ego, {EXTENT: scene.extent(ego).whole})
            partners = {r: p for r, p in known.items() if r != ego}
            heard = self._listener.listen(ego, channel.view(ego), self._host.frame, partners)
            if missing := partners.keys() - heard.keys():
                deaf[ego] = min(missing)
                continue
            own = _own_disc(scene, ego, self._margin, velocity)
            discs = {r: self._disc(h, own, known[r]) for r, h in heard.items()}
            pairs = [
                (ego, r) for r, d in discs.items()
                if _distance(own, d) - own.radius - d.radius < self._activation
            ]  # fmt: skip
            if pairs:
                views.append(View((ego,), {ego: own, **discs}, pairs, heard))
        return views, deaf

    def _known(self, scene: SafetyScene, robot: str, commanded: bool) -> Partner:
        model, own = scene.states[robot].static.model, scene.capacity(robot)
        return Partner(own if commanded else min(self._partner, own), sphere_model(model).reach)

    def _disc(self, heard: Heard, own: Disc, known: Partner) -> Disc:
        """A partner as a circle that holds it, coming nearer as fast as it may."""
        room = 0.5 * self._margin + LAG
        way = own.position - heard.position
        towards = way / max(float(np.hypot(*way)), 1e-9)
        velocity = heard.velocity + heard.doubt * towards
        return Disc(
            heard.position, velocity, heard.radius + room, heard.stated - FRESH + room,
            known.acceleration, None,
        )  # fmt: skip


def _own_disc(scene: SafetyScene, robot: str, margin: float, nominal: Array | None) -> Disc:
    circle, model = scene.circle(robot), scene.states[robot].static.model
    wanted = None
    if nominal is not None and model.mobile:
        c, s = math.cos(circle.yaw), math.sin(circle.yaw)
        x, y = float(nominal[0]), float(nominal[1])
        wanted = np.array([c * x - s * y, s * x + c * y])
    room, extent = 0.5 * margin + LAG, scene.extent(robot)
    return Disc(
        circle.position,
        circle.velocity,
        extent.whole + room,
        extent.body + room,
        scene.capacity(robot),
        wanted,
    )


def _distance(first: Disc, second: Disc) -> float:
    return float(np.hypot(*(first.position - second.position)))


def _other(robots: Iterable[str], robot: str) -> str:
    return next(r for r in robots if r != robot)
