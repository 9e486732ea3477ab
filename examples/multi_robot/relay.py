"""A cube goes through three robots: an arm, a mobile one, and an arm that puts it into a crate.

Look at what joins the three scripts: nobody calls anybody. Each waits until the cube rests where
its own part begins, and until the robot before it has nothing left to do.
"""

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot, until
from counterpoint import commands as cmd

TABLE = (0.7, 1.2, 0.7)  # m
TOP = TABLE[2]
EAST, WEST = (1.0, 0.0, 0.0), (-1.9, 0.0, 0.0)  # m: where the tables stand
START, FIRST = (1.15, 0.15, TOP), (0.74, -0.3, TOP)  # m: of the cube, and where the first puts it
SECOND, CRATE = (-1.64, 0.3, TOP), (-2.05, -0.3, TOP)  # m
SIDE = 0.05  # m
VIEW = {"position": (-0.4, -3.3, 2.3), "look_at": (-0.4, 0.0, 0.7)}


def main() -> None:
    with Controller(seed=0) as c:
        quiet = ImageFrequency.never
        east = Robot("east", model="panda", position=(1.2, -0.35, TOP), rotation=90)
        runner = Robot("runner", position=(0.05, -0.1, 0), image_frequency=quiet)
        west = Robot("west", model="panda", position=(-2.1, 0.35, TOP), rotation=-90)
        c.add_ons.extend([east, runner, west])

        def rests_at(place: tuple[float, float, float]) -> bool:
            cube = c.response.objects["cube"]
            away = np.hypot(*(cube.position - place)[:2])
            held = any("cube" in r.held.values() for r in c.response.robots.values())
            return bool(away < 0.03) and not held

        async def begin() -> None:
            await east.grasp("cube")
            await east.place(FIRST)
            await east.reset_arm()

        async def carry() -> None:
            await until(lambda: rests_at(FIRST) and not east.actions)
            await runner.grasp("cube", Arm.right)
            await runner.move_by(-0.4)
            await runner.turn_by(180)
            await runner.move_to((WEST[0] + 1.0, 0.1, 0))
            await runner.place(SECOND, Arm.right)
            await runner.move_by(-0.4)

        async def finish() -> None:
            await until(lambda: rests_at(SECOND) and not runner.actions)
            await west.grasp("cube")
            await west.place("crate")
            await west.reset_arm()

        c.communicate(
            [
                cmd.CreateEmptyRoom(width=7, length=7),
                cmd.AddObject(object_id="table_east", model="table", size=TABLE, position=EAST),
                cmd.AddObject(object_id="table_west", model="table", size=TABLE, position=WEST),
                cmd.AddObject(
                    object_id="crate", model="crate", size=(0.34, 0.34, 0.08), position=CRATE
                ),
                cmd.AddObject(
                    object_id="cube", model="box", size=(SIDE,) * 3,
                    position=(*START[:2], TOP + SIDE / 2), color=(0.9, 0.65, 0.1),
                ),
            ]
        )  # fmt: skip
        c.run(begin(), carry(), finish())
        cube, crate = (c.response.objects[name].position for name in ("cube", "crate"))
        inside = bool(np.abs(cube - crate)[:2].max() < 0.1)
        print(f"in the crate: {inside}, after {c.frame} frames")


if __name__ == "__main__":
    main()
