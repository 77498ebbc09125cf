"""Rows read as series: order, groups, gaps and missing values, and windows of them."""

import doctest

import numpy as np
import pandas as pd
import pytest

from components.config import SeriesLayout
from components.data import ranges, series, series_windows
from components.data.inference import describe, infer_kinds
from components.data.series import channels_of, read_series
from components.data.series_windows import (
    Scaling,
    StepMeans,
    latest_rows,
    window_starts,
    windows_at,
)
from components.errors import UserError

BY_TIME = SeriesLayout(time="t", group="g")


def two_groups() -> pd.DataFrame:
    """Group b before a; b out of order and with a gap, a without a value once."""
    return pd.DataFrame(
        {
            "g": ["b"] * 6 + ["a"] * 4,
            "t": [0.0, 2.0, 1.0, 3.0, 50.0, 51.0, 0.0, 1.0, 2.0, 3.0],
            "v": [10.0, 12.0, 11.0, 13.0, 14.0, 15.0, 0.0, 1.0, np.nan, 3.0],
        }
    )


@pytest.mark.parametrize("module", [ranges, series, series_windows])
def test_examples(module):
    assert doctest.testmod(module).failed == 0


def test_rows_are_ordered_by_group_and_time_and_broken_at_gaps_and_missing_values():
    read = read_series(two_groups(), ["v"], BY_TIME)
    np.testing.assert_array_equal(
        read.values[:, 0], [0.0, 1.0, np.nan, 3.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0]
    )
    assert read.stretches.tolist() == [[0, 2], [3, 4], [4, 8], [8, 10]]
    assert (read.irregular.missing, read.irregular.late) == (1, 1)
    assert read.irregular.out_of_order == 1
    assert str(read.irregular) == "1 missing, 1 late, 1 out of order"
    assert read.interval == 1.0 and not read.has_clock


def test_values_of_rows_go_back_to_the_order_of_the_table():
    frame = two_groups()
    read = read_series(frame, ["v"], BY_TIME)
    np.testing.assert_array_equal(read.in_table_order(read.values)[:, 0], frame["v"])


def test_shuffled_rows_are_the_same_series():
    shuffled = two_groups().sample(frac=1, random_state=3)
    whole = read_series(two_groups(), ["v"], BY_TIME)
    again = read_series(shuffled, ["v"], BY_TIME)
    np.testing.assert_array_equal(again.values, whole.values)
    np.testing.assert_array_equal(again.stretches, whole.stretches)


def test_dates_have_a_clock_and_rows_without_time_none():
    frame = pd.DataFrame({"t": pd.date_range("2024-01-01", periods=5, freq="5min"), "v": range(5)})
    read = read_series(frame, ["v"], SeriesLayout(time="t"))
    assert (read.interval, read.has_clock) == (300.0, True)
    assert read_series(frame, ["v"], SeriesLayout()).interval is None


@pytest.mark.parametrize("num_rows", [0, 1])
def test_a_table_of_next_to_nothing_is_a_series(num_rows):
    read = read_series(two_groups().head(num_rows), ["v"], BY_TIME)
    assert len(read.values) == num_rows and len(read.stretches) == num_rows
    assert read.interval is None and str(read.irregular) == ""


def test_what_cannot_be_read_is_named():
    frame = two_groups()
    with pytest.raises(UserError, match="'load' is not in the rows"):
        read_series(frame, ["load"], BY_TIME)
    with pytest.raises(UserError, match="'g' holds 'b'"):
        read_series(frame, ["v"], SeriesLayout(time="g"))
    with pytest.raises(UserError, match="'t' has no value in 1 row"):
        read_series(frame.assign(t=frame["t"].where(frame["t"] != 51)), ["v"], BY_TIME)
    with pytest.raises(UserError, match="'g' holds 'b', which is no number"):
        read_series(frame, ["g"], SeriesLayout(time="t"))


def test_channels_are_numbers_without_another_role():
    rows = 60
    frame = pd.DataFrame(
        {
            "t": np.arange(rows) * 0.5,
            "load": np.linspace(0, 1, rows) ** 2,
            "kind": ["normal", "odd"] * (rows // 2),
        }
    )
    schema = describe(frame, infer_kinds(frame, "kind", {}), "kind")
    assert channels_of(schema, SeriesLayout(time="t")) == ("load",)
    with pytest.raises(UserError, match="no column 'when'"):
        channels_of(schema, SeriesLayout(time="when"))
    alone = describe(frame[["t", "kind"]], infer_kinds(frame[["t", "kind"]], "kind", {}), "kind")
    with pytest.raises(UserError, match="no column is a channel"):
        channels_of(alone, SeriesLayout(time="t"))


@pytest.mark.parametrize("stride", [1, 3, 8])
def test_every_row_of_a_long_stretch_is_in_a_window_and_none_crosses_a_stretch(stride):
    stretches = np.array([[0, 8], [8, 15], [15, 40], [41, 55]])
    starts = window_starts(stretches, 8, stride)
    covered = np.zeros(60, bool)
    for start in starts:
        covered[start : start + 8] = True
        assert any(first <= start and start + 8 <= end for first, end in stretches)
    expected = np.zeros(60, bool)
    for first, end in stretches:
        expected[first:end] = end - first >= 8
    np.testing.assert_array_equal(covered, expected)


def test_what_windows_say_of_a_step_is_averaged_over_those_that_have_it():
    values = np.arange(12.0).reshape(6, 2)
    starts = window_starts(np.array([[0, 5]]), 3)
    means = StepMeans(6, 2, 3)
    means.add(starts, windows_at(values, starts, 3))
    np.testing.assert_allclose(means.means()[:5], values[:5])
    assert np.isnan(means.means()[5]).all()


def test_scaling_is_undone_and_does_not_follow_a_spike():
    rng = np.random.default_rng(0)
    values = rng.normal(5, 2, (1_000, 1))
    spiked = np.where(np.arange(1_000)[:, None] == 7, 1e9, values)
    scaling = Scaling.of(spiked)
    assert scaling.spread[0] == pytest.approx(2, rel=0.1)
    np.testing.assert_allclose(scaling.unsquashed(scaling.squashed(spiked)), spiked, rtol=1e-9)
    assert Scaling.of(np.full((9, 1), 3.0)).apply(np.array([[4.0]])) == 1.0


def test_the_latest_rows_of_each_stretch_are_held_out():
    read = read_series(two_groups(), ["v"], BY_TIME)
    earlier, latest = latest_rows(read, 0.5)
    assert latest.tolist() == [1, 3, 5, 7]
    assert earlier.tolist() == [0, 2, 4, 6, 9]
