"""A classifier judged on test images, beside others of the same labels, and on outliers."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from benchmarks.classifier_ranks import known_classifier
from benchmarks.image_ranks import digits, thirds
from components.config import EvaluateConfig, Purpose
from components.data.images.schema import schema_of
from components.data.images.sets import UNKNOWN, ImageSet
from components.errors import UserError
from components.evaluation.images.case import ImageCase
from components.evaluation.images.challenge_classifier import challenge_classifier
from components.evaluation.images.evaluate import evaluate_images
from components.evaluation.images.few_label_rivals import RIVALS
from components.evaluation.images.few_labels import measure_few_labels

CONFIG = EvaluateConfig(purpose=Purpose.CLASSIFICATION)
TRAIN, TEST, _ = thirds(digits(), 0, 300)
CLASSES = TRAIN.classes


@dataclass(frozen=True)
class Oracle:
    """Knows what each image shows; of every `miss`-th it calls the next class."""

    images: ImageSet
    classes_: tuple[str, ...] = CLASSES[:-1]
    miss: int = 10**6

    @property
    def schema_(self):
        """Of the images that it knows."""
        return schema_of(self.images)

    def classify(self, images):
        """1 for the class it calls."""
        places = {image.tobytes(): i for i, image in enumerate(self.images.images)}
        rows = np.array([places[image.tobytes()] for image in images])
        labels = self.images.labels[rows]
        labels = np.where(rows % self.miss == self.miss - 1, labels + 1, labels)
        return np.eye(len(self.classes_))[labels % len(self.classes_)]

    def outlyingness(self, images):
        """1 for an image of the last class."""
        places = {image.tobytes(): i for i, image in enumerate(self.images.images)}
        rows = [places[image.tobytes()] for image in images]
        return (self.images.labels[rows] == len(CLASSES) - 1).astype(float)


def few_labels(images: ImageSet, count: int = 10) -> ImageSet:
    """Images without the last class, with so many labels a class."""
    kept = images.take(np.flatnonzero(images.labels != len(CLASSES) - 1))
    labels = np.full(len(kept), UNKNOWN)
    for code in range(len(CLASSES) - 1):
        labels[np.flatnonzero(kept.labels == code)[:count]] = code
    return replace(kept, labels=labels)


def measured(generator, train: ImageSet):
    case = ImageCase(train, TEST, train, CONFIG, generator=generator)
    found = measure_few_labels(case)
    return {each.name: each for each in found.findings.measurements}, found


def test_figures_are_by_hand_and_paired() -> None:
    found, _ = measured(Oracle(TEST, miss=5), few_labels(TRAIN))
    known = np.flatnonzero(TEST.labels != 9)
    wrong = (known % 5 == 4).mean()
    accuracy, auroc = found["few_label_accuracy"], found["outlier_auroc"]
    assert accuracy.value == pytest.approx(1 - wrong)
    assert accuracy.low < accuracy.value < accuracy.high
    beside = {each.baseline: each for each in accuracy.comparisons}
    assert set(beside) == set(RIVALS)  # an oracle learned nothing of unlabelled images
    called = RIVALS["svc"](few_labels(TRAIN), TEST.take(known), 0)
    gap = (1 - wrong) - (called == TEST.labels[known]).mean()
    assert beside["svc"].value == pytest.approx(gap)
    assert beside["svc"].low < gap < beside["svc"].high
    assert auroc.value == 1.0 and auroc.low < 1.0  # never surer than half an image
    softmax = auroc.comparisons[0]
    assert softmax.baseline == "max_softmax" and softmax.value == pytest.approx(0.5)


def test_where_every_class_was_taught_there_are_no_outliers() -> None:
    found, whole = measured(known_classifier("few", TRAIN), TRAIN)
    assert set(found) == {"few_label_accuracy"} and len(whole.panels) == 1


@pytest.mark.parametrize("name", RIVALS)
def test_a_rival_learns_from_labels(name: str) -> None:
    train, test = few_labels(TRAIN), TEST.take(np.flatnonzero(TEST.labels != 9))
    called = RIVALS[name](train, test, 0)
    assert (called == test.labels).mean() > 0.7
    rng = np.random.default_rng(0)
    labels = train.labels.copy()
    labels[train.is_known] = rng.permutation(labels[train.is_known])
    assert (RIVALS[name](replace(train, labels=labels), test, 0) == test.labels).mean() < 0.4


def test_what_cannot_be_judged_is_refused() -> None:
    with pytest.raises(UserError, match="judges a fitted model that classifies"):
        evaluate_images(TRAIN, TEST, TRAIN, config=CONFIG)
    unknown = replace(TEST, labels=np.full(len(TEST), UNKNOWN))
    with pytest.raises(UserError, match="needs labels of the test images"):
        evaluate_images(TRAIN, unknown, TRAIN, config=CONFIG, generator=Oracle(TEST))


def test_a_champion_is_only_followed_by_one_no_worse() -> None:
    good, bad = Oracle(TEST), Oracle(TEST, miss=3)
    assert challenge_classifier(TEST, champion=bad, challenger=good).passed
    assert challenge_classifier(TEST, champion=good, challenger=good).passed
    lost = challenge_classifier(TEST, champion=good, challenger=bad)
    assert not lost.passed and lost.loss == pytest.approx(1 / 3, abs=0.02)
    other = replace(good, classes_=("a", "b"))
    assert "other classes" in challenge_classifier(TEST, champion=other, challenger=bad).reason
