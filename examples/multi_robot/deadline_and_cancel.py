"""A drive that takes too long is given up, and a robot that would wave for ever is told to stop.

Look at the three ends: what ran inside of `deadline` is `timed_out`, what a cancelled script had
started is `cancelled`, and its `finally` still runs: the robot takes its arm down.
"""

from counterpoint import Controller, DeadlineError, ImageFrequency, Robot, deadline, spawn
from counterpoint import commands as cmd

PATIENCE = 2.5  # s
VIEW = {"position": (0.9, -3.0, 2.0), "look_at": (-0.6, 0.5, 0.5)}


def main() -> None:
    with Controller(seed=0) as c:
        driver = Robot("driver", position=(-2.5, 0, 0), image_frequency=ImageFrequency.never)
        greeter = Robot(
            "greeter", position=(0.5, 1.5, 0), rotation=-120, image_frequency=ImageFrequency.never
        )
        c.add_ons.extend([driver, greeter])
        c.communicate(cmd.CreateEmptyRoom(width=7, length=7))
        ends = {}

        async def greet() -> None:
            wave = greeter.animate("wave", loop=True)
            try:
                await wave
            finally:
                ends["wave"] = wave.status.name
                await greeter.reset_arm()

        async def host() -> None:
            waving = spawn(greet())
            try:
                with deadline(seconds=PATIENCE):
                    await driver.move_by(4.0)
            except DeadlineError:
                ends["drive"] = driver.action.status.name
            waving.cancel("nobody comes")

        c.run(host())
        driven = driver.dynamic.base_position[0] + 2.5
        print(f"{ends}, {driven:.1f} m of 4 m driven, arm down: {greeter.action.status.name}")


if __name__ == "__main__":
    main()
