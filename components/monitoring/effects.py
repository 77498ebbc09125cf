"""How large a difference is, how sure that is, and how large it must be to count.

The number of rows alone never raises an alarm: with many rows the threshold falls to the effect,
not to nothing, and with few it grows by what chance adds. Every `alpha` is the chance that a column
counts although the true difference is no larger than the effect.
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.float64]

DISTANCE = 0.1
"""The Jensen-Shannon distance that counts, in nats: a tenth of the rows elsewhere, roughly."""
MISSING = 0.1
"""The change in the share of missing values that counts."""
UNSEEN = 0.05
"""The share of rows with new categories that counts, beyond those that are to be expected."""
FOREIGN = 0.5
"""The share of rows with new categories from which a column is written in another way."""
FAR = 5.0
"""The standard deviations that the mean of numbers moves where they are in another unit."""
FURTHEST = 32.0
"""Those from which it is so however close together the numbers are now."""


@dataclass(frozen=True)
class Distance:
    """A distance with its interval, and the threshold from which its lower end is an effect."""

    value: float
    low: float
    high: float
    threshold: float

    @property
    def counts(self) -> bool:
        """True where the true distance is surely larger than the effect."""
        return self.value > self.threshold


def jensen_shannon(one: Shares, two: Shares) -> float:
    """The square root of the Jensen-Shannon divergence in nats, 0 to sqrt(ln 2).

    >>> round(jensen_shannon(np.array([1.0, 0.0]), np.array([0.9, 0.1])), 3)
    0.19
    """
    mean = (one + two) / 2
    parts = [
        float(np.sum(side[side > 0] * np.log(side[side > 0] / mean[side > 0])))
        for side in (one, two)
    ]
    return sqrt(max(sum(parts) / 2, 0.0))


def distance_between(
    before: Shares, now: Shares, num_before: float, num_now: float, alpha: float
) -> Distance:
    """The distance between two sets of shares of levels, told from so many rows each.

    8 d^2 / (1/n + 1/m) is chi-squared with one degree of freedom less than there are levels, and
    non-central where the true distance is not 0: a chi-squared statistic against a near alternative
    (Lehmann and Romano 2005, section 14.3). The interval is that of the centre, at `alpha` on
    either side, its upper end never below that of what chance alone would add; the threshold is
    where the lower end is `DISTANCE`.

    >>> tenths, ends = np.full(10, 0.1), np.array([0.2, *[0.1] * 8, 0.0])
    >>> few = distance_between(tenths, ends, 100, 100, alpha=1e-4)
    >>> round(few.value, 2), round(few.low, 2), round(few.threshold, 2), few.counts
    (0.21, 0.0, 0.34, False)
    >>> many = distance_between(tenths, ends, 10**6, 10**6, alpha=1e-4)
    >>> round(many.low, 2), round(many.threshold, 2), many.counts
    (0.21, 0.1, True)
    """
    from scipy import special

    num_levels = int(((before > 0) | (now > 0)).sum())
    noise = (1 / num_before + 1 / num_now) / 8
    value = jensen_shannon(before, now)
    found, freedom = value**2 / noise, max(num_levels - 1, 1)
    low = float(special.chndtrinc(found, freedom, 1 - alpha)) if found else 0.0
    high = float(special.chndtrinc(max(found, freedom), freedom, alpha))
    return Distance(
        value,
        min(sqrt(low * noise), value),
        max(min(sqrt(high * noise), sqrt(log(2))), value),
        distance_threshold(num_levels, num_before, num_now, alpha),
    )


def distance_threshold(num_levels: int, num_before: float, num_now: float, alpha: float) -> float:
    """The distance from which a column of so many levels is surely further off than `DISTANCE`.

    >>> [round(distance_threshold(10, n, n, 1e-4), 2) for n in (100, 10_000, 1_000_000)]
    [0.34, 0.12, 0.1]
    """
    from scipy.stats import ncx2

    noise = (1 / num_before + 1 / num_now) / 8
    centre = DISTANCE**2 / noise
    return sqrt(float(ncx2.isf(alpha, max(num_levels - 1, 1), centre)) * noise)


def gains_missing(
    before: float, now: float, num_before: float, num_now: float, alpha: float
) -> bool:
    """True where the share of missing values has surely changed by more than `MISSING`.

    The interval of Agresti and Caffo (2000), with one row of either kind added to each side.

    >>> gains_missing(0.0, 0.3, 10_000, 100, 1e-4), gains_missing(0.0, 0.2, 10_000, 100, 1e-4)
    (True, False)
    """
    from scipy.stats import norm

    shares = [(s * n + 1) / (n + 2) for s, n in ((before, num_before), (now, num_now))]
    variance = sum(
        s * (1 - s) / (n + 2) for s, n in zip(shares, (num_before, num_now), strict=True)
    )
    reach = float(norm.isf(alpha)) * sqrt(variance)
    return min(abs(shares[1] - shares[0]), abs(now - before)) - reach > MISSING


def gains_unseen(
    num_unseen: int,
    num_now: int,
    once: int,
    num_before: int,
    alpha: float,
    *,
    share: float = UNSEEN,
) -> bool:
    """True where surely more than `share` of the rows have new categories, and than is expected.

    As many rows as had a category that no other row had are to be expected (Good 1953), and what
    chance adds to these; beyond it the lower end of Clopper and Pearson's interval (1934) must be.

    >>> gains_unseen(9, 100, 0, 1_000, 1e-4), gains_unseen(20, 100, 0, 1_000, 1e-4)
    (False, True)
    """
    from scipy.stats import binom, norm

    expected = (once + float(norm.isf(alpha)) * sqrt(once)) / num_before
    limit = min(share + expected, 1.0)
    return bool(binom.sf(num_unseen - 1, num_now, limit) < alpha)


def is_stuck(share: float, num_now: float, num_before: float, alpha: float) -> bool:
    """True where so many rows with one value are no chance, which has this share of the reference.

    >>> is_stuck(0.99, 100, 1_000, 1e-4), is_stuck(0.5, 100, 1_000, 1e-4)
    (False, True)
    """
    held = (share * num_before + 1) / (num_before + 1)
    return bool(num_now * log(held) < log(alpha))
