"""Two robots face to face carry a table, one forwards and one backwards.

Look at the board: each hand grips an edge from the side, above and below, and the legs leave the
floor in the same frame. The robots drive in step because they began in step: nothing but the table
joins them.
"""

from counterpoint import Arm, Controller, ImageFrequency, Robot, gather
from counterpoint import commands as cmd

SIZE, MASS = (0.9, 0.6, 0.74), 4.0  # m, kg
APART, WAY = 0.7, 1.2  # m: from an edge to a robot's middle, to carry
LIFT, LIFT_TIME, SAG = 0.1, 2.0, 0.03  # m, s, m: an arm may give way a little under the weight
VIEW = {"position": (0.8, -3.2, 1.7), "look_at": (0.6, 0.0, 0.5)}
EDGES = {"behind": "back_edge", "before": "front_edge"}


async def carry(behind: Robot, before: Robot) -> None:
    pair = (behind, before)

    async def shift(height: float) -> None:
        hands = [r.dynamic.tool_pose(Arm.right).p + [0, 0, height] for r in pair]
        await gather(
            *(
                r.reach_for(hand, Arm.right, arrived_at=SAG, duration=LIFT_TIME)
                for r, hand in zip(pair, hands, strict=True)
            )
        )

    grasps = [r.grasp(("table", EDGES[r.robot_id]), Arm.right, shared=True) for r in pair]
    await gather(*grasps)
    await shift(LIFT)
    await gather(behind.move_by(WAY), before.move_by(-WAY))
    await shift(-LIFT)
    await gather(*(r.drop(Arm.right) for r in pair))
    await gather(*(r.move_by(-0.3, reset_arms=False) for r in pair))


def main() -> None:
    with Controller(seed=0) as c:
        x = SIZE[0] / 2 + APART
        behind = Robot("behind", position=(-x, 0.15, 0), image_frequency=ImageFrequency.never)
        before = Robot(
            "before", position=(x, -0.15, 0), rotation=180, image_frequency=ImageFrequency.never
        )
        c.add_ons.extend([behind, before])
        table = cmd.AddObject(object_id="table", model="table", size=SIZE, static=False, mass=MASS)
        c.communicate([cmd.CreateEmptyRoom(width=7, length=7), table])
        work = c.spawn(carry(behind, before))
        highest = 0.0
        while not work.done:
            highest = max(highest, c.communicate().objects["table"].position[2])
        work.result()
        moved = c.response.objects["table"].position[0]
        print(f"lifted by {highest:.2f} m, carried {moved:.2f} m, in {c.frame} frames")


if __name__ == "__main__":
    main()
