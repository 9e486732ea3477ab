"""One camera, three passes, and what can be read from them.

Look at `response.images`: colour, depth in metres, and segmentation whose values
`response.segmentation_ids` names.
"""

import numpy as np

from counterpoint import Controller, Robot, ThirdPersonCamera
from counterpoint import commands as cmd

VIEW = {"position": (1.6, -1.2, 1.0), "look_at": (0.3, 0.0, 0.2), "field_of_view": 0.8}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda")
        camera = ThirdPersonCamera("cam", position=(1.6, -1.2, 1.0), look_at="mug", size=(160, 120))
        c.add_ons.extend([camera, robot])
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=4, length=4),
                cmd.AddObject(
                    object_id="mug", model="mug", position=(0.5, 0, 0), color=(0.9, 0.3, 0.2)
                ),
            ]
        )
        response = c.communicate(
            cmd.CaptureImages(cameras=("cam",), passes=("rgb", "depth", "segmentation"))
        )
        images = response.images["cam"]
        mug = images["segmentation"] == response.segmentation_ids["mug"]
        distance = float(np.median(images["depth"][mug]))
        red = images["rgb"][mug].mean(axis=0).argmax() == 0
        print(f"the mug covers {int(mug.sum())} pixels, {distance:.2f} m away, red: {bool(red)}")


if __name__ == "__main__":
    main()
