"""What each collision rule stops: walls, objects, robots and the floor.

Look at what it prints. Each thing is met three times: by a robot that looks ahead (`avoid`), by
one that feels what it touches, and by one whose rule for it is off. The floor is met with a hand,
and no hand looks ahead.
"""

from dataclasses import replace

from counterpoint import CollisionDetection, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

FORWARD = 1.0  # m
LANES = {"walls": -1.5, "objects": 0.0, "robots": 1.5}  # m
UNDER = (0.5, 0.1, -0.03)  # m
SEE = CollisionDetection()
FEEL = replace(SEE, avoid=False)
VIEW = {"position": (-2.2, -3.0, 2.8), "look_at": (0.5, -0.1, 0.2), "field_of_view": 0.9}


def meet(c: Controller, rules: dict[str, CollisionDetection]) -> dict[str, str]:
    """How a drive ends in each lane, under that lane's rules."""
    c.reset()
    c.add_ons[:] = robots = [
        Robot(
            lane, position=(0.0, y, 0), collision_detection=rules[lane],
            image_frequency=ImageFrequency.never,
        )
        for lane, y in LANES.items()
    ]  # fmt: skip
    other = Robot("other", position=(1.2, LANES["robots"], 0), rotation=90)
    c.add_ons.append(other)
    y = LANES["walls"]
    c.communicate(
        [
            cmd.CreateEmptyRoom(walls=False),
            cmd.AddWall(object_id="wall", start=(1.0, y - 0.5, 0), end=(1.0, y + 0.5, 0)),
            cmd.AddObject(
                object_id="box", model="box", size=(0.3, 0.3, 0.3), mass=3, position=(0.9, 0, 0.15)
            ),
        ]
    )
    drives = {r.robot_id: r.move_by(FORWARD) for r in robots}
    while not all(d.done for d in drives.values()):
        c.communicate()
    return {lane: drive.status.name for lane, drive in drives.items()}


def touch_down(c: Controller, minded: bool) -> str:
    """How a reach to just under the floor ends."""
    c.reset()
    rules = replace(SEE, floor=minded)
    c.add_ons[:] = [arm := Robot("arm", model="panda", collision_detection=rules)]
    c.communicate(cmd.CreateEmptyRoom(walls=False))
    reach = arm.reach_for(UNDER)
    while not reach.done:
        c.communicate()
    return reach.status.name


def main() -> None:
    off = {lane: replace(FEEL, **{lane: False}) for lane in LANES}
    with Controller(seed=0) as c:
        rows = [
            meet(c, rules) for rules in (dict.fromkeys(LANES, SEE), dict.fromkeys(LANES, FEEL), off)
        ]
        table = {lane: [row[lane] for row in rows] for lane in LANES}
        table["floor"] = [touch_down(c, True), touch_down(c, False)]
        print("; ".join(f"{thing}: {', '.join(ends)}" for thing, ends in table.items()))


if __name__ == "__main__":
    main()
