"""What robots do: the action, its statuses, and one class per action."""

from counterpoint.actions.action import Action, Composite, Controls, DriveJoints, Request
from counterpoint.actions.animate import Animate
from counterpoint.actions.animation import (
    Animation,
    KeyFrame,
    get_animation,
    list_animations,
    register_animation,
)
from counterpoint.actions.base_motion import MoveBy, MoveTo, TurnBy, TurnTo
from counterpoint.actions.collision import CollisionDetection
from counterpoint.actions.drop import Drop, Place
from counterpoint.actions.follow_policy import FollowPolicy, Policy
from counterpoint.actions.grasp import Grasp
from counterpoint.actions.head_motion import LookAt, ResetHead, RotateHead
from counterpoint.actions.navigate_to import NavigateTo
from counterpoint.actions.reach_by_plan import Plan, ReachByPlan
from counterpoint.actions.reach_for import ReachFor, nearer_arm
from counterpoint.actions.reset_arm import ResetArm
from counterpoint.actions.status import ActionStatus, ImageFrequency, Result
from counterpoint.actions.targets import Target
from counterpoint.actions.wait import DoNothing, Wait

__all__ = [
    "Action",
    "ActionStatus",
    "Animate",
    "Animation",
    "CollisionDetection",
    "Composite",
    "Controls",
    "DoNothing",
    "DriveJoints",
    "Drop",
    "FollowPolicy",
    "Grasp",
    "ImageFrequency",
    "KeyFrame",
    "LookAt",
    "MoveBy",
    "MoveTo",
    "NavigateTo",
    "Place",
    "Plan",
    "Policy",
    "ReachByPlan",
    "ReachFor",
    "Request",
    "ResetArm",
    "ResetHead",
    "Result",
    "RotateHead",
    "Target",
    "TurnBy",
    "TurnTo",
    "Wait",
    "get_animation",
    "list_animations",
    "nearer_arm",
    "register_animation",
]
