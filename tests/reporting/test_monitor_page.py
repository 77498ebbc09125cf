"""The monitor's page: what was seen and done, escaped, the same bytes, small."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from components.models.calibration import Calibration
from components.monitoring.anomaly import Tally, judge_tally
from components.monitoring.anomaly_report import Event, SeriesReport, Share
from components.monitoring.odd_lines import odd_lines
from components.monitoring.report import DriftReport, Problem, ProblemKind, Status
from components.monitoring.verdict import unusable, with_anomalies
from components.reporting.looked import Done, Looked
from components.reporting.monitor_page import render_monitor
from tests.monitoring.detection import detect_drift
from tests.procedural import mixed_frame, mixed_table

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def reports() -> list[DriftReport]:
    table, frame = mixed_table(400), mixed_frame(200, seed=1)
    moved = frame.assign(age=frame["age"] + 30, **{"<b>new</b>": 1})
    problem = Problem(kind=ProblemKind.UNREADABLE, text="cannot read <x>")
    return [
        detect_drift(table, frame).report,
        unusable(problem, alarm_share=0.3, num_reference=400),
        detect_drift(table, moved).report,
    ]


def looks(reports: list[DriftReport]) -> list[Looked]:
    return [
        Looked(START + timedelta(hours=6 * i), str(1 + i // 2), f"rows{i}.csv", report)
        for i, report in enumerate(reports)
    ]


def test_the_page_tells_what_was_seen_and_done(reports: list[DriftReport]) -> None:
    done = [Done(START, "promote", "2", "passed <all>")]
    page = render_monitor("people & co", looks(reports), done)
    assert page == render_monitor("people & co", looks(reports), done)
    assert "people &amp; co, version 2" in page and "passed &lt;all&gt;" in page
    assert "<b>new" not in page and "<x>" not in page
    assert "//" not in page.replace("http://www.w3.org", "")
    for status in (Status.OK, Status.UNUSABLE, Status.DRIFT):
        assert f'<td class="short {status}">' in page
    assert "3 looks: 1 ok, 1 drift, 1 unusable" in page and " version 2" in page
    assert "Before and now: age" in page and len(page) < 200_000


def test_odd_rows_and_events_are_shown(reports: list[DriftReport]) -> None:
    scale = Calibration.of(np.arange(99.0))
    rows = pd.DataFrame({"<age>": [212.0] * 40})
    tally = Tally.of(np.full(40, 500.0), rows, scale.threshold(0.05))
    blocks = judge_tally(tally, scale, rate=0.05, explained=pd.DataFrame({"<age>": [3.0] * 40}))
    odd = with_anomalies(reports[0], blocks)
    page = render_monitor("people", looks([reports[0], odd]), [])
    assert "1 anomaly" in page and '<td class="short anomaly">' in page
    assert "The oddest rows" in page and "&lt;age&gt;&#39; is 212" in page and "<age>" not in page
    event = Event(
        first=3,
        last=9,
        num_steps=7,
        began=None,
        ended=None,
        peaked=None,
        peak=9.0,
        excess=4.5,
        columns=(Share(column="heat", share=0.9),),
    )
    series = SeriesReport(blocks=blocks, events=(event,), num_unscored=0, irregular="2 late")
    page = render_monitor("people", looks([with_anomalies(reports[0], series)]), [])
    assert "rows 3 to 9" in page and "4.5 times" in page and "The oddest rows" not in page
    assert odd_lines(with_anomalies(reports[0], series)) == [
        "event, rows 3 to 9: 7 steps, up to 4.5 times the threshold, by 'heat' (90%)",
        "irregular rows: 2 late",
    ]


def test_a_page_of_looks_that_saw_nothing(reports: list[DriftReport]) -> None:
    page = render_monitor("people", looks(reports[1:2]), [])
    assert "Before and now" not in page and "Nothing yet" in page
