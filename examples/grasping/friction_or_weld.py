"""A cube as slippery as soap, held by friction and held by a weld.

Look at the two arms: both grasp and lift; the cube on the left stays behind. With `hold="weld"` a
fixed joint holds it as long as the hand does, which a script may want that is not about grasping.
"""

from counterpoint import Controller, ImageFrequency, Robot, frames
from counterpoint import commands as cmd

SIDE, MASS, SLIPPERY = 0.05, 2.5, 0.0  # m, kg, friction
LIFT = 0.3  # m
ARMS = {"friction": 0.5, "weld": -0.5}  # y [m]
VIEW = {"position": (1.9, 0.0, 1.0), "look_at": (0.3, 0.0, 0.2)}


async def lift(robot: Robot, hold: str) -> bool:
    """Whether the cube is still in the hand a second after the lift."""
    grasp = robot.grasp(f"{hold}_cube", hold=hold)
    print(await grasp.outcome(), grasp.result)
    action = robot.reach_for((0.5, ARMS[hold], LIFT))
    print(await action.outcome(), action.result)
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
                    friction=SLIPPERY, position=(0.5, y, SIDE / 2), color=(0.6, 0.8, 0.9),
                )
            )  # fmt: skip
        c.add_ons.extend(robots.values())
        c.communicate(scene)
        held = c.run(*(lift(robot, hold) for hold, robot in robots.items()))
        print(
            ", ".join(
                f"{hold}: {'held' if h else 'lost'}" for hold, h in zip(ARMS, held, strict=True)
            )
        )
        print([c.response.objects[f"{h}_cube"].position.round(2) for h in ARMS])


if __name__ == "__main__":
    main()
