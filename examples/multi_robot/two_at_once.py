"""Two robots of different kinds, directed from a subclass of Controller.

Look at the loop in `both()`: it goes on until neither action is ongoing, so the robots work at the
same time. Each has its own tracks, and the mobile one drives while it reaches.
"""

from counterpoint import ActionStatus, Arm, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action

VIEW = {"position": (0.3, -2.7, 1.7), "look_at": (0.3, 0.0, 0.5)}


class Pair(Controller):
    """A mobile robot and an arm in one room."""

    def __init__(self) -> None:
        super().__init__(seed=0)
        self.mobile = Robot("mobile", position=(-1, 0, 0), image_frequency=ImageFrequency.never)
        self.arm = Robot("arm", model="panda", position=(1.5, 0, 0), rotation=180)
        self.add_ons.extend([self.mobile, self.arm])
        self.communicate(cmd.CreateEmptyRoom(width=6, length=6))

    def finish(self, *actions: Action) -> None:
        """Run frames until every action has ended."""
        while any(a.status is ActionStatus.ongoing for a in actions):
            self.communicate()


def main() -> None:
    with Pair() as c:
        drive = c.mobile.move_by(0.5, reset_arms=False)
        hand = c.mobile.reach_for((0.0, -0.3, 0.9), Arm.right)
        other = c.arm.reach_for((1.1, 0.3, 0.5))
        c.finish(drive, hand, other)
        print(drive.status.name, hand.status.name, other.status.name, f"after {c.frame} frames")


if __name__ == "__main__":
    main()
