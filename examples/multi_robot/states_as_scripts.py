"""Two arms pass cubes on, each a coroutine that reads from top to bottom.

Look at `feed` and `take`: what `states_polled.py` calls states are the lines between two `await`.
Same scene, same work, same frame at the end.
"""

from counterpoint import Controller, Robot, until
from counterpoint import commands as cmd

SIDE = 0.045  # m
CUBES = {"red": (-0.3, -0.35, SIDE / 2), "blue": (-0.3, 0.35, SIDE / 2)}  # m
COLORS = {"red": (0.85, 0.2, 0.15), "blue": (0.2, 0.35, 0.85)}
SPOT = (0.0, 0.0, 0.0)  # m: where the cubes change hands
ROW = [(0.3, 0.3, 0.0), (0.3, 0.4, 0.0)]  # m
VIEW = {"position": (0.3, -1.3, 1.0), "look_at": (0.0, 0.05, 0.12)}


class Spot:
    """What both arms know about the spot between them."""

    free = True
    offers = ""


async def feed(arm: Robot, spot: Spot) -> None:
    for cube in CUBES:
        await arm.grasp(cube)
        await until(lambda: spot.free)
        spot.free = False
        await arm.place(SPOT)
        await arm.reset_arm()
        spot.offers = cube


async def take(arm: Robot, spot: Spot) -> None:
    for place in ROW:
        cube = await until(lambda: spot.offers)
        spot.offers = ""
        await arm.grasp(cube)
        await arm.place(place)
        spot.free = True
    await arm.reset_arm()


def main() -> None:
    with Controller(seed=0) as c:
        left = Robot("left", model="panda", position=(-0.6, 0, 0))
        right = Robot("right", model="panda", position=(0.6, 0, 0), rotation=180)
        c.add_ons.extend([left, right])
        cubes = [
            cmd.AddObject(
                object_id=name, model="box", size=(SIDE,) * 3, position=at, color=COLORS[name]
            )
            for name, at in CUBES.items()
        ]
        c.communicate([cmd.CreateEmptyRoom(width=4, length=4), *cubes])
        spot = Spot()
        c.run(feed(left, spot), take(right, spot))
        there = sum(c.response.objects[name].position[1] > 0.29 for name in ("red", "blue"))
        print(f"{there} cubes in the row after {c.frame} frames")


if __name__ == "__main__":
    main()
