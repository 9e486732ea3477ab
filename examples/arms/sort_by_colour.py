"""An arm sorts cubes into two crates by the colour that a camera sees.

Look at `seen_colour()`: the segmentation says which pixels are which cube, and the picture says
what colour they have. The scene is never asked for it.
"""

from counterpoint import Controller, ImageFrequency, Robot, ThirdPersonCamera, derive_substream
from counterpoint import commands as cmd

SIDE = 0.045  # m
PLACES = [(0.40, -0.15), (0.55, -0.06), (0.42, 0.03), (0.56, 0.13)]  # m
PAINT = {"red": (0.85, 0.20, 0.15), "blue": (0.15, 0.30, 0.85)}
GREY = (0.6, 0.6, 0.6)
CRATES = {"red": (0.40, -0.42, 0.0), "blue": (0.40, 0.42, 0.0)}  # m
CRATE, WALL = (0.36, 0.16, 0.06), 0.01  # m
ROW = (0.1, 0.0, -0.1)  # m: places in a crate, along x
VIEW = {"position": (1.6, -0.3, 1.2), "look_at": (0.25, 0.0, 0.15), "field_of_view": 0.75}


def seen_colour(c: Controller, name: str) -> str:
    """Red or blue, whichever channel is the stronger in the pixels of an object."""
    response = c.communicate(cmd.CaptureImages(cameras=("cam",), passes=("rgb", "segmentation")))
    images = response.images["cam"]
    pixels = images["rgb"][images["segmentation"] == response.segmentation_ids[name]]
    red, _, blue = pixels.mean(axis=0)
    return "red" if red > blue else "blue"


def main() -> None:
    rng = derive_substream("paint", 4).default_rng()
    painted = {f"cube_{k}": str(rng.permutation(list(PAINT))[0]) for k in range(len(PLACES))}
    with Controller(seed=0) as c:
        robot = Robot("arm", model="panda", image_frequency=ImageFrequency.never)
        camera = ThirdPersonCamera(
            "cam", position=(1.1, 0, 1.1), look_at=(0.45, 0, 0), size=(160, 120)
        )
        c.add_ons.extend([robot, camera])
        cubes = [
            cmd.AddObject(
                object_id=name, model="box", size=(SIDE,) * 3, position=(*place, SIDE / 2),
                color=PAINT[colour],
            )
            for (name, colour), place in zip(painted.items(), PLACES, strict=True)
        ]  # fmt: skip
        crates = [
            cmd.AddObject(
                object_id=f"{k}_crate",
                model="crate",
                size=CRATE,
                position=p,
                static=True,
                color=GREY,
                parameters={"wall": WALL},
            )
            for k, p in CRATES.items()
        ]
        c.communicate([cmd.CreateEmptyRoom(width=4, length=4), *crates, *cubes])
        seen = {name: seen_colour(c, name) for name in painted}

        async def sort() -> None:
            for name, colour in seen.items():
                await robot.grasp(name)
                x, y, z = CRATES[colour]
                row = list(seen.values())[: list(seen).index(name)].count(colour)
                await robot.place((x + ROW[row], y, z + WALL))
            await robot.reset_arm()

        c.run(sort())
        inside = {k: c.response.objects[f"{k}_crate"].contents for k in CRATES}
        right = sum(painted[name] == k for k, names in inside.items() for name in names)
        print(f"{right} of {len(painted)} in the right crate: {inside}")


if __name__ == "__main__":
    main()
