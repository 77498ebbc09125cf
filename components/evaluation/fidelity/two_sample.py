"""Fidelity of whole rows: can a classifier tell synthetic rows from real ones it never saw."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

from components.data.table import Matrix
from components.evaluation.bins import without_empty
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.curves import roc
from components.evaluation.fidelity.telltales import find_telltales
from components.evaluation.found_once import FoundOnce
from components.evaluation.statistics import auc_influence, auc_interval, share_interval
from components.evaluation.sureness import SURE, reliability, surely_other
from components.models.contract import LogMetrics

MAX_ROWS = 10_000
NUM_FOLDS = 4

TWO_SAMPLE_AUC = Metric(
    name="two_sample_auc",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.5,
    meaning="the ROC AUC of gradient boosting that tells synthetic rows from test rows",
)
TWO_SAMPLE_SURE = Metric(
    name="two_sample_sure",
    family="fidelity",
    goal="minimise",
    bounds=(0.0, 1.0),
    ideal=0.0,
    meaning="the share of synthetic rows that a calibrated classifier is "
    f"at least {SURE:.0%} sure about",
)


@dataclass(frozen=True)
class ToldApart:
    """Equal numbers of real rows and others, and what cross-fitted classifiers make of them.

    `x` holds both sides' rows, shape (rows, columns); `labels` is True for the others; `folds` is
    each row's fold, and `models[fold]` the classifier that did not see it and gave its score.
    """

    x: Matrix
    labels: NDArray[np.bool_]
    scores: Matrix
    folds: NDArray[np.int64]
    models: tuple[HistGradientBoostingClassifier, ...]


def measure_two_sample(case: Case, log: LogMetrics) -> Findings:
    """The classifier two-sample test (Lopez-Paz and Oquab 2017), and what gives rows away.

    As many synthetic as test rows, at most 10,000 of each, cross-fitted. The reference is the
    same test between training and test rows. `two_sample_sure` tells few rows that are plainly
    false from many that are slightly so, which one AUC cannot. Blind to copies: training rows
    themselves score best.
    """
    seed = case.seed("two-sample")
    test, train, synthetic = case.test.matrix, case.train.matrix, case.synthetic.matrix
    told, real = cross_fitted(test, synthetic, seed), _reference(test, train, seed)
    auc = TWO_SAMPLE_AUC.measured(
        auc_interval(
            told.labels,
            told.scores,
            confidence=case.confidence(TWO_SAMPLE_AUC.name),
            num_folds=NUM_FOLDS,
        ),
        case,
        meaning=f"the ROC AUC of gradient boosting that tells {int(told.labels.sum())} synthetic "
        "rows from as many test rows",
        reference=real.auc,
    )
    sure = surely_other(told.labels, told.scores, told.folds)
    sure_share = TWO_SAMPLE_SURE.measured(
        share_interval(
            int(sure.sum()), len(sure), confidence=case.confidence(TWO_SAMPLE_SURE.name)
        ),
        case,
        reference=real.sure,
    )
    names = [column.name for column in case.test.schema.learned]
    return Findings(
        (auc, sure_share),
        curves=(
            roc("two_sample_roc", told.labels, told.scores),
            reliability("classifier_calibration", told.labels, told.scores),
        ),
        telltales=find_telltales(told.x, told.labels, told.folds, told.models, names, seed),
    )


@dataclass(frozen=True)
class _Reference:
    """What the same test says of two sides that are both real."""

    auc: float
    sure: float


_REFERENCE: FoundOnce[_Reference] = FoundOnce()


def _reference(test: Matrix, train: Matrix, seed: int) -> _Reference:
    def find() -> _Reference:
        told = cross_fitted(test, train, seed)
        sure = surely_other(told.labels, told.scores, told.folds)
        return _Reference(auc_influence(told.labels, told.scores)[0], float(sure.mean()))

    return _REFERENCE.of([test, train], seed, find)


def told_apart(real: Matrix, other: Matrix, seed: int) -> tuple[NDArray[np.bool_], Matrix]:
    """For equal numbers of rows of either matrix: is it of `other`, and its out-of-fold score.

    >>> draw = np.random.default_rng(0).normal
    >>> labels, scores = told_apart(draw(size=(200, 3)), draw(2.0, size=(200, 3)), seed=0)
    >>> auc_influence(labels, scores)[0] > 0.95
    True
    """
    told = cross_fitted(real, other, seed)
    return told.labels, told.scores


def cross_fitted(real: Matrix, other: Matrix, seed: int) -> ToldApart:
    """Gradient boosting told to separate `real` from `other`, in four folds."""
    most = min(len(real), len(other), MAX_ROWS)
    x = np.vstack([m[subsample(len(m), most, seed)] for m in (real, other)])
    labels = np.repeat([False, True], most)
    scores, of_fold = np.empty(len(x)), np.empty(len(x), dtype=np.int64)
    models = []
    folds = StratifiedKFold(NUM_FOLDS, shuffle=True, random_state=seed)
    for fold, (fit, held) in enumerate(folds.split(x, labels)):
        model = HistGradientBoostingClassifier(
            max_iter=100,
            min_samples_leaf=int(np.clip(len(fit) // 20, 3, 20)),
            early_stopping=False,
            random_state=seed,
        )
        model.fit(without_empty(x[fit]), labels[fit])
        scores[held], of_fold[held] = model.predict_proba(x[held])[:, 1], fold
        models.append(model)
    return ToldApart(x, labels, scores, of_fold, tuple(models))


TWO_SAMPLE = Evaluator(measure_two_sample, (TWO_SAMPLE_AUC, TWO_SAMPLE_SURE))
