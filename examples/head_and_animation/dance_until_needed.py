"""A clip in a loop, until there is something to do.

Look at the moment when the ball arrives: reaching takes the right arm, so the dance, which uses it
too, ends as `replaced`, and no joint jumps.
"""

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot, until
from counterpoint import commands as cmd

NEAR = 1.2  # m
VIEW = {"position": (2.4, -2.0, 1.6), "look_at": (0.3, 0.0, 0.9), "field_of_view": 0.8}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=8, length=8),
                cmd.AddObject(
                    object_id="ball",
                    model="sphere",
                    size=(0.2, 0.2, 0.2),
                    position=(3.5, -0.4, 0.1),
                ),
                cmd.SetObjectVelocity(object_id="ball", linear=(-0.75, 0, 0), angular=(0, -7.5, 0)),
            ]
        )
        fastest = [0.0]

        def far() -> float:
            return float(np.hypot(*c.response.objects["ball"].position[:2]))

        async def work() -> tuple[str, str]:
            dance = robot.animate("dance", loop=True)
            await until(lambda: far() < NEAR)
            reach = robot.reach_for((0.6, -0.35, 0.9), Arm.right, absolute=False)
            await reach
            return dance.status.name, reach.status.name

        handle = c.spawn(work())
        before = robot.dynamic.target_velocity
        while not handle.done:
            c.communicate()
            now = robot.dynamic.target_velocity
            fastest.append(float(np.abs(now - before).max()) * 60)
            before = now
        dance, reach = handle.result()
        print(
            f"dance: {dance}, reach: {reach}, joints sped up by {max(fastest):.0f} rad/s² at most"
        )


if __name__ == "__main__":
    main()
