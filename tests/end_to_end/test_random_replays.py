"""Random runs of several robots replay in another process: every digest, every byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from random_scripts import MODELS, Company, Performance, replay_elsewhere

RUNS = 20
FRAMES = 60


@pytest.fixture(scope="module")
def performances(tmp_path_factory: pytest.TempPathFactory) -> list[Performance]:
    folder = tmp_path_factory.mktemp("random")
    return [Company(k).perform(folder / f"{k}.mcap", FRAMES) for k in range(RUNS)]


def test_random_runs_replay_elsewhere_to_every_digest_and_byte(
    performances: list[Performance],
) -> None:
    outcomes = replay_elsewhere([p.path for p in performances])
    for performance, outcome in zip(performances, outcomes, strict=True):
        assert outcome.divergence is None, performance.path.name
        assert outcome.digests == performance.digests, performance.path.name
        assert outcome.equal, performance.path.name


def test_the_random_runs_are_many_kinds_of_runs(performances: list[Performance]) -> None:
    assert {model for p in performances for model in p.robots} == set(MODELS)
    assert max(len(p.robots) for p in performances) >= 3
    assert len({p.digests[-1] for p in performances}) == RUNS
    assert all(len(p.digests) >= FRAMES * 0.8 for p in performances)


def test_a_random_run_is_told_by_its_number(
    performances: list[Performance], tmp_path: Path
) -> None:
    again = Company(3).perform(tmp_path / "again.mcap", FRAMES)
    assert again.digests == performances[3].digests
    assert again.path.read_bytes() == performances[3].path.read_bytes()
