"""Robots that would run into each other, with and without the safety monitor.

Every scene is drawn twenty times; both runs of a draw have the same robots, tasks and speeds. A
collision is a contact between two robots, in physics. The task of a robot is to get where it was
sent; one that was stopped waits for half a second and goes on.

    crossing    two bases whose ways cross
    head_on     two bases towards each other
    chase       a fast base behind a slow one
    crowd       four bases through one point
    arms        two arms, and two mobile robots, that reach into the same place
    static      a base, and a robot that stands in its way and is not commanded
    reversing   a base behind one that drives backwards, which is not commanded
    liar        by radio: a base, and a robot with an arm across its way that says it has none

The last one breaks an assumption: nothing is claimed of it but that the report says so.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import tyro
from report import Report

from counterpoint import ActionStatus, Controller, ImageFrequency, Robot, seconds
from counterpoint import commands as cmd
from counterpoint.actions import CollisionDetection
from counterpoint.add_ons import CommChannel, SafetyMonitor
from counterpoint.core.events import SafetyIntervention
from counterpoint.core.seeds import derive_substream

LIMIT = 1800  # frames
SHORT = 0.15  # m: nearer than that to where it was sent, a base is there
AT_REST = 0.6  # m: how far a tiago_pro with its arms at rest sticks out
Script = Coroutine[Any, Any, bool]
OFF = CollisionDetection(
    walls=False, objects=False, robots=False, floor=False, avoid=False, previous_was_same=False
)


class Scene(NamedTuple):
    """One draw of a scene.

    Attributes:
        robots: Those in it.
        tasks: Starts what they do; gives the scripts whose results, true or false, count.
        commanded: The robots that the monitor commands.
        extents: What those that it does not command announce, where there is a radio [m].
        lies: Whether that is not true.
    """

    robots: list[Robot]
    tasks: Callable[[], list[Script]]
    commanded: list[Robot]
    extents: Mapping[str, float] = MappingProxyType({})
    lies: bool = False


class Outcome(NamedTuple):
    """What became of one run.

    Attributes:
        collided: Whether two robots touched.
        succeeded: Whether every task that counts did.
        gap: Least distance between spheres that the monitor saw [m], or None without it.
        interventions: How often the monitor began to act.
        frames: Until all was over.
        brakes: Periods in which the brake or a failed program had the word.
        ms: Wall time a frame [ms].
        broken: Assumptions that did not hold, and how often.
    """

    collided: bool
    succeeded: bool
    gap: float | None
    interventions: int
    frames: int
    brakes: int
    ms: float
    broken: dict[str, int]


def tiago(name: str, x: float, y: float, yaw: float) -> Robot:
    robot = Robot(
        name, position=(x, y, 0), rotation=math.degrees(yaw), image_frequency=ImageFrequency.never
    )
    robot.collision_detection = OFF
    return robot


def panda(name: str, x: float, y: float, yaw: float) -> Robot:
    robot = Robot(
        name, model="panda", position=(x, y, 0), rotation=math.degrees(yaw),
        image_frequency=ImageFrequency.never,
    )  # fmt: skip
    robot.collision_detection = OFF
    return robot


async def drive(robot: Robot, distance: float) -> bool:
    """Get that far along the heading, in as many goes as it takes."""
    yaw, start = robot.dynamic.base_yaw, robot.dynamic.base_position
    ahead = np.array([math.cos(yaw), math.sin(yaw), 0.0])
    while True:
        left = distance - float((robot.dynamic.base_position - start) @ ahead)
        if left < SHORT:
            return True
        if await robot.move_by(left, SHORT / 2).outcome() is not ActionStatus.success:
            await seconds(0.5)


async def visit(robot: Robot, point: tuple[float, float, float], patience: float) -> bool:
    """Reach for a point, in as many goes as it takes, and make room again."""
    while await robot.reach_for(point).outcome() is not ActionStatus.success:
        await robot.reset_arm().outcome()
        await seconds(patience)
    await robot.reset_arm().outcome()
    return True


def crossing(rng: np.random.Generator) -> Scene:
    late = rng.uniform(-0.3, 0.3)
    a = tiago("a", -2.5, rng.uniform(-0.2, 0.2), 0.0)
    b = tiago("b", rng.uniform(-0.2, 0.2), -2.5 + late, math.pi / 2)
    return Scene([a, b], lambda: [drive(a, 5.0), drive(b, 5.0)], [a, b])


def head_on(rng: np.random.Generator) -> Scene:
    a = tiago("a", -2.5, rng.uniform(-0.25, 0.25), 0.0)
    b = tiago("b", 2.5, rng.uniform(-0.25, 0.25), math.pi)
    return Scene([a, b], lambda: [drive(a, 5.0), drive(b, 5.0)], [a, b])


def chase(rng: np.random.Generator) -> Scene:
    slow, speed = tiago("slow", -1.0, rng.uniform(-0.1, 0.1), 0.0), rng.uniform(0.15, 0.4)
    fast = tiago("fast", -3.2, 0.0, 0.0)

    def crawl(response: Any, static: Any, dynamic: Any) -> dict[str, tuple[float, ...]]:
        return {"base": (speed, 0.0, 0.0)}

    def go() -> list[Script]:
        slow.follow_policy(crawl, 600, "base")
        return [drive(fast, 5.5)]

    return Scene([fast, slow], go, [fast, slow])


def crowd(rng: np.random.Generator) -> Scene:
    turn = rng.uniform(0, math.pi / 2)
    robots = []
    for k, name in enumerate("abcd"):
        angle = turn + k * math.pi / 2 + rng.uniform(-0.2, 0.2)
        robots.append(tiago(name, 2.8 * math.cos(angle), 2.8 * math.sin(angle), angle + math.pi))
    return Scene(robots, lambda: [drive(r, 5.6) for r in robots], robots)


def arms(rng: np.random.Generator) -> Scene:
    """Both reach for the middle at once, where there is room for one."""
    a = panda("a", -0.55, rng.uniform(-0.05, 0.05), 0.0)
    b = panda("b", 0.55, rng.uniform(-0.05, 0.05), math.pi)
    points = [
        (rng.uniform(-0.05, 0.1), rng.uniform(-0.1, 0.1), rng.uniform(0.25, 0.5)) for _ in "ab"
    ]
    points[1] = (-points[1][0], *points[1][1:])
    return Scene([a, b], lambda: [visit(a, points[0], 0.5), visit(b, points[1], 2.0)], [a, b])


def static(rng: np.random.Generator) -> Scene:
    a = tiago("a", -2.5, 0.0, 0.0)
    b = tiago("b", rng.uniform(-0.3, 0.3), rng.uniform(-0.25, 0.25), rng.uniform(-3, 3))
    return Scene([a, b], lambda: [drive(a, 5.0)], [a], {"b": AT_REST})


def reversing(rng: np.random.Generator) -> Scene:
    a = tiago("a", -2.8, 0.0, 0.0)
    b = tiago("b", 1.0, rng.uniform(-0.2, 0.2), 0.0)
    speed = rng.uniform(0.2, 0.5)

    def back(response: Any, static: Any, dynamic: Any) -> dict[str, tuple[float, ...]]:
        return {"base": (-min(speed, 0.008 * response.frame), 0.0, 0.0)}

    def go() -> list[Script]:
        b.follow_policy(back, 420, "base")
        return [drive(a, 4.5)]

    return Scene([a, b], go, [a], {"b": AT_REST})


def liar(rng: np.random.Generator) -> Scene:
    side = rng.uniform(0.7, 0.8)
    a, b = tiago("a", -2.5, 0.0, 0.0), tiago("b", 0.0, side, -math.pi / 2)

    async def stretch_and_drive() -> bool:
        await b.reach_for((0.0, side - 0.75, 0.9), b.static.model.arms[0]).outcome()
        return await drive(a, 5.0)

    return Scene([a, b], lambda: [stretch_and_drive()], [a], {"b": 0.1}, lies=True)


SCENES: dict[str, Callable[[np.random.Generator], Scene]] = {
    "crossing": crossing, "head_on": head_on, "chase": chase, "crowd": crowd, "arms": arms,
    "static": static, "reversing": reversing, "liar": liar,
}  # fmt: skip


def run(name: str, seed: int, monitored: bool, profile: str | None = None) -> Outcome:
    """One run of a draw; with a profile, robots know of each other by radio alone."""
    scene = SCENES[name](derive_substream(f"safety_stress/{name}", seed).default_rng())
    with Controller(seed=seed) as c:
        c.add_ons.extend(scene.robots)
        if scene.lies:
            profile = profile or "ideal"
        monitor = SafetyMonitor(
            scene.commanded, source="truth" if profile is None else "radio", condition=name
        )
        if monitored:
            c.add_ons.append(monitor)
        if profile is not None:
            c.add_ons.append(CommChannel(profile))
        events: list[Any] = []
        c.events.subscribe(events.append)
        c.communicate(cmd.CreateEmptyRoom(width=12, length=12))
        if profile is not None:
            for robot in scene.robots:
                if robot.robot_id in scene.extents:
                    robot.radio.announce(extent=scene.extents[robot.robot_id])
        scripts, collided, frames = [c.spawn(t) for t in scene.tasks()], False, 0
        start = time.perf_counter()
        while frames < LIMIT and not all(s.done for s in scripts):
            frames += 1
            response = c.communicate()
            for robot in scene.robots:
                for _, other, _ in response.robots[robot.robot_id].contacts:
                    collided |= other.kind == "robot" and other.owner != robot.robot_id
        ms = (time.perf_counter() - start) / frames * 1e3
        report = monitor.report()
        row = report.conditions[0]
        return Outcome(
            collided,
            all(s.done and s.result() for s in scripts),
            row.minimum_gap if monitored else None,
            sum(isinstance(e, SafetyIntervention) for e in events),
            frames,
            row.brake_fires + row.infeasible + row.fallbacks,
            ms,
            {a.assumption: a.violated for a in report.assumptions if a.violated},
        )


def main(draws: int = 20, seed: int = 0, scenes: tuple[str, ...] = (), quick: bool = False) -> None:
    """Measure the safety monitor on robots that would collide.

    Args:
        draws: Of each scene.
        seed: Of the first draw.
        scenes: Which; all by default.
        quick: A tenth of the draws.
    """
    draws = max(2, draws // 10) if quick else draws
    report = Report("safety_stress", "with and without the safety monitor", draws=draws)
    for name in scenes or tuple(SCENES):
        plain, kept = (
            [run(name, seed + k, monitored) for k in report.track(range(draws), name)]
            for monitored in (False, True)
        )
        collided = sum(o.collided for o in plain)
        hit, done = sum(o.collided for o in kept), sum(o.succeeded for o in kept)
        gaps = [o.gap for o in kept if o.gap is not None]
        broken = {k: sum(o.broken.get(k, 0) for o in kept) for o in kept for k in o.broken}
        if any("packets_hold" in o.broken for o in kept):
            said = sum("packets_hold" in o.broken for o in kept)
            report.claim(
                f"{name}: said so in table 1", "every run", f"{said} of {draws}", said == draws
            )
            report.note(f"{name}: {collided} of {draws} collide, {hit} with it")
            continue
        report.claim(
            f"{name}: collisions",
            "most, 0 with it",
            f"{collided} of {draws}, {hit} with it",
            hit == 0,
        )
        report.claim(
            f"{name}: tasks done with it", "≥ 90 %",
            f"{done} of {draws}, in {np.median([o.frames for o in kept]):.0f} frames against "
            f"{np.median([o.frames for o in plain]):.0f}", done >= 0.9 * draws,
        )  # fmt: skip
        report.note(
            f"{name}: nearest {min(gaps):.3f} m, {np.median([o.interventions for o in kept]):.0f} "
            f"interventions, {sum(o.brakes for o in kept)} periods braked, "
            f"{np.median([o.ms for o in kept]):.1f} against "
            f"{np.median([o.ms for o in plain]):.1f} ms a frame; checks that failed: {broken or 0}"
        )
        report.figures[name] = {
            "plain": [o._asdict() for o in plain],
            "kept": [o._asdict() for o in kept],
        }
    raise SystemExit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
