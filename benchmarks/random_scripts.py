"""Random runs of several robots, each told from its number alone, and their recordings.

`python benchmarks/random_scripts.py RECORDING …` replays recordings, records the replays next to
them, and prints what came of each as JSON: tests and benchmarks do so in another process.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from counterpoint import (
    Arm,
    Controller,
    CounterpointError,
    ImageFrequency,
    Recorder,
    Robot,
    deadline,
    derive_substream,
    first,
    frames,
    gather,
)
from counterpoint import commands as cmd
from counterpoint.recording import FrameCall, Recording

MODELS = ("tiago_pro", "panda", "xarm7")
SPACING = 3.0  # m between robots
PLACES = tuple((SPACING * x, SPACING * y) for x in (-1, 0, 1) for y in (-1, 0, 1))
ROOM = 4 * SPACING  # m
AT_ONCE = 3  # robots
MODEST = 0.1  # share of frames in which something comes, goes or is pushed


class Performance(NamedTuple):
    """A run that was recorded.

    Attributes:
        path: The recording.
        digests: `world_hash()` of each recorded frame.
        robots: The models that took part, in their order.
    """

    path: Path
    digests: list[str]
    robots: list[str]


class Company:
    """Robots and objects that come, act and go as a random stream says.

    Args:
        number: Which run.
        seed: Of all runs.
    """

    def __init__(self, number: int, seed: int = 0) -> None:
        self.rng = derive_substream(f"random_scripts/{number}", seed).default_rng()
        every = int(self.rng.integers(25, 60)) if self.rng.random() < 0.4 else None
        self.controller = Controller(
            seed=number, checkpoint_every=every, hash_chain=bool(self.rng.random() < 0.3)
        )
        self.recorder = Recorder(flush_every=int(self.rng.integers(1, 40)))
        self.controller.add_ons.append(self.recorder)
        self.digests: list[str] = []
        self.models: list[str] = []
        self._free = list(self.rng.permutation(len(PLACES)))
        self._count = 0

    def perform(self, path: Path, length: int) -> Performance:
        """Record a run of so many frames."""
        controller, recorder = self.controller, self.recorder
        robots = [self.robot() for _ in range(int(self.rng.integers(1, AT_ONCE)))]
        room = cmd.CreateEmptyRoom(width=ROOM, length=ROOM)
        with controller:
            late = self.rng.random() < 0.3
            if not late:
                recorder.start(path)
            self.send([room, *(self.thing() for _ in range(3))])
            if late:
                recorder.start(path)
            for robot in robots:
                controller.spawn(self.job(robot))
            while controller.frame < length:
                self.send(self.change() if self.rng.random() < MODEST else [])
        return Performance(path, self.digests, self.models)

    def send(self, commands: Sequence[cmd.Command]) -> None:
        """One frame."""
        self.controller.communicate(commands)
        if self.recorder.record():
            self.digests.append(self.controller.world_hash())

    # --- who and what there is ----------------------------------------------------------------

    def robot(self) -> Robot:
        """A robot that joins in the next frame."""
        x, y = PLACES[self._free.pop()]
        model = str(self.rng.choice(MODELS))
        self._count += 1
        robot = Robot(
            f"robot_{self._count}", model, (x, y, 0), float(self.rng.uniform(-180, 180)),
            image_frequency=ImageFrequency.never,
        )  # fmt: skip
        self.controller.add_ons.append(robot)
        self.models.append(model)
        return robot

    def thing(self) -> cmd.AddObject:
        """A small thing that falls to the floor beside one of the robots' places."""
        x, y = PLACES[self.rng.integers(len(PLACES))]
        angle, size = self.rng.uniform(0, 2 * np.pi), float(self.rng.uniform(0.03, 0.07))
        at = (x + 0.9 * np.cos(angle), y + 0.9 * np.sin(angle), 0.3)
        self._count += 1
        return cmd.AddObject(
            object_id=f"thing_{self._count}", size=(size,) * 3, position=tuple(map(float, at)),
            model=str(self.rng.choice(("box", "sphere", "cylinder"))),
        )  # fmt: skip

    # --- what happens -------------------------------------------------------------------------

    def change(self) -> list[cmd.Command]:
        """Something that is not an action: commands, or a call of the recorder."""
        controller, recorder, rng = self.controller, self.recorder, self.rng
        names = controller.names
        things = [o for o, static in names.objects.items() if not static]
        kind = rng.integers(8)
        if kind == 0:
            return [self.thing()]
        if kind == 1 and len(things) > 1:
            return [cmd.RemoveObject(object_id=str(rng.choice(things)))]
        if kind == 2 and things:
            force = tuple(rng.uniform(-2, 2, 3).tolist())
            return [cmd.ApplyForce(object_id=str(rng.choice(things)), force=force)]
        if kind == 3 and self._free and len(names.robots) < AT_ONCE:
            controller.spawn(self.job(self.robot(), joins=True))
        elif kind == 4 and len(names.robots) > 1:
            return [cmd.RemoveRobot(robot_id=str(rng.choice(list(names.robots))))]
        elif kind == 5:
            recorder.memory_set(["frame"], controller.frame)
        elif kind == 6 and recorder.record():
            recorder.write("frame", [controller.frame])
        elif kind == 7 and recorder.record():
            recorder.pause()
            controller.communicate()
            recorder.play()
        return []

    async def job(self, robot: Robot, *, joins: bool = False) -> None:
        """One thing after another, for as long as the robot is there."""
        if joins:
            await frames(1)
        while robot.robot_id in self.controller.names.robots:
            with contextlib.suppress(CounterpointError):
                await self.act(robot)
            await frames(1)

    async def act(self, robot: Robot) -> None:
        """One thing, or several at once."""
        rng = self.rng
        way = rng.integers(5)
        arm = Arm.right
        if way == 0:
            with deadline(frames=int(rng.integers(2, 30))):
                await self.reach(robot, arm)
        elif way == 1:
            await first(
                done=self.reach(robot, arm).outcome(), late=frames(int(rng.integers(1, 30)))
            )
        elif way == 2:
            action = self.reach(robot, arm)
            await frames(int(rng.integers(1, 20)))
            action.cancel("no longer wanted")
        elif robot.model.mobile:
            drive = robot.move_by(float(rng.uniform(-0.4, 0.4)), reset_arms=False)
            if way == 3:
                await gather(drive.outcome(), self.reach(robot, arm).outcome())
            else:
                await drive.outcome()
                await robot.turn_by(float(rng.uniform(-60, 60))).outcome()
        else:
            things = [o for o, static in self.controller.names.objects.items() if not static]
            await robot.grasp(str(rng.choice(things))).outcome()
            await robot.reset_arm().outcome()

    def reach(self, robot: Robot, arm: Arm) -> Any:
        """Somewhere in front of the robot."""
        low = (0.35, -0.4, 0.3) if not robot.model.mobile else (0.45, -0.45, 0.6)
        target = np.array(low) + self.rng.uniform(0, 0.3, 3)
        return robot.reach_for(tuple(target.tolist()), arm, absolute=False)


