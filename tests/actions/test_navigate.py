"""`navigate_to` through physics: ways round things, statuses, and robots that meet."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from trials import finish

from counterpoint import (
    ActionStatus,
    Arm,
    CollisionDetection,
    CommandError,
    Controller,
    ImageFrequency,
    OccupancyMap,
    Robot,
    UnknownObjectError,
)
from counterpoint import commands as cmd
from counterpoint.actions import Action, NavigateTo
from counterpoint.actions.path_drive import PathDrive
from counterpoint.robots import get_model, register_model, registry

Scene = Callable[..., Controller]
Vector = tuple[float, float, float]


def robot(name: str = "a", position: Vector = (-2, 0, 0), **more: Any) -> Robot:
    return Robot(name, position=position, image_frequency=ImageFrequency.never, **more)


def block(name: str, size: tuple[float, float], at: tuple[float, float], **more: Any) -> Any:
    """A box of 1 m height that never moves."""
    return cmd.AddObject(
        object_id=name, model="box", size=(*size, 1.0), position=(*at, 0.5), static=True, **more
    )


def touched(controller: Controller) -> set[str]:
    """What robots touch besides the floor and themselves."""
    assert controller.response is not None
    contacts, robots = controller.response.contacts, controller.response.robots
    return {
        other.owner
        for name in robots
        for _, other, _ in contacts.touching(name)
        if other.kind != "floor" and other.owner != name
    }


def drive(
    controller: Controller, *actions: Action, most: int = 3000, each: Callable[[], Any] = tuple
) -> set[str]:
    """Run until all actions have ended; returns what was touched on the way."""
    found: set[str] = set()
    for _ in range(most):
        if all(a.status is not ActionStatus.ongoing for a in actions):
            return found
        controller.communicate()
        found |= touched(controller)
        each()
    raise AssertionError([(a.status, a.result.reason) for a in actions])


@pytest.fixture
def two_wheels(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a tiago_pro that cannot drive sideways, while the test runs."""
    monkeypatch.setattr(registry, "_MODELS", dict(registry._MODELS))
    tiago = get_model("tiago_pro")
    return register_model(dataclasses.replace(tiago, name="two_wheels", base="differential")).name


# --- getting there -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["tiago_pro", "two_wheels"])
def test_drives_round_a_wall_without_touching_it(scene: Scene, two_wheels: str, model: str) -> None:
    a = robot(model=model, rotation=120)
    c = scene(a, commands=[block("wall", (0.2, 4.0), (0, -1))])
    action = a.navigate_to((2, 0, 0))
    highest = 0.0

    def look() -> None:
        nonlocal highest
        highest = max(highest, float(a.dynamic.base_position[1]))

    assert drive(c, action, each=look) == set()
    assert action.status is ActionStatus.success, action.result.reason
    assert np.linalg.norm(a.dynamic.base_position[:2] - [2, 0]) <= 0.1
    assert highest > 1.3  # it went round the wall's north end


def test_a_base_beside_its_path_that_cannot_drive_sideways_gets_back_to_it(
    scene: Scene, two_wheels: str
) -> None:
    """It used to turn towards the path, away from the path's direction, and wait for ever."""
    a = robot(model=two_wheels, position=(-2, 0, 0))
    c = scene(a)
    path = np.array([[-2.0, 0.3], [1.0, 0.3]])
    radii = np.full(2, math.inf)
    way = PathDrive(path, radii, a.static.model, a.dynamic, 1 / c.frames_per_second)

    def policy(_: object, __: object, dynamic: Any) -> dict[str, np.ndarray] | None:
        return None if way.finished else {"base": way.step(dynamic)}

    action = finish(c, a.follow_policy(policy, 900, "base"))
    assert action.status is ActionStatus.success and way.finished
    np.testing.assert_allclose(a.dynamic.base_position[:2], path[-1], atol=0.05)


