"""Fetch a mug from a table and drop it into a bin.

Look at `drop`: it opens the hand and waits until what falls lies still. Only then it has succeeded,
and the bin's `contents` know of the mug.
"""

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

TABLE, BIN = (-1.0, 1.2), (1.4, -0.3)  # x and y [m]
HEIGHT = 0.75  # m: of the table
BIN_SIZE = (0.5, 0.5, 0.4)  # m
OVER = 0.15  # m: from the rim of the bin to the mug
VIEW = {"position": (0.9, -2.6, 2.2), "look_at": (0.2, 0.4, 0.4)}


async def fetch(robot: Robot) -> None:
    await robot.move_to("table")
    await robot.grasp("mug", Arm.right)
    await robot.move_by(-0.4)
    await robot.move_to("bin")
    over = (*BIN, BIN_SIZE[2] + OVER)
    await robot.reach_for(over, Arm.right, from_held=True, plan="vertical_horizontal")
    await robot.drop(Arm.right)
    await robot.reset_arm(Arm.right)


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(
            [
                cmd.CreateEmptyRoom(),
                cmd.AddObject(
                    object_id="table", model="table", size=(0.8, 0.5, HEIGHT),
                    position=(*TABLE, 0),
                ),
                cmd.AddObject(
                    object_id="bin", model="crate", size=BIN_SIZE, position=(*BIN, 0), static=True
                ),
                cmd.AddObject(
                    object_id="mug", model="mug", position=(TABLE[0], TABLE[1] - 0.1, HEIGHT),
                    color=(0.2, 0.5, 0.8),
                ),
            ]
        )  # fmt: skip
        c.run(fetch(robot))
        print(f"in the bin: {', '.join(c.response.objects['bin'].contents)}")


if __name__ == "__main__":
    main()
