"""Waypoints of one's own lead a hand through a window.

Look at `plan`: places that the hand passes on its way, here in front of the opening and in it. The
first try goes without; it ends as `collision` and names the board that it ran into.
"""

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

FORWARD = (0.5**0.5, 0.0, 0.5**0.5, 0.0)  # wxyz: the hand points ahead
TARGET = (0.74, 0.0, 0.7)  # m
WALL = 0.58  # m: where the window is along x
SILL, LINTEL, HALF = 0.55, 0.9, 0.2  # m: heights, and half the width
WAY = [(0.4, 0.0, 0.72), (WALL, 0.0, 0.72)]  # m
VIEW = {"position": (1.12, -1.04, 1.06), "look_at": (0.4, 0.0, 0.5)}


def window() -> list[cmd.Command]:
    """Four boards round an opening."""
    tall, middle = LINTEL - SILL, (SILL + LINTEL) / 2
    boards = {
        "sill": ((0.03, 0.6, SILL), (WALL, 0, SILL / 2)),
        "lintel": ((0.03, 0.6, 0.1), (WALL, 0, LINTEL + 0.05)),
        "left_jamb": ((0.03, 0.1, tall), (WALL, HALF + 0.05, middle)),
        "right_jamb": ((0.03, 0.1, tall), (WALL, -HALF - 0.05, middle)),
    }
    return [
        cmd.AddObject(
            object_id=name, model="box", size=size, position=at, static=True, color=(0.5, 0.4, 0.3)
        )
        for name, (size, at) in boards.items()
    ]


async def reach_through(robot: Robot) -> str:
    straight = robot.reach_for(TARGET, orientation=FORWARD)
    status = await straight.outcome()
    said = f"straight: {status.name} with the {straight.result.facts['object_id']}"
    await robot.reset_arm()
    status = await robot.reach_for(TARGET, orientation=FORWARD, plan=WAY)
    return f"{said}; by way of the window: {status.name}"


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate([cmd.CreateEmptyRoom(), *window()])
        (said,) = c.run(reach_through(robot))
        print(said)


if __name__ == "__main__":
    main()
