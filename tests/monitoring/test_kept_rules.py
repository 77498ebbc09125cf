"""Rules that a champion holds: told where new rows break them, and nothing where they keep them."""

import numpy as np
import pandas as pd
import pytest

from components.config import Inequality, Sum
from components.data.preparation import prepare_table
from components.monitoring.report import ProblemKind, Status
from tests.monitoring.detection import detect_drift

RULES = (Inequality(low="start", high="end"), Sum(total="gross", parts=("net", "tax")))


def orders(num_rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    net, tax = rng.gamma(2, 50, num_rows).round(2), rng.gamma(2, 9, num_rows).round(2)
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 500, num_rows), unit="h")
    end = start + pd.to_timedelta(rng.integers(0, 90, num_rows), unit="h")
    gross, paid = (net + tax).round(2), rng.choice(["yes", "no"], num_rows)
    return pd.DataFrame(
        {"start": start, "end": end, "net": net, "tax": tax, "gross": gross, "paid": paid}
    )


REFERENCE = prepare_table(orders(1_000, 0), "paid", constraints=RULES)


def test_rows_that_keep_them_are_ok() -> None:
    kept = orders(400, 1)
    kept.loc[::7, "tax"] = np.nan
    assert not detect_drift(REFERENCE, orders(400, 1)).report.problems
    assert not detect_drift(REFERENCE, kept).report.problems


@pytest.mark.parametrize("as_text", [False, True])
def test_rows_that_break_them_are_told_the_most_broken_first(as_text: bool) -> None:
    rows = orders(400, 1)
    rows.loc[:2, "gross"] += 0.02
    rows.loc[10:15, "end"] = rows["start"] - pd.Timedelta(hours=5)
    given = rows.astype({"start": "str", "end": "str"}) if as_text else rows
    report = detect_drift(REFERENCE, given).report
    assert report.status is Status.UNUSABLE and not report.breached
    assert {problem.kind for problem in report.problems} == {ProblemKind.BROKEN_RULES}
    assert [problem.text.partition(",")[0] for problem in report.problems] == [
        "the rule 'start <= end'",
        "the rule 'gross = net + tax'",
    ]
    assert "broken by 6 of 400 rows" in report.reason
    assert "broken by 3 of 400 rows" in report.reason
