"""UFACTORY xArm 7: one 7-joint arm on a fixed base, without a gripper."""

from __future__ import annotations

from counterpoint.core.arm import Arm
from counterpoint.robots.model import Drive, EndEffector, RobotModel
from counterpoint.robots.registry import register_model

ARM = tuple(f"joint{i}" for i in range(1, 8))

XARM7 = register_model(
    RobotModel(
        name="xarm7",
        description="xarm_description/urdf/xarm7.urdf",
        base="fixed",
        tracks={"right_arm": ARM},
        end_effectors={Arm.right: EndEffector("link_eef")},
        grippers={},
        home=dict(zip(ARM, (0.0, -0.35, 0.0, 0.8, 0.0, 1.15, 0.0), strict=True)),
        drives={"right_arm": Drive(stiffness=1000.0, damping=100.0, acceleration=10.0)},
        radius=0.12,
        color=(0.95, 0.95, 0.95),
    )
)
