"""Letting go of an object, and putting it down."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from counterpoint.actions.action import Action, Composite, Request
from counterpoint.actions.arguments import check_count
from counterpoint.actions.arm_motion import Obstacles, between, line_waypoints, torso_options
from counterpoint.actions.hand_motion import FollowJoints, MoveHand
from counterpoint.actions.status import ActionStatus, ImageFrequency
from counterpoint.actions.targets import Target, check_target, name_of, require_name
from counterpoint.commands import Command, SetGripper, Unweld
from counterpoint.core.arm import Arm
from counterpoint.core.errors import CommandError
from counterpoint.core.pose import (
    Array,
    Pose,
    matrix_from_quaternion,
    multiply,
    quaternion_from_axis_angle,
    quaternion_from_yaw,
    rotate,
)
from counterpoint.simulation.response import ObjectState, Response, RobotState, RobotStatic

REST_DISTANCE = 1e-3  # m in
REST_FRAMES = 5
SEEDS = 6  # postures tried for each pose of the hand
PLACED = 0.02  # m: how near to its goal a placed object rests
LIFT = 0.06  # m: above the goal, where lowering begins
RAISE = 0.05  # m: straight up before anything else
GAP = 0.004  # m: left under a placed object before it is let go
EDGE = 0.02  # m: kept between a placed object and the edge of its support
SHARES = (0.0, 0.5, 0.8, 1.0)  # of the way from the middle of a support to its near edge
WITHDRAW = (0.10, 0.06, 0.03)  # m, the first that the arm has room for
TURNS = tuple(np.deg2rad([0, 30, -30, 60, -60, 90, -90, 135, -135, 180]).tolist())


class Drop(Action):
    """Open a hand and wait until what it held rests.

    It claims nothing: nobody else's claim keeps a hand closed.

    Args:
        arm: The hand.
        max_frames: How long to wait.
    """

    def __init__(self, arm: Arm, max_frames: int = 200) -> None:
        super().__init__()
        self.arm, self.max_frames = arm, check_count(max_frames, "max_frames")
        self.tracks = (f"{arm.value}_arm",)
        self.object_id: str | None = None
        self._frames = 0
        self._recent: list[Array] = []

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        held = dynamic.held.get(self.arm)
        if held is None:
            return self.end(ActionStatus.not_holding, f"the {self.arm} hand holds nothing")
        self.object_id = held
        return list(release(resp, static, self.arm))

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        assert self.object_id is not None
        if self.object_id not in resp.objects:
            return self.succeed(f"{self.object_id!r} is no longer in the scene")
        position = resp.objects[self.object_id].position
        self._frames += 1
        self._recent = [*self._recent[-REST_FRAMES:], position]
        moved = max(float(np.linalg.norm(p - position)) for p in self._recent)
        resting = len(self._recent) > REST_FRAMES and moved < REST_DISTANCE
        if resting and dynamic.held.get(self.arm) is None:
            if position[2] < -0.05:
                return self.end(
                    ActionStatus.still_dropping, f"{self.object_id!r} is below the floor",
                    object_id=self.object_id,
                )  # fmt: skip
            return self.succeed(f"{self.object_id!r} rests", object_id=self.object_id)
        if self._frames >= self.max_frames:
            return self.end(
                ActionStatus.still_dropping,
                f"{self.object_id!r} still moves after {self.max_frames} frames",
                object_id=self.object_id, limit=self.max_frames,
            )  # fmt: skip
        return []

    def state(self) -> Any:
        """See `Action`."""
        return self._frames, [p.tolist() for p in self._recent]


def release(resp: Response, static: RobotStatic, arm: Arm) -> list[Command]:
    """The commands that open a hand and end a weld on it."""
    commands: list[Command] = []
    if f"{static.robot_id}/{arm.value}" in resp.welds:
        commands.append(Unweld(robot_id=static.robot_id, arm=arm))
    if arm in static.model.grippers:
        opening = static.model.grippers[arm].max_opening
        commands.append(SetGripper(robot_id=static.robot_id, arm=arm, opening=opening))
    return commands


class Place(Composite):
    """Carry the held object onto something or to a position, let go, and withdraw.

    It claims the held object and the one that it is placed on, and waits for them.

    Args:
        target: An object to place it on (on its top, in the middle or, where that is taken or out
            of reach, nearer to the robot), (object, affordance), or the position of the held
            point [m].
        arm: The hand.
        held_point: `bottom` or `center` of the held object: what comes to the target.
    """

    def __init__(self, target: Target, arm: Arm, held_point: str = "bottom") -> None:
        super().__init__()
        if held_point not in ("bottom", "center"):
            raise CommandError(
                "unknown point of a held object", field="held_point", value=held_point,
                exists=("bottom", "center"),
            )  # fmt: skip
        self.target = check_target(target)
        self.arm, self.held_point = arm, held_point
        self.tracks = (f"{arm.value}_arm",)
        self.object_id: str | None = None
        self._goal = np.zeros(3)
        self._steps: list[Action] = []

    def get_claims(self, dynamic: RobotState) -> tuple[str, ...]:
        """See `Action`. A hand that holds nothing claims nothing: the action ends at once."""
        held, support = dynamic.held.get(self.arm), name_of(self.target)
        if held is None:
            return ()
        return (*self.claims, held, *(() if support is None else (support,)))

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        held = dynamic.held.get(self.arm)
        if held is None:
            return self.end(ActionStatus.not_holding, f"the {self.arm} hand holds nothing")
        self.object_id = held
        if not self._plan(resp, static, dynamic):
            return []
        return super().get_initialization_commands(resp, static, dynamic, image_frequency)

    def next_child(self, resp: Response, static: RobotStatic, dynamic: RobotState) -> Action | None:
        """See `Composite`."""
        if self._steps:
            return self._steps.pop(0)
        assert self.object_id is not None
        off = float(np.linalg.norm(resp.objects[self.object_id].position - self._goal))
        if off <= PLACED:
            self.succeed(f"{self.object_id!r} rests there", object_id=self.object_id, distance=off)
        else:
            self.end(
                ActionStatus.failed_to_reach,
                f"{self.object_id!r} came to rest {off * 100:.1f} cm from where it belongs",
                object_id=self.object_id, distance=off, limit=PLACED,
            )  # fmt: skip
        return None

    def state(self) -> Any:
        """See `Action`."""
        return super().state(), len(self._steps), self._goal.tolist()

    def _plan(self, resp: Response, static: RobotStatic, dynamic: RobotState) -> bool:
        assert self.object_id is not None
        held = resp.objects[self.object_id]
        tool = dynamic.tool_pose(self.arm)
        object_from_tool = held.pose.inverse() @ tool
        upright = _upright(held)
        support = name_of(self.target)
        corners = held.static.vertices @ matrix_from_quaternion(upright).T
        lift = -float(corners[:, 2].min()) if self.held_point == "bottom" else 0.0
        shoulder = static.mount @ static.kinematics.shoulder_pose(dynamic.q, self.arm)
        reach = static.kinematics.arm_length(self.arm)
        spare = {self.object_id, *held.contents}
        obstacles = Obstacles(resp, static, shoulder.p, reach + 0.3)
        q = dynamic.target.copy()
        q[: static.kinematics.base_size] = dynamic.q[: static.kinematics.base_size]
        inverse = static.mount_inverse
        commanded = static.mount @ static.kinematics.tool_pose(q, self.arm)
        raised = Pose(commanded.p + np.array([0.0, 0.0, RAISE]), commanded.q)
        up = line_waypoints(static, self.arm, q, raised)
        start = q if up is None else up[-1]
        reachable = free = False
        points = self._support_points(resp, corners, shoulder.p)
        for (posture, tracks), point in product(torso_options(static, start), points):
            base = point + np.array([0.0, 0.0, lift])
            standing = corners + base + np.array([0.0, 0.0, GAP])
            if obstacles.overlapped(standing, ignore=spare) is not None:
                continue
            free = True
            shoulder = static.mount @ static.kinematics.shoulder_pose(posture, self.arm)
            for turn in TURNS:
                goal = Pose(base, multiply(quaternion_from_yaw(turn), upright)) @ object_from_tool
                above = Pose(goal.p + np.array([0.0, 0.0, LIFT]), goal.q)
                if float(np.linalg.norm(above.p - shoulder.p)) > reach:
                    continue
                for answer in static.kinematics.answers(
                    self.arm, inverse @ above, posture, seeds=SEEDS, iterations=40
                ):
                    if not answer.success:
                        continue
                    line = line_waypoints(static, self.arm, answer.q, goal)
                    if line is None:
                        continue
                    reachable = True
                    if obstacles.hit_along(line[[0, -1]], [self.arm], ignore=spare) is not None:
                        continue
                    way = between(start, answer.q)
                    if obstacles.hit_along(way, [self.arm], ignore=spare) is not None:
                        continue
                    self._goal = base
                    self.tracks = (*self.tracks, *tracks)
                    self._use(goal, answer.q, up is not None, support, held.contents)
                    return True
        distance = float(np.linalg.norm(points[0] - shoulder.p))
        why = "something is in the way of every posture" if reachable else "no posture reaches it"
        if not free:
            why = "something stands there already"
        self.end(
            ActionStatus.cannot_reach, f"cannot place {self.object_id!r} there: {why}",
            object_id=self.object_id, distance=distance, limit=reach,
        )  # fmt: skip
        return False

    def _use(
        self,
        goal: Pose,
        above: Array,
        raises: bool,
        support: str | None,
        contents: tuple[str, ...],
    ) -> None:
        assert self.object_id is not None
        spare = frozenset({self.object_id, *contents} | ({support} if support else set()))
        held = self.object_id

        def landed(resp: Response, dynamic: RobotState) -> bool:
            """The object pushes on something besides the hand that carries it."""
            own = dynamic.static.robot_id
            weight = resp.objects[held].static.mass * 9.81
            return any(
                o.owner != own and force > 0.3 * weight
                for _, o, force in resp.contacts.touching(held)
            )

        down = Pose(goal.p + np.array([0.0, 0.0, GAP]), goal.q)
        lift = MoveHand(
            lambda now: [Pose(now.p + np.array([0.0, 0.0, RAISE]), now.q)],
            self.arm, ignore=spare, optional=True,
        )  # fmt: skip
        self._steps = [
            *([lift] if raises else []),
            FollowJoints(above[None], self.tracks, self.arm, spare),
            MoveHand(lambda _: [down], self.arm, ignore=spare, share=0.25),
            MoveHand(lambda _: [goal], self.arm, ignore=spare, share=0.06, until=landed),
            Drop(self.arm),
            MoveHand(
                lambda now: [
                    Pose(now.p - d * rotate(now.q, np.array([0.0, 0.0, 1.0])), now.q)
                    for d in WITHDRAW
                ],
                self.arm, ignore=spare, optional=True,
            ),
        ]  # fmt: skip
        self.legs = len(self._steps)

    def _support_points(self, resp: Response, corners: Array, shoulder: Array) -> list[Array]:
        """Where the held point may come, in the world, best first, each shape (3,) [m].

        On an object these are the middle of its top, and points from there towards the shoulder,
        as far as the held object's outline `corners` (n, 3) leaves it standing there.
        """
        name = name_of(self.target)
        if name is None:
            return [np.asarray(self.target, dtype=np.float64)]
        require_name(resp, name)
        if name not in resp.objects:
            raise CommandError("nothing can be placed on a robot", field="target", value=name)
        support = resp.objects[name]
        if isinstance(self.target, tuple):
            points = {a.name: a.position for a in support.static.model.affordances}
            if self.target[1] not in points:
                raise CommandError(
                    f"object {name!r} has no affordance {self.target[1]!r}",
                    field="target", value=self.target, exists=points,
                )  # fmt: skip
            return [support.pose.apply(points[str(self.target[1])])]
        model = support.static.model
        middle = np.array([0.0, 0.0, model.top])
        outline = float(np.linalg.norm(corners[:, :2], axis=1).max()) + EDGE
        room = np.maximum(np.array(model.size[:2]) / 2 - outline, 0.0)
        towards = support.pose.inverse().apply(shoulder)[:2]
        nearest = np.array([*np.clip(towards, -room, room), model.top])
        shares = SHARES if float(np.linalg.norm(nearest - middle)) > EDGE else (0.0,)
        return [support.pose.apply(middle + share * (nearest - middle)) for share in shares]


def _upright(state: ObjectState) -> Array:
    """The object's orientation with the axis that is nearest to vertical made vertical."""
    turn = matrix_from_quaternion(state.quaternion)
    k = int(np.argmax(np.abs(turn[2])))
    axis = turn[:, k] * np.sign(turn[2, k])
    tilt = np.cross(axis, [0.0, 0.0, 1.0])
    sine = float(np.linalg.norm(tilt))
    if sine < 1e-6:
        return np.array(state.quaternion)
    angle = float(np.arctan2(sine, axis[2]))
    return multiply(quaternion_from_axis_angle(tilt / sine, angle), state.quaternion)
