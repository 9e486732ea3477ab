"""Fetch Robotics Fetch: a differential base, a lifting torso, a head, one 7-joint arm."""

from __future__ import annotations

from counterpoint.core.arm import Arm
from counterpoint.core.pose import Pose
from counterpoint.robots.model import CameraMount, Drive, EndEffector, Gripper, RobotModel
from counterpoint.robots.registry import register_model

ARM = (
    "shoulder_pan_joint",
    "shoulder_lift_joint",
    "upperarm_roll_joint",
    "elbow_flex_joint",
    "forearm_roll_joint",
    "wrist_flex_joint",
    "wrist_roll_joint",
)

FETCH = register_model(
    RobotModel(
        name="fetch",
        description="fetch/fetch.urdf",
        package="mani-skill",
        extra="maniskill",
        base="differential",
        tracks={
            "torso": ("torso_lift_joint",),
            "head": ("head_pan_joint", "head_tilt_joint"),
            "right_arm": ARM,
        },
        end_effectors={
            # The hand points along its link's x axis.
            Arm.right: EndEffector(
                "gripper_link", Pose.of((0, 0, 0), (0.5**0.5, 0, 0.5**0.5, 0)), finger_depth=0.033
            )
        },
        grippers={
            Arm.right: Gripper(
                drivers=("r_gripper_finger_joint", "l_gripper_finger_joint"),
                fingers=("r_gripper_finger_link", "l_gripper_finger_link"),
                openings=(0.0, 0.0994),
                positions=(0.0, 0.05),
                force_limit=60.0,
            )
        },
        home={
            "torso_lift_joint": 0.15,
            **dict(zip(ARM, (0.0, -1.19, -1.27, 1.77, 0.0, 1.24, 0.0), strict=True)),
        },
        drives={
            "base": Drive(stiffness=2500.0, damping=100.0, acceleration=1.0, mode="acceleration"),
            "torso": Drive(stiffness=20000.0, damping=4000.0, acceleration=0.2),
            "head": Drive(stiffness=200.0, damping=20.0, acceleration=8.0),
            "right_arm": Drive(stiffness=3000.0, damping=300.0, acceleration=8.0),
        },
        radius=0.53,
        # The description's own planar base; counterpoint mounts the same one on every mobile robot.
        fixed_joints=("root_",),
        base_height=0.005,
        base_speed=(1.0, 1.5),
        cameras={"head": CameraMount("head_camera_link", Pose.of(), field_of_view=0.8)},
        payload=3.0,
        color=(0.90, 0.90, 0.91),
        colors={
            "gripper": (0.25, 0.26, 0.28),
            "base": (0.35, 0.37, 0.40),
            "wheel": (0.12, 0.12, 0.13),
            "elbow": (0.20, 0.42, 0.70),
            "shoulder": (0.20, 0.42, 0.70),
            "wrist": (0.20, 0.42, 0.70),
        },
    )
)
