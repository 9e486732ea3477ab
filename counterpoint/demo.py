"""The main job: two mobile robots and an arm share a room, each with something to do."""

from __future__ import annotations

import json
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from counterpoint import commands as cmd
from counterpoint.actions import Action
from counterpoint.add_ons import ImageCapture, Robot, ThirdPersonCamera, VideoCapture
from counterpoint.controller import Controller
from counterpoint.core.arm import Arm
from counterpoint.core.errors import ActionFailed, CommandError, DeadlineError
from counterpoint.core.events import ActionEnded, ActionStarted, Event
from counterpoint.core.waitables import gather

ROOM = (6.4, 5.6)  # m
SHELF_HEIGHT = 1.2  # m
SHELF_LEVEL = 0.02 + 2 * (SHELF_HEIGHT - 0.02) / 3  # m: the upper face of its third board
TABLE = 0.70  # m: height of the tables
CUBE = 0.05  # m
CRATE = (0.30, 0.36, 0.16)  # m
CARRY = 0.12  # m: how high the crate is carried over the tables
PICTURE = (640, 480)  # pixels
STILL_EVERY = 10  # frames
MAX_FRAMES = 3000
SHEET = (4, 3)  # columns and rows of the contact sheet


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


async def fetch_mug(robot: Robot) -> None:
    """From the shelf to the table, with the right hand."""
    await robot.move_to("shelf")
    await robot.grasp("mug", Arm.right)
    await robot.move_by(-0.5)
    await robot.move_to("table")
    await robot.place("table", Arm.right)
    await robot.move_by(-0.3)
    await robot.reset_arm()


async def carry_crate(robot: Robot) -> None:
    """From the bench to the stand, with both hands."""
    both = [Arm.left, Arm.right]

    def shift(up: float) -> Action:
        """Both hands straight up, in step."""
        return robot.reach_for([robot.dynamic.tool_pose(arm).p + [0, 0, up] for arm in both], both)

    await gather(
        robot.grasp(("crate", "left_rim"), Arm.left), robot.grasp(("crate", "right_rim"), Arm.right)
    )
    await shift(CARRY)
    await robot.move_by(-0.9)
    await robot.turn_by(90)
    await robot.move_by(0.6)
    await shift(0.005 - CARRY)
    await gather(robot.drop(Arm.left), robot.drop(Arm.right))
    await shift(0.2)
    await robot.move_by(-0.4)


async def stack_cubes(robot: Robot) -> None:
    """Three cubes into a tower."""
    for cube, onto in (("cube_1", "cube_0"), ("cube_2", "cube_1")):
        await robot.grasp(cube)
        await robot.place(onto)
    await robot.reset_arm()


JOBS = {"fetcher": (fetch_mug, 7), "carrier": (carry_crate, 11), "stacker": (stack_cubes, 5)}
"""Robot → its job, and how many actions that has."""


def cast() -> list[Robot]:
    """The three robots."""
    return [
        Robot("fetcher", position=(-1.6, 0.6, 0), rotation=180),
        Robot("carrier", position=(0.65, -1.9, 0)),
        Robot("stacker", model="panda", position=(2.4, 1.4, TABLE), rotation=180),
    ]


def jobs(robots: Sequence[Robot]) -> list[Coroutine[Any, Any, None]]:
    """What they do, as scripts."""
    return [JOBS[robot.robot_id][0](robot) for robot in robots]


def run(out: Path, console: Console) -> bool:
    """Play the demo, write its pictures to `out`, and say whether everything succeeded.

    Raises:
        CommandError: If `out` holds files of someone else, or cannot be written.
    """
    clear(out)
    begun = time.perf_counter()
    ended: list[ActionEnded] = []
    trouble = ""
    robots = cast()
    camera = ThirdPersonCamera(
        "room", position=(3.05, -2.65, 2.45), look_at=(0.15, 0.35, 0.45), size=PICTURE,
        field_of_view=1.15,
    )  # fmt: skip
    columns = (
        TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[doing]:<9}"), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress, Controller() as controller:
        bars = {r: progress.add_task(r, total=count, doing="") for r, (_, count) in JOBS.items()}

        def show(event: Event) -> None:
            if isinstance(event, ActionStarted):
                progress.update(bars[event.robot_id], doing=event.action)
            elif isinstance(event, ActionEnded):
                ended.append(event)
                progress.update(bars[event.robot_id], advance=1, doing="")
                color = "green" if event.status == "success" else "red"
                progress.console.print(
                    f"[dim]{event.frame / 60:6.2f} s[/]  {event.robot_id:<8} {event.action:<9} "
                    f"[{color}]{event.status}[/]  [dim]{event.reason}[/]",
                    highlight=False,
                )

        controller.events.subscribe(show)
        controller.add_ons += [
            *robots,
            camera,
            ImageCapture(["room"], out / "images", every=STILL_EVERY),
            VideoCapture("room", out / "demo.mp4", every=2),
        ]
        controller.communicate(scene())
        try:
            controller.run(*jobs(robots), max_frames=MAX_FRAMES)
        except (ActionFailed, DeadlineError) as error:
            trouble = str(error)
        frames, digest = controller.frame, controller.world_hash()
    report = {"frames": frames, "world_hash": digest, "actions": [e.to_dict() for e in ended]}
    (out / "statuses.json").write_text(json.dumps(report, indent=2) + "\n")
    contact_sheet(out / "images" / "room", out / "contact_sheet.png")
    good = sum(e.status == "success" for e in ended)
    seconds = time.perf_counter() - begun
    if trouble:
        console.print(f"[red]it stopped early:[/] {trouble}", highlight=False)
    console.print(
        f"{good} of {len(ended)} actions succeeded in {frames} frames ({frames / 60:.1f} s of "
        f"simulated time, {seconds:.0f} s here). Pictures: {out}",
        highlight=False,
    )
    return not trouble and good == len(ended)


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
        seconds = int(path.stem.removeprefix("frame_")) * STILL_EVERY / 60
        draw.text((corner[0] + 8, corner[1] + 6), f"{seconds:.1f} s", fill=(40, 40, 40))
    sheet.save(file, optimize=True)