@pytest.mark.parametrize("target", ["table", "shelf"])
def test_an_object_is_reached_at_its_edge_facing_it(scene: Scene, target: str) -> None:
    a = robot(position=(-2, -2, 0))
    c = scene(
        a,
        commands=[
            cmd.AddObject(object_id="table", model="table", position=(1, 1, 0)),
            cmd.AddObject(object_id="shelf", model="shelf", position=(1, -1.5, 0)),
            block("wall", (0.2, 2.0), (-0.5, -1)),
        ],
    )
    action = a.navigate_to(target)
    assert drive(c, action) == set()
    assert action.status is ActionStatus.success, action.result.reason
    assert c.response is not None
    low, high = c.response.objects[target].bounds[:, :2]
    here = a.dynamic.base_position[:2]
    edge = float(np.linalg.norm(here - np.clip(here, low, high)))
    assert 0.45 < edge <= a.model.radius + 0.1
    middle = (low + high) / 2 - here
    off = math.atan2(middle[1], middle[0]) - a.dynamic.base_yaw
    assert abs(math.remainder(off, 2 * math.pi)) < math.radians(3)


def test_a_robot_is_reached_at_its_circle(scene: Scene) -> None:
    a, b = robot(), robot("b", (2, 1, 0))
    c = scene(a, b, commands=[block("box", (0.5, 0.5), (0, 0.5))])
    action = a.navigate_to("b")
    assert drive(c, action) == set()
    assert action.status is ActionStatus.success, action.result.reason
    apart = np.linalg.norm(a.dynamic.base_position - b.dynamic.base_position)
    assert 0.9 < apart < 1.15


def test_is_there_already_in_its_first_frame(scene: Scene) -> None:
    a = robot()
    c = scene(a)
    action = a.navigate_to((-1.95, 0, 0))
    c.communicate()
    assert action.status is ActionStatus.success
    assert action.done


def test_speed_and_acceleration_keep_to_the_limits(scene: Scene) -> None:
    a = robot(position=(-4, -3, 0), rotation=170)
    c = scene(a, commands=[block("x", (1, 3), (-1.5, -2)), block("y", (1, 3), (1.5, 2))], size=10)
    action = a.navigate_to((4, 3, 0))
    velocities = [np.zeros(3)]
    drive(c, action, each=lambda: velocities.append(a.dynamic.target_velocity[:3].copy()))
    assert action.status is ActionStatus.success
    speeds = np.array(velocities)
    assert np.hypot(speeds[:, 0], speeds[:, 1]).max() <= 1.0 + 1e-6
    assert np.hypot(speeds[:, 0], speeds[:, 1]).max() > 0.9
    limit = a.model.drives["base"].acceleration / 60
    assert np.abs(np.diff(speeds, axis=0)).max() <= limit + 1e-6


def test_leaves_an_obstacle_that_it_stands_too_near_to(scene: Scene) -> None:
    a = robot(position=(-1, 0, 0))
    c = scene(a, commands=[block("table", (1, 1), (-0.03, 0))])  # 0.47 m ahead of its middle
    action = a.navigate_to((2, 0, 0))
    assert drive(c, action) == set()
    assert action.status is ActionStatus.success, action.result.reason


@pytest.mark.parametrize("height", [0.5, 1.0])
def test_an_arm_that_sticks_out_needs_a_wider_way(scene: Scene, height: float) -> None:
    gap = [block("n", (0.2, 2.4), (0, 1.8)), block("s", (0.2, 2.4), (0, -1.8))]  # 1.2 m wide
    a = robot(position=(-2, -1, 0))
    c = scene(a, commands=gap)
    reach = finish(c, a.reach_for((-1.3, -1.2, height), Arm.right))
    assert reach.status is ActionStatus.success
    out = a.navigate_to((2, 0, 0), reset_arms=False)
    c.communicate()
    assert out.status is ActionStatus.cannot_reach
    assert out.radius > 0.7
    tucked = a.navigate_to((2, 0, 0))
    assert drive(c, tucked) == set()
    assert tucked.status is ActionStatus.success, tucked.result.reason
    assert tucked.radius < 0.55


def test_a_held_object_that_sticks_out_needs_a_wider_way(scene: Scene) -> None:
    gap = [block("n", (0.2, 2.4), (0, 1.8)), block("s", (0.2, 2.4), (0, -1.8))]  # 1.2 m wide
    a = robot(position=(-2, -1, 0))
    c = scene(a, commands=gap)
    hand = a.dynamic.tool_pose(Arm.right).p
    pole = cmd.AddObject(object_id="pole", model="bar", size=(1.6, 0.02, 0.02), mass=0.2,
                         position=tuple((hand + [0.0, 0.0, 0.4]).tolist()))  # fmt: skip
    c.communicate([pole, cmd.Weld(robot_id="a", arm=Arm.right, object_id="pole")])
    assert a.dynamic.held[Arm.right] == "pole"
    action = a.navigate_to((2, 0, 0))
    c.communicate()
    assert action.status is ActionStatus.cannot_reach
    assert action.radius > 0.8


