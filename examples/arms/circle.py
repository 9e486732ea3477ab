"""Draw a circle in the air with the Jacobian: resolved rates, frame by frame.

Look at `Circle`: it wants a velocity of the tool, and the damped pseudo-inverse of the Jacobian
turns it into joint velocities. What is missing to the line is added, so that nothing drifts, and
the tool keeps its orientation because no turning is asked for.
"""

import math

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action, DriveJoints
from counterpoint.core.pose import conjugate, rotate

RADIUS = 0.15  # m
LAP = 4.0  # s
GAIN = 5.0  # 1/s: how fast an error is mended
DAMPING = 1e-3
VIEW = {"position": (1.8, -1.0, 1.0), "look_at": (0.2, 0.0, 0.4), "field_of_view": 0.6}


class Circle(Action):
    """Once round, upright and across the arm, from where the tool is."""

    tracks = ("right_arm",)

    def __init__(self):
        super().__init__()
        self.centre = None
        self.off = []

    def point(self, angle):
        return self.centre + RADIUS * np.array([0.0, math.sin(angle), math.cos(angle)])

    def get_ongoing_commands(self, resp, static, dynamic):
        tool = dynamic.tool_pose(Arm.right)
        if self.centre is None:
            self.centre = tool.p - (0.0, 0.0, RADIUS)
            self.began = resp.time
        angle = math.tau * (resp.time - self.began) / LAP
        if angle > math.tau:
            return self.succeed("once round")
        left = self.point(angle) - tool.p
        self.off.append(float(np.linalg.norm(left)))
        along = RADIUS * np.array([0.0, math.cos(angle), -math.sin(angle)]) * math.tau / LAP
        twist = np.zeros(6)  # of the tool in its own frame, linear first
        twist[:3] = rotate(conjugate(tool.q), along + GAIN * left)
        jacobian = static.kinematics.tool_jacobian(dynamic.q, Arm.right)
        damped = jacobian @ jacobian.T + DAMPING * np.eye(6)
        return [DriveJoints("right_arm", jacobian.T @ np.linalg.solve(damped, twist))]


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("arm", model="xarm7", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom(width=4, length=4))
        reach = robot.reach_for((0.45, 0.0, 0.55))
        while not reach.done:
            c.communicate()
        before = robot.dynamic.tool_pose(Arm.right)
        circle = robot.start(Circle())
        while not circle.done:
            c.communicate()
        after = robot.dynamic.tool_pose(Arm.right)
        turned = 2 * math.acos(min(1.0, abs(float(before.q @ after.q))))
        print(
            f"once round in {circle.ended_frame - circle.started_frame} frames, at most "
            f"{1000 * max(circle.off):.0f} mm off, turned {math.degrees(turned):.0f} degrees"
        )


if __name__ == "__main__":
    main()
