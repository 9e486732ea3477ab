"""What is round a robot that plans, and which of it may be gone later."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from counterpoint.actions.navigation.outlines import (
    Outline,
    object_outlines,
    robot_outlines,
    scene_outlines,
)
from counterpoint.actions.navigation.route import Goal, NoRoute, Route, plan_retreat, plan_route
from counterpoint.actions.plane import distance_to_polyline
from counterpoint.core.pose import Array
from counterpoint.simulation.response import Response, RobotState


class Surroundings:
    """Outlines of what is about a robot: what stays, and the robots that may move.

    Args:
        resp: The world.
        own: The robot.
        radius: Of the circle that it covers [m].
        passing: Robots that will be gone when it comes: they are not in the way.
        yielding: Robots that make room for it where there is no other way.
    """

    def __init__(
        self,
        resp: Response,
        own: RobotState,
        radius: float,
        passing: Collection[str] = (),
        yielding: Collection[str] = (),
    ) -> None:
        self._room, self._radius, self._yielding = resp.room, radius, yielding
        carried = {n for robot in resp.robots.values() for n in robot.held.values() if n}
        others = {k: r for k, r in resp.robots.items() if k != own.static.robot_id}
        fixed = [k for k, r in others.items() if not r.static.model.mobile]
        self._staying = scene_outlines(resp, robots=fixed, ignore=carried)
        own_hands = set(own.held.values())
        self._robots: dict[str, list[Outline]] = {}
        for name, robot in others.items():
            held = [h for h in robot.held.values() if h and h not in own_hands]
            outlines = [o for h in held for o in object_outlines(resp.objects[h])]
            if name in fixed:
                self._staying += outlines
            elif name not in passing:
                self._robots[name] = robot_outlines(robot) + outlines

    def route(self, start: Array, goal: Goal) -> tuple[Route | NoRoute, str | None]:
        """The way to a goal.

        It leads round all robots, else through those that yield, else through any.

        Returns:
            The route or why there is none, and the name of a robot that has to move first.
        """
        route = self._plan(start, goal, list(self._robots))
        if isinstance(route, Route) or not self._robots:
            return route, None
        firm = [name for name in self._robots if name not in self._yielding]
        if len(firm) < len(self._robots):
            route = self._plan(start, goal, firm)
            if isinstance(route, Route) or not firm:
                return route, None
        route = self._plan(start, goal, [])
        return route, self._nearest_to(route, firm)

    def retreat(self, start: Array, ways: Sequence[tuple[Array, float]]) -> Route | None:
        """The shortest way to where the robot leaves others' ways free; see `plan_retreat`."""
        outlines = self._outlines(list(self._robots))
        return plan_retreat(outlines, start, ways, self._radius, self._room)

    def _nearest_to(self, route: Route | NoRoute, robots: Sequence[str]) -> str | None:
        """The robot that stands most in the way of a route, or None without a route."""
        if isinstance(route, NoRoute):
            return None
        middles = np.array([self._robots[name][0].points[0] for name in robots])
        return robots[int(np.argmin(distance_to_polyline(middles, route.path)))]

    def _plan(self, start: Array, goal: Goal, robots: Sequence[str]) -> Route | NoRoute:
        return plan_route(self._outlines(robots), start, goal, self._radius, self._room)

    def _outlines(self, robots: Sequence[str]) -> list[Outline]:
        return self._staying + [o for name in robots for o in self._robots[name]]
