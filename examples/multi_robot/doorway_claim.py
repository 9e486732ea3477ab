"""Three robots pass one doorway, one after another, because each claims it.

Look at `Pass`: it names what it claims, and nothing else. All three start at once; the arbiter lets
one through, and the others stand until the doorway is theirs. Without the claim they would meet in
it.
"""

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action, Composite, MoveTo
from counterpoint.core.events import ActionStarted

GAP = 1.3  # m: wide enough for one robot
BEFORE, BEHIND = (-1.0, 0.0, 0.0), (1.0, 0.0, 0.0)  # m
SIDE = 3.0  # m: half the room
VIEW = {"position": (-0.6, -4.2, 6.2), "look_at": (0.0, -0.1, 0.0)}


class Pass(Composite):
    """Through the doorway, and on to a place behind it."""

    tracks = ("base",)
    claims = ("doorway",)
    legs = 3

    def __init__(self, goal: tuple[float, float, float]) -> None:
        super().__init__()
        self.stops = [BEFORE, BEHIND, goal]

    def next_child(self, *_) -> Action | None:
        if self.stops:
            return MoveTo(self.stops.pop(0), arrived_at=0.15)
        self.succeed("on the other side")
        return None


async def cross(robot: Robot, goal: tuple[float, float, float]) -> None:
    await robot.start(Pass(goal))


def main() -> None:
    with Controller(seed=0) as c:
        robots = [
            Robot(name, position=(-2.2, y, 0), image_frequency=ImageFrequency.never)
            for name, y in (("ann", 1.5), ("bob", 0.0), ("cat", -1.5))
        ]
        robots[1].priority = 1  # bob stands in front of the doorway
        c.add_ons.extend(robots)
        order = []
        c.events.subscribe(lambda e: order.append(e.robot_id) if type(e) is ActionStarted else None)
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=2 * SIDE, length=2 * SIDE),
                cmd.AddWall(object_id="left", start=(0, GAP / 2, 0), end=(0, SIDE, 0)),
                cmd.AddWall(object_id="right", start=(0, -SIDE, 0), end=(0, -GAP / 2, 0)),
            ]
        )
        c.run(*(cross(r, (2.2, y, 0)) for r, y in zip(robots, (1.5, 0.0, -1.5), strict=True)))
        across = sum(r.dynamic.base_position[0] > 1.5 for r in robots)
        print(f"{' then '.join(order)}: {across} across after {c.frame} frames")


if __name__ == "__main__":
    main()
