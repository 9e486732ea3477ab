"""A robot: it runs actions on its tracks and merges their velocities into one command a frame."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from counterpoint.actions import (
    Action,
    CollisionDetection,
    ImageFrequency,
)
from counterpoint.actions.arguments import check_seconds
from counterpoint.actions.claims import Claim, Claimant
from counterpoint.add_ons.action_runner import ActionRunner, Moment
from counterpoint.add_ons.add_on import AddOn
from counterpoint.add_ons.comm_channel import CommChannel
from counterpoint.add_ons.interaction import Interaction, interaction_of
from counterpoint.add_ons.radio import Radio
from counterpoint.add_ons.robot_calls import RobotCalls, Started
from counterpoint.commands import AddCamera, AddRobot, CaptureImages, Command, Names
from counterpoint.core.errors import CommandError, CommError, UnknownRobotError
from counterpoint.core.script import adopt, to_frames
from counterpoint.robots import get_model
from counterpoint.simulation.response import Response, RobotState, RobotStatic


class Robot(RobotCalls, AddOn):
    """A robot that a script directs.

    Args:
        robot_id: Its name, unique among robots, objects and cameras.
        model: One of `counterpoint.robots.list_models()`.
        position: Where its foot stands [m].
        rotation: Its heading [degrees of yaw]; 0 looks along +x.
        image_frequency: When its own cameras take images.
        collision_detection: The rules by which its motion stops.
        priority: Who wins where robots want the same thing; higher first.
        cooldown: Seconds after an interaction in which it stands back for others, under the
            arbiter's policy `cooldown`.
        image_size: Width and height of its cameras' images [pixels].

    Attributes:
        action: The action that was started last, or None.
    """

    acts = True

    def __init__(
        self,
        robot_id: str,
        model: str = "tiago_pro",
        position: Sequence[float] = (0.0, 0.0, 0.0),
        rotation: float = 0.0,
        *,
        image_frequency: ImageFrequency = ImageFrequency.once,
        collision_detection: CollisionDetection | None = None,
        priority: int = 0,
        cooldown: float = 0.5,
        image_size: tuple[int, int] = (256, 256),
    ) -> None:
        self.robot_id = robot_id
        self.model = get_model(model)
        self.image_frequency = image_frequency
        self.collision_detection = collision_detection or CollisionDetection()
        self.priority, self.cooldown = priority, check_seconds(cooldown, "cooldown")
        self.action: Action | None = None
        self._position, self._rotation, self._image_size = position, rotation, image_size
        self._response: Response | None = None
        self._runner: ActionRunner | None = None
        self._claimant = Claimant(robot_id)

    # --- what scripts see ---------------------------------------------------------------------

    @property
    def static(self) -> RobotStatic:
        """What never changes about the robot.

        Raises:
            UnknownRobotError: Before the first frame with it.
        """
        return self.dynamic.static

    @property
    def dynamic(self) -> RobotState:
        """The robot in the last frame.

        Raises:
            UnknownRobotError: Before the first frame with it.
        """
        return self._last_response().robots[self.robot_id]

    @property
    def actions(self) -> Mapping[str, Action]:
        """Track → the ongoing action on it, with those that wait for the next frame.

        One that waits for its claims has its tracks only where nothing else runs on them.
        """
        view: dict[str, Action] = {}
        for action in sorted(self._actions(), key=lambda a: a.claim is None or not a.waiting):
            for track in action.tracks:
                view[track] = action
        return MappingProxyType(view)

    @property
    def radio(self) -> Radio:
        """Sends and receives messages, on the first `CommChannel` among the add-ons.

        Raises:
            CommError: If there is none, or it takes no part yet.
            UnknownRobotError: Before the first frame with the robot.
        """
        self._require_scene()
        for add_on in self.host.add_ons if self.host is not None else ():
            if isinstance(add_on, CommChannel):
                return add_on.radio(self.robot_id)
        raise CommError("there is no radio: put a CommChannel() into controller.add_ons")

    @property
    def interaction(self) -> Interaction:
        """How it stands towards what robots share: what it holds, waits for, and since when."""
        host = self.host
        if host is None or self._runner is None:
            return Interaction()
        return interaction_of(
            self._claimant, self._actions(), self.action,
            frame=host.frame, frames_per_second=host.frames_per_second,
        )  # fmt: skip

    def start(self, action: Started) -> Started:
        """Start an action; it initialises in the next `communicate()`. Returns it.

        One with claims waits until they are granted. It replaces ongoing actions whose tracks it
        needs. An action whose tracks the robot lacks ends at once as `not_supported`.

        Raises:
            UnknownRobotError: Before the first frame with the robot.
            CommandError: If that action was started before.
        """
        self._require_scene()
        if action.robot_id is not None:
            raise CommandError(
                f"this {type(action).__name__} was started before, on {action.robot_id!r}; "
                "an action runs once: make a new one"
            )
        action.robot_id = self.robot_id
        self.action = action
        assert self._runner is not None
        self._runner.add(action)
        adopt(action)
        return action

    def cancel(self, reason: str = "cancelled by the script") -> None:
        """End every action of the robot in the next `communicate()`, as `cancelled`."""
        for action in self._actions():
            action.cancel(reason)

    # --- the loop -----------------------------------------------------------------------------

    def get_initialization_commands(self) -> list[Command]:
        """The robot and its cameras."""
        x, y, z = _three(self._position, "position")
        rotation = self._rotation
        if not (isinstance(rotation, (int, float)) and math.isfinite(rotation)):
            raise CommandError(
                "expected finite degrees", type="add_robot", field="rotation", value=rotation
            )
        yaw = math.radians(rotation)
        commands: list[Command] = [
            AddRobot(robot_id=self.robot_id, model=self.model.name, position=(x, y, z), yaw=yaw)
        ]
        for name, mount in self.model.cameras.items():
            commands.append(
                AddCamera(
                    camera_id=f"{self.robot_id}.{name}",
                    mount=(self.robot_id, mount.link),
                    position=tuple(mount.link_from_camera.p.tolist()),
                    quaternion=tuple(mount.link_from_camera.q.tolist()),
                    field_of_view=mount.field_of_view,
                    size=self._image_size,
                )
            )
        return commands

    def takes_over(self, names: Names) -> bool:
        """Whether a replay has brought a robot of that name and model."""
        return names.robots.get(self.robot_id) is self.model

    def claims(self) -> Sequence[Claim]:
        """What its actions hold, and what they wait for."""
        runner, host, response = self._runner, self.host, self._response
        if runner is None or host is None or response is None:
            return ()
        if not (runner.queue or runner.running) or self.robot_id not in host.names.robots:
            return ()
        claimant = self._claimant
        claimant.priority = self.priority
        claimant.cooldown = (
            to_frames(self.cooldown, host.frames_per_second) if self.cooldown > 0 else 0
        )
        return runner.claims(claimant, response.robots[self.robot_id])

    def get_commands(self) -> list[Command]:
        """New actions initialise; velocities of all actions become one command."""
        runner, host = self._runner, self.host
        if runner is None or host is None:
            return []
        if self.robot_id not in host.names.robots:
            self._forget(f"robot {self.robot_id!r} was removed")
            return []
        commands = runner.collect(self._moment()) if runner.queue or runner.running else []
        if self.image_frequency is ImageFrequency.always and self.model.cameras:
            commands.append(CaptureImages(cameras=self._camera_ids()))
        return commands

    def hold_back(self, tracks: Collection[str], reason: str) -> None:
        """For add-ons that rewrite frames: these tracks are kept from moving in this frame.

        Actions on them end as `safety_stop` when that lasts longer than their patience.
        """
        if self._runner is not None:
            self._runner.hold_back(tracks, reason)

    def advance(self, response: Response) -> None:
        """Ongoing actions read the state and decide."""
        if self.robot_id not in response.robots:  # a command has removed it
            return
        self._response = response
        if self._runner is None:
            self._runner = ActionRunner(response.robots[self.robot_id].static)
        if self._runner.running:
            self._runner.advance(self._moment())

    def settle(self, response: Response) -> list[Command]:
        """End commands of the actions that ended in this frame."""
        runner = self._runner
        return runner.settle(self._moment()) if runner is not None and runner.ending else []

    def state(self) -> Any:
        """Its actions and interactions."""
        return None if self._runner is None else (self._runner.state(), self._claimant.state())

    def leave(self) -> None:
        """The scene is gone: every action is, too."""
        super().leave()
        self._forget("the scene ended")

    # --- inside -------------------------------------------------------------------------------

    def _forget(self, reason: str) -> None:
        if self._runner is not None:
            self._runner.abandon(reason)
        self._runner, self._response, self.action = None, None, None
        self._claimant = Claimant(self.robot_id)

    def _actions(self) -> list[Action]:
        """Those that run, then those that wait for the next frame."""
        runner = self._runner
        return [] if runner is None else [*runner.running, *runner.queue]

    def _last_response(self) -> Response:
        self._require_scene()
        assert self._response is not None
        return self._response

    def _require_scene(self) -> None:
        if self.host is None or self._response is None:
            there = [] if self.host is None else list(self.host.names.robots)
            raise UnknownRobotError(
                self.robot_id,
                there,
                hint="Put the robot into controller.add_ons and call communicate() once, with "
                "create_empty_room, before using it",
            )

    def _camera_ids(self) -> tuple[str, ...]:
        return tuple(f"{self.robot_id}.{name}" for name in self.model.cameras)

    def _moment(self) -> Moment:
        host, response = self.host, self._response
        assert host is not None
        assert response is not None
        dynamic = response.robots[self.robot_id]
        return Moment(
            host, response, dynamic.static, dynamic, self.collision_detection, self.image_frequency
        )


def _three(value: Sequence[float], field: str) -> tuple[float, float, float]:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.shape != (3,) or not np.isfinite(array).all():
        raise CommandError(
            "expected three finite numbers [m]", type="add_robot", field=field, value=value
        )
    x, y, z = array.tolist()
    return x, y, z
