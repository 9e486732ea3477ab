"""An omnidirectional base goes sideways, and round a post with its face to it.

Look at `circle()`: a policy answers each frame with a velocity (forward, sideways, turn rate) in
the robot's own frame. Going sideways at v while turning at v / r is a circle of radius r.
"""

import math

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

SPEED = 0.6  # m/s
RADIUS = 1.2  # m
GAIN = 1.5  # 1/s: how fast an error of the distance is mended
TRACKS = ("base",)
VIEW = {"position": (-0.6, -2.8, 3.0), "look_at": (0.0, 0.0, 0.2)}


def circle(resp, static, dynamic):
    """Sideways round the post, at `RADIUS` from it."""
    away = resp.objects["post"].position[:2] - dynamic.base_position[:2]
    aside = math.atan2(away[1], away[0]) - dynamic.base_yaw
    wrong = math.hypot(*away) - RADIUS
    turn = -SPEED / RADIUS + GAIN * math.remainder(aside, math.tau)
    return {"base": (GAIN * wrong, SPEED, turn)}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", position=(-RADIUS, 0, 0), image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        post = cmd.AddObject(
            object_id="post", model="cylinder", size=(0.3, 0.3, 1.0), position=(0, 0, 0.5)
        )
        c.communicate([cmd.CreateEmptyRoom(), post])
        lap = round(math.tau * RADIUS / SPEED * c.frames_per_second)
        action = robot.follow_policy(circle, lap, TRACKS)
        distances = []
        while not action.done:
            c.communicate()
            distances.append(math.hypot(*robot.dynamic.base_position[:2]))
        angle = math.degrees(robot.dynamic.base_yaw)
        off = max(abs(d - RADIUS) for d in distances)
        print(
            f"once round in {lap} frames, at most {100 * off:.0f} cm off the circle, "
            f"turned {angle:.0f} degrees"
        )


if __name__ == "__main__":
    main()
