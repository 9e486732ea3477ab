"""Two robots race to a line, and the race is over when one is there.

Look at `first(…)`: it names the winner and ends what the other one was doing. The loser slows down
where it is, as `cancelled`: it has not failed.
"""

from counterpoint import Controller, ImageFrequency, Robot, first
from counterpoint import commands as cmd

LINE = 2.0  # m: where x ends the race
STARTS = {"near": (-1.2, -0.8, 0.0), "far": (-2.2, 0.8, 0.0)}  # m
VIEW = {"position": (0.3, -3.8, 2.4), "look_at": (0.2, 0.0, 0.2)}


def main() -> None:
    with Controller(seed=0) as c:
        near, far = (
            Robot(name, position=start, image_frequency=ImageFrequency.never)
            for name, start in STARTS.items()
        )
        c.add_ons.extend([near, far])
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=8, length=8),
                *(
                    cmd.AddObject(
                        object_id=f"post_{side:g}", model="cylinder", size=(0.08, 0.08, 1.0),
                        position=(LINE, side, 0.5), static=True, color=(0.85, 0.1, 0.1),
                    )
                    for side in (-1.7, 1.7)
                ),
            ]
        )  # fmt: skip

        async def race() -> str:
            winner, _ = await first(
                near=near.move_by(LINE - STARTS["near"][0]),
                far=far.move_by(LINE - STARTS["far"][0]),
            )
            return winner

        (winner,) = c.run(race())
        left = LINE - far.dynamic.base_position[0]
        print(
            f"{winner} wins in frame {c.frame}: near {near.action.status.name}, "
            f"far {far.action.status.name} with {left:.1f} m to go"
        )


if __name__ == "__main__":
    main()
