"""Drive to a point, then to the edge of a table, and see how near each is.

Look at where the robot stops: a point is reached with its middle, an object with its rim. It faces
what it went to.
"""

import math

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

POINT = (1.0, -1.0, 0.0)  # m
TABLE = (1.6, 1.2, 0.0)  # m
SIZE = (1.2, 0.7, 0.75)  # m
ARRIVED = 0.05  # m
VIEW = {"position": (-1.6, -2.8, 2.2), "look_at": (0.7, 0.1, 0.2), "field_of_view": 0.9}


def gap(robot: Robot, point: np.ndarray) -> float:
    """From the robot's middle to a point, in the floor plane [m]."""
    return math.dist(point[:2], robot.dynamic.base_position[:2])


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", position=(-1.0, 0.0, 0.0), image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        table = cmd.AddObject(object_id="table", model="table", size=SIZE, position=TABLE)
        c.communicate([cmd.CreateEmptyRoom(), table])

        async def visit() -> list[str]:
            await robot.move_to(POINT, arrived_at=ARRIVED)
            middle = gap(robot, np.array(POINT))
            heading = math.degrees(robot.dynamic.base_yaw)
            seen = [f"heading {heading:.0f} degrees, {100 * middle:.0f} cm from the point"]
            await robot.move_to("table", arrived_at=ARRIVED)
            low, high = c.response.objects["table"].bounds
            rim = gap(robot, np.clip(robot.dynamic.base_position, low, high)) - robot.model.radius
            return [*seen, f"rim {100 * rim:.0f} cm from the table"]

        (seen,) = c.run(visit())
        print("; ".join(seen))


if __name__ == "__main__":
    main()
