"""Which metrics of images may be gated: those that rank images of known worth as they must.

`python -m benchmarks.image_ranks` measures five candidates on several sets of images and writes
`selftest.json` beside this file.
"""

import hashlib
import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from components.errors import UserError
from components.evaluation.case import Metric
from components.evaluation.images.case import ImageEvaluator
from components.evaluation.images.catalog import IMAGE_EVALUATORS
from components.evaluation.selftest import LEAST_GAP, Expected, SelfTest, Values, read_self_tests

COPY, GOOD, GAUSSIAN, COLLAPSED, NOISE = CANDIDATES = (
    "copy",
    "good",
    "gaussian",
    "collapsed",
    "noise",
)
RECORDS = Path(__file__).with_name("selftest.json")
RENEW = "`python -m benchmarks.image_ranks` tests it"

FIDELITY = Expected(((COPY, GOOD), (COLLAPSED, NOISE)), "a Gaussian of pixels may lie between")
PRIVACY = Expected(((GOOD, GAUSSIAN, NOISE), (COPY,)), "a few images over and over are copies, too")
ORDERS: dict[str, Expected] = {
    "precision": Expected(((COPY, GOOD), (NOISE,)), "few real images repeated are precise"),
    "density": Expected(((COPY, GOOD), (NOISE,)), "few real images repeated are dense"),
    "recall": Expected(((COPY, GOOD), (COLLAPSED,)), "noise may spread widely"),
    "coverage": FIDELITY,
    "two_sample_auc": Expected(((COPY, GOOD), (GAUSSIAN, COLLAPSED, NOISE))),
    "two_sample_sure": Expected(((COPY, GOOD), (COLLAPSED, NOISE))),
    "sliced_wasserstein": Expected(((COPY, GOOD), (NOISE,)), "few real images have real patches"),
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
    "membership_auc": PRIVACY,
    "membership_auc_exposed": PRIVACY,
    "membership_tpr": PRIVACY,
    "membership_tpr_01": PRIVACY,
    "empirical_epsilon": PRIVACY,
    "copy_excess": PRIVACY,
    "near_copy_excess": PRIVACY,
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
    name, sign = metric.name, 1.0 if metric.goal == "maximise" else -1.0
    reasons = [] if values else ["it was measured on no set"]
    if name not in ORDERS:
        reasons.append("it ranks no candidates, so nothing could tell it from a broken one")
    tiers = ORDERS[name].tiers if name in ORDERS else ()
    for table, found in values.items():
        for place, tier in enumerate(tiers):
            later = [worse for other in tiers[place + 1 :] for worse in other]
            reasons += [
                f"on {table}, {worse} ({found[worse]:.3f}) is not worse than "
                f"{better} ({found[better]:.3f})"
                for better in tier
                for worse in later
                if sign * (found[better] - found[worse]) < LEAST_GAP
            ]
    return SelfTest(
        passed=not reasons,
        reason=reasons[0] if reasons else "",
        source=source_hash(_evaluator_of(name)),
        values={table: dict(found) for table, found in values.items()},
    )


def check_image_self_test(name: str, path: Path = RECORDS) -> None:
    """Raises UserError for a metric that failed its self-test, or has none."""
    record = _read_once(path).get(name)
    if record is None:
        raise UserError(f"a gate asks for the metric {name!r}, which has no self-test: {RENEW}")
    if record.source != source_hash(_evaluator_of(name)):
        raise UserError(
            f"a gate asks for the metric {name!r}, whose code changed since its self-test: {RENEW}"
        )
    if not record.passed:
        raise UserError(
            f"a gate asks for the metric {name!r}, which is switched off, since it failed its "
            f"self-test: {record.reason}"
        )


def source_hash(evaluator: ImageEvaluator) -> str:
    """The SHA-256 of the file an evaluator is written in."""
    path = inspect.getsourcefile(evaluator.run)
    assert path is not None
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _evaluator_of(name: str) -> ImageEvaluator:
    return next(
        evaluator
        for evaluator in IMAGE_EVALUATORS.values()
        if name in (metric.name for metric in evaluator.metrics)
    )


@cache
def _read_once(path: Path) -> Mapping[str, SelfTest]:
    return read_self_tests(path)
