"""Three learners of different kinds: a line, a forest and boosted trees, small and repeatable."""

import warnings
from collections.abc import Callable

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from components.data.table import Matrix
from components.evaluation.bins import find_bins, without_empty
from components.evaluation.features import Rows, Task, linear_form

NUM_TREES = 50
NUM_ROUNDS = 60

Predict = Callable[[Matrix], Matrix]


def fit_linear(rows: Rows, task: Task, weights: Matrix | None, seed: int) -> Predict:
    """Logistic or ridge regression on the linear form."""
    form = linear_form(rows.x, task.discrete)
    model = LogisticRegression(max_iter=300, tol=1e-3) if task.num_classes else Ridge()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(form.apply(rows.x), rows.y, sample_weight=weights)
    return lambda x: predictions_of(model, form.apply(x), task)


def fit_forest(rows: Rows, task: Task, weights: Matrix | None, seed: int) -> Predict:
    """A random forest on codes and numbers, missing values as they are."""
    kind = RandomForestClassifier if task.num_classes else RandomForestRegressor
    model = kind(n_estimators=NUM_TREES, min_samples_leaf=2, n_jobs=1, random_state=seed)
    model.fit(rows.x, rows.y, sample_weight=weights)
    return lambda x: predictions_of(model, x, task)


def fit_boosting(rows: Rows, task: Task, weights: Matrix | None, seed: int) -> Predict:
    """Histogram gradient boosting on codes and numbers, missing values as they are."""
    kind = HistGradientBoostingClassifier if task.num_classes else HistGradientBoostingRegressor
    leaf = int(np.clip(len(rows) // 20, 3, 20))
    model = kind(
        max_iter=NUM_ROUNDS, min_samples_leaf=leaf, early_stopping=False, random_state=seed
    )
    return fit_histogram(model, rows, task, weights)


def fit_histogram(
    model: HistGradientBoostingClassifier | HistGradientBoostingRegressor,
    rows: Rows,
    task: Task,
    weights: Matrix | None,
) -> Predict:
    """Fit a histogram booster; where rows have weights, to numbers that are in bins already."""
    if weights is None:
        model.fit(without_empty(rows.x), rows.y)
        return lambda x: predictions_of(model, x, task)
    bins = find_bins(rows.x)
    model.fit(without_empty(bins.apply(rows.x)), rows.y, sample_weight=weights)
    return lambda x: predictions_of(model, bins.apply(x), task)


LEARNERS: dict[str, Callable[[Rows, Task, Matrix | None, int], Predict]] = {
    "linear": fit_linear,
    "forest": fit_forest,
    "boosting": fit_boosting,
}


def fit_learner(
    learner: str, rows: Rows, task: Task, *, weights: Matrix | None = None, seed: int
) -> Predict:
    """A function from features to predictions, learned from `rows`.

    Predictions are probabilities of shape (rows, num_classes), 0 for a class that was not seen,
    or numbers of shape (rows,). Rows of a single class, or no rows, give a constant.
    """
    if task.num_classes and len(np.unique(rows.y)) < 2:
        return constant(rows, task)
    return LEARNERS[learner](rows, task, weights, seed)


def constant(rows: Rows, task: Task) -> Predict:
    """Predicts the first row's class for certain."""
    row = np.zeros(task.num_classes)
    row[rows.y[:1].astype(np.int64)] = 1.0
    return lambda x: np.tile(row, (len(x), 1))


def predictions_of(model: object, x: Matrix, task: Task) -> Matrix:
    """A fitted model's numbers, or its chances in the columns of the task's classes."""
    if not task.num_classes:
        return np.asarray(model.predict(x), dtype=np.float64)  # type: ignore[attr-defined]
    spread = np.zeros((len(x), task.num_classes))
    codes = model.classes_.astype(np.int64)  # type: ignore[attr-defined]
    spread[:, codes] = model.predict_proba(x)  # type: ignore[attr-defined]
    return spread


def class_weights(y: Matrix) -> Matrix:
    """A weight for each row that makes all classes weigh the same, with mean 1.

    >>> class_weights(np.array([0.0, 0.0, 0.0, 1.0])).round(3).tolist()
    [0.667, 0.667, 0.667, 2.0]
    """
    _, inverse, counts = np.unique(y, return_inverse=True, return_counts=True)
    weights: Matrix = len(y) / (len(counts) * counts[inverse])
    return weights
