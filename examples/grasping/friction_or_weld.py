"""A heavy cube as slippery as wet soap, held by friction and held by a weld.

Look at the two arms: both grasp and lift; one cube stays behind. With `hold="weld"` a fixed joint
holds it as long as the hand does, which a script may want that is not about grasping.
"""

from counterpoint import Controller, ImageFrequency, Robot, frames
from counterpoint import commands as cmd

SIDE, MASS, SLIPPERY = 0.05, 2.5, 0.0  # m, kg, friction
LIFT = 0.3  # m
ARMS = {"friction": 0.5, "weld": -0.5}  # y [m]
VIEW = {"position": (1.34, 0.0, 0.72), "look_at": (0.3, 0.0, 0.2)}


async def lift(robot: Robot, hold: str) -> bool:
    """Whether the cube is still in the hand a second after the lift."""
    await robot.grasp(f"{hold}_cube", hold=hold)
    await robot.reach_for((0.5, ARMS[hold], LIFT))
    await frames(60)
    return any(robot.dynamic.held.values())


def main() -> None:
    with Controller(seed=0) as c:
        scene = [cmd.CreateEmptyRoom()]
        robots = {}
        for hold, y in ARMS.items():
            robots[hold] = Robot(
                hold, model="panda", position=(0, y, 0), image_frequency=ImageFrequency.never
            )
            scene.append(
                cmd.AddObject(
                    object_id=f"{hold}_cube", model="box", size=(SIDE,) * 3, mass=MASS,
                    friction=SLIPPERY, position=(0.5, y, SIDE / 2), color=(0.3, 0.6, 0.9),
                )
            )  # fmt: skip
        c.add_ons.extend(robots.values())
        c.communicate(scene)
        held = c.run(*(lift(robot, hold) for hold, robot in robots.items()))
        ends = ("held" if h else "lost" for h in held)
        print(", ".join(f"{hold}: {end}" for hold, end in zip(ARMS, ends, strict=True)))


if __name__ == "__main__":
    main()
