"""Trials in random rooms: how often does a straight drive arrive, and how often a planned one?

Look at `reset()`: it ends the scene and goes back to frame 0, while the add-ons stay and begin
anew. Each trial draws its posts from a stream of its own, so both ways meet the same rooms, and
nothing of a trial leaks into the next.
"""

from counterpoint import ActionStatus, Controller, ImageFrequency, Robot, derive_substream
from counterpoint import commands as cmd
from counterpoint.actions import Action, MoveTo, NavigateTo

TRIALS = 4
POSTS = 3
THICKNESS, HEIGHT = 0.3, 0.9  # m
START, GOAL = (-3.0, 0.0, 0.0), (3.0, 0.0, 0.0)  # m
VIEW = {"position": (-3.2, -2.8, 3.4), "look_at": (0.1, 0.0, 0.0), "field_of_view": 1.1}


def trial(c: Controller, robot: Robot, number: int, way: Action) -> ActionStatus:
    """How a robot gets on in room `number`."""
    c.reset()
    rng = derive_substream("posts", number).default_rng()
    posts = [
        cmd.AddObject(
            object_id=f"post_{k}",
            model="cylinder",
            size=(THICKNESS, THICKNESS, HEIGHT),
            position=(float(x), float(rng.uniform(-2.0, 2.0)), HEIGHT / 2),
        )
        for k, x in enumerate(rng.uniform(-1.8, 1.8, POSTS))
    ]
    c.communicate([cmd.CreateEmptyRoom(width=8, length=6), *posts])
    robot.start(way)
    while not way.done:
        c.communicate()
    return way.status


def main() -> None:
    robot = Robot("a", position=START, image_frequency=ImageFrequency.never)
    with Controller(seed=0) as c:
        c.add_ons.append(robot)
        arrived = {
            way.__name__: [
                trial(c, robot, k, way(GOAL)) is ActionStatus.success for k in range(TRIALS)
            ]
            for way in (MoveTo, NavigateTo)
        }
        print(", ".join(f"{way} arrived {sum(a)} of {TRIALS} times" for way, a in arrived.items()))


if __name__ == "__main__":
    main()
