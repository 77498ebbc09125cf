"""Utility: what learners trained on synthetic rows reach on the locked test rows."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from components.data.table import Matrix
from components.errors import UserError
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.evidence import Measurement
from components.evaluation.features import Rows, Task, rows_of, task_of
from components.evaluation.found_once import FoundOnce
from components.evaluation.learners import LEARNERS, Predict, fit_learner
from components.evaluation.scores import least_error, main_score
from components.evaluation.statistics import (
    Interval,
    clustered_error,
    normal_interval,
    standard_error,
)
from components.evaluation.thresholded import thresholded_measurements, thresholded_metrics
from components.models.contract import LogMetrics

logger = logging.getLogger(__name__)

MAX_ROWS = 50_000
MAX_SELECTION_ROWS = 4_000
NUM_FOLDS = 3


def _metric(name: str, goal: Literal["minimise", "maximise"], ideal: float, meaning: str) -> Metric:
    return Metric(name, "utility", goal, (None, 1.0), ideal, meaning)


TRTR = _metric("trtr", "maximise", 1.0, "train real, test real")
TSTR = _metric("tstr", "maximise", 1.0, "train synthetic, test real")
TRTS = _metric("trts", "maximise", 1.0, "train real, test synthetic")
TSTR_LOSS = _metric("tstr_loss", "minimise", 0.0, "what is lost by training on synthetic rows")
LOSS_OF = {
    learner: _metric(f"tstr_loss_{learner}", "minimise", 0.0, f"the same, learner {learner}")
    for learner in LEARNERS
}


@dataclass(frozen=True)
class Trained:
    """Predictions of one learner: on test rows, real- and synthetic-trained; on synthetic rows.

    `num_rows` counts the real and the synthetic rows it was trained on.
    """

    real: Matrix
    synthetic: Matrix
    on_synthetic: Matrix
    num_rows: tuple[int, int]


def measure_utility(case: Case, log: LogMetrics) -> Findings:
    """Train real or synthetic, test real or synthetic, with three learners (Esteban et al. 2017).

    The headline figures are of the learner that cross-validation over real training rows finds
    best; test rows choose nothing. `tstr_loss` is the paired difference over test rows, with
    DeLong's standard error for AUC and the delta method's for R2; test rows of a group count as
    one where that is larger. At most 50,000 rows each take
    part; the meanings say how many.
    """
    task = task_of(case.train)
    train, synthetic = (
        _capped(rows_of(table, task), case) for table in (case.train, case.synthetic)
    )
    test = _capped(rows_of(case.test, task, case.groups_of(case.test)), case)
    check_judgeable(test, task)
    if len(synthetic) < 2:
        raise UserError(f"no synthetic row has a known value of the target {task.schema.target!r}")
    real = _taught_by_real(train, task, case)
    trained = {name: _train(name, real, test, synthetic, task, case) for name in LEARNERS}
    best = real.best
    measured = _headline(case, task, best, test, trained[best])
    measured += _on_synthetic(case, task, best, test, synthetic, trained[best])
    measured += [_loss(case, LOSS_OF[name], task, name, test, trained[name]) for name in LEARNERS]
    measured += thresholded_measurements(
        case, task, test.y, synthetic=trained[best].synthetic, real=trained[best].real
    )
    return Findings(tuple(measured))


def _capped(rows: Rows, case: Case) -> Rows:
    return rows.take(subsample(len(rows), MAX_ROWS, case.seed("utility rows")))


def check_judgeable(rows: Rows, task: Task) -> None:
    """Raises UserError where the rows' target does not vary, so that no metric is defined."""
    if len(np.unique(rows.y)) < 2:
        raise UserError(
            f"target {task.schema.target!r} has fewer than two values in the test rows; "
            "use more test rows or another split"
        )


def best_learner(rows: Rows, task: Task, seed: int) -> str:
    """The learner with the best main metric by cross-validation, on at most 4,000 rows."""
    rows = rows.take(subsample(len(rows), MAX_SELECTION_ROWS, seed))
    kind = StratifiedKFold if _can_stratify(rows, task) else KFold
    folds = list(kind(NUM_FOLDS, shuffle=True, random_state=seed).split(rows.x, rows.y))
    means = {}
    for learner in LEARNERS:
        found = []
        for fit, held in folds:
            if len(np.unique(rows.y[held])) < 2:
                continue
            predict = fit_learner(learner, rows.take(fit), task, seed=seed)
            found.append(main_score(rows.y[held], predict(rows.x[held]), task)[0])
        means[learner] = float(np.mean(found)) if found else 0.0
    return max(means, key=lambda name: means[name])


