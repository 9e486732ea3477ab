"""One pose of the hand, many postures of the arm.

Look at the elbow: seven joints for six numbers leave one free, so the hand stays where it is while
the arm stands differently. `kinematics.answers` gives what each seed leads to; nothing moves until
`SetJointPositions` puts the joints there.
"""

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Pose, Robot
from counterpoint import commands as cmd

HAND = Pose.of((0.45, 0.1, 0.45), (0.0, 1.0, 0.0, 0.0))  # m; the tool looks at the floor
SEEDS = 24
DIFFERENT = 0.3  # rad: between postures that count as two
SHOW = 30  # frames for each
VIEW = {"position": (1.6, -1.4, 1.0), "look_at": (0.2, 0.0, 0.4), "field_of_view": 0.55}


def postures(robot: Robot) -> list[np.ndarray]:
    """Joint vectors that bring the hand there, no two alike."""
    kinematics = robot.static.kinematics
    found: list[np.ndarray] = []
    for answer in kinematics.answers(Arm.right, HAND, kinematics.home, seeds=SEEDS):
        if answer.success and all(np.abs(answer.q - q).max() > DIFFERENT for q in found):
            found.append(answer.q)
    return found


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("arm", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom(width=4, length=4))
        found = postures(robot)
        off, elbows = [], []
        for q in found:
            joints = dict(zip(robot.static.kinematics.joints, q.tolist(), strict=True))
            c.communicate(cmd.SetJointPositions(robot_id="arm", positions=joints))
            for _ in range(SHOW):
                c.communicate()
            off.append(np.linalg.norm(robot.dynamic.tool_pose(Arm.right).p - HAND.p))
            elbows.append(robot.dynamic.link_pose("panda_link4").p)
        apart = max(np.linalg.norm(a - b) for a in elbows for b in elbows)
        print(
            f"{len(found)} postures: the hand within {1000 * max(off):.0f} mm, "
            f"elbows up to {apart:.1f} m apart"
        )


if __name__ == "__main__":
    main()
