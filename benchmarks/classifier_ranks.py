"""Classifiers of known worth, by which metrics of classification from few labels are tested."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.config import EvaluateConfig, Purpose
from components.data.conditions import Condition
from components.data.images.sets import ImageSet, Pixels
from components.data.table import Matrix
from components.evaluation.images.case import ImageCase
from components.evaluation.images.few_labels import measure_few_labels
from components.evaluation.images.selftest import FEW, SHUFFLED
from components.networks.images.classifier import ImageClassifier
from components.training.classification import chances_of, fit_classifier

FEW_LABELS = 10


def few_of_each(images: ImageSet, count: int) -> ImageSet:
    """The first `count` images of each class."""
    places = [np.flatnonzero(images.labels == code) for code in range(len(images.classes))]
    return images.take(np.concatenate([rows[:count] for rows in places]))


@dataclass(frozen=True)
class Known:
    """A classifier of known worth: a network of these classes and one more, of outliers."""

    network: ImageClassifier
    classes_: tuple[str, ...]

    def classify(self, images: Pixels) -> Matrix:
        """See `components.models.contract.ImageClassifier`."""
        chances = chances_of(self.network, images)[:, : len(self.classes_)]
        return chances / chances.sum(axis=1, keepdims=True)

    def outlyingness(self, images: Pixels) -> NDArray[np.float64]:
        """One less the highest chance of a class that it knows."""
        chances = chances_of(self.network, images)[:, : len(self.classes_)]
        return 1 - np.asarray(chances.max(axis=1))

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        """It makes none."""
        raise NotImplementedError


def known_classifier(kind: str, told: ImageSet) -> Known:
    """A network of all classes but the last, which is that of outliers.

    "taught" learned from all labels, outliers too; "few" from 10 of each class but that; "shuffled"
    from labels that say nothing.
    """
    assert told.labels is not None
    classes = told.classes[:-1]
    if kind == FEW:
        few = few_of_each(told, FEW_LABELS)
        told = few.take(np.flatnonzero(few.labels != len(classes)))
    labels = told.labels
    assert labels is not None
    if kind == SHUFFLED:
        labels = np.random.default_rng(0).permutation(labels)
    net = fit_classifier(told.images, labels, len(classes) + 1, seed=0)
    return Known(net, classes)


def classifier_values(kind: str, train: ImageSet, test: ImageSet) -> dict[str, float]:
    """What is said of a classifier of known worth, the last class being that of outliers."""
    assert train.labels is not None
    last = len(train.classes) - 1
    inside = train.take(np.flatnonzero(train.labels != last))
    config = EvaluateConfig(purpose=Purpose.CLASSIFICATION)
    case = ImageCase(inside, test, test, config, generator=known_classifier(kind, train))
    return {m.name: m.value for m in measure_few_labels(case).findings.measurements}
