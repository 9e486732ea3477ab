"""What recording costs, how fast replays and seeks are: `python benchmarks/recording.py`.

Every baseline is measured in the same run, frame by frame in turn with what it is compared to. Bare
stepping is the same frames, as commands in memory, given to a simulator of their own, which applies
them, steps and observes; physics alone, without commands and observations, stands beside it.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path

import numpy as np
import tyro
from frame_overhead import build, keep_busy
from report import Report, spread

from counterpoint import Arm, Controller, Recorder, Robot, derive_substream
from counterpoint.recording import FrameCall, Recording

WARM_UP = 60
ROBOTS = 8


def stir(cast: list[Robot], turn: dict[str, int], rng: np.random.Generator) -> None:
    """Keep robots busy with motions that do not repeat, as real ones do not."""
    for robot in cast:
        actions = robot.actions
        if "base" not in actions:
            turn[robot.robot_id] = turn.get(robot.robot_id, 0) + 1
            way = float(rng.uniform(0.5, 0.8))
            robot.move_by(way if turn[robot.robot_id] % 2 else -way, reset_arms=False)
        if "right_arm" not in actions:
            point = rng.uniform((0.45, -0.4, 0.7), (0.6, -0.15, 1.05))
            robot.reach_for(point.tolist(), Arm.right, absolute=False)


def recorded_scene(path: Path, robots: int, **settings: int) -> tuple[Controller, list[Robot]]:
    """The scene of `frame_overhead`, recorded from the first frame on."""

    def prepare(controller: Controller) -> None:
        recorder = Recorder()
        controller.add_ons.append(recorder)
        recorder.start(path)

    return build(robots, prepare, **settings)


def cost(report: Report, folder: Path, frames: int, seed: int) -> Path:
    """Frame times with and without recording, and the size of the file."""
    file = folder / "cost.mcap"
    plain, recorded = build(ROBOTS), recorded_scene(file, ROBOTS)
    times: tuple[list[float], list[float]] = ([], [])
    turns: tuple[dict[str, int], dict[str, int]] = ({}, {})
    draws = [derive_substream("recording/stir", seed).default_rng() for _ in range(2)]
    for k in report.track(range(frames + WARM_UP), "with and without recording"):
        for i in (0, 1) if k % 2 else (1, 0):  # neither always comes second
            controller, cast = (plain, recorded)[i]
            stir(cast, turns[i], draws[i])
            start = time.perf_counter()
            controller.communicate()
            if k >= WARM_UP:
                times[i].append(time.perf_counter() - start)
    if plain[0].world_hash() != recorded[0].world_hash():
        raise RuntimeError("recording has changed the run")
    for controller, _ in (plain, recorded):
        controller.close()
    without, with_ = (np.array(t) * 1e6 for t in times)
    ratio = float(with_.mean() / without.mean())
    report.claim(
        f"frame time with recording against without, {ROBOTS} busy robots", "≤ 1.05",
        f"{ratio:.3f} ({with_.mean():.0f} against {without.mean():.0f} µs; medians "
        f"{np.median(with_):.0f} and {np.median(without):.0f})", ratio <= 1.05,
    )  # fmt: skip
    size = file.stat().st_size / ((frames + WARM_UP + 1) * ROBOTS)
    report.claim("bytes a robot and frame", "≤ 200", f"{size:.0f}", size <= 200)
    report.figures["frame_us"] = {"without": spread(without), "with": spread(with_)}
    return file


def checkpoints(report: Report, folder: Path, frames: int) -> None:
    """What a checkpoint costs the run."""
    controller, cast = recorded_scene(folder / "checkpoints.mcap", ROBOTS, checkpoint_every=60)
    turn: dict[str, int] = {}
    times: list[list[float]] = [[], []]
    for _ in report.track(range(frames), "checkpoints"):
        keep_busy(cast, turn)
        start = time.perf_counter()
        controller.communicate()
        times[controller.frame % 60 == 0].append(time.perf_counter() - start)
    controller.close()
    extra = float(np.median(times[1]) - np.median(times[0]))
    report.figures["checkpoint_s"] = extra
    report.note(f"a checkpoint of {ROBOTS} tiago_pro takes {extra * 1e3:.0f} ms")


def replay_speed(report: Report, file: Path, passes: int) -> None:
    """Replays, with and without verification, against bare stepping of the same frames.

    Each pass plays all frames in a scene of its own, so that none has the processor's caches filled
    by another.
    """
    with Recording(file) as recording:
        calls = [c for c in recording.calls() if isinstance(c, FrameCall)]

    def physics() -> float:
        with Controller() as controller:
            simulator = controller._stage.simulator
            taken = 0.0
            for k, call in enumerate(calls):
                simulator.apply(call.commands)
                simulator._fleet.advance(1 / controller.frames_per_second)
                start = time.perf_counter()
                for _ in range(controller.settings.substeps):
                    simulator._physics.step()
                if k >= WARM_UP:
                    taken += time.perf_counter() - start
                simulator.frame += 1
                simulator.observe()
                simulator.apply(call.settle)
            return taken

    def bare() -> float:
        with Controller() as controller:
            simulator = controller._stage.simulator
            taken = 0.0
            for k, call in enumerate(calls):
                start = time.perf_counter()
                simulator.apply(call.commands)
                simulator.step()
                simulator.observe()
                simulator.apply(call.settle)
                if k >= WARM_UP:
                    taken += time.perf_counter() - start
            return taken

    def replay(*, verify: bool) -> float:
        with Controller() as controller:
            controller.add_ons.append(Recorder())
            assert controller.recorder is not None
            player = controller.recorder.replay(file, verify=verify)
            taken = 0.0
            for k in range(len(calls)):
                start = time.perf_counter()
                next(player)
                if k >= WARM_UP:
                    taken += time.perf_counter() - start
            if player.divergence is not None:
                raise RuntimeError(f"the replay left the recording: {player.divergence}")
            return taken

    kinds = {
        "bare": bare,
        "replay": lambda: replay(verify=False),
        "verified": lambda: replay(verify=True),
        "physics": physics,
    }
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in report.track(range(passes), "replay against bare stepping"):
        for name, play in kinds.items():
            times[name].append(play() / (len(calls) - WARM_UP) * 1e6)
    us = {name: float(np.median(taken)) for name, taken in times.items()}
    share = us["bare"] / us["replay"]
    report.claim(
        "speed of a replay against bare stepping of the same frames", "≥ 0.95",
        f"{share:.3f} ({us['replay']:.0f} against {us['bare']:.0f} µs a frame; verified "
        f"{us['bare'] / us['verified']:.3f}; physics alone {us['physics']:.0f} µs)",
        share >= 0.95,
    )  # fmt: skip
    report.figures["replay_us"] = times


def seeking(report: Report, folder: Path, minutes: float, seed: int, trials: int) -> None:
    """Seeks to random frames of a long recording of four robots."""
    file = folder / "long.mcap"
    controller, cast = recorded_scene(file, 4, checkpoint_every=300)
    turn: dict[str, int] = {}
    rng = derive_substream("recording/long", seed).default_rng()
    frames = round(minutes * 3600)
    for _ in report.track(range(frames), f"recording {minutes:g} minutes"):
        stir(cast, turn, rng)
        controller.communicate()
    controller.close()
    rng = derive_substream("recording/seek", seed).default_rng()
    poses, exact = [], []
    with Controller() as controller:
        recorder = Recorder()
        controller.add_ons.append(recorder)
        begin = time.perf_counter()
        replay = recorder.replay(file)
        opened = time.perf_counter() - begin
        for frame in rng.integers(1, frames, trials).tolist():
            start = time.perf_counter()
            replay.seek(frame)
            poses.append(time.perf_counter() - start)
        # The last frame before a checkpoint is the one that takes longest.
        targets = itertools.chain(rng.integers(1, frames, trials // 4).tolist(), [frames - 2])
        for frame in targets:
            start = time.perf_counter()
            replay.seek(frame, exact=True)
            exact.append(time.perf_counter() - start)
            if controller.frame != frame or replay.divergence is not None:
                raise RuntimeError(f"seek to {frame} gave {controller.frame}, {replay.divergence}")
    megabytes = file.stat().st_size / 1e6
    report.note(f"{frames:,} frames, {megabytes:.1f} MB; opened in {opened * 1e3:.0f} ms")
    report.claim(
        f"poses of any frame of {minutes:g} minutes", "< 0.1 s",
        f"{max(poses) * 1e3:.0f} ms at most ({len(poses)} random frames)", max(poses) < 0.1,
    )  # fmt: skip
    report.claim(
        "exact state of any frame, four robots, checkpoint_every=300", "< 1 s",
        f"{max(exact):.2f} s at most ({len(exact)} frames, verified)", max(exact) < 1.0,
    )  # fmt: skip
    report.figures["seek_s"] = {"poses": spread(poses), "exact": spread(exact)}


def main(
    frames: int = 1200,
    minutes: float = 10.0,
    trials: int = 200,
    passes: int = 7,
    seed: int = 0,
    quick: bool = False,
) -> None:
    """Measure recording, replaying and seeking.

    Args:
        frames: Frames timed with and without recording.
        minutes: Simulated length of the recording that is sought in.
        trials: Seeks to random frames; a quarter as many exact ones.
        passes: Times that all frames are replayed, and stepped bare.
        seed: Of the motions and of the frames that are sought.
        quick: A tenth of everything.
    """
    if quick:
        frames, minutes, trials = frames // 10, minutes / 10, trials // 10
    report = Report("recording", "recording, replaying, seeking", frames=frames, minutes=minutes)
    with tempfile.TemporaryDirectory() as folder:
        file = cost(report, Path(folder), frames, seed)
        checkpoints(report, Path(folder), min(frames, 300))
        replay_speed(report, file, passes)
        seeking(report, Path(folder), minutes, seed, trials)
    raise SystemExit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
