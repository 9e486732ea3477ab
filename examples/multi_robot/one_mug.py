"""Two arms want the same mug: the one of higher priority gets it, the other takes the box instead.

Look at the loser: its grasp ends as `conflict` before its hand has moved, with the winner's name in
the result, and its script decides what to do about it.
"""

from counterpoint import ActionStatus, Controller, Robot
from counterpoint import commands as cmd

MUG, BOX = (0.0, 0.0, 0.0), (0.3, 0.4, 0.025)  # m
VIEW = {"position": (0.1, -1.3, 0.9), "look_at": (0.0, 0.05, 0.2)}


async def drink(arm: Robot, otherwise: str) -> str:
    """Take the mug and lift it, or take something else."""
    status = await arm.grasp("mug").outcome()
    if status is ActionStatus.conflict:
        await arm.grasp(otherwise)
    hand = arm.dynamic.tool_pose(arm.model.arms[0]).p
    await arm.reach_for(hand + [0, 0, 0.2])
    return status.name


def main() -> None:
    with Controller(seed=0) as c:
        host = Robot("host", model="panda", position=(0.62, 0, 0), rotation=180)
        guest = Robot("guest", model="panda", position=(-0.62, 0, 0), priority=1)
        c.add_ons.extend([host, guest])
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=4, length=4),
                cmd.AddObject(object_id="mug", model="mug", position=MUG, color=(0.2, 0.4, 0.8)),
                cmd.AddObject(object_id="box", model="box", position=BOX),
            ]
        )
        outcomes = c.run(drink(host, "box"), drink(guest, "box"))
        held = [next(iter(r.dynamic.held.values())) for r in (host, guest)]
        print(
            f"host: {outcomes[0]}, lifts the {held[0]}; guest: {outcomes[1]}, lifts the {held[1]}"
        )


if __name__ == "__main__":
    main()
