"""A bar goes from the right hand to the left.

Look at the moment in which both hold it: the left hand takes the free end before the right one lets
go, so it is never without a hold. `held` says who has it.
"""

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

BAR = (0.36, 0.03, 0.03)  # m
ACROSS = (0.5**0.5, 0.0, 0.0, 0.5**0.5)  # wxyz
HEIGHT = 0.7  # m: of the stand
BETWEEN = (0.6, -0.15, 1.0)  # m: where the right hand holds out its end
VIEW = {"position": (1.76, -0.68, 1.5), "look_at": (0.4, 0.0, 0.9)}


def holding(robot: Robot) -> str:
    """Who holds it, as `left`, `right`, `left+right` or `none`."""
    return "+".join(sorted(a.value for a, held in robot.dynamic.held.items() if held)) or "none"


async def pass_on(robot: Robot) -> list[str]:
    """Who holds it, step by step."""
    steps = []
    await robot.grasp(("bar", "back_end"), Arm.right)
    steps.append(holding(robot))
    await robot.reach_for(BETWEEN, Arm.right)
    await robot.grasp(("bar", "front_end"), Arm.left)
    steps.append(holding(robot))
    await robot.drop(Arm.right)
    steps.append(holding(robot))
    await robot.reset_arm(Arm.right)
    return steps


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        stand = cmd.AddObject(
            object_id="stand", model="cylinder", size=(0.12, 0.12, HEIGHT), static=True,
            position=(0.65, -0.1, HEIGHT / 2),
        )  # fmt: skip
        bar = cmd.AddObject(
            object_id="bar", model="bar", size=BAR, position=(0.65, -0.1, HEIGHT + BAR[2] / 2),
            quaternion=ACROSS, mass=0.08, color=(0.9, 0.5, 0.2),
        )  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(), stand, bar])
        (steps,) = c.run(pass_on(robot))
        print(" -> ".join(steps), f"at {c.response.objects['bar'].position[2]:.2f} m")


if __name__ == "__main__":
    main()
