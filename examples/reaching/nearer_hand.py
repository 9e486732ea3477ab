"""Reach for an object without saying with which hand.

Look at the hands: a robot with two arms takes the one whose hand is nearer, and goes to that point
of the object that is nearest to it.
"""

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

TABLE = 0.8  # m: height
MUGS = {"left_mug": 0.3, "right_mug": -0.3}  # y [m]
VIEW = {"position": (1.55, -0.72, 1.46), "look_at": (0.4, 0.0, 0.85)}


async def touch(robot: Robot) -> list[str]:
    """Which arm went to which mug."""
    said = []
    for mug in MUGS:
        action = robot.reach_for(mug)
        await action
        said.append(f"{mug} with the {action.arms[0].value} hand")
        await robot.reset_arm()
    return said


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        scene = [
            cmd.CreateEmptyRoom(),
            cmd.AddObject(
                object_id="table", model="table", size=(0.5, 1.2, TABLE), position=(0.9, 0, 0)
            ),
        ]
        scene += [
            cmd.AddObject(
                object_id=mug, model="mug", position=(0.75, y, TABLE), color=(0.2, 0.5, 0.8)
            )
            for mug, y in MUGS.items()
        ]
        c.communicate(scene)
        (said,) = c.run(touch(robot))
        standing = all(abs(c.response.objects[m].position[2] - TABLE) < 0.005 for m in MUGS)
        print(f"{', '.join(said)}; both still stand: {standing}")


if __name__ == "__main__":
    main()
