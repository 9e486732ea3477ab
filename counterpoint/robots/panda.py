"""Franka Emika Panda: one 7-joint arm with a parallel gripper on a fixed base."""

from __future__ import annotations

from counterpoint.core.arm import Arm
from counterpoint.robots.model import Drive, EndEffector, Gripper, RobotModel
from counterpoint.robots.registry import register_model

ARM = tuple(f"panda_joint{i}" for i in range(1, 8))

PANDA = register_model(
    RobotModel(
        name="panda",
        description="panda_description/urdf/panda.urdf",
        base="fixed",
        tracks={"right_arm": ARM},
        end_effectors={Arm.right: EndEffector("panda_hand_tcp")},
        grippers={
            Arm.right: Gripper(
                drivers=("panda_finger_joint1", "panda_finger_joint2"),
                fingers=("panda_leftfinger", "panda_rightfinger"),
                openings=(0.0, 0.08),
                positions=(0.0, 0.04),
                speed=0.2,
                drive=Drive(stiffness=1000.0, damping=100.0),
                force_limit=40.0,
            )
        },
        home=dict(zip(ARM, (0.0, -0.55, 0.0, -2.3, 0.0, 1.8, 0.785), strict=True)),
        drives={"right_arm": Drive(stiffness=1000.0, damping=100.0, acceleration=10.0)},
        radius=0.15,
        payload=3.0,
        color=(0.92, 0.92, 0.93),
        colors={"hand": (0.75, 0.76, 0.78), "finger": (0.25, 0.26, 0.28)},
    )
)