def _can_stratify(rows: Rows, task: Task) -> bool:
    return bool(task.num_classes) and int(np.unique(rows.y, return_counts=True)[1].min()) >= 3


@dataclass(frozen=True)
class TaughtByReal:
    """Learners trained on real rows, and which is best: the same for whatever is judged by them."""

    num_rows: int
    best: str
    predict: Mapping[str, Predict]


_TAUGHT: FoundOnce[TaughtByReal] = FoundOnce()


def _taught_by_real(train: Rows, task: Task, case: Case) -> TaughtByReal:
    seeds = {name: case.seed("utility", name) for name in LEARNERS}
    choice = case.seed("learner choice")

    def teach() -> TaughtByReal:
        logger.info("utility: training the learners on real rows")
        predict = {name: fit_learner(name, train, task, seed=seeds[name]) for name in LEARNERS}
        return TaughtByReal(len(train), best_learner(train, task, choice), predict)

    facts = (task.num_classes, task.discrete, seeds, choice)
    return _TAUGHT.of([train.x, train.y], facts, teach)


def _train(
    learner: str, taught: TaughtByReal, test: Rows, synthetic: Rows, task: Task, case: Case
) -> Trained:
    logger.info("utility: training the learner %s", learner)
    real = taught.predict[learner]
    other = fit_learner(learner, synthetic, task, seed=case.seed("utility", learner))
    counts = (taught.num_rows, len(synthetic))
    return Trained(real(test.x), other(test.x), real(synthetic.x), counts)


def _headline(
    case: Case, task: Task, learner: str, test: Rows, trained: Trained
) -> list[Measurement]:
    trtr, _ = main_score(test.y, trained.real, task)
    words = f"the {task.main_title}{_of_positive(task)} on {len(test):,} test rows of the learner "
    real, synthetic = (
        f"{words}{learner} trained on {count} {kind} rows"
        for count, kind in zip(trained.num_rows, ("real", "synthetic"), strict=True)
    )
    return [
        _scored(case, TRTR, test, trained.real, task, real, None),
        _scored(case, TSTR, test, trained.synthetic, task, synthetic, trtr),
        _loss(case, TSTR_LOSS, task, learner, test, trained),
    ]


def _of_positive(task: Task) -> str:
    """Which class a binary target's metrics are about."""
    if task.positive is None:
        return ""
    return f" (positive: {task.schema.target_column.categories[task.positive]})"


def _on_synthetic(
    case: Case, task: Task, learner: str, test: Rows, synthetic: Rows, trained: Trained
) -> list[Measurement]:
    if len(np.unique(synthetic.y)) < 2:
        logger.warning("trts left out: the synthetic target has a single value")
        return []
    trtr, _ = main_score(test.y, trained.real, task)
    words = f"the {task.main_title} on synthetic rows of the learner {learner} trained on real rows"
    return [_scored(case, TRTS, synthetic, trained.on_synthetic, task, words, trtr)]


def _scored(
    case: Case,
    metric: Metric,
    rows: Rows,
    predictions: Matrix,
    task: Task,
    meaning: str,
    reference: float | None,
) -> Measurement:
    value, influence = main_score(rows.y, predictions, task)
    interval = _interval(case, metric, value, influence, rows, task)
    return metric.measured(interval, case, meaning=meaning, reference=reference)


def _loss(
    case: Case, metric: Metric, task: Task, learner: str, test: Rows, trained: Trained
) -> Measurement:
    real, real_influence = main_score(test.y, trained.real, task)
    synthetic, influence = main_score(test.y, trained.synthetic, task)
    interval = _interval(case, metric, real - synthetic, real_influence - influence, test, task)
    words = f"the loss in {task.main_title} from training the learner {learner} on synthetic "
    return metric.measured(interval, case, meaning=f"{words}instead of real rows")


def _interval(
    case: Case, metric: Metric, value: float, influence: Matrix, rows: Rows, task: Task
) -> Interval:
    error = max(standard_error(influence), least_error(rows.y, task))
    if rows.groups is not None:
        error = max(error, clustered_error(influence, rows.groups))
    return normal_interval(value, error, confidence=case.confidence(metric.name))


UTILITY = Evaluator(
    measure_utility,
    (TRTR, TSTR, TRTS, TSTR_LOSS, *LOSS_OF.values(), *thresholded_metrics()),
)
