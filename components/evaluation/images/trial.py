"""Scores of every way of training in every fold, and what their differences say."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from components.data.images.sets import Labels
from components.data.table import Matrix
from components.evaluation.benefit.gain import ROPE
from components.evaluation.evidence import Comparison
from components.evaluation.sequential import variance_factor
from components.evaluation.statistics import Interval, Sides, chances_of, corrected_interval

BALANCED, ACCURACY, SPECIFICITY = "balanced_accuracy", "accuracy", "specificity"
MOST_NAMED = 5
"""Up to so many classes, each one's sensitivity and specificity are given too."""

Scores = Mapping[str, float]


def scores_of(labels: Labels, called: Labels, classes: tuple[str, ...]) -> dict[str, float]:
    """How good calls are, by name; a class that does not occur has no say.

    `balanced_accuracy` is the mean over classes of the sensitivity (recall), `specificity` the mean
    of theirs. The recall of each class by itself is `sensitivity of CLASS`.

    >>> found = scores_of(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), ("a", "b"))
    >>> found["accuracy"], round(found["balanced_accuracy"], 3), round(found["specificity"], 3)
    (0.75, 0.833, 0.833)
    """
    present = np.unique(labels)
    recall = {int(code): float(np.mean(called[labels == code] == code)) for code in present}
    others = {int(code): float(np.mean(called[labels != code] != code)) for code in present}
    found = {
        BALANCED: float(np.mean(list(recall.values()))),
        ACCURACY: float(np.mean(called == labels)),
        SPECIFICITY: float(np.mean(list(others.values()))),
    }
    for code, name in enumerate(classes):
        if code in recall:
            found[sensitivity(name)] = recall[code]
            found[f"specificity of {name}"] = others[code]
    return found


def sensitivity(name: str) -> str:
    """What a class's recall is called among the scores."""
    return f"sensitivity of {name}"


@dataclass(frozen=True)
class ImageTrial:
    """Every way's scores in every fold, and how differences over folds get their intervals.

    `num_folds` is the number of folds a repeat has.
    """

    folds: tuple[Mapping[str, Scores], ...]
    num_folds: int

    @property
    def repeats(self) -> int:
        """How many repeats were done."""
        return len(self.folds) // self.num_folds

    @property
    def test_to_train(self) -> float:
        """Held-out images for each training image."""
        return 1.0 / (self.num_folds - 1)

    def scores(self, way: str, metric: str) -> Matrix:
        """A metric of a way of training in each fold."""
        return np.array([fold[way][metric] for fold in self.folds])

    def means(self, way: str) -> dict[str, float]:
        """The mean over folds of every metric."""
        return {metric: float(self.scores(way, metric).mean()) for metric in self.folds[0][way]}

    def gain(
        self, way: str, over: str, metric: str, *, confidence: float, sides: Sides = 1
    ) -> Interval:
        """The mean difference to another way, by the corrected test (Nadeau and Bengio 2003)."""
        return corrected_interval(
            self.scores(way, metric) - self.scores(over, metric),
            test_to_train=self.test_to_train,
            confidence=confidence,
            sides=sides,
        )

    def compared(self, way: str, over: str, metric: str, *, confidence: float) -> Comparison:
        """The same as a comparison, with the chances of being worse, alike and better."""
        found = self.gain(way, over, metric, confidence=confidence)
        differences = self.scores(way, metric) - self.scores(over, metric)
        return Comparison(
            baseline=over,
            value=found.value,
            low=found.low,
            high=found.high,
            probabilities=chances_of(differences, test_to_train=self.test_to_train, rope=ROPE),
        )

    def floor(self, interval: Interval) -> float:
        """The part of an interval's lower half-width that endless repeats would leave."""
        now = variance_factor(len(self.folds), self.test_to_train)
        return float((interval.value - interval.low) * np.sqrt(self.test_to_train / now))


def choices(scores: Matrix, num_folds: int) -> list[int]:
    """For each fold the option that does best on average in the other folds of its repeat.

    `scores` is of shape (folds, options), folds of a repeat one after another; the first of equals.
    A fold's held-out images take no part in its own choice, so that trying many options brings no
    gain by itself.

    >>> choices(np.array([[0.9, 0.1], [0.5, 0.6], [0.5, 0.6]]), 3)
    [1, 0, 0]
    """
    by_repeat = scores.reshape(-1, num_folds, scores.shape[1])
    others = by_repeat.sum(axis=1, keepdims=True) - by_repeat
    return [int(place) for place in others.argmax(axis=2).ravel()]
