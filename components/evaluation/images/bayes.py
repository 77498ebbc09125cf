"""A classifier by Bayes' rule from what a conditional generator makes: p(class given image)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.naive_bayes import GaussianNB

from components.data.images.sets import Labels
from components.data.table import Matrix
from components.evaluation.case import Findings, Metric
from components.evaluation.evidence import Measurement
from components.evaluation.images.case import ImageCase, ImageEvaluator, ImageFindings
from components.evaluation.statistics import mean_interval

WIDTHS = (0.1, 0.15, 0.2, 0.3, 0.45, 0.7, 1.0)
"""Widths of the kernel that are tried, in units of the features' deviation."""

MOST_KERNELS = 4_000
SHIFT = 5.0
"""In the shifted test set half of the classes are so many times as frequent as the others."""


def _metric(name: str, goal: str, least: float, ideal: float, meaning: str) -> Metric:
    return Metric(name, "utility", goal, (least, 1.0), ideal, meaning)  # type: ignore[arg-type]


BAYES_ACCURACY = _metric(
    "bayes_accuracy",
    "maximise",
    0.0,
    1.0,
    "the accuracy on test images of Bayes' rule with densities of synthetic images",
)
BAYES_LOSS = _metric(
    "bayes_accuracy_loss",
    "minimise",
    -1.0,
    0.0,
    "the loss in accuracy of Bayes' rule from densities of synthetic instead of real images",
)
BAYES_OVER_NAIVE = _metric(
    "bayes_over_naive",
    "maximise",
    -1.0,
    1.0,
    "the gain in accuracy of Bayes' rule with synthetic images over naive Bayes with real ones",
)
PRIOR_SHIFT_GAIN = _metric(
    "prior_shift_gain",
    "maximise",
    -1.0,
    1.0,
    "the gain in accuracy where classes' shares change and Bayes' rule is told the new ones",
)


@dataclass(frozen=True)
class KernelDensities:
    """A kernel density of points (rows, dimensions) for each class, with one width for all."""

    points: Matrix
    labels: Labels
    num_classes: int
    width: float

    def log_densities(self, at: Matrix) -> Matrix:
        """The log density of each class at some points, (points, classes), but for a constant.

        >>> kernels = KernelDensities(np.array([[0.0], [1.0]]), np.array([0, 1]), 2, 0.5)
        >>> kernels.log_densities(np.array([[0.0]])).round(3).tolist()
        [[0.0, -2.0]]
        """
        squared = ((at**2).sum(axis=1)[:, None] + (self.points**2).sum(axis=1)[None]) - 2 * (
            at @ self.points.T
        )
        heights = -np.maximum(squared, 0) / (2 * self.width**2)
        found = np.full((len(at), self.num_classes), -np.inf)
        for code in range(self.num_classes):
            mine = self.labels == code
            if mine.any():
                found[:, code] = logsumexp(heights[:, mine], axis=1) - np.log(mine.sum())
        return found

    def called(self, at: Matrix, priors: NDArray[np.float64]) -> Labels:
        """The class that Bayes' rule gives, with these shares of the classes beforehand."""
        with np.errstate(divide="ignore"):
            weighed = self.log_densities(at) + np.log(priors)
        called: Labels = weighed.argmax(axis=1).astype(np.int64)
        return called


def measure_bayes(case: ImageCase) -> ImageFindings:
    """Bayes' rule with a kernel density of each class, in the main components of features.

    A generator that can be asked for a class is a density given the class; with the classes' shares
    it says which class an image is of (Ng and Jordan 2002 on such classifiers). The kernel's width
    is chosen among the points that the density is made of, one half telling the other. The
    reference is the same rule with densities of real images; naive Bayes learns from real pixels.
    In `prior_shift_gain` test images are drawn anew so that half of the classes are 5 times as
    frequent: a classifier by densities needs no training for that, only the new shares.
    """
    if not case.is_labelled:
        return ImageFindings(Findings())
    rows = case.in_features
    test, labels = rows.test.matrix, _labels(case.test.labels)
    _, unseen = case.halves
    real = _densities(case, rows.train.matrix, _labels(unseen.labels), "real")
    made = _densities(case, rows.synthetic.matrix, _labels(case.synthetic.labels), "made")
    shares = _shares(_labels(case.train.labels), real.num_classes)
    by_made, by_real = ((d.called(test, shares) == labels) for d in (made, real))
    naive = _naive(case) == labels
    found = [
        (BAYES_ACCURACY, (by_made,)),
        (BAYES_LOSS, (by_real, by_made)),
        (BAYES_OVER_NAIVE, (by_made, naive)),
    ]
    measured = [_measured(case, metric, parts) for metric, parts in found]
    measured[0] = measured[0].model_copy(update={"reference": float(by_real.mean())})
    chosen, shifted = _shifted(labels, shares, case.seed("prior shift"))
    told, untold = (made.called(test[chosen], priors) for priors in (shifted, shares))
    right = [each == labels[chosen] for each in (told, untold)]
    measured.append(_measured(case, PRIOR_SHIFT_GAIN, right))
    return ImageFindings(Findings(tuple(measured)))


def _measured(case: ImageCase, metric: Metric, right: Sequence[NDArray[np.bool_]]) -> Measurement:
    """A metric by whether each test image was called rightly, by one classifier or less another's.

    The variance is that over test images, paired, and at least that of a single one that differs
    from all others; what the classifiers learned from is held fixed.
    """
    values = right[0].astype(np.float64)
    if len(right) > 1:
        values = values - right[1]
    confidence = case.confidence(metric.name)
    interval = mean_interval(values, confidence=confidence, floor=1 / len(values))
    return metric.measured(interval, case)


def _labels(labels: Labels | None) -> Labels:
    assert labels is not None
    return labels


def _shares(labels: Labels, num_classes: int) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.bincount(labels, minlength=num_classes) / len(labels)
    return shares


def _densities(case: ImageCase, points: Matrix, labels: Labels, name: str) -> KernelDensities:
    """Densities of at most 4,000 of the points, with the width by which halves tell each other."""
    rng = np.random.default_rng(case.seed("bayes", name))
    kept = rng.permutation(len(points))[:MOST_KERNELS]
    points, labels = points[kept], labels[kept]
    num_classes = len(case.train.classes)
    unit = float(points.std(axis=0).mean()) or 1.0
    middle = len(points) // 2
    shares = _shares(labels, num_classes)
    rights = []
    for width in WIDTHS:
        half = KernelDensities(points[:middle], labels[:middle], num_classes, width * unit)
        rights.append((half.called(points[middle:], shares) == labels[middle:]).mean())
    best = WIDTHS[int(np.argmax(rights))] * unit
    return KernelDensities(points, labels, num_classes, best)


def _naive(case: ImageCase) -> Labels:
    """What naive Bayes with real pixels calls the test images."""
    train, test, _ = case.pixels
    found: Labels = GaussianNB().fit(train, _labels(case.train.labels)).predict(test)
    return found


def _shifted(
    labels: Labels, shares: NDArray[np.float64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Test images drawn so that every other class is 5 times as frequent, and the new shares."""
    weights = np.where(np.arange(len(shares)) % 2 == 0, SHIFT, 1.0)
    rng = np.random.default_rng(seed)
    chance = weights[labels] / weights.max()
    chosen = np.flatnonzero(rng.random(len(labels)) < chance)
    shifted = shares * weights
    return chosen, shifted / shifted.sum()


BAYES = ImageEvaluator(
    measure_bayes, (BAYES_ACCURACY, BAYES_LOSS, BAYES_OVER_NAIVE, PRIOR_SHIFT_GAIN), needs="labels"
)
