"""From commanded velocities to drive targets: one set of flat arrays for all robots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.pose import Array

GEARING = 1.0  # share of the distance between a hand's fingers that is taken up each frame


class DriveTargets:
    """Drive targets of every joint in the scene, integrated once a frame.

    A commanded velocity holds for one frame. Where there is none, a joint slows down at its
    acceleration limit and then holds. Targets stay within joint limits, and within `windup` of the
    measured position, so that a blocked joint does not store up a jump.

    Base joints come as (x, y, yaw) triples. Their commanded velocity is in the body frame, and so
    is the limit on its change; the targets are in the world.

    Attributes:
        position: Targets, shape (n,) [rad or m].
        velocity: Commanded velocities after limits, shape (n,); of a base in its body frame.
        world_velocity: The same with bases in the world frame: what the drives are given.
        wanted: The velocities asked for in this frame; zeroed after each.
        goal: Of gripper joints, the position that they move to.
    """

    def __init__(self) -> None:
        empty = np.empty(0)
        self.position, self.velocity, self.world_velocity, self.wanted, self.goal = (
            empty.copy() for _ in range(5)
        )
        self.lower, self.upper = empty.copy(), empty.copy()
        self.max_velocity, self.max_acceleration, self.windup = (empty.copy() for _ in range(3))
        self.base_yaw: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self.grippers: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self.gripper_of: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        """Of each entry of `grippers`, the number of the hand that it belongs to."""
        self.holding = True
        """Whether nothing was asked for and nothing moves: integrating would change nothing."""

    def resize(self, keep: NDArray[np.intp], added: int) -> None:
        """Keep the joints at `keep`, in that order, and append `added` new ones."""
        for name in (
            "position", "velocity", "world_velocity", "wanted", "goal", "lower", "upper",
            "max_velocity", "max_acceleration", "windup",
        ):  # fmt: skip
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old[keep], np.zeros(added)]))
        self.holding = False

    def integrate(self, measured: Array, dt: float) -> None:
        """Advance the targets by a frame of `dt` [s], given the measured positions, shape (n,)."""
        if self.holding:
            return
        wanted = self.wanted
        if len(self.grippers):
            g = self.grippers
            wanted[g] = (self.goal[g] - self.position[g]) / dt
        limit = self.max_velocity
        step = self.max_acceleration * dt
        wanted = np.minimum(np.maximum(wanted, -limit), limit)
        velocity = np.minimum(np.maximum(wanted, self.velocity - step), self.velocity + step)
        world = velocity
        if len(self.base_yaw):
            yaw = self.base_yaw
            # Half the turn of this frame: the midpoint rule keeps arcs on their circle.
            heading = self.position[yaw] + 0.5 * dt * velocity[yaw]
            c, s = np.cos(heading), np.sin(heading)
            vx, vy = velocity[yaw - 2], velocity[yaw - 1]
            world = velocity.copy()
            world[yaw - 2] = c * vx - s * vy
            world[yaw - 1] = s * vx + c * vy
        free = self.position + world * dt
        position = np.minimum(np.maximum(free, self.lower), self.upper)
        if len(self.grippers):
            # A hand's fingers are geared together: each is drawn to the middle of both, so that
            # what they hold is centred instead of pushed about by two equal forces.
            hands, fingers = self.gripper_of, measured[self.grippers]
            middle = np.bincount(hands, fingers) / np.bincount(hands)
            measured = measured.copy()
            measured[self.grippers] += GEARING * (middle[hands] - fingers)
        position = np.minimum(np.maximum(position, measured - self.windup), measured + self.windup)
        stopped = position != free
        if stopped.any():  # a drive that cannot follow must not be told to move on either
            velocity = np.where(stopped, 0.0, velocity)
            world = np.where(stopped, 0.0, world)
        self.holding = not (velocity.any() or (position != self.position).any())
        self.position, self.velocity, self.world_velocity = position, velocity, world
        self.wanted = np.zeros_like(wanted)
