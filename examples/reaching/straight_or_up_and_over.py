"""Straight, or up, over and down: two ways to the other side of a wall.

Look at the two tries: the first one runs into the wall and ends as `collision`; the second, with
`plan="vertical_horizontal"`, lifts the hand, carries it across, and lowers it.
"""

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

DOWN = (0.0, 1.0, 0.0, 0.0)  # wxyz: the hand points at the floor
BEFORE, BEHIND = (0.45, -0.3, 0.18), (0.45, 0.3, 0.18)  # m
WALL = (0.5, 0.03, 0.22)  # m
VIEW = {"position": (1.16, -0.59, 0.74), "look_at": (0.35, 0.0, 0.25)}


async def twice(robot: Robot) -> list[str]:
    """The status and the reason of each way."""
    said = []
    for plan in (None, "vertical_horizontal"):
        await robot.reach_for(BEFORE, orientation=DOWN)
        action = robot.reach_for(BEHIND, orientation=DOWN, plan=plan)
        status = await action.outcome()
        said.append(status.name)
        print(f"{plan or 'straight'}: {action.result.reason}")
    return said


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        wall = cmd.AddObject(
            object_id="wall", model="box", size=WALL, position=(0.45, 0, WALL[2] / 2), static=True
        )
        c.communicate([cmd.CreateEmptyRoom(), wall])
        (said,) = c.run(twice(robot))
        print(f"straight: {said[0]}; up, over and down: {said[1]}")


if __name__ == "__main__":
    main()
