"""How good predictions are: one main metric with its rows' influences, and the usual others."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, log_loss

from components.data.table import Matrix
from components.evaluation.features import Task
from components.evaluation.statistics import auc_influence, half_a_row

Vector = Matrix

NUM_BINS = 15


def main_score(y: Matrix, predictions: Matrix, task: Task) -> tuple[float, Vector]:
    """The main metric and each row's influence on it; paired differences follow by subtraction.

    For classes it is the mean, over the classes that occur, of the AUC of one against the rest;
    for numbers it is R2. Needs two classes, or two different numbers, in `y`.
    """
    if not task.num_classes:
        return _r2(y, predictions)
    codes = _judged_classes(y, task)
    parts = [auc_influence(y == code, predictions[:, code]) for code in codes]
    return float(np.mean([auc for auc, _ in parts])), np.mean([part for _, part in parts], axis=0)


def least_error(y: Matrix, task: Task) -> float:
    """The least standard error the main metric is credited with: half a row's weight in it."""
    if not task.num_classes:
        return 0.5 / len(y)
    codes = _judged_classes(y, task)
    return max(half_a_row(y == code) for code in codes) / len(codes)


def _judged_classes(y: Matrix, task: Task) -> list[int]:
    if task.positive is not None:
        return [task.positive]
    present = np.unique(y).astype(np.int64)
    assert len(present) > 1, "an AUC needs rows of two classes"
    return [int(code) for code in present]


def _r2(y: Matrix, predictions: Matrix) -> tuple[float, Vector]:
    """R2 and, by the delta method, its influences."""
    squared, spread = (y - predictions) ** 2, (y - y.mean()) ** 2
    error, variance = squared.mean(), spread.mean()
    assert variance > 0, "R2 needs two different numbers"
    influence = -squared / variance + error / variance**2 * spread
    return float(1 - error / variance), influence


def all_scores(
    y: Matrix, predictions: Matrix, task: Task, *, threshold: float | None = None
) -> dict[str, float]:
    """Every metric of a task, by name.

    Binary targets: roc_auc, average_precision, sensitivity, specificity, balanced_accuracy,
    log_loss and calibration_error, of the positive class at `threshold` (None: the likelier class
    is called). More classes: the same without sensitivity and specificity, averaged over classes;
    rare_recall, that over rare classes alone, where there are any: NaN where none is in `y`.
    Numbers: r2, rmse, mae.
    """
    main, _ = main_score(y, predictions, task)
    if not task.num_classes:
        error = y - predictions
        return {
            "r2": main,
            "rmse": float(np.sqrt(np.mean(error**2))),
            "mae": float(np.mean(np.abs(error))),
        }
    found = {"roc_auc": main, "average_precision": _average_precision(y, predictions, task)}
    guessed = called(predictions, task, threshold)
    recalls = {code: float(np.mean(guessed[y == code] == code)) for code in np.unique(y)}
    if task.positive is not None:
        found["sensitivity"] = recalls[task.positive]
        found["specificity"] = recalls[1 - task.positive]
    found["balanced_accuracy"] = float(np.mean(list(recalls.values())))
    if task.rare:
        rare = [recall for code, recall in recalls.items() if code in task.rare]
        found["rare_recall"] = float(np.mean(rare)) if rare else np.nan
    found["log_loss"] = _log_loss(y, predictions, task)
    codes = _judged_classes(y, task)
    errors = [calibration_error(y == code, predictions[:, code]) for code in codes]
    found["calibration_error"] = float(np.mean(errors))
    return found


def called(predictions: Matrix, task: Task, threshold: float | None = None) -> NDArray[np.int64]:
    """The class each row is called: the likeliest, or the positive one from `threshold` on."""
    if threshold is None or task.positive is None:
        return np.asarray(predictions.argmax(axis=1), dtype=np.int64)
    is_positive = predictions[:, task.positive] >= threshold
    return np.where(is_positive, task.positive, 1 - task.positive).astype(np.int64)


def calibration_error(positive: NDArray[np.bool_], chances: Vector) -> float:
    """The expected calibration error of one class's predicted chances.

    Chances fall in 15 bins of equal width; it is the mean, over rows, of the distance between a
    bin's mean chance and its share of positive rows (Naeini et al. 2015; the bins and the reading
    class by class of Guo et al. 2017 and Kull et al. 2019).

    >>> labels = np.array([True, False, False, False])
    >>> round(calibration_error(labels, np.full(4, 0.4)), 3)
    0.15
    """
    bins = np.minimum((chances * NUM_BINS).astype(np.int64), NUM_BINS - 1)
    gaps = np.bincount(bins, weights=chances - positive, minlength=NUM_BINS)
    return float(np.abs(gaps).sum() / len(chances))


def _average_precision(y: Matrix, predictions: Matrix, task: Task) -> float:
    codes = _judged_classes(y, task)
    parts = [average_precision_score(y == code, predictions[:, code]) for code in codes]
    return float(np.mean(parts))


def _log_loss(y: Matrix, predictions: Matrix, task: Task) -> float:
    """Log loss in nats, probabilities held to .001 from 0 so that one row cannot decide it."""
    held = np.clip(predictions, 1e-3, None)
    held /= held.sum(axis=1, keepdims=True)
    return float(log_loss(y, held, labels=np.arange(task.num_classes)))
