"""Two arms pass cubes on, each a state machine that is polled once a frame.

Look at `Feeder` and `Taker`: each knows a state, and what comes after it. `states_as_scripts.py` is
the same work as two coroutines, and ends in the same frame.
"""

from counterpoint import ActionStatus, Controller, Robot
from counterpoint import commands as cmd

SIDE = 0.045  # m
CUBES = {"red": (-0.3, -0.35, SIDE / 2), "blue": (-0.3, 0.35, SIDE / 2)}  # m
COLORS = {"red": (0.85, 0.2, 0.15), "blue": (0.2, 0.35, 0.85)}
SPOT = (0.0, 0.0, 0.0)  # m: where the cubes change hands
ROW = [(0.3, 0.3, 0.0), (0.3, 0.4, 0.0)]  # m
VIEW = {"position": (0.3, -1.3, 1.0), "look_at": (0.0, 0.05, 0.12)}


class Feeder:
    """Brings cubes to the spot while it is free."""

    def __init__(self, arm: Robot) -> None:
        self.arm, self.cubes = arm, list(CUBES)
        self.offers, self.free = "", True
        self.state = "fetch"
        self.arm.grasp(self.cubes[0])

    def step(self) -> None:
        if self.state != "done" and self.arm.action.status is ActionStatus.ongoing:
            return
        if self.state == "fetch" and self.free:
            self.state, self.free = "bring", False
            self.arm.place(SPOT)
        elif self.state == "bring":
            self.state = "withdraw"
            self.arm.reset_arm()
        elif self.state == "withdraw":
            self.offers = self.cubes.pop(0)
            self.state = "fetch" if self.cubes else "done"
            if self.cubes:
                self.arm.grasp(self.cubes[0])


class Taker:
    """Takes what the feeder offers, and puts it into a row."""

    def __init__(self, arm: Robot, feeder: Feeder) -> None:
        self.arm, self.feeder, self.row = arm, feeder, list(ROW)
        self.state = "wait"

    def step(self) -> None:
        if self.state != "wait" and self.arm.action.status is ActionStatus.ongoing:
            return
        if self.state == "take":
            self.state = "put"
            self.arm.place(self.row.pop(0))
        elif self.state == "put":
            self.feeder.free = True
            self.state = "wait" if self.row else "rest"
            if not self.row:
                self.arm.reset_arm()
        elif self.state == "rest":
            self.state = "done"
        if self.state == "wait" and self.feeder.offers:
            self.state = "take"
            self.arm.grasp(self.feeder.offers)
            self.feeder.offers = ""


def main() -> None:
    with Controller(seed=0) as c:
        left = Robot("left", model="panda", position=(-0.6, 0, 0))
        right = Robot("right", model="panda", position=(0.6, 0, 0), rotation=180)
        c.add_ons.extend([left, right])
        cubes = [
            cmd.AddObject(
                object_id=name, model="box", size=(SIDE,) * 3, position=at, color=COLORS[name]
            )
            for name, at in CUBES.items()
        ]
        c.communicate([cmd.CreateEmptyRoom(width=4, length=4), *cubes])
        feeder = Feeder(left)
        taker = Taker(right, feeder)
        while taker.state != "done":
            c.communicate()
            feeder.step()
            taker.step()
        there = sum(c.response.objects[name].position[1] > 0.29 for name in ("red", "blue"))
        print(f"{there} cubes in the row after {c.frame} frames")


if __name__ == "__main__":
    main()
