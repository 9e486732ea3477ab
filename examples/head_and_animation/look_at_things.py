"""A head that looks at one thing after another, and back to rest.

Look at the camera in the head: `look_at` aims its optical axis, and the angle that is left is
measured. What stands behind the robot is further than the neck turns, and the result says so.
"""

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

THINGS = {"mug": (1.4, 0.5, 0.8), "ball": (1.2, -0.7, 0.3), "lamp": (2.0, 0.1, 1.9)}  # m
BEHIND = (-1.5, -0.4, 1.0)  # m
VIEW = {"position": (-0.9, -2.6, 2.0), "look_at": (0.9, 0.0, 0.9), "field_of_view": 0.85}


def off_axis(robot: Robot, point: np.ndarray) -> float:
    """Degrees between where the head's camera looks and a point."""
    mount = robot.model.cameras["head"]
    camera = robot.dynamic.link_pose(mount.link) @ mount.link_from_camera
    forward = camera.apply(np.array([[1.0, 0.0, 0.0]]))[0] - camera.p
    way = np.asarray(point) - camera.p
    return float(np.degrees(np.arccos(forward @ way / np.linalg.norm(way))))


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        stands = [
            cmd.AddObject(
                object_id=f"stand_{name}", model="box", size=(0.3, 0.3, z - 0.06), static=True,
                position=(x, y, (z - 0.06) / 2), color=(0.6, 0.55, 0.5),
            )
            for name, (x, y, z) in THINGS.items()
        ]  # fmt: skip
        balls = [
            cmd.AddObject(object_id=name, model="sphere", size=(0.12, 0.12, 0.12), position=p)
            for name, p in THINGS.items()
        ]
        c.communicate([cmd.CreateEmptyRoom(), *stands, *balls])
        seen = []

        async def look_round() -> None:
            for name in THINGS:
                await robot.look_at(name)
                seen.append(off_axis(robot, c.response.objects[name].position))
            await robot.look_at(BEHIND).outcome()
            await robot.reset_head()

        c.run(look_round())
        print(f"{len(seen)} things within {max(seen):.0f}°, {robot.action.status.name}")


if __name__ == "__main__":
    main()
