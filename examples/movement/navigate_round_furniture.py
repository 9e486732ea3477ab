"""Drive round furniture, and save a map of the way.

Look at `navigate_to`: it plans on a map of its own. The `OccupancyMap` is for your eyes and your
own decisions: it knows how much room there is anywhere, for a robot of any radius.
"""

from counterpoint import ActionStatus, Controller, ImageFrequency, OccupancyMap, Robot
from counterpoint import commands as cmd

START, GOAL = (-3.2, -2.2, 0.0), (3.2, 2.2, 0.0)  # m
FURNITURE = (
    # model, size, position [m]
    ("wall", (4.0, 0.1, 2.5), (-2.0, -0.6, 0.0)),
    ("table", (1.2, 0.7, 0.75), (1.8, 1.2, 0.0)),
    ("table", (1.2, 0.7, 0.75), (1.5, -1.7, 0.0)),
    ("shelf", (0.35, 0.9, 1.5), (-1.0, 1.6, 0.0)),
    ("cylinder", (0.5, 0.5, 0.8), (3.0, -0.2, 0.4)),
)
PICTURE = "out/examples/navigate_round_furniture.png"
VIEW = {"position": (0.0, -3.6, 7.5), "look_at": (0.0, 0.0, 0.0), "field_of_view": 0.9}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", position=START, image_frequency=ImageFrequency.never)
        floor = OccupancyMap()
        c.add_ons.extend([robot, floor])
        furniture = [
            cmd.AddObject(object_id=f"{model}_{k}", model=model, size=size, position=position)
            for k, (model, size, position) in enumerate(FURNITURE)
        ]
        c.communicate([cmd.CreateEmptyRoom(width=8, length=6), *furniture])
        action = robot.navigate_to(GOAL)
        driven = [robot.dynamic.base_position]
        while action.status is ActionStatus.ongoing:
            c.communicate()
            driven.append(robot.dynamic.base_position)
        floor.save(PICTURE, paths=[driven])
        room = min(floor.clearance[floor.cell_of(p)] for p in driven)
        print(f"{action.status.name}: at least {room:.2f} m from everything, in {c.frame} frames")


if __name__ == "__main__":
    main()
