"""Where a drive is to end: near a point, or at the edge of a robot or an object."""

from __future__ import annotations

import numpy as np

from counterpoint.actions.base_motion import bearing
from counterpoint.actions.collision import MARGIN
from counterpoint.actions.navigation.outlines import Outline, object_outlines, robot_outlines
from counterpoint.actions.navigation.route import Goal
from counterpoint.actions.targets import Target, check_target, floor_point, name_of, require_name
from counterpoint.core.pose import Array
from counterpoint.simulation.response import Response, RobotState

BESIDE = 0.02  # m between the robot's circle and the object that it goes to
SLACK = 0.02  # m nearer than `arrived_at` is what a plan aims at


class Destination:
    """A target of a drive, and how near to it is there.

    Args:
        target: A robot, an object or a position.
        arrived_at: How near counts as there [m].
    """

    def __init__(self, target: Target, arrived_at: float) -> None:
        self.target, self.arrived_at = check_target(target), arrived_at
        self.name = name_of(self.target)

    def goal(self, resp: Response, dynamic: RobotState, radius: float) -> Goal:
        """What to plan a way to, for a robot of a radius [m]."""
        slack = min(SLACK, 0.2 * self.arrived_at)
        if self.name is None:
            return Goal([Outline("", self.place(resp)[None])], 0.0, self.arrived_at - slack)
        require_name(resp, self.name)
        if self.name in resp.robots:
            outlines = robot_outlines(resp.robots[self.name])[:1]
        else:
            outlines = object_outlines(resp.objects[self.name])
        if not outlines:  # it lies flat, or hangs high: nothing to drive into
            point, _ = floor_point(resp, self.target, dynamic.base_position[:2])
            outlines = [Outline(self.name, point[None])]
        within = radius + self.arrived_at - slack
        # As near as `move_to` ends, if the arms leave room for it.
        near = dynamic.static.model.radius + min(self.arrived_at / 2, MARGIN + 0.01)
        return Goal(outlines, min(max(radius + BESIDE, near), within), within)

    def left(self, resp: Response, dynamic: RobotState, radius: float) -> float:
        """How far is left for a robot of a radius [m], in the floor plane [m]."""
        here = dynamic.base_position[:2]
        point, has_edge = floor_point(resp, self.target, here)
        left = float(np.hypot(*(point - here)))
        if has_edge:
            left -= max(radius, dynamic.static.model.radius)
        if self.name is not None and self.name in resp.robots:
            left -= robot_outlines(resp.robots[self.name])[0].radius
        return left

    def place(self, resp: Response) -> Array:
        """Where the target is as a whole, shape (2,) [m]."""
        if self.name is None:
            return np.asarray(self.target, dtype=np.float64)[:2]
        require_name(resp, self.name)
        if self.name in resp.robots:
            return resp.robots[self.name].base_position[:2].copy()
        return resp.objects[self.name].position[:2].copy()

    def has_moved(self, resp: Response, since: Array) -> bool:
        """Whether the target is elsewhere than at an earlier place, shape (2,) [m]."""
        return float(np.hypot(*(self.place(resp) - since))) > max(0.5 * self.arrived_at, 0.05)

    def heading(self, resp: Response, dynamic: RobotState) -> float | None:
        """The heading to end with [rad]: towards a thing; None, which is any, at a point."""
        if self.name is None:
            return None
        return float(dynamic.target[2]) + bearing(resp, self.target, dynamic)
