"""Call a driving robot back: cancel it, and measure how far it still rolls.

Look at what the action says afterwards, and at the brakes: nothing stops at once, the base slows
down at its acceleration limit, which the physics keeps to as well.
"""

from counterpoint import Controller, ImageFrequency, Robot, until
from counterpoint import commands as cmd

LINE = 0.0  # m: call when the robot's middle crosses this, between the posts
WAY = 4.0  # m
VIEW = {"position": (-0.4, -2.8, 1.8), "look_at": (-0.4, 0.0, 0.4), "field_of_view": 1.1}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", position=(-2, 0, 0), image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        posts = [
            cmd.AddObject(
                object_id=f"post_{k}",
                model="cylinder",
                size=(0.1, 0.1, 0.6),
                position=(LINE, y, 0.3),
            )
            for k, y in enumerate((-0.8, 0.8))
        ]
        c.communicate([cmd.CreateEmptyRoom(), *posts])

        async def call_back() -> tuple[str, float, float]:
            drive = robot.move_by(WAY)
            await until(lambda: robot.dynamic.base_position[0] > LINE)
            speed = float(robot.dynamic.qd[0])
            drive.cancel("come back")
            status = await drive.outcome()
            await until(lambda: abs(robot.dynamic.qd[0]) < 1e-3)
            rolled = float(robot.dynamic.base_position[0]) - LINE
            return f"{status.name} ({drive.result.reason})", speed, rolled

        ((said, speed, rolled),) = c.run(call_back())
        braking = speed**2 / (2 * robot.model.drives["base"].acceleration)
        print(f"{said} at {speed:.1f} m/s: rolled {rolled:.1f} m, of {braking:.1f} m it must take")


if __name__ == "__main__":
    main()
