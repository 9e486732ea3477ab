"""Two hands keep a chest straight that one hand turns.

Look at the chests: both are pushed as far, one from two points, the other from one beside its
middle. The robots are told to ignore the chests; otherwise the first touch would end their drives
as `collision`.
"""

import math

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

CHEST = (0.5, 0.7, 0.6)  # m
HANDS = {Arm.left: (0.6, 0.2, 0.4), Arm.right: (0.6, -0.2, 0.4)}  # m, in the robot's frame
AHEAD = 0.85  # m: where the back of the chest is
PUSH = 0.8  # m
LANES = {"both": 1.1, "one": -1.1}  # y [m]
VIEW = {"position": (2.55, -2.04, 2.24), "look_at": (0.6, 0.0, 0.2)}


async def push(robot: Robot, arms: list[Arm]) -> None:
    await robot.reach_for([HANDS[arm] for arm in arms], arms, absolute=False)
    await robot.move_by(PUSH, reset_arms=False)


def main() -> None:
    with Controller(seed=0) as c:
        scene = [cmd.CreateEmptyRoom()]
        robots = []
        for name, y in LANES.items():
            robot = Robot(name, position=(-0.6, y, 0), image_frequency=ImageFrequency.never)
            robot.collision_detection.exclude_objects.add(f"{name}_chest")
            robots.append(robot)
            scene.append(
                cmd.AddObject(
                    object_id=f"{name}_chest", model="box", size=CHEST, mass=4.0, friction=0.2,
                    position=(AHEAD + CHEST[0] / 2 - 0.6, y, CHEST[2] / 2), color=(0.55, 0.35, 0.2),
                )
            )  # fmt: skip
        c.add_ons.extend(robots)
        c.communicate(scene)
        c.run(push(robots[0], [Arm.left, Arm.right]), push(robots[1], [Arm.left]))
        turned = []
        for name in LANES:
            w, _, _, z = c.response.objects[f"{name}_chest"].quaternion
            turned.append(abs(math.degrees(2 * math.atan2(z, w))))
        print(f"turned: with both hands {turned[0]:.0f} degrees, with one hand {turned[1]:.0f}")


if __name__ == "__main__":
    main()
