"""Intervals: for means, shares, areas under the ROC curve, and differences over repeated folds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Vector = NDArray[np.float64]
Sides = Literal[1, 2]


@dataclass(frozen=True)
class Interval:
    """A value and its bounds: each one-sided at the confidence asked for, or both two-sided."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Interval":
        """The interval of the quantity times a positive `factor`."""
        return Interval(self.value * factor, self.low * factor, self.high * factor)


def _level(confidence: float, sides: Sides) -> float:
    """The quantile that leaves `1 - confidence` outside on one side, or half of it on each."""
    return 1.0 - (1.0 - confidence) / sides


def normal_interval(
    value: float, standard_error: float, *, confidence: float, sides: Sides = 1
) -> Interval:
    """The interval of an estimate that is normal with this standard error.

    >>> normal_interval(0.5, 0.1, confidence=0.95).high.__round__(3)
    0.664
    """
    reach = float(stats.norm.ppf(_level(confidence, sides))) * standard_error
    return Interval(value, value - reach, value + reach)


def mean_interval(
    values: Vector, *, confidence: float, sides: Sides = 1, floor: float = 0.0
) -> Interval:
    """Student's interval of a mean; its standard error is never taken below `floor`.

    >>> interval = mean_interval(np.array([1.0, 2.0, 3.0]), confidence=0.95)
    >>> round(interval.low, 3), round(interval.high, 3)
    (0.314, 3.686)
    """
    error = float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
    reach = float(stats.t.ppf(_level(confidence, sides), max(len(values) - 1, 1)))
    reach *= max(error, floor)
    mean = float(np.mean(values))
    return Interval(mean, mean - reach, mean + reach)


def robust_spread(values: Vector) -> float:
    """The standard deviation of values held to Tukey's (1977) outer fences, so outliers count less.

    These lie three interquartile ranges beyond the quartiles. Where one value is that of half of
    the rows or more, only the others are looked at, and where their quartiles agree too, how far
    they are from it. NaN is left out; 0 where no two values differ.

    >>> values = np.arange(100.0)
    >>> round(robust_spread(values), 1), round(robust_spread(np.append(values, 1e6)), 1)
    (28.9, 33.6)
    >>> round(robust_spread(np.append(np.zeros(200), values + 1e3)), 1)
    28.9
    """
    present = values[~np.isnan(values)]
    middle = np.median(present) if len(present) else 0.0
    others = present[present != middle]
    if not len(others):
        return 0.0
    judged = others if 2 * len(others) <= len(present) else present
    low, high = np.quantile(judged, [0.25, 0.75])
    reach = 3 * (high - low)
    found = np.clip(judged, low - reach, high + reach).std() or np.median(np.abs(others - middle))
    return float(min(present.std(), found))


def share_interval(successes: int, trials: int, *, confidence: float, sides: Sides = 1) -> Interval:
    """Clopper and Pearson's (1934) exact interval of a share.

    >>> interval = share_interval(0, 100, confidence=0.95)
    >>> interval.low, round(interval.high, 4)
    (0.0, 0.0295)
    """
    assert 0 <= successes <= trials and trials > 0
    level = _level(confidence, sides)
    low = stats.beta.ppf(1 - level, successes, trials - successes + 1) if successes else 0.0
    high = 1.0
    if successes < trials:
        high = stats.beta.ppf(level, successes + 1, trials - successes)
    return Interval(successes / trials, float(low), float(high))


def corrected_interval(
    differences: Vector, *, test_to_train: float, confidence: float, sides: Sides = 1
) -> Interval:
    """The corrected resampled t interval of a mean difference over repeated folds.

    Folds share training rows, so the naive variance of the mean is far too small; it is
    multiplied up by `1/J + test_to_train` for J differences (Nadeau and Bengio 2003, eq. 9).
    `test_to_train` is `1 / (folds - 1)` for cross-validation. Equal differences, which have no
    variance, give an interval of no width.

    >>> interval = corrected_interval(
    ...     np.array([0.01, 0.03, 0.02, 0.02]), test_to_train=0.25, confidence=0.95)
    >>> round(interval.value, 3), round(interval.low, 4)
    (0.02, 0.0064)
    """
    count = len(differences)
    assert count > 1, "a corrected interval needs two differences at least"
    error = float(np.std(differences, ddof=1)) * np.sqrt(1.0 / count + test_to_train)
    reach = float(stats.t.ppf(_level(confidence, sides), count - 1) * error)
    mean = float(np.mean(differences))
    return Interval(mean, mean - reach, mean + reach)


