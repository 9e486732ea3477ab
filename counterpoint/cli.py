"""The command line: `counterpoint demo | run SCRIPT | doctor`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from counterpoint.core.errors import CounterpointError

APP = tyro.extras.SubcommandApp()


@APP.command
def demo(out: Path = Path("out/demo")) -> None:
    """Two tiago_pro and a panda share a room: fetch a mug, carry a crate, stack cubes.

    Args:
        out: Folder for the images, the video, the contact sheet and the statuses.
    """
    from counterpoint import demo as main_job

    if not main_job.run(out, Console()):
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
def doctor() -> None:
    """Say what this machine can do: renderer, models, extras, the speed of one frame."""
    from counterpoint.doctor import examine

    console = Console()
    good = True
    for finding in examine():
        good = good and finding.good
        mark = "[green]ok  [/]" if finding.good else "[red]no  [/]"
        console.print(f"{mark}{finding.what:<22} {finding.detail}", highlight=False)
    if not good:
        raise SystemExit(1)


def main() -> None:
    """Entry point of the `counterpoint` command."""
    try:
        APP.cli(prog="counterpoint", description=__doc__)
    except CounterpointError as error:
        Console(stderr=True).print(f"[red]counterpoint:[/] {error}", highlight=False, markup=True)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        Console(stderr=True).print("stopped")
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
