"""Open a drawer by its handle with one hand, and drop something in with the other.

Look at the drawer: it slides on a joint and opens as far as the robot that holds its handle drives
back. `opening` says how far that is, `contents` what is inside.
"""

import math

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

CABINET = (0.45, 0.5, 1.0)  # m
PULL = 0.25  # m
CUBE, STAND = 0.04, (0.3, 0.3, 0.8)  # m
VIEW = {"position": (0.2, -1.9, 1.7), "look_at": (0.5, 0.0, 0.8)}


async def open_it(robot: Robot) -> None:
    await robot.grasp("cube", Arm.left)
    await robot.grasp("drawer", Arm.right)
    await robot.move_by(-PULL, reset_arms=False)
    await robot.drop(Arm.right)


async def fill_it(robot: Robot, c: Controller) -> None:
    low, high = c.response.objects["drawer"].bounds
    over = (float(low[0]) + 0.1, float(low[1] + high[1]) / 2, float(high[2]) + 0.1)
    await robot.reset_arm(Arm.right)
    await robot.reach_for(over, Arm.left, from_held=True, plan="vertical_horizontal")
    await robot.drop(Arm.left)


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(
            [
                cmd.CreateEmptyRoom(),
                cmd.AddArticulation(
                    object_id="drawer", model="drawer", size=CABINET, position=(1.05, -0.2, 0),
                    yaw=math.pi,
                ),
                cmd.AddObject(
                    object_id="stand", model="box", size=STAND, static=True,
                    position=(0.7, 0.45, STAND[2] / 2), color=(0.6, 0.6, 0.65),
                ),
                cmd.AddObject(
                    object_id="cube", model="box", size=(CUBE,) * 3, color=(0.9, 0.3, 0.2),
                    position=(0.65, 0.4, STAND[2] + CUBE / 2),
                ),
            ]
        )  # fmt: skip
        c.run(open_it(robot))
        opened = c.response.objects["drawer"].opening
        c.run(fill_it(robot, c))
        drawer = c.response.objects["drawer"]
        print(f"opened by {opened:.2f} m, holds {', '.join(drawer.contents)}")


if __name__ == "__main__":
    main()
