"""Steps merged into events, with their peak, their time and the columns that are odd."""

import numpy as np
import pandas as pd

from components.config import SeriesLayout
from components.data.series import read_series
from components.models.series.block_threshold import BlockThreshold
from components.monitoring.events import find_events
from components.monitoring.odd_lines import span

THRESHOLD = BlockThreshold(value=10.0, rate=1.0, block=3)


def rows() -> pd.DataFrame:
    when = pd.date_range("2024-03-01", periods=12, freq="1h")
    return pd.DataFrame({"when": when, "load": range(12), "heat": range(12)})


def test_alarms_closer_than_a_block_are_one_event_with_its_columns():
    frame = rows()
    series = read_series(frame, ["load", "heat"], SeriesLayout(time="when"))
    errors = np.zeros((12, 2))
    errors[[2, 5]] = [[12.0, 0.0], [4.0, 36.0]]
    errors[9] = [0.0, 11.0]
    first, second = find_events(errors, series, THRESHOLD, times=frame["when"])
    assert (first.first, first.last, first.num_steps) == (2, 5, 4)
    assert (first.peak, first.excess) == (40.0, 4.0)
    assert first.began == pd.Timestamp("2024-03-01 02:00")
    assert first.peaked == first.ended == pd.Timestamp("2024-03-01 05:00")
    assert [(each.column, round(each.share, 3)) for each in first.columns] == [
        ("heat", 0.692),
        ("load", 0.308),
    ]
    assert (second.first, second.last, second.columns[0].column) == (9, 9, "heat")


def test_short_events_are_left_out_and_rows_need_no_order():
    frame = rows().sample(frac=1, random_state=0).reset_index(drop=True)
    series = read_series(frame, ["load", "heat"], SeriesLayout(time="when"))
    errors = np.zeros((12, 2))
    errors[[2, 3, 9]] = 20.0
    found = find_events(errors, series, THRESHOLD, times=frame["when"], shortest=2)
    assert [event.num_steps for event in found] == [2]
    assert frame["when"][found[0].first] == pd.Timestamp("2024-03-01 02:00")


def test_an_event_goes_on_over_a_short_gap_and_not_over_a_long_one_or_into_another_series():
    frame = pd.DataFrame({"t": [0.0, 1, 2, 14, 15, 40, 41, 42, 43, 0, 1], "load": range(11)})
    frame["who"] = ["a"] * 9 + ["b"] * 2
    frame.loc[6, "load"] = np.nan
    series = read_series(frame, ["load"], SeriesLayout(time="t", group="who"))
    assert series.stretches.tolist() == [[0, 3], [3, 5], [5, 6], [7, 9], [9, 11]]
    errors = np.zeros((11, 1))
    errors[[2, 3, 5, 7, 8, 9]] = 20.0
    threshold = BlockThreshold(value=10.0, rate=1.0, block=12)
    found = find_events(errors, series, threshold)
    assert [(event.first, event.last) for event in found] == [(2, 3), (5, 8), (9, 9)]
    apart = find_events(errors, series, BlockThreshold(value=10.0, rate=1.0, block=11))
    assert [event.first for event in apart] == [2, 3, 5, 9]


def test_rows_are_told_as_they_stand_in_the_table():
    frame = pd.DataFrame({"t": np.arange(12.0)[::-1], "load": range(12)})
    for order, told in (
        (range(12), "rows 8 to 9"),
        ([*range(9), 10, 11, 9], "from row 11 to row 8 in order of time"),
    ):
        series = read_series(frame.iloc[list(order)], ["load"], SeriesLayout(time="t"))
        errors = np.zeros((12, 1))
        errors[2:4] = 20.0
        (event,) = find_events(errors, series, THRESHOLD)
        assert span(event) == told


def test_steps_without_a_score_raise_no_alarm():
    series = read_series(rows(), ["load", "heat"], SeriesLayout(time="when"))
    assert find_events(np.full((12, 2), np.nan), series, THRESHOLD) == ()