def test_stops_and_plans_again_when_an_arm_is_put_out_on_the_way(scene: Scene) -> None:
    a = robot(position=(-4, 0, 0))
    c = scene(a, size=10)
    action = a.navigate_to((4, 0, 0))
    for _ in range(60):
        c.communicate()
    before = action.radius
    here = a.dynamic.base_position
    out = a.reach_for(here + [0.5, -0.75, 0.8], Arm.right, absolute=True)
    drive(c, action, out)
    assert action.status is ActionStatus.success, action.result.reason
    assert action.radius > before + 0.1


def test_keeps_clear_of_the_arm_of_a_fixed_robot(scene: Scene) -> None:
    arm = Robot("arm", model="panda", position=(0, 0.35, 0), rotation=-90,
                image_frequency=ImageFrequency.never)  # fmt: skip
    a = robot(position=(-2, 0, 0))
    c = scene(a, arm)
    assert arm.dynamic.tool_pose(Arm.right).p[1] < 0.0  # it reaches across the straight line
    action = a.navigate_to((2, 0, 0))
    assert drive(c, action) == set()
    assert action.status is ActionStatus.success, action.result.reason


# --- statuses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("commands", "target", "reason", "culprit"),
    [
        ([block("box", (1, 1), (2, 0))], (2, 0, 0), "goal is occupied", None),
        ([block("box", (1, 1), (2, 0))], (1.3, 0, 0), "goal is occupied", "box"),
        ([], (2.9, 0, 0), "goal is occupied", None),
        ([block("wall", (0.2, 6.0), (0.5, 0))], (2, 0, 0), "enclosed", None),
        (
            [block("n", (2.0, 0.2), (-2, 1)), block("s", (2.0, 0.2), (-2, -1)),
             block("e", (0.2, 2.0), (-1, 0))],
            (2, 0, 0), "start is enclosed", None,
        ),
        (
            [block("n", (2.0, 0.2), (2, 1)), block("s", (2.0, 0.2), (2, -1)),
             block("w", (0.2, 2.0), (1, 0))],
            (2, 0, 0), "goal is enclosed", None,
        ),
    ],
)  # fmt: skip
def test_where_no_way_exists_it_says_why_at_once(
    scene: Scene, commands: Sequence[Any], target: Vector, reason: str, culprit: str | None
) -> None:
    a = robot()
    c = scene(a, commands=commands)
    before = a.dynamic.q.copy()
    action = a.navigate_to(target)
    c.communicate()
    assert action.status is ActionStatus.cannot_reach
    assert action.done
    assert reason in action.result.reason
    assert culprit is None or action.result.object_id == culprit
    c.communicate()
    assert np.abs(a.dynamic.q - before).max() < 1e-3


def test_a_fixed_base_does_not_navigate(scene: Scene) -> None:
    arm = Robot("arm", model="panda", image_frequency=ImageFrequency.never)
    c = scene(arm)
    action = arm.navigate_to((1, 0, 0))
    c.communicate()
    assert action.status is ActionStatus.not_supported


def put(controller: Controller, name: str, position: Vector) -> None:
    controller.communicate(cmd.TeleportObject(object_id=name, position=position))


def movable(name: str, at: tuple[float, float], size: float = 0.6, **more: Any) -> cmd.AddObject:
    return cmd.AddObject(
        object_id=name, model="box", size=(size, size, 0.8), position=(*at, 0.4), mass=60, **more
    )


def test_plans_again_round_a_box_put_into_its_way(scene: Scene) -> None:
    a = robot(position=(-4, 0, 0))
    c = scene(a, commands=[movable("box", (0, 4))], size=10)
    action = a.navigate_to((4, 0, 0))
    while a.dynamic.base_position[0] < -1.6:
        c.communicate()
    put(c, "box", (0.0, 0.0, 0.4))
    assert drive(c, action) == set()
    assert action.status is ActionStatus.success, action.result.reason
    assert c.response is not None
    assert np.abs(c.response.objects["box"].position[:2]).max() < 0.01  # it was not pushed


