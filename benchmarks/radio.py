"""What a radio between robots costs a frame: `python benchmarks/radio.py`.

Two scenes of robots at rest are timed frame by frame in turn, in one run: one with a `CommChannel`,
and the same one without. Besides, what it costs to ask what a robot knows, and to make bytes of it.
"""

from __future__ import annotations

import gc
import sys
import time
import warnings

import numpy as np
import tyro
from frame_overhead import build
from report import Report, spread, spread_line

from counterpoint import CommChannel
from counterpoint.comm import CommPacket, CommSaturationWarning, list_profiles

TARGET = 100.0  # microseconds a frame, with 8 robots


def measure(robots: int, profile: str, frames: int) -> tuple[list[float], list[float]]:
    """Microseconds that the channel adds to each frame, and that a view takes."""
    channel = CommChannel(profile)
    without, _ = build(robots)
    with_channel, cast = build(robots, lambda c: c.add_ons.append(channel))
    added, asked = [], []
    gc.disable()
    for k in range(-30, frames):
        start = time.perf_counter()
        without.communicate()
        between = time.perf_counter()
        with_channel.communicate()
        end = time.perf_counter()
        channel.view(cast[k % robots].robot_id)
        if k >= 0:
            added.append(1e6 * ((end - between) - (between - start)))
            asked.append(1e6 * (time.perf_counter() - end))
    gc.enable()
    without.close()
    with_channel.close()
    return added, asked


def measure_bytes(robots: int, times: int) -> tuple[int, list[float]]:
    """The size of what one of so many robots knows, and microseconds there and back."""
    channel = CommChannel()
    controller, cast = build(robots, lambda c: c.add_ons.append(channel))
    packet, found = channel.view(cast[0].robot_id), []
    for _ in range(times):
        start = time.perf_counter()
        CommPacket.from_bytes(packet.to_bytes())
        found.append(1e6 * (time.perf_counter() - start))
    controller.close()
    return len(packet.to_bytes()), found


def main(frames: int = 1000, robots: tuple[int, ...] = (2, 8, 16, 32), quick: bool = False) -> None:
    """Time the channel for every shipped profile with 8 robots, and for several numbers of them.

    Args:
        frames: Frames timed for each.
        robots: Numbers of tiago_pro.
        quick: A tenth of the frames.
    """
    warnings.simplefilter("ignore", CommSaturationWarning)
    if quick:
        frames = max(50, frames // 10)
    report = Report("radio", "the radio's cost", frames=frames, robots=robots)
    cases = [(8, p) for p in list_profiles()] + [(n, "lossy") for n in robots if n != 8]
    for count, profile in report.track(cases, "scenes"):
        added, asked = measure(count, profile, frames)
        name = f"{count} robots, {profile}"
        report.figure(name, {"added": spread(added), "view": spread(asked)})
        report.note(f"{name}: a view takes {spread_line(asked, 'µs')}")
        if count == 8:
            report.claim(
                f"{name}: added to a frame", f"median ≤ {TARGET:.0f} µs",
                spread_line(added, "µs"), float(np.median(added)) <= TARGET,
            )  # fmt: skip
        else:
            report.note(f"{name}: added to a frame {spread_line(added, 'µs')}")
    size, both = measure_bytes(8, frames)
    report.figure("bytes", {"size": size, "there and back": spread(both)})
    report.note(
        f"what one of 8 robots knows: {size} bytes; there and back {spread_line(both, 'µs')}"
    )
    sys.exit(0 if report.close() else 1)


if __name__ == "__main__":
    tyro.cli(main)
