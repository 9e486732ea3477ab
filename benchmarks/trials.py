"""Set-ups drawn at random for benchmarks and tests: none of them asks the actions' own solver."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from furnished import draw_room
from postures import Postures

from counterpoint import Arm, Controller, ImageFrequency, Robot, derive_substream
from counterpoint import commands as cmd
from counterpoint.actions import Action, ActionStatus


@dataclass
class Outcome:
    """What came of one trial: whether it succeeded, and where it failed."""

    success: bool
    stage: str = ""
    reason: str = ""
    numbers: dict[str, float] = field(default_factory=dict)


def finish(controller: Controller, action: Action, max_frames: int = 1500) -> Action:
    """Run frames until an action ends, or that many: then it is still `ongoing`."""
    for _ in range(max_frames):
        if action.status is not ActionStatus.ongoing:
            break
        controller.communicate()
    return action


GRASP_SPACE = {
    # model: cube sides, table (height, near edge), x, y range of the cube in the robot's frame [m]
    "baxter": ((0.025, 0.04), (0.75, 0.50), (0.60, 0.85), (-0.45, -0.05)),
    "fetch": ((0.03, 0.06), (0.70, 0.45), (0.55, 0.75), (-0.25, 0.25)),
    "panda": ((0.03, 0.06), None, (0.35, 0.60), (-0.30, 0.30)),
    "tiago_pro": ((0.04, 0.06), (0.75, 0.50), (0.58, 0.75), (-0.35, 0.00)),
}


def grasp_trial(model: str, index: int, seed: int = 0) -> Outcome:
    """Grasp a random cube, lift it 15 cm, hold it for 2 s, place it elsewhere within 2 cm."""
    sides, table, xs, ys = GRASP_SPACE[model]
    rng = derive_substream(f"grasp {model} {index}", seed).default_rng()
    side = rng.uniform(*sides)
    x, y, yaw = rng.uniform(*xs), rng.uniform(*ys), rng.uniform(-math.pi, math.pi)
    to = rng.uniform(*xs), rng.uniform(*ys)
    height = 0.0 if table is None else table[0]
    robot = Robot("a", model=model, image_frequency=ImageFrequency.never)
    with Controller(seed=seed) as c:
        c.add_ons.append(robot)
        scene: list[Any] = [cmd.CreateEmptyRoom()]
        if table is not None:
            scene.append(
                cmd.AddObject(
                    object_id="table", model="table", size=(0.6, 1.2, height),
                    position=(table[1] + 0.3, 0, 0),
                )
            )  # fmt: skip
        scene.append(
            cmd.AddObject(
                object_id="cube", model="box", size=(side,) * 3,
                position=(x, y, height + side / 2),
                quaternion=(math.cos(yaw / 2), 0, 0, math.sin(yaw / 2)),
            )
        )  # fmt: skip
        c.communicate(scene)

        def stage(name: str, start: Callable[[], Action]) -> Outcome | None:
            action = finish(c, start())
            if action.status is ActionStatus.success:
                return None
            return Outcome(False, name, f"{action.status.name}: {action.result.reason}")

        arm = Arm.right
        failed = stage("grasp", lambda: robot.grasp("cube", arm))
        if failed:
            return failed
        start = robot.dynamic.tool_pose(arm).p
        assert c.response is not None
        low = c.response.objects["cube"].position[2]
        failed = stage("lift", lambda: robot.reach_for(start + [0, 0, 0.15], arm))
        if failed:
            return failed
        before = _in_hand(robot, c, arm)
        failed = stage("hold", lambda: robot.wait(120))
        raised = c.response.objects["cube"].position[2] - low
        slip = float(np.linalg.norm(_in_hand(robot, c, arm) - before))
        if raised < 0.12 or robot.dynamic.held[arm] != "cube":
            return Outcome(False, "hold", f"the cube is {raised:.3f} m up")
        if c.response.welds:
            return Outcome(False, "hold", "it is welded to the hand")
        failed = stage("place", lambda: robot.place([*to, height], arm))
        if failed:
            return failed
        finish(c, robot.wait(30))
        there = c.response.objects["cube"].position
        off = float(np.linalg.norm(there - [*to, height + side / 2]))
        numbers = {"slip": slip, "off": off, "frames": float(c.frame)}
        if off > 0.02:
            return Outcome(False, "place", f"the cube rests {off:.3f} m from its place", numbers)
        return Outcome(True, numbers=numbers)


def _in_hand(robot: Robot, controller: Controller, arm: Arm) -> np.ndarray:
    """Where the cube is in the hand's frame."""
    assert controller.response is not None
    return (
        robot.dynamic.tool_pose(arm).inverse().apply(controller.response.objects["cube"].position)
    )


