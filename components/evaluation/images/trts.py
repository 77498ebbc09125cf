"""Do synthetic images show what they are labelled as: train on real, test on synthetic."""

import numpy as np

from components.evaluation.case import Findings, Metric
from components.evaluation.images.case import ImageCase, ImageEvaluator, ImageFindings
from components.evaluation.images.utility import NUM_SEEDS, accuracy
from components.training.classification import chances_of, fit_classifier

TRTS_ACCURACY = Metric(
    name="trts_accuracy",
    family="utility",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the share of synthetic images that a classifier of real images calls by their label",
)


def measure_trts(case: ImageCase) -> ImageFindings:
    """Train on real, test on synthetic (Esteban et al. 2017): what a condition is worth.

    Two networks of all training images; the reference is their accuracy on test images. The
    interval adds the variance over synthetic images and that between the networks. Blind to
    variety: one image a class over and over is called rightly.
    """
    if not case.is_labelled:
        return ImageFindings(Findings())
    assert case.train.labels is not None
    right: dict[str, list[np.ndarray[tuple[int], np.dtype[np.float64]]]] = {"test": [], "made": []}
    for number in range(NUM_SEEDS):
        net = fit_classifier(
            case.train.images,
            case.train.labels,
            len(case.train.classes),
            seed=case.seed("utility", number),
        )
        for name, images in (("test", case.test), ("made", case.synthetic)):
            called = chances_of(net, images.images).argmax(axis=1)
            right[name].append((called == images.labels).astype(np.float64))
    interval = accuracy(np.array(right["made"]), confidence=case.confidence(TRTS_ACCURACY.name))
    measured = TRTS_ACCURACY.measured(interval, case)
    reference = float(np.mean(right["test"]))
    return ImageFindings(Findings((measured.model_copy(update={"reference": reference}),)))


TRTS = ImageEvaluator(measure_trts, (TRTS_ACCURACY,), needs="labels")
