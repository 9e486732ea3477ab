"""Two robots with one object, handed over or carried together by friction alone; random set-ups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from trials.trial import Outcome

from counterpoint import (
    ActionFailed,
    Arm,
    Controller,
    ImageFrequency,
    Robot,
    derive_substream,
    gather,
)
from counterpoint import commands as cmd
from counterpoint.core.pose import rotate

LIFT = 0.10  # m
MOVE_TIME = 2.0  # s of a lift or of lowering
SAG = 0.03  # m: by which an arm may give way under its share of the weight
MAX_FRAMES = 4000


def affordance(controller: Controller, object_id: str, name: str) -> np.ndarray:
    """Where an affordance point is in the world, shape (3,) [m]."""
    state = controller.response.objects[object_id]
    return state.pose.apply(
        next(a.position for a in state.static.model.affordances if a.name == name)
    )


async def hand_over(
    controller: Controller,
    robots: Sequence[Robot],
    object_id: str,
    arms: Sequence[Arm],
    *,
    point: str,
    meeting: Sequence[float],
) -> None:
    """The first robot gives what it holds to the second one, which takes it at another point.

    Args:
        controller: Of both.
        robots: The one that gives, and the one that takes.
        object_id: What the first one holds.
        arms: The hand that gives, and the hand that takes.
        point: The affordance that the second one takes it by.
        meeting: Where that point is brought to, in the world [m].

    Raises:
        ActionFailed: Where one of them cannot do its part.
    """
    giver, taker = robots
    offered = affordance(controller, object_id, point)
    hand = giver.dynamic.tool_pose(arms[0]).p
    await giver.reach_for(hand + np.asarray(meeting) - offered, arms[0])
    await taker.grasp((object_id, point), arms[1], shared=True)
    await giver.drop(arms[0])
    back = rotate(giver.dynamic.tool_pose(arms[0]).q, np.array([0.0, 0.0, 1.0]))
    await giver.reach_for(giver.dynamic.tool_pose(arms[0]).p - LIFT * back, arms[0])
    await taker.reach_for(taker.dynamic.tool_pose(arms[1]).p + [0, 0, LIFT], arms[1])


async def carry_together(
    controller: Controller,
    robots: Sequence[Robot],
    object_id: str,
    arms: Sequence[Arm],
    *,
    points: Sequence[str],
    distances: Sequence[float],
) -> None:
    """Each robot takes an object at a point of its own; they lift it, drive, and put it down.

    Args:
        controller: Of all of them.
        robots: Those that carry.
        object_id: What.
        arms: The hand of each.
        points: The affordance that each takes it by.
        distances: How far each drives straight ahead, backwards when negative [m].

    Raises:
        ActionFailed: Where one of them cannot do its part; the others stop.
    """
    team = list(zip(robots, arms, strict=True))

    async def shift(height: float) -> None:
        """All hands up or down, in step."""
        hands = [robot.dynamic.tool_pose(arm).p + [0, 0, height] for robot, arm in team]
        moves = [
            robot.reach_for(hand, arm, arrived_at=SAG, duration=MOVE_TIME)
            for (robot, arm), hand in zip(team, hands, strict=True)
        ]
        await gather(*moves)

    await gather(
        *(r.grasp((object_id, p), a, shared=True) for (r, a), p in zip(team, points, strict=True))
    )
    await shift(LIFT)
    await gather(*(r.move_by(d, reset_arms=False) for r, d in zip(robots, distances, strict=True)))
    await shift(-LIFT)
    await gather(*(robot.drop(arm) for robot, arm in team))


def tilt(quaternion: np.ndarray) -> float:
    """How far an object that should be level leans [degrees]."""
    up = rotate(quaternion, np.array([0.0, 0.0, 1.0]))
    return math.degrees(math.acos(min(1.0, float(up[2]))))


class Level:
    """Watches an object that should be carried level.

    Attributes:
        worst: How far it leant at most [degrees].
        highest: How high its origin was at most [m].
    """

    def __init__(self, controller: Controller, object_id: str) -> None:
        self._controller, self._object_id = controller, object_id
        self.worst, self.highest = 0.0, -math.inf

    def look(self) -> None:
        """Take in the last frame."""
        state = self._controller.response.objects[self._object_id]
        self.worst = max(self.worst, tilt(state.quaternion))
        self.highest = max(self.highest, float(state.position[2]))


def _run(c: Controller, script: Any, watch: Any = None) -> str | None:
    """Run a script to its end; says why it failed, if it did."""
    handle = c.spawn(script)
    try:
        while not handle.done and c.frame < MAX_FRAMES:
            c.communicate()
            if watch is not None:
                watch.look()
        if not handle.done:
            return f"still running after {MAX_FRAMES} frames"
        handle.result()
    except ActionFailed as failed:
        return f"{type(failed.action).__name__} of {failed.action.robot_id!r}: {failed}"
    return None


def hand_over_trial(index: int, seed: int = 0) -> Outcome:
    """One robot takes a stick from a table, turns round, and hands it to another one."""
    rng = derive_substream(f"hand over {index}", seed).default_rng()
    length, side = rng.uniform(0.24, 0.32), rng.uniform(0.035, 0.045)
    yaw = math.radians(rng.uniform(-25, 25))
    x, y = rng.uniform(0.66, 0.72), rng.uniform(-0.25, -0.1)
    apart, aside = rng.uniform(1.35, 1.5), rng.uniform(-0.1, 0.1)
    height = rng.uniform(0.9, 1.05)
    turn = 90.0
    giver = Robot("giver", image_frequency=ImageFrequency.never)
    taker = Robot(
        "taker", position=(-0.4 + aside, apart, 0), rotation=-90,
        image_frequency=ImageFrequency.never,
    )  # fmt: skip
    with Controller(seed=seed) as c:
        c.add_ons.extend([giver, taker])
        c.communicate(
            [
                cmd.CreateEmptyRoom(),
                cmd.AddObject(
                    object_id="table", model="table", size=(0.6, 1.2, 0.75), position=(0.8, 0, 0)
                ),
                cmd.AddObject(
                    object_id="stick", model="bar", size=(length, side, side),
                    position=(x, y, 0.75 + side / 2),
                    quaternion=(math.cos(yaw / 2), 0, 0, math.sin(yaw / 2)), mass=0.15,
                ),
            ]
        )  # fmt: skip

        async def all_of_it() -> None:
            await giver.grasp(("stick", "back_end"), Arm.right)
            await giver.reach_for(giver.dynamic.tool_pose(Arm.right).p + [0, 0, 0.15], Arm.right)
            await giver.move_by(-0.4)
            await giver.turn_by(turn)
            there = (giver.dynamic.base_position + taker.dynamic.base_position)[:2] / 2
            await hand_over(
                c, (giver, taker), "stick", (Arm.right, Arm.right), point="front_end",
                meeting=(*there, height),
            )  # fmt: skip
            await taker.wait(60)

        failed = _run(c, all_of_it())
        stick = c.response.objects["stick"]
        numbers = {"tilt": tilt(stick.quaternion), "frames": float(c.frame)}
        if failed:
            return Outcome(False, "hand over", failed, numbers)
        held = giver.dynamic.held[Arm.right], taker.dynamic.held[Arm.right]
        if held != (None, "stick"):
            return Outcome(False, "end", f"the hands hold {held}", numbers)
        if stick.position[2] < height - 0.1:
            return Outcome(False, "end", f"it is {stick.position[2]:.2f} m high", numbers)
        return Outcome(True, numbers=numbers)


def carry_bar_trial(index: int, seed: int = 0) -> Outcome:
    """Two robots side by side carry a bar from one stand to another."""
    rng = derive_substream(f"carry a bar {index}", seed).default_rng()
    length, way = rng.uniform(1.1, 1.4), rng.uniform(1.2, 2.0)
    height, shift = rng.uniform(0.7, 0.85), rng.uniform(-0.05, 0.05, 2)
    mass = rng.uniform(1.0, 2.5)
    stand = (0.1, 0.3, height)
    ahead = 0.62
    side = length / 2 + 0.2
    robots = [
        Robot(
            name, position=(float(dx), y, 0), image_frequency=ImageFrequency.never
        )
        for name, y, dx in (("left", side, shift[0]), ("right", -side, shift[1]))
    ]  # fmt: skip
    with Controller(seed=seed) as c:
        c.add_ons.extend(robots)
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=8, length=6),
                *(
                    cmd.AddObject(
                        object_id=name, model="box", size=stand, position=(x, 0, height / 2),
                        static=True,
                    )
                    for name, x in (("from", ahead), ("to", ahead + way))
                ),
                cmd.AddObject(
                    object_id="bar", model="bar", size=(length, 0.04, 0.04),
                    position=(ahead, 0, height + 0.02), mass=mass,
                    quaternion=(math.sqrt(0.5), 0, 0, math.sqrt(0.5)),
                ),
            ]
        )  # fmt: skip
        level = Level(c, "bar")
        failed = _run(
            c,
            carry_together(
                c, robots, "bar", (Arm.right, Arm.left), points=("front_end", "back_end"),
                distances=(way, way),
            ),
            level,
        )  # fmt: skip
        return _carried(c, "bar", (ahead + way, 0.0), height + 0.02, level, failed)


def carry_table_trial(index: int, seed: int = 0) -> Outcome:
    """Two robots face to face carry a table that stands between them."""
    rng = derive_substream(f"carry a table {index}", seed).default_rng()
    size = rng.uniform(0.7, 1.0), rng.uniform(0.5, 0.7), rng.uniform(0.7, 0.78)
    mass, way = rng.uniform(2.5, 5.0), rng.uniform(0.8, 1.5)
    distance = rng.uniform(0.68, 0.74), rng.uniform(0.68, 0.74)
    robots = [
        Robot(
            "behind", position=(-size[0] / 2 - distance[0], 0.15, 0),
            image_frequency=ImageFrequency.never,
        ),
        Robot(
            "before", position=(size[0] / 2 + distance[1], -0.15, 0), rotation=180,
            image_frequency=ImageFrequency.never,
        ),
    ]  # fmt: skip
    with Controller(seed=seed) as c:
        c.add_ons.extend(robots)
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=8, length=6),
                cmd.AddObject(object_id="table", model="table", size=size, static=False, mass=mass),
            ]
        )
        level = Level(c, "table")
        failed = _run(
            c,
            carry_together(
                c, robots, "table", (Arm.right, Arm.right), points=("back_edge", "front_edge"),
                distances=(way, -way),
            ),
            level,
        )  # fmt: skip
        return _carried(c, "table", (way, 0.0), 0.0, level, failed)


def _carried(
    c: Controller,
    object_id: str,
    goal: tuple[float, float],
    height: float,
    level: Level,
    failed: str | None,
) -> Outcome:
    """Whether an object was lifted, stayed level within 5°, and rests within 5 cm of its goal."""
    position = c.response.objects[object_id].position
    off = float(np.linalg.norm(position - [*goal, height]))
    raised = level.highest - height
    numbers = {"tilt": level.worst, "off": off, "raised": raised, "frames": float(c.frame)}
    if failed:
        return Outcome(False, "carry", failed, numbers)
    if raised < LIFT / 2:
        return Outcome(False, "lift", f"it was lifted by {raised:.3f} m", numbers)
    if level.worst > 5.0:
        return Outcome(False, "level", f"it leant by {level.worst:.1f}°", numbers)
    if off > 0.05:
        return Outcome(False, "place", f"it rests {off:.3f} m from its place", numbers)
    return Outcome(True, numbers=numbers)
