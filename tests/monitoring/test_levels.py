"""Levels of a column, and the effects that are told from them; hand-computed."""

import doctest
from types import ModuleType

import numpy as np
import pytest

from components.monitoring import columns, effects, joint, season, unseen
from components.monitoring.levels import NUM_LEVELS, OTHER, RARE, CategoryLevels, NumberLevels


def numbers(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def test_numbers_fall_in_tenths_of_the_reference() -> None:
    levels = NumberLevels.of(numbers(*range(100)))
    assert np.bincount(levels.place(numbers(*range(100)))).tolist() == [10] * NUM_LEVELS
    assert levels.place(numbers(-5, 0, 9, 10, 99, 500)).tolist() == [0, 0, 0, 1, 9, 9]
    assert levels.names[:2] == ("01: up to 9", "02: 9 to 19")
    assert levels.names[-1] == "10: above 89"
    assert (levels.centre, levels.scale) == (49.5, pytest.approx(28.866, abs=1e-3))


def test_a_frequent_number_is_a_level_of_its_own() -> None:
    values = numbers(*[0.0] * 60, *range(1, 41))
    levels = NumberLevels.of(values)
    assert np.bincount(levels.place(values)).max() == 60
    assert len(set(levels.place(numbers(-1.0, 0.0, 0.1)).tolist())) == 3
    assert levels.names[1] == "02: 0"


def test_a_constant_has_levels_below_and_above() -> None:
    levels = NumberLevels.of(numbers(*[3.0] * 50))
    assert levels.place(numbers(2.0, 3.0, 4.0)).tolist() == [0, 1, 2] and levels.scale == 1.0


def test_rare_and_unknown_categories_are_one_level() -> None:
    known = {f"c{i}": i for i in range(30)}
    levels = CategoryLevels.of({name: 30 - code for name, code in known.items()})
    assert len(levels.names) == NUM_LEVELS and levels.names[-1] == OTHER
    assert levels.of_codes(known)[[0, 8, 9, 30]].tolist() == [0, 8, 9, 9]


def test_no_category_of_few_rows_is_named() -> None:
    assert CategoryLevels.of({"a": RARE, "b": RARE - 1}).frequent == ("a",)


@pytest.mark.parametrize("module", [columns, effects, joint, season, unseen])
def test_the_examples_hold(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.failed == 0 and result.attempted


@pytest.mark.parametrize("rows", [100, 10_000, 10**7])
def test_thresholds_fall_to_the_effect_and_no_further(rows: int) -> None:
    threshold = effects.distance_threshold(10, rows, rows, 1e-4)
    assert threshold > effects.DISTANCE
    assert effects.distance_threshold(10, 10 * rows, rows, 1e-4) < threshold


@pytest.mark.parametrize("rows", [100, 1_000, 100_000])
def test_an_interval_holds_the_true_distance(rows: int) -> None:
    rng = np.random.default_rng(rows)
    before, now = np.full(5, 0.2), np.array([0.3, 0.25, 0.2, 0.15, 0.1])
    true, held = effects.jensen_shannon(before, now), 0
    for _ in range(200):
        sides = [rng.multinomial(rows, shares) / rows for shares in (before, now)]
        found = effects.distance_between(*sides, rows, rows, alpha=0.025)
        held += found.low <= true <= found.high
        assert found.low <= found.value <= found.high
        assert found.counts == (found.low > effects.DISTANCE)
    assert held >= 180
