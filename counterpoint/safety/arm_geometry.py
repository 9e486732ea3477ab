"""An arm's spheres, joint axes and tool: from link poses to what the inner layer needs to know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.errors import SafetyInputError
from counterpoint.core.pose import Array
from counterpoint.safety.barriers import ArmState
from counterpoint.safety.spheres import LinkSpheres


@dataclass(frozen=True, slots=True, eq=False)
class JointAxes:
    """How joints move links.

    Attributes:
        links: Index of each joint's child link, whose origin lies on the axis, shape (n,).
        axes: Unit vectors along the axes in the child links' frames, shape (n, 3).
        sliding: Which joints slide instead of turning, shape (n,).
        moves: Whether a joint moves a link, shape (l, n).
    """

    links: NDArray[np.intp]
    axes: Array
    sliding: NDArray[np.bool_]
    moves: NDArray[np.bool_]

    def select(self, joints: NDArray[np.intp]) -> JointAxes:
        """Some of the joints: those that the inner layer decides on, in the order of the chain."""
        return JointAxes(
            self.links[joints], self.axes[joints], self.sliding[joints], self.moves[:, joints]
        )


class ArmGeometry:
    """What of an arm does not change, and how its state follows from its links' poses.

    Args:
        spheres: Its spheres.
        axes: The joints that may be commanded, base to tool.
        tool_link: Index of the link that carries the end effector.
        tool_offset: The end effector in that link's frame, shape (3,) [m].

    Raises:
        SafetyInputError: If shapes do not match.
    """

    def __init__(
        self, spheres: LinkSpheres, axes: JointAxes, *, tool_link: int, tool_offset: Array
    ) -> None:
        n = len(axes.links)
        if axes.axes.shape != (n, 3) or axes.sliding.shape != (n,) or axes.moves.shape[1:] != (n,):
            raise SafetyInputError(
                f"{n} joints need axes ({n}, 3), sliding ({n},) and moves (l, {n}), not "
                f"{axes.axes.shape}, {axes.sliding.shape}, {axes.moves.shape}"
            )
        if np.shape(tool_offset) != (3,):
            raise SafetyInputError(f"tool_offset must have shape (3,), not {np.shape(tool_offset)}")
        self.spheres, self.axes, self.tool_link = spheres, axes, tool_link
        # The tool is one more point, after the spheres' centres.
        self._links = np.append(spheres.links, tool_link).astype(np.intp)
        self._offsets = np.concatenate((spheres.offsets, np.reshape(tool_offset, (1, 3))))
        self._moves = axes.moves[self._links].astype(np.float64)[:, None, :]
        self._sliding = axes.sliding.astype(np.float64)[:, None]
        self._turning = 1.0 - self._sliding

    def state(self, q: Array, rotations: Array, positions: Array) -> ArmState:
        """The arm's state.

        Args:
            q: Positions of the joints, shape (n,) [rad or m].
            rotations: World from link, shape (l, 3, 3).
            positions: The links' origins, shape (l, 3) [m].
        """
        links, axes = self._links, self.axes
        points = np.einsum("sij,sj->si", rotations.take(links, axis=0), self._offsets)
        points += positions.take(links, axis=0)
        child = axes.links
        along = np.einsum("nij,nj->ni", rotations.take(child, axis=0), axes.axes)
        angular = along * self._turning
        # ω × x as a matrix product: columns of every joint at once, for every point x at once.
        x, y, z = angular.T
        spin = np.zeros((3, 3, len(x)))
        spin[0, 1], spin[0, 2] = z, -y
        spin[1, 0], spin[1, 2] = -z, x
        spin[2, 0], spin[2, 1] = y, -x
        # Velocity of the point that is at the world's origin: what slides, or −ω × anchor.
        fixed = along * self._sliding - np.einsum("jk,kij->ji", positions.take(child, axis=0), spin)
        jacobian = (points @ spin.reshape(3, -1)).reshape(len(points), 3, -1)
        jacobian += fixed.T
        jacobian *= self._moves
        tool = np.concatenate((jacobian[-1], angular.T * self._moves[-1]))
        return ArmState(q, points[:-1], jacobian[:-1], self.spheres.radii, points[-1], tool)