def test_ends_as_detected_obstacle_where_a_box_shuts_the_only_way(scene: Scene) -> None:
    gap = [block("n", (0.2, 2.4), (0, 1.8)), block("s", (0.2, 2.4), (0, -1.8))]
    a = robot(position=(-2.3, 0, 0))
    c = scene(a, commands=[*gap, movable("box", (2, 2), size=1.0)])
    action = a.navigate_to((2.3, 0, 0), wait_at_most=2.0)
    for _ in range(60):
        c.communicate()
    put(c, "box", (0.0, 0.0, 0.4))
    begun = c.frame
    assert drive(c, action) == set()
    assert action.status is ActionStatus.detected_obstacle
    assert action.result.object_id == "box"
    assert c.frame - begun < 3 * 60 + 60


def test_goes_on_when_what_shut_the_only_way_is_taken_away(scene: Scene) -> None:
    gap = [block("n", (0.2, 2.4), (0, 1.8)), block("s", (0.2, 2.4), (0, -1.8))]
    a = robot(position=(-2.3, 0, 0))
    c = scene(a, commands=[*gap, movable("box", (2, 2), size=1.0)])
    action = a.navigate_to((2.3, 0, 0))
    for at in ((0.0, 0.0, 0.4), (2.0, 2.0, 0.4)):
        for _ in range(90):
            c.communicate()
        put(c, "box", at)
    assert drive(c, action) == set()
    assert action.status is ActionStatus.success, action.result.reason


def test_a_touch_ends_it_as_collision(scene: Scene) -> None:
    a = robot(collision_detection=CollisionDetection(avoid=False))
    c = scene(a, commands=[movable("box", (2, 2))])
    action = a.navigate_to((2, 0, 0))
    for _ in range(75):
        c.communicate()
    put(c, "box", (float(a.dynamic.base_position[0]) + 0.9, 0.0, 0.4))
    drive(c, action)
    assert action.status is ActionStatus.collision
    assert action.result.object_id == "box"
    again = a.move_by(0.5)
    c.communicate()
    assert again.status is ActionStatus.collision  # the same direction ends at once


def test_pushing_against_something_solid_ends_as_failed_to_move(scene: Scene) -> None:
    rules = CollisionDetection(walls=False, objects=False, robots=False, avoid=False)
    a = robot(collision_detection=rules)
    c = scene(a, commands=[movable("box", (2, 2)).model_copy(update={"mass": 5000.0})])
    action = a.navigate_to((2, 0, 0))
    for _ in range(75):
        c.communicate()
    put(c, "box", (float(a.dynamic.base_position[0]) + 0.9, 0.0, 0.4))
    drive(c, action)
    assert action.status is ActionStatus.failed_to_move


def test_bad_arguments_are_refused_where_they_are_written(scene: Scene) -> None:
    a = robot()
    scene(a)
    with pytest.raises(CommandError, match="positive"):
        a.navigate_to((1, 0, 0), arrived_at=0.0)
    with pytest.raises(CommandError, match="three finite"):
        a.navigate_to((1, 0))
    with pytest.raises(UnknownObjectError):
        a.navigate_to("nothing")


# --- targets that move, and robots that meet -----------------------------------------------------


def test_a_target_that_moves_is_followed(scene: Scene) -> None:
    a = robot(position=(-3, -1, 0))
    c = scene(a, commands=[movable("box", (2, -2))], size=8)
    action = a.navigate_to("box")
    for _ in range(100):
        c.communicate()
    put(c, "box", (0.0, 3.0, 0.4))
    assert drive(c, action) == set()
    assert action.status is ActionStatus.success, action.result.reason
    assert np.linalg.norm(a.dynamic.base_position[:2] - [0, 3]) < 1.0


def test_drives_round_a_robot_that_stepped_into_its_way(scene: Scene) -> None:
    a, b = robot(position=(-4, 0, 0)), robot("b", (0, -2, 0), rotation=90)
    c = scene(a, b, size=10)
    action = a.navigate_to((4, 0, 0))
    step = b.move_by(2.0)
    assert drive(c, action, step) == set()
    assert [x.status for x in (action, step)] == [ActionStatus.success] * 2


CROSSINGS = {
    "crossing": (((-3, 0), (3, 0)), ((0, -3), (0, 3))),
    "head-on": (((-3, 0), (3, 0)), ((3, 0), (-3, 0))),
    "four": (((-3, 0), (3, 0)), ((0, -3), (0, 3)), ((3, 0), (-3, 0)), ((0, 3), (0, -3))),
}


