"""The steps of a frame, for the add-ons that take part in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from counterpoint.add_ons import AddOn, Host
from counterpoint.commands import Command, DriveRobot, check_commands, in_order
from counterpoint.controller.arbiter import Arbiter
from counterpoint.controller.stage import Stage
from counterpoint.core.events import Event, EventBus
from counterpoint.simulation.response import Response


class FrameLoop:
    """Takes commands and add-ons through steps 1 to 7 of a frame.

    Args:
        host: What add-ons see of the controller.
        stage: The scene.
        events: Where what happens is published.
        arbiter: Settles what several robots want for themselves alone.

    Attributes:
        stage: Likewise.
        taking_part: The add-ons whose first frame was good.
        replayed: Whether a replay has made the scene.
        is_new: Whether a replay has just begun, or gone on from a checkpoint.
        in_frame: Whether a frame is being carried out now.
    """

    def __init__(self, host: Host, stage: Stage, events: EventBus, arbiter: Arbiter) -> None:
        self.stage = stage
        self.taking_part: list[AddOn] = []
        self.replayed = self.is_new = self.in_frame = False
        self._host, self._events, self._arbiter = host, events, arbiter

    def collect(
        self, given: list[Command], index_of: dict[int, int], cast: list[AddOn]
    ) -> list[Command]:
        """Steps 1 to 3: the frame as it will be applied. What is refused changes nothing.

        Args:
            given: The caller's commands, and in a replay the recorded ones before them.
            index_of: `id` of a command → its index in the caller's list, for errors.
            cast: The add-ons that take part.
        """
        # 1. Collect. Nothing has changed until everything that may be refused has been looked at.
        stage = self.stage
        new = [a for a in cast if a not in self.taking_part]
        adding = new
        if self.is_new or (new and self.replayed):
            # What a recording has brought is not added again; what a checkpoint lacks, is.
            after = stage.names.copy()
            check_commands(in_order(given), after, index_of)
            adding = [a for a in (cast if self.is_new else new) if not a.takes_over(after)]
        frame = [*given, *(c for a in adding for c in a.get_initialization_commands())]
        names = stage.names
        if frame:
            frame = in_order(frame)
            names = stage.check(frame, index_of)
        before, stage.names = stage.names, names
        self._change_cast(cast, new)
        try:
            self._arbiter.settle(self._host, self.taking_part)
            # 2. Merge and sort by phase.
            asked = [c for a in self.taking_part for c in a.get_commands()]
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
        self.is_new = False
        return frame

    def carry_out(
        self,
        frame: list[Command],
        recorded_settle: Sequence[Command] = (),
        recorded_events: Sequence[Event] | None = None,
    ) -> tuple[Response, Exception | None]:
        """Steps 4 to 7.

        Args:
            frame: What to apply.
            recorded_settle: In a replay, what was applied without advancing time.
            recorded_events: In a replay, what happened; None outside of replays.

        Returns:
            The response, and the first error of an add-on that was told of the frame.

        Raises:
            SimulationError: The state is not finite any more.
        """
        stage, simulator = self.stage, self.stage.simulator
        self.in_frame = True
        self._events.muted = recorded_events is not None
        try:
            # 4. Apply, step, observe.
            simulator.apply(frame)
            simulator.step()
            response = simulator.observe()
            # 5. Actions advance.
            self._host.response = response
            for add_on in self.taking_part:
                add_on.advance(response)
            # 6. Settle, without advancing time.
            settle = [*recorded_settle]
            for add_on in self.taking_part:
                settle += add_on.settle(response)
            if settle:
                for command in settle:
                    command.check(stage.names)
                settle = self._before_send(in_order(settle))
                simulator.apply(settle)
                simulator.capture(response)
            # 7. The frame is complete.
            stage.link_hash()
            self._events.muted = False
            for event in recorded_events or ():
                self._events.publish(event)
            response.events.extend(self._events.take())
            self._events.complete(response.frame, response.time)
            problem = self.tell(lambda a: a.on_frame(frame, settle, response))
            every = stage.settings.checkpoint_every
            if every is not None and stage.frame % every == 0:
                snapshot = stage.checkpoint()
                problem = self.tell(lambda a: a.on_checkpoint(snapshot)) or problem
        finally:
            self.in_frame = self._events.muted = False
        return response, problem

    def tell(self, what: Callable[[AddOn], None]) -> Exception | None:
        """Tell every add-on, whatever one of them raises; returns the first of that."""
        first: Exception | None = None
        for add_on in self.taking_part:
            try:
                what(add_on)
            except Exception as error:  # noqa: BLE001 - it is raised when the frame is complete
                first = first or error
        return first

    def end(self, others: Sequence[AddOn]) -> None:
        """The scene ends for every add-on, and for `others` whose first frame never came."""
        self.taking_part += [a for a in others if a not in self.taking_part]
        problem = self.tell(lambda a: a.leave())
        self.taking_part = []
        self._arbiter.clear()
        if problem is not None:
            raise problem

    def _change_cast(self, cast: list[AddOn], new: Sequence[AddOn]) -> None:
        """New add-ons take part; those that were taken out of the list no longer do."""
        gone = [a for a in self.taking_part if a not in cast]
        if not new and not gone:
            return
        for add_on in gone:
            add_on.leave()
        for add_on in new:
            add_on.join(self._host)
        self.taking_part = cast

    def _turn_away(self, new: Sequence[AddOn]) -> None:
        """Their first frame was refused after all: they begin with the next one."""
        self.taking_part = [a for a in self.taking_part if a not in new]
        for add_on in new:
            add_on.leave()

    def _before_send(self, frame: list[Command]) -> list[Command]:
        for add_on in self.taking_part:
            rewritten = add_on.before_send(frame)
            if rewritten is not frame:
                known = {id(c) for c in frame}
                for command in rewritten:
                    if id(command) not in known:
                        command.check(self.stage.names.copy())
                frame = in_order(rewritten)
        return frame
