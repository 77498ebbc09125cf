"""Do synthetic images show what they are labelled as: train on real, test on synthetic."""

from components.evaluation.case import Findings, Metric
from components.evaluation.images.case import ImageCase, ImageEvaluator, ImageFindings
from components.evaluation.images.utility import accuracy, is_right

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

    Four networks of all training images; the reference is their accuracy on test images. The
    interval adds the variance over synthetic images and that between the networks. Blind to
    variety: one image a class over and over is called rightly.
    """
    if not case.is_labelled:
        return ImageFindings(Findings())
    confidence = case.confidence(TRTS_ACCURACY.name)
    interval = accuracy(is_right(case.taught_by_real, case.synthetic), confidence=confidence)
    measured = TRTS_ACCURACY.measured(interval, case)
    reference = float(is_right(case.taught_by_real, case.test).mean())
    return ImageFindings(Findings((measured.model_copy(update={"reference": reference}),)))


TRTS = ImageEvaluator(measure_trts, (TRTS_ACCURACY,), needs="labels")
