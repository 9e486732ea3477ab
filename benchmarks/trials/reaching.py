"""Trials of arms: to places, along plans, and back to rest."""

from __future__ import annotations

import math

import numpy as np

from counterpoint import Arm, Robot
from counterpoint import commands as cmd
from counterpoint.actions import ActionStatus, ReachByPlan, ReachFor, ResetArm
from counterpoint.core.pose import Array, conjugate, multiply, rotation_vector
from trials.postures import Postures, postures_of
from trials.skill import any_model, skill, two_armed
from trials.trial import Outcome, Trial, beyond, require

ARRIVED = 0.01  # m: the action's default
TURNED = 3.0  # degrees
AT_OBJECT = 0.1  # m: a solid thing keeps the hand out, whichever side it comes from
AT_REST = 0.03  # rad
BEYOND = 1.5  # times the arm's reach
HEADROOM = 0.08  # m: `vertical_horizontal` goes so far over the higher of hand and target
PASSED = 0.03  # m: how near a place on the way counts as passed
BALL = (0.02, 0.06)  # m: range of diameters
PLANS = ("vertical_horizontal", "reset", "waypoints")


@skill("reach_for a position", ReachFor, suits=any_model, least=0.98)
def reach_position(t: Trial) -> Outcome:
    """Brings a hand to a point, from the rest pose.

    *Drawn:* an arm, and a posture of it that is uniform over its joints' limits, again where a link
    is below the floor or overlaps another; the point is where the hand is then.

    *Success:* the hand is measured within 10 mm of the point, and still so half a second later.
    """
    arm, postures = _arm(t)
    _, target = postures.draw(t.rng, t.rejected)
    robot = t.open()
    t.run(robot.reach_for(target, arm))
    return _at(t, robot, arm, target, ARRIVED)


@skill("reach_for a pose", ReachFor, suits=any_model)
def reach_pose(t: Trial) -> Outcome:
    """Brings a hand to a point, turned as asked (`orientation`), from the rest pose.

    *Drawn:* as for `reach_for a position`, with the orientation that the hand has in the posture.

    *Success:* the hand is measured within 10 mm of the point and 3° of the orientation, and still
    so half a second later.
    """
    arm, postures = _arm(t)
    q, target = postures.draw(t.rng, t.rejected)
    turn = postures.kinematics.tool_pose(q, arm).q
    robot = t.open()

    def turned() -> float:
        now = robot.dynamic.tool_pose(arm).q
        return math.degrees(float(np.linalg.norm(rotation_vector(multiply(now, conjugate(turn))))))

    t.run(robot.reach_for(target, arm, orientation=turn.tolist()))
    angle = turned()
    outcome = _at(t, robot, arm, target, ARRIVED, beyond("turned off", angle, TURNED, "°"))
    later = beyond("turned off later", turned(), TURNED, "°")
    return t.verdict(outcome.reason, later, angle=angle, **outcome.numbers)


@skill("reach_for with both hands", ReachFor, suits=two_armed)
def reach_with_both(t: Trial) -> Outcome:
    """Brings both hands to points of their own at once, from the rest pose.

    *Drawn:* for each arm as for `reach_for a position`; again where the arms overlap.

    *Success:* both hands are measured within 10 mm of their points, and still so half a second
    later.
    """
    arms = t.model.arms
    both = [postures_of(t.model.name, arm) for arm in arms]
    while True:
        drawn = [postures.draw(t.rng, t.rejected) for postures in both]
        q = drawn[0][0].copy()
        joints = both[1].kinematics.track_indices(t.model.arm_track(arms[1]))
        q[joints] = drawn[1][0][joints]
        if both[0].clear_of(both[1], q):
            break
        t.rejected["arms overlap"] += 1
    robot = t.open()
    targets = [hand for _, hand in drawn]
    t.run(robot.reach_for([p.tolist() for p in targets], arms))

    def away() -> float:
        return max(
            math.dist(robot.dynamic.tool_pose(arm).p, p)
            for arm, p in zip(arms, targets, strict=True)
        )

    distance = away()
    t.rest()
    return t.verdict(
        beyond("a hand away", distance, ARRIVED, "m"),
        beyond("a hand away later", away(), ARRIVED, "m"),
        distance=distance,
    )  # fmt: skip


@skill("reach_for a position out of reach", ReachFor, suits=any_model, least=1.0)
def reach_beyond(t: Trial) -> Outcome:
    """Refuses a point that no posture reaches.

    *Drawn:* an arm, and a point in a random direction from its shoulder at 1.5 times the furthest
    that the hand gets in 30,000 random postures.

    *Success:* the action ends as `cannot_reach` in its first frame, and no joint has moved half a
    second later.
    """
    arm, postures = _arm(t)
    way = t.rng.standard_normal(3)
    target = postures.shoulder() + way / np.linalg.norm(way) * BEYOND * postures.furthest
    robot = t.open()
    before = robot.dynamic.q
    action = robot.reach_for(target, arm)
    for _ in t.steps(action):
        break
    if action.status is not ActionStatus.cannot_reach:
        require(action)  # a success is none either
        return t.verdict("a success, out of reach")
    t.rest()
    moved = float(np.abs(robot.dynamic.q - before).max())
    return t.verdict(beyond("a joint moved", moved, AT_REST, "rad"))


