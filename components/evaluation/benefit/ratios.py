"""How much synthetic data is best: one fold at several ratios, and the ratio others choose."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from components.data.table import Matrix
from components.evaluation.benefit.arms import (
    AUGMENTED,
    DUPLICATED,
    KNOWN,
    REAL,
    Fold,
    Prepared,
)
from components.evaluation.benefit.gain import TWO_SIDED, Scores, Split, Trial, check_held
from components.evaluation.benefit.inner import Tuned, make_fold
from components.evaluation.benefit.subgroups import Group
from components.evaluation.benefit.tunable import TUNABLE, fit_tunable, learnable
from components.evaluation.case import Case
from components.evaluation.evidence import Curve
from components.evaluation.features import Task
from components.evaluation.scores import all_scores

THRESHOLD = "threshold tuning"
OF_A_RATIO = (AUGMENTED, DUPLICATED)


def at(arm: str, ratio: float) -> str:
    """The name of an arm at a ratio.

    >>> at("real + synthetic", 2.0)
    'real + synthetic x2'
    """
    return f"{arm} x{ratio:g}"


@dataclass(frozen=True)
class Plan:
    """What is done in every fold: the arms, the ratios in rising order, the groups looked into."""

    task: Task
    arms: tuple[str, ...]
    ratios: tuple[float, ...]
    groups: tuple[Group, ...]

    @property
    def usual(self) -> float:
        """The ratio next to 1: that of synthetic rows alone, and the one tuned at."""
        return min(self.ratios, key=lambda ratio: abs(np.log(ratio)))

    @property
    def shown(self) -> tuple[str, ...]:
        """The arms of the evidence: those of the chosen ratio, then synthetic rows at each."""
        arms = list(self.arms)
        if self.task.positive is not None:
            arms.insert(arms.index(REAL) + 1, THRESHOLD)
        return (*arms, *(at(AUGMENTED, ratio) for ratio in self.ratios))


@dataclass(frozen=True)
class FoldResult:
    """A fold's scores by arm and learner, and each group's metric where synthetic rows matter."""

    scores: Scores
    groups: Mapping[tuple[str, str], Matrix]


def judge_fold(case: Case, plan: Plan, tuned: Tuned, split: Split) -> FoldResult:
    """Every arm, ratio and learner in one fold, scored on its held-out rows.

    One generator is fitted, to the fold's training rows; a lower ratio takes the first of the rows
    drawn for the highest.
    """
    task = plan.task
    fold, held = make_fold(case, task, split, plan.ratios[-1], "fold")
    check_held(held, task, case.config.folds)
    scores: dict[tuple[str, str], Mapping[str, float]] = {}
    groups: dict[tuple[str, str], Matrix] = {}
    for name, arm, prepared in _prepared(fold, plan):
        given = learnable(prepared.rows, prepared.weights, task)
        for learner in TUNABLE:
            setting = tuned.settings[arm, learner]
            predict = fit_tunable(learner, given, task, setting=setting, seed=fold.seed)
            predictions = predict(held.x)
            scores[name, learner] = all_scores(held.y, predictions, task)
            if arm in (REAL, AUGMENTED):
                found = [g.score(split.held, held.y, predictions, task) for g in plan.groups]
                groups[name, learner] = np.array(found)
            if arm == REAL and tuned.thresholds:
                scores[THRESHOLD, learner] = all_scores(
                    held.y, predictions, task, threshold=tuned.thresholds[learner]
                )
    return FoldResult(scores, groups)


def _prepared(fold: Fold, plan: Plan) -> Iterator[tuple[str, str, Prepared]]:
    """Each arm's name with its ratio, its name without, and its rows."""
    usual = _less(fold, plan.usual)
    for arm in plan.arms:
        if arm not in OF_A_RATIO:
            yield arm, arm, KNOWN[arm](usual)
    for ratio in plan.ratios:
        part = _less(fold, ratio)
        for arm in OF_A_RATIO:
            yield at(arm, ratio), arm, KNOWN[arm](part)


def _less(fold: Fold, ratio: float) -> Fold:
    """The fold with as many synthetic rows as a ratio says, the first ones."""
    count = min(max(round(ratio * len(fold.real)), 2), len(fold.synthetic))
    return replace(fold, synthetic=fold.synthetic.take(np.arange(count)))


def with_choice(results: Sequence[FoldResult], chosen: Sequence[float]) -> list[FoldResult]:
    """The results with the arms of no ratio added: in each fold, those of its chosen ratio.

    Duplicated real rows are as many as the chosen synthetic ones.
    """
    found = []
    for result, ratio in zip(results, chosen, strict=True):
        scores, groups = dict(result.scores), dict(result.groups)
        for learner in TUNABLE:
            for arm in OF_A_RATIO:
                scores[arm, learner] = scores[at(arm, ratio), learner]
            groups[AUGMENTED, learner] = groups[at(AUGMENTED, ratio), learner]
        found.append(FoldResult(scores, groups))
    return found


def chosen_ratios(plan: Plan, results: Sequence[FoldResult], num_folds: int) -> list[float]:
    """For each fold the ratio that is best in the other folds of its repeat, the lowest of equals.

    Best is the greatest mean of the main metric over learners and those folds. What is measured on
    a fold's held-out rows was not chosen on them, so trying many ratios brings no gain by itself.
    """
    key = plan.task.main
    means = np.array(
        [
            [
                np.mean([result.scores[at(AUGMENTED, ratio), name][key] for name in TUNABLE])
                for ratio in plan.ratios
            ]
            for result in results
        ]
    ).reshape(-1, num_folds, len(plan.ratios))
    others = means.sum(axis=1, keepdims=True) - means
    return [plan.ratios[place] for place in others.argmax(axis=2).ravel()]


def ratio_curves(plan: Plan, trial: Trial) -> Iterator[Curve]:
    """The gain over real rows alone at each ratio: of synthetic rows, and of duplicated ones."""
    for arm, name in ((AUGMENTED, "synthetic"), (DUPLICATED, "duplicated")):
        gains = [
            trial.interval(
                trial.main(at(arm, ratio)) - trial.main(REAL), confidence=TWO_SIDED, sides=2
            )
            for ratio in plan.ratios
        ]
        yield Curve(
            name=f"ratio_curve_{name}",
            x=plan.ratios,
            y=tuple(gain.value for gain in gains),
            low=tuple(gain.low for gain in gains),
            high=tuple(gain.high for gain in gains),
            x_title="rows added for each real row",
            y_title=f"gain in {plan.task.main_title} over real rows alone",
        )
