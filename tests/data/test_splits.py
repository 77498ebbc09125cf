"""Splits: locked, stratified, by time and by group."""

import logging

import numpy as np
import pandas as pd
import pytest

from components.config import GroupSplit, PrepareConfig, Split, TimeSplit
from components.data.splits import hash_rows, split_rows
from components.errors import UserError


def config(split: Split | None = None, **changes: object) -> PrepareConfig:
    settings = {"data": "x", "target": "ill", "test_share": 0.25, **changes}
    return PrepareConfig(**settings, **({"split": split} if split else {}))  # type: ignore[arg-type]


def rows(num_rows: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "ill": rng.random(num_rows) < 0.1,
            "day": rng.integers(0, 50, num_rows),
            "person": rng.integers(0, 20, num_rows),
        }
    )


def test_sides_are_disjoint_and_complete() -> None:
    split = split_rows(rows(), config(), stratify=True)
    assert sorted([*split.train, *split.test]) == list(range(200))


def test_random_split_keeps_class_shares() -> None:
    frame = rows()
    split = split_rows(frame, config(), stratify=True)
    shares = [frame["ill"].iloc[side].mean() for side in (split.train, split.test)]
    assert shares == pytest.approx([frame["ill"].mean()] * 2, abs=0.01)


def test_same_seed_same_split_other_seed_other_split() -> None:
    first, again, other = (
        split_rows(rows(), config(seed=seed), stratify=True).test for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_time_split_tests_on_later_rows_only() -> None:
    frame = rows()
    split = split_rows(frame, config(TimeSplit(column="day")), stratify=True)
    assert frame["day"].iloc[split.train].max() < frame["day"].iloc[split.test].min()


def test_group_split_keeps_groups_whole() -> None:
    frame = rows()
    split = split_rows(frame, config(GroupSplit(column="person")), stratify=True)
    assert not set(frame["person"].iloc[split.train]) & set(frame["person"].iloc[split.test])
    assert 0.15 < len(split.test) / len(frame) < 0.4


@pytest.mark.parametrize("seed", range(5))
def test_a_group_with_most_rows_is_trained_on(seed: int) -> None:
    frame = rows().assign(person=[0] * 120 + [1 + n // 2 for n in range(80)])
    test = split_rows(frame, config(GroupSplit(column="person"), seed=seed), stratify=True).test
    assert test.min() >= 120 and len(test) == 50


@pytest.mark.parametrize(("sizes", "num_test"), [((100, 100), 100), ((190, 10), 10)])
def test_large_groups_alone_leave_the_smallest_for_testing(
    sizes: tuple[int, int], num_test: int, caplog: pytest.LogCaptureFixture
) -> None:
    frame = rows().assign(person=np.repeat([0, 1], sizes))
    split = split_rows(frame, config(GroupSplit(column="person")), stratify=True)
    assert len(split.test) == num_test
    told = f"{num_test / 2:.0f}% of the rows are test rows, where 25% were asked for"
    assert told in caplog.text


def test_train_rows_keeps_that_many_and_leaves_the_test_rows() -> None:
    whole = split_rows(rows(), config(), stratify=True)
    scarce = split_rows(rows(), config(train_rows=40), stratify=True)
    assert abs(len(scarce.train) - 40) <= 1
    assert np.array_equal(whole.test, scarce.test)


def test_of_very_many_rows_so_many_are_kept_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        kept = split_rows(rows(), config(max_train_rows=50), stratify=True)
    assert abs(len(kept.train) - 50) <= 1
    assert "50 of 150 training rows are kept (prepare.max_train_rows)" in caplog.text
    asked = split_rows(rows(), config(max_train_rows=50, train_rows=80), stratify=True)
    assert abs(len(asked.train) - 80) <= 1


def test_hash_tells_any_changed_value() -> None:
    frame = rows()
    changed = frame.assign(day=frame["day"].where(frame.index != 7, 999))
    assert hash_rows(frame) == hash_rows(frame.copy()) != hash_rows(changed)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (config(TimeSplit(column="year")), "split column 'year' is not in the table"),
        (config(train_rows=500), "train_rows = 500, but only 150 rows are left"),
    ],
)
def test_refuses_impossible_splits(settings: PrepareConfig, message: str) -> None:
    with pytest.raises(UserError, match=message):
        split_rows(rows(), settings, stratify=True)


def test_refuses_one_group_and_one_instant() -> None:
    for split in (GroupSplit(column="person"), TimeSplit(column="day")):
        with pytest.raises(UserError, match="split column"):
            split_rows(rows().assign(person=1, day=1), config(split), stratify=True)


def test_as_many_training_rows_as_there_are_may_be_asked_for_and_no_more() -> None:
    whole = split_rows(rows(), config(), stratify=True).train
    asked = split_rows(rows(), config(train_rows=len(whole)), stratify=True).train
    assert np.array_equal(asked, whole)
    with pytest.raises(UserError, match=f"only {len(whole)} rows are left to train on"):
        split_rows(rows(), config(train_rows=len(whole) + 1), stratify=True)
