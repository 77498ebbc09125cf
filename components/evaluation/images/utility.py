"""Utility of labelled images: what a classifier learns from synthetic ones, on real ones."""

import numpy as np

from components.data.images import ImageSet
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
from components.evaluation.statistics import Interval, normal_interval
from components.training.classification import chances_of, fit_classifier

NUM_SEEDS, LEAST_IMAGES = 2, 5
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

    As many synthetic images as there are training images, or all there are. Two networks of each;
    the interval of the loss adds the variance over test images (paired) and that between the
    networks; training and synthetic images are held fixed. Class by class it holds for all classes
    at once. Nothing is measured without labels.
    """
    if not case.is_labelled or len(case.train.classes) < 2:
        return ImageFindings(Findings())
    real, synthetic = (_is_right(case, each) for each in (case.train, case.synthetic))
    found = [
        (TRTR_ACCURACY, real),
        (TSTR_ACCURACY, synthetic),
        (TSTR_ACCURACY_LOSS, real - synthetic),
    ]
    measured = [_measured(case, *each) for each in found]
    classes = _classes(case)
    if classes:
        measured.append(_worst(case, real - synthetic, classes))
    return ImageFindings(Findings(tuple(measured)), _panels(case, real, synthetic, classes))


def _is_right(case: ImageCase, taught_by: ImageSet) -> Matrix:
    """1 where a network calls a test image by its class, shape (networks, test images)."""
    given = taught_by.take(np.arange(min(len(taught_by), len(case.train))))
    assert given.labels is not None and case.test.labels is not None
    rows = []
    for number in range(NUM_SEEDS):
        net = fit_classifier(
            given.images,
            given.labels,
            len(case.train.classes),
            seed=case.seed("utility", number),
        )
        rows.append(chances_of(net, case.test.images).argmax(axis=1) == case.test.labels)
    return np.array(rows, dtype=np.float64)


def _measured(case: ImageCase, metric: Metric, values: Matrix) -> Measurement:
    return metric.measured(mean_over(values, case.confidence(metric.name)), case.settings)


def mean_over(values: Matrix, confidence: float) -> Interval:
    """The mean of values (networks, images), both kinds of draws allowed for.

    The variance over images is at least that of a single one that differs from all others.

    >>> found = mean_over(np.array([[1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]]), 0.95)
    >>> found.value, round(found.high, 3)
    (0.5, 0.975)
    """
    by_image = values.mean(axis=0)
    of_images = max(float(by_image.var(ddof=1)), 1.0 / len(by_image)) / len(by_image)
    of_networks = float(values.mean(axis=1).var(ddof=1)) / len(values)
    error = float(np.sqrt(of_images + of_networks))
    return normal_interval(float(by_image.mean()), error, confidence=confidence)


def _classes(case: ImageCase) -> list[int]:
    """Classes with enough test images to say anything of."""
    assert case.test.labels is not None
    counts = np.bincount(case.test.labels, minlength=len(case.train.classes))
    return [int(code) for code in np.flatnonzero(counts >= LEAST_IMAGES)]


def _worst(case: ImageCase, losses: Matrix, classes: list[int]) -> Measurement:
    """The greatest loss within a class; bounds of the greatest of all, by Bonferroni."""
    confidence = case.confidence(WORST_CLASS_LOSS.name)
    each = [
        mean_over(losses[:, case.test.labels == code], 1 - (1 - confidence) / len(classes))
        for code in classes
    ]
    ends = [[getattr(found, end) for found in each] for end in ("value", "low", "high")]
    value, low, high = (float(max(end)) for end in ends)
    name = case.train.classes[classes[int(np.argmax(ends[0]))]]
    return WORST_CLASS_LOSS.measured(
        Interval(value, low, high), case.settings, meaning=f"{WORST_CLASS_LOSS.meaning} ({name})"
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
