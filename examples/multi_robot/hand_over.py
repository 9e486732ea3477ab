"""One robot takes a stick from a table, turns round, and hands it to another one.

Look at the moment in which both hold it: the second robot's grasp is `shared`, at the end that the
first one does not hold, and only then the first one lets go. Friction holds the stick throughout.
"""

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

STICK = (0.28, 0.04, 0.04)  # m
TABLE = (0.6, 1.2, 0.75)  # m
MEETING = (-0.4, 0.72, 1.0)  # m: where the free end of the stick is offered
VIEW = {"position": (1.7, 1.6, 1.6), "look_at": (-0.3, 0.6, 0.9)}


async def hand_over(giver: Robot, taker: Robot, c: Controller) -> int:
    """How many hands held the stick at once."""
    await giver.grasp(("stick", "back_end"), Arm.right)
    await giver.reach_for(giver.dynamic.tool_pose(Arm.right).p + [0, 0, 0.15], Arm.right)
    await giver.move_by(-0.4)
    await giver.turn_by(90)
    stick = c.response.objects["stick"]
    offered = stick.pose.apply([STICK[0] / 2 - 0.05, 0, 0])
    hand = giver.dynamic.tool_pose(Arm.right).p
    await giver.reach_for(hand + np.array(MEETING) - offered, Arm.right)
    await taker.grasp(("stick", "front_end"), Arm.right, shared=True)
    hands = sum(robot.dynamic.held[Arm.right] == "stick" for robot in (giver, taker))
    await giver.drop(Arm.right)
    await giver.reach_for(giver.dynamic.tool_pose(Arm.right).p + [0, 0, 0.1], Arm.right)
    await taker.move_by(-0.5)
    return hands


def main() -> None:
    with Controller(seed=0) as c:
        giver = Robot("giver", image_frequency=ImageFrequency.never)
        taker = Robot(
            "taker", position=(-0.4, 1.45, 0), rotation=-90, image_frequency=ImageFrequency.never
        )
        c.add_ons.extend([giver, taker])
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=6, length=6),
                cmd.AddObject(
                    object_id="table", model="table", size=TABLE, position=(0.8, 0, 0)
                ),
                cmd.AddObject(
                    object_id="stick", model="bar", size=STICK, mass=0.15,
                    position=(0.7, -0.2, TABLE[2] + STICK[2] / 2),
                ),
            ]
        )  # fmt: skip
        (hands,) = c.run(hand_over(giver, taker, c))
        held = [robot.dynamic.held[Arm.right] for robot in (giver, taker)]
        height = c.response.objects["stick"].position[2]
        print(
            f"held by {hands} at once, then giver {held[0]}, taker {held[1]}, {height:.1f} m high"
        )


if __name__ == "__main__":
    main()
