"""Two robots are told to drive through each other; the safety monitor has them pass side by side.

Look at the one line that switches it on, and at what becomes of the same orders without it: their
own look-ahead is off in both runs. Each keeps to its right when somebody is in its way.
"""

from counterpoint import Controller, ImageFrequency, Robot, SafetyMonitor
from counterpoint import commands as cmd
from counterpoint.simulation.response import Response

VIEW = {"position": (0.0, -2.8, 2.2), "look_at": (0.0, 0.2, 0.5)}


def touching(response: Response) -> bool:
    return any(
        other.kind == "robot" and other.owner != name
        for name, robot in response.robots.items()
        for _, other, _ in robot.contacts
    )


def drive_into_each_other(monitor: SafetyMonitor | None) -> bool:
    """Whether they touch."""
    with Controller(seed=0) as c:
        a = Robot("a", position=(-1.8, 0, 0), image_frequency=ImageFrequency.never)
        b = Robot("b", position=(1.8, 0, 0), rotation=180, image_frequency=ImageFrequency.never)
        for robot in (a, b):
            robot.collision_detection.robots = robot.collision_detection.avoid = False
        c.add_ons.extend([a, b])
        if monitor is not None:
            c.add_ons.append(monitor)
        c.communicate(cmd.CreateEmptyRoom(width=8, length=6))
        moves = a.move_by(3.6), b.move_by(3.6)
        while not all(m.done for m in moves):
            if touching(c.communicate()):
                return True
        return False


def main() -> None:
    monitor = SafetyMonitor()
    kept = drive_into_each_other(monitor)
    alone = drive_into_each_other(None)
    row = monitor.report().conditions[0]
    print(
        f"without the monitor they touch: {alone}; with it: {kept}, "
        f"they stay {row.minimum_gap:.2f} m apart"
    )


if __name__ == "__main__":
    main()
