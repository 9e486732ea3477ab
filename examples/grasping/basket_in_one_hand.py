"""A basket of apples, carried by its handle in one hand.

Look at the apples: they roll a little and stay in; `contents` is the same before and after. The
handle is a point to take hold of like any other.
"""

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

APPLE, MASS = 0.06, 0.08  # m, kg
HEIGHT, LIFT = 0.6, 0.15  # m: of both tables, and over them
FROM, TO = (0.85, -0.15), (-0.2, 1.2)  # x and y [m]
VIEW = {"position": (2.4, -0.6, 2.0), "look_at": (0.3, 0.3, 0.6)}


async def carry(robot: Robot) -> None:
    await robot.grasp(("basket", "handle"), Arm.right)
    higher = robot.dynamic.tool_pose(Arm.right).p + [0, 0, LIFT]
    await robot.reach_for(higher, Arm.right)
    await robot.move_by(-0.4)
    await robot.move_to("to")
    await robot.place("to", Arm.right)


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        scene = [
            cmd.CreateEmptyRoom(),
            cmd.AddObject(
                object_id="from", model="table", size=(0.5, 0.8, HEIGHT), position=(*FROM, 0)
            ),
            cmd.AddObject(
                object_id="to", model="table", size=(0.8, 0.5, HEIGHT), position=(*TO, 0)
            ),
            cmd.AddObject(
                object_id="basket", model="basket", position=(FROM[0] - 0.05, FROM[1], HEIGHT)
            ),
        ]  # fmt: skip
        for k, (x, y) in enumerate(((-0.09, 0.0), (0.0, 0.05), (0.07, -0.04))):
            scene.append(
                cmd.AddObject(
                    object_id=f"apple_{k}",
                    model="sphere",
                    size=(APPLE,) * 3,
                    mass=MASS,
                    position=(FROM[0] - 0.05 + x, FROM[1] + y, HEIGHT + 0.06),
                    color=(0.75, 0.15, 0.1),
                )
            )
        c.communicate(scene)
        for _ in range(60):
            c.communicate()
        before = sorted(c.response.objects["basket"].contents)
        c.run(carry(robot))
        after = sorted(c.response.objects["basket"].contents)
        print(f"{', '.join(after)}; none lost: {before == after}")


if __name__ == "__main__":
    main()
