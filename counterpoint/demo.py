"""The main job: two mobile robots and an arm share a room, each with something to do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from counterpoint import commands as cmd
from counterpoint.actions import Action, ActionStatus
from counterpoint.add_ons import ImageCapture, Robot, ThirdPersonCamera, VideoCapture
from counterpoint.controller import Controller
from counterpoint.core.arm import Arm
from counterpoint.core.errors import CommandError

ROOM = (6.4, 5.6)  # m
SHELF_HEIGHT = 1.2  # m
SHELF_LEVEL = 0.02 + 2 * (SHELF_HEIGHT - 0.02) / 3  # m: the upper face of its third board
TABLE = 0.70  # m: height of the tables
CUBE = 0.05  # m
CRATE = (0.30, 0.36, 0.16)  # m
CARRY = 0.12  # m: how high the crate is carried over the tables
PICTURE = (640, 480)  # pixels
MAX_FRAMES = 3000
SHEET = (4, 3)  # columns and rows of the contact sheet

Job = Iterator[Sequence[Action]]
"""A robot's job: it starts actions and hands them over; it goes on when they have ended."""


def scene() -> list[cmd.Command]:
    """The room and what stands in it."""
    brown, steel, pine = (0.62, 0.45, 0.30), (0.60, 0.64, 0.70), (0.80, 0.65, 0.45)
    commands: list[cmd.Command] = [
        cmd.CreateEmptyRoom(width=ROOM[0], length=ROOM[1]),
        cmd.AddObject(
            object_id="shelf", model="shelf", size=(0.35, 0.9, SHELF_HEIGHT),
            position=(-2.9, 1.0, 0), color=pine,
        ),
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
    for i, (at, color) in enumerate(
        zip(((1.95, 1.05), (2.15, 0.98), (1.92, 1.5)), palette, strict=True)
    ):
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

    yield [
        robot.grasp(("crate", "left_rim"), Arm.left),
        robot.grasp(("crate", "right_rim"), Arm.right),
    ]
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


@dataclass
class Worker:
    """A robot, its job, and how far it has come.

    Attributes:
        robot: The robot.
        job: What it does.
        steps: How many steps the job has.
        running: The actions of the present step.
        ended: A record of every action that ended.
    """

    robot: Robot
    job: Job
    steps: int
    running: list[Action] = field(default_factory=list)
    ended: list[dict[str, Any]] = field(default_factory=list)
    done: bool = False

    def poll(self) -> list[Action]:
        """Go on with the job where the present step has ended; returns the actions that ended."""
        if self.done or any(a.status is ActionStatus.ongoing for a in self.running):
            return []
        ended, self.running = self.running, []
        self.ended += [record(self.robot, a) for a in ended]
        if all(a.status is ActionStatus.success for a in ended):
            self.running = list(next(self.job, ()))
        self.done = not self.running
        return ended


def record(robot: Robot, action: Action) -> dict[str, Any]:
    """What `statuses.json` says of an action."""
    return {
        "robot": robot.robot_id,
        "action": type(action).__name__,
        "status": action.status.name,
        "started_frame": action.started_frame,
        "ended_frame": action.ended_frame,
        **action.result.to_dict(),
    }


def cast() -> list[Worker]:
    """The three robots with their jobs."""
    fetcher = Robot("fetcher", position=(-1.6, 0.6, 0), rotation=180)
    carrier = Robot("carrier", position=(0.65, -1.9, 0))
    stacker = Robot("stacker", model="panda", position=(2.4, 1.4, TABLE), rotation=180)
    return [
        Worker(fetcher, fetch_mug(fetcher), 7),
        Worker(carrier, carry_crate(carrier), 9),
        Worker(stacker, stack_cubes(stacker), 5),
    ]


def play(
    controller: Controller,
    workers: Sequence[Worker],
    *,
    on_end: Callable[[Worker, Action], None] | None = None,
    max_frames: int = MAX_FRAMES,
) -> None:
    """Run every job to its end. The scene has to be there."""
    while controller.frame < max_frames:
        for worker in workers:
            for action in worker.poll():
                if on_end is not None:
                    on_end(worker, action)
        if all(worker.done for worker in workers):
            return
        controller.communicate()


def run(out: Path, console: Console) -> bool:
    """Play the demo, write its pictures to `out`, and say whether everything succeeded.

    Raises:
        CommandError: If `out` holds files of someone else, or cannot be written.
    """
    clear(out)
    workers = cast()
    begun = time.perf_counter()
    columns = (
        TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[doing]}"), TimeElapsedColumn(),
    )  # fmt: skip
    camera = ThirdPersonCamera(
        "room", position=(3.05, -2.65, 2.45), look_at=(0.15, 0.35, 0.45), size=PICTURE,
        field_of_view=1.15,
    )  # fmt: skip
    with Progress(*columns, console=console) as progress, Controller() as controller:
        bars = {
            w.robot.robot_id: progress.add_task(w.robot.robot_id, total=w.steps, doing="")
            for w in workers
        }

        def on_end(worker: Worker, action: Action) -> None:
            color = "green" if action.status is ActionStatus.success else "red"
            progress.console.print(
                f"[dim]{controller.time:6.2f} s[/]  {worker.robot.robot_id:<8} "
                f"{type(action).__name__:<9} [{color}]{action.status.name}[/]  "
                f"[dim]{action.result.reason}[/]",
                highlight=False,
            )
            if all(a.status is ActionStatus.success for a in worker.running or [action]):
                done = len({r["ended_frame"] for r in worker.ended})
                doing = ", ".join(dict.fromkeys(type(a).__name__ for a in worker.running))
                progress.update(bars[worker.robot.robot_id], completed=done, doing=doing)

        controller.add_ons.extend(w.robot for w in workers)
        controller.add_ons += [
            camera,
            ImageCapture(["room"], out / "images", every=10),
            VideoCapture("room", out / "demo.mp4", every=2),
        ]
        controller.communicate(scene())
        play(controller, workers, on_end=on_end)
        frames, digest = controller.frame, controller.world_hash()
    statuses = sorted((r for w in workers for r in w.ended), key=lambda r: r["ended_frame"])
    report = {"frames": frames, "world_hash": digest, "actions": statuses}
    (out / "statuses.json").write_text(json.dumps(report, indent=2) + "\n")
    contact_sheet(out / "images" / "room", out / "contact_sheet.png")
    failed = [r for r in statuses if r["status"] != "success"]
    seconds = time.perf_counter() - begun
    console.print(
        f"{len(statuses) - len(failed)} of {len(statuses)} actions succeeded in {frames} frames "
        f"({frames / 60:.1f} s of simulated time, {seconds:.0f} s here). Pictures: {out}",
        highlight=False,
    )
    return not failed and all(w.done for w in workers)


