"""How far rates are from one another: by ratio, for what is rare; by distance above noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.evaluation.fidelity.shape import Distance, total_variation


@dataclass(frozen=True)
class RateError:
    """An error between two lists of rates, and its slopes by each of them."""

    value: float
    by_real: Matrix
    by_other: Matrix


def rate_error(real: Matrix, other: Matrix) -> RateError:
    """One less the sum of the lesser rates over the sum of the greater (Ruzicka 1958), 0 to 1.

    0 where all agree, 1 where no kind occurs on both sides; twice as often or half as often is
    .5, however rare. It needs a rate above 0.

    >>> rate_error(np.array([0.01]), np.array([0.005])).value
    0.5
    >>> rate_error(np.array([0.02, 0.01]), np.array([0.0, 0.0])).value
    1.0
    """
    lesser, greater = float(np.minimum(real, other).sum()), float(np.maximum(real, other).sum())
    assert greater > 0, "no rate is above 0"
    below, above = -1.0 / greater, lesser / greater**2
    return RateError(
        value=1.0 - lesser / greater,
        by_real=np.where(real < other, below, above),
        by_other=np.where(real < other, above, below),
    )


def above_noise(real: NDArray[np.int64], other: NDArray[np.int64]) -> Distance:
    """The total variation distance of two samples of codes, less what equal samples would show.

    Codes are 0 or more. Two samples of the same distribution always differ, the more the fewer
    rows: in each code's share by sqrt(2 p (1 - p) (1/n + 1/m) / pi) on average, and by no more
    than twice its share. That is subtracted; the rest is at least 0.

    >>> coins = np.repeat([0, 1], [50, 50]), np.repeat([0, 1], [45, 55])
    >>> total_variation(*coins).value.__round__(2), above_noise(*coins).value
    (0.05, 0.0)
    >>> above_noise(np.zeros(500, np.int64), np.ones(500, np.int64)).value > 0.95
    True
    """
    distance = total_variation(real, other)
    pooled = np.unique(np.concatenate([real, other]), return_counts=True)[1]
    share = pooled / (len(real) + len(other))
    spread = np.sqrt(2 / np.pi * share * (1 - share) * (1 / len(real) + 1 / len(other)))
    noise = 0.5 * float(np.minimum(spread, 2 * share).sum())
    return Distance(max(distance.value - noise, 0.0), distance.real, distance.synthetic)
