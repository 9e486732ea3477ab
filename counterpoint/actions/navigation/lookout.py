"""Looking ahead along a path for what was not there, or elsewhere, when it was planned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from counterpoint.actions.collision import CollisionDetection
from counterpoint.actions.navigation.outlines import Outline, object_outlines, robot_outlines
from counterpoint.core.pose import Array
from counterpoint.simulation.response import Response, RobotState

MOVED = 0.02  # m: an object that is so far from where it was has moved
CLOSE = 0.01  # m between the robot's circle and what it must stop for
APPROACH = 0.005  # m by which the path must come nearer to something to be blocked by it
ARM_LENGTH = 1.0  # m beyond a robot's circle that its arms and what they hold may reach


class Lookout:
    """Remembers where everything was, and sees what has come into the way since.

    Args:
        resp: The world that the path was planned in.
    """

    def __init__(self, resp: Response) -> None:
        self._names = tuple(resp.objects)
        self._positions = resp.state.object_position.copy()
        self._q = resp.state.q.copy()

    def sees_no_change(self, resp: Response) -> bool:
        """Whether every robot and every object is as it was: a new plan would be the old one."""
        q = resp.state.q
        same = q.shape == self._q.shape and float(np.abs(q - self._q).max()) < MOVED
        return same and not self._moved(resp)

    def in_the_way(
        self,
        resp: Response,
        dynamic: RobotState,
        rules: CollisionDetection,
        path: Array,
        radius: float,
    ) -> str | None:
        """The first thing that stops motion and that the robot would come upon, or None.

        Args:
            resp: The world now.
            dynamic: The robot.
            rules: What stops it.
            path: Points of the path ahead, shape (n, 2) [m].
            radius: Of the circle that the robot covers [m].
        """
        here = dynamic.q[:2]
        for name in self._moved(resp):
            state = resp.objects[name]
            kind = "wall" if state.static.model.name == "wall" else "object"
            holders = [r for r, robot in resp.robots.items() if name in robot.held.values()]
            if dynamic.static.robot_id in holders or not rules.stops(name, kind):
                continue
            if holders and not rules.held:
                continue
            reach = radius + state.static.reach
            if _gap(path, state.position[:2]) < reach + CLOSE and _blocks(
                object_outlines(state), path, here, radius
            ):
                return name
        for name, robot in resp.robots.items():
            if name == dynamic.static.robot_id or not rules.stops(name, "robot"):
                continue
            reach = radius + robot.static.model.radius + ARM_LENGTH
            if _gap(path, robot.base_position[:2]) < reach and _blocks(
                robot_outlines(robot), path, here, radius
            ):
                return name
        return None

    def _moved(self, resp: Response) -> list[str]:
        """Objects that were not there, or elsewhere."""
        names, positions = tuple(resp.objects), resp.state.object_position
        if names == self._names:
            off = positions - self._positions
            rows = np.flatnonzero((off * off).sum(axis=1) > MOVED * MOVED)
            return [names[k] for k in rows.tolist()]
        old = dict(zip(self._names, self._positions, strict=True))
        return [
            name
            for name, position in zip(names, positions, strict=True)
            if name not in old or float(np.linalg.norm(position - old[name])) > MOVED
        ]


def _gap(path: Array, center: Array) -> float:
    off = path - center
    return float(np.sqrt((off * off).sum(axis=1).min()))


def _blocks(outlines: Sequence[Outline], path: Array, here: Array, radius: float) -> bool:
    """Whether the path leads a circle onto outlines, from wherever it already is."""
    for outline in outlines:
        ahead = float(outline.distance(path[:, 0], path[:, 1]).min())
        if ahead < radius + CLOSE:
            now = float(outline.distance(here[0], here[1]))
            if ahead < now - APPROACH:
                return True
    return False
