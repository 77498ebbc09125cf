"""Levels of a column, and the thresholds that go with their number; hand-computed."""

import doctest

import numpy as np
import pandas as pd
import pytest

from components.monitoring import thresholds
from components.monitoring.levels import NUM_LEVELS, OTHER, to_levels
from tests.procedural import mixed_table

SCHEMA = mixed_table().schema


def numbers(*values: float) -> pd.Series:
    return pd.Series(values, dtype="float64")


def test_numbers_fall_in_tenths_of_the_reference() -> None:
    reference, current = to_levels(
        numbers(*range(100)), numbers(-5, 0, 9, 10, 99, 500, np.nan), SCHEMA["ratio"]
    )
    assert reference.value_counts().tolist() == [10] * NUM_LEVELS
    assert current[:3].nunique() == 1 and current[0] == "01: up to 9"
    assert current[3] == "02: 9 to 19" and current[4] == current[5] == "10: above 89"
    assert pd.isna(current[6])


def test_a_frequent_number_is_a_level_of_its_own() -> None:
    values = numbers(*[0.0] * 60, *range(1, 41))
    reference, current = to_levels(values, numbers(-1.0, 0.0, 0.1), SCHEMA["amount"])
    assert reference.value_counts().iloc[0] == 60
    assert current.nunique() == 3


def test_a_constant_has_levels_below_and_above() -> None:
    _, current = to_levels(numbers(*[3.0] * 50), numbers(2.0, 3.0, 4.0), SCHEMA["ratio"])
    assert current.nunique() == 3


def test_rare_and_unknown_categories_are_one_level() -> None:
    known = pd.Series([f"c{i}" for i in range(30) for _ in range(30 - i)])
    current = pd.Series(["c0", "c8", "c9", "new", None])
    levels, found = to_levels(known, current, SCHEMA["city"])
    assert levels.nunique() == NUM_LEVELS
    assert found.tolist()[:4] == ["c0", "c8", OTHER, OTHER] and found.isna().tolist()[4]


def test_the_examples_of_the_thresholds_hold() -> None:
    result = doctest.testmod(thresholds)
    assert (result.failed, result.attempted) == (0, 3)


@pytest.mark.parametrize("rows", [100, 10_000, 10**7])
def test_thresholds_fall_to_the_effect_and_no_further(rows: int) -> None:
    assert thresholds.distance_threshold(10, rows, rows) > thresholds.DISTANCE
    assert thresholds.distance_threshold(10, 10 * rows, rows) < thresholds.distance_threshold(
        10, rows, rows
    )
