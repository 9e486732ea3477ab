"""Trials of hands that take, carry and let go: by friction alone."""

from __future__ import annotations

import math

import numpy as np

from counterpoint import Arm
from counterpoint import commands as cmd
from counterpoint.actions import Drop, Grasp, Place, ReachFor
from counterpoint.core.pose import Array
from trials.skill import has_gripper, skill
from trials.trial import Outcome, Trial, beyond

CUBES = {
    # model: cube sides, table (height, near edge), x, y range of the cube in the robot's frame [m]
    "baxter": ((0.025, 0.04), (0.75, 0.50), (0.60, 0.85), (-0.45, -0.05)),
    "fetch": ((0.03, 0.06), (0.70, 0.45), (0.55, 0.75), (-0.25, 0.25)),
    "panda": ((0.03, 0.06), None, (0.35, 0.60), (-0.30, 0.30)),
    "tiago_pro": ((0.04, 0.06), (0.75, 0.50), (0.58, 0.75), (-0.35, 0.00)),
}
"""For the right hand; the left one's are their mirror images."""
LIFT = 0.15  # m
RAISED = 0.12  # m: at least, of the cube
HOLD = 120  # frames
SLIP = 0.01  # m
PLACED = 0.02  # m
STILL = 1e-3  # m


@skill("grasp", Grasp, suits=has_gripper)
def grasp(t: Trial) -> Outcome:
    """Takes a cube, lifts it by 15 cm and holds it for 2 s, by friction alone.

    *Drawn:* the hand, the cube's side, where it lies on the floor or a table and how it is turned,
    uniformly in a range for each robot (`benchmarks/trials/holding.py`).

    *Success:* the cube is measured at least 12 cm up after the 2 s, in the hand, with no weld, and
    has slipped by less than 1 cm there.
    """
    grip = _Grip(t)
    grip.take()
    denials, slip = grip.lift_and_hold()
    return t.verdict(*denials, slip=slip)


@skill("place", Place, ReachFor, suits=has_gripper)
def place(t: Trial) -> Outcome:
    """Takes, lifts and holds a cube as in `grasp`, then places it elsewhere.

    *Drawn:* as for `grasp`; the place, uniformly in the same range.

    *Success:* that of `grasp`, and the cube is measured within 2 cm of its place, at rest, half a
    second after the end, with nothing in the hand.
    """
    grip = _Grip(t)
    to = grip.draw_place()
    grip.take()
    denials, slip = grip.lift_and_hold()
    t.run(t.robot.place(to, grip.arm))
    rest = grip.at_rest()
    off = math.dist(t.object("cube").position, to + [0, 0, grip.side / 2])
    return t.verdict(
        *denials, *rest, beyond("off its place", off, PLACED, "m"), slip=slip, off=off
    )  # fmt: skip


@skill("drop", Drop, suits=has_gripper)
def drop(t: Trial) -> Outcome:
    """Takes a cube, lifts it by 2 to 10 cm, and lets it fall.

    *Drawn:* as for `grasp`; the height, uniformly.

    *Success:* the hand holds nothing, the cube has fallen, lies on what is under it rather than in
    it, and has not moved by 1 mm in half a second after the end.
    """
    grip = _Grip(t)
    height = t.rng.uniform(0.02, 0.10)
    grip.take()
    t.run(t.robot.reach_for(grip.hand() + [0, 0, height], grip.arm))
    up = float(t.object("cube").bounds[0][2])
    t.run(t.robot.drop(grip.arm))
    rest = grip.at_rest()
    low = float(t.object("cube").bounds[0][2])
    ground = grip.height if low > grip.height / 2 else 0.0
    return t.verdict(
        *rest,
        None if low < up - height / 2 else f"the cube is still {low:.3f} m up",
        beyond("below what it lies on", ground - low, STILL, "m"),
        beyond("above what it lies on", low - ground, STILL, "m"),
        fallen=up - low,
    )  # fmt: skip


class _Grip:
    """A cube drawn at random in front of the robot, and the hand that takes it."""

    def __init__(self, t: Trial) -> None:
        self.t = t
        sides, table, self.xs, self.ys = CUBES[t.model.name]
        self.arm = t.model.arms[t.rng.integers(len(t.model.arms))]
        self.mirror = -1.0 if self.arm is Arm.left else 1.0
        self.side = float(t.rng.uniform(*sides))
        self.height = 0.0 if table is None else table[0]
        at, yaw = self.draw_place(), t.rng.uniform(-math.pi, math.pi)
        scene: list[cmd.Command] = []
        if table is not None:
            scene.append(
                cmd.AddObject(
                    object_id="table", model="table", size=(0.6, 1.2, self.height),
                    position=(table[1] + 0.3, 0, 0),
                )
            )  # fmt: skip
        scene.append(
            cmd.AddObject(
                object_id="cube", model="box", size=(self.side,) * 3,
                position=tuple((at + [0, 0, self.side / 2]).tolist()),
                quaternion=(math.cos(yaw / 2), 0, 0, math.sin(yaw / 2)),
            )
        )  # fmt: skip
        t.open(*scene)

    def draw_place(self) -> Array:
        """Where a cube can stand, shape (3,) [m]."""
        x, y = self.t.rng.uniform(*self.xs), self.t.rng.uniform(*self.ys)
        return np.array([x, self.mirror * y, self.height])

    def hand(self) -> Array:
        """Where the hand is, shape (3,) [m]."""
        return self.t.robot.dynamic.tool_pose(self.arm).p

    def take(self) -> None:
        """Grasp the cube."""
        self.t.run(self.t.robot.grasp("cube", self.arm))

    def lift_and_hold(self) -> tuple[list[str | None], float]:
        """What is not as it should be after the lift and 2 s, and how far the cube slipped [m]."""
        t = self.t
        low = t.object("cube").position[2]
        t.run(t.robot.reach_for(self.hand() + [0, 0, LIFT], self.arm))
        before = self._in_hand()
        t.run(t.robot.wait(HOLD))
        raised = float(t.object("cube").position[2] - low)
        slip = math.dist(self._in_hand(), before)
        assert t.controller.response is not None
        return [
            None if raised >= RAISED else f"the cube is {raised:.3f} m up",
            None if t.robot.dynamic.held[self.arm] == "cube" else "the hand holds nothing",
            "it is welded to the hand" if t.controller.response.welds else None,
            beyond("slip", slip, SLIP, "m"),
        ], slip

    def at_rest(self) -> list[str | None]:
        """What is not as it should be with a cube that was let go."""
        t = self.t
        empty = t.robot.dynamic.held[self.arm] is None
        before = t.object("cube").position.copy()
        t.rest()
        moved = math.dist(before, t.object("cube").position)
        return [
            None if empty and t.robot.dynamic.held[self.arm] is None else "the hand holds it",
            beyond("the cube moves", moved, STILL, "m"),
        ]

    def _in_hand(self) -> Array:
        """Where the cube is in the hand's frame, shape (3,) [m]."""
        hand = self.t.robot.dynamic.tool_pose(self.arm)
        return hand.inverse().apply(self.t.object("cube").position)
