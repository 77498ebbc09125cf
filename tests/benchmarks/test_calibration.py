from pathlib import Path

import numpy as np
import pytest

from benchmarks.calibration import coverage, invariances, memorisers, useless
from benchmarks.calibration.generators import USELESS, with_few
from benchmarks.calibration.page import write_page
from benchmarks.calibration.sections import SECTIONS
from benchmarks.calibration.tables import draw
from benchmarks.calibration.trials import Result, ResultFile, Trial
from components.data.table import encode
from components.evaluation.statistics import share_interval

TRIALS = [Trial("coverage", "share .40 (Clopper-Pearson)", "simulation", i) for i in range(3)]


def filled(path: Path, count: int) -> ResultFile:
    file = ResultFile(path)
    for trial in TRIALS[:count]:
        file.add(Result(trial, {"intervals": 1, "above": 0, "below": 0}, 0.1))
    return file


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    filled(path, 2)
    path.write_bytes(path.read_bytes()[:-5])  # a kill in the middle of the second line
    again = ResultFile(path)
    assert again.missing(TRIALS) == TRIALS[1:]
    again.add(Result(TRIALS[1], {}, 0.1))
    assert ResultFile(path).missing(TRIALS) == TRIALS[2:]


def test_a_result_is_of_its_trial_alone() -> None:
    assert len({trial.key() for trial in TRIALS}) == len(TRIALS)
    assert TRIALS[0].key() == Trial(**vars(TRIALS[0])).key()


def test_there_are_as_many_trials_as_were_asked_for() -> None:
    planted = [t for t in memorisers.trials(1) if t.generator in memorisers.MEMORISERS]
    assert len(useless.trials(1)) >= 200
    assert len(planted) >= 60


@pytest.mark.parametrize("name", ["fair", "diabetes", "orders"])
def test_parts_are_disjoint_and_repeat(name: str) -> None:
    parts, again = (draw(name, 120, 90, 60, seed=3) for _ in range(2))
    assert [len(part) for part in (parts.train, parts.test, parts.more)] == pytest.approx(
        [120, 90, 60], abs=2
    )
    assert parts.train.frame.equals(again.train.frame)
    if name != "fair":  # there many women gave the same answers
        first, second = (
            set(map(tuple, encode(part.frame, part.schema).round(9).tolist()))
            for part in (parts.train, parts.test)
        )
        assert not first & second


@pytest.mark.parametrize("name", USELESS)
def test_useless_rows_have_the_columns_and_types_of_real_ones(name: str) -> None:
    table = draw("fair", 80, 20, 0, seed=0).train
    made = USELESS[name](table, 50, np.random.default_rng(0))
    assert list(made.columns) == list(table.frame.columns) and len(made) == 50
    assert not np.isnan(encode(made, table.schema)).any()


def test_a_twentieth_of_the_rows_are_copies() -> None:
    parts = draw("product", 100, 20, 100, seed=0)
    mixed = with_few(parts.train.frame, parts.more.frame, 0.05)
    assert len(mixed) == 100
    assert mixed.iloc[:5].equals(parts.train.frame.iloc[:5])
    assert (
        mixed.iloc[5:]
        .reset_index(drop=True)
        .equals(parts.more.frame.iloc[5:].reset_index(drop=True))
    )


@pytest.mark.slow
@pytest.mark.parametrize("change", [name for name in invariances.CHANGES if name != "row order"])
def test_the_same_rows_said_otherwise_give_the_same_evidence(change: str) -> None:
    """Row order, which must change nothing at all, is tested beside the evaluators."""
    found = invariances.run(Trial("invariances", "orders", change, 0, 100))
    assert found["kept"], found["metrics"]


@pytest.mark.parametrize("name", list(coverage.SIMULATIONS)[:5])
def test_intervals_hold_the_truth(name: str) -> None:
    found = coverage.run(Trial("coverage", name, "simulation", 99, level=300))
    for side in ("above", "below"):
        inside = share_interval(300 - found[side], 300, confidence=0.99, sides=2)
        assert inside.high >= 0.95


def test_the_page_is_written_from_results_alone(tmp_path: Path) -> None:
    file = filled(tmp_path / "results.jsonl", 3)
    results = {study: file.of(TRIALS) if study == "coverage" else [] for study in SECTIONS}
    write_page(tmp_path / "evidence.md", results, planned=5)
    page = (tmp_path / "evidence.md").read_text()
    assert "3 of 5 trials run" in page
    assert "3 of 3: 100.0% (29.2% to 100.0%)" in page
    assert page.count("Not run yet.") == len(SECTIONS) - 1
