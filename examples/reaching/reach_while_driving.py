"""The hand sets out before the robot has arrived.

Look at the two drives: the second robot reaches while it still drives. Base and arm are different
tracks, the goal of the hand stays where it is in the room, and it is there sooner.
"""

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot, gather, until
from counterpoint import commands as cmd

DRIVE = 0.7  # m
BUTTON = np.array([1.2, -0.3, 1.1])  # m, from where the robot starts
WITHIN = 0.8  # m: how near the button is, in the floor plane, when the hand sets out
BEHIND = 0.08  # m: from the place of the hand to its post
SIDE = 1.0  # m: of each robot from the middle
VIEW = {"position": (2.1, 0.0, 2.3), "look_at": (-0.2, 0.0, 0.7)}


async def one_by_one(robot: Robot, button: np.ndarray, c: Controller) -> int:
    """The frame in which the hand is there."""
    await robot.move_by(DRIVE)
    await robot.reach_for(button, Arm.right)
    return c.frame


async def at_once(robot: Robot, button: np.ndarray, c: Controller) -> int:
    """The same, with the hand on its way before the base has stopped."""

    async def reach() -> None:
        away = button[0] - WITHIN
        await until(lambda: robot.dynamic.base_position[0] > away)
        await robot.reach_for(button, Arm.right)

    await gather(robot.move_by(DRIVE, reset_arms=False), reach())
    return c.frame


def main() -> None:
    with Controller(seed=0) as c:
        starts = [np.array([-1.0, y, 0.0]) for y in (SIDE, -SIDE)]
        robots = [
            Robot(name, position=start, image_frequency=ImageFrequency.never)
            for name, start in zip(("ann", "bob"), starts, strict=True)
        ]
        c.add_ons.extend(robots)
        buttons = [start + BUTTON for start in starts]
        posts = [
            cmd.AddObject(
                object_id=f"post_{k}", model="cylinder", size=(0.05, 0.05, 1.07), static=True,
                position=(x + BEHIND, y, 1.07 / 2), color=(0.9, 0.3, 0.2),
            )
            for k, (x, y, _) in enumerate(b.tolist() for b in buttons)
        ]  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(), *posts])
        first, second = c.run(
            one_by_one(robots[0], buttons[0], c), at_once(robots[1], buttons[1], c)
        )
        print(f"one after the other: frame {first}; at once: frame {second}")


if __name__ == "__main__":
    main()
