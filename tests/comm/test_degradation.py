"""Delays and drops: ages are true at every frame, and nothing known is ever unlearnt."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint import CommError, Pose
from counterpoint.comm import (
    NOTHING_KNOWN,
    Broadcast,
    CommDegradation,
    CommPacket,
    CommState,
    DegradationProfile,
    FixedFormatChannel,
    Links,
    Noise,
    get_profile,
    list_profiles,
)

PROFILES = st.builds(
    DegradationProfile,
    st.just("any"),
    st.sampled_from([0.0, 3.0, 16.0, 50.0]) | st.floats(0, 120),
    st.sampled_from([0.0, 5.0, 100.0]) | st.floats(0, 60),
    st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1),
)
RATES = st.sampled_from([1, 10, 30, 60, 250, 1000])


def state(frame: int) -> CommState:
    """The frame itself is in the state, so that whoever receives it can be checked."""
    return CommState(
        {"a": Pose.of((frame, 0, 0)), "b": Pose.of((-frame, 0, 0))}, {"a": {"frame": frame}}
    )


def brute_force(noise: Noise, link: tuple[str, str], frames: int) -> list[int | None]:
    """Which sample is visible in each frame: everything is kept, and looked through each time."""
    generator, delays = noise.generator("packets", link), list[int]()
    while len(delays) < frames:
        delays += noise.draw([generator], 64)[:, 0].tolist()
    seen: list[int | None] = []
    for now in range(frames):
        due = [k for k in range(now + 1) if delays[k] >= 0 and k + delays[k] <= now]
        seen.append(max(due, default=None))
    return seen


@given(PROFILES, RATES, st.integers(0, 2**32))
def test_the_reported_age_is_the_true_age_at_every_step(
    profile: DegradationProfile, rate: int, seed: int
) -> None:
    channel = CommDegradation(FixedFormatChannel(rate), profile, frames_per_second=rate, seed=seed)
    reference = brute_force(Noise(profile, rate, seed), ("here", "there"), 150)
    for frame, sampled in enumerate(reference):
        packet = channel.transmit(state(frame))
        if sampled is None:
            assert packet is NOTHING_KNOWN
            continue
        assert packet.pose("a").p[0] == -packet.pose("b").p[0] == sampled
        assert packet.predicates == {"a": {"frame": sampled}}
        assert packet.age("a") == packet.age("b") == (frame - sampled) / rate


@given(PROFILES, PROFILES, RATES)
def test_ages_add_up_where_degraded_channels_are_stacked(
    inner: DegradationProfile, outer: DegradationProfile, rate: int
) -> None:
    channel = CommDegradation(
        CommDegradation(FixedFormatChannel(rate), inner, frames_per_second=rate, seed=1),
        outer,
        frames_per_second=rate,
        seed=2,
    )
    newest = -1.0
    for frame in range(100):
        packet = channel.transmit(state(frame))
        if len(packet):
            sampled = packet.pose("a").p[0]
            assert packet.age("a") == pytest.approx((frame - sampled) / rate, abs=1e-12)
            assert sampled >= newest
            newest = sampled


@given(PROFILES, RATES, st.integers(0, 2**32), st.integers(1, 5))
def test_every_robot_hears_every_other_as_a_channel_of_its_own_would_let_it(
    profile: DegradationProfile, rate: int, seed: int, n: int
) -> None:
    noise, robots = Noise(profile, rate, seed), tuple("abcde"[:n])
    broadcast = Broadcast(noise)
    expected = {(s, r): brute_force(noise, (s, r), 100) for s in robots for r in robots if s != r}
    for frame in range(100):
        poses = np.tile([frame, 0, 0, 1.0, 0, 0, 0], (n, 1))
        poses[:, 1] = np.arange(n)
        broadcast.transmit(frame, robots, poses)
        for receiver in robots:
            packet = broadcast.view(receiver)
            packet.check()
            heard = {s: expected[s, receiver][frame] for s in robots if s != receiver}
            known = {s: sampled for s, sampled in heard.items() if sampled is not None}
            assert packet.robots == tuple(known)
            for sender, sampled in known.items():
                assert packet.pose(sender).p.tolist() == [sampled, robots.index(sender), 0]
                assert packet.age(sender) == (frame - sampled) / rate


@given(PROFILES, RATES, st.integers(0, 2**32))
def test_every_delay_is_within_twice_its_mean_and_ends_at_the_next_frame(
    profile: DegradationProfile, rate: int, seed: int
) -> None:
    noise = Noise(profile, rate, seed)
    delays = noise.draw([noise.generator("packets", ("a", "b"))], 500)[:, 0]
    assert delays.min() >= -1
    assert delays.max() <= profile.longest(rate) <= 2e-3 * profile.mean_ms * rate + 1
    if profile.std_ms == 0:
        expected = math.ceil(1e-3 * profile.mean_ms * rate - 1e-9)
        assert set(delays.tolist()) <= {-1, expected}


@given(PROFILES, RATES, st.integers(1, 400))
def test_statistics_account_for_every_packet(
    profile: DegradationProfile, rate: int, frames: int
) -> None:
    links = Links(Noise(profile, rate, 3), [("a", "b"), ("b", "a")])
    ages = []
    for frame in range(frames):
        links.transmit(frame)
        ages += [frame - k for k in links.newest.tolist() if k >= 0]
    whole = links.statistics()
    halves = [links.statistics(lambda link, s=s: link[0] == s) for s in "ab"]
    assert whole.sent == 2 * frames == sum(h.sent for h in halves)
    assert whole.dropped == sum(h.dropped for h in halves)
    assert sum(whole.delays) == whole.sent - whole.dropped
    assert whole.delivered + whole.dropped + whole.in_flight == whole.sent
    assert 0 <= whole.in_flight <= 2 * profile.longest(rate)
    if ages:
        assert whole.mean_age == pytest.approx(np.mean(ages) / rate)
        assert whole.greatest_age == pytest.approx(max(ages) / rate)
    else:
        assert whole.mean_age is whole.greatest_age is None


@pytest.mark.parametrize("name", list_profiles())
def test_a_profile_has_the_delays_and_drops_that_it_says(name: str) -> None:
    profile, rate, n = get_profile(name), 100_000, 50_000
    noise = Noise(profile, rate, 11)
    delays = noise.draw([noise.generator("packets", ("a", "b"))], n)[:, 0]
    kept = delays[delays >= 0] * 1e3 / rate
    # Five standard errors; up to one frame is added to every delay that is not 0.
    assert abs(1 - len(kept) / n - profile.drop_rate) <= 5 * math.sqrt(profile.drop_rate / n)
    assert abs(kept.mean() - profile.mean_ms) <= 5 * profile.std_ms / math.sqrt(n) + 1e3 / rate
    assert abs(kept.std() - profile.std_ms) <= 0.02 * profile.std_ms + 1e3 / rate


def run(channel: CommDegradation, frames: int = 200) -> list[float]:
    return [
        packet.age("a") if len(packet := channel.transmit(state(k))) else -1.0
        for k in range(frames)
    ]


def test_the_same_seed_gives_the_same_noise_and_each_episode_fresh_noise() -> None:
    def channel(seed: int) -> CommDegradation:
        return CommDegradation(FixedFormatChannel(), "lossy", seed=seed)

    one, same, other = channel(4), channel(4), channel(5)
    first = run(one)
    assert run(same) == first != run(other)
    one.reset()
    second = run(one)
    assert second != first
    one.reset()
    assert run(one) not in (first, second)
    same.reset()
    assert run(same) == second
    one.reset(seed=4)
    assert run(one) == first
    assert one.statistics.sent == 200


def test_profiles_are_compared_under_the_same_luck() -> None:
    lost = {}
    for name in ("wifi", "saturation"):
        noise = Noise(get_profile(name), 60, 8)
        lost[name] = noise.draw([noise.generator("packets", ("a", "b"))], 5000)[:, 0] < 0
    assert 20 < lost["wifi"].sum() < 100
    assert lost["saturation"][lost["wifi"]].all()


@pytest.mark.parametrize("arguments", [(0, 0, 0), (60, -1, 0), (60, 0, -1), (60.0, 0, 0)])
def test_noise_without_a_rate_or_a_seed_is_refused(arguments: tuple[int, int, int]) -> None:
    with pytest.raises(CommError, match="expected an integer of"):
        Noise(get_profile("ideal"), *arguments)


def test_a_channel_knows_nothing_at_the_beginning_of_an_episode() -> None:
    channel = CommDegradation(FixedFormatChannel(), "factory")
    assert channel.transmit(state(0)) is NOTHING_KNOWN
    assert len(channel.transmit(state(1))) == 2
    channel.reset()
    assert channel.transmit(CommState({})) is NOTHING_KNOWN
    assert len(channel.transmit(CommState({}))) == 0


def test_a_channel_without_delay_knows_everything_at_once() -> None:
    channel = FixedFormatChannel(10)
    packet = channel.transmit(CommState(state(7).poses, {"a": {"x": 1}}, {"b": [1.0]}))
    assert packet.ages.tolist() == [0, 0]
    later = channel.transmit(CommState({"b": Pose.of((5, 0, 0))}))
    assert later.age("a") == 0.1 and later.age("b") == 0.0
    assert later.pose("a").p[0] == 7 and later.predicates == {"a": {"x": 1}}
    assert later.pose("b").p[0] == 5 and "b" not in later.overlay


def test_a_malformed_state_is_refused_and_changes_nothing() -> None:
    channel = CommDegradation(FixedFormatChannel(10), "ideal", frames_per_second=10)
    channel.transmit(state(0))
    with pytest.raises(CommError, match="unit quaternions"):
        channel.transmit(CommState({"a": Pose.of(q=(2, 0, 0, 0))}))
    assert channel.transmit(CommState({})).age("a") == 0.1


def views(robots: list[tuple[str, ...]], receiver: str) -> list[CommPacket]:
    broadcast, seen = Broadcast(Noise(get_profile("saturation"), 60, 9)), []
    for frame, there in enumerate(robots):
        poses = np.tile([frame, 0, 0, 1.0, 0, 0, 0], (len(there), 1))
        broadcast.transmit(frame, there, poses)
        seen.append(broadcast.view(receiver))
    return seen


def test_what_robots_hear_of_each_other_does_not_depend_on_who_else_is_there() -> None:
    alone = views([("a", "b")] * 300, "b")
    changing = [("a", "b"), ("a", "aa", "b"), ("a", "aa", "b", "c"), ("a", "b", "c")]
    among = views([changing[k // 20 % 4] for k in range(300)], "b")
    for one, other in zip(alone, among, strict=True):
        assert ("a" in one) == ("a" in other)
        if "a" in one:
            assert one.age("a") == other.age("a")
            assert one.pose("a").p[0] == other.pose("a").p[0]


def test_a_robot_that_has_left_is_forgotten_and_one_that_comes_back_is_heard_anew() -> None:
    there, gone = ("a", "b"), ("b",)
    seen = views([there] * 100 + [gone] * 10 + [there] * 100, "b")
    assert "a" in seen[99]
    assert all("a" not in packet for packet in seen[100:111])
    back = next(k for k in range(110, 210) if "a" in seen[k])
    assert back > 110 and seen[back].pose("a").p[0] >= 110


def test_a_link_that_comes_late_draws_what_it_would_have_drawn_from_the_beginning() -> None:
    noise = Noise(get_profile("lossy"), 60, 2)
    early, late = Links(noise, [("a", "b")]), Links(noise)
    for frame in range(500):
        if frame == 300:
            late.rename([("x", "y"), ("a", "b")])
        early.transmit(frame)
        late.transmit(frame)
        if frame > 300 + early.span + 20:
            assert late.newest[1] == early.newest[0]
    assert late.statistics(lambda link: link[0] == "a").sent == 200
    late.rename([])
    assert late.statistics().sent == 400


def test_an_unknown_robot_is_a_comm_error_that_names_those_there_are() -> None:
    broadcast = Broadcast(Noise(get_profile("ideal"), 60, 0))
    broadcast.transmit(0, ("ann", "bob"), np.tile([0, 0, 0, 1.0, 0, 0, 0], (2, 1)))
    with pytest.raises(CommError, match=r"'anna'.*'ann', 'bob' \(did you mean 'ann'\?\)"):
        broadcast.view("anna")
