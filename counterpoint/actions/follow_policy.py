"""Letting a policy drive: a partner, a trained agent, a planner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from counterpoint.actions.action import Action, DriveJoints, Request
from counterpoint.actions.arguments import check_count
from counterpoint.actions.status import ImageFrequency
from counterpoint.core.errors import CommandError
from counterpoint.core.pose import Array
from counterpoint.simulation.response import Response, RobotState, RobotStatic

Policy = Callable[[Response, RobotStatic, RobotState], Mapping[str, Sequence[float] | Array] | None]
"""(response, static, dynamic) → velocities by track, as `DriveJoints` takes them, or None: done."""


class FollowPolicy(Action):
    """Let a policy drive some tracks for a number of frames.

    The policy is asked once a frame. Tracks that its answer leaves out slow down and hold. What it
    raises, and an answer that cannot be driven, end the action as `failure`, with the error in its
    result. A policy with a state of its own belongs to whoever made it: the state hash does not
    know it.

    Args:
        policy: What decides.
        frames: How many frames it may drive.
        tracks: The tracks that are its own.

    Raises:
        CommandError: If the policy cannot be called, `frames` is no number of frames, or `tracks`
            are not different names.
    """

    def __init__(self, policy: Policy, frames: int, tracks: str | Sequence[str]) -> None:
        super().__init__()
        if not callable(policy):
            raise CommandError("expected a callable", field="policy", value=policy)
        names = (tracks,) if isinstance(tracks, str) else tuple(tracks)
        if not names or len(set(names)) < len(names) or not all(isinstance(n, str) for n in names):
            raise CommandError("expected different track names", field="tracks", value=tracks)
        self.policy = policy
        self.frames = check_count(frames, "frames")
        self.tracks = names
        self._left = self.frames

    def get_initialization_commands(
        self,
        resp: Response,
        static: RobotStatic,
        dynamic: RobotState,
        image_frequency: ImageFrequency,
    ) -> list[Request]:
        """See `Action`."""
        return self._ask(resp, static, dynamic)

    def get_ongoing_commands(
        self, resp: Response, static: RobotStatic, dynamic: RobotState
    ) -> list[Request]:
        """See `Action`."""
        self._left -= 1
        if self._left == 0:
            return self.succeed(f"the policy drove for {self.frames} frames")
        return self._ask(resp, static, dynamic)

    def state(self) -> Any:
        """See `Action`."""
        return self._left

    def _ask(self, resp: Response, static: RobotStatic, dynamic: RobotState) -> list[Request]:
        answer = self.policy(resp, static, dynamic)
        if answer is None:
            return self.succeed("the policy says that it is done")
        if not isinstance(answer, Mapping):
            raise CommandError(
                "a policy answers with velocities by track, or None", field="policy", value=answer
            )
        for track in answer:
            if track not in self.tracks:
                raise CommandError(
                    "the policy drives a track that is not its own",
                    field="tracks", value=track, exists=self.tracks,
                )  # fmt: skip
        return [DriveJoints(t, np.array(v, dtype=np.float64)) for t, v in answer.items()]