class Outcome(NamedTuple):
    """What came of a replay.

    Attributes:
        digests: `world_hash()` of each frame.
        divergence: Where it left the recording, or None.
        equal: Whether its own recording has the same bytes.
    """

    digests: list[str]
    divergence: list[Any] | None
    equal: bool


def replay(path: Path) -> Outcome:
    """Replay a recording with all checks, record that, and compare the files."""
    copied = path.with_name(f"copy of {path.name}")
    digests = []
    with Controller() as controller, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a divergence is returned
        with Recording(path) as recording:
            recorder = Recorder(flush_every=recording.header.flush_every)
        controller.add_ons.append(recorder)
        recorder.start(copied)
        played = recorder.replay(path)
        for call in played:
            if isinstance(call, FrameCall):
                digests.append(controller.world_hash())
    left = None if played.divergence is None else list(played.divergence)
    return Outcome(digests, left, copied.read_bytes() == path.read_bytes())


def replay_elsewhere(paths: Sequence[Path]) -> list[Outcome]:
    """The same in another process, one recording after another."""
    done = subprocess.run(
        [sys.executable, __file__, *map(str, paths)],
        stdout=subprocess.PIPE, text=True, check=True,
        env={"PYTHONPATH": ":".join(p for p in sys.path if p), "PYTHONHASHSEED": "1"},
    )  # fmt: skip
    return [Outcome(*outcome) for outcome in json.loads(done.stdout)]


if __name__ == "__main__":
    print(json.dumps([replay(Path(name)) for name in sys.argv[1:]]))
