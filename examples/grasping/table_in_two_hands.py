"""A small table, carried with all that stands on it.

Look at what stands on the table: nothing slides. Edges of boards are points to take hold of, and
two hands that hold one thing move in step.
"""

import numpy as np

from counterpoint import Arm, Controller, ImageFrequency, Robot, gather
from counterpoint import commands as cmd
from counterpoint.actions import Action

BOTH = [Arm.left, Arm.right]
TABLE, MASS = (0.3, 0.45, 0.6), 2.0  # m, kg
THINGS = {"mug": (0.1, TABLE[2]), "jar": (-0.1, TABLE[2] + 0.06)}  # y and z [m]
LIFT = 0.1  # m
VIEW = {"position": (1.55, -1.5, 1.35), "look_at": (0.2, 0.0, 0.6)}


def shift(robot: Robot, up: float) -> Action:
    """Both hands straight up by so many metres, in step."""
    return robot.reach_for([robot.dynamic.tool_pose(arm).p + [0, 0, up] for arm in BOTH], BOTH)


async def carry(robot: Robot) -> None:
    await gather(
        robot.grasp(("table", "left_edge"), Arm.left),
        robot.grasp(("table", "right_edge"), Arm.right),
    )
    await shift(robot, LIFT)
    await robot.move_by(-0.8)
    await shift(robot, 0.005 - LIFT)
    await gather(robot.drop(Arm.left), robot.drop(Arm.right))


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        scene = [
            cmd.CreateEmptyRoom(),
            cmd.AddObject(
                object_id="table", model="table", size=TABLE, position=(0.7, 0, 0), static=False,
                mass=MASS,
            ),
            cmd.AddObject(object_id="mug", model="mug", position=(0.7, *THINGS["mug"])),
            cmd.AddObject(object_id="jar", model="cylinder", position=(0.7, *THINGS["jar"])),
        ]  # fmt: skip
        c.communicate(scene)
        c.run(carry(robot))
        table = c.response.objects["table"]
        slid = max(
            float(np.linalg.norm(table.pose.inverse().apply(c.response.objects[t].position) - p))
            for t, p in ((t, (0, *yz)) for t, yz in THINGS.items())
        )
        print(f"carried {0.7 - table.position[0]:.1f} m, nothing slid: {slid < 0.005}")


if __name__ == "__main__":
    main()
