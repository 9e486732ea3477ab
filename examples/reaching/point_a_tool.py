"""What is held does the reaching: the tip of a stick dots three pegs.

Look at the stick: with `from_held=True` it is its lower end that arrives, however the hand holds
it, and the plan lifts it over the pegs. `held_point` would choose another end.
"""

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

STICK = (0.03, 0.03, 0.18)  # m
PEGS = {"low": (0.35, 0.3, 0.08), "middle": (0.45, 0.2, 0.14), "high": (0.55, 0.05, 0.2)}  # m: tops
ABOVE = 0.01  # m
EXACT = 0.004  # m
VIEW = {"position": (0.92, 0.86, 0.59), "look_at": (0.4, 0.05, 0.2)}


async def dot(robot: Robot, c: Controller) -> list[float]:
    """How far the tip was from where it belonged, peg by peg [m]."""
    await robot.grasp("stick")
    off = []
    for top in PEGS.values():
        goal = np.array(top) + [0, 0, ABOVE]
        await robot.reach_for(goal, from_held=True, arrived_at=EXACT, plan="vertical_horizontal")
        low, high = c.response.objects["stick"].bounds
        off.append(float(np.linalg.norm([*(low + high)[:2] / 2 - goal[:2], low[2] - goal[2]])))
    return off


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        scene = [
            cmd.CreateEmptyRoom(),
            cmd.AddObject(
                object_id="stick", model="box", size=STICK, position=(0.45, -0.25, STICK[2] / 2),
                color=(0.9, 0.7, 0.2),
            ),
        ]  # fmt: skip
        scene += [
            cmd.AddObject(
                object_id=name, model="cylinder", size=(0.05, 0.05, z), position=(x, y, z / 2),
                static=True,
            )
            for name, (x, y, z) in PEGS.items()
        ]  # fmt: skip
        c.communicate(scene)
        (off,) = c.run(dot(robot, c))
        print(f"{len(off)} pegs, the tip within 5 mm: {max(off) < 0.005}")


if __name__ == "__main__":
    main()
