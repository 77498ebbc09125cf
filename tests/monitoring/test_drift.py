"""Drift: found where it was planted, not found where there is none, named as what it is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.data.table import Table
from components.errors import UserError
from components.monitoring.changes import MIN_ROWS
from components.monitoring.reference import SAMPLE
from components.monitoring.report import ChangeKind, ColumnDrift, DriftReport, ProblemKind, Status
from tests.monitoring.detection import detect_drift
from tests.procedural import columns_table, mixed_frame, mixed_table

REFERENCE = mixed_table(1000)


def report_on(current: pd.DataFrame, **options: Any) -> DriftReport:
    return detect_drift(REFERENCE, current, **options).report


def column(report: DriftReport, name: str) -> ColumnDrift:
    return next(column for column in report.columns if column.name == name)


def test_equal_rows_are_at_distance_0() -> None:
    report = report_on(REFERENCE.frame)
    assert report.status is Status.OK and report.share == 0.0 and not report.changes
    assert {column.value for column in report.columns} == {0.0, None}


def test_shuffled_rows_change_nothing() -> None:
    shuffled = mixed_frame(400, seed=1)
    assert report_on(shuffled) == report_on(shuffled.sample(frac=1, random_state=3))


def test_every_learned_column_is_compared_and_no_other() -> None:
    names = {column.name for column in report_on(mixed_frame(400, seed=1)).columns}
    assert names == {column.name for column in REFERENCE.schema.learned}


@pytest.mark.parametrize(
    ("num_rows", "num_draws"),
    [(60, 4), (1_000, 4), *(pytest.param(n, 100, marks=pytest.mark.slow) for n in (60, 300, 2000))],
)
def test_draws_of_the_same_rows_rarely_drift(num_rows: int, num_draws: int) -> None:
    reports = [report_on(mixed_frame(num_rows, seed=seed)) for seed in range(1, num_draws + 1)]
    assert not any(report.status is Status.DRIFT for report in reports)
    assert sum(report.share for report in reports) / len(reports) <= 0.01


@pytest.mark.parametrize(
    ("name", "plant"),
    [
        ("age", lambda v: v + 8),
        ("ratio", lambda v: v.mean() + 2 * (v - v.mean())),
        ("amount", lambda v: v.where(v != 0, 10.0)),
        ("amount", lambda v: v * 3),
        ("visits", lambda v: v + 2),
        ("city", lambda v: v.where(v != "Delft", "Cork")),
        ("is_member", lambda v: v | (v.index % 2 == 0)),
    ],
)
def test_a_planted_shift_is_found_in_its_column_alone(
    name: str, plant: Callable[[pd.Series], pd.Series]
) -> None:
    frame = mixed_frame(500, seed=2)
    report = report_on(frame.assign(**{name: plant(frame[name])}))
    assert [column.name for column in report.columns if column.drifted] == [name]
    assert report.columns[0].name == name and report.worst == (name,)
    assert f"'{name}' (distance" in report.reason and report.status is Status.OK


def test_enough_drifted_columns_are_an_alarm() -> None:
    frame = mixed_frame(500, seed=2).assign(
        age=lambda f: f["age"] + 20,
        city=lambda f: f["city"].where(f.index % 9 == 0, "Cork"),
        ratio=lambda f: f["ratio"] + 5,
    )
    assert report_on(frame, alarm_share=0.3).status is Status.DRIFT
    assert report_on(frame, alarm_share=0.5).status is Status.OK
    assert "3 of 9 columns drifted (33%; the alarm is at 30%)" in report_on(frame).reason


def test_missing_values_and_new_categories_are_named() -> None:
    frame = mixed_frame(500, seed=2)
    rng = np.random.default_rng(0)
    frame["seen"] = frame["seen"].mask(rng.random(500) < 0.5)
    frame["city"] = frame["city"].mask(rng.random(500) < 0.15, "Ghent")
    report = report_on(frame)
    assert "are missing" in column(report, "seen").why and column(report, "seen").value is None
    assert column(report, "city").new_categories == ("Ghent",)
    assert "13% have new categories such as 'Ghent'" in column(report, "city").why


def test_rare_categories_are_to_be_expected() -> None:
    rng = np.random.default_rng(1)

    def rows(count: int) -> pd.DataFrame:
        frame = mixed_frame(count)
        return frame.assign(city=[f"c{int(x)}" for x in rng.zipf(1.3, count)])[["city", "outcome"]]

    table = Table(rows(800), REFERENCE.schema)
    reference = columns_table(table, ["city", "outcome"], target="outcome")
    found = detect_drift(reference, rows(400)).report
    assert column(found, "city").unseen > 0.05 and not column(found, "city").drifted


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        (lambda f: f.drop(columns="city"), ChangeKind.MISSING, "'city' is missing"),
        (lambda f: f.drop(columns="id"), ChangeKind.MISSING, "'id' is missing"),
        (lambda f: f.assign(other=1), ChangeKind.EXTRA, "'other' is new"),
        (lambda f: f.assign(age=np.nan), ChangeKind.EMPTY, "'age' has no value in any of 100"),
        (lambda f: f.assign(age="old"), ChangeKind.UNREADABLE, "as integer: it has 'old'"),
        (lambda f: f.assign(age=20.5), ChangeKind.UNREADABLE, "whole numbers and now has 20.5"),
        (lambda f: f.assign(ratio=np.inf), ChangeKind.UNREADABLE, "infinite in 100 of 100 rows"),
        (lambda f: f.assign(seen="soon"), ChangeKind.UNREADABLE, "as datetime: it has 'soon'"),
        (lambda f: f.assign(seen=1_681_942_800), ChangeKind.UNREADABLE, "it has '1681942800'"),
        (lambda f: f.assign(city=f.city.str.upper()), ChangeKind.FOREIGN, "new categories in 94%"),
        (lambda f: f.assign(ratio=f.ratio * 60 + 600), ChangeKind.FOREIGN, "has other numbers: "),
        (lambda f: f.assign(currency="USD"), ChangeKind.NO_LONGER_CONSTANT, "now has 'USD'"),
    ],
)
def test_a_changed_schema_is_drift_and_not_a_crash(
    change: Callable[[pd.DataFrame], pd.DataFrame], kind: ChangeKind, text: str
) -> None:
    report = report_on(change(mixed_frame(100, seed=1)))
    (found,) = report.changes
    assert (found.kind, report.status) == (kind, Status.DRIFT)
    assert text in found.text and report.reason.startswith(f"the schema changed: {found.text}")
    assert report.worst[0] == found.column


def test_a_counter_that_goes_on_is_of_the_same_unit() -> None:
    frame = mixed_frame(100, seed=1)
    ratio = REFERENCE.frame["ratio"]
    later = ratio.mean() + 9 * ratio.std() + 0.1 * (frame["ratio"] - frame["ratio"].mean())
    report = report_on(frame.assign(ratio=later))
    assert not report.changes and column(report, "ratio").drifted


def test_one_number_far_away_is_no_other_unit() -> None:
    frame = mixed_frame(100, seed=1)
    frame.loc[3, "ratio"] = 1e9
    report = report_on(frame)
    assert not report.changes and not column(report, "ratio").drifted


def test_nothing_left_to_compare_is_still_a_report() -> None:
    found = detect_drift(REFERENCE, pd.DataFrame({"x": range(100)}))
    assert found.evidently is None and len(found.report.changes) == 12
    assert found.report.status is Status.DRIFT


def test_columns_the_model_was_not_trained_on_may_be_there() -> None:
    frame = mixed_frame(100, seed=1).assign(note="x")
    assert not report_on(frame, ignored=("note",)).changes
    assert not report_on(frame.drop(columns="note"), ignored=("note",)).changes


def test_types_of_another_file_format_are_no_drift(tmp_path) -> None:  # type: ignore[no-untyped-def]
    frame = mixed_frame(300, seed=1)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    assert report_on(pd.read_csv(tmp_path / "rows.csv")) == report_on(frame)


@pytest.mark.parametrize("num_rows", [0, 1, MIN_ROWS - 1])
def test_too_few_rows_are_a_finding_with_the_number_needed(num_rows: int) -> None:
    report = report_on(mixed_frame(100).head(num_rows))
    (problem,) = report.problems
    assert (report.status, problem.kind) == (Status.UNUSABLE, ProblemKind.TOO_FEW_ROWS)
    assert f"there are {num_rows} new rows; at least {MIN_ROWS} are needed" in report.reason
    assert not report.columns and not report.breached


def test_too_few_training_rows_are_refused() -> None:
    with pytest.raises(UserError, match=r"there are 40 training rows; at least 50"):
        detect_drift(mixed_table(40), REFERENCE.frame)


def test_the_report_is_json_and_back() -> None:
    report = report_on(mixed_frame(100, seed=1).assign(city="Ghent"))
    assert DriftReport.model_validate_json(report.model_dump_json()) == report


def test_evidently_agrees_and_has_a_page() -> None:
    found = detect_drift(REFERENCE, mixed_frame(500, 2).assign(city="Cork"))
    assert found.evidently is not None and found.evidently.failed == {"city"}
    for name, distance in found.evidently.distances.items():
        assert distance == pytest.approx(column(found.report, name).value, abs=1e-9)
    assert "<html" in found.evidently.html().lower()


@pytest.mark.slow
def test_long_tables_are_compared_by_a_sample() -> None:
    long = mixed_frame(2 * SAMPLE, seed=4)
    assert report_on(long).status is Status.OK
    assert report_on(long.assign(age=long["age"] + 8)).columns[0].name == "age"
