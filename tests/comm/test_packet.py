"""The packet: one form in bytes, and nothing but packets comes out of bytes."""

from __future__ import annotations

import math
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint import CommError, Pose
from counterpoint.comm import NOTHING_KNOWN, SCHEMA_VERSION, CommPacket
from counterpoint.core.pose import quaternion_from_yaw

FINITE = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
PREDICATES = st.dictionaries(
    NAMES,
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | FINITE | NAMES,
    max_size=4,
)
TENSORS = st.lists(st.integers(0, 3), max_size=3).map(
    lambda shape: np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
)


@st.composite
def packets(draw: st.DrawFn) -> CommPacket:
    robots = draw(st.lists(NAMES, unique=True, max_size=5))
    pose = st.builds(
        lambda p, yaw: Pose.of(p, quaternion_from_yaw(yaw)),
        st.tuples(FINITE, FINITE, FINITE),
        st.floats(-10, 10),
    )
    some = st.sampled_from(robots) if robots else st.nothing()
    return CommPacket.of(
        {r: draw(pose) for r in robots},
        draw(st.dictionaries(some, st.floats(0, 1e9))),
        draw(st.dictionaries(some, PREDICATES)),
        draw(st.dictionaries(some, TENSORS)),
    )


def here() -> dict[str, Pose]:
    return {"b": Pose.of((1, 2, 0), quaternion_from_yaw(0.5)), "a": Pose.of()}


@given(packets())
def test_a_packet_comes_back_from_its_bytes_as_it_was(packet: CommPacket) -> None:
    data = packet.to_bytes()
    back = CommPacket.from_bytes(data)
    assert back.to_bytes() == data
    assert back.robots == packet.robots
    for name in ("positions", "quaternions", "ages"):
        np.testing.assert_array_equal(getattr(back, name), getattr(packet, name), strict=True)
    assert back.predicates == packet.predicates
    assert {k: type(v) for p in back.predicates.values() for k, v in p.items()} == {
        k: type(v) for p in packet.predicates.values() for k, v in p.items()
    }
    assert list(back.overlay) == list(packet.overlay)
    for robot_id, tensor in packet.overlay.items():
        np.testing.assert_array_equal(back.overlay[robot_id], tensor, strict=True)


def test_equal_packets_have_equal_bytes_whatever_the_order_they_were_given_in() -> None:
    poses = here()
    first = CommPacket.of(poses, {"a": 0.5}, {"a": {"x": 1, "y": True}, "b": {}})
    second = CommPacket.of(
        dict(reversed(poses.items())), {"a": 0.5, "b": 0}, {"b": {}, "a": {"y": True, "x": 1}}
    )
    assert first.to_bytes() == second.to_bytes()
    assert first.robots == ("a", "b")


def test_a_packet_says_where_robots_were_and_how_long_ago() -> None:
    packet = CommPacket.of(here(), {"b": 0.25}).aged(0.5)
    assert packet.age("b") == 0.75
    assert packet.age("a") == 0.5
    assert packet.pose("b").p.tolist() == [1, 2, 0]
    assert "a" in packet and "c" not in packet and len(packet) == 2
    with pytest.raises(CommError, match=r"'c'.*nothing is known.*'a', 'b'") as caught:
        packet.pose("c")
    assert caught.value.exists == ("a", "b")
    with pytest.raises(ValueError, match="read-only"):
        packet.ages[0] = 0.0
    for mapping in (packet.predicates, packet.overlay, NOTHING_KNOWN.predicates):
        with pytest.raises(TypeError, match="assignment"):
            mapping["a"] = {}  # type: ignore[index]


def test_a_robot_with_an_ordinary_name_takes_about_seventy_bytes() -> None:
    one = CommPacket.of({"a": Pose.of()})
    assert len(NOTHING_KNOWN.to_bytes()) < 16
    assert 64 < len(one.to_bytes()) < 80


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("positions", ({"a": Pose.of((0, 0, math.nan))},)),
        ("positions", ({"a": Pose.of((0, 0))},)),
        ("quaternions", ({"a": Pose.of(q=(1, 1, 0, 0))},)),
        ("quaternions", ({"a": Pose.of(q=(math.inf, 0, 0, 0))},)),
        ("robots", ({"": Pose.of()},)),
        ("robots", ({"\ud800": Pose.of()},)),
        ("ages", ({"a": Pose.of()}, {"a": -0.1})),
        ("ages", ({"a": Pose.of()}, {"a": math.nan})),
        ("ages", ({"a": Pose.of()}, {"b": 0.1})),
        ("predicates", ({"a": Pose.of()}, {}, {"b": {"done": True}})),
        ("predicates", ({"a": Pose.of()}, {}, {"a": {"done": None}})),
        ("predicates", ({"a": Pose.of()}, {}, {"a": {"x": math.inf}})),
        ("predicates", ({"a": Pose.of()}, {}, {"a": {"x": 2**63}})),
        ("predicates", ({"a": Pose.of()}, {}, {"a": {1: 2}})),
        ("predicates", ({"a": Pose.of()}, {}, {"a": {"x": "\ud800"}})),
        ("predicates", ({"a": Pose.of()}, {}, {"a": [1]})),
        ("overlay", ({"a": Pose.of()}, {}, {}, {"b": [1.0]})),
        ("overlay", ({"a": Pose.of()}, {}, {}, {"a": [math.nan]})),
        ("overlay", ({"a": Pose.of()}, {}, {}, {"a": [1e300]})),
        ("overlay", ({"a": Pose.of()}, {}, {}, {"a": "message"})),
        ("overlay", ({"a": Pose.of()}, {}, {}, {"a": np.zeros(20_000)})),
    ],
)
def test_what_is_malformed_is_refused_by_its_field(field: str, arguments: Any) -> None:
    with pytest.raises(CommError) as caught:
        CommPacket.of(*arguments)
    assert caught.value.field == field


