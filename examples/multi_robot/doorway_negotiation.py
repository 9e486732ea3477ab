"""Four robots meet at one doorway, and the one with the emptiest battery goes first.

Look at `emptiest`: it sees the bids of those that wait and names one of them. Robots come from both
sides, each with one `navigate_to` that claims the doorway for as long as it drives.
"""

from collections.abc import Sequence

from counterpoint import Arbiter, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.controller import Bid
from counterpoint.core.events import ConflictSettled

GAP, SIDE, LOW = 1.2, 3.0, 0.6  # m: the doorway, half the room, walls to look over
TEAM = {
    # name: (start, goal [m], charge of its battery)
    "ann": ((-1.6, 1.7, 0.0), (1.8, 0.8, 0.0), 0.6),
    "bob": ((-1.6, -1.7, 0.0), (1.8, -0.8, 0.0), 0.1),
    "cat": ((1.6, 1.9, 0.0), (-1.8, 0.6, 0.0), 0.9),
    "dan": ((1.6, -1.9, 0.0), (-1.8, -0.6, 0.0), 0.3),
}
VIEW = {"position": (-0.6, -4.6, 5.0), "look_at": (0.0, -0.1, 0.0)}


def emptiest(bids: Sequence[Bid]) -> str:
    return max(bids, key=lambda b: b.bid).robot_id


async def pass_through(robot: Robot) -> None:
    _, goal, charge = TEAM[robot.robot_id]
    await robot.navigate_to(goal).claiming("doorway", bid=1 - charge)


def main() -> None:
    with Controller(seed=0, arbiter=Arbiter("negotiation", emptiest)) as c:
        robots = [
            Robot(
                name, position=start, rotation=0 if start[0] < 0 else 180,
                image_frequency=ImageFrequency.never,
            )
            for name, (start, _, _) in TEAM.items()
        ]  # fmt: skip
        c.add_ons.extend(robots)
        order = []
        c.events.subscribe(
            lambda e: order.append(e.winner) if isinstance(e, ConflictSettled) else None
        )
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=2 * SIDE, length=2 * SIDE, height=LOW),
                cmd.AddWall(object_id="left", start=(0, GAP / 2, 0), end=(0, SIDE, 0), height=LOW),
                cmd.AddWall(
                    object_id="right", start=(0, -SIDE, 0), end=(0, -GAP / 2, 0), height=LOW
                ),
            ]
        )
        c.run(*(pass_through(robot) for robot in robots))
        winners = list(dict.fromkeys(order))
        across = sum(r.dynamic.base_position[0] * TEAM[r.robot_id][0][0] < 0 for r in robots)
        print(f"{', '.join(winners)}: {across} across after {c.frame} frames")


if __name__ == "__main__":
    main()
