import numpy as np
import pytest

from components.data.bundled import load_bundled
from components.data.preparation import prepare_table
from components.data.table import Table
from components.evaluation.benefit.arms import GAUSSIAN, KNOWN, Fold, possible_arms
from components.evaluation.features import Rows, rows_of, task_of
from components.evaluation.fidelity.markers import correlate, find_markers, marker_error
from components.evaluation.scores import all_scores
from tests.evaluation.samplers import Marginals, case_of, measure, mixed_split, values


def cells() -> Table:
    return prepare_table(load_bundled("procedural:expression").iloc[:, -71:], "cell_type")


def test_correlations_are_those_of_numpy_and_the_error_is_of_pairs() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3)), rng.normal(size=(80, 3))
    one, other = correlate(first), correlate(second)
    np.testing.assert_allclose(one.matrix, np.corrcoef(first.T))
    gaps = np.abs(np.corrcoef(first.T) - np.corrcoef(second.T))
    value, _ = marker_error(one, other)
    assert value == pytest.approx(gaps[np.triu_indices(3, 1)].mean() / 2)


def test_the_standard_error_is_what_draws_of_rows_vary_by() -> None:
    rng = np.random.default_rng(1)
    mix, fixed = rng.normal(size=(4, 4)), correlate(rng.normal(size=(20_000, 4)))
    drawn = [marker_error(correlate(rng.normal(size=(200, 4)) @ mix), fixed) for _ in range(300)]
    spread, told = np.std([value for value, _ in drawn]), np.mean([error for _, error in drawn])
    assert told == pytest.approx(spread, rel=0.2)


def test_markers_are_the_columns_raised_in_a_class() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(300, 40)), np.resize([0.0, 1.0, 2.0], 300)
    for code in range(3):
        x[y == code, 5 * code : 5 * code + 5] += 3
    x[0, 0] = np.nan
    assert find_markers(Rows(x, y), np.zeros(40, bool)).tolist() == list(range(15))
    assert not set(find_markers(Rows(x, y), np.arange(40) == 7)) & {7}


def test_wide_tables_alone_are_measured_and_broken_pairs_cost() -> None:
    table = cells()
    half = len(table) // 2
    train, test = table.take(np.arange(half)), table.take(np.arange(half, len(table)))
    loose = Table(Marginals(train).sample(half, seed=0), table.schema)
    same, real, broken = (
        values(measure("markers", case_of(train, test, rows)))["marker_error"]
        for rows in (train, test, loose)
    )
    assert same == pytest.approx(0, abs=1e-9) and same < real < broken
    narrow, held, _ = mixed_split(120, 60)
    assert not measure("markers", case_of(narrow, held, narrow)).measurements


def test_a_class_gaussian_makes_as_many_rows_of_each_class_as_the_generator() -> None:
    table = cells()
    task = task_of(table)
    rows = rows_of(table, task)
    assert GAUSSIAN in possible_arms(task, [rows.y])
    fold = Fold(rows, rows.take(np.arange(0, len(rows), 7)), task, 3)
    made = KNOWN[GAUSSIAN](fold).rows
    extra = made.take(np.arange(len(rows), len(made)))
    np.testing.assert_array_equal(
        np.bincount(extra.y.astype(int)), np.bincount(fold.synthetic.y.astype(int))
    )
    assert abs((extra.x == 0).mean() - (rows.x == 0).mean()) < 0.05
    again = KNOWN[GAUSSIAN](fold).rows
    np.testing.assert_array_equal(again.x, made.x)
    mixed = mixed_split(120, 60)[0]
    assert GAUSSIAN not in possible_arms(task_of(mixed), [rows_of(mixed, task_of(mixed)).y])


def test_rare_recall_is_that_of_classes_with_less_than_half_an_even_share() -> None:
    task = task_of(cells())
    names = task.schema.target_column.categories
    counts = cells().frame["cell_type"].value_counts()
    assert {names[code] for code in task.rare} == set(counts.index[counts < 35])
    y = np.array([task.rare[0], task.rare[0], 0.0, 0.0])
    found = np.eye(len(names))[[task.rare[0], 0, 0, 0]]
    scores = all_scores(y, found, task)
    assert scores["rare_recall"] == 0.5 and scores["balanced_accuracy"] == 0.75
    none = all_scores(np.array([0.0, 1.0]), np.eye(len(names))[[0, 1]], task)
    assert np.isnan(none["rare_recall"])
