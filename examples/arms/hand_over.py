"""A box goes from one arm to another, and neither could reach both ends of its way.

Look at the middle: the box changes hands on a plate between them. Both ask for it at once; the
giver has the higher priority, and the taker's grasp waits, for its claim and not for a time.
"""

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

APART = 1.1  # m: between the arms, which look at each other
FROM, TO = (-0.75, -0.45), (0.75, 0.45, 0.0)  # m
SIDE, HEIGHT = 0.045, 0.09  # m
PLATE = (0.24, 0.24, 0.02)  # m
VIEW = {"position": (0.9, -2.0, 1.4), "look_at": (0.0, 0.0, 0.2), "field_of_view": 0.72}


async def give(robot: Robot) -> None:
    await robot.grasp("box")
    await robot.place("plate")
    await robot.reset_arm()


async def take(robot: Robot) -> int:
    """The frame in which its turn came."""
    grasp = robot.grasp("box").claiming(on_conflict="wait")
    await grasp
    await robot.place(TO)
    await robot.reset_arm()
    return grasp.started_frame


def main() -> None:
    with Controller(seed=0) as c:
        giver, taker = (
            Robot(
                name, model="panda", position=(x, 0, 0), rotation=yaw,
                image_frequency=ImageFrequency.never,
            )
            for name, x, yaw in (("giver", -APART / 2, 0), ("taker", APART / 2, 180))
        )  # fmt: skip
        giver.priority = 1
        c.add_ons.extend([giver, taker])
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=4, length=4),
                cmd.AddObject(object_id="plate", model="plate", size=PLATE, static=True),
                cmd.AddObject(
                    object_id="box",
                    model="box",
                    size=(SIDE, SIDE, HEIGHT),
                    position=(*FROM, HEIGHT / 2),
                ),
            ]
        )
        _, began = c.run(give(giver), take(taker))
        x, y, _ = c.response.objects["box"].position
        print(f"taken from frame {began} on, now at ({x:.2f}, {y:.2f}) m, after {c.frame} frames")


if __name__ == "__main__":
    main()
