"""Is a group of rows harmed by augmentation, though all rows together gain?"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.data.schema import Column
from components.data.table import Matrix, Table
from components.errors import UserError
from components.evaluation.benefit.arms import AUGMENTED, REAL
from components.evaluation.benefit.gain import TWO_SIDED, Trial
from components.evaluation.case import Case, Metric
from components.evaluation.evidence import GroupEffect, Measurement
from components.evaluation.features import Task
from components.evaluation.scores import called, main_score
from components.evaluation.statistics import Interval, holm, lower_tail

logger = logging.getLogger(__name__)

MAX_COLUMNS = 3
MAX_LEVELS = 10
MAX_CLASSES = 10
MIN_ROWS_A_FOLD = 5

SUBGROUP_HARM = Metric(
    name="subgroup_harm",
    family="utility",
    goal="minimise",
    bounds=(None, None),
    ideal=0.0,
    meaning="what the worst-off group of rows loses by adding synthetic rows",
)

Members = NDArray[np.bool_]


@dataclass(frozen=True)
class Group:
    """Some training rows, what they have in common, and the metric they are looked at by.

    `metric` is "recall" for the rows of a class, the class against all others for "roc_auc" of a
    class, and the task's main metric for the rows that share a value of a column.
    """

    column: str
    name: str
    metric: str
    members: Members
    code: int | None = None

    def score(self, held: NDArray[np.int64], y: Matrix, predictions: Matrix, task: Task) -> float:
        """The metric on held-out rows, NaN where they do not define it.

        `held` are the positions, among all training rows, of the rows of `y` and `predictions`.
        """
        members = self.members[held]
        if self.metric == "recall":
            found = called(predictions, task)[members] == self.code
            return float(found.mean()) if len(found) else np.nan
        if self.code is not None:
            return _one_against_rest(members, predictions[:, self.code])
        if len(np.unique(y[members])) < 2:
            return np.nan
        return main_score(y[members], predictions[members], task)[0]


def _one_against_rest(positive: Members, chances: Matrix) -> float:
    if positive.all() or not positive.any():
        return np.nan
    below, above = chances[~positive], chances[positive]
    ranks = np.searchsorted(np.sort(below), above, "left")
    ties = np.searchsorted(np.sort(below), above, "right")
    return float((ranks + ties).mean() / 2 / len(below))


def find_groups(table: Table, y: Matrix, task: Task, case: Case) -> tuple[Group, ...]:
    """The groups of `evaluate.subgroups`, or those chosen here, and the classes of the target.

    Chosen are up to three columns of 2 to 10 levels, those with the fewest levels first. A column
    of numbers is cut at its quartiles. A group needs, for each fold, 5 rows (of each of two
    classes); smaller ones are left out, aloud. Of many classes the 10 most frequent are looked at.
    """
    asked = case.config.subgroups
    columns = _chosen(task) if asked is None else [_known(name, task) for name in asked]
    least = MIN_ROWS_A_FOLD * case.config.folds
    groups = [group for column in columns for group in _of_column(table, column, task)]
    kept = [group for group in groups if _size(y[group.members], task) >= least]
    if len(kept) < len(groups):
        names = ", ".join(f"{g.column} = {g.name}" for g in groups if g not in kept)
        logger.warning("too few rows to look at these groups apart: %s", names)
    return (*kept, *_classes(y, task, least))


def _chosen(task: Task) -> list[Column]:
    target = task.schema.target
    few = [
        column
        for column in task.schema.learned
        if column.name != target and column.is_discrete and 2 <= len(column.categories) <= 10
    ]
    return sorted(few, key=lambda column: len(column.categories))[:MAX_COLUMNS]


def _known(name: str, task: Task) -> Column:
    column = task.schema[name]
    if not column.is_learned or name == task.schema.target:
        accepted = [c.name for c in task.schema.learned if c.name != task.schema.target]
        raise UserError(
            f"evaluate.subgroups names {name!r}, which has no groups to compare (the target's "
            f"classes always are); accepted: {', '.join(accepted)}"
        )
    if column.is_discrete and len(column.categories) > MAX_LEVELS:
        raise UserError(
            f"evaluate.subgroups names {name!r}, which has {len(column.categories)} levels; "
            f"at most {MAX_LEVELS} can be looked at"
        )
    return column


def _of_column(table: Table, column: Column, task: Task) -> Iterator[Group]:
    values = table.frame[column.name]
    if column.is_discrete:
        names = values.astype(object)
        for level in column.categories:
            members = np.asarray(names == level, dtype=bool)
            yield Group(column.name, str(level), task.main, members)
        return
    parts = pd.qcut(values, 4, duplicates="drop")
    for part in parts.cat.categories:
        members = np.asarray(parts == part, dtype=bool)
        name = f"{part.left} to {part.right}"
        yield Group(column.name, name, task.main, members)


def _size(y: Matrix, task: Task) -> int:
    """How many rows a group has; for classes, of its second largest."""
    if not task.num_classes:
        return len(y)
    counts = np.sort(np.unique(y, return_counts=True)[1])
    return int(counts[-2]) if len(counts) > 1 else 0


def _classes(y: Matrix, task: Task, least: int) -> Iterator[Group]:
    target = task.schema.target_column
    if not task.num_classes:
        return
    counts = np.bincount(y.astype(np.int64), minlength=task.num_classes)
    frequent = np.argsort(-counts, kind="stable")[:MAX_CLASSES]
    for code in sorted(int(code) for code in frequent if counts[code] >= least):
        name, members = str(target.categories[code]), y == code
        yield Group(target.name, name, "recall", members, code)
        if task.positive is None:
            yield Group(target.name, name, "roc_auc", members, code)


GroupScores = Sequence[Mapping[tuple[str, str], Matrix]]
"""For each fold: every group's metric, of an arm and a learner."""


