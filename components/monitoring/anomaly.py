"""Odd rows among new ones: how many raise an alarm against the stated rate, and which, and why."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.errors import UserError
from components.models.calibration import Calibration
from components.monitoring.anomaly_report import AnomalyReport, OddColumn, OddRow
from components.monitoring.tails import KEPT, Tail, as_number, as_times

ODDEST = 10
COLUMNS = 3
CONFIDENCE = 0.99
FAR_CHANCE = 0.001
"""The chance that a look at normal rows says of any that it is far beyond anything held out."""
_COUNTS = 65_536
"""How many counts of flagged rows are looked at once."""


@dataclass(frozen=True)
class Tally:
    """What is kept of the scores of rows, however many: two counts, and the ten oddest rows.

    `rows` has these as they were scored, by their positions, the oddest first; `oddness` has their
    scores and those of some more, as many as tell a tail. Tallies of batches add up.
    """

    num_rows: int
    num_flagged: int
    rows: pd.DataFrame
    oddness: NDArray[np.float64]

    @classmethod
    def of(
        cls, oddness: NDArray[np.float64], rows: pd.DataFrame, threshold: float, first: int = 0
    ) -> "Tally":
        """That of one batch, whose first row is at this position; all scores are finite."""
        assert np.isfinite(oddness).all(), "a score is a number"
        kept = np.argsort(-oddness, kind="stable")[: KEPT + 1]
        return cls(
            num_rows=len(oddness),
            num_flagged=int((oddness > threshold).sum()),
            rows=rows.iloc[kept[:ODDEST]].set_axis(kept[:ODDEST] + first),
            oddness=oddness[kept],
        )

    def __add__(self, more: "Tally") -> "Tally":
        """That of both, `more` being of rows that follow."""
        oddness = np.concatenate([self.oddness, more.oddness])
        kept = np.argsort(-oddness, kind="stable")[: KEPT + 1]
        rows = pd.concat([self.rows, more.rows])
        oddest = np.concatenate([self.oddness[: len(self.rows)], more.oddness[: len(more.rows)]])
        return Tally(
            num_rows=self.num_rows + more.num_rows,
            num_flagged=self.num_flagged + more.num_flagged,
            rows=rows.iloc[np.argsort(-oddest, kind="stable")[:ODDEST]],
            oddness=oddness[kept],
        )


def find_anomalies(
    oddness: NDArray[np.float64],
    calibration: Calibration,
    *,
    rate: float,
    unit: str = "rows",
    confidence: float = CONFIDENCE,
) -> AnomalyReport:
    """What the scores of new rows say, see `judge_tally`; no column is named.

    Raises UserError where the rate cannot be stated by so few held-out rows, or there is no row.

    >>> scale = Calibration.of(np.arange(99.0))
    >>> report = find_anomalies(np.array([10.0, 200.0, 30.0]), scale, rate=0.05)
    >>> report.num_flagged, report.oddest[0].row, report.oddest[0].p_value
    (1, 1, 0.01)
    """
    bare = pd.DataFrame(index=range(len(oddness)))
    tally = Tally.of(oddness, bare, calibration.threshold(rate))
    return judge_tally(tally, calibration, rate=rate, unit=unit, confidence=confidence)


def judge_tally(
    tally: Tally,
    calibration: Calibration,
    *,
    rate: float,
    explained: pd.DataFrame | None = None,
    unit: str = "rows",
    confidence: float = CONFIDENCE,
) -> AnomalyReport:
    """What the scores of rows say, on the scale of normal rows held out of the model's fit.

    Single odd rows are expected: the batch as a whole is anomalous only where more rows are flagged
    than `confidence` allows a batch of normal ones, by the beta-binomial distribution of how many
    of them pass a threshold drawn from so many held-out rows (Bates et al. 2023, section 3), or
    where a score is far beyond those of all held-out rows (`tails.py`).
    `explained` says how odd the values of the oddest rows are, by their positions
    (`components.models.oddness.explain`). `unit` is what the reason calls what was scored. Raises
    UserError as `find_anomalies` does.
    """
    if not tally.num_rows:
        raise UserError("there is no row to look at")
    from scipy.stats import beta

    count, total = tally.num_flagged, tally.num_rows
    most = _most_flagged(total, calibration, rate, confidence)
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, count, total - count + 1)) if count else 0.0
    high = float(beta.ppf(1 - tail, count + 1, total - count)) if count < total else 1.0
    share = count / total
    oddest = _oddest(tally, calibration, explained)
    reason = (
        f"{count} of {total} {unit} ({share:.1%}) are odder than all but {rate:.1%} of normal "
        f"ones; up to {most} are to be expected where all are normal"
    )
    if oddest[0].times:
        reason += f"; {_far_beyond(oddest, calibration, unit)}"
    return AnomalyReport(
        is_anomalous=count > most or oddest[0].times > 0,
        reason=reason,
        share=share,
        low=low,
        high=high,
        rate=rate,
        most=most / total,
        num_rows=total,
        num_flagged=count,
        num_calibration=calibration.num_rows,
        oddest=oddest,
    )


def _most_flagged(total: int, calibration: Calibration, rate: float, confidence: float) -> int:
    """How many of so many normal rows raise an alarm at most, with this confidence."""
    from scipy.special import betaln, gammaln

    rows = calibration.num_rows + 1
    passing = round(calibration.stated_rate(rate) * rows)
    below = 0.0
    for first in range(0, total + 1, _COUNTS):
        counts = np.arange(first, min(first + _COUNTS, total + 1))
        chosen = gammaln(total + 1) - gammaln(counts + 1) - gammaln(total - counts + 1)
        held = betaln(counts + passing, total - counts + rows - passing)
        chances = below + np.cumsum(np.exp(chosen + held - betaln(passing, rows - passing)))
        if chances[-1] >= confidence:
            return first + int(np.searchsorted(chances, confidence))
        below = float(chances[-1])
    return total


def _oddest(
    tally: Tally, calibration: Calibration, explained: pd.DataFrame | None
) -> tuple[OddRow, ...]:
    oddest = tally.oddness[: len(tally.rows)]
    p_values = calibration.p_values(oddest)
    others = Tail.of_both(calibration, tally.oddness[1:], tally.num_rows - 1)
    tails = [tail for tail in (Tail.of_scale(calibration), others) if tail is not None]

    def times(oddness: float) -> float:
        told = [t for t in tails if t.is_far(oddness, tally.num_rows, FAR_CHANCE / 2)]
        return told[0].times(oddness) if told else 0.0

    return tuple(
        OddRow(
            row=int(row),
            oddness=float(oddness),
            p_value=float(p_value),
            times=times(float(oddness)),
            columns=() if explained is None else _columns(explained.loc[row], tally.rows.loc[row]),
        )
        for row, oddness, p_value in zip(tally.rows.index, oddest, p_values, strict=True)
    )


def _far_beyond(oddest: tuple[OddRow, ...], calibration: Calibration, unit: str) -> str:
    """That some are far beyond anything held out, as the end of a sentence."""
    count = sum(row.times > 0 for row in oddest)
    are = "is" if count == 1 else "are"
    least = "at least " if count == ODDEST else ""
    return (
        f"{least}{count} of these {unit} {are} far beyond all others and the "
        f"{calibration.num_rows} held out, the worst {as_times(oddest[0].times)} as far from the "
        "middle"
    )


def _columns(gains: "pd.Series[float]", values: "pd.Series") -> tuple[OddColumn, ...]:
    """The columns that contribute most to a row's oddness, with the values that do."""
    most = gains[gains > 0].sort_values(ascending=False, kind="stable").head(COLUMNS)
    return tuple(
        OddColumn(name=name, value=_written(values[name]), gain=float(gain))
        for name, gain in zip(map(str, most.index), most, strict=True)
    )


def _written(value: object) -> str:
    """A value as a person reads it: numbers in six digits, whole ones in all of theirs."""
    if isinstance(value, float | np.floating):
        return as_number(float(value))
    return str(value)
