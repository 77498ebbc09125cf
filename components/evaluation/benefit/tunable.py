"""Four learners of different kinds, each with a setting to tune: line, forest, boosting, network.

Rows are not held back from slow learners: a learner that saw fewer real rows than the generator
would credit the generator with the difference. Their work is bounded instead, the same for every
way of training: a tree of the forest draws at most 3,000 of the rows, the network takes a fixed
number of steps.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

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
from components.evaluation.features import LinearForm, Rows, Task, linear_form
from components.evaluation.learners import Predict, constant, fit_histogram, predictions_of
from components.evaluation.perceptron import fit_perceptron, softmax

NUM_TREES = 50
MAX_TREE_ROWS = 3_000
NUM_ROUNDS = 60
FARTHEST = 8.0


@dataclass(frozen=True)
class Learnable:
    """Rows to learn from in both forms that learners take, made once for all of them."""

    rows: Rows
    weights: Matrix | None
    form: LinearForm
    linear: Matrix


def learnable(rows: Rows, weights: Matrix | None, task: Task) -> Learnable:
    """Rows with their linear form, which they fix themselves."""
    form = linear_form(rows.x, task.discrete)
    return Learnable(rows, weights, form, form.apply(rows.x))


@dataclass(frozen=True)
class Tunable:
    """A learner, and the values of its one setting that are tried, the usual one first."""

    fit: Callable[[Learnable, Task, float, int], Predict]
    grid: tuple[float, ...]
    setting: str


def fit_linear(given: Learnable, task: Task, setting: float, seed: int) -> Predict:
    """Logistic or ridge regression; `setting` is the inverse weight of the penalty."""
    if task.num_classes:
        model = LogisticRegression(C=setting, max_iter=300, tol=1e-3)
    else:
        model = Ridge(alpha=1 / setting)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(given.linear, given.rows.y, sample_weight=given.weights)
    return lambda x: predictions_of(model, given.form.apply(x), task)


def fit_forest(given: Learnable, task: Task, setting: float, seed: int) -> Predict:
    """A random forest of 50 trees; `setting` is the least number of rows in a leaf."""
    kind = RandomForestClassifier if task.num_classes else RandomForestRegressor
    rows = given.rows
    model = kind(
        n_estimators=NUM_TREES,
        min_samples_leaf=int(setting),
        max_samples=MAX_TREE_ROWS if len(rows) > MAX_TREE_ROWS else None,
        n_jobs=1,
        random_state=seed,
    )
    model.fit(rows.x, rows.y, sample_weight=given.weights)
    return lambda x: predictions_of(model, x, task)


def fit_boosting(given: Learnable, task: Task, setting: float, seed: int) -> Predict:
    """Histogram gradient boosting of 60 rounds; `setting` is the most leaves a tree has."""
    kind = HistGradientBoostingClassifier if task.num_classes else HistGradientBoostingRegressor
    rows = given.rows
    model = kind(
        max_iter=NUM_ROUNDS,
        max_leaf_nodes=int(setting),
        min_samples_leaf=int(np.clip(len(rows) // 20, 3, 20)),
        early_stopping=False,
        random_state=seed,
    )
    return fit_histogram(model, rows, task, given.weights)


def fit_network(given: Learnable, task: Task, setting: float, seed: int) -> Predict:
    """A network of one hidden layer; `setting` weighs the squares of its weights.

    Features are held to 8 standard deviations; a numeric target is learned in standard deviations.
    """
    y, is_classes = given.rows.y, bool(task.num_classes)
    center, scale = (0.0, 1.0) if is_classes else (float(y.mean()), float(y.std()) or 1.0)
    codes = np.unique(y)
    targets = (y[:, None] == codes).astype(float) if is_classes else (y[:, None] - center) / scale
    net = fit_perceptron(
        np.clip(given.linear, -FARTHEST, FARTHEST),
        targets,
        given.weights,
        is_classes=is_classes,
        penalty=setting,
        seed=seed,
    )

    def predict(x: Matrix) -> Matrix:
        found = net(np.clip(given.form.apply(x), -FARTHEST, FARTHEST))
        if not is_classes:
            return found[:, 0] * scale + center
        spread = np.zeros((len(x), task.num_classes))
        spread[:, codes.astype(np.int64)] = softmax(found)
        return spread

    return predict


TUNABLE: dict[str, Tunable] = {
    "linear": Tunable(fit_linear, (1.0, 0.1, 0.01), "inverse penalty"),
    "forest": Tunable(fit_forest, (2, 8), "rows in a leaf"),
    "boosting": Tunable(fit_boosting, (15, 4), "leaves of a tree"),
    "network": Tunable(fit_network, (0.003, 0.03), "penalty"),
}


def fit_tunable(
    learner: str, given: Learnable, task: Task, *, setting: float, seed: int
) -> Predict:
    """A function from features to predictions; rows of a single class give a constant."""
    if task.num_classes and len(np.unique(given.rows.y)) < 2:
        return constant(given.rows, task)
    return TUNABLE[learner].fit(given, task, setting, seed)
