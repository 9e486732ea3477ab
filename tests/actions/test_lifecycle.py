"""The life of an action: its phases, its tracks, and the end phase that always runs."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterpoint import (
    ActionStatus,
    Arm,
    CommandError,
    Controller,
    CounterpointError,
    ImageFrequency,
    Robot,
    UnknownObjectError,
)
from counterpoint import commands as cmd
from counterpoint.actions import Action, CollisionDetection, DriveJoints

Scene = Callable[..., Controller]


class Noted(Action):
    """Writes down its phases; `ongoing` says what each of them returns or raises."""

    def __init__(
        self,
        tracks: tuple[str, ...] = (),
        *,
        initial: Any = (),
        ongoing: Any = (),
        end: Any = (),
        ends_in: int | None = None,
    ) -> None:
        super().__init__()
        self.tracks = tracks
        self.phases: list[str] = []
        self._returns = {"initialise": initial, "ongoing": ongoing, "end": end}
        self._ends_in = ends_in

    def _phase(self, name: str) -> list[Any]:
        self.phases.append(name)
        returned = self._returns[name]
        if isinstance(returned, type):
            raise returned("no")
        return list(returned)

    def get_initialization_commands(self, *_: Any) -> list[Any]:
        return self._phase("initialise")

    def get_ongoing_commands(self, *_: Any) -> list[Any]:
        requests = self._phase("ongoing")
        if self._ends_in is not None and self.phases.count("ongoing") >= self._ends_in:
            self.succeed("enough")
        return requests

    def get_end_commands(self, *arguments: Any) -> list[Any]:
        return [*self._phase("end"), *super().get_end_commands(*arguments)]


@pytest.fixture
def arm(scene: Scene) -> tuple[Controller, Robot]:
    robot = Robot("a", model="panda")
    return scene(robot), robot


@pytest.fixture
def tiago(scene: Scene) -> tuple[Controller, Robot]:
    robot = Robot("a", image_size=(32, 32))
    return scene(robot), robot


# --- phases --------------------------------------------------------------------------------------


def test_an_action_initialises_goes_on_and_ends_once(arm: tuple[Controller, Robot]) -> None:
    c, robot = arm
    action = robot.start(Noted(ends_in=3))
    assert (action.initialized, action.started_frame, action.done) == (False, None, False)
    assert robot.action is action
    for phases in (["initialise", "ongoing"], ["ongoing"], ["ongoing", "end"], [], []):
        before = list(action.phases)
        c.communicate()
        assert action.phases[len(before) :] == phases
    assert (action.started_frame, action.ended_frame, action.done) == (2, 4, True)
    assert action.status is ActionStatus.success


def test_a_constructor_that_fails_leaves_only_the_end_phase(arm: tuple[Controller, Robot]) -> None:
    class Stillborn(Noted):
        def __init__(self) -> None:
            super().__init__(("right_arm",))
            self.initialized = True
            self.end(ActionStatus.cannot_reach, "nowhere to go")

    c, robot = arm
    going = robot.wait(30)
    reaching = robot.reach_for((0.4, 0.2, 0.5))
    c.communicate()
    action = robot.start(Stillborn())
    c.communicate()
    assert action.phases == ["end"]
    assert action.status is ActionStatus.cannot_reach and action.done
    assert going.status is reaching.status is ActionStatus.ongoing  # it took nobody's tracks


def test_an_action_may_end_while_it_initialises(arm: tuple[Controller, Robot]) -> None:
    class Short(Noted):
        def get_initialization_commands(self, *_: Any) -> list[Any]:
            self._phase("initialise")
            return self.succeed("it was so already")

    c, robot = arm
    action = robot.start(Short())
    response = c.communicate()
    assert action.phases == ["initialise", "end"]
    assert action.status is ActionStatus.success
    assert action.ended_frame == action.started_frame == response.frame


def test_an_action_runs_once(arm: tuple[Controller, Robot]) -> None:
    c, robot = arm
    action = robot.wait(1)
    with pytest.raises(CommandError, match=r"started before.*make a new one"):
        robot.start(action)
    c.communicate()


def test_several_actions_without_tracks_run_together(arm: tuple[Controller, Robot]) -> None:
    c, robot = arm
    waits = [robot.wait(n) for n in (1, 2, 3)]
    for _ in range(4):
        c.communicate()
    assert [w.status for w in waits] == [ActionStatus.success] * 3
    frames = [w.ended_frame for w in waits]
    assert frames == sorted(set(frames))  # type: ignore[type-var]


# --- ways to end ---------------------------------------------------------------------------------

BAD_VELOCITY = DriveJoints("right_arm", np.array([np.nan] * 7))
FAILURES: dict[str, dict[str, Any]] = {
    "initialising raises": {"initial": ZeroDivisionError},
    "going on raises": {"ongoing": RuntimeError},
    "the end phase raises": {"end": OSError, "ends_in": 1},
    "a command names nobody": {"ongoing": [cmd.RemoveObject(object_id="no")]},
    "what it returns is no command": {"ongoing": ["no"]},
    "it returns nothing": {"ongoing": None},
    "an end command advances the world": {"end": [cmd.SetGravity()], "ends_in": 1},
    "a velocity is of another's track": {"ongoing": [DriveJoints("base", np.zeros(3))]},
    "a velocity has the wrong shape": {"ongoing": [DriveJoints("right_arm", np.zeros(2))]},
    "a velocity is not finite": {"ongoing": [BAD_VELOCITY]},
}  # fmt: skip


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("how", FAILURES)
def test_a_broken_action_ends_as_failure_says_why_and_disturbs_nobody(
    scene: Scene, how: str
) -> None:
    robot, other = Robot("a", model="panda"), Robot("b", model="panda", position=(1.5, 0, 0))
    c = scene(robot, other)
    neighbour = other.reach_for((1.9, 0.2, 0.5))
    action = robot.start(Noted(("right_arm",), **FAILURES[how]))
    frame = c.communicate().frame
    assert frame == 2
    assert action.status is ActionStatus.failure
    assert action.result.reason
    assert action.done and action.phases[-1] == "end" and action.phases.count("end") == 1
    raised = next((v for v in FAILURES[how].values() if isinstance(v, type)), None)
    if raised is not None:
        assert isinstance(action.result.error, raised)
        assert raised.__name__ in action.result.reason
    json.dumps(action.result.to_dict())
    c.communicate()
    assert neighbour.status is ActionStatus.ongoing
    assert not robot.actions


def cancel(c: Controller, robot: Robot, action: Action) -> None:
    action.cancel("enough")


ENDINGS: dict[str, tuple[Callable[[Controller, Robot, Action], Any], ActionStatus]] = {
    "cancelled by itself": (cancel, ActionStatus.cancelled),
    "cancelled with the robot": (lambda c, r, a: r.cancel(), ActionStatus.cancelled),
    "replaced": (lambda c, r, a: r.start(Noted(("right_arm",))), ActionStatus.replaced),
    "timed out": (lambda c, r, a: a.cancel("late", timed_out=True), ActionStatus.timed_out),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_the_end_phase_runs_in_the_next_frame_however_the_action_ends(
    arm: tuple[Controller, Robot], how: str
) -> None:
    c, robot = arm
    finish, status = ENDINGS[how]
    action = robot.start(Noted(("right_arm",)))
    c.communicate()
    finish(c, robot, action)
    assert action.status is ActionStatus.ongoing  # nothing happens between frames
    c.communicate()
    assert action.status is status
    assert action.phases == ["initialise", "ongoing", "end"]
    assert action.done and action.ended_frame == 3
    assert action.result.reason


def test_an_action_that_is_cancelled_before_it_began_never_begins(
    arm: tuple[Controller, Robot],
) -> None:
    c, robot = arm
    action = robot.start(Noted(("right_arm",)))
    action.cancel("changed my mind")
    c.communicate()
    assert action.phases == ["end"]
    assert (action.status, action.result.reason) == (ActionStatus.cancelled, "changed my mind")


def test_an_action_that_is_replaced_before_it_began_ends_too(
    arm: tuple[Controller, Robot],
) -> None:
    c, robot = arm
    first, second = robot.start(Noted(("right_arm",))), robot.start(Noted(("right_arm",)))
    c.communicate()
    assert first.status is ActionStatus.replaced and first.phases[-1] == "end"
    assert second.status is ActionStatus.ongoing


def test_cancelling_what_has_ended_changes_nothing(arm: tuple[Controller, Robot]) -> None:
    c, robot = arm
    action = robot.start(Noted(ends_in=1))
    c.communicate()
    action.cancel()
    robot.cancel()
    c.communicate()
    assert action.status is ActionStatus.success
    assert action.phases.count("end") == 1


def test_a_trailing_communicate_is_harmless(tiago: tuple[Controller, Robot]) -> None:
    c, robot = tiago
    action = robot.turn_by(5)
    while action.status is ActionStatus.ongoing:
        response = c.communicate()
    before = (action.status, action.result, action.ended_frame, response.frame)
    images = response.images["a.head"]["rgb"].copy()
    for _ in range(3):
        assert c.communicate([]).images == {}
    assert (action.status, action.result, action.ended_frame, before[3]) == before
    np.testing.assert_array_equal(response.images["a.head"]["rgb"], images)


@pytest.mark.parametrize("status", [ActionStatus.success, ActionStatus.cancelled])
def test_the_status_and_the_one_image_come_in_the_same_frame(
    tiago: tuple[Controller, Robot], status: ActionStatus
) -> None:
    c, robot = tiago
    action = robot.wait(4)
    if status is ActionStatus.cancelled:
        c.communicate()
        action.cancel()
    while action.status is ActionStatus.ongoing:
        response = c.communicate()
        assert bool(response.images) == (action.status is not ActionStatus.ongoing)
    assert action.status is status
    (event,) = [e for e in response.events if type(e).__name__ == "ActionEnded"]
    assert (event.frame, event.robot_id, event.action, event.status) == (
        response.frame, "a", "Wait", status.name,
    )  # fmt: skip


# --- tracks --------------------------------------------------------------------------------------


def test_actions_on_disjoint_tracks_run_together(tiago: tuple[Controller, Robot]) -> None:
    c, robot = tiago
    parts = {t: robot.start(Noted((t,))) for t in ("base", "torso", "head", "left_arm")}
    for _ in range(3):
        c.communicate()
    assert dict(robot.actions) == parts
    assert robot.action is parts["left_arm"]
    assert all(a.status is ActionStatus.ongoing for a in parts.values())


TRACKS = ("base", "torso", "head", "left_arm", "right_arm")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sets(st.sampled_from(TRACKS), max_size=3), st.booleans()), max_size=8))
def test_a_track_belongs_to_the_action_that_was_started_on_it_last(
    tiago: tuple[Controller, Robot], starts: list[tuple[set[str], bool]]
) -> None:
    c, robot = tiago
    robot.cancel()
    c.communicate()
    owner: dict[str, Action] = {}
    actions: list[Noted] = []
    for tracks, frame_between in starts:
        action = robot.start(Noted(tuple(sorted(tracks))))
        for track in tracks:
            loser = owner.get(track)
            owner = {t: a for t, a in owner.items() if a is not loser}
        owner |= dict.fromkeys(sorted(tracks), action)
        actions.append(action)
        if frame_between:
            c.communicate()
    c.communicate()
    assert dict(robot.actions) == owner
    for action in actions:
        alive = not action.tracks or action in owner.values()
        expected = ActionStatus.ongoing if alive else ActionStatus.replaced
        assert action.status is expected
        assert action.phases.count("end") == (0 if alive else 1)


def test_what_the_robot_lacks_is_not_supported_and_the_end_phase_runs(
    arm: tuple[Controller, Robot],
) -> None:
    c, robot = arm
    going = robot.reach_for((0.4, 0.2, 0.5))
    action = robot.start(Noted(("right_arm", "head", "base")))
    assert action.status is ActionStatus.not_supported
    c.communicate()
    assert action.phases == ["end"]
    assert "head" in action.result.reason and "base" in action.result.reason
    assert going.status is ActionStatus.ongoing


def test_velocities_of_several_actions_become_one_command(scene: Scene) -> None:
    from counterpoint import AddOn

    seen: list[list[cmd.Command]] = []

    class Watch(AddOn):
        def on_frame(self, commands: Any, settle: Any, response: Any) -> None:
            seen.append([c for c in commands if isinstance(c, cmd.DriveRobot)])

    robot = Robot("a")
    c = scene(robot, Watch())
    robot.start(Noted(("base",), ongoing=[DriveJoints("base", np.array([0.1, 0, 0]))]))
    robot.start(Noted(("head",), ongoing=[DriveJoints("head", np.array([0.2, 0.3]))]))
    c.communicate()
    c.communicate()
    assert [len(drives) for drives in seen] == [0, 0, 1]
    velocity = seen[2][0].velocity  # type: ignore[attr-defined]
    driven = [robot.static.kinematics.joints[i] for i in robot.static.driven]
    nonzero = {driven[i]: v for i, v in enumerate(velocity) if v}
    assert nonzero == {"base_x": 0.1, "head_1_joint": 0.2, "head_2_joint": 0.3}


def test_a_robot_that_nobody_drives_slows_down_and_holds(tiago: tuple[Controller, Robot]) -> None:
    c, robot = tiago
    action = robot.start(
        Noted(("base",), ongoing=[DriveJoints("base", np.array([0.5, 0, 0]))], ends_in=40)
    )
    while action.status is ActionStatus.ongoing:
        c.communicate()
    speeds = []
    for _ in range(60):
        c.communicate()
        speeds.append(float(robot.dynamic.target_velocity[0]))
    limit = robot.model.drives["base"].acceleration / 60 * 1.001
    assert speeds == sorted(speeds, reverse=True) and speeds[-1] == 0.0
    assert max(a - b for a, b in pairwise(speeds)) <= limit
    assert abs(robot.dynamic.qd[0]) < 1e-3


# --- what a user set -----------------------------------------------------------------------------


def test_no_action_changes_the_rules_that_a_user_set(scene: Scene) -> None:
    rules = CollisionDetection(include_objects={"post"}, exclude_objects={"mat"}, floor=True)
    before = copy.deepcopy(rules)
    robot = Robot("a", collision_detection=rules)
    post = cmd.AddObject(
        object_id="post", model="box", size=(0.2, 0.2, 1.0), position=(1.4, 0, 0.5), static=True
    )
    c = scene(robot, commands=[post])
    for action in (robot.move_by(1.0), robot.turn_by(20), robot.reach_for((0.7, -0.3, 0.9))):
        for _ in range(40):
            c.communicate()
        action.cancel()
    c.communicate()
    assert robot.collision_detection is rules
    assert rules == before


# --- starting what cannot be ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "start",
    [
        lambda r: r.reach_for("nothing"),
        lambda r: r.grasp("nothing"),
        lambda r: r.place("nothing"),
        lambda r: r.reach_for(("nothing", "rim")),
        lambda r: r.reach_for(["nothing"], arm=[Arm.right]),
    ],
)
def test_a_name_that_nothing_has_is_refused_where_it_is_written(
    arm: tuple[Controller, Robot], start: Callable[[Robot], Action]
) -> None:
    c, robot = arm
    before = c.state_hash()
    with pytest.raises(UnknownObjectError, match="nothing"):
        start(robot)
    assert c.state_hash() == before
    assert robot.action is None


@pytest.mark.parametrize(
    "start",
    [
        lambda r: r.move_by(float("nan")),
        lambda r: r.move_by(float("inf")),
        lambda r: r.move_by(1.0, arrived_at=0),
        lambda r: r.move_by("far"),
        lambda r: r.turn_by(float("nan")),
        lambda r: r.turn_by(None),
        lambda r: r.move_to((1.0, float("nan"), 0)),
        lambda r: r.move_to((1.0,)),
        lambda r: r.reach_for((0, 0, 0), arrived_at=-1),
        lambda r: r.reach_for((0, 0, 0), duration=-1),
        lambda r: r.reach_for((0, 0, 0), arm="third"),
        lambda r: r.reach_for((0, 0, 0), arm=[]),
        lambda r: r.reset_arm(arm="third"),
        lambda r: r.reset_arm(duration=float("nan")),
        lambda r: r.wait(0),
        lambda r: r.wait(1.5),
        lambda r: r.grasp((0, 0, 0)),
        lambda r: r.drop(max_frames=-1),
    ],
)  # fmt: skip
def test_an_argument_out_of_range_is_refused_where_it_is_written(
    tiago: tuple[Controller, Robot], start: Callable[[Robot], Action]
) -> None:
    _, robot = tiago
    with pytest.raises((CounterpointError, TypeError)):
        start(robot)
    assert robot.action is None


def test_never_means_no_images(scene: Scene) -> None:
    robot = Robot("a", image_frequency=ImageFrequency.never)
    c = scene(robot)
    robot.wait(1)
    assert all(c.communicate().images == {} for _ in range(4))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda r: r.move_by("far"), "distance"),
        (lambda r: r.move_by(True), "distance"),
        (lambda r: r.turn_by(None), "angle"),
        (lambda r: r.move_by(1, arrived_at="near"), "arrived_at"),
        (lambda r: r.move_to((1, 0, 0), arrived_at=0), "arrived_at"),
        (lambda r: r.reach_for((1, 0, 0), arrived_at=[0.1]), "arrived_at"),
        (lambda r: r.reach_for((1, 0, 0), max_distance=-1), "max_distance"),
    ],
)
def test_a_number_that_is_none_is_refused_where_it_is_written(scene, call, text) -> None:
    robot = Robot("a")
    scene(robot)
    with pytest.raises(CommandError, match=text):
        call(robot)
    assert robot.action is None
