"""Tuning learners for each way of training, on training rows of a fold alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from components.data.table import Matrix, Table
from components.errors import UserError
from components.evaluation.benefit.arms import (
    KNOWN,
    REAL,
    SMOTE_ARM,
    Fold,
    can_smote,
)
from components.evaluation.benefit.gain import Split
from components.evaluation.benefit.tunable import TUNABLE, fit_tunable, learnable
from components.evaluation.case import Case, subsample
from components.evaluation.features import Rows, Task, rows_of
from components.evaluation.scores import main_score

NUM_FOLDS = 3
MAX_ROWS = 2_000

Key = tuple[str, str, int]
"""An arm, a learner, and the place of a setting in the learner's grid."""


@dataclass(frozen=True)
class Tuned:
    """The setting of each arm and learner, and each learner's threshold for a positive row.

    Thresholds are None where the target is not binary.
    """

    settings: Mapping[tuple[str, str], float]
    thresholds: Mapping[str, float] | None


@dataclass(frozen=True)
class Trials:
    """What came of every setting in one inner fold: the main metric, and chances on real rows.

    `positive` marks the held-out rows of the positive class; `chances` are what learners trained
    on real rows alone give them. Both are empty where the target is not binary.
    """

    scores: Mapping[Key, float]
    positive: Matrix
    chances: Mapping[Key, Matrix]


def inner_splits(case: Case, y: Matrix, task: Task, outer: Split) -> list[Split]:
    """Three folds of at most 2,000 of a fold's training rows, as positions in the table."""
    seed = case.seed("tuning", outer.number)
    rows = outer.fit[subsample(len(outer.fit), MAX_ROWS, seed)]
    least = int(np.unique(y[rows], return_counts=True)[1].min())
    kind = StratifiedKFold if task.num_classes and least >= NUM_FOLDS else KFold
    folds = kind(NUM_FOLDS, shuffle=True, random_state=seed).split(np.zeros(len(rows)), y[rows])
    return [Split(number, rows[fit], rows[held]) for number, (fit, held) in enumerate(folds)]


def try_settings(
    case: Case, task: Task, arms: tuple[str, ...], repeat: int, split: Split, ratio: float
) -> Trials:
    """Every arm, learner and setting in one inner fold.

    The generator is fitted anew, to the inner training rows alone: rows it is tuned on it never
    saw. Held-out rows are real ones. Arms of several ratios are tuned at the one given.
    """
    fold, held = make_fold(case, task, split, ratio, f"inner {repeat}")
    scores: dict[Key, float] = {}
    chances: dict[Key, Matrix] = {}
    if len(np.unique(held.y)) < 2:
        return Trials(scores, np.empty(0), chances)
    for arm in arms:
        if arm == SMOTE_ARM and not can_smote(fold.real.y):
            continue
        prepared = KNOWN[arm](fold)
        given = learnable(prepared.rows, prepared.weights, task)
        for learner, tunable in TUNABLE.items():
            for place, setting in enumerate(tunable.grid):
                predict = fit_tunable(learner, given, task, setting=setting, seed=fold.seed)
                predictions = predict(held.x)
                scores[arm, learner, place] = main_score(held.y, predictions, task)[0]
                if arm == REAL and task.positive is not None:
                    chances[arm, learner, place] = predictions[:, task.positive]
    positive = held.y == task.positive if chances else np.empty(0)
    return Trials(scores, positive, chances)


def make_fold(case: Case, task: Task, split: Split, ratio: float, label: str) -> tuple[Fold, Rows]:
    """A fold's real rows with `ratio` times as many synthetic ones, and its held-out rows.

    The generator is fitted to the fold's training rows, once, and its rows are put in random
    order. Raises UserError where fewer than two of them have a known target.
    """
    assert case.make_and_fit is not None, "fixed rows have a trial of their own"
    inside = case.train.take(split.fit)
    sampler = case.make_and_fit(inside, case.seed(label, "generator", split.number))
    num_rows = max(round(ratio * len(inside)), 2)
    drawn = sampler.sample(num_rows, seed=case.seed(label, "rows", split.number))
    synthetic = rows_of(Table(drawn, case.train.schema), task)
    if len(synthetic) < 2:
        raise UserError(
            f"no synthetic row of a fold has a known value of the target {task.schema.target!r}"
        )
    seed = case.seed(label, "arms", split.number)
    order = np.random.default_rng(seed).permutation(len(synthetic)).astype(np.int64)
    fold = Fold(rows_of(inside, task), synthetic.take(order), task, seed)
    return fold, rows_of(case.train.take(split.held), task)


def choose_settings(found: Sequence[Trials], arms: tuple[str, ...]) -> Tuned:
    """The setting whose mean over inner folds is best; the usual one where there is no telling."""
    places = {
        (arm, learner): _best_place(found, arm, learner) for arm in arms for learner in TUNABLE
    }
    settings = {key: TUNABLE[key[1]].grid[place] for key, place in places.items()}
    told = [trials for trials in found if trials.chances]
    thresholds = None
    if told:
        positive = np.concatenate([trials.positive for trials in told]).astype(bool)
        thresholds = {
            learner: best_threshold(
                positive,
                np.concatenate([t.chances[REAL, learner, places[REAL, learner]] for t in told]),
            )
            for learner in TUNABLE
        }
    return Tuned(settings, thresholds)


def _best_place(found: Sequence[Trials], arm: str, learner: str) -> int:
    places = range(len(TUNABLE[learner].grid))
    means = []
    for place in places:
        scores = [t.scores[arm, learner, place] for t in found if (arm, learner, place) in t.scores]
        means.append(float(np.mean(scores)) if scores else 0.0)
    return int(np.argmax(means))


def best_threshold(positive: Matrix, chances: Matrix) -> float:
    """The chance from which to call rows positive, so that balanced accuracy is greatest.

    >>> best_threshold(np.array([False, False, True, True]), np.array([0.1, 0.2, 0.3, 0.9]))
    0.3
    """
    order = np.argsort(-chances, kind="stable")
    hits, alarms = np.cumsum(positive[order]), np.cumsum(~positive[order].astype(bool))
    ends = np.append(np.diff(chances[order]) != 0, True)
    balanced = hits / max(hits[-1], 1) - alarms / max(alarms[-1], 1)
    return float(chances[order][ends][int(np.argmax(balanced[ends]))])
