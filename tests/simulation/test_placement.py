"""Robots are not added inside something, and whatever is only near does not keep them out."""

from __future__ import annotations

import numpy as np
import pytest

from counterpoint import CommandError, Controller
from counterpoint import commands as cmd
from counterpoint.simulation.object_bodies import hulls_at
from counterpoint.simulation.overlap import overlaps
from counterpoint.simulation.robot_fleet import hulls_at_start

TABLE = cmd.AddObject(object_id="table", model="table", position=(0.9, 0.0, 0.0))


@pytest.mark.parametrize("model", ["tiago_pro", "panda"])
def test_a_robot_is_refused_just_where_one_of_its_parts_would_be_in_another(model: str) -> None:
    rng = np.random.default_rng(0)
    first = cmd.AddRobot(robot_id="first", model=model, position=(-0.9, 0.0, 0.0))
    outcomes = set()
    for _ in range(25):
        x, y = rng.uniform(-1.9, 1.9), rng.uniform(-1.2, 1.2)
        new = cmd.AddRobot(robot_id="new", model=model, position=(x, y, 0.0))
        with Controller() as c:
            c.communicate([cmd.CreateEmptyRoom(width=6, length=6), TABLE, first])
            own = hulls_at_start(new)
            pose = c.response.objects["table"].pose  # type: ignore[union-attr]
            bodies = {
                "table": hulls_at(TABLE.build(), pose),
                "first": hulls_at_start(first),
            }
            inside = [
                n for n, hulls in bodies.items() if any(overlaps(a, b) for a in own for b in hulls)
            ]
            outcomes.add(bool(inside))
            if inside:
                with pytest.raises(CommandError, match=f"would stand inside '{inside[0]}'"):
                    c.communicate(new)
            else:
                c.communicate(new)
    assert outcomes == {True, False}


def test_a_robot_behind_the_wall_of_a_room_is_refused() -> None:
    with Controller() as c:
        c.communicate(cmd.CreateEmptyRoom(width=6, length=6))
        with pytest.raises(CommandError, match="would stand inside 'wall_east'"):
            c.communicate(cmd.AddRobot(robot_id="a", model="panda", position=(3.0, 0.0, 0.0)))
