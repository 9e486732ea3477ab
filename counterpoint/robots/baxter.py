"""Rethink Robotics Baxter: two 7-joint arms with electric grippers on a pedestal, and a head."""

from __future__ import annotations

from counterpoint.core.arm import Arm
from counterpoint.core.pose import Pose
from counterpoint.robots.model import CameraMount, Drive, EndEffector, Gripper, RobotModel
from counterpoint.robots.registry import register_model

_JOINTS = ("s0", "s1", "e0", "e1", "w0", "w1", "w2")
LEFT_ARM = tuple(f"left_{j}" for j in _JOINTS)
RIGHT_ARM = tuple(f"right_{j}" for j in _JOINTS)
_ARM_DRIVE = Drive(stiffness=1000.0, damping=100.0, acceleration=8.0)

BAXTER = register_model(
    RobotModel(
        name="baxter",
        description="baxter_description/urdf/baxter.urdf",
        base="fixed",
        tracks={"head": ("head_pan",), "left_arm": LEFT_ARM, "right_arm": RIGHT_ARM},
        end_effectors={
            Arm.left: EndEffector("left_gripper", finger_depth=0.0045),
            Arm.right: EndEffector("right_gripper", finger_depth=0.0045),
        },
        grippers={
            # The description's left fingers have flat tips, its right ones round ones.
            Arm.left: Gripper(
                drivers=("l_gripper_l_finger_joint",),
                fingers=("l_gripper_l_finger", "l_gripper_r_finger"),
                openings=(0.016, 0.0577),
                positions=(0.0, 0.020833),
                force_limit=20.0,
                followers={"l_gripper_r_finger_joint": "l_gripper_l_finger_joint"},
                multipliers={"l_gripper_r_finger_joint": -1.0},
            ),
            Arm.right: Gripper(
                drivers=("r_gripper_l_finger_joint",),
                fingers=("r_gripper_l_finger", "r_gripper_r_finger"),
                openings=(0.0064, 0.0481),
                positions=(0.0, 0.020833),
                force_limit=20.0,
                followers={"r_gripper_r_finger_joint": "r_gripper_l_finger_joint"},
                multipliers={"r_gripper_r_finger_joint": -1.0},
            ),
        },
        home={
            **dict(zip(LEFT_ARM, (-0.08, -1.0, -1.19, 1.94, 0.67, 1.03, -0.5), strict=True)),
            **dict(zip(RIGHT_ARM, (0.08, -1.0, 1.19, 1.94, -0.67, 1.03, 0.5), strict=True)),
        },
        drives={
            # The description lets the head turn at 10,000 rad/s.
            "head": Drive(stiffness=200.0, damping=20.0, acceleration=8.0, velocity=1.5),
            "left_arm": _ARM_DRIVE,
            "right_arm": _ARM_DRIVE,
        },
        radius=0.35,
        base_height=0.93,
        cameras={
            # In front of the ball that stands for the head in the description's collision shapes.
            "head": CameraMount("head", Pose.of((0.29, 0.0, 0.064)), field_of_view=0.95)
        },
        payload=2.2,
        color=(0.55, 0.57, 0.60),
        colors={
            "gripper": (0.22, 0.23, 0.25),
            "head": (0.25, 0.26, 0.28),
            "mount": (0.30, 0.31, 0.33),
            "elbow": (0.72, 0.22, 0.24),
            "forearm": (0.72, 0.22, 0.24),
            "shoulder": (0.72, 0.22, 0.24),
        },
    )
)
