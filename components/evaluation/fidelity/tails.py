"""Fidelity of extremes: do synthetic rows go as often beyond the real rows' outer quantiles."""

from dataclasses import dataclass

import numpy as np

from components.data.schema import Column
from components.data.table import Matrix
from components.evaluation.case import Case, Evaluator, Findings, Metric
from components.evaluation.fidelity.rates import rate_error
from components.evaluation.fidelity.shape import Distance, joint_error
from components.evaluation.statistics import normal_interval
from components.models.contract import LogMetrics

SHARES = (0.01, 0.05)
MIN_ROWS_BEYOND = 10
MOST_HEAPED = 3.0

TAIL_ERROR = Metric(
    name="tail_error",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.0,
    meaning="the mean error of how often numbers and dates lie in the training rows' outer 1% and "
    "5% (0 as often, .5 half or twice as often, 1 never)",
    blind_to=frozenset({"marginals"}),
)


@dataclass(frozen=True)
class Tail:
    """One end of a column: the values at or beyond `edge`, up or down."""

    column: int
    edge: float
    upper: bool

    def holds(self, matrix: Matrix) -> Matrix:
        """1 for each row in the tail, 0 for others, NaN where the value is missing."""
        values = matrix[:, self.column]
        beyond = values >= self.edge if self.upper else values <= self.edge
        return np.where(np.isnan(values), np.nan, beyond.astype(np.float64))


def measure_tails(case: Case, log: LogMetrics) -> Findings:
    """The mean error of the rates of all tails; the meaning names the worst.

    A tail is the lowest or highest 1% or 5% of a column's present training values; the 1% only
    where 10 rows of each table would lie in it, and neither where a heap of equal values makes it
    three times as large. The interval is the infinitesimal jackknife's; the reference has test
    rows in the synthetic rows' place. Blind to where in a tail values lie, and to all else.
    """
    schema = case.train.schema
    train, test, synthetic = case.train.matrix, case.test.matrix, case.synthetic.matrix
    least = min(len(train), len(test), len(synthetic))
    shares = [share for share in SHARES if share * least >= MIN_ROWS_BEYOND or share == SHARES[-1]]
    tails = find_tails(train, schema.learned, shares)
    if not tails:
        return Findings()
    errors = [tail_error(tail, train, synthetic) for tail in tails]
    interval = normal_interval(
        float(np.mean([error.value for error in errors])),
        joint_error(errors),
        confidence=case.confidence(TAIL_ERROR.name),
    )
    worst = int(np.argmax([error.value for error in errors]))
    reference = float(np.mean([tail_error(tail, train, test).value for tail in tails]))
    meaning = (
        f"{TAIL_ERROR.meaning}, worst {_told(tails[worst], schema.learned, train, synthetic)},"
    )
    return Findings((TAIL_ERROR.measured(interval, case, meaning=meaning, reference=reference),))


def find_tails(train: Matrix, columns: tuple[Column, ...], shares: list[float]) -> list[Tail]:
    """Both ends of every column of numbers, at each share, but for heaps.

    >>> column = Column(name="a", kind="integer", dtype="int64")
    >>> [(t.edge, t.upper) for t in find_tails(np.arange(100.0)[:, None], (column,), [0.05])]
    [(4.0, False), (95.0, True)]
    """
    found = []
    for place, column in enumerate(columns):
        present = train[~np.isnan(train[:, place]), place]
        if column.is_discrete or not len(present):
            continue
        for share in shares:
            for upper in (False, True):
                values = -present if upper else present
                edge = float(np.quantile(values, share, method="inverted_cdf"))
                if np.mean(values <= edge) <= MOST_HEAPED * max(share, 1 / len(present)):
                    found.append(Tail(place, -edge if upper else edge, upper))
    return found


def tail_error(tail: Tail, real: Matrix, other: Matrix) -> Distance:
    """The error of the rate of a tail among present values, and each row's influence on it.

    >>> real, other = np.arange(100.0)[:, None], np.arange(0, 50, 0.5)[:, None]
    >>> tail_error(Tail(0, 4.0, False), real, other).value.__round__(3)
    0.444
    """
    inside = [tail.holds(matrix) for matrix in (real, other)]
    if np.isnan(inside[1]).all():
        return Distance(1.0, np.zeros(len(real)), np.zeros(len(other)))
    rates = [np.array([np.nanmean(held)]) for held in inside]
    error = rate_error(*rates)
    influences = [
        slope[0] * np.nan_to_num(held - rate[0]) / np.mean(~np.isnan(held))
        for held, rate, slope in zip(inside, rates, (error.by_real, error.by_other), strict=True)
    ]
    return Distance(error.value, influences[0], influences[1])


def _told(tail: Tail, columns: tuple[Column, ...], real: Matrix, other: Matrix) -> str:
    rates = [tail.holds(matrix) for matrix in (real, other)]
    shares = [float(np.nan_to_num(held).sum() / max((~np.isnan(held)).sum(), 1)) for held in rates]
    end = "high" if tail.upper else "low"
    return (
        f"at the {end} end of {columns[tail.column].name} "
        f"({shares[0]:.1%} of training and {shares[1]:.1%} of synthetic values)"
    )


TAILS = Evaluator(measure_tails, (TAIL_ERROR,), needs="a column of numbers or dates with tails")
