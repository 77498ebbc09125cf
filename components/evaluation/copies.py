"""Privacy: how many synthetic rows copy a training row, beyond what independent rows would."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from sklearn.neighbors import KDTree

from components.data.schema import Schema
from components.data.table import Matrix, Table
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.evidence import Measurement
from components.evaluation.statistics import (
    Interval,
    normal_interval,
    robust_spread,
    share_interval,
)
from components.models.contract import LogMetrics

MAX_REAL = 50_000
MAX_SYNTHETIC = 25_000
MAX_NEAR = 10_000
TOLERANCE, NEAR_TOLERANCE = 0.01, 0.2

COPY_EXCESS = Metric(
    name="copy_excess",
    family="privacy",
    goal="minimise",
    bounds=(-1.0, 1.0),
    ideal=0.0,
    meaning="the share of synthetic rows that copy a training row, beyond what chance explains",
)
COPY_RATE = Metric(
    name="copy_rate",
    family="privacy",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.0,
    meaning="the share of synthetic rows that copy a training row",
)
NEAR_COPY_EXCESS = Metric(
    name="near_copy_excess",
    family="privacy",
    goal="minimise",
    bounds=(-1.0, 1.0),
    ideal=0.0,
    meaning="the share of synthetic rows that nearly copy a training row, beyond what chance "
    "explains",
)


def measure_copies(case: Case, log: LogMetrics) -> Findings:
    """The share of copies, and its excess over the share of rows that copy a test row.

    A copy agrees in every category, in what is missing, and in every number to within 1% of its
    spread (`robust_spread`: a standard deviation that outliers do not widen); a near copy to within
    20%, so that a little noise does not hide it. Test rows were not trained on, so what copies them
    does so by chance. For an equal chance both sides
    have the size of the smaller one, by the exact expectation over all subsamples of the larger;
    the difference is scaled back to all training rows. At most 25,000 synthetic rows (10,000 for
    near copies) are looked up among at most 50,000 real ones of either side.
    """
    train, test = (_drawn(case, table, MAX_REAL) for table in (case.train, case.test))
    synthetic = _drawn(case, case.synthetic, MAX_SYNTHETIC)
    units = _units(train, case.train.schema, TOLERANCE)
    in_train, in_test = (count_copies(synthetic, real, units) for real in (train, test))
    num_copies = int((in_train > 0).sum())
    confidence = case.confidence(COPY_RATE.name)
    rate = share_interval(num_copies, len(synthetic), confidence=confidence)
    excess, by_chance = _beyond_chance(
        in_train, in_test, (len(train), len(test)), case.confidence(COPY_EXCESS.name)
    )
    return Findings(
        (
            COPY_EXCESS.measured(excess.scaled(len(case.train) / len(train)), case),
            COPY_RATE.measured(rate, case, reference=by_chance),
            _near(case, train, test, synthetic[:MAX_NEAR]),
        )
    )


def _near(case: Case, train: Matrix, test: Matrix, synthetic: Matrix) -> Measurement:
    """The excess of near copies."""
    units = _units(train, case.train.schema, NEAR_TOLERANCE)
    counts = [count_copies(synthetic, real, units) for real in (train, test)]
    confidence = case.confidence(NEAR_COPY_EXCESS.name)
    excess, _ = _beyond_chance(counts[0], counts[1], (len(train), len(test)), confidence)
    return NEAR_COPY_EXCESS.measured(excess.scaled(len(case.train) / len(train)), case)


def _beyond_chance(
    in_train: NDArray[np.int64],
    in_test: NDArray[np.int64],
    num_rows: tuple[int, int],
    confidence: float,
) -> tuple[Interval, float]:
    """The excess of rows with a copy on the first side, and the chance of one on the second."""
    size = min(num_rows)
    here, there = (
        _chance(counts, total, size)
        for counts, total in zip((in_train, in_test), num_rows, strict=True)
    )
    differences = (here - there) * (num_rows[0] / size)
    excess = _excess(differences, int((in_train > 0).sum()), confidence)
    return excess, float(there.mean())


def _drawn(case: Case, table: Table, most: int) -> Matrix:
    return table.matrix[subsample(len(table), most, case.seed("copies"))]


def _units(train: Matrix, schema: Schema, tolerance: float) -> Matrix:
    """How far a copy may be, for each column: half a level, or this part of the spread."""
    units = []
    for place, column in enumerate(schema.learned):
        spread = robust_spread(train[:, place])
        units.append(0.5 if column.is_discrete or spread == 0 else tolerance * spread)
    return np.array(units)


def count_copies(rows: Matrix, among: Matrix, units: Matrix) -> NDArray[np.int64]:
    """For each row, how many of `among` differ by at most a unit in every column.

    Missing agrees with missing alone.

    >>> among = np.array([[1.0, np.nan], [1.0, 3.0], [1.0, 3.0]])
    >>> rows = np.array([[1.0, 3.0], [1.0, np.nan], [2.0, 3.0]])
    >>> count_copies(rows, among, np.array([0.1, 0.1])).tolist()
    [2, 1, 0]
    """
    away = 10.0 + np.nanmax(np.abs(np.vstack([rows, among]) / units), initial=0.0)
    placed = [np.nan_to_num(matrix / units, nan=away) for matrix in (rows, among)]
    tree = KDTree(placed[1], metric="chebyshev")
    counts: NDArray[np.int64] = tree.query_radius(placed[0], r=1.0, count_only=True)
    return counts


def _chance(counts: NDArray[np.int64], num_rows: int, size: int) -> Matrix:
    """The chance that a subsample of `size` of `num_rows` rows holds at least one of `counts`."""
    rest = num_rows - counts
    possible = rest >= size
    held = np.where(possible, rest, size)
    log_none = (
        gammaln(held + 1)
        - gammaln(held - size + 1)
        - gammaln(num_rows + 1)
        + gammaln(num_rows - size + 1)
    )
    return np.where(possible, 1.0 - np.exp(log_none), 1.0)


def _excess(differences: Matrix, num_copies: int, confidence: float) -> Interval:
    """The normal interval of the mean, two made-up rows (a copy of either side) widening it.

    Its upper end is at most that of the share of copies, which it cannot exceed.
    """
    count, mean = len(differences), float(differences.mean())
    spread = float(np.sum((differences - mean) ** 2)) + 2.0
    found = normal_interval(mean, np.sqrt(spread) / (count + 2), confidence=confidence)
    most = share_interval(num_copies, count, confidence=confidence).high
    return Interval(mean, found.low, max(min(found.high, most), mean))


COPIES = Evaluator(measure_copies, (COPY_EXCESS, COPY_RATE, NEAR_COPY_EXCESS))
