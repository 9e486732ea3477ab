"""One hand leads, the other comes along.

Look at both arms: the rail is the target of the right hand alone, first by itself; then, with
`offhand_follows=True`, the left hand goes to it too, each hand to the point nearest to it.
"""

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

RAIL = (0.6, 0.04, 0.04)  # m
PLACE = (0.5, 0.0, 0.75)  # m
ACROSS = (0.5**0.5, 0.0, 0.0, 0.5**0.5)  # wxyz
ASTRIDE = (0.0, 0.5**0.5, 0.5**0.5, 0.0)  # wxyz: down, a finger on each side of the rail
VIEW = {"position": (1.51, -0.68, 1.43), "look_at": (0.35, 0.0, 0.9)}


async def lead(robot: Robot, c: Controller) -> list[int]:
    """How many hands are at the rail after each reach."""
    there = []
    rail = c.response.objects["rail"]
    points = [rail.pose.apply(a.position) for a in rail.static.model.affordances]
    for follows in (False, True):
        await robot.reach_for(
            "rail", Arm.right, orientation=ASTRIDE, plan="vertical_horizontal",
            offhand_follows=follows,
        )  # fmt: skip
        hands = [pose.p for pose in robot.dynamic.end_effector_pose.values()]
        there.append(sum(min(np.linalg.norm(h - p) for p in points) < 0.01 for h in hands))
    return there


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        rail = cmd.AddObject(
            object_id="rail", model="bar", size=RAIL, position=PLACE, quaternion=ACROSS,
            static=True, color=(0.9, 0.5, 0.2),
        )  # fmt: skip
        posts = [
            cmd.AddObject(
                object_id=name, model="cylinder", size=(0.04, 0.04, 0.73), static=True,
                position=(PLACE[0], y, 0.365),
            )
            for name, y in (("left_post", 0.15), ("right_post", -0.15))
        ]  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(), rail, *posts])
        (there,) = c.run(lead(robot, c))
        print(f"hands at the rail: {there[0]}, with the other following: {there[1]}")


if __name__ == "__main__":
    main()
