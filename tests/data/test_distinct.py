"""Distinct values: exact counts, with few values held and with hashes on disk."""

import decimal

import numpy as np
import pandas as pd
import pytest

from components.data import distinct
from components.data.distinct import Distinct


def counted(values: list[object], most_kept: int, batch: int = 7) -> int:
    found = Distinct(most_kept)
    column = pd.Series(values, dtype=object)
    for start in range(0, len(values), batch):
        codes, levels = pd.factorize(column.iloc[start : start + batch])
        found.add(np.asarray(levels), np.bincount(codes))
    return found.count()


@pytest.mark.parametrize("most_kept", [0, 3, 10_000])
def test_counts_as_python_does(most_kept: int) -> None:
    rng = np.random.default_rng(0)
    texts: list[object] = [f"n{number}" for number in rng.integers(0, 300, 900)]
    others: list[object] = [1, 1.0, True, "1", "True", -1, -2, 2**61 - 1, 0, "", "\0", 0.5]
    mixed = [*texts, *others, decimal.Decimal("0.5")] * 2
    assert counted(mixed, most_kept) == len(set(mixed))


def test_parts_on_disk_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "_IN_MEMORY", 1_600)
    values = [f"{number % 2_000}" for number in range(5_000)]
    assert counted(list(values), 10, batch=600) == 2_000


def test_counts_and_order_of_few_values() -> None:
    found = Distinct(most_kept=5)
    found.add(np.array([3, 1]), np.array([2, 5]))
    found.add(np.array([1, 9]), np.array([1, 4]))
    assert list(found.counts.items()) == [(3, 2), (1, 6), (9, 4)]
