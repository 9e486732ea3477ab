"""Plans near their limits: what ruckig has no synchronised trajectory for goes on all the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ruckig import RuckigError, Synchronization

from counterpoint.actions.motion import JointMotion


class Refusing:
    """A generator that finds no trajectory in which all joints end at the same time.

    Seen once in some 100,000 frames of arms that were held back in a crowd, by rounding.
    """

    def __init__(self, generator: Any) -> None:
        self.generator = generator
        self.refused = 0

    def update(self, given: Any, output: Any) -> Any:
        if given.synchronization != Synchronization.No:
            self.refused += 1
            raise RuckigError("error in step 2")
        return self.generator.update(given, output)


def test_a_state_without_a_synchronised_trajectory_still_comes_to_its_goal() -> None:
    q, v = np.zeros(2), np.zeros(2)
    goal = np.array([0.3, -1.0])
    motion = JointMotion(q, v, goal, np.full(2, 2.5), np.full(2, 8.0), 1 / 60)
    generator: Any = Refusing(motion._generator)
    motion._generator = generator
    while not motion.finished:
        v = motion.step(q, v)
        assert np.abs(v).max() <= 2.5 + 1e-9
        q = q + v / 60
    assert np.abs(q - goal).max() < 1e-6
    assert generator.refused == 2  # each joint for itself from then on


def test_a_plan_that_nothing_helps_says_from_where_to_where() -> None:
    motion = JointMotion(np.zeros(1), np.zeros(1), np.ones(1), np.ones(1), np.ones(1), 1 / 60)
    motion._input.max_velocity = [-1.0]
    with pytest.raises(ArithmeticError, match=r"no trajectory to \[1.\] from \[0.\]"):
        motion.step(np.zeros(1), np.zeros(1))
