"""A model as a classifier: what it makes of few labels, and whether it knows what it never saw."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.config import Purpose
from components.data.images.sets import ImageSet
from components.errors import UserError
from components.evaluation.case import Findings, Metric
from components.evaluation.evidence import Comparison, Measurement
from components.evaluation.images.case import ImageCase, ImageEvaluator, ImageFindings
from components.evaluation.images.few_label_panels import mistakes_panel, outliers_panel
from components.evaluation.images.few_label_rivals import RIVALS
from components.evaluation.statistics import (
    auc_influence,
    half_a_row,
    mean_interval,
    normal_interval,
    share_interval,
    standard_error,
)
from components.models.contract import ImageClassifier, LearnsUnlabelled

LABELS_ALONE, MAX_SOFTMAX, MAX_SOFTMAX_ALONE = "labels_alone", "max_softmax", "max_softmax_alone"

Right = NDArray[np.bool_]
Scores = NDArray[np.float64]

FEW_LABEL_ACCURACY = Metric(
    name="few_label_accuracy",
    family="utility",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="the share of test images that the model calls by their class",
)
OUTLIER_AUROC = Metric(
    name="outlier_auroc",
    family="utility",
    goal="maximise",
    bounds=(0.0, 1.0),
    ideal=1.0,
    meaning="how well test images of a class without training images are known for outliers "
    "(ROC AUC)",
)


@dataclass(frozen=True)
class Sorted:
    """Test images of classes that the classifier knows, and of others: its outliers."""

    known: ImageSet
    outliers: ImageSet

    @property
    def is_outlier(self) -> Right:
        """For the known ones, then for the outliers."""
        return np.arange(len(self.known) + len(self.outliers)) >= len(self.known)


def measure_few_labels(case: ImageCase) -> ImageFindings:
    """The model's accuracy on test images of classes it knows, and how it ranks all others.

    Its accuracy is compared, image by image, with that of what the same labels teach a support
    vector machine, label spreading, the usual network (`few_label_rivals.py`), and the model's own
    network without unlabelled images (`labels_alone`). Where there are test images of classes that
    no training label names, these are outliers: `outlier_auroc` is that of how much an image looks
    as if it were of no class, compared, image by image, with the highest chance of a class, by the
    same model (`max_softmax`) and by its network taught the labels alone (`max_softmax_alone`).
    Intervals are over test images (DeLong's of an AUC); the labels that were drawn and what was
    trained on them are held fixed, though other labels may move an accuracy by some points.
    """
    classifier, parts = _classifier_of(case), _sorted(case)
    right, called = _is_right(classifier, parts.known)
    others = {
        name: rival(case.train, parts.known, case.seed("rival", name)) == parts.known.labels
        for name, rival in RIVALS.items()
    }
    alone = None
    if isinstance(classifier, LearnsUnlabelled):
        alone = classifier.without_unlabelled(case.train, seed=case.seed("rival", LABELS_ALONE))
        others[LABELS_ALONE] = _is_right(alone, parts.known)[0]
    measured, panels = [_accuracy(case, right, others)], [mistakes_panel(parts.known, called)]
    if len(parts.outliers):
        scores = _outlyingness(classifier, alone, parts)
        measured.append(_outlier_auroc(case, parts.is_outlier, scores))
        panels.append(outliers_panel(parts.known, parts.outliers, scores[""]))
    note = _note(case, {"the model": right, **others})
    return ImageFindings(Findings(tuple(measured)), tuple(panels), (note,))


def _classifier_of(case: ImageCase) -> ImageClassifier:
    if not isinstance(case.generator, ImageClassifier):
        raise UserError(
            "purpose = classification judges a fitted model that classifies images "
            "(semi_supervised_gan); images alone can be judged for sharing"
        )
    return case.generator


def _sorted(case: ImageCase) -> Sorted:
    """The test images; raises UserError where it is not known what they show."""
    taught, labels = case.train.labels, case.test.labels
    if taught is None or labels is None or not case.test.is_labelled:
        raise UserError("purpose = classification needs labels of the test images")
    is_known = np.isin(labels, np.unique(taught[case.train.is_known]))
    known, outliers = (case.test.take(np.flatnonzero(side)) for side in (is_known, ~is_known))
    return Sorted(known, outliers)


def _is_right(classifier: ImageClassifier, test: ImageSet) -> tuple[Right, NDArray[np.str_]]:
    """Whether each test image is called by its class, and what it is called."""
    assert test.labels is not None
    likeliest = classifier.classify(test.images).argmax(axis=1)
    called = np.array(classifier.classes_)[likeliest]
    return called == np.array(test.classes)[test.labels], called


def _accuracy(case: ImageCase, right: Right, others: Mapping[str, Right]) -> Measurement:
    confidence = case.confidence(FEW_LABEL_ACCURACY.name)
    interval = share_interval(int(right.sum()), len(right), confidence=confidence)
    measured = FEW_LABEL_ACCURACY.measured(interval, case)
    comparisons = []
    for name, theirs in others.items():
        gained = right.astype(np.float64) - theirs
        gap = mean_interval(gained, confidence=confidence, floor=1 / len(gained))
        comparisons.append(Comparison(baseline=name, value=gap.value, low=gap.low, high=gap.high))
    update = {"comparisons": tuple(comparisons), "sample_size": len(right)}
    return measured.model_copy(update=update)


def _outlyingness(
    classifier: ImageClassifier, alone: ImageClassifier | None, parts: Sorted
) -> dict[str, Scores]:
    """How much known test images, then outliers, look like none: by the model (""), and others."""
    images = np.concatenate([parts.known.images, parts.outliers.images])
    scores = {
        "": classifier.outlyingness(images),
        MAX_SOFTMAX: -classifier.classify(images).max(axis=1),
    }
    if alone is not None:
        scores[MAX_SOFTMAX_ALONE] = -alone.classify(images).max(axis=1)
    return scores


def _outlier_auroc(case: ImageCase, is_outlier: Right, scores: Mapping[str, Scores]) -> Measurement:
    confidence, floor = case.confidence(OUTLIER_AUROC.name), half_a_row(is_outlier)
    found = {name: auc_influence(is_outlier, each) for name, each in scores.items()}
    auc, influence = found.pop("")
    error = max(standard_error(influence), floor)
    measured = OUTLIER_AUROC.measured(normal_interval(auc, error, confidence=confidence), case)
    comparisons = []
    for name, (theirs, of_theirs) in found.items():
        error = max(standard_error(influence - of_theirs), floor)
        gap = normal_interval(auc - theirs, error, confidence=confidence)
        comparisons.append(Comparison(baseline=name, value=gap.value, low=gap.low, high=gap.high))
    return measured.model_copy(update={"comparisons": tuple(comparisons)})


def _note(case: ImageCase, right: Mapping[str, Right]) -> str:
    """What each classifier reaches, in words."""
    reached = ", ".join(
        f"{name.replace('_', ' ')} {each.mean():.3f}" for name, each in right.items()
    )
    return (
        f"accuracy on test images by {int(case.train.is_known.sum()):,} labels of "
        f"{len(case.train):,} training images: {reached}"
    )


FEW_LABELS = ImageEvaluator(
    measure_few_labels,
    (FEW_LABEL_ACCURACY, OUTLIER_AUROC),
    needs="a model that classifies",
    purposes=frozenset({Purpose.CLASSIFICATION}),
)
