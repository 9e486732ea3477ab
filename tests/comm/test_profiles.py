"""Profiles, the guard, the clock of ages, the overlay."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from counterpoint import CommError
from counterpoint.comm import (
    AoIClock,
    CommDegradation,
    CommSaturationWarning,
    DegradationProfile,
    FixedFormatChannel,
    LearnedOverlay,
    check_saturation,
    get_profile,
    list_profiles,
    profiles,
    register_profile,
    saturation_reasons,
)


def test_six_profiles_are_shipped_mildest_first() -> None:
    shipped = ["ideal", "urllc", "factory", "wifi", "lossy", "saturation"]
    assert list_profiles()[:6] == shipped
    found = [get_profile(name) for name in shipped]
    assert [p.mean_ms for p in found] == sorted(p.mean_ms for p in found)
    assert [p.drop_rate for p in found] == sorted(p.drop_rate for p in found)


def test_an_unknown_profile_is_a_comm_error_that_suggests_one() -> None:
    with pytest.raises(CommError, match=r"'loss'.*unknown profile.*did you mean 'lossy'") as caught:
        CommDegradation(FixedFormatChannel(), "loss")
    assert caught.value.exists == tuple(list_profiles())


def test_a_profile_of_ones_own_can_be_registered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "_PROFILES", dict(profiles._PROFILES))
    mine = DegradationProfile("tunnel", 40, 20, 0.05)
    assert register_profile(mine) is mine
    register_profile(mine)
    assert get_profile("tunnel") is get_profile(mine) is mine
    with pytest.raises(CommError, match="another profile"):
        register_profile(DegradationProfile("tunnel", 41, 20, 0.05))


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("name", ("", 1, 1, 0.1)),
        ("mean_ms", ("x", -1, 1, 0.1)),
        ("mean_ms", ("x", math.inf, 1, 0.1)),
        ("std_ms", ("x", 1, math.nan, 0.1)),
        ("drop_rate", ("x", 1, 1, 1.1)),
        ("drop_rate", ("x", 1, 1, "0.1")),
    ],
)
def test_a_profile_that_no_radio_has_is_refused(field: str, arguments: Any) -> None:
    with pytest.raises(CommError) as caught:
        DegradationProfile(*arguments)
    assert caught.value.field == field


def test_only_the_last_of_the_shipped_profiles_leaves_the_safe_regime() -> None:
    assert [p for p in list_profiles()[:6] if saturation_reasons(p)] == ["saturation"]
    assert len(saturation_reasons("saturation")) == 2


def test_the_guard_warns_of_a_profile_or_of_a_slow_solve_and_says_why() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not check_saturation("wifi", 1e-3)
    with pytest.warns(CommSaturationWarning, match=r"a solve took 1.2 ms: more than 1$") as caught:
        assert check_saturation("wifi", 1.2e-3)
    assert caught[0].filename == __file__
    with pytest.warns(CommSaturationWarning, match=r"drops 0.1 .*delays by 100 ms.*a solve took"):
        check_saturation("saturation", 0.5, budget=0.1)
    with pytest.raises(CommError, match="solve_time"):
        check_saturation("wifi", -1.0)


def test_ages_are_whole_frames_so_that_no_error_adds_up() -> None:
    clock = AoIClock(60)
    clock.mark_fresh("a")
    for _ in range(100_000):
        clock.tick()
    assert clock.age("a") == 100_000 / 60
    clock.mark_fresh("b", clock.frame - 6)
    assert clock.snapshot() == {"a": 100_000 / 60, "b": 0.1}


def test_what_arrives_late_is_old_and_what_is_older_than_known_changes_nothing() -> None:
    clock = AoIClock(10)
    for _ in range(10):
        clock.tick()
    clock.mark_fresh("a", 8)
    clock.mark_fresh("a", 5)
    assert clock.age("a") == 0.2
    with pytest.raises(CommError, match="nothing was sampled later"):
        clock.mark_fresh("a", 11)


def test_a_clock_knows_no_ages_of_robots_it_has_not_heard_of() -> None:
    clock = AoIClock()
    clock.mark_fresh("ann")
    with pytest.raises(CommError, match=r"'bob'.*there is: 'ann'"):
        clock.age("bob")
    clock.snapshot()["bob"] = 1.0
    clock.reset()
    assert clock.snapshot() == {}
    with pytest.raises(CommError, match="1 or more"):
        AoIClock(0)


def test_an_overlay_holds_copies_that_nobody_can_change() -> None:
    overlay, mine = LearnedOverlay(), np.ones((2, 3))
    overlay.set("a", mine)
    mine[:] = 7
    assert overlay.tensors["a"].tolist() == [[1, 1, 1], [1, 1, 1]]
    assert overlay.tensors["a"].dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        overlay.tensors["a"][0] = 3
    overlay.set("a", None)
    overlay.set("b", None)
    assert dict(overlay.tensors) == {}
    with pytest.raises(CommError, match="finite"):
        overlay.set("a", [math.nan])
