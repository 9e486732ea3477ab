"""The scene that a controller directs: its simulator, its names, its digests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

from pydantic import ValidationError

from counterpoint.commands import Command, DriveRobot, Names, check_commands, parse_command
from counterpoint.core.errors import CounterpointError, RecordingError
from counterpoint.core.settings import Settings
from counterpoint.simulation.protocol import Simulator
from counterpoint.simulation.renderer import Renderer
from counterpoint.simulation.snapshot import Snapshot


class Stage:
    """A scene, from its making to its end, rebuilt where a checkpoint asks for it.

    Args:
        settings: What makes runs the same.
        renderer: Makes the renderer when the first image is asked for.

    Attributes:
        settings: Likewise.
        names: Which robots, objects and cameras there are.
    """

    def __init__(self, settings: Settings, renderer: Callable[[], Renderer]) -> None:
        self.settings = settings
        self.names = Names()
        self._renderer = renderer
        self._chain: str | None = None
        self._simulator: Simulator | None = self._make_simulator(renderer)
        self.ended: str | None = None

    @property
    def simulator(self) -> Simulator:
        """The simulator.

        Raises:
            CounterpointError: If the scene has ended.
        """
        if self._simulator is None:
            raise CounterpointError(
                f"this controller has ended: {self.ended}; make a new Controller()"
            )
        return self._simulator

    @property
    def is_open(self) -> bool:
        """Whether the scene has not ended."""
        return self._simulator is not None

    @property
    def frame(self) -> int:
        """How many frames there were; 0 after the end."""
        return 0 if self._simulator is None else self._simulator.frame

    @property
    def is_empty(self) -> bool:
        """Whether nothing has happened yet."""
        return self.frame == 0 and not self.names.scene

    def check(self, frame: Sequence[Command], index_of: Mapping[int, int]) -> Names:
        """Refuse what cannot be carried out; nothing is changed.

        Returns:
            The names after the frame.

        Raises:
            CommandError: Likewise UnknownRobotError, UnknownObjectError and UnknownModelError.
        """
        # Drives neither make nor end a name.
        drives_only = all(type(c) is DriveRobot for c in frame)
        names = self.names if drives_only else self.names.copy()
        check_commands(frame, names, index_of)
        if not drives_only:
            self.simulator.check(frame, index_of)
        return names

    def world_hash(self) -> str:
        """32 hex characters of the physical state, with `hash_chain` of all states so far."""
        return self._chain or self.simulator.world_hash()

    def link_hash(self) -> None:
        """A frame is complete: its digest goes into the chain, if there is one."""
        if self.settings.hash_chain:
            text = f"{self._chain or ''}{self.simulator.world_hash()}"
            self._chain = blake2b(text.encode(), digest_size=16).hexdigest()

    # --- checkpoints --------------------------------------------------------------------------

    def checkpoint(self) -> Snapshot:
        """Build the scene anew from what it is, and return that.

        From here on it goes the way of every scene that is restored from this snapshot.
        """
        snapshot = self.simulator.snapshot()
        self._rebuild(snapshot, [parse_command(c) for c in snapshot.commands])
        return snapshot

    def restore(self, snapshot: Snapshot, chain: str | None) -> None:
        """Go on from a snapshot that came from outside, with the chain of digests up to it.

        Raises:
            RecordingError: If it cannot be built; the scene is left as it was.
        """
        try:
            commands = [parse_command(c) for c in snapshot.commands]
            names = Names()
            check_commands(commands, names)
            _check_snapshot(snapshot, names)
            self._rebuild(snapshot, commands)
        except (CounterpointError, ValidationError, ValueError) as error:
            raise RecordingError(f"the checkpoint cannot be restored: {error}") from error
        self.names, self._chain = names, chain

    def _rebuild(self, snapshot: Snapshot, commands: Sequence[Command]) -> None:
        old, new = self.simulator, self._make_simulator(self._renderer)
        try:
            new.restore(snapshot, commands)
        except BaseException:
            new.close()
            raise
        new.take_renderer(old)
        self._simulator = new
        old.close()

    # --- beginning and end --------------------------------------------------------------------

    def begin(self, settings: Settings) -> None:
        """Start an empty scene at frame 0."""
        self.close("the scene was reset")
        self.settings, self.names, self._chain, self.ended = settings, Names(), None, None
        self._simulator = self._make_simulator(self._renderer)

    def close(self, reason: str) -> None:
        """End the scene. Safe to call twice."""
        if self._simulator is not None:
            self.ended = self.ended or reason
            self._simulator.close()
            self._simulator = None

    def _make_simulator(self, renderer: Callable[[], Renderer]) -> Simulator:
        from counterpoint.simulation.sapien_simulator import SapienSimulator  # loads SAPIEN

        settings = self.settings
        return SapienSimulator(
            frames_per_second=settings.frames_per_second,
            substeps=settings.substeps,
            workers=settings.workers,
            renderer=renderer,
        )


def _check_snapshot(snapshot: Snapshot, names: Names) -> None:
    """Refuse cameras, welds and hands on things that are not there; notes them in `names`.

    Raises:
        CommandError: Likewise UnknownRobotError and UnknownObjectError.
    """
    for camera in snapshot.cameras:
        spec = camera.spec.model_copy(update={"look_at": None, "follow": camera.follow})
        spec.check(names)
    for weld in snapshot.welds:
        names.weld(weld.robot_id, weld.arm, weld.object_id)
    for hand in snapshot.hands:
        names.arm(hand.robot_id, hand.arm)
        for object_id in (hand.candidate, hand.held):
            if object_id is not None:
                names.object(object_id)
