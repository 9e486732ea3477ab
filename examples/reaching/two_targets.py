"""Two hands to two targets, as one action: a conductor beats time.

Look at the arms: with `arm=[left, right]` and a target for each, both hands set out together, and
the action succeeds when both have arrived.
"""

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

BOTH = [Arm.left, Arm.right]
BEATS = (
    # left hand, right hand [m]
    ((0.6, 0.15, 0.85), (0.6, -0.15, 0.85)),
    ((0.6, 0.15, 1.35), (0.6, -0.55, 1.0)),
    ((0.6, 0.55, 1.0), (0.6, -0.15, 1.35)),
    ((0.5, 0.55, 1.35), (0.5, -0.55, 1.35)),
)
VIEW = {"position": (1.74, -0.63, 1.32), "look_at": (0.2, 0.0, 0.9)}


async def conduct(robot: Robot) -> list[float]:
    """How far the worse of both hands was off, beat by beat [m]."""
    off = []
    for beat in BEATS:
        await robot.reach_for(beat, BOTH)
        hands = np.array([robot.dynamic.tool_pose(arm).p for arm in BOTH])
        off.append(float(np.linalg.norm(hands - beat, axis=1).max()))
    return off


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom())
        (off,) = c.run(conduct(robot))
        print(f"{len(off)} beats, both hands within a centimetre: {max(off) < 0.01}")


if __name__ == "__main__":
    main()
