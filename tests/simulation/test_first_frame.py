"""What the first frame need not load."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from counterpoint import Controller, Robot
from counterpoint import commands as cmd
with Controller() as c:
    c.add_ons.append(Robot("a", model="panda"))
    c.communicate(cmd.CreateEmptyRoom(width=6, length=6))
heavy = sorted({"torch", "trimesh", "matplotlib", "proxsuite", "mani_skill"} & set(sys.modules))
print(heavy)
import trimesh
print(trimesh.creation.box().is_watertight)
"""


def test_a_robot_stands_in_a_room_without_what_takes_long_to_import() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["[]", "True"]