def chances_of(
    differences: Vector, *, test_to_train: float, rope: float
) -> tuple[float, float, float]:
    """The chances that the mean difference is below `-rope`, within it, and above `rope`.

    The Bayesian correlated t-test (Corani and Benavoli 2015; Benavoli et al. 2017, section 4.1):
    the posterior is Student's t with J - 1 degrees of freedom about the mean, its scale that of
    `corrected_interval`. Equal differences leave no doubt.

    >>> worse, same, better = chances_of(
    ...     np.array([0.01, 0.03, 0.02, 0.02]), test_to_train=0.25, rope=0.01)
    >>> round(worse, 3), round(same, 3), round(better, 3)
    (0.007, 0.084, 0.909)
    """
    count, mean = len(differences), float(np.mean(differences))
    error = float(np.std(differences, ddof=1)) * np.sqrt(1.0 / count + test_to_train)
    if error == 0:
        return float(mean < -rope), float(abs(mean) <= rope), float(mean > rope)
    posterior = stats.t(count - 1, mean, error)
    worse, better = float(posterior.cdf(-rope)), float(posterior.sf(rope))
    return worse, 1.0 - worse - better, better


def lower_tail(differences: Vector, *, test_to_train: float) -> float:
    """The one-sided p-value that a mean difference is below 0, by the corrected resampled t-test.

    >>> round(lower_tail(np.array([-0.01, -0.03, -0.02, -0.02]), test_to_train=0.25), 4)
    0.0203
    """
    count, mean = len(differences), float(np.mean(differences))
    error = float(np.std(differences, ddof=1)) * np.sqrt(1.0 / count + test_to_train)
    if error == 0:
        return 0.0 if mean < 0 else 1.0
    return float(stats.t.cdf(mean / error, count - 1))


def holm(p_values: Sequence[float], levels: Sequence[float]) -> list[bool]:
    """Which hypotheses fall by Holm's (1979) step-down procedure.

    `levels` are those of the smallest p-value, the next, and so on: alpha over the number of
    hypotheses still standing. The first that is not met ends it.

    >>> holm([0.04, 0.001, 0.03], [0.05 / 3, 0.05 / 2, 0.05])
    [False, True, False]
    """
    fallen = [False] * len(p_values)
    for place, level in zip(np.argsort(p_values, kind="stable"), levels, strict=True):
        if p_values[place] > level:
            break
        fallen[place] = True
    return fallen


def auc_influence(positive: NDArray[np.bool_], scores: Vector) -> tuple[float, Vector]:
    """The area under the ROC curve, and each row's influence on it.

    `standard_error` of the influence is DeLong's (1988), that of the difference of two influences
    over the same rows is his paired one. Ties count a half.

    >>> auc, influence = auc_influence(
    ...     np.array([False, False, True, True]), np.array([0.1, 0.4, 0.35, 0.8]))
    >>> auc, round(standard_error(influence), 4)
    (0.75, 0.3536)
    """
    num_rows, num_positive = len(scores), int(positive.sum())
    num_negative = num_rows - num_positive
    assert num_positive and num_negative, "an AUC needs rows of both classes"
    ranks = stats.rankdata(scores)
    above = (ranks[positive] - stats.rankdata(scores[positive])) / num_negative
    below = 1.0 - (ranks[~positive] - stats.rankdata(scores[~positive])) / num_positive
    auc = float(above.mean())
    influence = np.empty(num_rows)
    for rows, parts in ((positive, above), (~positive, below)):
        count = len(parts)
        small_sample = np.sqrt(count / max(count - 1, 1))
        influence[rows] = (parts - auc) * small_sample * num_rows / count
    return auc, influence


def standard_error(influence: Vector) -> float:
    """The standard error of an estimate from its rows' influences (infinitesimal jackknife)."""
    return float(np.sqrt(np.sum(influence**2)) / len(influence))


