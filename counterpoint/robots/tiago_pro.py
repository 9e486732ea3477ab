"""PAL Robotics TIAGo Pro: an omnidirectional base, a lifting torso, two 7-joint arms and a head."""

from __future__ import annotations

from counterpoint.core.arm import Arm
from counterpoint.core.pose import Pose
from counterpoint.robots.model import CameraMount, Drive, EndEffector, Gripper, RobotModel
from counterpoint.robots.registry import register_model


def _arm(side: str) -> tuple[str, ...]:
    return tuple(f"arm_{side}_{i}_joint" for i in range(1, 8))


def _gripper(side: str) -> Gripper:
    """A four-bar gripper: the outer bar and the fingertip follow each inner finger."""
    inner = {s: f"gripper_{side}_inner_finger_{s}_joint" for s in ("left", "right")}
    outer = {
        "left": f"gripper_{side}_finger_joint",
        "right": f"gripper_{side}_outer_finger_right_joint",
    }
    tip = {s: f"gripper_{side}_fingertip_{s}_joint" for s in ("left", "right")}
    both = ("left", "right")
    return Gripper(
        drivers=tuple(inner[s] for s in both),
        fingers=(f"gripper_{side}_fingertip_left_link", f"gripper_{side}_fingertip_right_link"),
        openings=OPENINGS,
        positions=POSITIONS,
        speed=0.12,
        drive=Drive(stiffness=1000.0, damping=100.0),
        force_limit=2.0,
        armature=0.05,
        followers={outer[s]: inner[s] for s in both} | {tip[s]: inner[s] for s in both},
        multipliers={outer[s]: 1.0 for s in both} | {tip[s]: -1.0 for s in both},
    )


# Distance between the fingertips' faces at positions of the inner finger, from the description.
POSITIONS = (0.8, 0.6, 0.4, 0.2, 0.0)
OPENINGS = (0.009, 0.0286, 0.0474, 0.0644, 0.0792)

# Hands in front of the chest, elbows out, everything within 0.51 m of the base's axis.
_RIGHT_REST = (-2.394, -1.953, 1.91, -2.037, -0.44, -1.334, -2.344)
_MIRROR = (-1, 1, -1, 1, -1, 1, -1)
_REST = {
    "right": _RIGHT_REST,
    "left": tuple(s * v for s, v in zip(_MIRROR, _RIGHT_REST, strict=True)),
}

TIAGO_PRO = register_model(
    RobotModel(
        name="tiago_pro",
        description="tiago_pro_description/robots/tiago_pro.urdf",
        base="omnidirectional",
        tracks={
            "torso": ("torso_lift_joint",),
            "head": ("head_1_joint", "head_2_joint"),
            "left_arm": _arm("left"),
            "right_arm": _arm("right"),
        },
        end_effectors={
            Arm.left: EndEffector(
                "gripper_left_base_link", Pose.of((0, 0, 0.15)), finger_depth=0.024
            ),
            Arm.right: EndEffector(
                "gripper_right_base_link", Pose.of((0, 0, 0.15)), finger_depth=0.024
            ),
        },
        grippers={Arm.left: _gripper("left"), Arm.right: _gripper("right")},
        home={
            "torso_lift_joint": 0.15,
            **dict(zip(_arm("left"), _REST["left"], strict=True)),
            **dict(zip(_arm("right"), _REST["right"], strict=True)),
        },
        drives={
            "base": Drive(stiffness=2500.0, damping=100.0, acceleration=1.5, mode="acceleration"),
            "torso": Drive(stiffness=20000.0, damping=4000.0, acceleration=0.2),
            "head": Drive(stiffness=200.0, damping=20.0, acceleration=8.0),
            "left_arm": Drive(stiffness=1000.0, damping=100.0, acceleration=8.0),
            "right_arm": Drive(stiffness=1000.0, damping=100.0, acceleration=8.0),
        },
        radius=0.45,
        fixed_joints=("wheel",),
        base_height=0.005,
        base_speed=(1.0, 1.5),
        cameras={
            "head": CameraMount(
                "head_front_camera_link", Pose.of((0.0, 0.0, 0.0)), field_of_view=0.95
            )
        },
        payload=3.0,
        colors={
            "gripper": (0.22, 0.23, 0.25),
            "arm": (0.93, 0.93, 0.94),
            "head": (0.95, 0.95, 0.96),
            "base": (0.35, 0.37, 0.40),
            "wheel": (0.12, 0.12, 0.13),
            "torso": (0.90, 0.55, 0.20),
        },
    )
)
