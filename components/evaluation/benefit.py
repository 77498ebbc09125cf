"""Benefit: do synthetic rows added to real ones help learners more than every cheaper trick."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold

from components.config import Purpose
from components.data.table import Matrix, Table
from components.errors import UserError
from components.evaluation.arms import (
    AUGMENTED,
    FOR_CLASSES,
    FOR_NUMBERS,
    REAL,
    Fold,
    baselines,
    can_smote,
)
from components.evaluation.case import Case, Evaluator, Findings, Metric, subsample
from components.evaluation.evidence import Arm, Measurement
from components.evaluation.features import Task, rows_of, task_of
from components.evaluation.learners import LEARNERS, fit_learner
from components.evaluation.parallel import run_all
from components.evaluation.scores import all_scores
from components.evaluation.statistics import Interval, corrected_interval
from components.models.contract import LogMetrics

logger = logging.getLogger(__name__)

ALL_LEARNERS = "mean of learners"
TWO_SIDED = 0.95
MAX_ROWS = 50_000

AUGMENTATION_GAIN = Metric(
    name="augmentation_gain",
    family="utility",
    goal="maximise",
    bounds=(None, None),
    ideal=1.0,
    meaning="the gain from adding synthetic rows, over the best of the other ways",
)

Scores = dict[tuple[str, str], dict[str, float]]
"""Every metric of an arm and a learner in one fold."""


@dataclass(frozen=True)
class Split:
    """Positions of a fold's training rows and held-out rows, and the fold's number."""

    number: int
    fit: NDArray[np.int64]
    held: NDArray[np.int64]


def measure_benefit(case: Case, log: LogMetrics) -> Findings:
    """The gain of real + synthetic rows over the best baseline arm, and every arm's scores.

    Repeated, stratified cross-validation over the training rows; in each fold the generator is
    fitted to the fold's training rows alone. The gain is the paired difference in the main
    metric, averaged over learners, to the arm without synthetic rows whose mean over folds is
    best; its interval is Nadeau and Bengio's. `log` is called after every fold. Of more than
    50,000 training rows, 50,000 take part, and the meaning says so.
    """
    task = task_of(case.train)
    num_rows = len(case.train)
    case = replace(case, train=case.train.take(subsample(num_rows, MAX_ROWS, case.seed("benefit"))))
    y = rows_of(case.train, task).y
    assert len(y) == len(case.train), "a training row lacks the target"
    splits = list(_splits(y, task, case))
    arms = _possible_arms(y, task, splits)
    calls = [partial(_judge_fold, case, task, arms, split) for split in splits]
    folds: list[Scores] = []
    for scores in run_all(calls, workers=case.workers):
        folds.append(scores)
        logger.info("benefit: fold %d of %d is done", len(folds), len(splits))
        log(len(folds), {"benefit_folds_done": len(folds) / len(splits)})
    gain = _gain(case, task, arms, folds, num_rows)
    return Findings((gain,), arms=tuple(_summaries(case, task, arms, folds)))


def _splits(y: Matrix, task: Task, case: Case) -> Iterator[Split]:
    """The folds, stratified for classes; raises UserError where rows cannot fill them."""
    folds, seed = case.config.folds, case.seed("folds")
    enough = len(y)
    if task.num_classes:
        enough = int(np.sort(np.unique(y, return_counts=True)[1])[-2])
    if enough < folds:
        raise UserError(
            f"evaluate.folds = {folds}: the target {task.schema.target!r} has {enough} training "
            f"rows of its second largest class, so at most {enough} folds are possible"
        )
    kind = RepeatedStratifiedKFold if task.num_classes else RepeatedKFold
    repeated = kind(n_splits=folds, n_repeats=case.config.repeats, random_state=seed)
    codes = y.astype(np.int64) if task.num_classes else y
    for number, (fit, held) in enumerate(repeated.split(np.zeros(len(y)), codes)):
        yield Split(number, fit.astype(np.int64), held.astype(np.int64))


def _possible_arms(y: Matrix, task: Task, splits: list[Split]) -> tuple[str, ...]:
    """The arms that every fold can have: SMOTE needs two rows of each class that occurs."""
    if not task.num_classes:
        return tuple(FOR_NUMBERS)
    if all(can_smote(y[split.fit]) for split in splits):
        return tuple(FOR_CLASSES)
    logger.warning("the arm SMOTE is left out: in some fold a class has a single training row")
    return tuple(name for name in FOR_CLASSES if name != "SMOTE")


def _judge_fold(case: Case, task: Task, arms: tuple[str, ...], split: Split) -> Scores:
    """Every arm and learner in one fold, scored on its held-out rows."""
    assert case.make_and_fit is not None, "fixed rows have a trial of their own"
    table = case.train
    inside = table.take(split.fit)
    sampler = case.make_and_fit(inside, case.seed("generator", split.number))
    num_rows = max(round(case.config.ratio * len(inside)), 2)
    drawn = sampler.sample(num_rows, seed=case.seed("rows", split.number))
    rows, held = rows_of(inside, task), rows_of(table.take(split.held), task)
    synthetic = rows_of(Table(drawn, table.schema), task)
    fold = Fold(rows, synthetic, task, case.seed("arms", split.number))
    if len(np.unique(held.y)) < 2:
        raise UserError(
            f"target {task.schema.target!r} has a single value in the held-out rows of a fold; "
            f"lower evaluate.folds (now {case.config.folds})"
        )
    known = FOR_CLASSES if task.num_classes else FOR_NUMBERS
    scores: Scores = {}
    for arm in arms:
        prepared = known[arm](fold)
        for learner in LEARNERS:
            predict = fit_learner(
                learner, prepared.rows, task, weights=prepared.weights, seed=fold.seed
            )
            scores[arm, learner] = all_scores(held.y, predict(held.x), task)
    return scores


def _main(folds: list[Scores], arm: str, learner: str, task: Task) -> Matrix:
    """The main metric of an arm in each fold: of one learner, or averaged over all."""
    names = LEARNERS if learner == ALL_LEARNERS else (learner,)
    return np.array([np.mean([fold[arm, name][task.main] for name in names]) for fold in folds])


def _gain(
    case: Case, task: Task, arms: tuple[str, ...], folds: list[Scores], num_rows: int
) -> Measurement:
    rivals = baselines(arms)
    means = {arm: float(_main(folds, arm, ALL_LEARNERS, task).mean()) for arm in rivals}
    best = max(rivals, key=lambda arm: means[arm])
    ours = _main(folds, AUGMENTED, ALL_LEARNERS, task)
    interval = _corrected(
        case,
        ours - _main(folds, best, ALL_LEARNERS, task),
        confidence=case.confidence(AUGMENTATION_GAIN.name),
        sides=1,
    )
    meaning = (
        f"the gain in {task.main_title} of {AUGMENTED} over {best}, "
        f"the best of {len(rivals)} ways without synthetic rows"
    )
    if len(case.train) < num_rows:
        meaning += f" (on {len(case.train)} of {num_rows} training rows)"
    return AUGMENTATION_GAIN.measured(interval, case, meaning=meaning)


def _corrected(case: Case, differences: Matrix, *, confidence: float, sides: int) -> Interval:
    return corrected_interval(
        differences,
        test_to_train=1.0 / (case.config.folds - 1),
        confidence=confidence,
        sides=1 if sides == 1 else 2,
    )


def _summaries(case: Case, task: Task, arms: tuple[str, ...], folds: list[Scores]) -> Iterator[Arm]:
    """Every arm with every learner, and with their mean, each against the real rows alone."""
    for arm in arms:
        for learner in (ALL_LEARNERS, *LEARNERS):
            difference = _main(folds, arm, learner, task) - _main(folds, REAL, learner, task)
            interval = _corrected(case, difference, confidence=TWO_SIDED, sides=2)
            yield Arm(
                name=arm,
                learner=learner,
                scores=_mean_scores(folds, arm, learner),
                difference=interval.value,
                low=interval.low,
                high=interval.high,
            )


def _mean_scores(folds: list[Scores], arm: str, learner: str) -> dict[str, float]:
    """Each metric's mean over folds, and over learners where all are meant."""
    names = list(LEARNERS) if learner == ALL_LEARNERS else [learner]
    rows = [fold[arm, name] for fold in folds for name in names]
    return {metric: float(np.mean([row[metric] for row in rows])) for metric in rows[0]}


BENEFIT = Evaluator(measure_benefit, (AUGMENTATION_GAIN,), frozenset({Purpose.AUGMENTATION}))
