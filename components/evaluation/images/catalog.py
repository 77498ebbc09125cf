"""Every evaluator of images, by name, and the gates they are asked by default.

A new one is a file beside this one, and a line here.
"""

from components.config import Gate, Purpose
from components.evaluation.case import Metric
from components.evaluation.images.bayes import BAYES
from components.evaluation.images.benefit import BENEFIT
from components.evaluation.images.bins import BINS
from components.evaluation.images.by_rows import IN_MANIFOLD, MEMBERS, TOLD_APART
from components.evaluation.images.captions import CAPTIONS
from components.evaluation.images.case import ImageEvaluator
from components.evaluation.images.copies import COPIES
from components.evaluation.images.few_labels import FEW_LABELS
from components.evaluation.images.frechet import FRECHET
from components.evaluation.images.moved_copies import MOVED_COPIES
from components.evaluation.images.spectrum import SPECTRUM
from components.evaluation.images.trts import TRTS
from components.evaluation.images.utility import UTILITY
from components.evaluation.images.wasserstein import WASSERSTEIN

IMAGE_EVALUATORS: dict[str, ImageEvaluator] = {
    "manifold": IN_MANIFOLD,
    "two_sample": TOLD_APART,
    "wasserstein": WASSERSTEIN,
    "spectrum": SPECTRUM,
    "bins": BINS,
    "frechet": FRECHET,
    "utility": UTILITY,
    "trts": TRTS,
    "bayes": BAYES,
    "captions": CAPTIONS,
    "membership": MEMBERS,
    "copies": COPIES,
    "moved_copies": MOVED_COPIES,
    "benefit": BENEFIT,
    "few_labels": FEW_LABELS,
}

FOR_LABELS = (Gate(metric="tstr_accuracy_loss", better_than=0.0, margin=0.05, worthwhile=0.01),)
SHARING_GATES = (
    Gate(metric="membership_auc", better_than=0.5, margin=0.05, worthwhile=0.01),
    Gate(metric="copy_excess", better_than=0.0, margin=0.01, worthwhile=0.002),
    Gate(metric="near_copy_excess", better_than=0.0, margin=0.02, worthwhile=0.004),
    Gate(metric="moved_copy_excess", better_than=0.0, margin=0.03, worthwhile=0.006),
    Gate(metric="two_sample_auc", better_than=0.5, margin=0.4, worthwhile=0.08),
    Gate(metric="recall", better_than=0.5, worthwhile=0.1),
)
"""Recall and the two-sample test together: a Gaussian of pixels has the one without the other."""


def image_metrics(purpose: Purpose | None = None) -> dict[str, Metric]:
    """Every metric of images by name, or those that may be measured for a purpose.

    >>> "augmentation_gain" in image_metrics(Purpose.SHARING)
    False
    """
    return {
        metric.name: metric
        for evaluator in IMAGE_EVALUATORS.values()
        if purpose is None or purpose in evaluator.purposes
        for metric in evaluator.metrics
    }
