"""A hand draws a star: five positions in the world, one reach after the other.

Look at the hand between the marks: a free hand takes the quickest way through the joints, not a
straight line. Where it ends counts, and that is within a centimetre.
"""

import math

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

CENTRE = np.array([0.45, 0.0, 0.45])  # m
RADIUS = 0.22  # m
BEHIND = 0.09  # m: from the hand's place to its mark
VIEW = {"position": (1.37, -0.5, 0.69), "look_at": (0.4, 0.0, 0.42)}


def corners() -> list[np.ndarray]:
    """Five points of an upright star, in the order in which a pen draws it."""
    angles = [math.radians(90 + 144 * k) for k in range(6)]
    return [CENTRE + RADIUS * np.array([0, math.cos(a), math.sin(a)]) for a in angles]


async def draw(robot: Robot) -> list[float]:
    """How far the hand was from each corner [m]."""
    off = []
    for corner in corners():
        await robot.reach_for(corner)
        off.append(float(np.linalg.norm(robot.dynamic.tool_pose(Arm.right).p - corner)))
    return off


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("ur5", model="ur5", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        marks = [
            cmd.AddObject(
                object_id=f"mark_{k}", model="sphere", size=(0.05,) * 3, static=True,
                position=(corner + [BEHIND, 0, 0]).tolist(), color=(0.9, 0.3, 0.2),
            )
            for k, corner in enumerate(corners()[:5])
        ]  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(), *marks])
        (off,) = c.run(draw(robot))
        print(f"{len(off)} corners, each within a centimetre: {max(off) < 0.01}")


if __name__ == "__main__":
    main()
