"""An eye in the hand: find a mug in the wrist camera's image, and bring the hand over it.

Look at `AddCamera(mount=…)`: a camera that a link carries. The mug's pixels and their depth give a
point in the camera's frame, and the hand's pose takes it into the world. Nobody tells the arm where
the mug is.
"""

import math

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Pose, Robot, derive_substream
from counterpoint import commands as cmd

START = (0.5, 0.0, 0.45)  # m
DOWN = (0.0, 1.0, 0.0, 0.0)  # wxyz: the tool looks at the floor
HEIGHTS = (0.4, 0.3, 0.22)  # m: of the hand, after each look
SIZE, FIELD_OF_VIEW = 96, 1.2  # pixels, rad
HAND_FROM_CAMERA = Pose.of((0.06, 0.0, 0.03), (math.sqrt(0.5), 0.0, -math.sqrt(0.5), 0.0))
RED = (0.8, 0.25, 0.2)
VIEW = {"position": (1.5, -1.2, 0.8), "look_at": (0.35, 0.0, 0.3), "field_of_view": 0.6}


def seen_at(c: Controller, robot: Robot) -> np.ndarray:
    """Where the camera sees the mug's middle, in the world (3,) [m]."""
    passes = ("depth", "segmentation")
    response = c.communicate(cmd.CaptureImages(cameras=("wrist",), passes=passes))
    images = response.images["wrist"]
    rows, columns = np.nonzero(images["segmentation"] == response.segmentation_ids["mug"])
    depth = float(np.median(images["depth"][rows, columns]))
    focal = SIZE / 2 / math.tan(FIELD_OF_VIEW / 2)  # pixels
    left, up = (SIZE / 2 - np.array([columns.mean(), rows.mean()])) / focal * depth
    world_from_camera = robot.dynamic.link_pose("panda_hand") @ HAND_FROM_CAMERA
    return world_from_camera.apply(np.array([[depth, left, up]]))[0]


def reach(c: Controller, robot: Robot, point: tuple[float, float, float]) -> None:
    action = robot.reach_for(point, orientation=DOWN)
    while not action.done:
        c.communicate()


def apart(robot: Robot, mug: tuple[float, float, float]) -> str:
    """How far the hand is from being over the mug."""
    hand = robot.dynamic.tool_pose(Arm.right).p
    return f"{100 * math.dist(hand[:2], mug[:2]):.0f} cm"


def main() -> None:
    rng = derive_substream("somewhere", 0).default_rng()
    mug = (rng.uniform(0.4, 0.65), rng.uniform(-0.2, 0.2), 0.0)
    with Controller(seed=0) as c:
        robot = Robot("arm", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        camera = cmd.AddCamera(
            camera_id="wrist",
            mount=("arm", "panda_hand"),
            position=tuple(HAND_FROM_CAMERA.p),
            quaternion=tuple(HAND_FROM_CAMERA.q),
            size=(SIZE, SIZE),
            field_of_view=FIELD_OF_VIEW,
        )
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=4, length=4),
                cmd.AddObject(object_id="mug", model="mug", position=mug, color=RED),
                camera,
            ]
        )
        reach(c, robot, START)
        off = [apart(robot, mug)]
        for height in HEIGHTS:
            x, y, _ = seen_at(c, robot)
            reach(c, robot, (x, y, height))
            off.append(apart(robot, mug))
        print(f"off by {', then '.join(off)}")


if __name__ == "__main__":
    main()
