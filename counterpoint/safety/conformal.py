"""Conformal slack: λ of each pair, learnt from what the barrier condition fell short by.

`λ ← λ + η (ε − loss)` (Huriot, Sibai 2025), held between `lambda_safe` and `lambda_max`. The loss
is measured against the row at λ = 0, so a lower λ makes it smaller; and only pairs whose row held
the last action back learn anything, so idle time does not wind λ up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.errors import SafetyInputError
from counterpoint.core.pose import Array
from counterpoint.safety.agents import Agents, PairKey
from counterpoint.safety.barrier import Braking, barrier, geometry, stopping_speed
from counterpoint.safety.lambdas import LambdaDict

DEFAULT_EPSILON = 0.0
DEFAULT_ETA = 0.01
DEFAULT_WARMUP_STEPS = 50
DEFAULT_WARMUP_TIGHTENING = 0.05
DEFAULT_LOSS_BOUND = 10.0


class Period(NamedTuple):
    """What a filter decided on at the start of a period: what the loss is measured against.

    Attributes:
        keys: The pairs with a row, k of them.
        first: Rows of the agents that the pairs' vectors point to, shape (k,).
        second: Rows of the agents they point from, shape (k,).
        ids: The agents that those rows count.
        direction: Shape (k, d).
        asked_untuned: Relative acceleration that the row asked for at λ = 0, shape (k,) [m/s²].
        offset: Relative position, shape (k, d) [m].
        velocity: Relative velocity, shape (k, d) [m/s].
        contact: Sum of the radii, shape (k,) [m].
        braking: What was counted on.
        active: Which rows held the action back, shape (k,).
    """

    keys: tuple[PairKey, ...]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    ids: tuple[str, ...]
    direction: Array
    asked_untuned: Array
    offset: Array
    velocity: Array
    contact: Array
    braking: Braking
    active: NDArray[np.bool_]


class Loss(Protocol):
    """What a period cost each pair."""

    def __call__(self, period: Period, offset: Array, velocity: Array, dt: float) -> Array:
        """The loss of each pair, shape (k,).

        Args:
            period: What was decided at its start.
            offset: Relative positions at its end, shape (k, d) [m].
            velocity: Relative velocities at its end, shape (k, d) [m/s].
            dt: Its length [s].
        """
        ...


def realised_shortfall(period: Period, offset: Array, velocity: Array, dt: float) -> Array:
    """What the realised relative acceleration lacks of the row at λ = 0, shape (k,) [m/s²].

    Zero as long as the row is fulfilled and the partner accelerates no harder than assumed; every
    m/s² that λ is lowered by makes it one smaller, until the row asks for all there is.
    """
    realised = np.vecdot(period.direction, velocity - period.velocity) / dt
    out: Array = np.maximum(period.asked_untuned - realised, 0.0)
    return out


@dataclass(frozen=True, slots=True)
class PredictionGapLoss:
    """The loss of Huriot, Sibai 2025: by how much the barrier came out lower than predicted [m/s].

    It does not depend on λ, so λ drifts at `η (ε − loss)` whatever the partner does; it is here to
    be compared with. The prediction is by constant relative velocity.
    """

    def __call__(self, period: Period, offset: Array, velocity: Array, dt: float) -> Array:
        """`max(0, h predicted − h that came)`, shape (k,) [m/s]."""
        predicted = constant_velocity_predict(period.offset, period.velocity, dt)
        return np.maximum(
            self._barrier(period, predicted, period.velocity)
            - self._barrier(period, offset, velocity),
            0.0,
        )

    @staticmethod
    def _barrier(period: Period, offset: Array, velocity: Array) -> Array:
        seen = geometry(offset, velocity)
        gap = seen.distance - (period.contact + period.braking.margin)
        return barrier(gap, seen.closing, period.braking.alpha)


def constant_velocity_predict(position: Array, velocity: Array, dt: float) -> Array:
    """Positions after `dt` at constant velocity, of the same shape [m]."""
    out: Array = position + velocity * dt
    return out


def update_lambda(
    lam: Array, loss: Array, *, target: Array | float, eta: float, lower: float, upper: float
) -> tuple[Array, Array]:
    """One step of `λ + η (target − loss)` within [lower, upper].

    Returns:
        The new λ, and how much loss the lower clamp swallowed: what λ could not fall by, over η.
        The mean loss of T steps is at most the mean target + (λ_1 − λ_T)/(η T) + their mean.
    """
    wanted = lam + eta * (target - loss)
    new = np.minimum(np.maximum(wanted, lower), upper)
    return new, np.maximum(lower - wanted, 0.0) / eta


def lambda_of_full_braking(alpha: float, gamma: float, activation_distance: float) -> float:
    """λ at which a partner at rest anywhere within the distance is answered with all there is.

    Args:
        alpha: Braking counted on [m/s²].
        gamma: Class-K gain [1/s].
        activation_distance: Gap up to which pairs have a row [m].

    Raises:
        SafetyInputError: A number is not above zero and finite.
    """
    if not all(math.isfinite(x) and x > 0 for x in (alpha, gamma, activation_distance)):
        raise SafetyInputError(
            "alpha, gamma and activation_distance must be above zero and finite, not "
            f"{alpha!r}, {gamma!r}, {activation_distance!r}"
        )
    speed = stopping_speed(np.array(activation_distance), alpha)
    return -(alpha + gamma * float(speed))


@dataclass(slots=True, kw_only=True)
class SafetyState:
    """What the conformal layer has learnt, changed in place by every period.

    Pairs enter at λ = 0 when they are first seen, and are forgotten when an agent leaves.

    Attributes:
        lambda_: λ of each pair [m/s²]: positive loosens its row, negative tightens it.
        epsilon: Mean loss aimed at, in the loss's units. At 0, λ never rises.
        eta: Learning rate.
        lambda_safe: Smallest λ, and where a pair begins whose partner was exchanged; at most 0.
            `lambda_of_full_braking` gives the value below which nothing changes any more.
        lambda_max: Largest λ. Above 0 the guarantee is given up, and `regime` says so.
        loss_bound: Losses are clipped to it, so that one bad period does not decide everything.
        warmup_steps: Active periods after an exchange in which the target is tighter.
        warmup_tightening: By how much, in the loss's units.
        warmup_steps_remaining: Pair → how many of them are left.
        swallowed: Pair → loss that the clamp at `lambda_safe` swallowed so far.
        identities: Agent → who was behind it last.

    Raises:
        SafetyInputError: A number is not finite or has the wrong sign.
    """

    lambda_: LambdaDict = field(default_factory=dict)
    epsilon: float = DEFAULT_EPSILON
    eta: float = DEFAULT_ETA
    lambda_safe: float = -DEFAULT_LOSS_BOUND
    lambda_max: float = 0.0
    loss_bound: float = DEFAULT_LOSS_BOUND
    warmup_steps: int = DEFAULT_WARMUP_STEPS
    warmup_tightening: float = DEFAULT_WARMUP_TIGHTENING
    warmup_steps_remaining: dict[PairKey, int] = field(default_factory=dict)
    swallowed: dict[PairKey, float] = field(default_factory=dict)
    identities: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        conditions = {
            "epsilon": True,
            "eta": self.eta > 0,
            "lambda_safe": self.lambda_safe <= 0,
            "lambda_max": self.lambda_max >= 0,
            "loss_bound": self.loss_bound > self.epsilon,
            "warmup_steps": self.warmup_steps >= 0,
            "warmup_tightening": self.warmup_tightening >= 0,
        }
        for name, right in conditions.items():
            value = getattr(self, name)
            if not (right and math.isfinite(value)):
                raise SafetyInputError(f"{name} cannot be {value!r} here")

    def values(self, keys: tuple[PairKey, ...]) -> list[float]:
        """λ of `keys`; pairs not seen before enter at 0."""
        known = self.lambda_
        return [known.setdefault(key, 0.0) for key in keys]

    def notice(self, agents: Agents, identities: Mapping[str, str] | None = None) -> None:
        """Forget the pairs of agents that left, and start afresh with partners that were exchanged.

        Args:
            agents: Who is there.
            identities: Agent → who is behind it, such as a policy's name; agents that are not named
                stay who they were.
        """
        present = agents.ids
        gone = [key for key in self.lambda_ if key[0] not in present or key[1] not in present]
        for key in gone:
            for table in (self.lambda_, self.warmup_steps_remaining, self.swallowed):
                table.pop(key, None)
        for agent, identity in (identities or {}).items():
            before = self.identities.get(agent)
            self.identities[agent] = identity
            if before is not None and before != identity:
                for key in self.lambda_:
                    if agent in key:
                        self.start_over(key)

    def start_over(self, key: PairKey) -> None:
        """Set one pair to `lambda_safe` and begin its warm-up."""
        self.lambda_[key] = self.lambda_safe
        self.warmup_steps_remaining[key] = self.warmup_steps

    def learn(self, period: Period, loss: Array) -> LambdaDict:
        """Update λ of the pairs that were active, and return their losses.

        Args:
            period: What was decided.
            loss: Of each of its pairs, shape (k,); clipped to [0, loss_bound] here.

        Raises:
            SafetyInputError: A loss of an active pair is not finite.
        """
        active = np.flatnonzero(period.active)
        keys = [period.keys[i] for i in active if period.keys[i] in self.lambda_]
        if not keys:
            return {}
        at = [i for i in active if period.keys[i] in self.lambda_]
        if not np.isfinite(loss[at]).all():
            raise SafetyInputError("the loss of an active pair is not finite")
        clipped = np.minimum(np.maximum(loss[at], 0.0), self.loss_bound)
        left = [self.warmup_steps_remaining.get(key, 0) for key in keys]
        target = np.where(np.array(left) > 0, self.epsilon - self.warmup_tightening, self.epsilon)
        new, swallowed = update_lambda(
            np.array([self.lambda_[key] for key in keys]),
            clipped,
            target=target,
            eta=self.eta,
            lower=self.lambda_safe,
            upper=self.lambda_max,
        )
        for i, key in enumerate(keys):
            self.lambda_[key] = float(new[i])
            self.swallowed[key] = self.swallowed.get(key, 0.0) + float(swallowed[i])
            if left[i] > 0:
                self.warmup_steps_remaining[key] = left[i] - 1
        return dict(zip(keys, clipped.tolist(), strict=True))
