"""Distinct values: spikes come back exactly, values of a single row never do."""

import numpy as np
import pytest
from scipy import stats

from components.data.schema import Column, ColumnKind
from components.models.levels import MISSING, LevelsPack, to_levels


def numeric(decimals: int | None = None) -> Column:
    return Column(name="x", kind=ColumnKind.NUMERICAL, dtype="float64", decimals=decimals)


def drawn_again(values: np.ndarray, column: Column) -> np.ndarray:
    codes, levels = to_levels(values, column)
    return levels.draw(codes, np.random.default_rng(0))


def drawn_again_in_crowds(values: np.ndarray, crowd: int) -> np.ndarray:
    codes, levels = to_levels(values, numeric(), crowd)
    return levels.draw(codes, np.random.default_rng(0))


def test_discrete_codes_are_kept() -> None:
    column = Column(
        name="c", kind=ColumnKind.CATEGORICAL, dtype="str", categories=("a", "b", "never")
    )
    values = np.array([1.0, np.nan, 0.0])
    codes, levels = to_levels(values, column)
    assert codes.tolist() == [1, MISSING, 0]
    assert len(levels.low) == 3
    np.testing.assert_array_equal(levels.draw(codes, np.random.default_rng(0)), values)


def test_heaped_column_comes_back_exactly() -> None:
    values = np.array([0.0, 0.0, 0.0, 1.5, 1.5, 7.25, np.nan])
    np.testing.assert_array_equal(drawn_again(values, numeric()), values)


def test_single_values_of_a_smooth_column_are_blurred_and_spikes_are_not() -> None:
    values = np.concatenate([np.zeros(100), np.random.default_rng(0).lognormal(size=300)])
    again = drawn_again(values, numeric())
    assert (again[:100] == 0).all()
    assert not np.isin(again[100:], values).any()
    np.testing.assert_allclose(np.sort(again[100:]), np.sort(values[100:]), atol=2)
    assert np.corrcoef(again, values)[0, 1] > 0.99
    assert values.min() <= again.min() and again.max() <= values.max()


def test_a_spike_of_full_precision_comes_back_to_its_last_digit() -> None:
    values = np.concatenate([np.full(300, 1 / 3), np.random.default_rng(0).normal(size=900)])
    for again in (drawn_again(values, numeric()), drawn_again_in_crowds(values, 10)):
        assert (again[:300] == 1 / 3).all()
    heaps = np.repeat(np.array([0.1, 1 / 3, 2 / 3]), 200)
    np.testing.assert_array_equal(drawn_again(heaps, numeric()), heaps)


@pytest.mark.parametrize("step, decimals", [(0.01, 2), (500.0, 0), (86_400e6, 0)])
def test_precision_is_kept(step: float, decimals: int) -> None:
    values = 3 * step + step * np.unique(np.random.default_rng(0).integers(0, 10**5, 200))
    again = drawn_again(values, numeric(decimals))
    assert (again != values).mean() > 0.9
    multiples = again / step
    np.testing.assert_allclose(multiples, np.round(multiples), atol=1e-6)


@pytest.mark.parametrize("crowd", [2, 10, 40])
def test_behind_every_number_stands_a_crowd(crowd: int) -> None:
    rng = np.random.default_rng(crowd)
    values = np.concatenate([np.zeros(60), np.full(45, 3.0), rng.lognormal(size=400).round(2)])
    codes, levels = to_levels(values, numeric(2), crowd)
    assert np.bincount(codes, minlength=len(levels.low)).min() >= crowd
    assert (levels.low <= levels.high).all() and (levels.high[:-1] <= levels.low[1:]).all()
    again = levels.draw(codes, rng)
    assert (again == 0).sum() >= 60 and (again == 3).sum() >= 45
    assert stats.spearmanr(again, values).statistic > 0.97


def test_few_values_beside_a_spike_go_with_the_nearer_one() -> None:
    values = np.repeat([0.0, 1.0, 9.0, 10.0], [20, 2, 3, 30])
    assert drawn_again_in_crowds(values, 10).tolist() == [0.0] * 22 + [10.0] * 33


def test_without_any_crowd_a_column_is_one_stretch() -> None:
    values = np.arange(8.0)
    codes, levels = to_levels(values, numeric(), 20)
    assert set(codes) == {0} and (levels.low[0], levels.high[0]) == (0.0, 7.0)


def test_no_value_at_all() -> None:
    codes, levels = to_levels(np.full(3, np.nan), numeric(), 5)
    assert codes.tolist() == [MISSING] * 3
    assert np.isnan(levels.draw(codes, np.random.default_rng(0))).all()


def test_levels_come_back_from_a_pack() -> None:
    columns = [to_levels(np.random.default_rng(n).normal(size=n), numeric())[1] for n in (5, 9)]
    for before, after in zip(columns, LevelsPack.of(columns).columns(), strict=True):
        np.testing.assert_array_equal(before.low, after.low)
        np.testing.assert_array_equal(before.high, after.high)
        assert before.step == after.step