def group_effects(
    case: Case, trial: Trial, groups: tuple[Group, ...], scores: GroupScores
) -> tuple[tuple[GroupEffect, ...], Measurement | None]:
    """What each group gains or loses, and the measurement of the worst-off one's loss.

    Effects are averages over learners. Their intervals hold for all groups at once (Bonferroni);
    which groups are harmed is decided by Holm's (1979) step-down procedure. The upper bound of the
    worst loss is the highest of the groups' own bounds: that all groups lose less than a bar is
    shown only if each one does, which needs no correction (Berger 1982). Its lower bound is for
    all groups at once.
    """
    before, after = (_by_fold(trial, scores, arm, len(groups)) for arm in (REAL, AUGMENTED))
    kept = [g for g in range(len(groups)) if np.isfinite(after[:, g] - before[:, g]).sum() > 1]
    if not kept:
        return (), None
    differences = []
    for g in kept:
        change = after[:, g] - before[:, g]
        differences.append(change[np.isfinite(change)])
    alpha = 1 - TWO_SIDED
    tails = [lower_tail(d, test_to_train=trial.test_to_train) for d in differences]
    harmed = holm(tails, [trial.level(alpha / (len(kept) - i)) for i in range(len(kept))])
    effects = []
    for g, difference, is_harmed in zip(kept, differences, harmed, strict=True):
        interval = trial.interval(difference, confidence=1 - alpha / len(kept), sides=2)
        effects.append(
            GroupEffect(
                column=groups[g].column,
                group=groups[g].name,
                num_rows=int(groups[g].members.sum()),
                metric=groups[g].metric,
                real=float(np.nanmean(before[:, g])),
                augmented=float(np.nanmean(after[:, g])),
                difference=interval.value,
                low=interval.low,
                high=interval.high,
                is_harmed=is_harmed,
            )
        )
    return tuple(effects), _worst(case, trial, effects, differences)


def _by_fold(trial: Trial, scores: GroupScores, arm: str, num_groups: int) -> Matrix:
    """The groups' metrics averaged over learners, shape (folds, groups)."""
    rows = [np.mean([fold[arm, name] for name in trial.learners], axis=0) for fold in scores]
    return np.reshape(rows, (len(rows), num_groups))


def _worst(
    case: Case, trial: Trial, effects: list[GroupEffect], differences: list[Matrix]
) -> Measurement:
    confidence = case.confidence(SUBGROUP_HARM.name)
    alone = [trial.interval(-d, confidence=confidence) for d in differences]
    together = 1 - (1 - confidence) / len(differences)
    jointly = [trial.interval(-d, confidence=together) for d in differences]
    worst = int(np.argmax([interval.value for interval in alone]))
    bound = Interval(
        alone[worst].value,
        max(interval.low for interval in jointly),
        max(interval.high for interval in alone),
    )
    effect = effects[worst]
    meaning = (
        f"the loss in {effect.metric} by adding synthetic rows of the worst-off of "
        f"{len(effects)} groups ({effect.column} = {effect.group})"
    )
    return SUBGROUP_HARM.measured(bound, case, meaning=meaning).model_copy(
        update={"sample_size": len(case.train), "repeats": trial.repeats}
    )
