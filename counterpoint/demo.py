"""The main job: two mobile robots and an arm share a room, each with something to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from counterpoint import commands as cmd
from counterpoint.actions import Action, ActionStatus
from counterpoint.add_ons import AddOn, ImageCapture, Robot, ThirdPersonCamera, VideoCapture
from counterpoint.controller import Controller
from counterpoint.core.arm import Arm
from counterpoint.core.errors import CounterpointError
from counterpoint.core.events import ActionEnded, Event

ROOM = (6.4, 5.6)  # m
SHELF_HEIGHT = 1.2  # m
SHELF_LEVEL = 0.02 + 2 * (SHELF_HEIGHT - 0.02) / 3  # m: the upper face of its third board
TABLE = 0.70  # m: height of the tables
CUBE = 0.05  # m
CRATE = (0.30, 0.36, 0.16)  # m
CARRY = 0.12  # m: how high the crate is carried over the tables
MAX_FRAMES = 3000

Job = Iterator[Sequence[Action]]
"""A robot's job: it starts actions and hands them over; it goes on when they have ended."""


def scene() -> list[cmd.Command]:
    """The room and what stands in it."""
    brown, steel, pine = (0.62, 0.45, 0.30), (0.60, 0.64, 0.70), (0.80, 0.65, 0.45)
    commands: list[cmd.Command] = [
        cmd.CreateEmptyRoom(width=ROOM[0], length=ROOM[1]),
        cmd.AddObject(object_id="shelf", model="shelf", size=(0.35, 0.9, SHELF_HEIGHT), position=(-2.9, 1.0, 0), color=pine),
        cmd.AddObject(
            object_id="mug", model="mug", position=(-2.81, 1.0, SHELF_LEVEL),
            quaternion=(0.5**0.5, 0, 0, 0.5**0.5), color=(0.15, 0.45, 0.75),
        ),
        cmd.AddObject(
            object_id="table", model="table", size=(0.9, 0.6, TABLE), position=(-1.6, 2.35, 0),
            color=brown,
        ),
        cmd.AddObject(
            object_id="bench", model="table", size=(0.5, 0.9, 0.6), position=(1.4, -1.9, 0),
            color=steel,
        ),
        cmd.AddObject(
            object_id="stand", model="table", size=(0.9, 0.5, 0.6), position=(-0.25, -0.54, 0),
            color=steel,
        ),
        cmd.AddObject(
            object_id="crate", model="crate", size=CRATE, position=(1.33, -1.9, 0.6),
            color=(0.85, 0.62, 0.25),
        ),
        cmd.AddObject(
            object_id="desk", model="table", size=(0.8, 1.2, TABLE), position=(2.15, 1.4, 0),
            color=brown,
        ),
    ]  # fmt: skip
    palette = ((0.80, 0.22, 0.20), (0.20, 0.62, 0.30), (0.92, 0.76, 0.20))
    for i, (at, color) in enumerate(zip(((1.95, 1.05), (2.15, 0.98), (1.92, 1.5)), palette, strict=True)):
        commands.append(
            cmd.AddObject(
                object_id=f"cube_{i}", model="box", size=(CUBE,) * 3,
                position=(*at, TABLE + CUBE / 2), color=color,
            )
        )  # fmt: skip
    return commands


def fetch_mug(robot: Robot) -> Job:
    """From the shelf to the table, with the right hand."""
    yield [robot.move_to("shelf")]
    yield [robot.grasp("mug", Arm.right)]
    yield [robot.move_by(-0.5)]
    yield [robot.move_to("table")]
    yield [robot.place("table", Arm.right)]
    yield [robot.move_by(-0.3)]
    yield [robot.reset_arm()]


def carry_crate(robot: Robot) -> Job:
    """From the bench to the stand, with both hands."""
    both = [Arm.left, Arm.right]

    def shift(up: float) -> list[Action]:
        hands = [robot.dynamic.tool_pose(arm).p + [0, 0, up] for arm in both]
        return [robot.reach_for(hands, both)]

    yield [robot.grasp(("crate", "left_rim"), Arm.left), robot.grasp(("crate", "right_rim"), Arm.right)]
    yield shift(CARRY)
    yield [robot.move_by(-0.9)]
    yield [robot.turn_by(90)]
    yield [robot.move_by(0.6)]
    yield shift(0.005 - CARRY)
    yield [robot.drop(Arm.left), robot.drop(Arm.right)]
    yield shift(0.2)
    yield [robot.move_by(-0.4)]


def stack_cubes(robot: Robot) -> Job:
    """Three cubes into a tower."""
    for cube, onto in (("cube_1", "cube_0"), ("cube_2", "cube_1")):
        yield [robot.grasp(cube)]
        yield [robot.place(onto)]
    yield [robot.reset_arm()]
