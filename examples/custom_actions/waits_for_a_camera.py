"""An action that acts every frame and sees only now and then.

Look at the two rhythms: the arm is driven in each frame, but the camera delivers four pictures a
second. Between two of them the action goes on with what it saw last, as a real robot has to.
"""

import numpy as np

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import Action, DriveJoints

EVERY = 15  # frames between two pictures
SWEEP = 1.2  # m: what the camera sees of the floor, from one side to the other
SIZE = 64  # pixels
GAIN = 3.0  # 1/s
VIEW = {"position": (1.7, -1.3, 1.2), "look_at": (0.35, 0.0, 0.25), "field_of_view": 0.8}


class PointAt(Action):
    """Turn the arm towards something that a camera above it sees."""

    tracks = ("right_arm",)

    def __init__(self, object_id, seconds):
        super().__init__()
        self.object_id, self.left = object_id, int(60 * seconds)
        self.bearing, self.pictures = 0.0, 0

    def get_initialization_commands(self, resp, static, dynamic, image_frequency):
        return [cmd.CaptureImages(cameras=("above",), passes=("segmentation",))]

    def get_ongoing_commands(self, resp, static, dynamic):
        if "above" in resp.images:
            seen = resp.images["above"]["segmentation"] == resp.segmentation_ids[self.object_id]
            if seen.any():
                row, column = np.argwhere(seen).mean(axis=0)
                # The picture's upper edge is +x, its left edge +y.
                x, y = (0.5 - row / SIZE) * SWEEP + 0.45, (0.5 - column / SIZE) * SWEEP
                self.bearing = float(np.arctan2(y, x))
                self.pictures += 1
        self.left -= 1
        if not self.left:
            return self.succeed(f"{self.pictures} pictures", bearing=self.bearing)
        velocity = np.zeros(7)
        velocity[0] = GAIN * (self.bearing - dynamic.joint_positions[0])
        requests = [DriveJoints("right_arm", velocity)]
        if self.left % EVERY == 0:
            requests.append(cmd.CaptureImages(cameras=("above",), passes=("segmentation",)))
        return requests


def main() -> None:
    with Controller(seed=0) as c:
        robot = Robot("arm", model="panda", image_frequency=ImageFrequency.never)
        camera = cmd.AddCamera(
            camera_id="above", position=(0.45, 0, 2.0), quaternion=(0.7071068, 0, 0.7071068, 0),
            size=(SIZE, SIZE), field_of_view=2 * float(np.arctan(SWEEP / 2 / 2.0)),
        )  # fmt: skip
        c.add_ons.append(robot)
        c.communicate(
            [
                cmd.CreateEmptyRoom(width=4, length=4),
                camera,
                cmd.AddObject(
                    object_id="ball",
                    model="sphere",
                    size=(0.1, 0.1, 0.1),
                    position=(0.75, -0.45, 0.05),
                ),
                cmd.SetObjectVelocity(object_id="ball", linear=(0, 0.3, 0), angular=(-6, 0, 0)),
            ]
        )
        action = robot.start(PointAt("ball", seconds=3.0))
        while not action.done:
            c.communicate()
        ball = c.response.objects["ball"].position
        truth = float(np.degrees(np.arctan2(ball[1], ball[0])))
        arm = float(np.degrees(robot.dynamic.joint_positions[0]))
        print(f"{action.status.name} with {action.result.reason}: off by {abs(arm - truth):.0f}°")


if __name__ == "__main__":
    main()
