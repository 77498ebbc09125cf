"""One absurd value among very many is told, and the row it is in; healthy tails are not."""

import numpy as np
import pandas as pd
import pytest

from components.data.batches import frame_batches
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Table
from components.monitoring.drift import detect, make_baseline
from components.monitoring.report import DriftReport, Status
from tests.monitoring.detection import detect_drift
from tests.procedural import mixed_frame, mixed_table

REFERENCE = mixed_table(1_000)


def report_on(frame: pd.DataFrame) -> DriftReport:
    return detect_drift(REFERENCE, frame).report


@pytest.mark.parametrize(("name", "value"), [("age", 99_999), ("amount", 1e12), ("ratio", -1e9)])
def test_one_absurd_value_among_ten_thousand_is_told(name: str, value: float) -> None:
    frame = mixed_frame(10_000, seed=2)
    frame.loc[6_543, name] = value
    report = report_on(frame)
    assert report.status is Status.ANOMALY and report.is_anomalous and not report.breached
    assert [(each.column, each.row, each.value) for each in report.far] == [(name, 6_543, value)]
    assert report.reason.startswith(f"'{name}' is {value:.0f} in row 6543, ")
    assert report.worst == (name,)


def test_it_is_told_where_rows_are_too_few_to_drift() -> None:
    frame = mixed_frame(10, seed=3)
    assert report_on(frame).status is Status.UNUSABLE
    frame.loc[4, "ratio"] = 1e9
    report = report_on(frame)
    assert report.status is Status.ANOMALY and "at least 50 are needed" in report.reason
    assert report.far[0].text.startswith("'ratio' is 1000000000 in row 4, ")


def test_it_is_told_in_a_column_that_moved_and_the_move_is_not() -> None:
    frame = mixed_frame(1_000, seed=4)
    moved = frame.assign(ratio=frame["ratio"] + 60)
    assert not report_on(moved).far
    moved.loc[7, "ratio"] = 1e6
    assert [each.row for each in report_on(moved).far] == [7]


def test_the_order_of_batches_does_not_matter_to_which_row_it_is() -> None:
    frame = mixed_frame(900, seed=5)
    frame.loc[700, "amount"] = 1e9
    baseline = make_baseline(frame_batches(REFERENCE.frame), REFERENCE.schema)
    for size in (64, 900):
        batches = frame_batches(frame, size=size) if size < 900 else frame_batches(frame)
        assert detect(baseline, batches, alarm_share=0.3).report.far[0].row == 700


@pytest.mark.parametrize("freedom", [1, 2.5, 30])
def test_healthy_heavy_tails_are_seldom_told(freedom: float) -> None:
    rng = np.random.default_rng(0)
    names = [f"x{number}" for number in range(6)]
    columns = tuple(Column(name=n, kind=ColumnKind.NUMERICAL, dtype="float64") for n in names)
    schema = Schema(columns=columns, target="x0")

    def drawn(num_rows: int) -> pd.DataFrame:
        return pd.DataFrame(rng.standard_t(freedom, (num_rows, 6)), columns=names)

    far = 0
    for _ in range(30):
        table = Table(drawn(500), schema)
        baseline = make_baseline(frame_batches(table.frame), schema)
        rows = frame_batches(drawn(500))
        found = detect(baseline, rows, alarm_share=0.3, alpha=0.1, together=False)
        far += found.report.is_anomalous
    assert far <= 5  # of 30 looks, 1.5 are expected at most: half of the tenth is for columns
