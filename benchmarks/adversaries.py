"""Partners that accelerate harder than they said, and an ego whose λ learns from it.

What the tests of the conformal layer run for 100,000 periods; vectorised over the partners.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from counterpoint.core.pose import Array
from counterpoint.safety.barrier import Braking
from counterpoint.safety.batch import filter_pairs
from counterpoint.safety.conformal import Loss, Period, update_lambda

ADVERSARIES = ("pushing", "bang-bang", "random", "patient", "opportunist")
CAPACITY, STATED, DT, CONTACT = 4.0, 1.0, 0.02, 0.6
KEYS = tuple(("ego", name) for name in ADVERSARIES)


class Learning(NamedTuple):
    """One number for each adversary."""

    mean_loss: Array  # over active periods [m/s²]
    bound: Array  # what the theorem says it is at most, without what the clamp swallowed
    swallowed: Array  # mean over active periods
    active: Array  # periods
    first: Array  # λ at the start
    last: Array  # λ at the end
    smallest: Array  # λ
    smallest_gap: Array  # [m]
    so_far: Array  # mean loss over active periods up to each period, shape (periods, n) [m/s²]


def learn(
    loss: Loss,
    rng: np.random.Generator,
    *,
    periods: int,
    lie: float,
    epsilon: float,
    eta: float = 0.01,
    lambda_safe: float = -10.0,
    lambda_max: float = 0.0,
    loss_bound: float = 10.0,
) -> Learning:
    """An ego that pushes towards each adversary, each in a world of its own."""
    n = len(ADVERSARIES)
    offset = np.tile([3.0, 0.0], (n, 1))
    velocity = np.zeros((n, 2))
    contact = np.full(n, CONTACT)
    braking = Braking.of(CAPACITY, np.full(n, STATED), DT, 2)
    rows = np.zeros(n, dtype=np.intp)
    lam = np.zeros(n)
    first, smallest = lam.copy(), lam.copy()
    total, swallowed, active = np.zeros(n), np.zeros(n), np.zeros(n)
    gap = np.full(n, np.inf)
    so_far = np.zeros((periods, n))
    for k in range(periods):
        normal = offset / np.linalg.norm(offset, axis=1, keepdims=True)
        # Without damping, what is random adds up to an orbit in which nothing is ever active.
        across = velocity - np.vecdot(velocity, normal)[:, None] * normal
        wish = -2.0 * normal - across + rng.normal(scale=0.3, size=(n, 2))
        answer = filter_pairs(
            wish, offset, velocity, contact, capacity=CAPACITY, partner_accel=STATED, dt=DT, lam=lam
        )
        noise = rng.normal(size=2)
        accel = lie * STATED * normal
        accel[1] *= 1.0 if (k // 25) % 2 else -1.0
        accel[2] = lie * STATED * noise / np.linalg.norm(noise)
        accel[3] *= 1.0 if k % 2000 > 1000 else 0.0
        accel[4] *= 1.0 if answer.active[4] else -0.3
        period = Period(
            KEYS, rows, rows, ("ego",), answer.rows.direction, answer.rows.asked_untuned,
            offset, velocity, contact, braking, answer.active,
        )  # fmt: skip
        relative = answer.action - accel
        offset = offset + velocity * DT + 0.5 * relative * DT * DT
        velocity = velocity + relative * DT
        gap = np.minimum(gap, np.linalg.norm(offset, axis=1) - contact)
        cost = np.minimum(loss(period, offset, velocity, DT), loss_bound)
        new, lost = update_lambda(
            lam, cost, target=epsilon, eta=eta, lower=lambda_safe, upper=lambda_max
        )
        lam = np.where(answer.active, new, lam)
        total += cost * answer.active
        swallowed += lost * answer.active
        active += answer.active
        so_far[k] = total / np.maximum(active, 1.0)
        smallest = np.minimum(smallest, lam)
    seen = np.maximum(active, 1.0)
    bound = epsilon + (first - lam) / (eta * seen)
    return Learning(
        total / seen, bound, swallowed / seen, active, first, lam, smallest, gap, so_far
    )
