"""Runs examples with a camera in their scenes: `counterpoint gallery`."""

from __future__ import annotations

import ast
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape

from counterpoint.add_ons import Host
from counterpoint.add_ons.add_on import AddOn
from counterpoint.commands import AddCamera, CaptureImages, Command, Names
from counterpoint.controller import Controller
from counterpoint.core.errors import CounterpointError
from counterpoint.simulation.response import Response

CAMERA = "gallery"
SIZE = (240, 180)  # pixels
EVERY = 5  # frames between pictures, to begin with
MOST = 96  # pictures of a scene: beyond, every other one is dropped
STRIP = 4  # pictures in a contact sheet
DEFAULT_VIEW = {"position": (2.6, -2.6, 2.0), "look_at": (0.0, 0.0, 0.5)}
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Example:
    """A script of the gallery.

    Attributes:
        path: The file.
        name: Folder and stem: `movement/move_by`.
        title: The first sentence of its docstring.
        text: The rest of it.
        view: Where a camera stands that shows it, and what it looks at.
    """

    path: Path
    name: str
    title: str
    text: str
    view: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an example ended.

    Attributes:
        example: Which.
        last_line: What it printed last, or its error.
        good: Whether it ended without an error.
        seconds: Wall time that it took, pictures included.
    """

    example: Example
    last_line: str
    good: bool
    seconds: float


def find_examples(folder: Path, names: Sequence[str] = ()) -> list[Example]:
    """The examples in a folder of folders, or those of the given names.

    Raises:
        CounterpointError: If a name is not there, or there is none at all.
    """
    found = [_example(p, folder) for p in sorted(folder.glob("*/*.py"))]
    there = {e.name: e for e in found}
    for name in names:
        if name not in there:
            raise CounterpointError(
                f"there is no example {name!r} in {folder}; there is: {', '.join(there)}"
            )
    if not found:
        raise CounterpointError(f"there are no examples in {folder}")
    return [there[n] for n in names] if names else found


def _example(path: Path, folder: Path) -> Example:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    title, _, text = (ast.get_docstring(tree) or path.stem).partition("\n")
    view: dict[str, Any] = dict(DEFAULT_VIEW)
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == "VIEW" for t in node.targets
        ):
            view |= ast.literal_eval(node.value)
    name = path.relative_to(folder).with_suffix("").as_posix()
    return Example(path, name, title.strip(), text.strip(), view)


def run_all(
    examples: Sequence[Example], out: Path, console: Console, jobs: int
) -> Iterator[Outcome]:
    """Run examples in processes of their own, `jobs` at a time; yields each as it ends."""

    def run(example: Example) -> Outcome:
        begun = time.perf_counter()
        command = [sys.executable, "-m", "counterpoint.gallery", str(example.path), str(out)]
        done = subprocess.run(
            [*command, repr(example.view), example.name],
            capture_output=True, text=True, check=False, env={**os.environ, "PYTHONHASHSEED": "0"},
        )  # fmt: skip
        lines = (done.stderr if done.returncode else done.stdout).strip().splitlines()
        seconds = time.perf_counter() - begun
        return Outcome(example, lines[-1] if lines else "", done.returncode == 0, seconds)

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(run, examples)


class Photographer(AddOn):
    """A camera that takes pictures of a scene, and makes them into an animation at its end.

    Args:
        view: Arguments of the camera: `position`, `look_at`, perhaps `field_of_view`.
        target: The animation's file without suffix; a second scene's has a number.
    """

    def __init__(self, view: dict[str, Any], target: Path) -> None:
        self._view, self._target = view, target
        self._pictures: list[Picture] = []
        self._every, self._frames, self._rate = EVERY, 0, 60

    def get_initialization_commands(self) -> list[Command]:
        """The camera."""
        return [AddCamera(camera_id=CAMERA, size=SIZE, **self._view)]

    def takes_over(self, names: Names) -> bool:
        """Whether a replay has brought the camera of an earlier scene."""
        return CAMERA in names.cameras

    def join(self, host: Host) -> None:
        """See `AddOn`."""
        super().join(host)
        self._pictures, self._every, self._frames = [], EVERY, 0
        self._rate = host.frames_per_second

    def get_commands(self) -> list[Command]:
        """A picture now and then."""
        if self.host is None or CAMERA not in self.host.names.cameras:
            return []
        wanted = self._frames % self._every == 0
        return [CaptureImages(cameras=(CAMERA,))] if wanted else []

    def on_frame(
        self, commands: Sequence[Command], settle: Sequence[Command], response: Response
    ) -> None:
        """Keep the picture."""
        image = response.images.get(CAMERA, {}).get("rgb")
        if image is not None and self._frames % self._every == 0:
            self._pictures.append(np.array(image, dtype=np.uint8))
        self._frames += 1
        if len(self._pictures) > MOST:
            self._pictures, self._every = self._pictures[::2], 2 * self._every

    def leave(self) -> None:
        """Write the animation and its contact sheet; the longest scene of a script stays."""
        super().leave()
        pictures, self._pictures = self._pictures, []
        count = self._target.with_suffix(".count")
        before = int(count.read_text()) if count.exists() else 0
        if len(pictures) > before:
            count.write_text(str(len(pictures)))
            write_animation(pictures, self._target.with_suffix(".gif"), self._every / self._rate)
            write_strip(pictures, self._target.with_suffix(".jpg"))


def write_animation(pictures: Sequence[Picture], file: Path, seconds: float) -> None:
    """An animated GIF with a picture each so many seconds."""
    from PIL import Image

    images = [Image.fromarray(p).quantize(96, dither=Image.Dither.NONE) for p in pictures]
    duration = max(20, round(1000 * seconds))
    images[0].save(
        file, save_all=True, append_images=images[1:], duration=duration, loop=0, optimize=True
    )


def write_strip(pictures: Sequence[Picture], file: Path) -> None:
    """A few pictures, evenly spaced in time, side by side."""
    from PIL import Image

    chosen = [pictures[int(i)] for i in np.linspace(0, len(pictures) - 1, STRIP)]
    Image.fromarray(np.hstack(chosen)).save(file, quality=72, optimize=True)


def write_page(outcomes: Sequence[Outcome], file: Path, pictures: str) -> None:
    """The page of the gallery: folder by folder, each example with its pictures.

    Args:
        outcomes: How the examples ended.
        file: The page, Markdown.
        pictures: Where the pictures are, as seen from the page.
    """
    lines = [
        "# Gallery",
        "",
        "Each picture is four moments of a script of `examples/`; `make gallery` makes them anew, "
        "with animations in `out/gallery`. The last line of each is what the tests compare.",
    ]
    folder = ""
    for outcome in outcomes:
        example = outcome.example
        first, _, stem = example.name.partition("/")
        if first != folder:
            folder = first
            lines += ["", f"## {folder.replace('_', ' ').capitalize()}"]
        picture = f"{pictures}/{example.name.replace('/', '_')}.jpg"
        lines += ["", f"### {stem.replace('_', ' ').capitalize()}", "", example.title]
        if example.text:
            lines += ["", example.text]
        lines += ["", f"![{example.title}]({picture})"]
        lines += ["", f"`examples/{example.name}.py` prints"]
        lines += ["", "```text", outcome.last_line, "```"]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def make(
    folder: Path, out: Path, page: Path | None, names: Sequence[str], jobs: int, console: Console
) -> bool:
    """Run examples, show progress, and write animations, contact sheets and the page.

    Returns:
        Whether every example ended well.
    """
    examples = find_examples(folder, names)
    out.mkdir(parents=True, exist_ok=True)
    for example in examples:
        for old in out.glob(f"{example.name.replace('/', '_')}.*"):
            old.unlink()
    outcomes = []
    begun = time.perf_counter()
    for number, outcome in enumerate(run_all(examples, out, console, jobs), start=1):
        outcomes.append(outcome)
        mark = "[green]ok[/]    " if outcome.good else "[red]failed[/]"
        console.print(
            f"{number:3d}/{len(examples)} {mark} {outcome.seconds:5.1f} s  "
            f"{outcome.example.name:<44} [dim]{escape(outcome.last_line)}[/]",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
    for count in out.glob("*.count"):
        count.unlink()
    if page is not None:
        pictures = page.parent / "pictures" / "gallery"
        pictures.mkdir(parents=True, exist_ok=True)
        for outcome in outcomes:
            strip = out / f"{outcome.example.name.replace('/', '_')}.jpg"
            if strip.exists():
                (pictures / strip.name).write_bytes(strip.read_bytes())
        write_page(outcomes, page, "pictures/gallery")
    good = sum(o.good for o in outcomes)
    console.print(
        f"{good} of {len(outcomes)} examples ran, in {time.perf_counter() - begun:.0f} s; "
        f"animations: {out}",
        highlight=False,
    )
    return good == len(outcomes)


def _main() -> None:
    """In the child process: run one example with a photographer in each of its controllers."""
    path, out, view, name = sys.argv[1:]
    target = Path(out) / name.replace("/", "_")
    Controller.companions.append(lambda: Photographer(ast.literal_eval(view), target))
    sys.argv = [path]
    sys.path.insert(0, str(Path(path).resolve().parent))
    runpy.run_path(path, run_name="__main__")


if __name__ == "__main__":
    _main()
