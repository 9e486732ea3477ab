"""Driving round furniture and other robots."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from counterpoint.actions.action import DriveJoints, Request
from counterpoint.actions.arguments import check_positive, check_seconds
from counterpoint.actions.base_motion import ALIGNED, SETTLE_FRAMES
from counterpoint.actions.destination import Destination
from counterpoint.actions.guarded import facts_key
from counterpoint.actions.navigation.lookout import Lookout
from counterpoint.actions.navigation.outlines import body_radius
from counterpoint.actions.navigation.route import NoRoute, Route
from counterpoint.actions.navigation.surroundings import Surroundings
from counterpoint.actions.path_drive import PathDrive
from counterpoint.actions.right_of_way import FORESIGHT, SPACING, goes_first, ways_to_leave
from counterpoint.actions.status import ActionStatus, ImageFrequency
from counterpoint.actions.targets import Target
from counterpoint.actions.tuck import TuckingAction
from counterpoint.core.arm import Arm
from counterpoint.core.pose import Array, wrap_angle
from counterpoint.simulation.response import Response, RobotState, RobotStatic

LOOK_EVERY = 4  # frames between two looks ahead
LOOK_AHEAD = 0.15  # m of the path beyond the stopping distance that must be free
REPLAN_EVERY = 0.5  # s between two plans of a robot that waits
AT_HAND = 0.3  # m: a moving robot that is nearer than that is planned round
STANDS = 0.02  # m/s: slower is standing
HELD_BACK = 0.05  # m between where the base is and where it is driven: something pushes
TUCKED = 0.02  # m: arms that stick out by less are in


class NavigateTo(TuckingAction):
    """Drive to a target on the shortest way round furniture and other robots.

    The way is planned on a grid of the floor, from the last response, for the circle that covers
    the robot, what it holds, and arms that stick out; it keeps clear of all that is solid, whatever
    the collision rules say: they decide what stops the drive. Where something steps in the way, the
    robot stops and plans again; where nothing but robots, or what came later, is in the way, it
    waits for `wait_at_most` in all, then it ends as `detected_obstacle`. A target that moves is
    followed. What stopped the motion before does not keep it from setting off: it goes another
    way. An object is reached at its edge: within `arrived_at` of its nearest floor point plus
    the robot's radius, facing it.

    Robots that navigate know each other's ways. Where two ways cross the one of higher priority
    goes first, or (at the same) the one whose name comes first; the other waits beside its way,
    or drives out of it, unless it is through in time.

    Args:
        target: A robot, an object or a position.
        arrived_at: How near counts as there [m].
        reset_arms: Tuck the arms that hold nothing and do nothing; it sets off when they are in.
        wait_at_most: How long it waits for others in all [s].
        priority: Higher goes first.
        others: Gives the ongoing navigations of the other robots.

    Attributes:
        radius: Of the circle that it plans for [m]; 0 before the first plan.
        retreating: Whether it drives out of another robot's way.
    """

    tracks = ("base",)

    def __init__(
        self,
        target: Target,
        arrived_at: float = 0.1,
        reset_arms: bool = True,
        *,
        wait_at_most: float = 30.0,
        priority: int = 0,
        others: Callable[[], Sequence[NavigateTo]] = tuple,
    ) -> None:
        super().__init__()
        self.arrived_at = check_positive(arrived_at, "arrived_at")
        self.reset_arms = reset_arms
        self._destination = Destination(target, arrived_at)
        self.target = self._destination.target
        self.wait_at_most = check_seconds(wait_at_most, "wait_at_most")
        self.priority = priority
        self.radius = 0.0
        self.motion: tuple[str, int] | None = None
        self._others = others
        self._drive: PathDrive | None = None
        self._lookout: Lookout | None = None
        self.retreating = self._gave_way = self._cornered = self._arms_moved = False
        self._intended: Array | None = None
        self._standings: tuple[Any, ...] = ()
        self._aimed_at = np.zeros(2)
        self._blocker: str | None = None
        self._had_route = False
        self._next_plan, self._waited, self._settling, self._attempts = 0, 0, 0, 0

    # --- what other robots see -------------------------------------------------------------------

    @property
    def rank(self) -> tuple[bool, int, str]:
        """Lower goes first: who cannot make room for others, then by priority, then by name."""
        return not self._cornered, -self.priority, self.robot_id or ""

    @property
    def way(self) -> Array | None:
        """The way that it means to take from here, points `SPACING` apart, shape (n, 2) [m]."""
        if self._drive is not None:
            return self._drive.ahead(math.inf, SPACING)
        return self._intended

    # --- phases ----------------------------------------------------------------------------------

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        left = self._destination.left(resp, dynamic, self.radius)
        if left <= self.arrived_at:
            return self.succeed(f"already within {max(left, 0):.3f} m", distance=left)
        self.watch(resp, dynamic)
        # Before any arm moves: what cannot be reached ends here.
        self._plan(resp, dynamic)
        if self.status is not ActionStatus.ongoing:
            return []
        return self.start_tuck(resp, static, dynamic)

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        if self.collided(resp, dynamic):
            vx = float(dynamic.target_velocity[0])
            self.motion = ("move", 1 if vx >= 0 else -1)
            return []
        tucking = self.continue_tuck(resp, static, dynamic)
        if self._tuck is not None and body_radius(resp, dynamic) > self.radius + TUCKED:
            return tucking
        return self._advance(resp, dynamic) + tucking

    def state(self) -> Any:
        """See `Action`."""
        drive = None if self._drive is None else self._drive.state()
        flags = self.retreating, self._gave_way, self._cornered, self._arms_moved, self._blocker
        counts = self._next_plan, self._waited, self._settling, self._attempts
        return drive, self.radius, self._intended, self._aimed_at, flags, counts

    # --- inside ----------------------------------------------------------------------------------

    def _advance(self, resp: Response, dynamic: RobotState) -> list[Request]:
        drive = self._drive
        if drive is None or self.retreating:
            self._waited += 1
            assert self.controls is not None
            if self._waited * self.controls.dt > self.wait_at_most:
                return self._give_up(resp)
        if drive is None:
            standing = float(np.abs(dynamic.target_velocity[:3]).max()) < STANDS
            if standing and resp.frame >= self._next_plan:
                self._plan_if_it_helps(resp, dynamic)
            return []
        if not drive.finished and self._must_stop(resp, dynamic, drive):
            self._drive, self._next_plan = None, 0
            return []
        drive = self._drive  # which may be a new one: the target has moved
        if drive is None:
            return []
        if drive.finished and self.retreating:
            self._drive = None
            return []
        if drive.finished and self._has_arrived(resp, dynamic, drive):
            return []
        faces = drive.ends_soon and not self.retreating
        face = self._destination.heading(resp, dynamic) if faces else None
        return [DriveJoints("base", drive.step(dynamic, face))]

    def _must_stop(self, resp: Response, dynamic: RobotState, drive: PathDrive) -> bool:
        """Whether to stop, for something in the way or a robot that goes first."""
        assert self.controls is not None and self.started_frame is not None
        if float(np.hypot(*(dynamic.target - dynamic.q)[:2])) > HELD_BACK:
            self._settling += 1
            if self._settling > SETTLE_FRAMES:
                self.end(ActionStatus.failed_to_move, "something holds it back", frame=resp.frame)
                return True
        else:
            self._settling = 0
        self._arms_moved |= bool(dynamic.target_velocity[3:].any())
        if (resp.frame - self.started_frame) % LOOK_EVERY:
            return False
        arms_moved, self._arms_moved = self._arms_moved, False
        if arms_moved and body_radius(resp, dynamic) > self.radius + TUCKED:
            return True  # an arm was put out: that needs a wider way
        name = self._obstacle(resp, dynamic, drive)
        if name is not None:
            self._blocker = name
            return True
        if self.retreating:
            return False
        way, speed = drive.ahead(FORESIGHT, SPACING), self._usual_speed(dynamic)
        first = goes_first(
            self, way, self._others(), speed, drive.stopping_distance, FORESIGHT
        )  # fmt: skip
        if first is not None:
            self._blocker, self._gave_way = first, True
            return True
        if self._destination.has_moved(resp, self._aimed_at) and resp.frame >= self._next_plan:
            self._plan(resp, dynamic)
        return False

    def _obstacle(self, resp: Response, dynamic: RobotState, drive: PathDrive) -> str | None:
        """What has come into the way since the plan, near enough to stop for."""
        assert self.controls is not None and self._lookout is not None
        rules = self.controls.collision_detection
        if not rules.avoid:
            return None
        path = drive.ahead(drive.stopping_distance + LOOK_AHEAD, SPACING / 2)
        return self._lookout.in_the_way(resp, dynamic, rules, path, self.radius)

    def _plan_if_it_helps(self, resp: Response, dynamic: RobotState) -> None:
        """Plan, unless all is as it was at the last plan, which found that it must wait."""
        assert self.controls is not None
        if (
            self._next_plan > 0
            and self._lookout is not None
            and self._lookout.sees_no_change(resp)
            and self._standings == self._ranking()
        ):
            self._next_plan = resp.frame + round(REPLAN_EVERY / self.controls.dt)
        else:
            self._plan(resp, dynamic)

    def _ranking(self) -> tuple[Any, ...]:
        """What other robots' navigations are up to, as far as it matters to who goes first."""
        return tuple((o.rank, o.retreating, o.way is None) for o in self._others())

    def _plan(self, resp: Response, dynamic: RobotState) -> None:
        """Plan, and drive; or wait, or drive out of the way; or end."""
        assert self.controls is not None
        tucking = [Arm(t.removesuffix("_arm")) for t in self._tucking_tracks()]
        self.radius = body_radius(resp, dynamic, tucking)
        self._next_plan = resp.frame + round(REPLAN_EVERY / self.controls.dt)
        self._aimed_at = self._destination.place(resp)
        self._lookout, self._standings = Lookout(resp), self._ranking()
        around = self._surroundings(resp, dynamic)
        start = dynamic.target[:2].copy()
        route, through = around.route(start, self._destination.goal(resp, dynamic, self.radius))
        if isinstance(route, NoRoute):
            if not self._had_route:
                facts = {} if route.culprit is None else {
                    facts_key(resp, route.culprit): route.culprit
                }  # fmt: skip
                self.end(ActionStatus.cannot_reach, route.reason, frame=resp.frame, **facts)
            self._blocker, self._drive = route.culprit or self._blocker, None
            return
        self._had_route = True
        drive = self._new_drive(route, dynamic)
        # A way through a robot that will not yield keeps nobody else waiting.
        self._intended = None if through is not None else drive.ahead(math.inf, SPACING)
        self._drive, self.retreating = None, False
        # Who has let another one pass goes on when the other's whole way is clear.
        limits = () if self._gave_way else (0.0, FORESIGHT)
        way, speed = drive.ahead(FORESIGHT, SPACING), self._usual_speed(dynamic)
        first = goes_first(self, way, self._others(), speed, *limits)
        self._gave_way = first is not None
        if first is not None:
            self._blocker = first
            self._make_room(around, resp, dynamic)
        elif through is not None:
            self._blocker = through
        elif (name := self._obstacle(resp, dynamic, drive)) is not None:
            self._blocker = name
        else:
            self._drive = drive

    def _make_room(self, around: Surroundings, resp: Response, dynamic: RobotState) -> None:
        """Drive out of the ways of robots that go first, if it stands on one."""
        here = dynamic.target[:2].copy()
        ways = ways_to_leave(self, here, self._others())
        if not ways:
            return
        retreat = around.retreat(here, ways)
        if retreat is None:
            self._cornered = True
            return
        drive = self._new_drive(retreat, dynamic)
        if self._obstacle(resp, dynamic, drive) is None:
            self._drive, self.retreating = drive, True

    def _surroundings(self, resp: Response, dynamic: RobotState) -> Surroundings:
        """What is about, with the robots sorted by whether they will be gone or give way."""
        passing, yielding = [], []
        for other in self._others():
            there = resp.robots[other.robot_id or ""]
            gap = float(np.hypot(*(there.base_position - dynamic.base_position)[:2]))
            moving = float(np.abs(there.target_velocity[:2]).max()) > STANDS
            if moving and gap > self.radius + other.radius + AT_HAND:
                passing.append(there.static.robot_id)
            elif other.rank > self.rank:
                yielding.append(there.static.robot_id)
        return Surroundings(resp, dynamic, self.radius, passing, yielding)

    def _usual_speed(self, dynamic: RobotState) -> float:
        """At which it drives on the whole [m/s], with corners, starts and stops."""
        return 0.5 * dynamic.static.model.base_speed[0]

    def _new_drive(self, route: Route, dynamic: RobotState) -> PathDrive:
        assert self.controls is not None
        return PathDrive(
            route.path, route.radii, dynamic.static.model, dynamic, self.controls.dt
        )  # fmt: skip

    def _tucking_tracks(self) -> Sequence[str]:
        assert self.controls is not None
        if self._tuck is not None:
            return self._tuck.tracks
        starting = not self._had_route
        return self.controls.free_arms if starting and self.reset_arms else ()

    def _has_arrived(self, resp: Response, dynamic: RobotState, drive: PathDrive) -> bool:
        """End where the drive did, when it has come to rest and faces the target."""
        left = self._destination.left(resp, dynamic, self.radius)
        face = self._destination.heading(resp, dynamic)
        off = 0.0 if face is None else abs(wrap_angle(face - dynamic.base_yaw))
        if left <= self.arrived_at and off <= 2 * ALIGNED:
            self.succeed(f"arrived within {max(left, 0):.3f} m", distance=left)
            return True
        self._settling += 1
        if left <= self.arrived_at and self._settling <= 3 * SETTLE_FRAMES:
            return False  # it turns to the target
        if self._destination.has_moved(resp, self._aimed_at) or self._settling > SETTLE_FRAMES:
            self._settling = 0
            self._attempts += not self._destination.has_moved(resp, self._aimed_at)
            if self._attempts > 2:
                self.end(
                    ActionStatus.failed_to_move, f"{left:.2f} m are left",
                    distance=left, limit=self.arrived_at,
                )  # fmt: skip
            self._drive, self._next_plan = None, 0
            return True
        return False

    def _give_up(self, resp: Response) -> list[Request]:
        name = self._blocker
        if name is None:
            return self.end(ActionStatus.cannot_reach, "there is no way any more", frame=resp.frame)
        return self.end(
            ActionStatus.detected_obstacle,
            f"{name!r} was in the way for {self.wait_at_most:g} s",
            frame=resp.frame, **{facts_key(resp, name): name},
        )  # fmt: skip
