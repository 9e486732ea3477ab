"""Back to rest: one arm, both arms, and no faster than asked.

Look at the clock: `reset_arm(Arm.left)` moves that arm alone, without an argument all arms go, and
`duration` is a lower bound on the time that it takes.
"""

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

BOTH = [Arm.left, Arm.right]
WIDE = ((0.5, 0.6, 1.3), (0.5, -0.6, 1.3))  # m
SLOWLY = 2.0  # s
VIEW = {"position": (1.74, -0.63, 1.32), "look_at": (0.2, 0.0, 0.9)}


async def stretch(robot: Robot, c: Controller) -> list[float]:
    """How long each way back took [s]."""
    took = []
    for arms, duration in ((Arm.left, None), (None, None), (None, SLOWLY)):
        await robot.reach_for(WIDE, BOTH)
        begun = c.time
        await robot.reset_arm(arms, duration)
        took.append(c.time - begun)
    return took


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom())
        (took,) = c.run(stretch(robot, c))
        print("left, both, both slowly:", ", ".join(f"{t:.1f} s" for t in took))


if __name__ == "__main__":
    main()
