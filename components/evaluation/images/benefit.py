"""Benefit: do synthetic images help a classifier more than classic augmentation and all else."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from components.config import Protocol, Purpose
from components.evaluation.benefit.gain import AUGMENTATION_GAIN, BEST_BASELINE
from components.evaluation.case import Findings, Metric
from components.evaluation.evidence import Measurement
from components.evaluation.images.benefit_shown import curves, made_panels, notes, summaries
from components.evaluation.images.case import ImageCase, ImageEvaluator, ImageFindings
from components.evaluation.images.folds import FoldResult, Plan, judge_fold, splits_of
from components.evaluation.images.trial import (
    ACCURACY,
    BALANCED,
    SPECIFICITY,
    ImageTrial,
    choices,
    sensitivity,
)
from components.evaluation.images.ways import CLASSIC, REAL, Option
from components.evaluation.parallel import run_all
from components.evaluation.statistics import Interval, corrected_interval

logger = logging.getLogger(__name__)

FEW_IMAGES = 500
REPEATS, REPEATS_OF_FEW = 1, 2

GAIN = replace(
    AUGMENTATION_GAIN, meaning="the gain from synthetic images, over the best of the other ways"
)


def _gain(name: str, meaning: str) -> Metric:
    return Metric(name, "utility", "maximise", (-1.0, 1.0), 1.0, f"the gain in {meaning}")


ACCURACY_GAIN = _gain("accuracy_gain", "accuracy")
SPECIFICITY_GAIN = _gain("specificity_gain", "the classes' mean specificity")
RAREST_GAIN = _gain("rarest_recall_gain", "recall of the rarest class")
AGREED_SHARE = Metric(
    name="agreed_share",
    family="utility",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the share of synthetic images that a classifier of real ones calls by their label",
)


def measure_benefit(case: ImageCase) -> ImageFindings:
    """The gain of our way over every way without synthetic images, and every way's scores.

    Ours is fixed beforehand: real + classic + synthetic (real + synthetic where nothing is varied).
    Repeated, stratified cross-validation over the training images; in each fold the generator is
    fitted to the fold's training images alone. How synthetic images are used (ratio, filter) is
    chosen for each fold by the other folds of its repeat. The gain is the paired difference in
    balanced accuracy; its interval is Nadeau and Bengio's (2003). The lower bound is the least of
    the bounds over each other way (an intersection-union test, Berger 1982), so that choosing the
    best of them costs no error; the value, the least gain, errs downwards; the upper bound is the
    least of bounds that hold for all at once (Bonferroni, half of the error for classic
    augmentation). `case.log` is called after every fold. Two repeats below 500 images, where folds
    tell little, else one, or as many as are asked for.
    """
    plan, folds = _plan(case), case.config.folds
    few = REPEATS_OF_FEW if len(case.train) < FEW_IMAGES else REPEATS
    splits = splits_of(plan, folds, case.config.repeats or few)
    calls = [partial(judge_fold, plan, split) for split in splits]
    results: list[FoldResult] = []
    for result in run_all(calls, workers=case.workers):
        results.append(result)
        logger.info("benefit: fold %d of %d is done", len(results), len(splits))
        case.log(len(results), {"benefit_folds_done": len(results) / len(splits)})
    chosen = _chosen(plan, results, folds)
    scores = [
        {**result.scores, plan.ours: result.scores[option.named(plan.ours)]}
        for result, option in zip(results, chosen, strict=True)
    ]
    trial = ImageTrial(tuple(scores), folds)
    found = Findings(
        tuple(_measurements(case, plan, trial, results)),
        arms=tuple(summaries(plan, trial)),
        curves=tuple(curves(plan, trial)),
    )
    return ImageFindings(
        found,
        made_panels(plan, results[0], chosen[0]),
        notes=notes(plan, trial, results, chosen),
    )


def _plan(case: ImageCase) -> Plan:
    assert case.make_and_fit is not None and case.is_labelled
    config = case.config
    is_quick = config.protocol is Protocol.QUICK
    ratios = (config.ratio,) if is_quick else tuple(sorted(config.ratios))
    return Plan(case.train, case.make_and_fit, ratios, case.benefit, case.seed("benefit"))


def _chosen(plan: Plan, results: Sequence[FoldResult], folds: int) -> list[Option]:
    """For each fold how synthetic images are used: what does best in the others of its repeat."""
    names = [option.named(plan.ours) for option in plan.options]
    scores = np.array([[result.scores[name][BALANCED] for name in names] for result in results])
    return [plan.options[place] for place in choices(scores, folds)]


def _measurements(
    case: ImageCase, plan: Plan, trial: ImageTrial, results: Sequence[FoldResult]
) -> Iterator[Measurement]:
    """The gain, the same by other metrics, and how many synthetic images show their label."""
    yield _measured(case, plan, trial, GAIN, BALANCED, "balanced accuracy")
    yield _measured(case, plan, trial, ACCURACY_GAIN, ACCURACY, ACCURACY)
    yield _measured(case, plan, trial, SPECIFICITY_GAIN, SPECIFICITY, SPECIFICITY)
    if plan.rarest is not None:
        key = sensitivity(plan.train.classes[plan.rarest])
        yield _measured(case, plan, trial, RAREST_GAIN, key, key)
    yield _agreed(case, trial, results)


def _agreed(case: ImageCase, trial: ImageTrial, results: Sequence[FoldResult]) -> Measurement:
    """By the corrected interval, as folds share training images."""
    interval = corrected_interval(
        np.array([result.agreed for result in results]),
        test_to_train=trial.test_to_train,
        confidence=case.confidence(AGREED_SHARE.name),
    )
    return AGREED_SHARE.measured(interval, case)


def _measured(
    case: ImageCase, plan: Plan, trial: ImageTrial, metric: Metric, key: str, title: str
) -> Measurement:
    """Our gain by one score over all other ways at once, and over each one by name."""
    confidence = case.confidence(metric.name)
    each = [trial.compared(plan.ours, rival, key, confidence=confidence) for rival in plan.rivals]
    highs = [
        trial.gain(plan.ours, rival, key, confidence=1 - level).high
        for rival, level in _levels(plan, 1 - confidence)
    ]
    closest, lowest = min(each, key=lambda one: one.value), min(each, key=lambda one: one.low)
    best = closest.model_copy(
        update={
            "baseline": BEST_BASELINE,
            "low": lowest.low,
            "high": max(min(highs), closest.value),
        }
    )
    meaning = (
        f"the gain in {title} of {plan.ours} over {closest.baseline}, the closest of "
        f"{len(each)} ways without synthetic images"
    )
    interval = Interval(best.value, best.low, best.high)
    return metric.measured(interval, case, meaning=meaning).model_copy(
        update={
            "comparisons": (best, *each),
            "sample_size": len(case.train),
            "repeats": trial.repeats,
            "floor": trial.floor(Interval(lowest.value, lowest.low, lowest.high)),
        }
    )


def _levels(plan: Plan, alpha: float) -> Iterator[tuple[str, float]]:
    """Levels that sum to `alpha`: half for the way ours is built on, the rest for the others."""
    main = CLASSIC if plan.has_classic else REAL
    others = len(plan.rivals) - 1
    for rival in plan.rivals:
        yield rival, alpha / 2 if rival == main else alpha / 2 / others


BENEFIT = ImageEvaluator(
    measure_benefit,
    (GAIN, ACCURACY_GAIN, SPECIFICITY_GAIN, RAREST_GAIN, AGREED_SHARE),
    needs="labels, and a generator that can be fitted anew",
    purposes=frozenset({Purpose.AUGMENTATION}),
)
