"""Two double integrators, one of them filtered: starts, partners that mean no good, and time.

What the soundness benchmark and the property tests of the safety filter share. Everything is
vectorised over starts, and every start has its own capacity, period and partner.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.pose import Array
from counterpoint.safety.barrier import Braking, stopping_speed
from counterpoint.safety.batch import filter_pairs

PARTNERS = ("standing", "braking", "accelerating", "reversing", "random", "circling")
NUMBERS = 9  # in [0, 1], that make a start
REVERSAL_PERIODS = 17
INSTANTS = (0.25, 0.5, 0.75, 1.0)  # of a period, at which the gap is looked at


class Starts(NamedTuple):
    """n starts, each with a barrier that is not negative. SI units."""

    capacity: Array
    partner_accel: Array
    dt: Array
    contact: Array
    offset: Array
    ego_velocity: Array
    partner_velocity: Array
    partner: NDArray[np.intp]


class Outcome(NamedTuple):
    """What became of n starts."""

    smallest_gap: Array  # between the surfaces, also between samples [m]
    smallest_certificate: Array  # [m/s]
    infeasible: NDArray[np.intp]  # periods in which the row asked for more than the box has
    turned: NDArray[np.intp]  # periods in which the row had another direction than the normal
    active: NDArray[np.intp]  # periods in which the row held the ego back


def starts(unit: Array, dimension: int) -> Starts:
    """Starts from numbers in [0, 1], shape (n, NUMBERS); 0 is the calmest."""
    capacity = 0.5 * 20.0 ** unit[:, 0]
    partner = np.minimum((unit[:, 1] * len(PARTNERS)).astype(np.intp), len(PARTNERS) - 1)
    partner_accel = np.where(partner == 0, 0.0, 0.95 * unit[:, 2] * capacity)
    dt = 0.002 * 25.0 ** unit[:, 3]
    contact = 0.1 + 0.9 * unit[:, 4]
    braking = Braking.of(capacity, partner_accel, dt, dimension)
    gap = 4.0 * unit[:, 5] ** 3
    # From parting to approaching as fast as can just be stopped, which every fifth does.
    closing = stopping_speed(gap, braking.alpha) * (1.0 - 2.0 * np.minimum(1.25 * unit[:, 6], 1.0))
    angle = 2.0 * math.pi * unit[:, 7]
    normal, across = np.zeros((len(unit), dimension)), np.zeros((len(unit), dimension))
    normal[:, 0], normal[:, 1] = np.cos(angle), np.sin(angle)
    across[:, 0], across[:, 1] = -np.sin(angle), np.cos(angle)
    if dimension == 3:
        across[:, 2] = np.cos(3.0 * angle)
    velocity = closing[:, None] * normal + (5.0 * unit[:, 8] ** 2)[:, None] * across
    standing = (partner == 0)[:, None]
    partner_velocity = np.where(standing, 0.0, 0.7 * (normal - across))
    return Starts(
        capacity, partner_accel, dt, contact, (contact + braking.margin + gap)[:, None] * normal,
        velocity + partner_velocity, partner_velocity, partner,
    )  # fmt: skip


def simulate(
    given: Starts,
    rng: np.random.Generator,
    *,
    periods: int,
    lam: float = 0.0,
    lie: float = 1.0,
    semi_implicit: bool = False,
) -> Outcome:
    """Egos that want to run into their partners, through the filter.

    Args:
        given: The starts.
        rng: Of what egos want and random partners do.
        periods: How many.
        lam: λ of every pair [m/s²].
        lie: Partners accelerate this many times harder than stated.
        semi_implicit: Whether positions are integrated with the velocities at a period's end.
    """
    n, d = given.offset.shape
    dt = given.dt[:, None]
    ego, partner = given.offset.copy(), np.zeros((n, d))
    ego_velocity, partner_velocity = given.ego_velocity.copy(), given.partner_velocity.copy()
    gap = np.linalg.norm(ego, axis=1) - given.contact
    certificate = np.full(n, np.inf)
    infeasible, turned, active = (np.zeros(n, dtype=np.intp) for _ in range(3))
    for period in range(periods):
        towards = (partner - ego) / np.linalg.norm(ego - partner, axis=1, keepdims=True)
        wish = rng.normal(scale=0.4, size=(n, d)) + 1.2 * towards
        answer = filter_pairs(
            wish * given.capacity[:, None], ego - partner, ego_velocity - partner_velocity,
            given.contact, capacity=given.capacity, partner_accel=given.partner_accel,
            dt=given.dt, lam=lam,
        )  # fmt: skip
        rows = answer.rows
        reach = given.capacity * np.abs(rows.direction).sum(axis=1)
        infeasible += answer.lower > reach * (1.0 + 1e-12)
        turned += rows.certificate > rows.barrier
        active += answer.active
        certificate = np.minimum(certificate, rows.certificate)
        accel = _partner_accel(given, period, -towards, partner_velocity, rng) * lie
        relative, pull = ego_velocity - partner_velocity, answer.action - accel
        for instant in INSTANTS:
            t = instant * dt
            here = ego - partner + relative * t + 0.5 * pull * t * t
            gap = np.minimum(gap, np.linalg.norm(here, axis=1) - given.contact)
        half = 1.0 if semi_implicit else 0.5
        ego += ego_velocity * dt + half * answer.action * dt * dt
        partner += partner_velocity * dt + half * accel * dt * dt
        ego_velocity += answer.action * dt
        partner_velocity += accel * dt
        gap = np.minimum(gap, np.linalg.norm(ego - partner, axis=1) - given.contact)
    return Outcome(gap, certificate, infeasible, turned, active)


def _partner_accel(
    given: Starts, period: int, away: Array, velocity: Array, rng: np.random.Generator
) -> Array:
    """What each kind of partner does; `away` points from the partner to the ego."""
    n, d = away.shape
    noise = rng.normal(size=(n, d))
    speed = np.linalg.norm(velocity, axis=1, keepdims=True)
    slow = np.minimum(speed / (np.maximum(given.partner_accel * given.dt, 1e-12))[:, None], 1.0)
    side = np.zeros((n, d))
    side[:, 0], side[:, 1] = -away[:, 1], away[:, 0]
    sign = 1.0 if (period // REVERSAL_PERIODS) % 2 == 0 else -1.0
    towards_ego = away
    choices = np.stack(
        (
            np.zeros((n, d)),
            -velocity / np.maximum(speed, 1e-12) * slow,
            towards_ego,
            towards_ego * sign,
            noise / np.linalg.norm(noise, axis=1, keepdims=True),
            towards_ego + side * sign,
        )
    )
    chosen = choices[given.partner, np.arange(n)]
    size = np.maximum(np.linalg.norm(chosen, axis=1, keepdims=True), 1.0)
    return chosen / size * given.partner_accel[:, None]
