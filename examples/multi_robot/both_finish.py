"""Two robots work at the same time, and the script goes on when both have finished.

Look at `gather(…)`: it gives both results, in order. The quick one waits for the slow one, so they
wave at each other in the same frame.
"""

from counterpoint import Controller, ImageFrequency, Robot, gather
from counterpoint import commands as cmd

LONG, SHORT = 1.6, 0.4  # m
VIEW = {"position": (-0.7, -3.2, 1.7), "look_at": (-0.7, 0.0, 0.7)}


def main() -> None:
    with Controller(seed=0) as c:
        long = Robot("long", position=(-2.5, 0, 0), image_frequency=ImageFrequency.never)
        short = Robot(
            "short", position=(1.2, 0, 0), rotation=180, image_frequency=ImageFrequency.never
        )
        c.add_ons.extend([long, short])
        c.communicate(cmd.CreateEmptyRoom(width=7, length=7))
        arrivals = {}

        async def come(robot: Robot, distance: float) -> float:
            await robot.move_by(distance)
            arrivals[robot.robot_id] = c.frame
            return float(robot.dynamic.base_position[0])

        async def meet() -> float:
            x_long, x_short = await gather(come(long, LONG), come(short, SHORT))
            await gather(long.animate("wave"), short.animate("wave"))
            return x_short - x_long

        (apart,) = c.run(meet())
        waved = {robot.action.started_frame for robot in (long, short)}
        together = waved == {max(arrivals.values()) + 1}
        print(f"there in frames {arrivals}, {apart:.1f} m apart; waved together: {together}")


if __name__ == "__main__":
    main()
