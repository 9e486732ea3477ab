"""Drive two metres and poll the status.

Look at the loop: starting an action does nothing by itself, each `communicate()` advances it by one
frame, and the action says how it went.
"""

from counterpoint import ActionStatus, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

DISTANCE = 2.0  # m
VIEW = {"position": (1.0, -4.2, 1.9), "look_at": (1.0, 0.0, 0.5), "field_of_view": 0.8}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(cmd.CreateEmptyRoom(width=12, length=12))
        robot.move_by(DISTANCE)
        while robot.action.status is ActionStatus.ongoing:
            c.communicate()
        driven = robot.dynamic.base_position[0]
        print(f"{robot.action.status.name}: {driven:.2f} m in {c.frame} frames")


if __name__ == "__main__":
    main()
