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
    DriveRobot,
    Names,
    Terminate,
    check_commands,
    in_order,
    parse_commands,
)
from counterpoint.controller.arbiter import Arbiter
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
        self._taking_part: list[AddOn] = []
        self._replayed = self._is_new = self._in_frame = False
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
        frame = self._collect(given, {id(c): i for i, c in enumerate(given)}, self._cast())
        response, problem = self._carry_out(frame)
        if any(isinstance(c, Terminate) for c in frame):
            self._stage.ended = "the script sent terminate"
            self.close()
        # 8. Scripts resume.
        try:
            self._scripts.resume()
        finally:
            if problem is not None:
                raise problem
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
        there = [(type(a).__name__, a.state()) for a in self._taking_part]
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
        if self._in_frame:
            raise RecorderError("a recording can only begin or resume between frames")
        return self._stage.checkpoint()

    def prepare_replay(self, settings: Settings) -> None:
        """Begin an empty scene with the settings of a recording. For recorders.

        Raises:
            RecorderError: If there is a scene.
        """
        self._require_open()
        self._scripts.check_outside("replay()")
        if self.frame and not self._replayed:
            raise RecorderError(
                f"a replay needs an empty scene and this one is at frame {self.frame}: "
                "call reset() first, or make a new Controller()"
            )
        self._begin(settings)
        self._replayed, self._is_new = True, True

    def restore(self, snapshot: Snapshot, chain: str | None) -> None:
        """Go on from a recorded checkpoint. For recorders.

        Raises:
            RecordingError: If it cannot be built; the scene is left as it was.
        """
        self._stage.restore(snapshot, chain)
        self._is_new = True

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
        frame = self._collect([*commands, *given], index_of, cast)
        response, problem = self._carry_out(frame, settle, events)
        try:
            self._scripts.resume()
        finally:
            if problem is not None:
                raise problem
        return response

    # --- inside -------------------------------------------------------------------------------

    def _require_open(self) -> None:
        self._stage.simulator  # noqa: B018 - it raises where there is none

    def _cast(self) -> list[AddOn]:
        """Who takes part in the next frame."""
        return [*self.add_ons, *self._companions]

    def _collect(
        self, given: list[Command], index_of: dict[int, int], cast: list[AddOn]
    ) -> list[Command]:
        """Steps 1 to 3: the frame as it will be applied. What is refused changes nothing."""
        # 1. Collect. Nothing has changed until everything that may be refused has been looked at.
        stage = self._stage
        new = [a for a in cast if a not in self._taking_part]
        adding = new
        if self._is_new or (new and self._replayed):
            # What a recording has brought is not added again; what a checkpoint lacks, is.
            after = stage.names.copy()
            check_commands(in_order(given), after, index_of)
            adding = [a for a in (cast if self._is_new else new) if not a.takes_over(after)]
        frame = [*given, *(c for a in adding for c in a.get_initialization_commands())]
        names = stage.names
        if frame:
            frame = in_order(frame)
            names = stage.check(frame, index_of)
        before, stage.names = stage.names, names
        self._change_cast(cast, new)
        try:
            self.arbiter.settle(self, self._taking_part)
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
            stage.names = before
            self._turn_away(new)
            raise
        self._is_new = False
        return frame

    def _carry_out(
        self,
        frame: list[Command],
        recorded_settle: Sequence[Command] = (),
        recorded_events: Sequence[Event] | None = None,
    ) -> tuple[Response, Exception | None]:
        """Steps 4 to 7; also the first error of an add-on that was told of the frame."""
        stage, simulator = self._stage, self._stage.simulator
        self._in_frame = True
        self.events.muted = recorded_events is not None
        try:
            # 4. Apply, step, observe.
            simulator.apply(frame)
            simulator.step()
            try:
                response = simulator.observe()
            except SimulationError as error:
                stage.ended = str(error)
                self.close()
                raise
            # 5. Actions advance.
            self.response = response
            for add_on in self._taking_part:
                add_on.advance(response)
            # 6. Settle, without advancing time.
            settle = [*recorded_settle]
            for add_on in self._taking_part:
                settle += add_on.settle(response)
            if settle:
                for command in settle:
                    command.check(stage.names)
                settle = self._before_send(in_order(settle))
                simulator.apply(settle)
                simulator.capture(response)
            # 7. The frame is complete.
            stage.link_hash()
            self.events.muted = False
            for event in recorded_events or ():
                self.events.publish(event)
            response.events.extend(self.events.take())
            self.events.complete(response.frame, response.time)
            problem = self._tell(lambda a: a.on_frame(frame, settle, response))
            every = stage.settings.checkpoint_every
            if every is not None and stage.frame % every == 0:
                snapshot = stage.checkpoint()
                problem = self._tell(lambda a: a.on_checkpoint(snapshot)) or problem
        finally:
            self._in_frame = self.events.muted = False
        return response, problem

    def _tell(self, what: Callable[[AddOn], None]) -> Exception | None:
        """Tell every add-on, whatever one of them raises; returns the first of that."""
        first: Exception | None = None
        for add_on in self._taking_part:
            try:
                what(add_on)
            except Exception as error:  # noqa: BLE001 - it is raised when the frame is complete
                first = first or error
        return first

    def _begin(self, settings: Settings) -> None:
        self._stage.begin(settings)
        self.response = None
        self._replayed = self._is_new = False
        self.events.take()

    def _change_cast(self, cast: list[AddOn], new: Sequence[AddOn]) -> None:
        """New add-ons take part; those that were taken out of the list no longer do."""
        gone = [a for a in self._taking_part if a not in cast]
        if not new and not gone:
            return
        for add_on in gone:
            add_on.leave()
        for add_on in new:
            add_on.join(self)
        self._taking_part = cast

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
        """Scripts and add-ons end, whatever one of them raises."""
        self._scripts.stop(reason)
        # Those whose first frame never came end, too: a recorder may have opened its file.
        self._taking_part += [a for a in self._add_ons if a not in self._taking_part]
        problem = self._tell(lambda a: a.leave())
        self._taking_part = []
        self.arbiter.clear()
        if problem is not None:
            raise problem
