"""Eight robots pass through one narrow aisle of a warehouse, and stop at the shelves they need.

Look at `free`: the aisle is cut into places like a railway line into blocks, and a robot drives on
when the next place is free. Nobody ever sees another robot in its way, and the queue closes up.
"""

from functools import partial

from counterpoint import Controller, ImageFrequency, Robot, until
from counterpoint import commands as cmd

PITCH = 1.1  # m: from place to place
PLACES, ROBOTS = 12, 8
LISTS = {1: (5,), 2: (5, 6), 3: (7,), 4: (8,), 5: (6, 9), 6: (8,), 7: (9, 10)}  # robot: its stops
SHELF = (0.35, PITCH - 0.06, 1.6)  # m
VIEW = {"position": (2.0, -7.5, 6.0), "look_at": (0.3, 0.0, 0.0)}


def at(place: int) -> float:
    """Where a place is along the aisle [m]."""
    return (place - (PLACES - 1) / 2) * PITCH


async def pass_through(robot: Robot, place: int, free: list[bool], picked: list[str]) -> None:
    """From a place on to the last one that is left for it."""
    for after in range(place + 1, place + 1 + PLACES - ROBOTS):
        await until(partial(free.__getitem__, after))
        free[after] = False
        await robot.move_by(at(after) - robot.dynamic.base_position[0])
        free[after - 1] = True
        if after in LISTS.get(place, ()):
            await robot.look_at(f"shelf_{after}")
            picked.append(robot.robot_id)
            await robot.reset_head()


def main() -> None:
    with Controller(seed=0) as c:
        robots = [
            Robot(f"r{k}", position=(at(k), 0, 0), image_frequency=ImageFrequency.never)
            for k in range(ROBOTS)
        ]
        c.add_ons.extend(robots)
        shelves = [
            cmd.AddObject(
                object_id=f"shelf_{place}" if side > 0 else f"shelf_{place}_too", model="shelf",
                size=SHELF, position=(at(place), side * 0.95, 0),
                quaternion=(0.7071068, 0, 0, -side * 0.7071068),
            )
            for place in range(5, 11) for side in (1, -1)
        ]  # fmt: skip
        c.communicate(
            [cmd.CreateEmptyRoom(width=PLACES * PITCH + 1, length=5, height=0.3), *shelves]
        )
        free = [place >= ROBOTS for place in range(PLACES)]
        picked: list[str] = []
        c.run(*(pass_through(robot, k, free, picked) for k, robot in enumerate(robots)))
        off = max(
            abs(r.dynamic.base_position[0] - at(k + PLACES - ROBOTS)) for k, r in enumerate(robots)
        )
        print(f"{len(picked)} stops, {' '.join(picked)}; at most {off:.1f} m off, {c.frame} frames")


if __name__ == "__main__":
    main()
