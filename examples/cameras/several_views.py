"""One fall, seen from three sides in the same frame.

Look at the pictures in out/several_views: all cameras show frame by frame the same moment, and the
scene is prepared once for all of them.
"""

from pathlib import Path

import numpy as np

from counterpoint import Controller, ImageCapture, ThirdPersonCamera
from counterpoint import commands as cmd

CAMERAS = {"front": (1.8, 0.0, 0.6), "side": (0.0, -1.8, 0.6), "top": (0.01, 0.0, 2.4)}  # m
BRICKS = 6
OUT = Path("out/several_views")
VIEW = {"position": (1.5, -1.5, 0.9), "look_at": (0.0, 0.0, 0.25), "field_of_view": 0.7}


def main() -> None:
    with Controller(seed=0) as c:
        c.add_ons.extend(
            ThirdPersonCamera(name, position=p, look_at=(0, 0, 0.25), size=(160, 120))
            for name, p in CAMERAS.items()
        )
        capture = ImageCapture(tuple(CAMERAS), OUT, every=4, overwrite=True)
        c.add_ons.append(capture)
        bricks = [
            cmd.AddObject(
                object_id=f"brick_{k}", model="box", size=(0.1, 0.1, 0.1),
                position=(0.02 * k, 0, 0.05 + 0.1 * k), color=(0.3 + 0.1 * k, 0.3, 0.6 - 0.08 * k),
            )
            for k in range(BRICKS)
        ]  # fmt: skip
        ball = cmd.AddObject(
            object_id="ball", model="sphere", size=(0.16, 0.16, 0.16), position=(-1.2, 0, 0.35),
            mass=1.0,
        )  # fmt: skip
        push = cmd.SetObjectVelocity(object_id="ball", linear=(3.0, 0, 1.0))
        c.communicate([cmd.CreateEmptyRoom(width=4, length=4), *bricks, ball, push])
        for _ in range(80):
            c.communicate()
        fallen = sum(c.response.objects[f"brick_{k}"].position[2] < 0.08 for k in range(BRICKS))
        heights = np.ptp([c.response.objects[f"brick_{k}"].position[0] for k in range(BRICKS)])
    files = {name: len(list((OUT / name).glob("*.png"))) for name in CAMERAS}
    print(f"{fallen} of {BRICKS} bricks on the floor, {heights:.1f} m apart; pictures: {files}")


if __name__ == "__main__":
    main()
