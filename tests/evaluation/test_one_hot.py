"""Columns of which exactly one is true in every row: found where they are, and nowhere else."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from components.evaluation.rules.one_hot import find_groups


def spread(codes: NDArray[np.int64], num_columns: int) -> NDArray[np.float64]:
    return np.eye(num_columns)[codes]


@pytest.mark.parametrize(("sizes", "num_rows"), [((3, 8, 20), 400), ((40, 40), 1_500), ((2,), 300)])
@pytest.mark.parametrize("seed", range(5))
def test_disjoint_groups_among_other_columns(
    sizes: tuple[int, ...], num_rows: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    groups = [
        spread(rng.choice(size, num_rows, p=rng.dirichlet(np.full(size, 3.0))), size)
        for size in sizes
    ]
    others = rng.random((num_rows, 12)) < np.linspace(0.01, 0.99, 12)
    rows = np.column_stack([*groups, others])
    order = rng.permutation(rows.shape[1])
    ends = np.cumsum((0, *sizes))
    wanted = [
        {
            int(i)
            for i in np.flatnonzero((order >= start) & (order < end))
            if rows[:, order[i]].any()
        }
        for start, end in pairwise(ends)
    ]
    found = find_groups(rows[:, order])
    assert all(list(group) == sorted(group) for group in found)
    assert sorted(map(sorted, found)) == sorted(map(sorted, wanted))


def test_missing_values_of_a_group_are_missing_together() -> None:
    rng = np.random.default_rng(0)
    rows = spread(rng.integers(0, 5, 300), 5)
    rows[:30] = np.nan
    assert find_groups(rows) == [(0, 1, 2, 3, 4)]
    rows[30, 2] = np.nan
    assert find_groups(rows) == []


def test_one_row_with_two_or_none_is_enough_to_break_it() -> None:
    rows = spread(np.arange(800) % 8, 8)
    rows[5] = 0
    assert find_groups(rows) == []
    rows[5, :2] = 1
    assert find_groups(rows) == []


@pytest.mark.parametrize("num_rows", [1, 8, 20, 60, 200])
def test_chance_forms_no_groups(num_rows: int) -> None:
    rng = np.random.default_rng(num_rows)
    for _ in range(100):
        share = rng.uniform(0, 0.5, 30) ** 2
        assert find_groups((rng.random((num_rows, 30)) < share).astype(float)) == []
    assert find_groups(np.empty((num_rows, 0))) == find_groups(np.empty((0, 3))) == []
    assert find_groups(np.eye(num_rows)) == []