@skill("reach_for an object", ReachFor, suits=any_model)
def reach_object(t: Trial) -> Outcome:
    """Brings a hand to a ball that hangs in the air and does not give way, `arrived_at=0.1`.

    *Drawn:* as for a position, where the ball's middle is then; its diameter, 2 to 6 cm. Again
    where the ball would be in the robot at rest.

    *Success:* the hand is measured within 10 cm of the ball's middle, and still so half a second
    later.
    """
    arm, postures = _arm(t)
    size = float(t.rng.uniform(*BALL))
    while True:
        _, target = postures.draw(t.rng, t.rejected)
        if postures.clear_at_rest(target) > size / 2 and target[2] > size / 2:
            break
        t.rejected["ball in the robot or the floor"] += 1
    robot = t.open(
        cmd.AddObject(
            object_id="ball", model="sphere", size=(size,) * 3, position=tuple(target.tolist()),
            static=True,
        )
    )  # fmt: skip
    t.run(robot.reach_for("ball", arm, arrived_at=AT_OBJECT))
    return _at(t, robot, arm, target, AT_OBJECT)


@skill("reach_for with a plan", ReachByPlan, suits=any_model)
def reach_by_plan(t: Trial) -> Outcome:
    """Brings a hand to a point by way of other places.

    *Drawn:* the point as for `reach_for a position`; the plan, `vertical_horizontal` from the rest
    pose, `reset` from a posture drawn in the same way, or two waypoints drawn like the point. Again
    where `vertical_horizontal` would lead over places to which the hand comes within 3 cm in none
    of 30,000 random postures.

    *Success:* the hand came within 3 cm of each place of the plan (or all joints of the arm within
    0.03 rad of rest), in their order; it is measured within 10 mm of the point, and still so half a
    second later.
    """
    arm, postures = _arm(t)
    plan = PLANS[t.rng.integers(len(PLANS))]
    kinematics = postures.kinematics
    home = np.array(kinematics.home)
    q, places = home, []
    while True:
        _, target = postures.draw(t.rng, t.rejected)
        if plan == "reset":
            q, _ = postures.draw(t.rng, t.rejected)
        elif plan == "waypoints":
            places = [postures.draw(t.rng, t.rejected)[1] for _ in range(2)]
        else:
            hand = kinematics.tool_pose(home, arm).p
            top = max(float(hand[2]), float(target[2])) + HEADROOM
            places = [np.array([*p[:2], top]) for p in (hand, target)]
            if max(postures.hands.query(places)[0]) > PASSED:
                t.rejected["no way over there"] += 1
                continue
        break
    robot = t.open(posture=q)
    joints = kinematics.track_indices(t.model.arm_track(arm))
    named = plan if plan != "waypoints" else [p.tolist() for p in places]
    action = robot.reach_for(target, arm, plan=named)
    left = list(places)
    rested = plan != "reset"
    for _ in t.steps(action):
        hand = robot.dynamic.tool_pose(arm).p
        if left and np.linalg.norm(hand - left[0]) <= PASSED:
            left.pop(0)
        rested = rested or float(np.abs(robot.dynamic.q - home)[joints].max()) <= AT_REST
    require(action)
    missed = f"{plan}: {len(left)} places were not passed" if left or not rested else None
    return _at(t, robot, arm, target, ARRIVED, missed)


@skill("reset_arm", ResetArm, suits=any_model)
def reset_arm(t: Trial) -> Outcome:
    """Brings an arm back to its rest pose.

    *Drawn:* an arm, and a posture of it as for `reach_for a position`, where it begins.

    *Success:* every joint of the arm is measured within 0.03 rad of rest, and still so half a
    second later.
    """
    arm, postures = _arm(t)
    q, _ = postures.draw(t.rng, t.rejected)
    robot = t.open(posture=q)
    joints = postures.kinematics.track_indices(t.model.arm_track(arm))
    home = np.array(postures.kinematics.home)[joints]
    t.run(robot.reset_arm(arm))
    off = float(np.abs(robot.dynamic.q[joints] - home).max())
    t.rest()
    later = float(np.abs(robot.dynamic.q[joints] - home).max())
    return t.verdict(
        beyond("a joint is off", off, AT_REST, "rad"),
        beyond("a joint is off later", later, AT_REST, "rad"),
        off=off,
    )  # fmt: skip


def _arm(t: Trial) -> tuple[Arm, Postures]:
    arm = t.model.arms[t.rng.integers(len(t.model.arms))]
    return arm, postures_of(t.model.name, arm)


def _at(
    t: Trial, robot: Robot, arm: Arm, target: Array, limit: float, also: str | None = None
) -> Outcome:
    """Judge where a hand is, now and later; `target` has shape (3,) [m]."""

    def away() -> float:
        return math.dist(robot.dynamic.tool_pose(arm).p, target)

    distance = away()
    t.rest()
    later = away()
    return t.verdict(
        also,
        beyond("hand away", distance, limit, "m"),
        beyond("hand away later", later, limit, "m"),
        distance=distance, later=later,
    )  # fmt: skip
