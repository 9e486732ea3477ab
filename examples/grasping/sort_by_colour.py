"""Sort cubes into two crates, by what a camera sees.

Look at the camera's part: the script asks the picture for the colour of each cube, not the scene.
The crates' `contents` tell in the end who was right.
"""

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot, ThirdPersonCamera
from counterpoint import commands as cmd

SIDE = 0.04  # m
RED, BLUE = (0.85, 0.2, 0.15), (0.15, 0.3, 0.85)
PAINT = {"red": (0.75, 0.45, 0.4), "blue": (0.4, 0.5, 0.75)}
CUBES = ((0.4, -0.12, RED), (0.5, -0.05, BLUE), (0.42, 0.05, BLUE), (0.55, 0.1, RED))  # x, y [m]
CRATES = {"red": (0.3, 0.42), "blue": (0.3, -0.42)}  # x and y [m]
OVER = 0.2  # m: how high above the floor the cubes are let go
VIEW = {"position": (1.23, 0.0, 0.95), "look_at": (0.3, 0.0, 0.1)}


def colour_of(response, name: str) -> str:
    """What most of its pixels say."""
    seen = response.images["eye"]
    pixels = seen["rgb"][seen["segmentation"] == response.segmentation_ids[name]]
    red, _, blue = pixels.mean(axis=0)
    return "red" if red > blue else "blue"


async def sort(robot: Robot, colours: dict[str, str]) -> None:
    for name, colour in colours.items():
        await robot.grasp(name)
        over = np.array([*CRATES[colour], OVER])
        await robot.reach_for(over, from_held=True, plan="vertical_horizontal")
        await robot.drop()
    await robot.reset_arm()


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda", image_frequency=ImageFrequency.never)
        eye = ThirdPersonCamera("eye", position=(0.9, 0, 1.2), look_at=(0.45, 0, 0), size=(120, 90))
        c.add_ons.extend([robot, eye])
        scene = [cmd.CreateEmptyRoom()]
        for k, (x, y, color) in enumerate(CUBES):
            scene.append(
                cmd.AddObject(
                    object_id=f"cube_{k}", model="box", size=(SIDE,) * 3, position=(x, y, SIDE / 2),
                    color=color,
                )
            )  # fmt: skip
        for colour, (x, y) in CRATES.items():
            scene.append(
                cmd.AddObject(
                    object_id=colour,
                    model="crate",
                    size=(0.24, 0.24, 0.12),
                    position=(x, y, 0),
                    color=PAINT[colour],
                )
            )
        c.communicate(scene)
        seen = c.communicate(cmd.CaptureImages(cameras=("eye",), passes=("rgb", "segmentation")))
        c.run(sort(robot, {f"cube_{k}": colour_of(seen, f"cube_{k}") for k in range(len(CUBES))}))
        inside = {name: sorted(c.response.objects[name].contents) for name in CRATES}
        print("; ".join(f"{name}: {', '.join(cubes)}" for name, cubes in inside.items()))


if __name__ == "__main__":
    main()
