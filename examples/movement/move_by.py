"""Drive two metres and poll the status.

Look at the loop: starting an action does nothing by itself, each `communicate()` advances it by one
frame, and the action says how it went.
"""

from counterpoint import ActionStatus, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

DISTANCE = 2.0  # m


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
