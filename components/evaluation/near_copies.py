"""Privacy: how many synthetic rows lie next to one training row, where no other real row is."""

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix, Table, encode
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.distances import coordinates, nearest
from components.evaluation.statistics import Interval, normal_interval
from components.models.contract import LogMetrics

MAX_REAL = 30_000
MAX_SYNTHETIC = 5_000
MAX_PARTS = 4
NEARNESS = 0.5

NEAR_COPY_EXCESS = Metric(
    name="near_copy_excess",
    family="privacy",
    goal="minimise",
    bounds=(-1.0, 1.0),
    ideal=0.0,
    meaning="the share of synthetic rows that lie next to a training row, beyond what chance "
    "explains",
)


def measure_near_copies(case: Case, log: LogMetrics) -> Findings:
    """The share of synthetic rows that hug a training row, less the share that hug a test row.

    A synthetic row hugs one side where its nearest row there is less than half as far as the
    nearest of as many rows of the other side. What is near depends so on how dense real rows are
    around it, and needs no threshold in any unit; test rows were not trained on, so without memory
    either side is hugged alike. Training rows are cut into parts of the test rows' number, and the
    parts' differences added, since a memorised row is in one part alone; rows left over, and parts
    beyond the fourth, are made up for in proportion. At most 5,000 synthetic rows are looked up
    among at most 30,000 of either side.
    """
    seed = case.seed("near copies")
    test, synthetic = _drawn(case.test, MAX_REAL, seed), _drawn(case.synthetic, MAX_SYNTHETIC, seed)
    train = _drawn(case.train, MAX_REAL, seed)
    size = min(len(train), len(test))
    schema = case.train.schema
    points, kept, others = coordinates(
        [synthetic, train, test[:size]], schema, ranked_by=np.vstack([synthetic, train])
    )
    num_parts = min(len(train) // size, MAX_PARTS)
    to_test = nearest(points, others, 1)[:, 0]
    differences = np.zeros(len(points))
    for part in np.array_split(kept[: num_parts * size], num_parts):
        differences += hugs(nearest(points, part, 1)[:, 0], to_test)
    scale = len(case.train) / (num_parts * size)
    interval = _interval(differences, case.confidence(NEAR_COPY_EXCESS.name)).scaled(scale)
    return Findings((NEAR_COPY_EXCESS.measured(interval, case),))


def _drawn(table: Table, most: int, seed: int) -> Matrix:
    return encode(table.frame.iloc[subsample(len(table), most, seed)], table.schema)


def hugs(to_train: Matrix, to_test: Matrix) -> NDArray[np.int64]:
    """1 where a row hugs a training row, -1 where it hugs a test row, else 0.

    >>> hugs(np.array([0.1, 0.3, 0.9]), np.array([0.3, 0.3, 0.1])).tolist()
    [1, 0, -1]
    """
    by_train, by_test = to_train < NEARNESS * to_test, to_test < NEARNESS * to_train
    return by_train.astype(np.int64) - by_test.astype(np.int64)


def _interval(differences: Matrix, confidence: float) -> Interval:
    """The normal interval of the mean, two made-up rows (one of either side) widening it."""
    count, mean = len(differences), float(differences.mean())
    spread = float(np.sum((differences - mean) ** 2)) + 2.0
    return normal_interval(mean, np.sqrt(spread) / (count + 2), confidence=confidence)


NEAR_COPIES = Evaluator(measure_near_copies, (NEAR_COPY_EXCESS,))
