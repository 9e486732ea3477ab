"""A clip that the script makes: a salute, as joint key frames.

Look at the data: times in seconds, degrees where a joint turns, and `rest`. It is checked when it
is registered, and plays like those that come with the package.
"""

from counterpoint import Controller, ImageFrequency, Robot
from counterpoint import commands as cmd
from counterpoint.actions import register_animation

SALUTE = {
    "description": "The right hand goes to the forehead, waits, and comes down.",
    "interpolation": "stop",
    "models": {
        "panda": [
            {"time": 1.2, "positions": {"right_arm": [0, -40, 0, -140, 0, 190, 45]}},
            {"time": 1.8, "positions": {"right_arm": [30, -40, 0, -140, 0, 190, 45]}},
            {"time": 2.4, "positions": {"right_arm": [-30, -40, 0, -140, 0, 190, 45]}},
            {"time": 3.6, "positions": {"right_arm": "rest"}},
        ]
    },
}
VIEW = {"position": (1.5, -1.1, 0.9), "look_at": (0.15, 0.0, 0.45), "field_of_view": 0.7}


def main() -> None:
    register_animation("salute", SALUTE)
    with Controller(seed=0) as c:
        arm = Robot("arm", model="panda", image_frequency=ImageFrequency.never)
        other = Robot("tiago", position=(0.0, 1.7, 0), image_frequency=ImageFrequency.never)
        c.add_ons.extend([arm, other])
        c.communicate(cmd.CreateEmptyRoom())
        action, unknown = arm.animate("salute"), other.animate("salute")
        while not action.done:
            c.communicate()
        seconds = (action.ended_frame - action.started_frame) / c.frames_per_second
        print(
            f"{action.status.name} after {seconds:.1f} s; a body it was not made for: "
            f"{unknown.status.name}"
        )


if __name__ == "__main__":
    main()
