"""How far three arms reach, asked of their kinematics, with nothing moving.

Look at the balls: green where an arm can point its tool down, yellow where it gets to in some other
way, red where not at all. The answer is inverse kinematics, as `reach_for` asks it before it moves.
"""

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Pose, Robot
from counterpoint import commands as cmd

ARMS = {"xarm7": -1.1, "panda": 0.0, "ur5": 1.1}  # m: their places along y
ASIDE = np.linspace(0.30, 1.05, 6)  # m
HEIGHTS = np.linspace(0.1, 1.2, 6)  # m
DOWN = np.array([0.0, 1.0, 0.0, 0.0])  # wxyz
COLORS = ((0.80, 0.25, 0.20), (0.90, 0.75, 0.20), (0.25, 0.65, 0.30))
SEEDS = 4
SHOW = 20  # frames
BALL = 0.05  # m
VIEW = {"position": (2.8, -2.2, 1.7), "look_at": (0.45, 0.1, 0.5), "field_of_view": 0.8}


def grade(robot: Robot, x: float, z: float) -> int:
    """2 where the tool can point down, 1 where it gets to somehow, 0 elsewhere [m, to the left]."""
    kinematics = robot.static.kinematics
    target = Pose(np.array([0.0, x, z]), DOWN)
    for orientation in (True, False):
        answer = kinematics.solve(
            Arm.right, target, kinematics.home, orientation=orientation, axis_only=True, seeds=SEEDS
        )
        if answer.success:
            return 2 if orientation else 1
    return 0


def main() -> None:
    with Controller(seed=0) as c:
        robots = {
            name: Robot(
                name,
                model=name,
                position=(0, y, 0),
                rotation=-90,
                image_frequency=ImageFrequency.never,
            )
            for name, y in ARMS.items()
        }
        c.add_ons.extend(robots.values())
        c.communicate(cmd.CreateEmptyRoom())
        balls, counts = [], []
        for name, robot in robots.items():
            grades = {(x, z): grade(robot, x, z) for x in ASIDE for z in HEIGHTS}
            balls += [
                cmd.AddObject(
                    object_id=f"{name}_{k}", model="sphere", size=(BALL,) * 3, static=True,
                    color=COLORS[g], position=(float(x), ARMS[name], float(z)),
                )
                for k, ((x, z), g) in enumerate(grades.items())
            ]  # fmt: skip
            found = list(grades.values())
            counts.append(f"{name} {found.count(2)} down, {found.count(1)} otherwise")
        c.communicate(balls)
        for _ in range(SHOW):
            c.communicate()
        print(f"of {len(found)} points: {'; '.join(counts)}")


if __name__ == "__main__":
    main()
