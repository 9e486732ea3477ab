"""A camera on a hand: what comes nearer while the arm reaches.

Look at `AddCamera(mount=(robot, link))`: the camera goes along with a link. The depth in the middle
of its picture shrinks as much as the hand comes down.
"""

import math

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

HIGH, LOW = (0.45, -0.2, 0.5), (0.45, -0.2, 0.2)  # m
DOWN = (0.0, 1.0, 0.0, 0.0)  # wxyz
S = math.sqrt(0.5)
VIEW = {"position": (1.5, -1.4, 0.8), "look_at": (0.35, -0.1, 0.35), "field_of_view": 0.7}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("arm", model="xarm7", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        link = robot.model.end_effectors[Arm.right].link
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=4, length=4),
                cmd.AddObject(
                    object_id="plate", model="plate", size=(0.3, 0.3, 0.03),
                    position=(0.45, -0.2, 0),
                ),
                # A camera looks along its x, a hand along its z.
                cmd.AddCamera(
                    camera_id="hand", mount=("arm", link), position=(0.08, 0, 0.05),
                    quaternion=(S, 0, -S, 0), size=(48, 48), field_of_view=0.9,
                ),
            ]
        )  # fmt: skip
        depths, heights = [], []
        for point in (HIGH, LOW):
            action = robot.reach_for(point, orientation=DOWN)
            while not action.done:
                c.communicate()
            images = c.communicate(cmd.CaptureImages(cameras=("hand",), passes=("depth",))).images
            depths.append(float(np.median(images["hand"]["depth"][20:28, 20:28])))
            heights.append(float(robot.dynamic.tool_pose(Arm.right).p[2]))
        print(
            f"the hand came down by {heights[0] - heights[1]:.2f} m, and what it sees nearer "
            f"by {depths[0] - depths[1]:.2f} m"
        )


if __name__ == "__main__":
    main()
