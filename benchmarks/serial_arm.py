"""A serial arm drawn at random, with exact kinematics: for finite differences."""

from __future__ import annotations

import numpy as np

from counterpoint.core.pose import matrix_from_quaternion, quaternion_from_axis_angle
from counterpoint.safety.arm_geometry import ArmGeometry, JointAxes
from counterpoint.safety.barriers import ArmState
from counterpoint.safety.spheres import LinkSpheres


class SerialArm:
    """Links 0 (fixed) to n; joint k moves link k + 1 and all after it, and some joints slide.

    Args:
        rng: Draws its shape.
        joints: n.
        sliding: Joints that slide instead of turning.
        spheres: Spheres a moving link.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        joints: int = 7,
        sliding: tuple[int, ...] = (),
        spheres: int = 2,
    ) -> None:
        self.size = joints
        self.offsets = rng.uniform(-0.1, 0.3, (joints, 3))
        self.axes = rng.normal(size=(joints, 3))
        self.axes /= np.linalg.norm(self.axes, axis=1, keepdims=True)
        self.slides = np.isin(np.arange(joints), sliding)
        self.geometry = ArmGeometry(
            LinkSpheres(
                links=np.repeat(np.arange(1, joints + 1), spheres),
                offsets=rng.uniform(-0.1, 0.1, (joints * spheres, 3)),
                radii=rng.uniform(0.03, 0.06, joints * spheres),
            ),
            JointAxes(
                links=np.arange(1, joints + 1),
                axes=self.axes,
                sliding=self.slides,
                moves=np.arange(joints + 1)[:, None] > np.arange(joints),
            ),
            tool_link=joints,
            tool_offset=rng.uniform(-0.1, 0.2, 3),
        )

    def links(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rotations (n + 1, 3, 3) and positions (n + 1, 3) of the links."""
        rotation, position = np.eye(3), np.zeros(3)
        rotations, positions = [rotation], [position]
        for k in range(self.size):
            position = position + rotation @ self.offsets[k]
            if self.slides[k]:
                position = position + rotation @ self.axes[k] * q[k]
            else:
                turn = quaternion_from_axis_angle(self.axes[k], float(q[k]))
                rotation = rotation @ matrix_from_quaternion(turn)
            rotations.append(rotation)
            positions.append(position)
        return np.array(rotations), np.array(positions)

    def state(self, q: np.ndarray) -> ArmState:
        """The arm's state at joint positions (n,)."""
        return self.geometry.state(q, *self.links(q))
