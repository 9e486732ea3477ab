"""A crate of balls, carried from table to table in two hands.

Look at the hands: both take a rim at the same time, lift in step, and let go together. While they
hold it, `reach_for` moves them along straight lines, so that the crate stays level.
"""

from counterpoint import Arm, Controller, ImageFrequency, Robot, gather
from counterpoint import commands as cmd
from counterpoint.actions import Action

BOTH = [Arm.left, Arm.right]
CRATE, MASS = (0.3, 0.36, 0.16), 2.0  # m, kg
BALL = 0.07  # m
HEIGHT, LIFT = 0.6, 0.12  # m
VIEW = {"position": (1.6, 2.0, 1.8), "look_at": (-0.1, 0.4, 0.6)}


def shift(robot: Robot, up: float) -> Action:
    """Both hands straight up by so many metres, in step."""
    return robot.reach_for([robot.dynamic.tool_pose(arm).p + [0, 0, up] for arm in BOTH], BOTH)


async def carry(robot: Robot) -> None:
    await gather(
        robot.grasp(("crate", "left_rim"), Arm.left), robot.grasp(("crate", "right_rim"), Arm.right)
    )
    await shift(robot, LIFT)
    await robot.move_by(-0.6)
    await robot.turn_by(90)
    await robot.move_by(0.3)
    await shift(robot, 0.005 - LIFT)
    await gather(robot.drop(Arm.left), robot.drop(Arm.right))
    await shift(robot, 0.2)


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        scene = [
            cmd.CreateEmptyRoom(),
            cmd.AddObject(
                object_id="from", model="table", size=(0.5, 0.9, HEIGHT), position=(0.75, 0, 0)
            ),
            cmd.AddObject(
                object_id="to", model="table", size=(0.9, 0.5, HEIGHT), position=(-0.6, 1.06, 0)
            ),
            cmd.AddObject(
                object_id="crate", model="crate", size=CRATE, mass=MASS, position=(0.68, 0, HEIGHT)
            ),
        ]  # fmt: skip
        for k, (x, y) in enumerate(((-0.08, 0.1), (0.07, 0.02), (-0.02, -0.1), (0.08, -0.09))):
            scene.append(
                cmd.AddObject(
                    object_id=f"ball_{k}",
                    model="sphere",
                    size=(BALL,) * 3,
                    mass=0.1,
                    position=(0.68 + x, y, HEIGHT + 0.08),
                    color=(0.9, 0.7, 0.2),
                )
            )
        c.communicate(scene)
        c.run(carry(robot))
        crate = c.response.objects["crate"]
        x, y, z = crate.position.tolist()
        print(f"{len(crate.contents)} balls in the crate at ({x:.2f}, {y:.2f}, {z:.2f}) m")


if __name__ == "__main__":
    main()
