"""A head that follows a rolling ball while the hands are busy.

Look at the head: `look_at(…, follow=True)` has no end of its own, so a deadline ends it. It uses
the head's track alone; an arm reaches out meanwhile.
"""

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot, deadline, gather
from counterpoint import commands as cmd

SECONDS = 4.0
SPEED = 0.7  # m/s
VIEW = {"position": (2.7, -2.6, 1.9), "look_at": (0.8, -0.1, 0.6), "field_of_view": 1.0}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(
            [
                cmd.CreateEmptyRoom(),
                cmd.AddObject(
                    object_id="ball", model="sphere", size=(0.2, 0.2, 0.2), position=(1.6, 1.4, 0.1)
                ),
                cmd.SetObjectVelocity(object_id="ball", linear=(0, -SPEED, 0), angular=(7, 0, 0)),
            ]
        )
        mount = robot.model.cameras["head"]
        angles = []

        async def watch() -> None:
            try:
                with deadline(seconds=SECONDS):
                    await robot.look_at("ball", follow=True)
            except TimeoutError:
                pass

        async def lift() -> None:
            await robot.reach_for((0.5, -0.3, 1.1), Arm.right, absolute=False)
            await robot.reset_arm(Arm.right)

        def measure() -> None:
            camera = robot.dynamic.link_pose(mount.link) @ mount.link_from_camera
            forward = camera.apply(np.array([[1.0, 0.0, 0.0]]))[0] - camera.p
            way = c.response.objects["ball"].position - camera.p
            angles.append(np.degrees(np.arccos(forward @ way / np.linalg.norm(way))))

        async def both() -> None:
            await gather(watch(), lift())

        handle = c.spawn(both())
        while not handle.done:
            c.communicate()
            measure()
        rolled = c.response.objects["ball"].position[1]
        print(
            f"the ball rolled to y = {rolled:.1f} m; off by {np.median(angles[60:]):.0f}° at the "
            f"median; the arm: {robot.action.status.name}"
        )


if __name__ == "__main__":
    main()
