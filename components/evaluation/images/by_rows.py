"""The evaluators of tables, on images as rows: their features for fidelity, pixels for privacy."""

from dataclasses import replace

from components.evaluation.case import Findings
from components.evaluation.fidelity.manifold import MANIFOLD
from components.evaluation.fidelity.two_sample import TWO_SAMPLE
from components.evaluation.images.case import ImageCase, ImageEvaluator, ImageFindings
from components.evaluation.images.outside import outside_panel
from components.evaluation.images.wording import said_of_images
from components.evaluation.privacy.membership import MEMBERSHIP, MEMBERSHIP_AUC_MODEL
from components.models.contract import log_nothing


def measure_manifold(case: ImageCase) -> ImageFindings:
    """Precision, recall, density and coverage of features; see `evaluation/fidelity/manifold.py`.

    The reference is what training images that the classifier never saw reach. The interval says
    nothing of other classifiers that might have been trained.
    """
    found = _of_images(MANIFOLD.run(case.in_features, log_nothing))
    return replace(found, panels=(outside_panel(case),))


def measure_two_sample(case: ImageCase) -> ImageFindings:
    """Gradient boosting tells synthetic from test images by their features; see `two_sample.py`."""
    return _of_images(TWO_SAMPLE.run(case.in_features, log_nothing))


def measure_membership(case: ImageCase) -> ImageFindings:
    """Attacks on who was in the training images, by pixels; see `evaluation/privacy/membership.py`.

    Not by features: a classifier that learned from training images would betray them by itself, and
    one that did not finds less than pixels do (copies of 1,000 images of MNIST turned by up to 10
    degrees: .91 by pixels, .85 by features; with noise: .99 and .66).
    """
    return _of_images(MEMBERSHIP.run(case.in_pixels, log_nothing))


def _of_images(found: Findings) -> ImageFindings:
    """The findings with images for rows; which component gives rows away says nothing here."""
    measurements = tuple(
        m.model_copy(update={"meaning": said_of_images(m.meaning).strip(",")})
        for m in found.measurements
    )
    return ImageFindings(replace(found, measurements=measurements, telltales=()))


IN_MANIFOLD = ImageEvaluator(measure_manifold, MANIFOLD.metrics)
TOLD_APART = ImageEvaluator(measure_two_sample, TWO_SAMPLE.metrics)
MEMBERS = ImageEvaluator(
    measure_membership,
    tuple(metric for metric in MEMBERSHIP.metrics if metric != MEMBERSHIP_AUC_MODEL),
)
