"""Which hand holds what, told from the contacts of its fingers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from counterpoint.core.arm import Arm
from counterpoint.core.pose import Array, Pose, matrix_from_quaternion
from counterpoint.simulation.contacts import Contacts
from counterpoint.simulation.response import RobotStatic
from counterpoint.simulation.snapshot import HandState

MIN_FORCE = 0.5  # N, of each finger
MIN_COSINE = float(np.cos(np.deg2rad(85.0)))  # between a finger's force and the closing axis
FRAMES = 5  # of pressing until an object counts as held
GRACE = 3  # of not pressing until it no longer does

ToolPose = Callable[[RobotStatic, Arm], Pose]


@dataclass(slots=True)
class _Hand:
    static: RobotStatic
    arm: Arm
    fingers: tuple[int, int]
    candidate: str | None = None
    pressed: int = 0
    missed: int = 0
    held: str | None = None
    welded: str | None = None


class Grips:
    """Held objects of every hand, updated once a frame."""

    def __init__(self) -> None:
        self._hands: dict[str, dict[Arm, _Hand]] = {}
        self._is_finger = np.zeros(0, dtype=bool)
        self._idle = True
        """Whether no hand presses on anything: without touching fingers nothing can change."""

    def add(self, static: RobotStatic, fingers: dict[Arm, tuple[int, int]]) -> None:
        """Watch a robot's hands, given the body indices of their fingers.

        Hands that are watched already keep what they hold: only the indices are new.
        """
        hands = self._hands.setdefault(static.robot_id, {})
        for arm in static.model.end_effectors:
            pair = fingers.get(arm, (-1, -1))  # hands without fingers can only be welded to
            hand = hands.setdefault(arm, _Hand(static, arm, pair))
            hand.static, hand.fingers = static, pair
        self._is_finger = np.zeros(0, dtype=bool)

    def remove(self, robot_id: str) -> None:
        """No longer watch a robot."""
        del self._hands[robot_id]

    def forget(self, object_id: str) -> None:
        """An object is gone: no hand holds it any more."""
        for hands in self._hands.values():
            for hand in hands.values():
                if object_id in (hand.candidate, hand.held):
                    hand.candidate, hand.held, hand.pressed = None, None, 0

    def weld(self, robot_id: str, arm: Arm, object_id: str | None) -> None:
        """An object was fixed to a hand, or let go of."""
        hand = self._hands[robot_id][arm]
        hand.welded = object_id
        if object_id is None:
            hand.held, hand.pressed = None, 0

    def held(self, robot_id: str) -> MappingProxyType[Arm, str | None]:
        """Arm → the object that it holds, or None."""
        return MappingProxyType(
            {arm: hand.welded or hand.held for arm, hand in self._hands[robot_id].items()}
        )

    def state(self) -> list[tuple[str, str, str | None, int, int, str | None]]:
        """What a later frame depends on, for the state hash."""
        return [
            (robot, arm.value, h.candidate, h.pressed, h.missed, h.welded or h.held)
            for robot, hands in self._hands.items()
            for arm, h in hands.items()
        ]

    def hands(self) -> list[HandState]:
        """What every hand presses on and holds."""
        return [
            HandState(
                robot_id=robot, arm=arm, candidate=h.candidate, pressed=h.pressed,
                missed=h.missed, held=h.held,
            )
            for robot, hands in self._hands.items()
            for arm, h in hands.items()
        ]  # fmt: skip

    def restore(self, states: Sequence[HandState]) -> None:
        """Go on from what the same hands pressed on and held."""
        for state in states:
            hand = self._hands[state.robot_id][state.arm]
            hand.candidate, hand.pressed = state.candidate, state.pressed
            hand.missed, hand.held = state.missed, state.held
        self._idle = False

    def update(self, contacts: Contacts, tool_pose: ToolPose) -> None:
        """Take in the contacts of a frame. `tool_pose` is asked only where something touches."""
        if len(self._is_finger) != len(contacts.names):
            self._is_finger = np.zeros(len(contacts.names), dtype=bool)
            for hands in self._hands.values():
                for hand in hands.values():
                    for finger in hand.fingers:
                        if finger >= 0:
                            self._is_finger[finger] = True
        touching = np.zeros(0, dtype=np.intp)
        if len(contacts):
            touching = np.flatnonzero(self._is_finger[contacts.bodies].any(axis=1))
        if not len(touching) and self._idle:
            return
        forces: dict[int, dict[str, Array]] = {}
        for row in touching.tolist():
            a, b = contacts.bodies[row].tolist()
            for finger, other, sign in ((a, b, 1.0), (b, a, -1.0)):
                name = contacts.names[other]
                if self._is_finger[finger] and name.kind == "object":
                    on = forces.setdefault(finger, {})
                    force = sign * contacts.impulse[row] / contacts.period
                    on[name.owner] = on.get(name.owner, 0.0) + force
        self._idle = True
        for hands in self._hands.values():
            for hand in hands.values():
                self._advance(hand, forces, tool_pose)
                self._idle = self._idle and hand.candidate is None

    def _advance(
        self, hand: _Hand, forces: dict[int, dict[str, Array]], tool_pose: ToolPose
    ) -> None:
        first, second = (forces.get(f) for f in hand.fingers)
        pinched = None
        if first and second:
            axis = matrix_from_quaternion(tool_pose(hand.static, hand.arm).q)[:, 1]
            both = (o for o in first if o in second)
            pinched = next((o for o in both if _pinches(axis, first[o], second[o])), None)
        if pinched is None:
            hand.missed += 1
            if hand.missed > GRACE:
                hand.held, hand.candidate, hand.pressed = None, None, 0
            return
        hand.missed = 0
        if pinched != hand.candidate:
            hand.candidate, hand.pressed = pinched, 0
        hand.pressed = min(hand.pressed + 1, FRAMES)
        if hand.pressed == FRAMES:
            hand.held = pinched


def _pinches(axis: Array, first: Array, second: Array) -> bool:
    """Whether the forces on two fingers are those of something pressed between them."""
    along = float(first @ axis), float(second @ axis)
    if along[0] * along[1] >= 0:
        return False  # both pushed the same way: nothing between them
    return all(
        abs(part) >= MIN_FORCE and abs(part) >= MIN_COSINE * float(np.linalg.norm(force))
        for part, force in zip(along, (first, second), strict=True)
    )
