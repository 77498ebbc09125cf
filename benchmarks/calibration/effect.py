"""The true gain of the power study's generator: from many draws, scored on many fresh rows."""

from typing import Any

import numpy as np

from benchmarks.calibration.power import NUM_TRAIN, PROCESS, RATIOS, truth
from benchmarks.calibration.tables import draw
from benchmarks.calibration.trials import Trial
from components.config import EvaluateConfig, Purpose
from components.data.table import Table
from components.evaluation.benefit.arms import AUGMENTED, FOR_CLASSES, Fold, baselines
from components.evaluation.features import rows_of, task_of
from components.evaluation.learners import LEARNERS, fit_learner
from components.evaluation.scores import main_score

NUM_TEST = 5_000
SEEDS = 20
FOLDS = EvaluateConfig(purpose=Purpose.AUGMENTATION).folds


def trials(share: float) -> list[Trial]:
    """A draw of training rows at every ratio."""
    return [
        Trial("effect", PROCESS, "truth", 10_000 + seed, NUM_TRAIN, ratio)
        for seed in range(max(2, round(SEEDS * share)))
        for ratio in RATIOS
    ]


def run(trial: Trial) -> dict[str, Any]:
    """The AUC of every arm, averaged over learners, on 5,000 fresh rows.

    There are as many training rows as a fold of the trial has.
    """
    fold_rows = round(trial.rows * (FOLDS - 1) / FOLDS)
    parts = draw(trial.table, fold_rows, NUM_TEST, 0, seed=trial.seed)
    task, schema = task_of(parts.train), parts.train.schema
    made = truth(trial.table, parts, trial.seed).sample(
        round(trial.level * fold_rows), seed=trial.seed
    )
    rows = rows_of(parts.train, task)
    fold = Fold(rows, rows_of(Table(made, schema), task), task, trial.seed)
    held = rows_of(parts.test, task)
    scores = {}
    for arm in (*baselines(tuple(FOR_CLASSES)), AUGMENTED):
        prepared = FOR_CLASSES[arm](fold)
        found = []
        for learner in LEARNERS:
            predict = fit_learner(
                learner, prepared.rows, task, weights=prepared.weights, seed=trial.seed
            )
            found.append(main_score(held.y, predict(held.x), task)[0])
        scores[arm] = float(np.mean(found))
    return {"scores": scores, "augmented": AUGMENTED}
