"""A tower of three, the largest below.

Look at `place`: its target is the object below, wherever that came to stand. What carries the next
one need not be told in metres.
"""

from itertools import pairwise

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

TOWER = {"large": 0.07, "middle": 0.055, "small": 0.04}  # m: side
COLORS = {"large": (0.8, 0.25, 0.2), "middle": (0.9, 0.7, 0.2), "small": (0.25, 0.5, 0.8)}
PLACES = {"large": (0.5, 0.0), "middle": (0.42, 0.25), "small": (0.45, -0.25)}  # x and y [m]
VIEW = {"position": (1.08, -0.6, 0.65), "look_at": (0.4, 0.0, 0.2)}


async def stack(robot: Robot) -> None:
    for below, above in pairwise(TOWER):
        await robot.grasp(above)
        await robot.place(below)
    await robot.reset_arm()


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        blocks = [
            cmd.AddObject(
                object_id=name,
                model="box",
                size=(side,) * 3,
                position=(*PLACES[name], side / 2),
                color=COLORS[name],
            )
            for name, side in TOWER.items()
        ]  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(), *blocks])
        c.run(stack(robot))
        top = c.response.objects["small"].bounds[1][2]
        print(f"the tower is {top * 100:.1f} cm high, of {sum(TOWER.values()) * 100:.1f} cm")


if __name__ == "__main__":
    main()
