"""Feel how high things are: go down until something is touched.

Look at the collisions: here they are what the script waits for. The hand goes down in short
reaches, since a long one bends aside on its way, and one that ends as `collision` has met a step.
The floor counts because its rule is switched on.
"""

from counterpoint import ActionStatus, Arm, CollisionDetection, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

STEPS = {(0.40, -0.25): 0.05, (0.50, 0.0): 0.12, (0.40, 0.25): 0.20}  # m: place → height
BARE = (0.55, -0.40)  # m: a place without a step
SIDE = 0.14  # m
ABOVE = 0.30  # m
STEP = 0.03  # m: of each reach on the way down
TIP = 0.01  # m: of the fingers beyond the tool centre point
DOWN = (0.0, 1.0, 0.0, 0.0)  # wxyz: the tool looks at the floor
VIEW = {"position": (1.5, -1.1, 0.9), "look_at": (0.3, -0.05, 0.25), "field_of_view": 0.65}


async def feel(robot: Robot, x: float, y: float) -> float:
    """The height at a place [m]."""
    await robot.reach_for((x, y, ABOVE), orientation=DOWN)
    status, z = ActionStatus.success, ABOVE
    while status is ActionStatus.success:
        z -= STEP
        status = await robot.reach_for((x, y, z), orientation=DOWN).outcome()
    touched = robot.dynamic.tool_pose(Arm.right).p[2]
    await robot.reach_for((x, y, ABOVE), orientation=DOWN)
    return float(touched) - TIP


async def feel_all(robot: Robot) -> list[float]:
    return [await feel(robot, x, y) for x, y in (*STEPS, BARE)]


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot(
            "arm", model="panda", image_frequency=ImageFrequency.never,
            collision_detection=CollisionDetection(floor=True),
        )  # fmt: skip
        c.add_ons.append(robot)
        steps = [
            cmd.AddObject(
                object_id=f"step_{k}", model="box", size=(SIDE, SIDE, height), static=True,
                position=(x, y, height / 2),
            )
            for k, ((x, y), height) in enumerate(STEPS.items())
        ]  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(width=4, length=4), *steps])
        (heights,) = c.run(feel_all(robot))
        print(f"felt {', '.join(f'{1000 * h:.0f}' for h in heights)} mm")


if __name__ == "__main__":
    main()
