"""Turn by an angle, then face three things in turn.

Look at `turn_to`: the target may be a position, an object or another robot, and the shorter way
round is taken. The other robot drives on; it is faced where it was when the turn began.
"""

import math

from counterpoint import Controller, ImageFrequency, Robot, frames
from counterpoint import commands as cmd

QUARTER = 90.0  # degrees, to the left
CORNER = (-2.0, 2.0, 0.0)  # m
VIEW = {"position": (0.2, -2.8, 2.7), "look_at": (0.1, 0.2, 0.2), "field_of_view": 1.15}


async def look_round(robot: Robot) -> list[int]:
    """Headings [degrees] after each turn."""
    headings = []
    for begin in (
        lambda: robot.turn_by(QUARTER),
        lambda: robot.turn_to(CORNER),
        lambda: robot.turn_to("post"),
        lambda: robot.turn_to("passer-by"),
    ):
        await begin()
        headings.append(round(math.degrees(math.remainder(robot.dynamic.base_yaw, math.tau))))
        await frames(10)
    return headings


async def pass_by(robot: Robot) -> None:
    await robot.move_by(3.0)


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        other = Robot(
            "passer-by", position=(1.6, -1.5, 0), rotation=90, image_frequency=ImageFrequency.never
        )
        c.add_ons.extend([robot, other])
        post = cmd.AddObject(
            object_id="post", model="cylinder", size=(0.2, 0.2, 1.2), position=(-1.2, -1.2, 0.6)
        )
        c.communicate([cmd.CreateEmptyRoom(), post])
        headings, _ = c.run(look_round(robot), pass_by(other))
        print("faced", *headings, "degrees")


if __name__ == "__main__":
    main()
