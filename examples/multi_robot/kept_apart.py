"""Two robots are told to drive through each other; the safety monitor has them pass side by side.

Look at the one line that switches it on, and at what becomes of the same orders without it: their
own look-ahead is off in both runs. Each keeps to its right when somebody is in its way.
"""

from counterpoint import Controller, ImageFrequency, Robot, SafetyMonitor
from counterpoint import commands as cmd
from counterpoint.simulation.response import Response

VIEW = {"position": (0.0, -3.6, 2.6), "look_at": (0.0, 0.0, 0.6)}


def touching(response: Response) -> bool:
    return any(
        other.kind == "robot" and other.owner != name
        for name, robot in response.robots.items()
        for _, other, _ in robot.contacts
    )


def drive_into_each_other(monitor: SafetyMonitor | None) -> int:
    """In how many frames they touch."""
    with Controller(seed=0) as c:
        a = Robot("a", position=(-1.8, 0, 0), image_frequency=ImageFrequency.never)
        b = Robot("b", position=(1.8, 0, 0), rotation=180, image_frequency=ImageFrequency.never)
        for robot in (a, b):
            robot.collision_detection.robots = robot.collision_detection.avoid = False
        c.add_ons.extend([a, b])
        if monitor is not None:
            c.add_ons.append(monitor)
        c.communicate(cmd.CreateEmptyRoom(width=8, length=6))
        moves, touched = (a.move_by(3.6), b.move_by(3.6)), 0
        while not all(m.done for m in moves) and c.time < 12:
            touched += touching(c.communicate())
        return touched


def main() -> None:
    monitor = SafetyMonitor()
    kept = drive_into_each_other(monitor)
    alone = drive_into_each_other(None)
    row = monitor.report().conditions[0]
    print(
        f"with the monitor they touch in {kept} frames and stay {row.minimum_gap:.2f} m apart; "
        f"without it they touch: {alone > 0}"
    )


if __name__ == "__main__":
    main()
