"""Two robots with one object: they share a grasp, hand it over, and carry it, in physics."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from teamwork import carry_bar_trial, carry_table_trial, hand_over_trial

from counterpoint import ActionStatus, Arm, CommandError, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action, Grasp
from counterpoint.actions.motion import JointMotion

LENGTH = 0.8  # m


class Pair(NamedTuple):
    c: Controller
    left: Robot
    right: Robot

    def finish(self, *actions: Action) -> list[ActionStatus]:
        for _ in range(1_000):
            if all(a.done for a in actions):
                return [a.status for a in actions]
            self.c.communicate()
        raise TimeoutError(f"not done: {actions}")


@pytest.fixture
def pair(open_controller: Callable[..., Controller]) -> Pair:
    """Two Pandas face to face with a bar between them, from one to the other."""
    c = open_controller(seed=0)
    left = Robot("left", model="panda", position=(-0.8, 0, 0), image_frequency=ImageFrequency.never)
    right = Robot(
        "right", model="panda", position=(0.8, 0, 0), rotation=180,
        image_frequency=ImageFrequency.never,
    )  # fmt: skip
    c.add_ons.extend([left, right])
    bar = cmd.AddObject(
        object_id="bar", model="bar", size=(LENGTH, 0.04, 0.04), position=(0, 0, 0.02), mass=0.8
    )
    c.communicate([cmd.CreateEmptyRoom(), bar])
    return Pair(c, left, right)


def test_a_bar_shared_at_both_ends_is_lifted_level(pair: Pair) -> None:
    grasps = (
        pair.left.grasp(("bar", "back_end"), shared=True),
        pair.right.grasp(("bar", "front_end"), shared=True),
    )
    assert pair.finish(*grasps) == [ActionStatus.success] * 2
    reaches = [
        r.reach_for(r.dynamic.tool_pose(Arm.right).p + [0, 0, 0.15], duration=2.0)
        for r in (pair.left, pair.right)
    ]
    assert pair.finish(*reaches) == [ActionStatus.success] * 2
    assert [r.dynamic.held[Arm.right] for r in (pair.left, pair.right)] == ["bar", "bar"]
    assert pair.c.response is not None
    ends = pair.c.response.objects["bar"].pose.apply(
        np.array([[-LENGTH / 2, 0, 0], [LENGTH / 2, 0, 0]])
    )
    assert ends[:, 2].min() > 0.14
    assert abs(ends[0, 2] - ends[1, 2]) < 0.02
    assert not pair.c.response.welds


def test_what_another_hand_holds_is_refused_unless_the_grasp_is_shared(pair: Pair) -> None:
    assert pair.finish(pair.left.grasp(("bar", "back_end"))) == [ActionStatus.success]
    assert pair.finish(pair.right.grasp(("bar", "front_end"))) == [ActionStatus.held_by_other]
    shared = pair.right.grasp(("bar", "front_end"), shared=True)
    assert pair.finish(shared) == [ActionStatus.success]


def test_two_shared_grasps_of_one_point_are_a_conflict(pair: Pair) -> None:
    grasps = [r.grasp(("bar", "middle"), shared=True) for r in (pair.left, pair.right)]
    pair.c.communicate()
    assert [g.status for g in grasps] == [ActionStatus.ongoing, ActionStatus.conflict]


def test_a_shared_grasp_names_its_point() -> None:
    with pytest.raises(CommandError, match=r"\(object, affordance\)"):
        Grasp("bar", Arm.right, shared=True)


@pytest.mark.parametrize("index", [0, 4])
def test_a_stick_is_handed_over(index: int) -> None:
    outcome = hand_over_trial(index)
    assert outcome.success, outcome


@pytest.mark.parametrize("index", [0, 9])
def test_a_bar_is_carried_together_and_stays_level(index: int) -> None:
    outcome = carry_bar_trial(index)
    assert outcome.success, outcome


@pytest.mark.parametrize("index", [4, 17])  # hands pass near the board on their way to its edge
def test_a_table_is_carried_together_and_stays_level(index: int) -> None:
    outcome = carry_table_trial(index)
    assert outcome.success, outcome


def test_a_straight_motion_keeps_to_the_line_in_joint_space() -> None:
    start, goal = np.zeros(3), np.array([1.0, -0.3, 0.05])
    limits = np.array([2.0, 1.0, 2.5]), np.array([8.0, 8.0, 8.0])
    motion = JointMotion(start, np.zeros(3), goal, *limits, 1 / 60, straight=True)
    q, furthest = start, 0.0
    while not motion.finished:
        q = q + motion.step(q, np.zeros(3)) / 60
        along = (q @ goal) / (goal @ goal) * goal
        furthest = max(furthest, float(np.abs(q - along).max()))
    assert np.abs(q - goal).max() < 1e-6
    assert furthest < 1e-6
