"""A drive that was stopped is not tried again until something else was done in between.

Look at `previous_was_same`: the second drive ends in its first frame, with the status of the one
before it. Backwards is always free. The rule remembers, it does not look: it holds even when the
shelf has been taken away, until it is switched off.
"""

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

FORWARD, BACK = 1.5, -0.2  # m
VIEW = {"position": (0.0, -2.6, 1.7), "look_at": (0.0, 0.0, 0.5), "field_of_view": 0.9}


def drive(c: Controller, robot: Robot, distance: float) -> str:
    """The status of a drive, and how many frames it took."""
    action = robot.move_by(distance)
    while not action.done:
        c.communicate()
    return f"{action.status.name} {action.ended_frame - action.started_frame}"


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", position=(-0.8, 0, 0), image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        shelf = cmd.AddObject(
            object_id="shelf", model="shelf", size=(0.3, 0.9, 1.3), position=(0.9, 0, 0)
        )
        c.communicate([cmd.CreateEmptyRoom(), shelf])
        said = [drive(c, robot, distance) for distance in (FORWARD, FORWARD, BACK, FORWARD)]
        c.communicate(cmd.RemoveObject(object_id="shelf"))
        said.append(drive(c, robot, FORWARD))
        robot.collision_detection.previous_was_same = False
        said.append(drive(c, robot, FORWARD))
        print(", ".join(said))


if __name__ == "__main__":
    main()
