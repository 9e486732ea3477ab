"""A film of a robot at work, as an mp4 and as a gif.

Look at out/film.mp4 and out/film.gif: they play in real time, whatever the machine needed to make
them, and they are finished when the controller closes.
"""

from pathlib import Path

import imageio_ffmpeg
from PIL import Image

from counterpoint import Controller, ImageFrequency, Robot, ThirdPersonCamera, VideoCapture
from counterpoint import commands as cmd

OUT = Path("out")
EVERY = 4  # frames a picture: 15 pictures a second
VIEW = {"position": (1.5, -1.2, 0.9), "look_at": (0.3, 0.0, 0.25), "field_of_view": 0.75}


def main() -> None:
    films = [OUT / "film.mp4", OUT / "film.gif"]
    with Controller(seed=0) as c:
        robot = Robot("arm", model="panda", image_frequency=ImageFrequency.never)
        camera = ThirdPersonCamera(
            "cam", position=(1.5, -1.2, 0.9), look_at=(0.3, 0, 0.25), size=(160, 120)
        )
        c.add_ons.extend([robot, camera])
        c.add_ons.extend(VideoCapture("cam", f, every=EVERY, overwrite=True) for f in films)
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=4, length=4),
                cmd.AddObject(object_id="cube", model="box", position=(0.5, 0.1, 0.025)),
            ]
        )

        async def work() -> None:
            await robot.grasp("cube")
            await robot.place((0.4, -0.3, 0.0))

        c.run(work())
        pictures = 1 + (c.frame - 1) // EVERY
        held = robot.dynamic.held
        cube = c.response.objects["cube"].position
    with Image.open(films[1]) as gif:
        counts = [imageio_ffmpeg.count_frames_and_secs(str(films[0]))[0], gif.n_frames]
    print(
        f"cube at ({cube[0]:.1f}, {cube[1]:.1f}), hand empty: {not any(held.values())}; "
        f"pictures as many as wanted: {[n == pictures for n in counts]}"
    )


if __name__ == "__main__":
    main()
