"""An arm without fingers lifts boxes as with a suction cup, by welding them to its flange.

Look at the commands between the reaches: `Weld` fixes an object to a hand as they are, `Unweld`
lets it go. They are commands like any other, so the script sends them itself. The way down to a box
ends as `collision`: that is the touch that it waits for.
"""

from counterpoint import ActionStatus, Controller, ImageFrequency, Robot
from counterpoint import commands as cmd

SIZE = (0.16, 0.12, 0.10)  # m
FROM = ((0.45, -0.35), (0.45, -0.15))  # m
TO = (0.45, 0.30)  # m: where they are stacked
CLEAR = 0.4  # m: height of the flange on the way
PRESS = 0.01  # m: aimed below a box's top, so that it is touched for certain
GAP = 0.003  # m: left under a box that is put down
SLOW = 1.2  # s for each reach, at least
DOWN = (0.0, 1.0, 0.0, 0.0)  # wxyz: the tool looks at the floor
COLORS = (0.85, 0.45, 0.25), (0.30, 0.55, 0.75)
VIEW = {"position": (1.7, -1.2, 1.1), "look_at": (0.3, 0.0, 0.25), "field_of_view": 0.62}


def reach(c: Controller, robot: Robot, x: float, y: float, z: float) -> ActionStatus:
    action = robot.reach_for((x, y, z), orientation=DOWN, duration=SLOW)
    while action.status is ActionStatus.ongoing:
        c.communicate()
    return action.status


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("arm", model="ur5", image_frequency=ImageFrequency.never)
        c.add_ons.append(robot)
        boxes = [
            cmd.AddObject(
                object_id=f"box_{k}", model="box", size=SIZE, color=COLORS[k],
                position=(x, y, SIZE[2] / 2),
            )
            for k, (x, y) in enumerate(FROM)
        ]  # fmt: skip
        c.communicate([cmd.CreateEmptyRoom(width=4, length=4), *boxes])
        for k, (x, y) in enumerate(FROM):
            reach(c, robot, x, y, CLEAR)
            if reach(c, robot, x, y, SIZE[2] - PRESS) is not ActionStatus.collision:
                break
            c.communicate(cmd.Weld(robot_id="arm", object_id=f"box_{k}"))
            reach(c, robot, x, y, CLEAR)
            reach(c, robot, *TO, CLEAR)
            reach(c, robot, *TO, (k + 1) * SIZE[2] + GAP)
            c.communicate(cmd.Unweld(robot_id="arm"))
            reach(c, robot, *TO, CLEAR)
        heights = [c.response.objects[b.object_id].position[2] for b in boxes]
        print(f"stacked at {', '.join(f'{h:.2f}' for h in heights)} m")


if __name__ == "__main__":
    main()
