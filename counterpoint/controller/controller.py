"""The frame loop."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from types import TracebackType
from typing import Any, Literal, Self

from counterpoint.add_ons import AddOn
from counterpoint.commands import (
    Command,
    CommandLike,
    DriveRobot,
    Names,
    Terminate,
    check_commands,
    in_order,
    parse_commands,
)
from counterpoint.controller.run import run_to_end
from counterpoint.controller.scripts import Scripts
from counterpoint.core.digest import digest_of
from counterpoint.core.errors import CommandError, CounterpointError, SimulationError
from counterpoint.core.events import EventBus
from counterpoint.core.script import Script
from counterpoint.simulation.protocol import Simulator
from counterpoint.simulation.renderer import Renderer
from counterpoint.simulation.response import Response

RendererName = Literal["auto", "raycast"]


class Controller:
    """Directs a scene: every `communicate()` advances it by one frame.

    Use it in a `with` statement, or call `close()`.

    Args:
        seed: Of every random stream.
        frames_per_second: Frames a second of simulated time.
        substeps: Physics steps a frame.
        renderer: `auto` or `raycast`.
        workers: Threads of the physics engine; part of what makes a run repeatable.

    Attributes:
        add_ons: What takes part in the loop, in any order. Yours to extend.
        events: Publishes what happens.
        names: Which robots, objects and cameras there are.
        response: The response to the last frame, or None.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        frames_per_second: int = 60,
        substeps: int = 2,
        renderer: RendererName = "auto",
        workers: int = 1,
    ) -> None:
        for field, value, least in (
            ("seed", seed, 0), ("frames_per_second", frames_per_second, 1),
            ("substeps", substeps, 1), ("workers", workers, 1),
        ):  # fmt: skip
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise CommandError(
                    f"expected an integer of {least} or more", field=field, value=value
                )
        if renderer not in ("auto", "raycast"):
            raise CommandError(
                "unknown renderer", field="renderer", value=renderer, exists=("auto", "raycast")
            )
        self.seed, self.frames_per_second, self.substeps = seed, frames_per_second, substeps
        self.workers = workers
        self.add_ons: list[AddOn] = []
        self.events = EventBus()
        self.names = Names()
        self.response: Response | None = None
        self._taking_part: list[AddOn] = []
        self._simulator: Simulator | None = self._make_simulator()
        self._scripts = Scripts(self.events, lambda: self.frame, frames_per_second)
        self._ended: str | None = None

    # --- the loop -----------------------------------------------------------------------------

    def communicate(self, commands: CommandLike | Iterable[CommandLike] = ()) -> Response:
        """Advance the world by one frame.

        Args:
            commands: A command, a dict with its `type`, or an iterable of them. A list is not
                changed.

        Returns:
            The world after the frame.

        Raises:
            CommandError: A bad command; nothing of the frame was applied. Likewise
                UnknownRobotError, UnknownObjectError and UnknownModelError.
            SimulationError: The state is not finite any more. The controller is closed.
            Exception: What a script raised that no other script waits for. The frame is complete
                then, and the other scripts were resumed.
        """
        simulator = self._open()
        self._scripts.check_outside("communicate()")
        # 1. Collect. Nothing has changed until everything that may be refused has been looked at.
        given = parse_commands(commands)
        new = [a for a in self.add_ons if a not in self._taking_part]
        frame = [*given, *(c for a in new for c in a.get_initialization_commands())]
        names = self.names
        if frame:
            frame = in_order(frame)
            names = names.copy()
            index_of = {id(c): i for i, c in enumerate(given)}
            check_commands(frame, names, index_of)
            simulator.check(frame, index_of)
        before, self.names = self.names, names
        self._change_cast(new)
        try:
            # 2. Merge and sort by phase.
            asked = [c for a in self._taking_part for c in a.get_commands()]
            if asked:
                for command in asked:
                    if type(command) is not DriveRobot:
                        command.check(names)
                frame = in_order([*frame, *asked])
            # 3. Let add-ons rewrite it.
            frame = self._before_send(frame)
        except Exception:
            self.names = before
            self._turn_away(new)
            raise
        # 4. Apply, step, observe.
        simulator.apply(frame)
        simulator.step()
        try:
            response = simulator.observe()
        except SimulationError as error:
            self._ended = str(error)
            self.close()
            raise
        # 5. Actions advance.
        self.response = response
        for add_on in self._taking_part:
            add_on.advance(response)
        # 6. Settle, without advancing time.
        settle = [c for a in self._taking_part for c in a.settle(response)]
        if settle:
            for command in settle:
                command.check(self.names)
            settle = self._before_send(in_order(settle))
            simulator.apply(settle)
            simulator.capture(response)
        # 7. The frame is complete.
        response.events.extend(self.events.take())
        for add_on in self._taking_part:
            add_on.on_frame(frame, settle, response)
        if any(isinstance(c, Terminate) for c in frame):
            self._ended = "the script sent terminate"
            self.close()
        # 8. Scripts resume.
        self._scripts.resume()
        return response

    def run(self, *scripts: Awaitable[Any], max_frames: int | None = None) -> list[Any]:
        """Run scripts to their ends, calling `communicate()` once a frame.

        A script begins at once, so an action that it starts first initialises in the next frame,
        as if the script were written as a loop around `communicate()`.

        Args:
            scripts: Coroutines, or anything else that a script can await.
            max_frames: How many frames they have, or None for as many as they need.

        Returns:
            Their results, in order.

        Raises:
            DeadlineError: They were not done after `max_frames`. They were cancelled, and their
                actions ended as `timed_out`, for which there was one more frame.
            Exception: What a script raised; the others were cancelled in the same way.
        """
        self._open()
        self._scripts.check_outside("run()")
        return run_to_end(self._scripts, scripts, self.communicate, max_frames)

    def spawn(self, script: Awaitable[Any]) -> Script:
        """Start a script that is resumed once a frame, and return its handle.

        Between frames it begins at once, and what it raises before it waits comes out here. Within
        a script of this controller it begins later in the same frame, is a child of that script,
        and ends with it.

        Args:
            script: A coroutine, or anything else that a script can await.
        """
        self._open()
        return self._scripts.spawn(script)

    # --- around it ----------------------------------------------------------------------------

    @property
    def frame(self) -> int:
        """How many frames there were."""
        return 0 if self._simulator is None else self._simulator.frame

    @property
    def time(self) -> float:
        """Simulated time [s]."""
        return self.frame / self.frames_per_second

    @property
    def renderer_name(self) -> str:
        """The name of the renderer that draws images."""
        return self._open().renderer.name

    def world_hash(self) -> str:
        """32 hex characters of the physical state: joints, drive targets, bodies, welds, frame."""
        return self._open().world_hash()

    def state_hash(self) -> str:
        """32 hex characters of all that later frames depend on: the world, actions, scripts."""
        simulator = self._open()
        parts = [(type(a).__name__, a.state()) for a in self._taking_part]
        scripts = self._scripts.state()
        return digest_of(
            [simulator.world_hash(), self.seed, simulator.state_parts(), parts, scripts]
        )

    def reset(self) -> None:
        """End the scene and start at frame 0. Add-ons stay and begin anew in the next frame."""
        self._open()
        self._end_scene("the scene was reset")
        self.names = Names()
        self.response = None
        self.events.take()
        self._simulator = self._make_simulator()

    def close(self) -> None:
        """Free the scene and finish what add-ons write. Safe to call twice."""
        if self._simulator is not None:
            self._ended = self._ended or "it was closed"
            self._end_scene(f"the controller has ended: {self._ended}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- inside -------------------------------------------------------------------------------

    def _make_simulator(self) -> Simulator:
        from counterpoint.simulation.sapien_simulator import SapienSimulator  # loads SAPIEN

        return SapienSimulator(
            frames_per_second=self.frames_per_second,
            substeps=self.substeps,
            workers=self.workers,
            renderer=_raycast,
        )

    def _open(self) -> Simulator:
        if self._simulator is None:
            raise CounterpointError(
                f"this controller has ended: {self._ended}; make a new Controller()"
            )
        return self._simulator

    def _change_cast(self, new: Sequence[AddOn]) -> None:
        """New add-ons take part; those that were taken out of the list no longer do."""
        gone = [a for a in self._taking_part if a not in self.add_ons]
        if not new and not gone:
            return
        for add_on in gone:
            add_on.leave()
        for add_on in new:
            add_on.join(self)
        self._taking_part = list(self.add_ons)

    def _turn_away(self, new: Sequence[AddOn]) -> None:
        """Their first frame was refused after all: they begin with the next one."""
        self._taking_part = [a for a in self._taking_part if a not in new]
        for add_on in new:
            add_on.leave()

    def _before_send(self, frame: list[Command]) -> list[Command]:
        for add_on in self._taking_part:
            rewritten = add_on.before_send(frame)
            if rewritten is not frame:
                known = {id(c) for c in frame}
                for command in rewritten:
                    if id(command) not in known:
                        command.check(self.names.copy())
                frame = in_order(rewritten)
        return frame

    def _end_scene(self, reason: str) -> None:
        self._scripts.stop(reason)
        simulator, self._simulator = self._simulator, None
        taking_part, self._taking_part = self._taking_part, []
        try:
            for add_on in taking_part:
                add_on.leave()
        finally:
            if simulator is not None:
                simulator.close()


def _raycast() -> Renderer:
    from counterpoint.simulation.raycast_renderer import RaycastRenderer

    return RaycastRenderer()
