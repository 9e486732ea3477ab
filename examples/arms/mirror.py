"""One arm does what another does, mirrored: a leader and its follower.

Look at `Mirror`: an action that reads another robot's joints in each frame and drives its own after
them. It never ends by itself; the script cancels it when the leader is done.
"""

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action, DriveJoints

SIGNS = np.array([-1, 1, -1, 1, -1, 1, -1])  # of the joints: those about upright axes turn over
GAIN = 12.0  # 1/s
POINTS = ((0.45, 0.35, 0.30), (0.35, 0.40, 0.70), (0.60, 0.10, 0.40))  # m, in the leader's frame
VIEW = {"position": (2.3, 0.0, 1.2), "look_at": (0.2, 0.0, 0.4), "field_of_view": 0.8}


class Mirror(Action):
    """Joint angles of a leader of the same kind, mirrored left to right, as long as it runs."""

    tracks = ("right_arm",)

    def __init__(self, leader: str):
        super().__init__()
        self.leader = leader
        self.lag = 0.0

    def get_ongoing_commands(self, resp, static, dynamic):
        leader = resp.robots[self.leader]
        left = SIGNS * leader.joint_positions - dynamic.joint_positions
        self.lag = max(self.lag, float(np.abs(left).max()))
        return [DriveJoints("right_arm", SIGNS * leader.joint_velocities + GAIN * left)]


async def lead(leader: Robot, follower: Robot) -> Mirror:
    mirror = follower.start(Mirror(leader.robot_id))
    for point in POINTS:
        await leader.reach_for(point, absolute=False)
    await leader.reset_arm()
    mirror.cancel("the leader is done")
    await mirror.outcome()
    return mirror


def main() -> None:
    with Controller(seed=0) as c:
        leader, follower = (
            Robot(name, model="xarm7", position=(0, y, 0), image_frequency=ImageFrequency.never)
            for name, y in (("leader", 0.5), ("follower", -0.5))
        )
        c.add_ons.extend([leader, follower])
        c.communicate(cmd.CreateEmptyRoom())
        (mirror,) = c.run(lead(leader, follower))
        lag = np.degrees(mirror.lag)
        print(f"{mirror.status.name} after {c.frame} frames, at most {lag:.0f} degrees behind")


if __name__ == "__main__":
    main()
