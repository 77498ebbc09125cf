"""Benefit: do synthetic rows added to real ones help learners more than every cheaper trick."""

import logging
from dataclasses import replace
from functools import partial

from components.config import Protocol, Purpose
from components.data.table import Table
from components.errors import UserError
from components.evaluation.benefit.arms import AUGMENTED, KNOWN, Fold, baselines, possible_arms
from components.evaluation.benefit.gain import (
    AUGMENTATION_GAIN,
    BEST_BASELINE,
    Scores,
    Split,
    Trial,
    check_held,
    quick_repeats,
    splits_of,
)
from components.evaluation.benefit.subgroups import SUBGROUP_HARM
from components.evaluation.benefit.thorough import measure_thorough
from components.evaluation.case import Case, Evaluator, Findings, subsample
from components.evaluation.evidence import Measurement
from components.evaluation.features import Task, rows_of, task_of
from components.evaluation.learners import LEARNERS, fit_learner
from components.evaluation.parallel import run_all
from components.evaluation.scores import all_scores
from components.evaluation.worth import WORTH_ROWS
from components.models.contract import LogMetrics

logger = logging.getLogger(__name__)

MAX_ROWS = 50_000


def measure_benefit(case: Case, log: LogMetrics) -> Findings:
    """What synthetic rows bring to learners, by the protocol that `evaluate.protocol` asks for.

    Raises UserError where a gate asks for what only the protocol `thorough` measures.
    """
    if case.config.protocol is Protocol.THOROUGH:
        return measure_thorough(case, log)
    for gate in case.config.gates:
        if gate.metric in (SUBGROUP_HARM.name, WORTH_ROWS.name):
            raise UserError(
                f"a gate asks for {gate.metric!r}, which evaluate.protocol = quick does not "
                "measure; use evaluate.protocol = thorough"
            )
    return measure_quick(case, log)


def measure_quick(case: Case, log: LogMetrics) -> Findings:
    """The gain of real + synthetic rows over the best baseline arm, and every arm's scores.

    Repeated, stratified cross-validation over the training rows; in each fold the generator is
    fitted to the fold's training rows alone. The gain is the paired difference in the main
    metric, averaged over learners, to the arm without synthetic rows whose mean over folds is
    best; its interval is Nadeau and Bengio's. The best mean of several is a little too high by
    chance, so the gain over it errs downwards. `log` is called after every fold. Of more than
    50,000 training rows, 50,000 take part, and the meaning says so.
    """
    task = task_of(case.train)
    num_rows = len(case.train)
    case = replace(case, train=case.train.take(subsample(num_rows, MAX_ROWS, case.seed("benefit"))))
    y = rows_of(case.train, task).y
    assert len(y) == len(case.train), "a training row lacks the target"
    splits = list(splits_of(y, task, case, quick_repeats(case)))
    arms = possible_arms(task, [y[split.fit] for split in splits])
    calls = [partial(_judge_fold, case, task, arms, split) for split in splits]
    folds: list[Scores] = []
    for scores in run_all(calls, workers=case.workers):
        folds.append(scores)
        logger.info("benefit: fold %d of %d is done", len(folds), len(splits))
        log(len(folds), {"benefit_folds_done": len(folds) / len(splits)})
    trial = Trial(task, tuple(LEARNERS), tuple(folds), case.config.folds)
    gain = _gain(case, trial, arms, num_rows)
    return Findings((gain,), arms=tuple(trial.summaries(arms)))


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
    check_held(held, task, case.config.folds)
    scores = {}
    for arm in arms:
        prepared = KNOWN[arm](fold)
        for learner in LEARNERS:
            predict = fit_learner(
                learner, prepared.rows, task, weights=prepared.weights, seed=fold.seed
            )
            scores[arm, learner] = all_scores(held.y, predict(held.x), task)
    return scores


def _gain(case: Case, trial: Trial, arms: tuple[str, ...], num_rows: int) -> Measurement:
    """The gain over the baseline whose mean is best, and over each one by name."""
    rivals = baselines(arms)
    means = {arm: float(trial.main(arm).mean()) for arm in rivals}
    best = max(rivals, key=lambda arm: means[arm])
    confidence = case.confidence(AUGMENTATION_GAIN.name)
    interval = trial.interval(trial.main(AUGMENTED) - trial.main(best), confidence=confidence)
    meaning = (
        f"the gain in {trial.task.main_title} of {AUGMENTED} over {best}, "
        f"the best of {len(rivals)} ways without synthetic rows"
    )
    if len(case.train) < num_rows:
        meaning += f" (on {len(case.train):,} of {num_rows:,} training rows)"
    each = tuple(trial.compared(AUGMENTED, rival, confidence=confidence) for rival in rivals)
    over_best = each[rivals.index(best)].model_copy(update={"baseline": BEST_BASELINE})
    return AUGMENTATION_GAIN.measured(interval, case, meaning=meaning).model_copy(
        update={
            "comparisons": (over_best, *each),
            "sample_size": len(case.train),
            "repeats": trial.repeats,
            "floor": trial.floor(interval),
        }
    )


BENEFIT = Evaluator(
    measure_benefit,
    (AUGMENTATION_GAIN, SUBGROUP_HARM, WORTH_ROWS),
    frozenset({Purpose.AUGMENTATION}),
)
