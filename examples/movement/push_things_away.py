"""A robot that stops for nothing drives through a heap of boxes, and one that stops does not.

Look at the rules that are off for the second drive: `avoid` looks ahead, `objects` minds a touch,
`previous_was_same` remembers the first drive. They decide when motion stops. What is solid stays
solid, so the boxes are pushed.
"""

import numpy as np

from counterpoint import CollisionDetection, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

DISTANCE = 2.6  # m
SIDE = 0.22  # m
COLUMNS = (-0.36, -0.12, 0.12, 0.36)  # m
COLORS = (0.85, 0.45, 0.25), (0.30, 0.55, 0.75)
VIEW = {"position": (2.6, -2.4, 1.9), "look_at": (0.4, 0.0, 0.2)}


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("a", position=(-1.5, 0, 0), image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        boxes = [
            cmd.AddObject(
                object_id=f"box_{row}{column}", model="box", size=(SIDE,) * 3, mass=0.8,
                color=COLORS[(row + column) % 2], position=(0.4, y, SIDE / 2 + row * SIDE),
            )
            for row in range(2)
            for column, y in enumerate(COLUMNS)
        ]  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(), *boxes])
        heap = [box.object_id for box in boxes]
        before = np.array([c.response.objects[name].position for name in heap])

        async def drive() -> list[str]:
            said = [(await robot.move_by(DISTANCE).outcome()).name]
            robot.collision_detection = CollisionDetection(
                avoid=False, objects=False, previous_was_same=False
            )
            said.append((await robot.move_by(DISTANCE).outcome()).name)
            return said

        (said,) = c.run(drive())
        after = np.array([c.response.objects[name].position for name in heap])
        moved = int((np.linalg.norm(after - before, axis=1) > SIDE).sum())
        print(f"{said[0]}, then {said[1]}: {moved} of {len(heap)} boxes moved")


if __name__ == "__main__":
    main()
