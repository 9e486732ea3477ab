"""Whether a script does the same twice: `counterpoint verify-determinism SCRIPT`."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from counterpoint.add_ons import Host, Recorder
from counterpoint.controller import Controller
from counterpoint.core.errors import CounterpointError
from counterpoint.recording import FrameCall, Recording
from counterpoint.recording.compare import compare

STATE = "state_hash"
"""The op code under which the digest of actions, scripts and random streams is recorded."""

TAIL = 12
"""Lines of a failing script's output that are shown."""


class Witness(Recorder):
    """Records every scene of a controller to files of its own, with the state hash of each frame.

    Args:
        folder: Where they go.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(flush_every=600)
        self._folder = folder

    def join(self, host: Host) -> None:
        """See `AddOn`."""
        super().join(host)
        count = len(list(self._folder.iterdir()))
        self.start(self._folder / f"{count:04d}.mcap")

    def on_frame(self, *frame: object) -> None:
        """See `AddOn`."""
        super().on_frame(*frame)  # type: ignore[arg-type]
        self.write(STATE, self._require_director().state_hash())


def verify(script: Path, arguments: Sequence[str], console: Console) -> bool:
    """Run a script in two fresh processes, and say whether every frame was the same.

    The processes differ in their seeds for hashing, so that what depends on the order of a set
    shows.

    Raises:
        CounterpointError: If the script fails, or never advances a frame.
    """
    with tempfile.TemporaryDirectory() as folder:
        runs = [Path(folder) / name for name in ("first", "second")]
        for number, run in enumerate(runs, start=1):
            run.mkdir()
            console.print(f"run {number} of 2: {script}", highlight=False)
            _run(script, arguments, run, number)
        files = [sorted(run.glob("*.mcap")) for run in runs]
        frames = 0
        if not files[0]:
            raise CounterpointError(f"{script} never called communicate(): there is nothing to see")
        if len(files[0]) != len(files[1]):
            console.print(
                f"[red]different:[/] {len(files[0])} scenes in one run and {len(files[1])} in the "
                "other"
            )
            return False
        for number, (first, second) in enumerate(zip(*files, strict=True), start=1):
            with Recording(first) as a, Recording(second) as b:
                found = compare(a, b)
                if found is not None:
                    where = f" of scene {number}" if len(files[0]) > 1 else ""
                    console.print(
                        f"[red]different{where}:[/] {escape(str(found))}", highlight=False
                    )
                    return False
                frames += sum(isinstance(c, FrameCall) for c in a.calls())
        scenes = "" if len(files[0]) == 1 else f" in {len(files[0])} scenes"
        console.print(
            f"[green]the same:[/] {frames:,} frames{scenes}, world and state digests of each",
            highlight=False,
        )
        return True


def _run(script: Path, arguments: Sequence[str], folder: Path, number: int) -> None:
    command = [sys.executable, "-m", "counterpoint.determinism", str(folder), str(script)]
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONHASHSEED": str(number)},
    )  # fmt: skip
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).splitlines()[-TAIL:])
        raise CounterpointError(f"{script} failed in run {number}:\n{tail}")


def _main() -> None:
    """In the child process: run the script with a witness in each of its controllers."""
    folder, script, *arguments = sys.argv[1:]
    Controller.companions.append(lambda: Witness(Path(folder)))
    sys.argv = [script, *arguments]
    sys.path.insert(0, str(Path(script).resolve().parent))
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    _main()
