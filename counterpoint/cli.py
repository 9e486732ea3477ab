"""The command line: `counterpoint demo | run | replay | inspect | …`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console
from rich.markup import escape

from counterpoint.core.errors import CounterpointError

APP = tyro.extras.SubcommandApp()


@APP.command
def demo(out: Path = Path("out/demo")) -> None:
    """Two tiago_pro and a panda share a room: fetch a mug, carry a crate, stack cubes.

    Args:
        out: Folder for the images, the video, the contact sheet and the statuses.
    """
    from counterpoint import demo as main_job

    if not main_job.run(out, _console()):
        raise SystemExit(1)


@APP.command
def run(script: Annotated[Path, tyro.conf.Positional], *arguments: str) -> None:
    """Run a Python script, with the package's errors as one clear line.

    Args:
        script: The file.
        arguments: What it finds in sys.argv.
    """
    if not script.is_file():
        raise CounterpointError(f"there is no script {str(script)!r}")
    sys.argv = [str(script), *arguments]
    runpy.run_path(str(script), run_name="__main__")


@APP.command
def replay(
    file: Annotated[Path, tyro.conf.Positional],
    verify: bool = False,
    images: Path | None = None,
    camera: tuple[str, ...] = (),
    position: tuple[float, float, float] | None = None,
    look_at: str | None = None,
    every: int = 6,
    export: Literal["foxglove"] | None = None,
    out: Path | None = None,
) -> None:
    """Play a recording: compare it, take pictures of it, or export it.

    Args:
        file: The recording.
        verify: Compare every state with the recorded one.
        images: Write pictures to this folder.
        camera: Recorded cameras that take them.
        position: Of a camera that was not recorded: x, y, z in metres.
        look_at: The robot or object that it looks at.
        every: One picture, or exported message, each so many frames.
        export: Write the poses as JSON FrameTransforms instead, for Foxglove and other viewers.
        out: The exported file; without it, the recording's name with .foxglove.mcap.
    """
    from counterpoint import playback

    console = _console()
    if export is not None:
        target = out or file.with_suffix(".foxglove.mcap")
        playback.export(file, target, console, every)
        return
    if not playback.play(
        file, console, verify=verify, images=images, cameras=camera, position=position,
        look_at=look_at, every=every,
    ):  # fmt: skip
        raise SystemExit(1)


@APP.command
def inspect(file: Annotated[Path, tyro.conf.Positional]) -> None:
    """Say what is inside a recording, and whether it is whole.

    Args:
        file: The recording.
    """
    from counterpoint import playback

    if not playback.inspect(file, _console()):
        raise SystemExit(1)


@APP.command
def gallery(
    names: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
    folder: Path = Path("examples"),
    out: Path = Path("out/gallery"),
    page: Path | None = None,
    jobs: int = 2,
) -> None:
    """Run the examples with a camera in each, and make animations of them.

    Args:
        names: Those to run, such as movement/move_by; without any, all.
        folder: Where the examples are.
        out: Folder for animations and contact sheets.
        page: A page of Markdown to write, with pictures beside it.
        jobs: How many run at a time.
    """
    from counterpoint import gallery as pictures

    if not pictures.make(folder, out, page, names, jobs, _console()):
        raise SystemExit(1)


@APP.command
def verify_determinism(script: Annotated[Path, tyro.conf.Positional], *arguments: str) -> None:
    """Run a script in two fresh processes, and name the first frame and body that differ.

    Args:
        script: The file.
        arguments: What it finds in sys.argv.
    """
    from counterpoint import determinism

    if not script.is_file():
        raise CounterpointError(f"there is no script {str(script)!r}")
    if not determinism.verify(script, arguments, _console()):
        raise SystemExit(1)


@APP.command
def doctor() -> None:
    """Say what this machine can do: renderer, models, extras, the speed of one frame."""
    from counterpoint.doctor import examine

    console = _console()
    good = True
    for finding in examine():
        good = good and finding.good
        mark = "[green]ok  [/]" if finding.good else "[red]no  [/]"
        console.print(f"{mark}{finding.what:<22} {finding.detail}", highlight=False)
    if not good:
        raise SystemExit(1)


def _console() -> Console:
    return Console(emoji=False)


def main() -> None:
    """Entry point of the `counterpoint` command."""
    try:
        APP.cli(prog="counterpoint", description=__doc__)
    except CounterpointError as error:
        _complain(str(error))
        raise SystemExit(2) from None
    except OSError as error:
        text = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        _complain(text)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        Console(stderr=True).print("stopped")
        raise SystemExit(130) from None


def _complain(text: str) -> None:
    console = Console(stderr=True, emoji=False)
    console.print(f"[red]counterpoint:[/] {escape(text)}", highlight=False)


if __name__ == "__main__":
    main()
