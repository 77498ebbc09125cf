"""Privacy: how many synthetic rows copy a training row, beyond what independent rows would."""

from dataclasses import dataclass

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
    clustered_error,
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


@dataclass(frozen=True)
class Copied:
    """For each synthetic row, how many rows of either side it copies.

    `num_rows` are those of training and test rows. `clusters` numbers the nearest real row of
    either side; a row that copies none is a cluster of its own.
    """

    in_train: NDArray[np.int64]
    in_test: NDArray[np.int64]
    num_rows: tuple[int, int]
    clusters: NDArray[np.int64]


def measure_copies(case: Case, log: LogMetrics) -> Findings:
    """The share of copies, and its excess over the share of rows that copy a test row.

    A copy agrees in every category, in what is missing, and in every number to within 1% of its
    spread (`robust_spread`: a standard deviation that outliers do not widen); a near copy to within
    20%, so that a little noise does not hide it. Test rows were not trained on, so what copies them
    does so by chance. For an equal chance both sides
    have the size of the smaller one, by the exact expectation over all subsamples of the larger;
    the difference is scaled back to all training rows. Its interval takes synthetic rows for as
    many as there are real rows that they copy: those with the same nearest one count as one (a
    cluster; `clustered_error`). At most 25,000 synthetic rows (10,000 for
    near copies) are looked up among at most 50,000 real ones of either side.
    """
    train, test = (_drawn(case, table, MAX_REAL) for table in (case.train, case.test))
    synthetic = _drawn(case, case.synthetic, MAX_SYNTHETIC)
    units = _units(train, case.train.schema, TOLERANCE)
    copies = _copied(synthetic, train, test, units)
    num_copies = int((copies.in_train > 0).sum())
    confidence = case.confidence(COPY_RATE.name)
    rate = share_interval(num_copies, len(synthetic), confidence=confidence)
    excess, by_chance = beyond_chance(copies, case.confidence(COPY_EXCESS.name))
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
    copies = _copied(synthetic, train, test, units)
    excess, _ = beyond_chance(copies, case.confidence(NEAR_COPY_EXCESS.name))
    return NEAR_COPY_EXCESS.measured(excess.scaled(len(case.train) / len(train)), case)


def _copied(synthetic: Matrix, train: Matrix, test: Matrix, units: Matrix) -> Copied:
    in_train, in_test = (count_copies(synthetic, real, units) for real in (train, test))
    copies = np.flatnonzero((in_train > 0) | (in_test > 0))
    clusters = np.arange(len(synthetic)) + len(train) + len(test)
    if len(copies):
        placed, real = _placed(synthetic[copies], np.vstack([train, test]), units)
        tree = KDTree(real, metric="chebyshev")
        clusters[copies] = tree.query(placed, return_distance=False)[:, 0]
    return Copied(in_train, in_test, (len(train), len(test)), clusters)


def beyond_chance(copied: Copied, confidence: float) -> tuple[Interval, float]:
    """The excess of rows with a copy on the first side, and the chance of one on the second.

    The upper end of the excess is at most that of the share of copies, which it cannot exceed.
    """
    size = min(copied.num_rows)
    here, there = (
        _chance(counts, total, size)
        for counts, total in zip((copied.in_train, copied.in_test), copied.num_rows, strict=True)
    )
    excess = _clustered_mean(
        (here - there) * (copied.num_rows[0] / size), copied.clusters, confidence
    )
    is_copy = copied.in_train > 0
    share = share_interval(int(is_copy.sum()), len(is_copy), confidence=confidence)
    most = max(share.high, _clustered_mean(is_copy * 1.0, copied.clusters, confidence).high)
    high = max(min(excess.high, most), excess.value)
    return Interval(excess.value, excess.low, high), float(there.mean())


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
    placed, real = _placed(rows, among, units)
    tree = KDTree(real, metric="chebyshev")
    counts: NDArray[np.int64] = tree.query_radius(placed, r=1.0, count_only=True)
    return counts


def _placed(rows: Matrix, among: Matrix, units: Matrix) -> tuple[Matrix, Matrix]:
    """Both in units, missing values further from all others than any two are."""
    away = 10.0 + np.nanmax(np.abs(np.vstack([rows, among]) / units), initial=0.0)
    placed = [np.nan_to_num(matrix / units, nan=away) for matrix in (rows, among)]
    return placed[0], placed[1]


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


def _clustered_mean(
    values: NDArray[np.floating], clusters: NDArray[np.int64], confidence: float
) -> Interval:
    """The normal interval of a mean, two made-up rows (a copy of either side) widening it."""
    mean = float(values.mean())
    influence = np.append(values - mean, [1.0, -1.0])
    error = clustered_error(influence, np.append(clusters, clusters.max() + np.array([1, 2])))
    return normal_interval(mean, error, confidence=confidence)


COPIES = Evaluator(measure_copies, (COPY_EXCESS, COPY_RATE, NEAR_COPY_EXCESS))
