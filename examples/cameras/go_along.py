"""A camera that goes along with a robot.

Look at the robot in the picture: the camera keeps its offset and looks at it, so it stays in the
middle while the room moves by.
"""

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot, ThirdPersonCamera
from counterpoint import commands as cmd

OFFSET = (-1.6, -1.6, 1.4)  # m
SIZE = (96, 72)  # pixels
VIEW = {"position": (-3.6, -3.4, 2.8), "look_at": (0.0, 0.2, 0.3), "field_of_view": 0.8}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", position=(-2, -1, 0), image_frequency=ImageFrequency.never)
        c.add_ons.extend([robot, ThirdPersonCamera("cam", position=OFFSET, follow="a", size=SIZE)])
        posts = [
            cmd.AddObject(
                object_id=f"post_{k}", model="cylinder", size=(0.2, 0.2, 0.8),
                position=(k - 2.0, 1.6, 0.4),
            )
            for k in range(5)
        ]  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(width=9, length=9), *posts])
        offs = []

        async def drive() -> None:
            await robot.move_by(2.0)
            await robot.turn_by(70)
            await robot.move_by(1.0)

        handle = c.spawn(drive())
        look = cmd.CaptureImages(cameras=("cam",), passes=("segmentation",))
        while not handle.done:
            response = c.communicate(look if c.frame % 10 == 0 else [])
            if "cam" in response.images:
                seen = response.images["cam"]["segmentation"] == response.segmentation_ids["a"]
                middle = np.argwhere(seen).mean(axis=0) - np.array(SIZE[::-1]) / 2
                offs.append(float(np.abs(middle).max()))
        x, y, _ = robot.dynamic.base_position
        print(f"from (-2.0, -1.0) to ({x:.1f}, {y:.1f}): off by {max(offs):.1f} pixels at most")


if __name__ == "__main__":
    main()
