"""Which metrics of images may be gated: those that rank images of known worth as they must.

`python -m benchmarks.image_ranks` measures five candidates on several sets of images, and three
classifiers, and writes `selftest.json` beside this file.
"""

from pathlib import Path

from components.evaluation.case import Metric
from components.evaluation.images.catalog import IMAGE_EVALUATORS
from components.evaluation.selftest import (
    Expected,
    SelfTest,
    Values,
    check_record,
    evaluator_of,
    source_hash,
    tested,
)

COPY, GOOD, GAUSSIAN, COLLAPSED, NOISE = CANDIDATES = (
    "copy",
    "good",
    "gaussian",
    "collapsed",
    "noise",
)
TAUGHT, FEW, SHUFFLED = CLASSIFIERS = ("taught", "few", "shuffled")
"""Classifiers that were told everything, few labels, and wrong ones."""

RECORDS = Path(__file__).with_name("selftest.json")
RENEW = "`python -m benchmarks.image_ranks` tests it"

FIDELITY = Expected(((COPY, GOOD), (COLLAPSED, NOISE)), "a Gaussian of pixels may lie between")
PRIVACY = Expected(((GOOD, GAUSSIAN, NOISE), (COPY,)), "a few images over and over are copies, too")
GAIN = Expected(
    ((GOOD,), (COPY, COLLAPSED, NOISE)),
    "a copy adds nothing to the images it copies, a Gaussian of pixels may help",
)
CAPTIONED = Expected(((COPY, GOOD), (NOISE,)), "a few real images show what they should")
ORDERS: dict[str, Expected] = {
    "augmentation_gain": GAIN,
    "accuracy_gain": GAIN,
    "agreed_share": Expected(((COPY, GOOD), (NOISE,)), "a few real images show what they should"),
    "precision": Expected(((COPY, GOOD), (NOISE,)), "few real images repeated are precise"),
    "density": Expected(((COPY, GOOD), (NOISE,)), "few real images repeated are dense"),
    "recall": Expected(((COPY, GOOD), (COLLAPSED,)), "noise may spread widely"),
    "coverage": FIDELITY,
    "two_sample_auc": Expected(((COPY, GOOD), (GAUSSIAN, COLLAPSED, NOISE))),
    "two_sample_sure": Expected(((COPY, GOOD), (COLLAPSED, NOISE))),
    "sliced_wasserstein": Expected(((COPY, GOOD), (NOISE,)), "few real images have real patches"),
    "spectral_slope_gap": Expected(((COPY, GOOD), (NOISE,)), "a few real images have real spectra"),
    "different_bins": FIDELITY,
    "frechet_distance": FIDELITY,
    "tstr_accuracy": Expected(
        ((COPY, GOOD), (NOISE,)), "few images, or Gaussians, may do to learn"
    ),
    "tstr_accuracy_loss": Expected(
        ((COPY, GOOD), (NOISE,)), "few images, or Gaussians, may do to learn"
    ),
    "tstr_worst_class_loss": Expected(
        ((COPY, GOOD), (NOISE,)), "few images, or Gaussians, may do to learn"
    ),
    **dict.fromkeys(
        ("bayes_accuracy", "bayes_accuracy_loss", "bayes_over_naive"),
        Expected(((COPY, GOOD), (NOISE,)), "few images, or Gaussians, may do for a density"),
    ),
    "caption_accuracy": CAPTIONED,
    "unseen_caption_accuracy": CAPTIONED,
    "trts_accuracy": Expected(((COPY, GOOD), (NOISE,)), "few images, or Gaussians, may show it"),
    "membership_auc": PRIVACY,
    "membership_auc_exposed": PRIVACY,
    "membership_tpr": PRIVACY,
    "membership_tpr_01": PRIVACY,
    "empirical_epsilon": PRIVACY,
    "copy_excess": PRIVACY,
    "near_copy_excess": PRIVACY,
    **dict.fromkeys(
        ("few_label_accuracy", "outlier_auroc"), Expected(((TAUGHT,), (FEW,), (SHUFFLED,)))
    ),
    "moved_copy_excess": Expected(
        ((GOOD, GAUSSIAN, NOISE), (COPY,)), "a few images over and over span few components"
    ),
}
"""Candidates in tiers, the best first; a metric that is not here has no order to be tested by."""


def self_test(metric: Metric, values: Values) -> SelfTest:
    """Whether on every set each candidate is better, by .01 at least, than those of later tiers.

    >>> found = {"copy": 1.0, "good": 0.5, "gaussian": 0.5, "noise": 0.5, "collapsed": 0.9}
    >>> from components.evaluation.images.catalog import image_metrics
    >>> self_test(image_metrics()["membership_auc"], {"digits": found}).passed
    True
    """
    tiers = ORDERS[metric.name].tiers if metric.name in ORDERS else ()
    return tested(metric, tiers, values, _source_of(metric.name))


def check_image_self_test(name: str) -> None:
    """Raises UserError for a metric that failed its self-test, or has none by its present code."""
    check_record(name, RECORDS, _source_of(name), RENEW)


def _source_of(name: str) -> str:
    return source_hash(evaluator_of(name, IMAGE_EVALUATORS.values()))
