"""What the command line does with recordings: `counterpoint replay` and `counterpoint inspect`."""

from __future__ import annotations

import math
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from counterpoint.add_ons import ImageCapture, Recorder, ThirdPersonCamera
from counterpoint.commands import AddCamera
from counterpoint.controller import Controller
from counterpoint.core.errors import CommandError, CounterpointError, RecordingError
from counterpoint.recording import CheckpointCall, FrameCall, MemoryCall, Recording, UserCall
from counterpoint.recording.foxglove import export_frame_transforms

NEW_CAMERA = "replay"
"""What a camera that was not recorded is called."""

Vector = tuple[float, float, float]


def play(
    file: Path,
    console: Console,
    *,
    verify: bool = False,
    images: Path | None = None,
    cameras: Sequence[str] = (),
    position: Vector | None = None,
    look_at: str | None = None,
    every: int = 6,
    size: tuple[int, int] = (512, 384),
) -> bool:
    """Play a recording; returns whether it did what it did when it was recorded.

    Args:
        file: The recording.
        console: Where progress and the outcome go.
        verify: Whether every state is compared with the recorded one.
        images: A folder to write pictures to, or None for none.
        cameras: Recorded cameras that take them.
        position: Of a camera that was not recorded [m], or None for where it sees everything.
        look_at: What that camera looks at; None is the middle of the room.
        every: One picture each so many frames.
        size: Width and height of the new camera's pictures.

    Raises:
        RecordingError: If the file is no recording, or damaged.
    """
    begun = time.perf_counter()
    capture: ImageCapture | None = None
    with warnings.catch_warnings(record=True) as said, Controller() as controller:
        warnings.simplefilter("always")
        recorder = Recorder()
        controller.add_ons.append(recorder)
        replay = recorder.replay(file, verify=verify, images=False)
        recording = replay.recording
        last = recording.last_frame
        if images is not None:
            chosen = tuple(cameras)
            if position is not None or look_at is not None or not chosen:
                controller.add_ons.append(_new_camera(recording, position, look_at, size))
                chosen = (*chosen, NEW_CAMERA)
            capture = ImageCapture(chosen, images, every=every)
        frames, changed = 0, None
        waiting = set(cameras)
        try:
            with _bar(console) as bar:
                task = bar.add_task(file.name, total=last - recording.header.first_frame)
                for call in replay:
                    if isinstance(call, FrameCall):
                        frames += 1
                        bar.advance(task)
                    # Pictures begin when the cameras that take them are there.
                    waiting -= set(controller.names.cameras)
                    if capture is not None and not waiting and capture not in controller.add_ons:
                        controller.add_ons.append(capture)
        except RecordingError as error:
            changed = str(error)
        if capture is not None and waiting:
            raise CommandError(
                "unknown camera", field="camera", value=sorted(waiting)[0],
                exists=_recorded_cameras(file),
            )  # fmt: skip
        rate = recording.header.settings.frames_per_second
        divergence = replay.divergence
    taken = time.perf_counter() - begun
    for warning in said:
        if "left the recording" not in str(warning.message):
            console.print(f"[yellow]note:[/] {escape(str(warning.message))}", highlight=False)
    console.print(
        f"{frames:,} frames ({frames / rate:.1f} s of simulated time) in {taken:.1f} s",
        highlight=False,
    )
    if capture is not None:
        console.print(f"pictures: {images}", highlight=False)
    if changed is not None:
        console.print(f"[red]damaged:[/] {escape(changed)}", highlight=False)
    elif verify and divergence is not None:
        what = divergence.body or "velocities or drive targets, no pose yet"
        console.print(f"[red]different[/] from frame {divergence.frame} on: {what}")
    elif verify:
        console.print("[green]equal[/] to the recording, in every bit of every frame")
    return changed is None and divergence is None


def export(file: Path, target: Path, console: Console, every: int) -> None:
    """Write the poses of a recording for viewers of MCAP.

    Raises:
        FileExistsError: If the target exists.
        RecordingError: If the recording is damaged.
    """
    with Recording(file) as recording, _bar(console) as bar:
        total = recording.last_frame - recording.header.first_frame
        task = bar.add_task(target.name, total=total)
        count = 0
        for frame in export_frame_transforms(recording, target, every=every):
            count += 1
            bar.update(task, completed=frame - recording.header.first_frame)
    console.print(f"{count:,} messages on /tf, foxglove.FrameTransforms: {target}", highlight=False)


