"""A scout calls its mate by radio, and calls again until it is answered.

Look at `call()`: on a radio that loses messages, whoever wants to be sure waits for an answer, and
repeats the message where none comes. Its number tells the mate which ones it has heard before. That
the mate has come, the scout sees from the packets that every robot broadcasts.
"""

import math

from counterpoint import CommChannel, Controller, ImageFrequency, Robot, until
from counterpoint import commands as cmd

VIEW = {"position": (2.7, -2.7, 2.4), "look_at": (-0.2, 0.1, 0.3)}
PLACES = [(0.0, 0.8), (1.2, 0.8), (1.2, -0.8)]  # m
APART = 1.2  # m: the mate stays so far to the left of where the scout is
PATIENCE = 0.15  # s: a message and its answer take about 0.07
SEED = 49  # of the noise: the second call is lost


async def call(scout: Robot, number: int, message: object) -> int:
    """Send a message until it is answered; how often that was."""
    tries = 0
    while True:
        scout.radio.send("mate", [number, message])
        tries += 1
        answer = await scout.radio.receive(timeout=PATIENCE)
        if answer is not None and answer.value == number:
            return tries


async def lead(scout: Robot) -> int:
    """Drive from place to place and call the mate to each."""
    tries = 0
    for number, (x, y) in enumerate(PLACES):
        await scout.move_to((x, y, 0))
        goal = (x - APART, y)
        tries += await call(scout, number, goal)
        await until(lambda goal=goal: math.dist(mate_seen_by(scout), goal) < 0.1)
    return tries


def mate_seen_by(scout: Robot) -> tuple[float, float]:
    """Where the mate was when it sent what the scout has heard last [m]."""
    x, y, _ = scout.radio.view().pose("mate").p
    return x, y


async def follow(mate: Robot) -> None:
    """Answer every call, and go where a new one says."""
    heard = 0
    while True:
        message = await mate.radio.receive()
        number, (x, y) = message.value
        mate.radio.send(message.sender, number)
        if number == heard:
            heard += 1
            mate.move_to((x, y, 0), arrived_at=0.05)


def main() -> None:
    with Controller(seed=0) as c:
        scout = Robot("scout", position=(0, -0.8, 0), image_frequency=ImageFrequency.never)
        mate = Robot("mate", position=(-1.2, -0.8, 0), image_frequency=ImageFrequency.never)
        channel = CommChannel("lossy", seed=SEED)
        c.add_ons.extend([scout, mate, channel])
        c.communicate(cmd.CreateEmptyRoom(width=6, length=6))
        c.spawn(follow(mate))
        tries = c.run(lead(scout))[0]
        lost = channel.statistics().messages_dropped
        age = round(1000 * channel.statistics().mean_age)
        print(
            f"{len(PLACES)} calls in {tries} tries, {lost} lost, after {c.frame} frames; "
            f"packets were {age} ms old on average"
        )


if __name__ == "__main__":
    main()
