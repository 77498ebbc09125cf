"""The thorough benefit trial: tuned learners, several ratios, and a look after every repeat."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from components.evaluation.benefit.arms import AUGMENTED, baselines, possible_arms
from components.evaluation.benefit.decided import decision
from components.evaluation.benefit.gain import (
    AUGMENTATION_GAIN,
    BEST_BASELINE,
    Split,
    Trial,
    splits_of,
)
from components.evaluation.benefit.inner import Tuned, choose_settings, inner_splits, try_settings
from components.evaluation.benefit.ratios import (
    THRESHOLD,
    FoldResult,
    Plan,
    chosen_ratios,
    judge_fold,
    ratio_curves,
    with_choice,
)
from components.evaluation.benefit.subgroups import find_groups, group_effects
from components.evaluation.benefit.tunable import TUNABLE
from components.evaluation.case import Case, Findings, subsample
from components.evaluation.evidence import GroupEffect, Measurement
from components.evaluation.features import rows_of, task_of
from components.evaluation.parallel import run_all
from components.evaluation.statistics import Interval
from components.evaluation.worth import Growth, judge_growth, measure_worth
from components.models.contract import LogMetrics

logger = logging.getLogger(__name__)

MAX_ROWS = 20_000
MANY_ROWS = 10_000
REPEATS, REPEATS_OF_MANY = 8, 3


@dataclass(frozen=True)
class Look:
    """What is known after a repeat: the trial, and what it measures each time it is looked at."""

    trial: Trial
    ratios: tuple[float, ...]
    measurements: tuple[Measurement, ...]
    groups: tuple[GroupEffect, ...]


def measure_thorough(case: Case, log: LogMetrics) -> Findings:
    """The gain from synthetic rows, group by group and ratio by ratio, and what they are worth.

    In each repeat the learners are tuned for each way of training on the first fold's training
    rows, then every fold is judged. Rows of that repeat's other folds take part in the tuning, for
    all ways of training alike. After each repeat the trial stops if its gates are decided;
    intervals are repeated confidence intervals, which hold whenever it stops. `log` is called
    after every fold. Of more than 20,000 training rows, 20,000 take part, and the meaning says so.
    """
    num_rows = len(case.train)
    case = replace(case, train=case.train.take(subsample(num_rows, MAX_ROWS, case.seed("benefit"))))
    plan, splits = _plan(case)
    results: list[FoldResult] = []
    growths: list[Growth] = []
    for repeat, mine in enumerate(splits):
        tuned = _tune(case, plan, repeat, mine[0])
        for result in run_all(_calls(case, plan, tuned, repeat, mine), workers=case.workers):
            if isinstance(result, Growth):
                growths.append(result)
                continue
            results.append(result)
            share = len(results) / (len(splits) * len(mine))
            logger.info("benefit: repeat %d, fold %d is done", repeat + 1, len(results))
            log(len(results), {"benefit_folds_done": share})
        look = _look(case, plan, results, looks=len(splits))
        reason = decision(case.config.gates, look.measurements, look.trial)
        if reason:
            logger.info("benefit: stops after repeat %d of %d: %s", repeat + 1, len(splits), reason)
            break
    return _findings(case, plan, look, growths, _ending(case, look, reason, num_rows))


def _plan(case: Case) -> tuple[Plan, list[list[Split]]]:
    """What every fold does, and the folds of each repeat there may be."""
    task = task_of(case.train)
    y = rows_of(case.train, task).y
    assert len(y) == len(case.train), "a training row lacks the target"
    most = case.config.repeats or (REPEATS_OF_MANY if len(y) > MANY_ROWS else REPEATS)
    splits = list(splits_of(y, task, case, most))
    arms = possible_arms(task, (y[split.fit] for split in splits))
    groups = find_groups(case.train, y, task, case)
    plan = Plan(task, arms, tuple(sorted(case.config.ratios)), groups)
    folds = case.config.folds
    return plan, [splits[at : at + folds] for at in range(0, len(splits), folds)]


def _tune(case: Case, plan: Plan, repeat: int, split: Split) -> Tuned:
    """The settings of a repeat, chosen on the training rows of its first fold."""
    y = rows_of(case.train, plan.task).y
    inner = inner_splits(case, y, plan.task, split)
    calls = [
        partial(try_settings, case, plan.task, plan.arms, repeat, part, plan.usual)
        for part in inner
    ]
    found = list(run_all(calls, workers=case.workers))
    return choose_settings(found, plan.arms)


def _calls(
    case: Case, plan: Plan, tuned: Tuned, repeat: int, splits: Sequence[Split]
) -> list[Callable[[], FoldResult | Growth]]:
    """A repeat's work by folds; the learning curve is of the first repeat."""
    calls: list[Callable[[], FoldResult | Growth]] = [
        partial(judge_fold, case, plan, tuned, split) for split in splits
    ]
    if repeat == 0:
        calls += [partial(judge_growth, case, plan.task, tuned, split) for split in splits]
    return calls