@given(st.binary(max_size=200))
def test_hostile_bytes_give_a_packet_of_those_bytes_or_a_comm_error(data: bytes) -> None:
    try:
        packet = CommPacket.from_bytes(data)
    except CommError:
        return
    assert packet.to_bytes() == data


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | FINITE | st.text(max_size=3) | st.binary(),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=12,
)


@given(st.lists(JUNK, max_size=8))
def test_hostile_fields_give_a_packet_of_those_bytes_or_a_comm_error(fields: list[Any]) -> None:
    data = msgpack.packb([SCHEMA_VERSION, *fields])
    try:
        packet = CommPacket.from_bytes(data)
    except CommError:
        return
    assert packet.to_bytes() == data


@given(packets(), st.data())
def test_a_flipped_byte_gives_another_packet_or_a_comm_error(
    packet: CommPacket, data: st.DataObject
) -> None:
    flipped = bytearray(packet.to_bytes())
    where = data.draw(st.integers(0, len(flipped) - 1))
    flipped[where] ^= data.draw(st.integers(1, 255))
    try:
        back = CommPacket.from_bytes(bytes(flipped))
    except CommError:
        return
    assert back.to_bytes() == flipped != packet.to_bytes()


def fields() -> list[Any]:
    return msgpack.unpackb(CommPacket.of(here(), {"a": 0.5}, {"a": {"x": 1}}).to_bytes())


@pytest.mark.parametrize(
    ("index", "value", "match"),
    [
        (0, SCHEMA_VERSION + 1, "unknown schema version; there is: '1'"),
        (0, True, "unknown schema version"),
        (1, ["b", "a"], "sorted names, once each"),
        (1, ["a", "a"], "sorted names, once each"),
        (1, ["a"], "expected 1 rows"),
        (1, "ab", "expected a list of names"),
        (1, ["a", 3], "expected a name"),
        (2, b"1234567", "float64 in rows of 3"),
        (2, "text", "float64 in rows of 3"),
        (3, bytes(64), "unit quaternions"),
        (4, np.array([-1.0, 0.0]).tobytes(), "0 or more"),
        (5, [], "expected a mapping"),
        (5, {"c": {}}, "no pose of that robot"),
        (6, {"a": [[2], bytes(4)]}, "a shape and as many float32"),
        (6, {"a": [[-1], b""]}, "a shape and as many float32"),
        (6, {"a": [[1] * 9, bytes(4)]}, "a shape and as many float32"),
        (6, {"a": [[1], np.float32(np.nan).tobytes()]}, "finite numbers"),
    ],
)
def test_bytes_with_a_bad_field_are_refused_with_its_reason(
    index: int, value: Any, match: str
) -> None:
    parts = fields()
    parts[index] = value
    with pytest.raises(CommError, match=match):
        CommPacket.from_bytes(msgpack.packb(parts))


def test_bytes_in_another_form_of_the_same_packet_are_refused() -> None:
    longer = msgpack.Packer(use_single_float=False)
    parts = fields()
    parts[5] = {"b": {}, "a": {"x": 1}}
    with pytest.raises(CommError, match="one form"):
        CommPacket.from_bytes(longer.pack(parts))
    with pytest.raises(CommError, match="7 fields, got 8"):
        CommPacket.from_bytes(msgpack.packb([*fields(), 0]))
    with pytest.raises(CommError, match="ExtraData"):
        CommPacket.from_bytes(NOTHING_KNOWN.to_bytes() + b"\x00")


def test_what_is_too_large_is_neither_packed_nor_read() -> None:
    tensor = np.zeros(16_000)
    poses = {f"r{k:03}": Pose.of() for k in range(20)}
    with pytest.raises(CommError, match="room for 1,048,576 bytes"):
        CommPacket.of(poses, {}, {}, dict.fromkeys(poses, tensor)).to_bytes()
    with pytest.raises(CommError, match="at most 1,048,576 bytes"):
        CommPacket.from_bytes(bytes(1_100_000))
