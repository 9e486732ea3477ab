"""One mug, taken round its body, by its rim, and by what the grasp itself prefers.

Look at the hand: a name after the object chooses the point, and the planner how to come to it. With
the object alone it tries all of them, and takes the first that the arm comes to clear of the rest.
"""

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

PLACE = (0.5, 0.0, 0.3)  # m: on the stand
TURN = (0.0, 0.0, 0.0, 1.0)  # wxyz: the handle to the robot's right
VIEW = {"position": (0.97, -0.72, 0.8), "look_at": (0.45, 0.0, 0.4)}


async def take(robot: Robot) -> list[str]:
    """The points that it was held by."""
    by = []
    for target in (("mug", "top_x"), ("mug", "back_rim"), "mug"):
        action = robot.grasp(target)
        await action
        by.append(action.result.facts["affordance"])
        await robot.place(PLACE)
        await robot.reset_arm()
    return by


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        stand = cmd.AddObject(
            object_id="stand", model="box", size=(0.16, 0.16, PLACE[2]), static=True,
            position=(PLACE[0], PLACE[1], PLACE[2] / 2), color=(0.6, 0.6, 0.65),
        )  # fmt: skip
        mug = cmd.AddObject(
            object_id="mug", model="mug", position=PLACE, quaternion=TURN, color=(0.2, 0.5, 0.8)
        )
        c.communicate([cmd.CreateEmptyRoom(), stand, mug])
        (by,) = c.run(take(robot))
        print("held by", ", ".join(by))


if __name__ == "__main__":
    main()
