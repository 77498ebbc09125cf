"""Odd rows among new ones: how many raise an alarm against the stated rate, and which, and why."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.errors import UserError
from components.models.calibration import Calibration
from components.monitoring.report import Value

ODDEST = 10
COLUMNS = 3
CONFIDENCE = 0.99


class OddRow(Value):
    """One row: its position among the new rows, how odd it is, and what makes it so.

    `p_value` is the share of normal held-out rows that are at least as odd. `columns` are the
    columns that contribute most, the first most of all, each with its contribution; none where the
    model cannot tell.
    """

    row: int
    oddness: float
    p_value: float
    columns: tuple[tuple[str, float], ...] = ()


class AnomalyReport(Value):
    """All that one look at the scores of new rows found.

    `share` of the rows raised an alarm, with a two-sided interval; `rate` is what was stated of
    normal rows, `most` the largest share that is likely where all rows are normal, few held-out
    rows allowed for. Above it, the status is anomaly.
    """

    is_anomalous: bool
    reason: str
    share: float
    low: float
    high: float
    rate: float
    most: float
    num_rows: int
    num_flagged: int
    num_calibration: int
    oddest: tuple[OddRow, ...]


def find_anomalies(
    oddness: NDArray[np.float64],
    calibration: Calibration,
    *,
    rate: float,
    explained: pd.DataFrame | None = None,
    confidence: float = CONFIDENCE,
) -> AnomalyReport:
    """What the scores of new rows say, on the scale of normal rows held out of the model's fit.

    Single odd rows are expected: the batch as a whole is anomalous only where more rows are flagged
    than `confidence` allows a batch of normal ones, by the beta-binomial distribution of how many
    of them pass a threshold drawn from so many held-out rows (Bates et al. 2023, section 3).
    `explained` says how odd the values of some rows are, by their positions
    (`components.models.oddness.explain`). Raises UserError where the rate cannot be stated by so
    few held-out rows, or there is no row.

    >>> scale = Calibration.of(np.arange(99.0))
    >>> report = find_anomalies(np.array([10.0, 200.0, 30.0]), scale, rate=0.05)
    >>> report.num_flagged, report.oddest[0].row, report.oddest[0].p_value
    (1, 1, 0.01)
    """
    if not len(oddness):
        raise UserError("there is no row to look at")
    from scipy.stats import beta

    p_values = calibration.p_values(oddness)
    flagged = oddness > calibration.threshold(rate)
    count, total = int(flagged.sum()), len(oddness)
    most = _most_flagged(total, calibration, rate, confidence)
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, count, total - count + 1)) if count else 0.0
    high = float(beta.ppf(1 - tail, count + 1, total - count)) if count < total else 1.0
    share, is_anomalous = count / total, count > most
    return AnomalyReport(
        is_anomalous=is_anomalous,
        reason=(
            f"{count} of {total} rows ({share:.1%}) are odder than all but {rate:.1%} of normal "
            f"ones; up to {most} are to be expected of normal rows"
        ),
        share=share,
        low=low,
        high=high,
        rate=rate,
        most=most / total,
        num_rows=total,
        num_flagged=count,
        num_calibration=calibration.num_rows,
        oddest=_oddest(oddness, p_values, explained),
    )


def oddest_rows(oddness: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions of the ten oddest rows, the oddest first: those that are worth explaining."""
    return np.argsort(-oddness, kind="stable")[:ODDEST].astype(np.int64)


def _most_flagged(total: int, calibration: Calibration, rate: float, confidence: float) -> int:
    """How many of so many normal rows raise an alarm at most, with this confidence."""
    from scipy.special import betaln, gammaln

    rows = calibration.num_rows + 1
    passing = round(calibration.stated_rate(rate) * rows)
    counts = np.arange(total + 1)
    chosen = gammaln(total + 1) - gammaln(counts + 1) - gammaln(total - counts + 1)
    held = betaln(counts + passing, total - counts + rows - passing)
    chances = np.exp(chosen + held - betaln(passing, rows - passing))
    return int(np.searchsorted(np.cumsum(chances), confidence))


def _oddest(
    oddness: NDArray[np.float64], p_values: NDArray[np.float64], explained: pd.DataFrame | None
) -> tuple[OddRow, ...]:
    return tuple(
        OddRow(
            row=int(row),
            oddness=float(oddness[row]),
            p_value=float(p_values[row]),
            columns=_columns(explained, row),
        )
        for row in oddest_rows(oddness)
    )


def _columns(explained: pd.DataFrame | None, row: int) -> tuple[tuple[str, float], ...]:
    """The columns that contribute most to a row's oddness, if that is known."""
    if explained is None or row not in explained.index:
        return ()
    contributions = pd.Series(explained.loc[row])
    most = contributions.sort_values(ascending=False, kind="stable").head(COLUMNS)
    return tuple((str(name), float(value)) for name, value in most.items())
