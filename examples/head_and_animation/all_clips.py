"""Every clip that comes with the package, on two bodies that share no joint.

Look at both robots: a clip is a file of joint key frames for each model, so tiago_pro and baxter
bow, clap and dance each in its own way, and end at rest.
"""

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot, gather
from counterpoint import commands as cmd

CLIPS = ("wave", "nod", "shake_head", "point", "bow", "clap", "dance")
VIEW = {"position": (3.6, 0.0, 1.6), "look_at": (0.0, 0.0, 0.9), "field_of_view": 0.75}


def main() -> None:
    with Controller(seed=0) as c:
        never = ImageFrequency.never
        tiago = Robot("tiago", position=(0, 0.9, 0), image_frequency=never)
        baxter = Robot("baxter", model="baxter", position=(0, -0.9, 0), image_frequency=never)
        c.add_ons.extend([tiago, baxter])
        c.communicate(cmd.CreateEmptyRoom(width=8, length=8))

        async def perform(robot: Robot) -> list[str]:
            done = []
            for clip in CLIPS:
                action = robot.animate(clip)
                await action.outcome()
                done.append(action.status.name)
            return done

        async def show() -> list[list[str]]:
            return await gather(perform(tiago), perform(baxter))

        [ended] = c.run(show())
        for _ in range(20):
            c.communicate()
        at_rest = all(np.abs(r.dynamic.target_velocity).max() < 1e-6 for r in (tiago, baxter))
        worked = sum(status == "success" for robot in ended for status in robot)
        print(f"{worked} of {2 * len(CLIPS)} clips played to their end, at rest: {at_rest}")


if __name__ == "__main__":
    main()
