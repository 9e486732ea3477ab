"""The map of the floor: against rooms worked out by hand, and as a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from counterpoint import (
    CommandError,
    Controller,
    CounterpointError,
    ImageFrequency,
    OccupancyMap,
    Robot,
)
from counterpoint import commands as cmd
from counterpoint.actions.navigation import FREE, OCCUPIED, OUTSIDE, UNKNOWN

Scene = Callable[..., Controller]


def block(
    name: str, size: tuple[float, float, float], at: tuple[float, float, float], **more: object
) -> cmd.AddObject:
    return cmd.AddObject(object_id=name, model="box", size=size, position=at, static=True, **more)


def test_a_box_covers_the_cells_that_its_footprint_overlaps(scene: Scene) -> None:
    floor = OccupancyMap(cell_size=0.1, margin=0.0)
    scene(floor, commands=[block("box", (1.0, 0.6, 1.0), (0.5, 0.3, 0.5))], size=4.0)
    assert floor.values.shape == (40, 40)
    expected = np.full((40, 40), FREE)
    expected[20:30, 20:26] = OCCUPIED
    np.testing.assert_array_equal(floor.values, expected)


def test_a_turned_box_covers_its_corners_and_not_its_bounding_box(scene: Scene) -> None:
    floor = OccupancyMap(cell_size=0.05)
    eighth = (np.cos(np.pi / 8), 0.0, 0.0, np.sin(np.pi / 8))
    scene(floor, commands=[block("box", (1.0, 1.0, 1.0), (0, 0, 0.5), quaternion=eighth)])
    tip = np.sqrt(0.5)
    assert floor.value((tip - 0.03, 0.0)) == OCCUPIED
    assert floor.value((tip + 0.06, 0.0)) == FREE
    assert floor.value((0.45, 0.45)) == FREE


def test_walls_of_the_room_are_occupied_and_what_lies_beyond_is_outside(scene: Scene) -> None:
    floor = OccupancyMap(cell_size=0.1, margin=0.3)
    scene(floor, size=4.0)
    assert [floor.value((x, 0.0)) for x in (1.95, 2.05, 2.15, 2.35)] == [
        FREE, OCCUPIED, OUTSIDE, UNKNOWN,
    ]  # fmt: skip


def test_clearance_is_the_distance_to_the_nearest_obstacle(scene: Scene) -> None:
    floor = OccupancyMap(cell_size=0.1, margin=0.0)
    post = cmd.AddObject(
        object_id="post", model="cylinder", size=(0.4, 0.4, 1.0), position=(0, 0, 0.5), static=True
    )
    scene(floor, commands=[post], size=4.0)
    for i, j in ((25, 20), (30, 30), (38, 20), (22, 20)):
        x, y = floor.position_of((i, j))
        by_hand = min(np.hypot(x, y) - 0.2, 2 - abs(x), 2 - abs(y))
        assert floor.clearance[i, j] == pytest.approx(by_hand, abs=1e-9)
    assert floor.clearance[20, 20] == 0.0


def test_far_from_everything_clearance_is_never_too_large(scene: Scene) -> None:
    floor = OccupancyMap(cell_size=0.1, margin=0.0)
    scene(floor, commands=[block("box", (0.34, 0.34, 1), (0, 0, 0.5))], size=9.0)
    cells = floor.position_of(np.argwhere(np.ones_like(floor.values)))
    out = np.maximum(np.abs(cells) - 0.17, 0.0)
    true = np.minimum(np.hypot(*out.T), 4.5 - np.abs(cells).max(axis=1))
    true = true.reshape(floor.values.shape)
    assert (floor.clearance <= true + 1e-9).all()
    assert (floor.clearance >= true - 0.2).all()


def test_one_map_serves_robots_of_any_radius(scene: Scene) -> None:
    floor = OccupancyMap()
    scene(floor, commands=[block("box", (1, 1, 1), (0, 0, 0.5))])
    at = (1.025, 0.025)  # the middle of a cell, 0.525 m from the box
    assert floor.free(at, 0.52)
    assert not floor.free(at, 0.53)
    radii = np.linspace(0.05, 2.5, 50)
    free = [floor.free(at, r) for r in radii]
    assert free == sorted(free, reverse=True)
    assert not floor.free((0.0, 0.0), 0.0)
    assert not floor.free((9.0, 0.0), 0.0)


def test_cells_and_positions_belong_together(scene: Scene) -> None:
    floor = OccupancyMap(cell_size=0.07, margin=0.11)
    scene(floor)
    for cell in ((0, 0), (5, 9), tuple(np.array(floor.values.shape) - 1)):
        assert floor.cell_of(floor.position_of(cell)) == tuple(cell)
    low = floor.position_of((0, 0)) - 0.035
    np.testing.assert_allclose(low, [-3.11, -3.11])


def test_what_a_robot_drives_over_or_under_is_not_on_the_map(scene: Scene) -> None:
    floor = OccupancyMap()
    things = [
        block("mat", (1, 1, 0.02), (-1, 0, 0.01)),
        block("lamp", (1, 1, 0.2), (1, 0, 1.8)),
        block("board", (1, 1, 0.1), (0, 1.5, 0.9)),
    ]
    scene(floor, commands=things)
    assert [floor.value(p) for p in ((-1, 0), (1, 0), (0, 1.5))] == [FREE, FREE, OCCUPIED]


def test_a_wall_added_later_is_on_the_next_map(scene: Scene) -> None:
    floor = OccupancyMap()
    c = scene(floor)
    c.communicate(cmd.AddWall(object_id="w", start=(-1, 0, 0), end=(1, 0, 0)))
    assert floor.value((0.5, 0.0)) == FREE
    floor.generate()
    assert floor.value((0.5, 0.0)) == OCCUPIED


def test_an_object_is_where_it_is_when_the_map_is_made(scene: Scene) -> None:
    floor = OccupancyMap()
    c = scene(
        floor, commands=[cmd.AddObject(object_id="b", model="box", size=(0.4, 0.4, 0.4),
                                       position=(0, 0, 0.2))]
    )  # fmt: skip
    c.communicate(cmd.TeleportObject(object_id="b", position=(1.5, 1.5, 0.2)))
    floor.generate()
    assert floor.value((0, 0)) == FREE
    assert floor.value((1.5, 1.5)) == OCCUPIED


@pytest.mark.parametrize("robots", [False, True])
def test_robots_are_on_the_map_if_wanted(scene: Scene, robots: bool) -> None:
    floor = OccupancyMap(robots=robots)
    scene(floor, Robot("a", position=(1, 1, 0), image_frequency=ImageFrequency.never))
    assert (floor.value((1, 1)) == OCCUPIED) is robots
    assert floor.value((1.7, 1)) == FREE


def test_without_walls_the_map_covers_what_stands_there(open_controller: Scene) -> None:
    c, floor = open_controller(), OccupancyMap(margin=1.0)
    c.add_ons.append(floor)
    c.communicate([
        cmd.CreateEmptyRoom(walls=False),
        block("a", (1, 1, 1), (-2, 0, 0.5)), block("b", (1, 1, 1), (4, 3, 0.5)),
    ])  # fmt: skip
    assert floor.value((5.4, 3.9)) == FREE
    assert floor.value((5.6, 0.0)) == UNKNOWN
    assert OUTSIDE not in floor.values


def test_a_path_leads_round_and_there_is_none_where_there_is_no_room(scene: Scene) -> None:
    floor = OccupancyMap()
    wall = block("wall", (0.2, 5.0, 1.0), (0, -0.5, 0.5))  # leaves 1 m at the north end
    scene(floor, commands=[wall])
    path = floor.path((-2, -2), (2, -2), radius=0.4)
    assert path is not None
    assert path[:, 1].max() > 2.0
    np.testing.assert_allclose(path[[0, -1]], [[-2, -2], [2, -2]])
    assert floor.path((-2, -2), (2, -2), radius=0.6) is None


def test_arrays_of_a_map_are_read_only(scene: Scene) -> None:
    floor = OccupancyMap()
    scene(floor)
    for array in (floor.values, floor.clearance, floor.grid.origin):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_map_is_made_in_its_first_frame_and_not_before() -> None:
    floor = OccupancyMap()
    for ask in (lambda: floor.values, floor.generate):
        with pytest.raises(CounterpointError, match="communicate"):
            ask()


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"cell_size": 0.0}, "cell_size"), ({"margin": -1.0}, "margin")],
)
def test_bad_sizes_are_refused(arguments: dict[str, float], field: str) -> None:
    with pytest.raises(CommandError) as caught:
        OccupancyMap(**arguments)
    assert caught.value.field == field


def test_a_picture_shows_what_is_taken_free_and_driven(scene: Scene, tmp_path: Path) -> None:
    floor, robot = OccupancyMap(), Robot("a", position=(-2, -2, 0))
    scene(floor, robot, commands=[block("box", (2, 2, 1), (1, 1, 0.5))])
    bare, full = tmp_path / "bare.png", tmp_path / "maps" / "full.png"
    floor.save(bare, width=400)
    floor.save(
        full,
        paths=[
            [
                (-2, 2),
                (-1, 2),
                (
                    0,
                    -2,
                ),
            ]
        ],
        width=400,
    )
    with Image.open(bare) as a, Image.open(full) as b:
        assert a.size == b.size == (400, 400)
        before, after = np.asarray(a).astype(int), np.asarray(b).astype(int)
    scale = (400 - 2 * 34) / 6.4

    def pixel(x: float, y: float) -> np.ndarray:
        return before[round(34 + (3.2 - y) * scale), round(34 + (x + 3.2) * scale)]

    assert pixel(1.5, 1.5).sum() < 300  # an obstacle is dark,
    assert pixel(-0.7, -1.3).sum() > 650  # the floor is light,
    r, _, b_ = pixel(-2.2, -1.8)
    assert r > b_ + 60  # the robot is orange,
    changed = (np.abs(before - after).sum(axis=2) > 60).nonzero()
    assert changed[0].size > 500  # and the path is drawn where it was driven
    assert changed[1].max() < 34 + (0.2 + 3.2) * scale
