"""The rows as a whole: what no column shows by itself is found, chance is not."""

import numpy as np
import pandas as pd
import pytest

from components.data.batches import frame_batches
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Table
from components.monitoring.drift import detect, make_baseline
from components.monitoring.joint import LIMIT, tell_apart
from components.monitoring.report import Status
from components.monitoring.season import Period, Season
from tests.monitoring.detection import detect_drift
from tests.procedural import mixed_frame, mixed_table

NAMES = ("x", "y", "z")


def rows(num_rows: int, correlation: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x, y, z = rng.normal(size=(3, num_rows))
    return np.column_stack([x, correlation * x + np.sqrt(1 - correlation**2) * y, z])


def test_a_correlation_that_is_gone_is_found_and_explained() -> None:
    found = tell_apart(rows(2_000, 0.9, 0), rows(1_000, 0.0, 1), NAMES, alpha=1e-4)
    assert found.drifted and found.auc > 0.75 and found.low > LIMIT
    assert {column.name for column in found.columns} == {"x", "y"}


@pytest.mark.parametrize("num_rows", [60, 1_000])
def test_draws_of_the_same_rows_are_not_told_apart(num_rows: int) -> None:
    found = tell_apart(rows(2_000, 0.9, 0), rows(num_rows, 0.9, 1), NAMES, alpha=1e-2)
    assert not found.drifted and found.low < 0.5 < found.high and not found.columns


def test_the_order_of_rows_is_no_matter() -> None:
    old, new = rows(300, 0.9, 0), rows(200, 0.5, 1)
    one = tell_apart(old, new, NAMES, alpha=1e-3)
    assert tell_apart(old[::-1], np.roll(new, 7, axis=0), NAMES, alpha=1e-3) == one


def test_columns_that_drifted_alone_are_not_asked_about_again() -> None:
    frame = mixed_frame(600, seed=2)
    table = mixed_table(1_000)
    report = detect_drift(table, frame.assign(age=frame["age"] + 30)).report
    assert report.joint is not None and not report.joint.drifted
    assert [c.name for c in report.columns if c.drifted] == ["age"] and report.status is Status.OK


def test_a_change_that_no_column_shows_is_drift() -> None:
    frame = mixed_frame(1_500, seed=2)
    ratio = frame["ratio"].to_numpy()[np.random.default_rng(0).permutation(1_500)]
    report = detect_drift(mixed_table(2_000), frame.assign(ratio=ratio)).report
    assert report.status is Status.DRIFT and not any(c.drifted for c in report.columns)
    assert report.joint is not None and report.joint.columns[0].name == "ratio"
    assert "tell new rows from training rows together" in report.reason and "ratio" in report.worst


def seasonal(num_rows: int, hours: np.ndarray, seed: int) -> pd.DataFrame:
    """Cold nights and warm days."""
    rng = np.random.default_rng(seed)
    hour = rng.choice(hours, num_rows)
    day = rng.integers(0, 300, num_rows)
    at = np.datetime64("2023-01-01", "us") + (24 * day + hour).astype("timedelta64[h]")
    heat = np.where((hour > 7) & (hour < 20), 20.0, 5.0) + rng.normal(size=num_rows)
    return pd.DataFrame({"at": at, "heat": heat, "load": heat + rng.normal(size=num_rows)})


def test_nights_are_compared_with_nights() -> None:
    frame = seasonal(6_000, np.arange(24), 0)
    kinds = {"at": ColumnKind.DATETIME, "heat": ColumnKind.NUMERICAL, "load": ColumnKind.NUMERICAL}
    columns = tuple(Column(name=n, kind=k, dtype=str(frame[n].dtype)) for n, k in kinds.items())
    table = Table(frame, Schema(columns=columns, target="load"))
    nights = seasonal(500, np.arange(0, 6), 1)
    assert detect_drift(table, nights).report.status is Status.DRIFT
    season = Season(period=Period.HOUR_OF_DAY, column="at")
    baseline = make_baseline(frame_batches(frame), table.schema, season=season)
    same = detect(baseline, frame_batches(nights), alarm_share=0.3).report
    assert same.status is Status.OK and same.joint is not None
    hot = nights.assign(heat=nights["heat"] + 3)
    found = detect(baseline, frame_batches(hot), alarm_share=0.3).report
    assert "'heat' (distance" in found.reason and found.columns[0].shift == pytest.approx(
        3.0 / 1.0, abs=0.3
    )


def test_phases_that_no_training_row_has_tell_nothing() -> None:
    rng = np.random.default_rng(0)

    def rows(hours: np.ndarray, seed: int, number: int) -> pd.DataFrame:
        frame = seasonal(number, hours, seed)
        gain = np.where(rng.random(number) < 0.001, 1.0, 0.0)
        return frame.assign(gain=gain, heat=frame["heat"].mask(rng.random(number) < 0.3))

    frame = rows(np.arange(0, 20), 0, 6_000)
    kinds = {name: ColumnKind.NUMERICAL for name in ("heat", "load", "gain")}
    kinds = {"at": ColumnKind.DATETIME, **kinds}
    columns = tuple(
        Column(name=n, kind=k, dtype=str(frame[n].dtype), nullable=n == "heat")
        for n, k in kinds.items()
    )
    season = Season(period=Period.HOUR_OF_DAY, column="at")
    schema = Schema(columns=columns, target="load")
    baseline = make_baseline(frame_batches(frame), schema, season=season)
    evenings = rows(np.arange(20, 24), 1, 400).assign(gain=0.0)
    report = detect(baseline, frame_batches(evenings), alarm_share=0.3).report
    assert report.status is Status.OK and not report.changes and report.joint is None
    partly = pd.concat([evenings, rows(np.arange(0, 20), 2, 400).assign(gain=0.0)])
    report = detect(baseline, frame_batches(partly), alarm_share=0.3).report
    assert not report.changes and not any("missing" in column.why for column in report.columns)


def test_the_champions_own_rows_are_told_apart_from_both_sides() -> None:
    table, own = mixed_table(800), mixed_frame(600, seed=4)
    bent = own.assign(age=own["age"] + 12)
    baseline = make_baseline(
        frame_batches(table.frame), table.schema, synthetic=frame_batches(bent)
    )
    moved = mixed_frame(600, seed=5).assign(age=lambda f: f["age"] + 12)
    report = detect(baseline, frame_batches(moved), alarm_share=0.3).report
    found = report.synthetic
    assert found is not None and found.num_rows == 600 and report.status is Status.OK
    assert found.to_current.worst == () and found.to_reference.worst == ("age",)
    assert found.to_current.low is not None and found.to_current.low < 0.5
    assert found.to_reference.auc is not None and found.to_reference.auc > 0.7
