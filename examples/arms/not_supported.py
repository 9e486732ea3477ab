"""Give each job to a robot that can do it, by asking.

Look at the statuses: an arm that is told to drive, or a hand without fingers to grasp, answers
`not_supported` in its first frame, with a reason. The script goes on to the next robot.
"""

from counterpoint import ActionStatus, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

PLACES = {"ur5": (-0.8, 0.3), "panda": (0.0, 0.3), "tiago_pro": (0.9, 0.3)}  # m
JOBS = {
    "reach": lambda robot: robot.reach_for((0.4, 0.1, 0.5), absolute=False),
    "grasp": lambda robot: robot.grasp(f"cube_{robot.robot_id}"),
    "drive": lambda robot: robot.move_by(-0.6),
    "look": lambda robot: robot.rotate_head(30, "yaw"),
}
VIEW = {"position": (0.2, -2.4, 1.7), "look_at": (0.1, 0.3, 0.5), "field_of_view": 0.75}


async def find(robots: list[Robot], job: str) -> tuple[str, int]:
    """Who did it, and how many could not."""
    for number, robot in enumerate(robots):
        action = JOBS[job](robot)
        if await action.outcome() is ActionStatus.success:
            return robot.robot_id, number
        if action.status is not ActionStatus.not_supported:
            break
    return f"nobody ({action.status.name}: {action.result.reason})", len(robots)


def main() -> None:
    with Controller(seed=0) as c:
        robots = [
            Robot(
                name, model=name, position=(x, y, 0), rotation=-90,
                image_frequency=ImageFrequency.never,
            )
            for name, (x, y) in PLACES.items()
        ]  # fmt: skip
        c.add_ons.extend(robots)
        cubes = [
            cmd.AddObject(
                object_id=f"cube_{name}", model="box", size=(0.045,) * 3,
                position=(x + 0.1, y - 0.45, 0.0225),
            )
            for name, (x, y) in PLACES.items()
        ]  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(), *cubes])

        async def share_out() -> list[str]:
            done = []
            for job in JOBS:
                name, refused = await find(robots, job)
                done.append(f"{job}: {name} after {refused} refused")
            return done

        (done,) = c.run(share_out())
        print("; ".join(done))


if __name__ == "__main__":
    main()
