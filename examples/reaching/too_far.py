"""What is out of reach ends at once, with the distance and the limit; then the robot drives there.

Look at the result: `cannot_reach` comes in the first frame, before anything moves, and its facts
say how many metres are missing. `max_distance` draws a limit of one's own.
"""

from counterpoint import Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

PLACE = (2.2, -0.3, 0.9)  # m
NEAR = 0.4  # m: further than this the second try may not reach
SPARE = 0.7  # m: how much nearer than the limit to stand
VIEW = {"position": (2.42, -1.68, 1.43), "look_at": (1.0, -0.1, 0.6)}


async def try_it(robot: Robot, c: Controller) -> list[str]:
    """What became of three tries."""
    said = []
    begun = c.frame
    far = robot.reach_for(PLACE, Arm.right)
    said.append(f"{(await far.outcome()).name} after {c.frame - begun} frame")
    missing = far.result.facts["distance"] - far.result.facts["limit"] + SPARE
    await robot.move_by(missing)
    careful = robot.reach_for(PLACE, Arm.right, max_distance=NEAR)
    said.append((await careful.outcome()).name)
    said.append((await robot.reach_for(PLACE, Arm.right)).name)
    return said


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", position=(-0.5, 0, 0), image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        mark = cmd.AddObject(
            object_id="post", model="cylinder", size=(0.06, 0.06, 0.88), static=True,
            position=(PLACE[0] + 0.08, PLACE[1], 0.44), color=(0.9, 0.6, 0.2),
        )  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(), mark])
        (said,) = c.run(try_it(robot, c))
        print(", then ".join(said))


if __name__ == "__main__":
    main()
