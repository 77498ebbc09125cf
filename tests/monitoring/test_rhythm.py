"""Rows at another interval and numbers that are stuck are told, over batches of any size."""

import numpy as np
import pandas as pd
import pytest

from components.data.batches import frame_batches
from components.data.schema import Column, ColumnKind, Schema
from components.monitoring.drift import Baseline, detect, make_baseline
from components.monitoring.reference import Reference
from components.monitoring.report import ChangeKind, DriftReport, Status

KINDS = {"when": ColumnKind.DATETIME, "load": ColumnKind.NUMERICAL, "rain": ColumnKind.NUMERICAL}


def frame(num_rows: int, seed: int, minutes: int = 10) -> pd.DataFrame:
    """A level that moves at every step, and rain that seldom falls."""
    rng = np.random.default_rng(seed)
    step = np.timedelta64(minutes, "m")
    when = np.datetime64("2024-01-01", "us") + step * np.arange(num_rows)
    rain = np.where(rng.random(num_rows) < 0.1, rng.exponential(size=num_rows), 0.0)
    return pd.DataFrame({"when": when, "load": rng.normal(size=num_rows), "rain": rain})


def baseline_of(rows: pd.DataFrame) -> Baseline:
    columns = tuple(Column(name=n, kind=k, dtype=str(rows[n].dtype)) for n, k in KINDS.items())
    return make_baseline(frame_batches(rows), Schema(columns=columns, target="load"))


BASELINE = baseline_of(frame(3_000, 0))


def report_on(rows: pd.DataFrame, baseline: Baseline = BASELINE) -> DriftReport:
    return detect(baseline, frame_batches(rows), alarm_share=0.3, together=False).report


def test_what_goes_on_as_it_did_is_quiet_gaps_too() -> None:
    rows = frame(2_000, 1)
    for fine in (rows, rows.drop(index=range(300, 500)), rows.drop(index=rows.index[::7])):
        report = report_on(fine)
        assert report.status is Status.OK and not report.changes, report.reason


@pytest.mark.parametrize(("minutes", "said"), [(60, "1 h"), (1, "1 min"), (20, "20 min")])
def test_another_interval_is_told(minutes: int, said: str) -> None:
    report = report_on(frame(500, 1, minutes))
    assert report.status is Status.DRIFT and report.changes[0].kind is ChangeKind.FOREIGN
    assert f"'when' goes on by {said} from row to row, and by 10 min" in report.reason


def test_a_clock_that_jumps_on_is_told() -> None:
    rows = frame(1_000, 1)
    rows.loc[600:, "when"] += pd.Timedelta(days=3_650)
    report = report_on(rows)
    assert report.status is Status.DRIFT
    assert "'when' jumps on by 3,646 days from one row to the next" in report.reason
    rows.loc[600:, "when"] -= pd.Timedelta(days=3_640)  # a gap of ten days
    assert report_on(rows).status is Status.OK


def test_a_number_that_stands_still_is_told_over_batches() -> None:
    rows = frame(2_000, 1)
    rows.loc[700:900, "load"] = 0.125
    seen = [
        detect(BASELINE, frame_batches(rows, size=size), alarm_share=0.3, together=False).report
        for size in (64, 5_000)
    ]
    assert seen[0].changes == seen[1].changes and seen[0].status is Status.DRIFT
    (change,) = seen[0].changes
    assert change.kind is ChangeKind.NOW_CONSTANT
    assert "'load' is stuck: it is 0.125 in 201 rows one after another" in change.text


def test_a_dry_month_is_no_stuck_sensor() -> None:
    rows = frame(2_000, 2)
    rows.loc[100:200, "rain"] = 0.0
    assert not report_on(rows).changes


def test_rows_in_no_order_of_time_say_nothing_of_it() -> None:
    sorted_by_load = frame(1_000, 3).sort_values("rain")
    report = report_on(sorted_by_load)
    assert report.status is Status.UNUSABLE and not report.changes
    unordered = baseline_of(frame(2_000, 0).sample(frac=1, random_state=0))
    assert not report_on(frame(500, 1, 60), unordered).changes


def test_events_at_no_interval_have_none() -> None:
    rng = np.random.default_rng(0)

    def visits(num_rows: int, rate: float) -> pd.DataFrame:
        waits = (rng.exponential(rate, num_rows) * 6e7).astype("timedelta64[us]")
        return frame(num_rows, 4).assign(when=np.datetime64("2024-01-01", "us") + waits.cumsum())

    baseline = baseline_of(visits(2_000, 10))
    assert baseline.reference.rhythm is not None and baseline.reference.rhythm.interval is None
    assert not report_on(visits(500, 40), baseline).changes


def test_what_is_known_of_the_rhythm_is_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("rhythm") / "reference.json"
    BASELINE.reference.save(path)
    found = Reference.load(path, BASELINE.reference.schema)
    assert found.rhythm == BASELINE.reference.rhythm and found.rhythm is not None
    assert found.rhythm.interval == 6e8
