"""Rows that come twice are told, rows that are alike by chance are not."""

import pandas as pd
import pytest

from components.monitoring.report import ProblemKind, Status
from tests.monitoring.detection import detect_drift
from tests.procedural import mixed_frame, mixed_table

REFERENCE = mixed_table(1_500)


@pytest.mark.parametrize("num_rows", [60, 600])
def test_every_row_twice_is_told_and_rows_alike_by_chance_are_not(num_rows: int) -> None:
    frame = mixed_frame(num_rows, seed=4)
    assert detect_drift(REFERENCE, frame).report.status is Status.OK
    twice = pd.concat([frame, frame]).sort_index()
    report = detect_drift(REFERENCE, twice).report
    assert report.status is Status.UNUSABLE
    (problem,) = report.problems
    assert problem.kind is ProblemKind.REPEATED and "50% of" in problem.text
