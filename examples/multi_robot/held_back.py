"""A robot is held back by the safety monitor, tells the other by radio, and goes on when it may.

Look at the status: `safety_stop`, with the robot in the way as the reason. The two stand in a
corridor where nobody can step aside, so the one in front is asked to leave.
"""

from counterpoint import (
    ActionStatus,
    CommChannel,
    Controller,
    ImageFrequency,
    Robot,
    SafetyMonitor,
    gather,
)
from counterpoint import commands as cmd

VIEW = {"position": (0.2, -2.3, 2.4), "look_at": (0.2, 0.1, 0.5)}


async def come(robot: Robot, distance: float) -> str:
    start = float(robot.dynamic.base_position[0])
    reason = ""
    while (left := distance - float(robot.dynamic.base_position[0]) + start) > 0.1:
        action = robot.move_by(left)
        if await action.outcome() is ActionStatus.safety_stop:
            reason = action.result.reason
            robot.radio.send("front", "please make room")
            await robot.radio.receive(timeout=10)
    return reason


async def stand(robot: Robot) -> None:
    message = await robot.radio.receive()
    await robot.move_by(2.0)
    robot.radio.send(message.sender, "done")


def main() -> None:
    with Controller(seed=0) as c:
        back = Robot("back", position=(-2.2, 0, 0), image_frequency=ImageFrequency.never)
        front = Robot("front", position=(0, 0, 0), image_frequency=ImageFrequency.never)
        for robot in (back, front):
            robot.collision_detection.robots = robot.collision_detection.avoid = False
        c.add_ons.extend([back, front, CommChannel("wifi"), SafetyMonitor([back])])
        walls = [
            cmd.AddWall(object_id=f"side_{y}", start=(-3.5, y, 0), end=(3.5, y, 0), height=0.3)
            for y in (-0.7, 0.7)
        ]
        c.communicate([cmd.CreateEmptyRoom(width=8, length=5), *walls])

        async def both() -> str:
            reason, _ = await gather(come(back, 2.2), stand(front))
            return reason

        (reason,) = c.run(both())
        print(f"{reason}; now at x = {back.dynamic.base_position[0]:.1f} m")


if __name__ == "__main__":
    main()
