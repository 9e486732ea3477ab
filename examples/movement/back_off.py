"""Find a way past a row of crates by backing off and trying elsewhere.

Look at `feel_along()`: a drive that was stopped says what it saw; the robot backs off, turns aside,
and tries again. It knows no map and needs none. (`navigate_to` would plan round it at once.)
"""

from counterpoint import ActionStatus, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

WAY = 3.0  # m
BACK = -0.3  # m
ASIDE = 0.7  # m
CRATES = (-0.3, 0.25, 0.8)  # m: their places across the way
TRIES = 6
VIEW = {"position": (-2.6, -2.6, 2.6), "look_at": (0.2, 0.5, 0.2)}


async def feel_along(robot: Robot) -> list[str]:
    """What stood in the way, one name a try."""
    seen = []
    for _ in range(TRIES):
        drive = robot.move_by(WAY)
        if await drive.outcome() is ActionStatus.success:
            break
        seen.append(drive.result.facts["object_id"])
        await robot.move_by(BACK)
        await robot.turn_by(90)
        await robot.move_by(ASIDE)
        await robot.turn_by(-90)
    return seen


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", position=(-1.8, -0.3, 0), image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        crates = [
            cmd.AddObject(object_id=f"crate_{k}", model="crate", position=(0.3, y, 0), static=True)
            for k, y in enumerate(CRATES)
        ]
        c.communicate([cmd.CreateEmptyRoom(), *crates])
        (seen,) = c.run(feel_along(robot))
        x, y = robot.dynamic.base_position[:2]
        print(f"stopped by {', '.join(seen)}; past them at ({x:.1f}, {y:.1f})")


if __name__ == "__main__":
    main()
