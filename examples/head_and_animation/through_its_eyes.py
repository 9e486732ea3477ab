"""What a robot sees while it turns: one picture a frame from the camera in its head.

Look at `ImageFrequency.always`: the response of each frame holds the head camera's image, and the
script counts in how many of them the red box is to be seen.
"""

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

TURN = 120  # degrees
MANY = 40  # pixels: fewer are not called seeing
VIEW = {"position": (-1.6, -2.0, 2.0), "look_at": (0.9, 0.2, 0.5)}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", rotation=-60, image_frequency=ImageFrequency.always)
        c.add_ons.append(robot)
        c.communicate(
            [
                cmd.CreateEmptyRoom(),
                cmd.AddObject(
                    object_id="box", model="box", size=(0.4, 0.4, 0.8), position=(2.0, 0, 0.4),
                    color=(0.85, 0.15, 0.1),
                ),
                cmd.AddObject(
                    object_id="post", model="cylinder", size=(0.3, 0.3, 1.2),
                    position=(1.2, 1.8, 0.6), color=(0.2, 0.4, 0.7),
                ),
            ]
        )  # fmt: skip
        camera = robot.static.cameras[0]
        action = robot.turn_by(TURN)
        seen = []
        while not action.done:
            image = c.communicate().images[camera]["rgb"].astype(int)
            red = (image[..., 0] > 100) & (image[..., 1] < 60) & (image[..., 2] < 60)
            seen.append(int(red.sum()) > MANY)
        first, last = np.flatnonzero(seen)[[0, -1]]
        whole = "without a gap" if all(seen[first : last + 1]) else "with gaps"
        print(
            f"{len(seen)} pictures, the box in {100 * np.mean(seen):.0f} % of them, {whole}: "
            f"{action.status.name}"
        )


if __name__ == "__main__":
    main()
