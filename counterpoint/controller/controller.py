"""The frame loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self

from counterpoint.add_ons import AddOn, Recorder
from counterpoint.add_ons.add_on import AddOns
from counterpoint.commands import (
    Command,
    CommandLike,
    Names,
    Terminate,
    parse_commands,
)
from counterpoint.controller.arbiter import Arbiter
from counterpoint.controller.frame_loop import FrameLoop
from counterpoint.controller.run import run_to_end
from counterpoint.controller.scripts import Scripts
from counterpoint.controller.stage import Stage
from counterpoint.core.digest import digest_of
from counterpoint.core.errors import CommandError, RecorderError, SimulationError
from counterpoint.core.events import Event, EventBus
from counterpoint.core.script import Script
from counterpoint.core.settings import Settings
from counterpoint.simulation.renderers import RendererName, check_renderer, make_renderer
from counterpoint.simulation.response import Response
from counterpoint.simulation.snapshot import Snapshot


class Controller:
    """Directs a scene: every `communicate()` advances it by one frame.

    Use it in a `with` statement, or call `close()`.

    Args:
        seed: Of every random stream.
        frames_per_second: Frames a second of simulated time.
        substeps: Physics steps a frame.
        renderer: `vulkan` (SAPIEN's rasteriser), `raycast` (on the CPU, anywhere), or `auto`:
            Vulkan where a device answers.
        workers: Threads of the physics engine.
        checkpoint_every: Frames after which the scene is built anew, so that a recording can be
            entered there; None for never. It is part of the run: it changes what follows, in the
            last bits, whether the run is recorded or not.
        hash_chain: Whether the digest of a frame includes that of the frame before.
        arbiter: Settles what several robots want; None goes by priority.

    Attributes:
        arbiter: Settles what several robots want for themselves alone.
        events: Publishes what happens.
        response: The response to the last frame, or None.
    """

    companions: ClassVar[list[Callable[[], AddOn]]] = []
    """Make add-ons that take part in every controller, unseen: for tools that watch scripts."""

    def __init__(
        self,
        *,
        seed: int = 0,
        frames_per_second: int = 60,
        substeps: int = 2,
        renderer: RendererName = "auto",
        workers: int = 1,
        checkpoint_every: int | None = None,
        hash_chain: bool = False,
        arbiter: Arbiter | None = None,
    ) -> None:
        settings = Settings(
            seed, frames_per_second, substeps, workers, checkpoint_every, hash_chain
        )
        check_renderer(renderer)
        if arbiter is not None and not isinstance(arbiter, Arbiter):
            raise CommandError("expected an Arbiter", field="arbiter", value=arbiter)
        self._stage = Stage(settings, lambda: make_renderer(renderer))
        self._add_ons = AddOns(self)
        self._companions = AddOns(self)
        self._companions.extend(make() for make in self.companions)
        self.arbiter = arbiter or Arbiter()
        self.events = EventBus()
        self.response: Response | None = None
        self._loop = FrameLoop(self, self._stage, self.events, self.arbiter)
        self._scripts = Scripts(
            self.events, lambda: self.frame, lambda: self.settings.frames_per_second
        )

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
            Exception: What a script raised that no other script waits for, or an add-on on being
                told of the frame. The frame is complete then, and the other scripts were resumed.
        """
        self._require_open()
        self._scripts.check_outside("communicate()")
        given = parse_commands(commands)
        index_of = {id(c): i for i, c in enumerate(given)}
        return self._carry_out(self._loop.collect(given, index_of, self._cast()))

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
        self._require_open()
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
        self._require_open()
        return self._scripts.spawn(script)

    # --- around it ----------------------------------------------------------------------------

    @property
    def add_ons(self) -> list[AddOn]:
        """What takes part in the loop, in any order. Yours to extend."""
        return self._add_ons

    @add_ons.setter
    def add_ons(self, add_ons: Iterable[AddOn]) -> None:
        self._add_ons[:] = add_ons

    @property
    def recorder(self) -> Recorder | None:
        """The first recorder among the add-ons."""
        return next((a for a in self._add_ons if isinstance(a, Recorder)), None)

    @property
    def settings(self) -> Settings:
        """What makes two runs of one script the same run."""
        return self._stage.settings

    @property
    def seed(self) -> int:
        """Of every random stream."""
        return self.settings.seed

    @property
    def frames_per_second(self) -> int:
        """Frames a second of simulated time."""
        return self.settings.frames_per_second

    @property
    def names(self) -> Names:
        """Which robots, objects and cameras there are."""
        return self._stage.names

    @property
    def frame(self) -> int:
        """How many frames there were."""
        return self._stage.frame

    @property
    def time(self) -> float:
        """Simulated time [s]."""
        return self.frame / self.frames_per_second

    @property
    def renderer_name(self) -> str:
        """The name of the renderer that draws images."""
        return self._stage.simulator.renderer.name

    def world_hash(self) -> str:
        """32 hex characters of the physical state: joints, drive targets, bodies, welds, frame."""
        return self._stage.world_hash()

    def state_hash(self) -> str:
        """32 hex characters of all that later frames depend on: the world, actions, scripts."""
        simulator = self._stage.simulator
        there = [(type(a).__name__, a.state()) for a in self._loop.taking_part]
        parts = [part for part in there if part[1] is not None]
        scripts = self._scripts.state()
        return digest_of(
            [
                self.world_hash(), self.seed, simulator.state_parts(), parts,
                self.arbiter.state(), scripts,
            ]
        )  # fmt: skip

    def reset(self) -> None:
        """End the scene and start at frame 0. Add-ons stay and begin anew in the next frame."""
        self._require_open()
        self._end_scene("the scene was reset")
        self._begin(self.settings)

    def close(self) -> None:
        """Free the scene and finish what add-ons write. Safe to call twice."""
        if self._stage.is_open:
            reason = self._stage.ended = self._stage.ended or "it was closed"
            try:
                self._end_scene(f"the controller has ended: {reason}")
            finally:
                self._stage.close(reason)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- for recorders ------------------------------------------------------------------------

    def checkpoint(self) -> Snapshot:
        """Build the scene anew from what it is, and return that. For recorders.

        Raises:
            RecorderError: In the middle of a frame.
        """
        if self._loop.in_frame:
            raise RecorderError("a recording can only begin or resume between frames")
        return self._stage.checkpoint()

    def prepare_replay(self, settings: Settings) -> None:
        """Begin an empty scene with the settings of a recording. For recorders.

        Raises:
            RecorderError: If there is a scene.
        """
        self._require_open()
        self._scripts.check_outside("replay()")
        if self.frame and not self._loop.replayed:
            raise RecorderError(
                f"a replay needs an empty scene and this one is at frame {self.frame}: "
                "call reset() first, or make a new Controller()"
            )
        self._begin(settings)
        self._loop.replayed = self._loop.is_new = True

    def restore(self, snapshot: Snapshot, chain: str | None) -> None:
        """Go on from a recorded checkpoint. For recorders.

        Raises:
            RecordingError: If it cannot be built; the scene is left as it was.
        """
        self._stage.restore(snapshot, chain)
        self._loop.is_new = True

    def play(
        self,
        commands: Sequence[Command],
        settle: Sequence[Command],
        events: Sequence[Event],
        extra: CommandLike | Iterable[CommandLike] = (),
    ) -> Response:
        """Advance by one recorded frame; add-ons that act are left out. For recorders.

        Args:
            commands: The recorded frame.
            settle: What was applied after it.
            events: What happened.
            extra: Commands of the caller's that were not recorded.

        Raises:
            CommandError: Likewise UnknownRobotError, UnknownObjectError and UnknownModelError;
                nothing of the frame was applied.
        """
        given = parse_commands(extra)
        index_of = {id(c): i for i, c in enumerate(given)}
        cast = [a for a in self._cast() if not a.acts]
        frame = self._loop.collect([*commands, *given], index_of, cast)
        return self._carry_out(frame, settle, events)

    # --- inside -------------------------------------------------------------------------------

    def _require_open(self) -> None:
        self._stage.simulator  # noqa: B018 - it raises where there is none

    def _cast(self) -> list[AddOn]:
        """Who takes part in the next frame."""
        return [*self.add_ons, *self._companions]

    def _carry_out(
        self,
        frame: list[Command],
        settle: Sequence[Command] = (),
        events: Sequence[Event] | None = None,
    ) -> Response:
        """Steps 4 to 8 of a frame that was collected."""
        try:
            response, problem = self._loop.carry_out(frame, settle, events)
        except SimulationError as error:
            self._stage.ended = str(error)
            self.close()
            raise
        if events is None and any(isinstance(c, Terminate) for c in frame):
            self._stage.ended = "the script sent terminate"
            self.close()
        # 8. Scripts resume.
        try:
            self._scripts.resume()
        finally:
            if problem is not None:
                raise problem
        return response

    def _begin(self, settings: Settings) -> None:
        self._stage.begin(settings)
        self.response = None
        self._loop.replayed = self._loop.is_new = False
        self.events.take()

    def _end_scene(self, reason: str) -> None:
        """Scripts and add-ons end, whatever one of them raises."""
        self._scripts.stop(reason)
        self._loop.end(self._add_ons)
