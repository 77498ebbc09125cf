"""Utility of labelled images: what a classifier learns from synthetic ones, on real ones."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from components.data.images.sets import ImageSet
from components.data.table import Matrix
from components.evaluation.case import Findings, Metric
from components.evaluation.evidence import Measurement
from components.evaluation.images.case import (
    ImageCase,
    ImageEvaluator,
    ImageFindings,
    Panel,
    Strip,
)
from components.evaluation.statistics import Interval
from components.networks.images.classifier import ImageClassifier
from components.training.classification import chances_of

LEAST_IMAGES = 5
SHOWN = 10


def _metric(name: str, goal: str, ideal: float, meaning: str) -> Metric:
    least = 0.0 if goal == "maximise" else -1.0
    return Metric(name, "utility", goal, (least, 1.0), ideal, meaning)  # type: ignore[arg-type]


TRTR_ACCURACY = _metric(
    "trtr_accuracy", "maximise", 1.0, "the accuracy on test images of a classifier of real images"
)
TSTR_ACCURACY = _metric(
    "tstr_accuracy",
    "maximise",
    1.0,
    "the accuracy on test images of a classifier of synthetic images",
)
TSTR_ACCURACY_LOSS = _metric(
    "tstr_accuracy_loss",
    "minimise",
    0.0,
    "the loss in accuracy from training a classifier on synthetic instead of real images",
)
WORST_CLASS_LOSS = _metric(
    "tstr_worst_class_loss",
    "minimise",
    0.0,
    "the loss in accuracy from training on synthetic images within the class that loses most",
)


def measure_utility(case: ImageCase) -> ImageFindings:
    """Train on synthetic, test on real (Esteban et al. 2017), with a small convolutional network.

    As many synthetic images as there are training images, or all there are. Four networks of each;
    the interval of the loss adds the variance over test images (paired) and that between the
    networks; training and synthetic images are held fixed. Class by class it holds for all classes
    at once. Nothing is measured without labels.
    """
    if not case.is_labelled:
        return ImageFindings(Findings())
    given = case.synthetic.take(np.arange(min(len(case.synthetic), len(case.train))))
    real = is_right(case.taught_by_real, case.test)
    synthetic = is_right(case.taught_by(given), case.test)
    found: list[tuple[Metric, tuple[Matrix, ...]]] = [
        (TRTR_ACCURACY, (real,)),
        (TSTR_ACCURACY, (synthetic,)),
        (TSTR_ACCURACY_LOSS, (real, synthetic)),
    ]
    measured = [
        metric.measured(accuracy(*of, confidence=case.confidence(metric.name)), case)
        for metric, of in found
    ]
    classes = _classes(case)
    if classes:
        measured.append(_worst(case, real, synthetic, classes))
    return ImageFindings(Findings(tuple(measured)), _panels(case, real, synthetic, classes))


def is_right(networks: Sequence[ImageClassifier], images: ImageSet) -> Matrix:
    """1 where a network calls an image by its class, shape (networks, images)."""
    called = [chances_of(net, images.images).argmax(axis=1) == images.labels for net in networks]
    return np.array(called, dtype=np.float64)


def accuracy(right: Matrix, less: Matrix | None = None, *, confidence: float) -> Interval:
    """The mean of `right` (networks, images), less that of another kind of network on the same.

    The variance over images, paired, and that between networks of a kind, of which there are few:
    Student's t with the degrees of freedom of Satterthwaite (1946). The variance over images is at
    least that of a single one that differs from all others. In 60 splits of digits, where nothing
    is lost, either bound of the loss was missed in 2 to 3% (a normal interval: 8 to 10%).

    >>> right = np.array([[1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]])
    >>> found = accuracy(right, confidence=0.95)
    >>> found.value, round(found.high, 3)
    (0.5, 1.179)
    """
    kinds = [right] if less is None else [right, less]
    values = right if less is None else right - less
    by_image, num_networks = values.mean(axis=0), len(values)
    num_images = len(by_image)
    of_images = max(float(by_image.var(ddof=1)), 1.0 / num_images) / num_images
    of_networks = sum(float(kind.mean(axis=1).var(ddof=1)) for kind in kinds) / num_networks
    freedom = (of_images + of_networks) ** 2 / (
        of_images**2 / (num_images - 1) + of_networks**2 / (len(kinds) * (num_networks - 1))
    )
    reach = float(stats.t.ppf(confidence, freedom) * np.sqrt(of_images + of_networks))
    mean = float(by_image.mean())
    return Interval(mean, mean - reach, mean + reach)


def _classes(case: ImageCase) -> list[int]:
    """Classes with enough test images to say anything of."""
    assert case.test.labels is not None
    counts = np.bincount(case.test.labels, minlength=len(case.train.classes))
    return [int(code) for code in np.flatnonzero(counts >= LEAST_IMAGES)]


def _worst(case: ImageCase, real: Matrix, synthetic: Matrix, classes: list[int]) -> Measurement:
    """The greatest loss within a class; bounds of the greatest of all, by Bonferroni."""
    level = 1 - (1 - case.confidence(WORST_CLASS_LOSS.name)) / len(classes)
    each = [
        accuracy(real[:, of], synthetic[:, of], confidence=level)
        for of in (case.test.labels == code for code in classes)
    ]
    ends = [[getattr(found, end) for found in each] for end in ("value", "low", "high")]
    value, low, high = (float(max(end)) for end in ends)
    name = case.train.classes[classes[int(np.argmax(ends[0]))]]
    return WORST_CLASS_LOSS.measured(
        Interval(value, low, high), case, meaning=f"{WORST_CLASS_LOSS.meaning} ({name})"
    )


def _panels(
    case: ImageCase, real: Matrix, synthetic: Matrix, classes: list[int]
) -> tuple[Panel, ...]:
    """How many test images of each class are recognised, after training on either; worst first."""
    if not classes:
        return ()
    ours = [case.test.labels == code for code in classes]
    shares = np.array([[each[:, of].mean() for each in (real, synthetic)] for of in ours])
    order = np.argsort(shares[:, 1] - shares[:, 0], kind="stable")[:SHOWN]
    worst, names = order[0], [case.train.classes[code] for code in classes]
    return (
        Panel(
            key="classes",
            title="Which classes do synthetic images teach badly?",
            meaning=f"Of the test images of class “{names[worst]}”, a classifier taught by real "
            f"images recognises {shares[worst, 0]:.0%}, one taught by synthetic images "
            f"{shares[worst, 1]:.0%}.",
            reading="A test image of each class, the worst taught first; beneath it the share "
            "recognised after training on real images (blue) and on synthetic ones (orange).",
            strips=(
                Strip(
                    "class",
                    np.stack([case.test.images[int(ours[place].argmax())] for place in order]),
                    tuple(names[place] for place in order),
                    tuple((float(first), float(second)) for first, second in shares[order]),
                ),
            ),
        ),
    )


UTILITY = ImageEvaluator(
    measure_utility,
    (TRTR_ACCURACY, TSTR_ACCURACY, TSTR_ACCURACY_LOSS, WORST_CLASS_LOSS),
    needs="labels",
)