def clear(out: Path) -> None:
    """Remove what an earlier demo wrote to `out`.

    Raises:
        CommandError: If it holds anything else.
    """
    own = ("images", "demo.mp4", "contact_sheet.png", "statuses.json")
    if out.is_dir():
        foreign = [p.name for p in out.iterdir() if p.name not in own]
        if foreign:
            raise CommandError(
                f"holds files that the demo did not write ({foreign[0]!r}); choose another folder",
                field="out", value=str(out),
            )  # fmt: skip
        for name in own[1:]:
            (out / name).unlink(missing_ok=True)
        for picture in (out / "images").rglob("frame_*.png"):
            picture.unlink()


def contact_sheet(images: Path, file: Path) -> None:
    """Tile evenly spaced pictures of a folder, with their numbers, into one."""
    from PIL import Image, ImageDraw

    files = sorted(images.glob("frame_*.png"))
    columns, rows = SHEET
    chosen = [files[int(i)] for i in np.linspace(0, len(files) - 1, columns * rows)]
    width, height = PICTURE[0] // 2, PICTURE[1] // 2
    sheet = Image.new("RGB", (columns * width, rows * height))
    draw = ImageDraw.Draw(sheet)
    for k, path in enumerate(chosen):
        corner = (k % columns * width, k // columns * height)
        with Image.open(path) as picture:
            sheet.paste(picture.resize((width, height)), corner)
        seconds = int(path.stem.removeprefix("frame_")) * 10 / 60
        draw.text((corner[0] + 8, corner[1] + 6), f"{seconds:.1f} s", fill=(40, 40, 40))
    sheet.save(file, optimize=True)
