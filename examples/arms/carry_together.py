"""Two arms lift one bar, each by an end, and carry it aside.

Look at the hands: both hold the same thing at once, and go in step because both reaches begin in
the same frame over the same way. `grasp` is for one robot alone (it claims the object, so another
robot's ends as `conflict`); here each hand goes down to its end and the script closes the fingers.
"""

import math

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

APART = 1.3  # m: between the arms, which look at each other
SIZE = (0.6, 0.04, 0.04)  # m
END = 0.24  # m: where the hands hold it, from its middle
LOW, HIGH, ASIDE = 0.025, 0.3, 0.25  # m
SLOW = 1.5  # s for each way
CLOSE = 40  # frames
OPEN = 0.08  # m: between the fingertips
DOWN = (0.0, 1.0, 0.0, 0.0)  # wxyz: the tool looks at the floor
VIEW = {"position": (0.9, -1.9, 1.2), "look_at": (0.0, 0.1, 0.3), "field_of_view": 0.62}


def go(c: Controller, robots: list[Robot], y: float, z: float) -> None:
    """Both hands to a line over the floor [m], in step."""
    reaches = [
        r.reach_for((x, y, z), orientation=DOWN, duration=SLOW)
        for r, x in zip(robots, (-END, END), strict=True)
    ]
    while not all(reach.done for reach in reaches):
        c.communicate()


def grip(c: Controller, robots: list[Robot], opening: float) -> None:
    c.communicate([cmd.SetGripper(robot_id=r.robot_id, opening=opening) for r in robots])
    for _ in range(CLOSE):
        c.communicate()


def main() -> None:
    with Controller(seed=0) as c:
        robots = [
            Robot(
                name, model="panda", position=(x, 0, 0), rotation=yaw,
                image_frequency=ImageFrequency.never,
            )
            for name, x, yaw in (("left", -APART / 2, 0), ("right", APART / 2, 180))
        ]  # fmt: skip
        c.add_ons.extend(robots)
        bar = cmd.AddObject(
            object_id="bar", model="bar", size=SIZE, mass=0.6, position=(0, 0, SIZE[2] / 2)
        )
        c.communicate([cmd.CreateEmptyRoom(width=4, length=4), bar])
        grip(c, robots, OPEN)
        go(c, robots, 0.0, HIGH)
        go(c, robots, 0.0, LOW)
        grip(c, robots, 0.0)
        go(c, robots, 0.0, HIGH)
        go(c, robots, ASIDE, HIGH)
        state = c.response.objects["bar"]
        low, high = state.bounds
        tilt = math.degrees((high[2] - low[2] - SIZE[2]) / SIZE[0])
        holding = [r.robot_id for r in robots if r.dynamic.held[Arm.right] == "bar"]
        _, y, z = state.position
        print(f"held by {', '.join(holding)}: {y:.2f} m aside, {z:.2f} m up, {tilt:.0f} deg tilted")


if __name__ == "__main__":
    main()
