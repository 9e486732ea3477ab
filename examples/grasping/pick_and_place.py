"""A Panda moves three cubes into a row, as a coroutine.

Look at the script: it reads from top to bottom, an action that fails raises `ActionFailed` with its
status and its reason, and friction alone holds the cubes.
"""

from counterpoint import Controller, Robot, derive_substream
from counterpoint import commands as cmd

SIDE = 0.045  # m
ROW = [(0.45, 0.25, 0.0), (0.45, 0.33, 0.0), (0.45, 0.41, 0.0)]  # m
VIEW = {"position": (1.1, -0.6, 0.8), "look_at": (0.4, 0.1, 0.1)}


async def tidy_up(robot: Robot) -> int:
    for k, place in enumerate(ROW):
        await robot.grasp(f"cube_{k}")
        await robot.place(place)
    await robot.reset_arm()
    return len(ROW)


def main() -> None:
    rng = derive_substream("pick and place", 0).default_rng()
    with Controller(seed=0) as c:
        robot = Robot("panda", model="panda")
        c.add_ons.append(robot)
        scene = [cmd.CreateEmptyRoom()]
        for k, x in enumerate((0.36, 0.47, 0.58)):
            position = (x, -0.1 + rng.uniform(-0.05, 0.05), SIDE / 2)
            scene.append(
                cmd.AddObject(
                    object_id=f"cube_{k}", model="box", size=(SIDE,) * 3, position=position
                )
            )
        c.communicate(scene)
        (placed,) = c.run(tidy_up(robot))
        off = max(
            abs(c.response.objects[f"cube_{k}"].position[i] - place[i])
            for k, place in enumerate(ROW)
            for i in (0, 1)
        )
        print(f"{placed} cubes placed, the furthest {off * 1000:.0f} mm off")


if __name__ == "__main__":
    main()
