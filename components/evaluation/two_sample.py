"""Fidelity of whole rows: can a classifier tell synthetic rows from real ones it never saw."""

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

from components.data.table import Matrix, encode
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.curves import roc
from components.evaluation.statistics import auc_influence, auc_interval
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


def measure_two_sample(case: Case, log: LogMetrics) -> Findings:
    """The classifier two-sample test (Lopez-Paz and Oquab 2017), cross-fitted, and its ROC curve.

    As many synthetic as test rows, at most 10,000 of each. The reference is the same test between
    training and test rows.
    """
    test = encode(case.test.frame, case.test.schema)
    labels, scores = told_apart(
        test, encode(case.synthetic.frame, case.synthetic.schema), case.seed("two-sample")
    )
    real_labels, real_scores = told_apart(
        test, encode(case.train.frame, case.train.schema), case.seed("two-sample")
    )
    confidence = case.confidence(TWO_SAMPLE_AUC.name)
    measured = TWO_SAMPLE_AUC.measured(
        auc_interval(labels, scores, confidence=confidence),
        case,
        meaning=f"the ROC AUC of gradient boosting that tells {int(labels.sum())} synthetic rows "
        "from as many test rows",
        reference=auc_influence(real_labels, real_scores)[0],
    )
    return Findings((measured,), curves=(roc("two_sample_roc", labels, scores),))


def told_apart(real: Matrix, other: Matrix, seed: int) -> tuple[NDArray[np.bool_], Matrix]:
    """For equal numbers of rows of either matrix: is it of `other`, and its out-of-fold score.

    >>> draw = np.random.default_rng(0).normal
    >>> labels, scores = told_apart(draw(size=(200, 3)), draw(2.0, size=(200, 3)), seed=0)
    >>> auc_influence(labels, scores)[0] > 0.95
    True
    """
    most = min(len(real), len(other), MAX_ROWS)
    x = np.vstack([m[subsample(len(m), most, seed)] for m in (real, other)])
    labels = np.repeat([False, True], most)
    scores = np.empty(len(x))
    folds = StratifiedKFold(NUM_FOLDS, shuffle=True, random_state=seed)
    for fit, held in folds.split(x, labels):
        model = HistGradientBoostingClassifier(
            max_iter=100,
            min_samples_leaf=int(np.clip(len(fit) // 20, 3, 20)),
            early_stopping=False,
            random_state=seed,
        )
        model.fit(x[fit], labels[fit])
        scores[held] = model.predict_proba(x[held])[:, 1]
    return labels, scores


TWO_SAMPLE = Evaluator(measure_two_sample, (TWO_SAMPLE_AUC,))
