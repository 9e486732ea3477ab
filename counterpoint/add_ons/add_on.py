"""What an add-on is: something that takes part in every frame of the loop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Protocol, SupportsIndex, overload

from counterpoint.actions.claims import Claim
from counterpoint.commands import Command, CommandLike, Names
from counterpoint.core.events import Event, EventBus
from counterpoint.core.settings import Settings
from counterpoint.simulation.response import Response
from counterpoint.simulation.snapshot import Snapshot


class Host(Protocol):
    """What add-ons see of the controller."""

    events: EventBus
    response: Response | None

    @property
    def add_ons(self) -> list[AddOn]:
        """What takes part in the loop."""
        ...

    @property
    def frame(self) -> int:
        """How many frames there were."""
        ...

    @property
    def time(self) -> float:
        """Simulated time [s]."""
        ...

    @property
    def frames_per_second(self) -> int:
        """Frames a second of simulated time."""
        ...

    @property
    def seed(self) -> int:
        """Of every random stream."""
        ...

    @property
    def settings(self) -> Settings:
        """What makes two runs of one script the same run."""
        ...

    @property
    def names(self) -> Names:
        """Which robots, objects and cameras there are."""
        ...

    def world_hash(self) -> str:
        """32 hex characters of the physical state."""
        ...


class Director(Host, Protocol):
    """What a recorder asks of the controller besides."""

    def state_hash(self) -> str:
        """32 hex characters of all that later frames depend on."""
        ...

    def checkpoint(self) -> Snapshot:
        """Build the scene anew from what it is, and return that."""
        ...

    def prepare_replay(self, settings: Settings) -> None:
        """Begin an empty scene with the settings of a recording."""
        ...

    def restore(self, snapshot: Snapshot, chain: str | None) -> None:
        """Go on from a recorded checkpoint."""
        ...

    def play(
        self,
        commands: Sequence[Command],
        settle: Sequence[Command],
        events: Sequence[Event],
        extra: CommandLike | Iterable[CommandLike] = (),
    ) -> Response:
        """Advance by one recorded frame."""
        ...


class AddOn:
    """Takes part in the frame loop. Override what you need; the order is that of the loop's steps.

    Attributes:
        acts: Whether it decides what robots do: then it is silent while a recording is replayed.
        host: The controller, once the add-on takes part.
    """

    acts: ClassVar[bool] = False
    host: Host | None = None

    def enlist(self, director: Director) -> None:
        """It was put in the add-ons of a controller, whose next frame will be its first."""

    def get_initialization_commands(self) -> list[Command]:
        """Before the first frame with it. Changes nothing in the add-on: the frame may be bad."""
        return []

    def takes_over(self, names: Names) -> bool:
        """Whether a replay has brought what it would add; then it adds nothing."""
        return False

    def join(self, host: Host) -> None:
        """Its first frame is good; it takes part from now on."""
        self.host = host

    def claims(self) -> Sequence[Claim]:
        """Step 1, before any action initialises: what it holds and wants for itself alone."""
        return ()

    def get_commands(self) -> list[Command]:
        """Step 1: commands for this frame."""
        return []

    def before_send(self, frame: list[Command]) -> list[Command]:
        """Step 3: the frame as it will be applied; what is returned is applied instead."""
        return frame

    def advance(self, response: Response) -> None:
        """Step 5: read the state and decide."""

    def settle(self, response: Response) -> list[Command]:
        """Step 6: commands that are applied without advancing time."""
        return []

    def on_frame(
        self, commands: Sequence[Command], settle: Sequence[Command], response: Response
    ) -> None:
        """Step 7: the frame is complete. What is raised here comes out when all of it is done."""

    def on_checkpoint(self, snapshot: Snapshot) -> None:
        """After step 7: the scene was built anew, as `checkpoint_every` asks for."""

    def state(self) -> Any:
        """What later frames depend on, for the state hash."""
        return None

    def leave(self) -> None:
        """The scene ends: `reset()`, `close()`, or the add-on was taken out."""
        self.host = None


class AddOns(list[AddOn]):
    """The add-ons of a controller: a list that tells each whose it is."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self._director = director

    def append(self, add_on: AddOn) -> None:
        """See `list`."""
        self._enlist([add_on])
        super().append(add_on)

    def extend(self, add_ons: Iterable[AddOn]) -> None:
        """See `list`."""
        super().extend(self._enlist(add_ons))

    def insert(self, index: SupportsIndex, add_on: AddOn) -> None:
        """See `list`."""
        self._enlist([add_on])
        super().insert(index, add_on)

    def __iadd__(self, add_ons: Iterable[AddOn]) -> AddOns:  # type: ignore[override,misc]
        self.extend(add_ons)
        return self

    @overload
    def __setitem__(self, index: SupportsIndex, value: AddOn) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[AddOn]) -> None: ...
    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            super().__setitem__(index, self._enlist(value))
        else:
            self._enlist([value])
            super().__setitem__(index, value)

    def _enlist(self, add_ons: Iterable[AddOn]) -> list[AddOn]:
        add_ons = list(add_ons)
        for add_on in add_ons:
            if not isinstance(add_on, AddOn):
                raise TypeError(f"expected an AddOn, got {add_on!r:.80}")
            add_on.enlist(self._director)
        return add_ons
