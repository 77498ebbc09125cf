"""How far a distance between two sets of points varies, from random halves of either."""

from collections.abc import Callable

import numpy as np

from components.data.table import Matrix
from components.evaluation.statistics import Interval, normal_interval

NUM_HALVES = 12

Distance = Callable[[Matrix, Matrix], float]


def interval_by_halves(
    distance: Distance, real: Matrix, other: Matrix, *, confidence: float, seed: int
) -> Interval:
    """A distance between sets of rows with its one-sided bounds.

    Either side in turn is replaced by twelve random halves of itself; the spread of what half a
    side gives is that of the whole's (Politis and Romano 1994). A half's greater bias does not
    enter. The upper and lower bounds are never below 0.

    >>> rows = np.random.default_rng(0).normal(size=(2, 200, 1))
    >>> found = interval_by_halves(
    ...     lambda a, b: float(abs(a.mean() - b.mean())), rows[0], rows[1] + 1, confidence=0.95,
    ...     seed=0)
    >>> found.low < 1 < found.high
    True
    """
    rng = np.random.default_rng(seed)
    sides = [
        [distance(_half(real, rng), other) for _ in range(NUM_HALVES)],
        [distance(real, _half(other, rng)) for _ in range(NUM_HALVES)],
    ]
    error = float(np.sqrt(sum(np.var(side, ddof=1) for side in sides)))
    found = normal_interval(distance(real, other), error, confidence=confidence)
    return Interval(found.value, max(found.low, 0.0), found.high)


def _half(rows: Matrix, rng: np.random.Generator) -> Matrix:
    return rows[rng.permutation(len(rows))[: len(rows) // 2]]
