"""Taking hold of an object."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from counterpoint.actions.action import Action, Composite, Request
from counterpoint.actions.arm_motion import Obstacles, between, line_waypoints, torso_options
from counterpoint.actions.claims import OnConflict
from counterpoint.actions.grasp_poses import CLEARANCE, SQUEEZE, GraspPose, grasp_poses
from counterpoint.actions.hand_motion import FollowJoints, MoveHand
from counterpoint.actions.status import ActionStatus, ImageFrequency
from counterpoint.actions.targets import Target, check_target, name_of, require_name
from counterpoint.commands import Command, SetGripper, Weld
from counterpoint.core.arm import Arm
from counterpoint.core.errors import CommandError
from counterpoint.core.pose import (
    Array,
    Pose,
    multiply,
    quaternion_from_axis_angle,
    rotate,
)
from counterpoint.robots.model import Gripper
from counterpoint.simulation.response import Response, RobotState, RobotStatic

STANDOFF = 0.10  # m: where the straight approach begins
NEAR_STANDOFF = 0.05  # m: where there is no room for that
ROOM = 0.003  # m: left between closed fingers and what the object stands on
OPEN_WIDER = 0.03  # m: than the object, on the way in
WAY_STEP = 0.08  # rad between postures that are checked: a board must not fit between two
CLOSE_FRAMES = 120
SEEDS = 5  # postures tried for each pose of the hand
TILTS = (0.0, math.radians(25), math.radians(-25), math.radians(50), math.radians(-50))
AXES = {"pitch": 1, "yaw": 2, "roll": 0}


class CloseHand(Action):
    """Close a hand and wait until it holds something.

    Args:
        object_id: What it has to hold.
        arm: The hand.
        weld: Fix the object to the hand once the fingers touch it.
    """

    def __init__(self, object_id: str, arm: Arm, *, weld: bool) -> None:
        super().__init__()
        self.object_id, self.arm, self.weld = object_id, arm, weld
        self._frames = 0

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        return [SetGripper(robot_id=static.robot_id, arm=self.arm, opening=0.0)]

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        self._frames += 1
        if dynamic.held[self.arm] == self.object_id:
            return self.succeed(f"holds {self.object_id!r}", object_id=self.object_id)
        if self._frames > CLOSE_FRAMES:
            return self.end(
                ActionStatus.failed_to_grasp,
                f"the fingers closed without both pressing on {self.object_id!r}",
                object_id=self.object_id, frame=resp.frame,
            )  # fmt: skip
        return []

    def get_end_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Command]:
        """See `Action`. A hand that failed to hold lets go; a weld makes holding firm."""
        if self.status is ActionStatus.success:
            if self.weld:
                return [Weld(robot_id=static.robot_id, arm=self.arm, object_id=self.object_id)]
            return []
        opening = static.model.grippers[self.arm].max_opening
        return [SetGripper(robot_id=static.robot_id, arm=self.arm, opening=opening)]

    def state(self) -> Any:
        """See `Action`."""
        return self._frames


class Grasp(Composite):
    """Approach an object if the hand is not there, close, and hold it.

    It claims the object. Of several robots that grasp it at once, one does; the others end as
    `conflict`.

    Args:
        target: The object, or (object, affordance).
        arm: The hand.
        angle: Turn of the hand [degrees] about `axis`, or None for the best grasp there is.
        axis: `pitch`, `yaw` or `roll`.
        relative_to_hand: Whether `angle` starts from the hand as it is; else from pointing down.
        hold: `friction` or `weld`; None is the model's choice.
        shared: Take it at a point of its own, which another robot may hold elsewhere: to carry it
            together, or to hand it over. The target must name the affordance, and only that point
            of the object is claimed.
    """

    on_conflict: OnConflict = "fail"

    def __init__(
        self,
        target: Target,
        arm: Arm,
        angle: float | None = None,
        axis: str = "pitch",
        relative_to_hand: bool = True,
        hold: str | None = None,
        *,
        shared: bool = False,
    ) -> None:
        super().__init__()
        self.target = check_target(target)
        name = name_of(self.target)
        if name is None:
            raise CommandError("only an object can be grasped", field="target", value=target)
        point = self.target[1] if isinstance(self.target, tuple) else None
        if shared and not isinstance(point, str):
            raise CommandError(
                "a shared grasp needs a point of its own: (object, affordance)",
                field="target", value=target,
            )  # fmt: skip
        if axis not in AXES:
            raise CommandError("unknown axis", field="axis", value=axis, exists=AXES)
        if hold not in (None, "friction", "weld"):
            raise CommandError(
                "unknown hold", field="hold", value=hold, exists=("friction", "weld")
            )
        self.object_id, self.arm, self.hold, self.shared = name, arm, hold, shared
        self.angle = None if angle is None else math.radians(angle)
        self.axis, self.relative_to_hand = axis, relative_to_hand
        self.tracks = (f"{arm.value}_arm",)
        self.claims = (f"{name}.{point}",) if shared else (name,)
        self._affordance = ""
        self._steps: list[Action] = []

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        require_name(resp, self.object_id)
        gripper = static.model.grippers.get(self.arm)
        if gripper is None:
            return self.end(
                ActionStatus.not_supported,
                f"{static.model.name} has no gripper on its {self.arm} arm",
            )
        if not self._allowed(resp, static, dynamic, gripper):
            return []
        opening = self._plan(resp, static, dynamic, gripper)
        if opening is None:
            return []
        open_hand = SetGripper(robot_id=static.robot_id, arm=self.arm, opening=opening)
        return [
            open_hand,
            *super().get_initialization_commands(resp, static, dynamic, image_frequency),
        ]

    def next_child(self, resp: Response, static: RobotStatic, dynamic: RobotState) -> Action | None:
        """See `Composite`."""
        if self._steps:
            return self._steps.pop(0)
        by = self._affordance
        self.succeed(f"holds {self.object_id!r} at {by!r}", object_id=self.object_id, affordance=by)
        return None

    def state(self) -> Any:
        """See `Action`."""
        return super().state(), len(self._steps)

    def _allowed(
        self, resp: Response, static: RobotStatic, dynamic: RobotState, gripper: Gripper
    ) -> bool:
        """End at once where the object cannot be taken, whatever the arm could do."""
        name = self.object_id
        held = dynamic.held[self.arm]
        if held is not None:
            self.end(
                ActionStatus.already_holding, f"the {self.arm} hand holds {held!r}", object_id=held
            )
            return False
        for robot_id, other in resp.robots.items():
            if self.shared:
                break
            if robot_id != static.robot_id and name in other.held.values():
                self.end(
                    ActionStatus.held_by_other, f"{robot_id!r} holds {name!r}",
                    object_id=name, robot_id=robot_id,
                )  # fmt: skip
                return False
        thing = resp.objects[name].static if name in resp.objects else None
        why, limit = "", None
        if thing is None:
            why = f"{name!r} is a robot"
        elif thing.static:
            why = f"{name!r} is static"
        elif thing.joint is None and thing.mass > static.model.payload * len(static.model.arms):
            limit = static.model.payload
            why = f"{name!r} weighs {thing.mass:.1f} kg, an arm lifts {limit:.1f}"
        else:
            low, high = gripper.openings[0] + SQUEEZE, gripper.max_opening - CLEARANCE
            widths = [a.width for a in thing.model.affordances]
            if not any(low <= w <= high for w in widths):
                listed = ", ".join(f"{w * 100:.1f}" for w in sorted(set(widths))) or "no"
                why = f"{name!r} has {listed} cm to be taken by, fingers need {low * 100:.1f} to"
                why, limit = f"{why} {high * 100:.1f} cm", gripper.max_opening
        if why:
            self.end(ActionStatus.cannot_grasp, why, object_id=name, limit=limit)
            return False
        return True

    def _plan(
        self, resp: Response, static: RobotStatic, dynamic: RobotState, gripper: Gripper
    ) -> float | None:
        """Choose a grasp and the way to it; returns how wide to open, or None after `end()`."""
        state = resp.objects[self.object_id]
        point = self.target[1] if isinstance(self.target, tuple) else None
        candidates = grasp_poses(
            state, (gripper.openings[0], gripper.max_opening),
            static.model.end_effectors[self.arm].finger_depth,
            affordance=point if isinstance(point, str) else None, tilts=TILTS,
        )  # fmt: skip
        if self.angle is not None:
            candidates = self._turned(candidates, dynamic)
        shoulder = static.mount @ static.kinematics.shoulder_pose(dynamic.q, self.arm)
        reach = static.kinematics.arm_length(self.arm)
        obstacles = Obstacles(resp, static, shoulder.p, reach + 0.3)
        q = dynamic.target.copy()
        q[: static.kinematics.base_size] = dynamic.q[: static.kinematics.base_size]
        candidates.sort(key=lambda c: _awkwardness(c, shoulder.p, dynamic))
        planner = _Planner(self.object_id, self.arm, static, gripper, obstacles)
        for start, tracks in torso_options(static, q):
            for candidate in candidates:
                way = planner.way_to(candidate, q, start)
                if way is not None:
                    self._use(candidate, way, tracks, gripper)
                    return min(candidate.width + OPEN_WIDER, gripper.max_opening)
        reachable, blocked = planner.reachable, planner.blocked
        if reachable:
            self.end(
                ActionStatus.cannot_reach, f"{blocked!r} is in the way of every grasp",
                object_id=self.object_id,
            )  # fmt: skip
        else:
            distance = float(np.linalg.norm(state.position - shoulder.p))
            self.end(
                ActionStatus.cannot_reach,
                f"the {self.arm} arm has no posture to grasp {self.object_id!r}, {distance:.2f} m "
                f"from its shoulder",
                object_id=self.object_id, distance=distance, limit=reach,
            )  # fmt: skip
        return None

    def _use(
        self, candidate: GraspPose, way: Array, tracks: tuple[str, ...], gripper: Gripper
    ) -> None:
        self._affordance = candidate.affordance
        self.tracks = (*self.tracks, *tracks)
        goal = candidate.world_from_tool
        spare = frozenset({self.object_id})
        weld = (self.hold or gripper.hold) == "weld"
        self._steps = [
            FollowJoints(way, self.tracks, self.arm, spare),
            MoveHand(lambda _: [goal], self.arm, ignore=spare),
            CloseHand(self.object_id, self.arm, weld=weld),
        ]
        self.legs = len(self._steps)

    def _turned(self, candidates: list[GraspPose], dynamic: RobotState) -> list[GraspPose]:
        """The same points with the orientation that the caller asked for."""
        assert self.angle is not None
        axis = np.eye(3)[AXES[self.axis]]
        start = (
            dynamic.tool_pose(self.arm).q
            if self.relative_to_hand
            else np.array(
                [0.0, math.cos(dynamic.base_yaw / 2), math.sin(dynamic.base_yaw / 2), 0.0]
            )
        )
        q = multiply(start, quaternion_from_axis_angle(axis, self.angle))
        unique = {c.affordance: c for c in candidates}
        return [
            GraspPose(c.affordance, Pose(c.world_from_tool.p, q), c.width) for c in unique.values()
        ]


def _awkwardness(candidate: GraspPose, shoulder: Array, dynamic: RobotState) -> float:
    """Prefer hands that come from above and from the robot's side, and little turning.

    From above is easier to put down again: fingers and wrist stay clear of the support.
    """
    approach = candidate.approach
    away = candidate.world_from_tool.p - shoulder
    away = away / max(float(np.linalg.norm(away)), 1e-9)
    hand = rotate(dynamic.tool_pose(_arm_of(dynamic)).q, np.array([0.0, 1.0, 0.0]))
    closing = rotate(candidate.world_from_tool.q, np.array([0.0, 1.0, 0.0]))
    return -0.3 * float(approach @ away) + 1.5 * float(approach[2]) - 0.1 * float(closing @ hand)


def _arm_of(dynamic: RobotState) -> Arm:
    return dynamic.static.model.arms[0]


class _Planner:
    """Ways of one arm to grasp poses, clear of everything else.

    Attributes:
        reachable: Whether the arm had a posture for any pose so far.
        blocked: What was in the way first.
    """

    def __init__(
        self,
        object_id: str,
        arm: Arm,
        static: RobotStatic,
        gripper: Gripper,
        obstacles: Obstacles,
    ) -> None:
        self.reachable = False
        self.blocked: str | None = None
        self._own, self._arm, self._arms = {object_id}, arm, [arm]
        self._static, self._gripper, self._obstacles = static, gripper, obstacles

    def way_to(self, candidate: GraspPose, q: Array, start: Array) -> Array | None:
        """Joint waypoints from `q` to where the straight approach begins, or None.

        Args:
            candidate: The grasp.
            q: The joint vector now, shape (n,).
            start: The same with other tracks where they have to be.
        """
        kinematics, arm = self._static.kinematics, self._arm
        shoulder = self._static.mount @ kinematics.shoulder_pose(start, arm)
        away = candidate.world_from_tool.p - shoulder.p
        if float(np.linalg.norm(away)) > kinematics.arm_length(arm):
            return None
        for standoff in (STANDOFF, NEAR_STANDOFF):
            before = self._static.mount_inverse @ candidate.backed_off(standoff)
            for answer in kinematics.answers(arm, before, start, seeds=SEEDS, iterations=40):
                if not answer.success:
                    continue
                line = line_waypoints(self._static, arm, answer.q, candidate.world_from_tool)
                if line is None:
                    continue
                self.reachable = True
                hit = self._hit(line, candidate)
                way = None if hit else self._way(q, answer.q, candidate.width + OPEN_WIDER)
                if way is not None:
                    return way
                self.blocked = self.blocked or hit or "something on the way"
        return None

    def _hit(self, line: Array, candidate: GraspPose) -> str | None:
        """What the arm would overlap on the straight part of its way in, or None."""
        wide = self._with_opening(line[[0, -1]], candidate.width + OPEN_WIDER)
        # Fingers may swing forward as they close, towards what the object stands on.
        closed = self._with_opening(line[-1:], candidate.width)
        hit = self._obstacles.hit
        return (
            hit(wide[0], self._arms)
            or hit(wide[1], self._arms, without="fingers")  # the palm stays clear of the object too
            or hit(wide[1], self._arms, ignore=self._own)
            or hit(closed[0], self._arms, ignore=self._own, tolerance=-ROOM)
        )

    def _way(self, q: Array, goal: Array, width: float) -> Array | None:
        """Joint waypoints from `q` to `goal`: straight, or by the rest pose if that is blocked.

        The fingers open to `width` [m] on the way.
        """
        start = self._obstacles.hit(q, self._arms)
        spare = set() if start is None else {start}  # what it touches already cannot block it

        def free(a: Array, b: Array) -> bool:
            postures = self._with_opening(between(a, b, WAY_STEP), width)
            return self._obstacles.hit_along(postures, self._arms, ignore=spare) is None

        if free(q, goal):
            return goal[None]
        rest = q.copy()
        track = self._static.kinematics.track_indices(self._static.model.arm_track(self._arm))
        rest[track] = self._static.kinematics.home[track]
        return np.stack([rest, goal]) if free(q, rest) and free(rest, goal) else None

    def _with_opening(self, waypoints: Array, width: float) -> Array:
        """The same postures with the fingers `width` [m] apart."""
        gripper, index = self._gripper, self._static.kinematics.index
        position = float(np.interp(width, gripper.openings, gripper.positions))
        wide = waypoints.copy()
        for joint in gripper.drivers:
            wide[:, index[joint]] = position
        for joint in gripper.followers:
            wide[:, index[joint]] = gripper.multipliers[joint] * position
        return wide
