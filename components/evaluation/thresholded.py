"""Utility of a binary target at a threshold: sensitivity, specificity and their like."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.data.table import Matrix
from components.evaluation.case import Case, Metric
from components.evaluation.evidence import Measurement
from components.evaluation.features import Task
from components.evaluation.statistics import (
    Interval,
    bootstrap_interval,
    normal_interval,
    share_interval,
)

MAX_BOOTSTRAP_ROWS = 5_000


def _metric(name: str, meaning: str) -> Metric:
    full = f"{meaning} on test rows of the best learner, trained on synthetic rows"
    return Metric(f"tstr_{name}", "utility", "maximise", (0.0, 1.0), 1.0, full)


SENSITIVITY = _metric("sensitivity", "the share of positive rows found")
SPECIFICITY = _metric("specificity", "the share of negative rows left alone")
BALANCED_ACCURACY = _metric("balanced_accuracy", "the mean of sensitivity and specificity")
AVERAGE_PRECISION = _metric("average_precision", "the average precision")


@dataclass(frozen=True)
class Guesses:
    """Which rows are positive, which were called positive, and how sure the learner was."""

    positive: NDArray[np.bool_]
    called: NDArray[np.bool_]
    scores: Matrix


def thresholded_metrics() -> tuple[Metric, ...]:
    """The metrics a binary target has besides the main one."""
    return SENSITIVITY, SPECIFICITY, BALANCED_ACCURACY, AVERAGE_PRECISION


def thresholded_measurements(
    case: Case, task: Task, y: Matrix, *, synthetic: Matrix, real: Matrix
) -> list[Measurement]:
    """Those metrics of predictions by a synthetic-trained learner, a real-trained as reference.

    Empty for a target that is not binary. Shares have Clopper and Pearson's interval.
    """
    if task.positive is None:
        return []
    ours, reference = (_guesses(y, spread, task.positive) for spread in (synthetic, real))
    return [
        metric.measured(found, case, reference=wanted.value)
        for (metric, found), (_, wanted) in zip(
            _intervals(case, ours), _intervals(case, reference), strict=True
        )
    ]


def _guesses(y: Matrix, spread: Matrix, positive: int) -> Guesses:
    return Guesses(y == positive, spread.argmax(axis=1) == positive, spread[:, positive])


def _intervals(case: Case, guesses: Guesses) -> list[tuple[Metric, Interval]]:
    positive, called = guesses.positive, guesses.called
    hits, misses = int((called & positive).sum()), int((~called & ~positive).sum())
    counts = int(positive.sum()), int((~positive).sum())
    return [
        (SENSITIVITY, _share(case, SENSITIVITY, hits, counts[0])),
        (SPECIFICITY, _share(case, SPECIFICITY, misses, counts[1])),
        (BALANCED_ACCURACY, _balanced(case, (hits, misses), counts)),
        (AVERAGE_PRECISION, _average_precision(case, guesses)),
    ]


def _share(case: Case, metric: Metric, successes: int, trials: int) -> Interval:
    return share_interval(successes, trials, confidence=case.confidence(metric.name))


def _balanced(case: Case, found: tuple[int, int], counts: tuple[int, int]) -> Interval:
    """The mean of two shares, each one's variance with a success and a failure added."""
    value, variance = 0.0, 0.0
    for successes, trials in zip(found, counts, strict=True):
        padded = (successes + 1) / (trials + 2)
        value += successes / trials / 2
        variance += padded * (1 - padded) / (trials + 2) / 4
    confidence = case.confidence(BALANCED_ACCURACY.name)
    return normal_interval(value, float(np.sqrt(variance)), confidence=confidence)


def _average_precision(case: Case, guesses: Guesses) -> Interval:
    """Bootstrapped within classes; where there are many rows, on 5,000 and narrowed to match."""
    _, places = np.unique(-guesses.scores, return_inverse=True)
    sides = [places[guesses.positive], places[~guesses.positive]]
    value = _precision_of(*sides)
    seed = case.seed("average precision")
    share = min(1.0, MAX_BOOTSTRAP_ROWS / len(places))
    rng = np.random.default_rng(seed)
    fewer = [rng.choice(s, size=max(int(len(s) * share), 1), replace=False) for s in sides]
    found = bootstrap_interval(
        _precision_of,
        *(fewer if share < 1 else sides),
        confidence=case.confidence(AVERAGE_PRECISION.name),
        seed=seed,
        num_resamples=200,
    )
    below, above = (found.value - found.low, found.high - found.value)
    return Interval(value, value - below * np.sqrt(share), value + above * np.sqrt(share))


def _precision_of(positive: NDArray[np.int64], negative: NDArray[np.int64]) -> float:
    """The average precision of rows whose scores have these places, the highest score first.

    Rows of equal score share a place, and are called together.

    >>> _precision_of(np.array([0, 2]), np.array([1, 1])), _precision_of(*np.zeros((2, 3), int))
    (0.75, 0.5)
    """
    num_places = max(positive.max(), negative.max()) + 1
    hits = np.bincount(positive, minlength=num_places)
    called = (hits + np.bincount(negative, minlength=num_places)).cumsum()
    return float((hits * hits.cumsum() / np.maximum(called, 1)).sum() / len(positive))