def clustered_error(influence: Vector, clusters: NDArray[np.integer]) -> float:
    """The standard error of an estimate from its rows' influences, those of a cluster as one.

    >>> round(clustered_error(np.array([1.0, 1.0, -1.0, -1.0]), np.array([0, 0, 1, 1])), 4)
    0.7071
    """
    totals = np.bincount(np.unique(clusters, return_inverse=True)[1], weights=influence)
    return float(np.sqrt(np.square(totals).sum()) / len(influence))


def auc_interval(
    positive: NDArray[np.bool_],
    scores: Vector,
    *,
    confidence: float,
    sides: Sides = 1,
    num_folds: int | None = None,
) -> Interval:
    """DeLong's interval of the area under the ROC curve, on the scale of its log odds.

    On the plain scale the lower bound of few rows holds too seldom: 91% instead of 95% for an area
    of .96 and 120 rows; on this scale 95% or more (Pepe 2003, chapter 5).
    The standard error is at least that of half a row of the smaller class, and the area is taken to
    be at least so far from 0 and 1, so that a perfect separation of few rows is not taken for
    certainty. Classifiers that were cross-fitted in K = `num_folds` folds share training rows, so
    that DeLong's variance, which is that of K independent folds, is too small: it is multiplied by
    1 + K / (K - 1) (Nadeau and Bengio 2003, eq. 9).

    >>> labels = np.repeat([False, True], 50)
    >>> interval = auc_interval(labels, labels.astype(float), confidence=0.95)
    >>> interval.value, round(interval.low, 3)
    (1.0, 0.949)
    """
    auc, influence = auc_influence(positive, scores)
    least = half_a_row(positive)
    shared = 0.0 if num_folds is None else num_folds / (num_folds - 1)
    error = max(standard_error(influence), least) * np.sqrt(1.0 + shared)
    held = float(np.clip(auc, min(least, 0.5), max(1.0 - least, 0.5)))
    odds = normal_interval(
        float(special.logit(held)),
        error / (held * (1.0 - held)),
        confidence=confidence,
        sides=sides,
    )
    low, high = float(special.expit(odds.low)), float(special.expit(odds.high))
    return Interval(auc, min(low, auc), max(high, auc))


def half_a_row(positive: NDArray[np.bool_]) -> float:
    """What half a row of the smaller class weighs in an AUC: a floor for standard errors."""
    smaller = min(int(positive.sum()), int((~positive).sum()))
    return 0.5 / max(smaller, 1)


def rank_alike(scores: Vector, others: Vector) -> bool:
    """Whether two scores order all rows alike, so that they separate any of them equally well.

    >>> rank_alike(np.array([1.0, 3.0, 2.0]), np.array([10.0, 90.0, 40.0]))
    True
    """
    return np.array_equal(stats.rankdata(scores), stats.rankdata(others))


def at_least(interval: Interval, error: float, *, confidence: float, sides: Sides = 1) -> Interval:
    """The interval, each end at least as far off as a normal one with this standard error.

    >>> at_least(Interval(1.0, 1.0, 1.0), 0.1, confidence=0.95).low.__round__(3)
    0.836
    """
    least = normal_interval(interval.value, error, confidence=confidence, sides=sides)
    return Interval(interval.value, min(interval.low, least.low), max(interval.high, least.high))


def bootstrap_interval(
    statistic: Callable[..., float],
    *samples: Vector,
    confidence: float,
    sides: Sides = 1,
    seed: int,
    num_resamples: int = 500,
) -> Interval:
    """The percentile bootstrap interval (Efron 1979) of a statistic of independent samples.

    For a paired statistic pass one sample whose rows hold both values.

    >>> interval = bootstrap_interval(
    ...     lambda x: float(x.mean()), np.arange(100.0), confidence=0.95, seed=0)
    >>> interval.value, 43 < interval.low < 46, 53 < interval.high < 56
    (49.5, True, True)
    """
    rng = np.random.default_rng(seed)
    found = [
        statistic(*(sample[rng.integers(len(sample), size=len(sample))] for sample in samples))
        for _ in range(num_resamples)
    ]
    level = _level(confidence, sides)
    low, high = np.quantile(found, [1 - level, level])
    return Interval(statistic(*samples), float(low), float(high))
