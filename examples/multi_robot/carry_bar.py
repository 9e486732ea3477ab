"""Two robots side by side carry a bar of 1.3 m from one stand to another.

Look at the bar: gripped at one end it would swing down, with two robots in step it stays level.
Both grasps are `shared`, each at an end of its own, and every step waits for both.
"""

import math

from counterpoint import Arm, Controller, ImageFrequency, Robot, gather
from counterpoint import commands as cmd

LENGTH, MASS = 1.3, 1.8  # m, kg
HEIGHT, AHEAD, WAY = 0.75, 0.62, 1.6  # m: of the stands, to the first, to the second
LIFT, LIFT_TIME, SAG = 0.1, 2.0, 0.03  # m, s, m: an arm may give way a little under the weight
VIEW = {"position": (3.6, -2.0, 1.6), "look_at": (1.0, 0.0, 0.65)}
TEAM = (("left", Arm.right, "front_end"), ("right", Arm.left, "back_end"))


async def carry(robots: list[Robot]) -> None:
    team = [(robot, arm, end) for robot, (_, arm, end) in zip(robots, TEAM, strict=True)]

    async def shift(height: float) -> None:
        hands = [r.dynamic.tool_pose(arm).p + [0, 0, height] for r, arm, _ in team]
        await gather(
            *(
                r.reach_for(hand, arm, arrived_at=SAG, duration=LIFT_TIME)
                for (r, arm, _), hand in zip(team, hands, strict=True)
            )
        )

    await gather(*(r.grasp(("bar", end), arm, shared=True) for r, arm, end in team))
    await shift(LIFT)
    await gather(*(r.move_by(WAY) for r in robots))
    await shift(-LIFT)
    await gather(*(r.drop(arm) for r, arm, _ in team))


def main() -> None:
    with Controller(seed=0) as c:
        robots = [
            Robot(name, position=(0, y, 0), image_frequency=ImageFrequency.never)
            for (name, _, _), y in zip(TEAM, (0.85, -0.85), strict=True)
        ]
        c.add_ons.extend(robots)
        stands = [
            cmd.AddObject(
                object_id=name, model="box", size=(0.1, 0.3, HEIGHT), static=True,
                position=(x, 0, HEIGHT / 2), color=(0.5, 0.52, 0.55),
            )
            for name, x in (("from", AHEAD), ("to", AHEAD + WAY))
        ]  # fmt: skip
        bar = cmd.AddObject(
            object_id="bar", model="bar", size=(LENGTH, 0.04, 0.04), mass=MASS,
            position=(AHEAD, 0, HEIGHT + 0.02),
            quaternion=(math.sqrt(0.5), 0, 0, math.sqrt(0.5)),
        )  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(width=10, length=6), *stands, bar])
        work = c.spawn(carry(robots))
        slope = 0.0
        while not work.done:
            ends = c.communicate().objects["bar"].pose.apply([[-0.5, 0, 0], [0.5, 0, 0]])
            slope = max(slope, abs(ends[1, 2] - ends[0, 2]))
        work.result()
        moved = c.response.objects["bar"].position[0] - AHEAD
        level = math.degrees(math.asin(slope)) < 3
        print(f"carried {moved:.2f} m, level within 3°: {level}, in {c.frame} frames")


if __name__ == "__main__":
    main()
