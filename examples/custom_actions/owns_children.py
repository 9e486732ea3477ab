"""An action made of others: tidy up one thing after another.

Look at `next_child`: it is asked whenever a child has ended, and gives the next one or ends the
whole. `child_failed` decides what a failure means; here, that thing is left where it is.
"""

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Composite, Grasp, Place
from counterpoint.core.arm import Arm

THINGS = {"cube": (0.45, 0.2, 0.025), "heavy": (0.5, 0.0, 0.05), "small": (0.45, -0.2, 0.02)}  # m
SIZES = {"cube": 0.05, "heavy": 0.1, "small": 0.04}  # m
PLACES = {"cube": (0.05, 0.5, 0.0), "small": (0.05, -0.5, 0.0)}  # m
VIEW = {"position": (1.6, -1.2, 1.1), "look_at": (0.25, 0.0, 0.2), "field_of_view": 0.75}


class TidyUp(Composite):
    """Put each thing in its place; skip what cannot be grasped."""

    tracks = ("right_arm",)

    def __init__(self, things):
        super().__init__()
        self.left, self.done_with, self.skipped = list(things), [], []

    def next_child(self, resp, static, dynamic):
        if isinstance(self.child, Grasp) and dynamic.held[Arm.right]:
            return Place(PLACES[self.done_with[-1]], Arm.right)
        if not self.left:
            self.succeed(f"tidied {self.done_with}, skipped {self.skipped}")
            return None
        self.done_with.append(self.left.pop(0))
        return Grasp(self.done_with[-1], Arm.right)

    def child_failed(self, child):
        self.skipped.append((self.done_with.pop(), child.status.name))


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("arm", model="panda", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=4, length=4),
                *(
                    cmd.AddObject(
                        object_id=name, model="box", position=position,
                        size=(SIZES[name], SIZES[name], SIZES[name]),
                    )
                    for name, position in THINGS.items()
                ),
            ]
        )  # fmt: skip
        action = robot.start(TidyUp(THINGS))
        while not action.done:
            c.communicate()
        print(f"{action.status.name}: {action.result.reason}")


if __name__ == "__main__":
    main()
