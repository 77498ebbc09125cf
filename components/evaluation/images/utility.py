"""Utility of labelled images: what a classifier learns from synthetic ones, on real ones."""

import numpy as np

from components.data.images import ImageSet
from components.data.table import Matrix
from components.evaluation.case import Findings, Metric
from components.evaluation.evidence import Measurement
from components.evaluation.images.case import ImageCase, ImageEvaluator, ImageFindings
from components.evaluation.statistics import normal_interval
from components.training.classification import chances_of, fit_classifier

NUM_SEEDS = 2


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


def measure_utility(case: ImageCase) -> ImageFindings:
    """Train on synthetic, test on real (Esteban et al. 2017), with a small convolutional network.

    As many synthetic images as there are training images, or all there are. Two networks of each;
    the interval of the loss adds the variance over test images (paired) and that between the
    networks. Nothing is measured without labels.
    """
    if not case.is_labelled or len(case.train.classes) < 2:
        return ImageFindings(Findings())
    real, synthetic = (_is_right(case, each) for each in (case.train, case.synthetic))
    found = [
        (TRTR_ACCURACY, real),
        (TSTR_ACCURACY, synthetic),
        (TSTR_ACCURACY_LOSS, real - synthetic),
    ]
    return ImageFindings(Findings(tuple(_measured(case, *each) for each in found)))


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
    by_image = values.mean(axis=0)
    of_images = max(float(by_image.var(ddof=1)), 1.0 / len(by_image)) / len(by_image)
    of_networks = float(values.mean(axis=1).var(ddof=1)) / len(values)
    interval = normal_interval(
        float(by_image.mean()),
        float(np.sqrt(of_images + of_networks)),
        confidence=case.confidence(metric.name),
    )
    return metric.measured(interval, case.settings)


UTILITY = ImageEvaluator(
    measure_utility, (TRTR_ACCURACY, TSTR_ACCURACY, TSTR_ACCURACY_LOSS), needs="labels"
)
