"""Universal Robots UR5: one 6-joint arm on a fixed base, without a gripper."""

from __future__ import annotations

from counterpoint.core.arm import Arm
from counterpoint.robots.model import Drive, EndEffector, RobotModel
from counterpoint.robots.registry import register_model

ARM = (
    "shoulder_pan_joint",
    "shoulder_lift_joint",
    "elbow_joint",
    "wrist_1_joint",
    "wrist_2_joint",
    "wrist_3_joint",
)

UR5 = register_model(
    RobotModel(
        name="ur5",
        # Half a turn either way: with a whole one, the arm would wind itself up.
        description="ur_description/urdf/ur5_joint_limited_robot.urdf",
        base="fixed",
        tracks={"right_arm": ARM},
        end_effectors={Arm.right: EndEffector("tool0")},
        grippers={},
        home=dict(zip(ARM, (0.0, -1.9, 2.1, -1.77, -1.571, 0.0), strict=True)),
        drives={"right_arm": Drive(stiffness=1000.0, damping=100.0, acceleration=10.0)},
        radius=0.15,
        base_height=0.003,
        payload=5.0,
        color=(0.72, 0.76, 0.80),
        colors={"mount": (0.35, 0.37, 0.40), "wrist": (0.30, 0.48, 0.66)},
    )
)
