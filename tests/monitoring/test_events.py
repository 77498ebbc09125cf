"""Steps merged into events, with their peak, their time and the columns that are odd."""

import numpy as np
import pandas as pd

from components.config import SeriesLayout
from components.data.series import read_series
from components.models.block_threshold import BlockThreshold
from components.monitoring.events import find_events

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


def test_steps_without_a_score_raise_no_alarm():
    series = read_series(rows(), ["load", "heat"], SeriesLayout(time="when"))
    assert find_events(np.full((12, 2), np.nan), series, THRESHOLD) == ()
