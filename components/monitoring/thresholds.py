"""How large a difference must be to count: an effect, and what chance adds at so many rows.

The number of rows alone never raises an alarm: with many rows the threshold falls to the effect,
not to nothing, and with few it grows by what two draws of the same rows differ by.
"""

from math import sqrt

DISTANCE = 0.1
"""The Jensen-Shannon distance that counts, in nats: a tenth of the rows elsewhere, roughly."""
MISSING = 0.1
"""The change in the share of missing values that counts."""
UNSEEN = 0.05
"""The share of rows with new categories that counts, beyond those that are to be expected."""

_CONFIDENCE = 0.99
_Z = 2.326


def distance_threshold(num_levels: int, num_reference: int, num_current: int) -> float:
    """The Jensen-Shannon distance at which a column of so many levels counts as drifted.

    Between draws of the same rows, 8 d^2 / (1/n + 1/m) is chi-squared with one degree of freedom
    less than there are levels.

    >>> round(distance_threshold(10, 100, 100), 2), round(distance_threshold(10, 10**6, 10**6), 2)
    (0.25, 0.1)
    """
    from scipy.stats import chi2

    noise = chi2.ppf(_CONFIDENCE, max(num_levels - 1, 1)) * (1 / num_reference + 1 / num_current)
    return float(sqrt(DISTANCE**2 + noise / 8))


def missing_threshold(share: float, num_reference: int, num_current: int) -> float:
    """The change in a share of missing values that counts, `share` being that of both sides.

    >>> round(missing_threshold(0.5, 100, 100), 2), round(missing_threshold(0.5, 10**6, 10**6), 2)
    (0.26, 0.1)
    """
    return MISSING + _Z * sqrt(share * (1 - share) * (1 / num_reference + 1 / num_current))


def unseen_threshold(expected: float, num_current: int) -> float:
    """The share of rows with new categories that counts, where `expected` is to be expected.

    >>> round(unseen_threshold(0.0, 1000), 2), round(unseen_threshold(0.3, 1000), 2)
    (0.05, 0.38)
    """
    return UNSEEN + expected + _Z * sqrt(expected * (1 - expected) / num_current)
