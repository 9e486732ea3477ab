"""A dog: one robot keeps behind another that goes its own way.

Look at `heel()`: `move_to` a robot goes to where it is when the drive begins. So each time the
leader has got away, the dog begins anew, and that drive replaces the one under way. It is a child
of the leader's script, and ends with it.
"""

import math

from counterpoint import Controller, ImageFrequency, Robot, spawn, until
from counterpoint import commands as cmd

FAR, NEAR = 1.6, 0.5  # m: when the dog sets out, and how near it goes
VIEW = {"position": (-2.8, -2.8, 3.2), "look_at": (0.2, 0.0, 0.2)}


def gap(a: Robot, b: Robot) -> float:
    """From middle to middle [m]."""
    return math.dist(a.dynamic.base_position, b.dynamic.base_position)


async def heel(dog: Robot, leader: Robot, outings: list[int], c: Controller) -> None:
    while True:
        await until(lambda: gap(dog, leader) > FAR)
        outings.append(c.frame)
        await dog.move_to(leader.robot_id, arrived_at=NEAR).outcome()


async def walk(leader: Robot, dog: Robot, outings: list[int], c: Controller) -> None:
    follower = spawn(heel(dog, leader, outings, c))
    for _ in range(3):
        await leader.move_by(1.8)
        await leader.turn_by(90)
    await until(lambda: not dog.actions)
    follower.cancel("home again")


def main() -> None:
    with Controller(seed=0) as c:
        leader, dog = (
            Robot(name, position=(x, -1, 0), image_frequency=ImageFrequency.never)
            for name, x in (("leader", -0.4), ("dog", -1.9))
        )
        c.add_ons.extend([leader, dog])
        c.communicate(cmd.CreateEmptyRoom())
        outings, gaps = [], []
        script = c.spawn(walk(leader, dog, outings, c))
        while not script.done:
            c.communicate()
            gaps.append(gap(leader, dog))
        print(
            f"{len(outings)} outings, {min(gaps):.1f} to {max(gaps):.1f} m apart, "
            f"{gaps[-1]:.1f} m in the end"
        )


if __name__ == "__main__":
    main()