class Stage:
    """One robot in an empty room, put back to its beginning before every trial.

    A trial that fails leaves what its action did behind, so that the next one gets a new scene.

    Args:
        model: The robot model.
        side: Width and length of the room [m].
    """

    def __init__(self, model: str, side: float = 12.0) -> None:
        self.model, self.side = model, side
        self._controller: Controller | None = None
        self.robot = Robot("a", model=model)

    def begin(self, base: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Controller:
        """The scene with the robot at rest at `base` (x, y [m], yaw [rad]; of a mobile robot)."""
        if self._controller is None:
            self.robot = Robot("a", model=self.model, image_frequency=ImageFrequency.never)
            self._controller = Controller()
            self._controller.add_ons.append(self.robot)
            self._controller.communicate(cmd.CreateEmptyRoom(width=self.side, length=self.side))
        home = self.robot.static.kinematics.home.copy()
        if self.robot.static.model.mobile:
            home[:3] = base
        names = self.robot.static.kinematics.joints
        positions = dict(zip(names, home.tolist(), strict=True))
        self._controller.communicate(cmd.SetJointPositions(robot_id="a", positions=positions))
        return self._controller

    def close(self) -> None:
        """Free the scene; the next trial gets a new one."""
        if self._controller is not None:
            self._controller.close()
        self._controller = None


def sampler(model: str, arm: Arm, seed: int = 0) -> Postures:
    """The postures whose hand positions the reach trials aim at."""
    return Postures(model, arm, derive_substream(f"reach {model} {arm}", seed).default_rng())


def reach_trial(stage: Stage, arm: Arm, target: np.ndarray, limit: float = 0.01) -> Outcome:
    """From the rest pose, bring the hand to a target, shape (3,) [m].

    It must be measured there when the action ends, and still half a second later.
    """
    c = stage.begin()
    begun = c.frame
    action = finish(c, stage.robot.reach_for(target, arm))
    frames = float(c.frame - begun)

    def away() -> float:
        return float(np.linalg.norm(stage.robot.dynamic.tool_pose(arm).p - target))

    distance = away()
    for _ in range(30):
        c.communicate()
    numbers = {"distance": distance, "later": away(), "frames": frames}
    if action.status is ActionStatus.success and max(distance, numbers["later"]) <= limit:
        return Outcome(True, numbers=numbers)
    what = f"{action.status.name}: {action.result.reason}; the hand is {distance:.4f} m away"
    what += f", and {numbers['later']:.4f} m later"
    stage.close()
    return Outcome(False, "reach", what, numbers)


def beyond_reach(postures: Postures, rng: np.random.Generator, factor: float = 1.5) -> np.ndarray:
    """A point in a random direction from the shoulder, at `factor` times the arm's reach."""
    away = rng.standard_normal(3)
    return postures.shoulder() + away / np.linalg.norm(away) * factor * postures.furthest


def beyond_trial(stage: Stage, arm: Arm, target: np.ndarray) -> Outcome:
    """A reach that must end as `cannot_reach` in exactly one `communicate()`."""
    c = stage.begin()
    action = stage.robot.reach_for(target, arm)
    c.communicate()
    if action.status is ActionStatus.cannot_reach and action.done:
        return Outcome(True)
    stage.close()
    return Outcome(False, "beyond", f"{action.status.name}: {action.result.reason}")


def move_trial(stage: Stage, index: int, seed: int = 0, arrived_at: float = 0.1) -> Outcome:
    """Drive from a random pose to a random point, both clear of the walls.

    The base may never be further than `arrived_at` past the point, along the line to it.
    """
    rng = derive_substream(f"move {stage.model} {index}", seed).default_rng()
    room = stage.side / 2 - stage.robot.model.radius - 0.15
    start, target = rng.uniform(-room, room, 2), rng.uniform(-room, room, 2)
    c = stage.begin((*start.tolist(), rng.uniform(-math.pi, math.pi)))
    begun = c.frame
    way = target - start
    length = float(np.linalg.norm(way))
    past = -math.inf
    action = stage.robot.move_to((*target.tolist(), 0.0), arrived_at=arrived_at)
    while action.status is ActionStatus.ongoing and c.frame - begun < 3000:
        c.communicate()
        here = stage.robot.dynamic.base_position[:2]
        past = max(past, float((here - target) @ way) / length)
    left = float(np.linalg.norm(stage.robot.dynamic.base_position[:2] - target))
    for _ in range(30):  # nor may it roll on after it has said that it is there
        c.communicate()
        here = stage.robot.dynamic.base_position[:2]
        past = max(past, float((here - target) @ way) / length)
    numbers = {
        "distance": left, "past": past, "length": length, "frames": float(c.frame - begun - 30)
    }  # fmt: skip
    if action.status is not ActionStatus.success:
        stage.close()
        return Outcome(False, "move", f"{action.status.name}: {action.result.reason}", numbers)
    if left > arrived_at:
        return Outcome(False, "arrival", f"{left:.3f} m are left", numbers)
    if past > arrived_at:
        return Outcome(False, "overshoot", f"it went {past:.3f} m too far", numbers)
    return Outcome(True, numbers=numbers)


def look_trial(stage: Stage, index: int, seed: int = 0) -> Outcome:
    """Look at a random point: within 2°, or as near as any position of the head's joints.

    The second is asked of a grid of positions, not of the solver that the action uses.
    """
    rng = derive_substream(f"look {stage.model} {index}", seed).default_rng()
    point = np.array([*rng.uniform(-3, 3, 2), rng.uniform(0, 2)])
    c = stage.begin()
    begun = c.frame
    action = finish(c, stage.robot.look_at(point))
    frames = float(c.frame - begun)
    state, kinematics = stage.robot.dynamic, stage.robot.static.kinematics
    mount = stage.robot.model.cameras["head"]

    def off(q: np.ndarray) -> float:
        camera = stage.robot.static.mount @ kinematics.link_pose(q, mount.link)
        way = (camera @ mount.link_from_camera).inverse().apply(point)
        return math.degrees(math.acos(min(1.0, way[0] / float(np.linalg.norm(way)))))

    angle = off(state.q)
    numbers = {"angle": angle, "frames": frames, "in reach": float(angle < 2.0)}
    if action.status is not ActionStatus.success:
        stage.close()
        return Outcome(False, "look", f"{action.status.name}: {action.result.reason}", numbers)
    if angle >= 2.0:
        head = kinematics.track_indices("head")
        q, nearest = state.q.copy(), math.inf
        grids = np.linspace(kinematics.lower[head], kinematics.upper[head], 40).T
        for positions in product(*grids):
            q[head] = positions
            nearest = min(nearest, off(q))
        if angle > nearest + 0.5:
            return Outcome(False, "aim", f"{angle:.1f}° off where {nearest:.1f}° can be", numbers)
    return Outcome(True, numbers=numbers)


def navigate_trial(index: int, seed: int = 0, model: str = "tiago_pro") -> Outcome:
    """Drive to the target of a random furnished room, touching nothing but the floor.

    The plan in the first frame and each later frame of the action are timed.
    """
    room = draw_room(index, seed)
    x, y, yaw = room.start.tolist()
    robot = Robot(
        "a", model=model, position=(x, y, 0.0), rotation=math.degrees(yaw),
        image_frequency=ImageFrequency.never,
    )  # fmt: skip
    with Controller(seed=seed) as c:
        c.add_ons.append(robot)
        c.communicate(room.commands())
        action = robot.navigate_to(room.target)
        planned = _timed(action, "get_initialization_commands")
        ongoing = _timed(action, "get_ongoing_commands")
        driven, before = 0.0, robot.dynamic.base_position[:2]
        numbers = {"straight": float(room.straight), **_counts(room.rejected)}
        while action.status is ActionStatus.ongoing and c.frame < 6000:
            c.communicate()
            here = robot.dynamic.base_position[:2]
            driven, before = driven + float(np.hypot(*(here - before))), here
            for own, other, force in robot.dynamic.contacts:
                if other.kind != "floor" and other.owner != "a":
                    reason = f"{own.link} touched {other.owner!r} with {force:.1f} N"
                    return Outcome(False, "contact", reason, numbers)
        if action.status is not ActionStatus.success:
            reason = f"{action.status.name}: {action.result.reason}"
            return Outcome(False, "navigate", reason, numbers)
        left = room.left(robot.dynamic.base_position[:2])
        p99 = float(np.quantile(ongoing, 0.99))
        numbers |= {
            "left": left, "driven": driven, "frames": float(c.frame), "plan": max(planned),
            "mean frame": float(np.mean(ongoing)), "p99 frame": p99,
        }  # fmt: skip
        reach = action.radius + action.arrived_at if isinstance(room.target, str) else 0.1
        if left > reach:
            return Outcome(False, "arrival", f"{left:.3f} m are left", numbers)
        return Outcome(True, numbers=numbers)


def _counts(rejected: dict[str, int]) -> dict[str, float]:
    return {f"rejected: {reason}": float(count) for reason, count in rejected.items()}


def _timed(action: Action, phase: str) -> list[float]:
    """Seconds of processor time that each later call of a phase takes."""
    seconds: list[float] = []
    run = getattr(action, phase)

    def timed(*arguments: Any) -> Any:
        begun = time.thread_time()
        requests = run(*arguments)
        seconds.append(time.thread_time() - begun)
        return requests

    setattr(action, phase, timed)
    return seconds


def turn_trial(stage: Stage, index: int, seed: int = 0) -> Outcome:
    """Turn by a random angle of up to a whole turn; within 1° when done, and still there later."""
    rng = derive_substream(f"turn {stage.model} {index}", seed).default_rng()
    angle, yaw = rng.uniform(-360, 360), rng.uniform(-math.pi, math.pi)
    c = stage.begin((0.0, 0.0, yaw))
    before = stage.robot.dynamic.base_yaw
    action = finish(c, stage.robot.turn_by(angle))

    def error() -> float:
        return abs(math.degrees(stage.robot.dynamic.base_yaw - before) - angle)

    at_end = error()
    for _ in range(30):
        c.communicate()
    numbers = {"error": at_end, "later": error()}
    if action.status is not ActionStatus.success:
        stage.close()
        return Outcome(False, "turn", f"{action.status.name}: {action.result.reason}", numbers)
    if max(at_end, error()) > 1.0:
        return Outcome(False, "turn", f"{max(at_end, error()):.2f}° off", numbers)
    return Outcome(True, numbers=numbers)
