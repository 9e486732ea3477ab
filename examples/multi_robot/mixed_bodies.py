"""Five bodies in one room get the same three orders, and each does what its body can.

Look at the statuses: an order that a body has no tracks for ends at once as `not_supported`, and
nothing else is needed to direct robots of different kinds by one script.
"""

from counterpoint import ActionStatus, Controller, ImageFrequency, Robot, gather
from counterpoint import commands as cmd

MODELS = ("baxter", "panda", "tiago_pro", "ur5", "xarm7")
SPACING = 1.2  # m
VIEW = {"position": (3.3, 0.0, 1.9), "look_at": (0.0, 0.0, 0.55), "field_of_view": 1.15}


async def orders(robot: Robot) -> list[str]:
    """Drive a little, nod, and reach out with a hand: what succeeded."""
    done = []
    for order in (
        lambda: robot.move_by(0.5),
        lambda: robot.animate("nod"),
        lambda: robot.reach_for((0.5, -0.2, 0.7), robot.model.arms[0], absolute=False),
    ):
        action = order()
        status = await action.outcome()
        if status is ActionStatus.success:
            done.append(type(action).__name__)
        elif status is not ActionStatus.not_supported:
            done.append(f"{type(action).__name__} {status.name}")
    return done


def main() -> None:
    with Controller(seed=0) as c:
        robots = [
            Robot(
                model, model=model, position=(0, SPACING * (k - 2), 0),
                image_frequency=ImageFrequency.never,
            )
            for k, model in enumerate(MODELS)
        ]  # fmt: skip
        c.add_ons.extend(robots)
        c.communicate(cmd.CreateEmptyRoom(width=9, length=9))

        async def everyone() -> list[list[str]]:
            return await gather(*(orders(robot) for robot in robots))

        (done,) = c.run(everyone())
        for robot, what in zip(robots, done, strict=True):
            print(f"{robot.robot_id:10} {', '.join(what)}")
        print({robot.robot_id: len(what) for robot, what in zip(robots, done, strict=True)})


if __name__ == "__main__":
    main()
