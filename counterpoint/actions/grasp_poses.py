"""How a hand may take an object: tool poses from its affordance points, best first."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from counterpoint.core.pose import (
    Array,
    Pose,
    matrix_from_quaternion,
    multiply,
    quaternion_from_axis_angle,
    quaternion_from_frame,
    rotate,
)
from counterpoint.objects.model import Affordance
from counterpoint.simulation.response import ObjectState

TIP_CLEARANCE = 0.004  # m: between fingertips and the object's far side
SQUEEZE = 0.003  # m: what closed fingers must have left to press with
CLEARANCE = 0.006  # m: how much wider than the object the hand must open


@dataclass(frozen=True, slots=True, eq=False)
class GraspPose:
    """A way to take an object.

    Attributes:
        affordance: The affordance point.
        world_from_tool: Where the tool has to be when the fingers close.
        width: What they span [m].
    """

    affordance: str
    world_from_tool: Pose
    width: float

    @property
    def approach(self) -> Array:
        """The direction in which the hand comes in, in the world, shape (3,)."""
        return rotate(self.world_from_tool.q, np.array([0.0, 0.0, 1.0]))

    def backed_off(self, distance: float) -> Pose:
        """The tool pose `distance` [m] before the grasp."""
        return Pose(self.world_from_tool.p - distance * self.approach, self.world_from_tool.q)


def grasp_poses(
    state: ObjectState,
    openings: tuple[float, float],
    finger_depth: float,
    *,
    affordance: str | None = None,
    tilts: tuple[float, ...] = (0.0,),
) -> list[GraspPose]:
    """Every grasp that the hand is wide enough for, in the order of the affordances.

    Args:
        state: The object.
        openings: The narrowest and the widest distance between the fingertips [m].
        finger_depth: How far the fingertips reach beyond the tool centre point [m].
        affordance: Only this point, or None for all.
        tilts: Angles [rad] by which the hand leans about the closing axis, each tried.
    """
    found = []
    for point in state.static.model.affordances:
        if affordance is not None and point.name != affordance:
            continue
        if not openings[0] + SQUEEZE <= point.width <= openings[1] - CLEARANCE:
            continue
        for tilt in tilts:
            for flip in (1.0, -1.0):  # a parallel hand fits both ways round
                found.append(
                    GraspPose(
                        point.name, _tool(state, point, flip, tilt, finger_depth), point.width
                    )
                )
    return found


def _tool(
    state: ObjectState, point: Affordance, flip: float, tilt: float, finger_depth: float
) -> Pose:
    approach = rotate(state.quaternion, point.approach)
    closing = flip * rotate(state.quaternion, point.closing_axis)
    # The tool's z is the approach and its y the closing axis, so its x is y × z.
    q = quaternion_from_frame(np.cross(closing, approach), approach)
    if tilt:
        q = multiply(quaternion_from_axis_angle(closing / math.sqrt(closing @ closing), tilt), q)
    # Fingertips stay short of the object's far side, where there may be a table.
    advance = rotate(q, np.array([0.0, 0.0, 1.0]))
    position = state.pose.apply(point.position)
    corners = state.static.vertices @ matrix_from_quaternion(state.quaternion).T + state.position
    room = float(((corners - position) @ advance).max()) - TIP_CLEARANCE
    return Pose(position - advance * max(0.0, finger_depth - room), q)
