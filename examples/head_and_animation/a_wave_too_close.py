"""A clip that something is in the way of.

Look at the forearm: a cupboard stands where the wave wants to go. The rules of collision hold for
clips as for every motion, so the arm stops when it touches, and the result names what it met.
"""

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

VIEW = {"position": (2.2, 1.0, 1.7), "look_at": (0.1, -0.3, 1.0), "field_of_view": 0.75}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(
            [
                cmd.CreateEmptyRoom(),
                cmd.AddObject(
                    object_id="cupboard", model="box", size=(0.5, 0.3, 1.7), static=True,
                    position=(0.35, -0.75, 0.85), color=(0.55, 0.42, 0.3),
                ),
            ]
        )  # fmt: skip
        action = robot.animate("wave")
        while not action.done:
            c.communicate()
        print(f"{action.status.name}: {action.result.reason}")


if __name__ == "__main__":
    main()
