"""Privacy: how many synthetic rows copy a training row, beyond what independent rows would."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from sklearn.neighbors import KDTree

from components.data.schema import Schema
from components.data.table import Matrix, Table, encode
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.statistics import Interval, normal_interval, share_interval
from components.models.contract import LogMetrics

MAX_REAL = 50_000
MAX_SYNTHETIC = 25_000
TOLERANCE = 0.01

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
    meaning="the share of synthetic rows that copy a training row, exactly or nearly",
)


def measure_copies(case: Case, log: LogMetrics) -> Findings:
    """The share of copies, and its excess over the share of rows that copy a test row.

    A copy agrees in every category, in what is missing, and in every number to within 1% of its
    standard deviation. Test rows were not trained on, so what copies them does so by chance. For
    an equal chance both sides have the size of the smaller one, by the exact expectation over all
    subsamples of the larger; the difference is scaled back to all training rows. At most 25,000
    synthetic rows are looked up among at most 50,000 real ones of either side.
    """
    train, test = (_drawn(case, table, MAX_REAL) for table in (case.train, case.test))
    synthetic = _drawn(case, case.synthetic, MAX_SYNTHETIC)
    scale = _units(train, case.train.schema)
    in_train = count_copies(synthetic, train, scale)
    in_test = count_copies(synthetic, test, scale)
    rate = share_interval(
        int((in_train > 0).sum()), len(synthetic), confidence=case.confidence(COPY_RATE.name)
    )
    size = min(len(train), len(test))
    chances = (_chance(in_train, len(train), size), _chance(in_test, len(test), size))
    differences = (chances[0] - chances[1]) * (len(case.train) / size)
    excess = _excess(case, differences, int((in_train > 0).sum()))
    by_chance = float(chances[1].mean())
    return Findings(
        (
            COPY_EXCESS.measured(excess, case),
            COPY_RATE.measured(rate, case, reference=by_chance),
        )
    )


def _drawn(case: Case, table: Table, most: int) -> Matrix:
    return encode(table.take(subsample(len(table), most, case.seed("copies"))).frame, table.schema)


def _units(train: Matrix, schema: Schema) -> Matrix:
    """What counts as a difference, for each column: half a level, or 1% of the deviation."""
    units = []
    for place, column in enumerate(schema.learned):
        present = train[~np.isnan(train[:, place]), place]
        spread = float(present.std()) if len(present) else 0.0
        units.append(0.5 if column.is_discrete or spread == 0 else TOLERANCE * spread)
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


def _excess(case: Case, differences: Matrix, num_copies: int) -> Interval:
    """The normal interval of the mean, two made-up rows (a copy of either side) widening it.

    Its upper end is at most that of the share of copies, which it cannot exceed.
    """
    confidence = case.confidence(COPY_EXCESS.name)
    count, mean = len(differences), float(differences.mean())
    spread = float(np.sum((differences - mean) ** 2)) + 2.0
    found = normal_interval(mean, np.sqrt(spread) / (count + 2), confidence=confidence)
    most = share_interval(num_copies, count, confidence=confidence).high
    return Interval(mean, found.low, max(min(found.high, most), mean))


COPIES = Evaluator(measure_copies, (COPY_EXCESS, COPY_RATE))