def _look(case: Case, plan: Plan, results: Sequence[FoldResult], *, looks: int) -> Look:
    """The gain and the groups' effects after so many folds."""
    folds = case.config.folds
    ratios = tuple(chosen_ratios(plan, results, folds))
    known = with_choice(results, ratios)
    scores = tuple(result.scores for result in known)
    trial = Trial(plan.task, tuple(TUNABLE), scores, folds, looks)
    groups, harm = group_effects(case, trial, plan.groups, [result.groups for result in known])
    gain = _gain(case, plan, trial)
    return Look(trial, ratios, (gain, harm) if harm else (gain,), groups)


def _gain(case: Case, plan: Plan, trial: Trial) -> Measurement:
    """The gain over every way without synthetic rows, and over each one by name.

    The lower bound is the least of the bounds over each (an intersection-union test, Berger 1982):
    a gain over the best way is a gain over all of them, so which one is best need not be known,
    and that it is chosen among many costs no error. The value is the least gain; it errs downwards,
    as some way is lucky. The upper bound is the least of bounds that hold for all at once.
    """
    confidence = case.confidence(AUGMENTATION_GAIN.name)
    rivals = baselines(plan.arms)
    each = [trial.compared(AUGMENTED, rival, confidence=confidence) for rival in rivals]
    jointly = 1 - (1 - confidence) / len(rivals)
    high = min(trial.compared(AUGMENTED, rival, confidence=jointly).high for rival in rivals)
    closest = min(each, key=lambda one: one.value)
    lowest = min(each, key=lambda one: one.low)
    interval = Interval(closest.value, lowest.low, high)
    best = closest.model_copy(
        update={"baseline": BEST_BASELINE, "low": interval.low, "high": interval.high}
    )
    if plan.task.positive is not None:
        each.append(trial.compared(AUGMENTED, THRESHOLD, confidence=confidence))
    meaning = (
        f"the gain in {plan.task.main_title} of {AUGMENTED} over {closest.baseline}, "
        f"the closest of {len(each)} ways without synthetic rows"
    )
    own = Interval(lowest.value, lowest.low, lowest.high)
    return AUGMENTATION_GAIN.measured(interval, case, meaning=meaning).model_copy(
        update={
            "comparisons": (best, *each),
            "sample_size": len(case.train),
            "repeats": trial.repeats,
            "floor": trial.floor(own),
        }
    )


def _ending(case: Case, look: Look, reason: str | None, num_rows: int) -> str:
    """How many repeats there were and why no more, in brackets."""
    ratios, counts = np.unique(look.ratios, return_counts=True)
    usual, trial = ratios[int(counts.argmax())], look.trial
    words = f"ratio mostly {usual:g}; {trial.repeats} of at most {trial.looks} repeats"
    if reason:
        words += f": {reason}"
    if len(case.train) < num_rows:
        words += f"; on {len(case.train):,} of {num_rows:,} training rows"
    return f" ({words})"


def _findings(
    case: Case, plan: Plan, look: Look, growths: Sequence[Growth], ending: str
) -> Findings:
    gain, *others = look.measurements
    gain = gain.model_copy(update={"meaning": gain.meaning + ending})
    num_fit = round(len(case.train) * (1 - 1 / case.config.folds))
    worth, curves = measure_worth(case, look.trial, growths, num_fit)
    return Findings(
        (gain, *others, worth),
        arms=tuple(look.trial.summaries(plan.shown)),
        curves=(*ratio_curves(plan, look.trial), *curves),
        groups=look.groups,
    )
