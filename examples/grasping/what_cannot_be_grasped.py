"""Five grasps that end at once, each with its status and its reason.

Look at the results: too wide, too heavy, fixed to the room, held by another robot, and a hand that
is full. Nothing moves for them: a script decides on the status, a person reads the reason. Only the
free cube is taken.
"""

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

SIDE = 0.05  # m
THINGS = {
    # size [m], mass [kg], static, x and y [m]
    "chest": ((0.2, 0.2, 0.2), 1.0, False, (0.5, 0.3)),
    "ingot": ((SIDE, 0.1, SIDE), 12.0, False, (0.45, 0.1)),
    "bolt": ((SIDE, SIDE, SIDE), 0.2, True, (0.45, -0.1)),
    "free": ((SIDE, SIDE, SIDE), 0.2, False, (0.4, -0.25)),
    "taken": ((SIDE, SIDE, SIDE), 0.2, False, (0.8, -0.3)),
}
COLORS = {"chest": (0.55, 0.35, 0.2), "ingot": (0.9, 0.75, 0.2), "bolt": (0.4, 0.4, 0.45)}
VIEW = {"position": (0.65, -1.5, 1.1), "look_at": (0.6, 0.0, 0.15)}


async def try_all(robot: Robot, other: Robot) -> list[str]:
    """How each grasp ended."""
    await other.grasp("taken")
    await other.reset_arm()
    ended = []
    for name in ("chest", "ingot", "bolt", "taken", "free", "chest"):
        action = robot.grasp(name)
        status = await action.outcome()
        ended.append(status.name)
        print(f"{name}: {action.result.reason}")
    return ended


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda", image_frequency=ImageFrequency.never)
        other = Robot(
            "other", model="panda", position=(1.3, -0.3, 0), rotation=180,
            image_frequency=ImageFrequency.never,
        )  # fmt: skip
        c.add_ons.extend([robot, other])
        things = [
            cmd.AddObject(
                object_id=name, model="box", size=size, mass=mass, static=static,
                position=(*place, size[2] / 2), color=COLORS.get(name),
            )
            for name, (size, mass, static, place) in THINGS.items()
        ]  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(), *things])
        (ended,) = c.run(try_all(robot, other))
        print(", ".join(ended))


if __name__ == "__main__":
    main()