@pytest.mark.parametrize("ways", CROSSINGS.values(), ids=CROSSINGS)
def test_robots_whose_ways_cross_all_arrive(scene: Scene, ways: Sequence[Any]) -> None:
    robots = [robot(f"r{k}", (*start, 0)) for k, (start, _) in enumerate(ways)]
    c = scene(*robots, size=9)
    actions = [r.navigate_to((*end, 0)) for r, (_, end) in zip(robots, ways, strict=True)]
    assert drive(c, *actions) == set()
    assert [a.status for a in actions] == [ActionStatus.success] * len(actions)


@pytest.mark.parametrize(("priority", "winner"), [(0, "a"), (1, "b")])
def test_in_a_corridor_with_a_passing_place_the_lower_one_makes_room(
    scene: Scene, priority: int, winner: str
) -> None:
    corridor = [
        block("south", (10, 2), (0, -1.65)),
        block("north_west", (4.2, 2), (-2.9, 1.65)),
        block("north_east", (4.2, 2), (2.9, 1.65)),
        block("end", (1.6, 1), (0, 2.4)),
    ]
    a, b = robot(position=(-3.5, 0, 0)), robot("b", (3.5, 0, 0), rotation=180, priority=priority)
    c = scene(a, b, commands=corridor, size=10)
    actions = {"a": a.navigate_to((3.5, 0, 0)), "b": b.navigate_to((-3.5, 0, 0))}
    assert drive(c, *actions.values()) == set()
    assert {k: x.status.name for k, x in actions.items()} == {"a": "success", "b": "success"}
    first = min(actions, key=lambda k: actions[k].ended_frame or 0)
    assert first == winner


def test_gives_up_on_a_robot_that_does_not_make_room(scene: Scene) -> None:
    gap = [block("n", (0.2, 2.4), (0, 1.8)), block("s", (0.2, 2.4), (0, -1.8))]
    a, b = robot(position=(-2.3, 0, 0)), robot("b", (0, 0, 0))
    c = scene(a, b, commands=gap)
    action = a.navigate_to((2.3, 0, 0), wait_at_most=1.0)
    assert drive(c, action) == set()
    assert action.status is ActionStatus.detected_obstacle
    assert action.result.robot_id == "b"


def test_goes_when_the_robot_in_its_way_has_gone(scene: Scene) -> None:
    gap = [block("n", (0.2, 2.4), (0, 1.8)), block("s", (0.2, 2.4), (0, -1.8))]
    a, b = robot(position=(-2.3, 1, 0)), robot("b", (0, 0, 0))
    c = scene(a, b, commands=gap)
    action = a.navigate_to((2.3, 0, 0))
    for _ in range(60):
        c.communicate()
    assert action.status is ActionStatus.ongoing
    away = b.move_by(1.5)
    drive(c, away)
    b.navigate_to((1.5, 2, 0))
    assert drive(c, action) == set()
    assert action.status is ActionStatus.success, action.result.reason


# --- determinism ---------------------------------------------------------------------------------


def test_the_same_scene_gives_the_same_hashes_with_or_without_a_map() -> None:
    def run(with_map: bool) -> list[str]:
        robots = [robot("a", (-2, 0, 0)), robot("b", (0, -2, 0))]
        with Controller(seed=3) as c:
            c.add_ons.extend(robots)
            if with_map:
                c.add_ons.append(OccupancyMap())
            c.communicate([cmd.CreateEmptyRoom(), block("box", (0.5, 0.5), (0.2, 0.3))])
            actions = [robots[0].navigate_to((2, 0.5, 0)), robots[1].navigate_to((0, 2, 0))]
            drive(c, *actions)
            return [c.world_hash(), *([] if with_map else [c.state_hash()])]

    first = run(False)
    assert run(False) == first
    assert run(True) == first[:1]


def test_an_action_started_without_its_robots_call_takes_others_as_obstacles(
    scene: Scene,
) -> None:
    a, b = robot(), robot("b", (0, 0, 0))
    c = scene(a, b)
    action = a.start(NavigateTo((2, 0, 0)))
    assert drive(c, action) == set()
    assert action.status is ActionStatus.success, action.result.reason
