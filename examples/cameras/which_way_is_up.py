"""Surfaces from a normals image: the slope of a ramp, without touching it.

Look at the normals pass: a unit vector a pixel, in the world's frame. Those of the ramp give its
slope, and a ball is let go to see that it rolls that way.
"""

import math

import numpy as np

from counterpoint import Controller, ThirdPersonCamera
from counterpoint import commands as cmd

SLOPE = math.radians(12)
VIEW = {"position": (1.4, -1.9, 1.1), "look_at": (0.1, 0.0, 0.2), "field_of_view": 0.75}


def main() -> None:
    with Controller(seed=0) as c:
        c.add_ons.append(
            ThirdPersonCamera("cam", position=(0.2, -1.6, 1.4), look_at=(0, 0, 0.2), size=(96, 72))
        )
        ramp = cmd.AddObject(
            object_id="ramp", model="box", size=(1.2, 0.6, 0.05), static=True,
            position=(0, 0, 0.25),
            quaternion=(math.cos(SLOPE / 2), 0, math.sin(SLOPE / 2), 0),
        )  # fmt: skip
        ball = cmd.AddObject(
            object_id="ball", model="sphere", size=(0.12, 0.12, 0.12), position=(-0.4, 0, 0.48)
        )
        look = cmd.CaptureImages(cameras=("cam",), passes=("normals", "segmentation"))
        response = c.communicate([cmd.CreateEmptyRoom(width=4, length=4), ramp, ball, look])
        images = response.images["cam"]
        on_ramp = images["segmentation"] == response.segmentation_ids["ramp"]
        up = images["normals"][on_ramp]
        top = up[up[:, 2] > 0.5].mean(axis=0)
        tilt = math.degrees(math.atan2(math.hypot(top[0], top[1]), top[2]))
        downhill = math.degrees(math.atan2(top[1], top[0]))
        for _ in range(50):
            response = c.communicate()
        x, y, _ = response.objects["ball"].position - np.array([-0.4, 0, 0.48])
        print(
            f"a slope of {tilt:.0f}°, downhill towards {downhill:.0f}°; the ball rolled "
            f"{math.hypot(x, y):.1f} m towards {math.degrees(math.atan2(y, x)):.0f}°"
        )


if __name__ == "__main__":
    main()