def inspect(file: Path, console: Console) -> bool:
    """Print what is inside a recording; returns whether all of it is good.

    Raises:
        RecordingError: If it is no recording.
    """
    with Recording(file) as recording:
        header, rate = recording.header, recording.header.settings.frames_per_second
        counts: Counter[str] = Counter()
        events: Counter[str] = Counter()
        resumed: list[int] = []
        checkpoints = 0
        robots: dict[str, str] = {}
        robot_frames = frames = 0
        objects: set[str] = set()
        there: set[str] = set()
        problem = recording.problem
        try:
            for call in recording.calls():
                if isinstance(call, FrameCall):
                    frames += 1
                    robot_frames += len(there)
                    for command in (*call.commands, *call.settle):
                        counts[command.type] += 1
                        if command.type == "add_robot":
                            robots[command.robot_id] = command.model  # type: ignore[attr-defined]
                            there.add(command.robot_id)  # type: ignore[attr-defined]
                        elif command.type == "remove_robot":
                            there.discard(command.robot_id)  # type: ignore[attr-defined]
                        elif command.type in ("add_object", "add_wall"):
                            objects.add(command.object_id)  # type: ignore[attr-defined]
                    events.update(type(e).__name__ for e in call.events)
                elif isinstance(call, CheckpointCall):
                    checkpoints += 1
                    if call.resumes:
                        resumed.append(call.frame)
                    for data in call.snapshot.commands:
                        if data.get("type") == "add_robot":
                            robots[str(data.get("robot_id"))] = str(data.get("model"))
                            there.add(str(data.get("robot_id")))
                        elif data.get("type") in ("add_object", "add_wall"):
                            objects.add(str(data.get("object_id")))
                elif isinstance(call, MemoryCall):
                    counts["memory_set()"] += 1
                elif isinstance(call, UserCall):
                    counts[f"write({call.op_code!r})"] += 1
            if problem is None:
                recording.verify_digest()
        except RecordingError as error:
            problem = str(error)
        settings = header.settings.to_dict()
        table = Table(show_header=False, box=None, pad_edge=False)
        table.add_column(style="dim")
        table.add_column()
        first = header.first_frame
        length = f"{frames:,} frames, {frames / rate:.1f} s at {rate} frames a second"
        per = recording.size / max(1, robot_frames)
        for name, text in (
            ("file", f"{file}, {recording.size:,} bytes ({per:.0f} a robot and frame)"),
            ("written by", f"counterpoint {header.package}, format {header.format}"),
            ("length", length + (f", from frame {first + 1}" if first else "")),
            ("settings", ", ".join(f"{k} {v}" for k, v in settings.items())),
            ("robots", ", ".join(f"{r} ({m})" for r, m in robots.items()) or "none"),
            ("objects", _list(sorted(objects))),
            ("calls", _list([f"{n} {k}" for k, n in counts.most_common()], 16)),
            ("events", _list([f"{n} {k}" for k, n in events.most_common()])),
            ("checkpoints", f"{checkpoints}, resumed at {_list([str(f) for f in resumed])}"),
            (
                "state",
                f"[red]{escape(problem)}[/]" if problem else "[green]whole; its digest matches[/]",
            ),
        ):
            table.add_row(name, text if name == "state" else escape(text))
        console.print(table, highlight=False)
        return problem is None


def _list(names: Sequence[str], limit: int = 12) -> str:
    if not names:
        return "none"
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def _bar(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    return Progress(*columns, console=console, transient=True)


def _new_camera(
    recording: Recording, position: Vector | None, look_at: str | None, size: tuple[int, int]
) -> ThirdPersonCamera:
    """A camera in a corner of the room, or where it was asked for."""
    width = length = 6.0
    for call in recording.calls():
        commands = [c.model_dump() for c in call.commands] if isinstance(call, FrameCall) else []
        if isinstance(call, CheckpointCall):
            commands = list(call.snapshot.commands)
        room = next((c for c in commands if c.get("type") == "create_empty_room"), None)
        if room is not None:
            width, length = float(room["width"]), float(room["length"])
            break
    if position is None:
        side = min(width, length, 8.0)
        position = (0.46 * side, -0.46 * side, 0.4 * side)
    target: str | Vector = (0.0, 0.0, 0.4) if look_at is None else look_at
    if not all(math.isfinite(v) for v in position):
        raise CounterpointError(f"a camera's position takes finite metres, got {position}")
    return ThirdPersonCamera(
        NEW_CAMERA, position=position, look_at=target, size=size, field_of_view=1.15
    )


def _recorded_cameras(file: Path) -> list[str]:
    found: list[str] = []
    with Recording(file) as recording:
        for call in recording.calls():
            if isinstance(call, FrameCall):
                found += [c.camera_id for c in call.commands if isinstance(c, AddCamera)]
            elif isinstance(call, CheckpointCall):
                found += [c.spec.camera_id for c in call.snapshot.cameras]
    return list(dict.fromkeys(found))
