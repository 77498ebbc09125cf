"""What every benefit trial shares: its folds, the scores in them, and the gain they show."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import (
    GroupKFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
)

from components.data.table import Matrix
from components.errors import UserError
from components.evaluation.benefit.arms import REAL
from components.evaluation.case import Case, Metric
from components.evaluation.evidence import Arm, Comparison
from components.evaluation.features import Rows, Task
from components.evaluation.seeds import derived_seed
from components.evaluation.sequential import look_levels, variance_factor
from components.evaluation.statistics import Interval, Sides, chances_of, corrected_interval

ALL_LEARNERS = "mean of learners"
BEST_BASELINE = "best baseline"
TWO_SIDED = 0.95
ROPE = 0.01
FEW_ROWS = 500
REPEATS, REPEATS_OF_FEW = 2, 4

AUGMENTATION_GAIN = Metric(
    name="augmentation_gain",
    family="utility",
    goal="maximise",
    bounds=(None, None),
    ideal=1.0,
    meaning="the gain from adding synthetic rows, over the best of the other ways",
)

Codes = NDArray[np.int64]
Scores = Mapping[tuple[str, str], Mapping[str, float]]
"""Every metric of an arm and a learner in one fold."""


@dataclass(frozen=True)
class Split:
    """Positions of a fold's training rows and held-out rows, and the fold's number."""

    number: int
    fit: NDArray[np.int64]
    held: NDArray[np.int64]


def splits_of(y: Matrix, task: Task, case: Case, repeats: int) -> Iterator[Split]:
    """The folds, stratified for classes, of whole groups where rows have them.

    Raises UserError where rows or groups cannot fill them.
    """
    folds, seed = case.config.folds, case.seed("folds")
    groups = case.groups_of(case.train)
    enough, of_what = len(y), "training rows"
    if groups is not None:
        enough, of_what = len(np.unique(groups)), f"groups by {case.group_column!r}"
    elif task.num_classes:
        enough = int(np.sort(np.unique(y, return_counts=True)[1])[-2])
        of_what = "training rows of its second largest class"
    if enough < folds:
        raise UserError(
            f"evaluate.folds = {folds}: the target {task.schema.target!r} has {enough} "
            f"{of_what}, so at most {enough} folds are possible"
        )
    codes = y.astype(np.int64) if task.num_classes else y
    for number, (fit, held) in enumerate(_parts(codes, groups, task, folds, repeats, seed)):
        yield Split(number, fit.astype(np.int64), held.astype(np.int64))


def _parts(
    codes: NDArray[np.generic],
    groups: Codes | None,
    task: Task,
    folds: int,
    repeats: int,
    seed: int,
) -> Iterator[tuple[Codes, Codes]]:
    """What `splits_of` numbers."""
    if groups is None:
        usual = RepeatedStratifiedKFold if task.num_classes else RepeatedKFold
        yield from usual(n_splits=folds, n_repeats=repeats, random_state=seed).split(codes, codes)
        return
    grouped = StratifiedGroupKFold if task.num_classes else GroupKFold
    for repeat in range(repeats):
        own = derived_seed(seed, repeat)
        yield from grouped(folds, shuffle=True, random_state=own).split(codes, codes, groups)


def quick_repeats(case: Case) -> int:
    """What `evaluate.repeats` asks for, else 2, or 4 below 500 rows, where folds tell little."""
    return case.config.repeats or (REPEATS_OF_FEW if len(case.train) < FEW_ROWS else REPEATS)


def check_held(held: Rows, task: Task, folds: int) -> None:
    """Raises UserError where a fold's held-out rows have a single value of the target."""
    if len(np.unique(held.y)) < 2:
        raise UserError(
            f"target {task.schema.target!r} has a single value in the held-out rows of a fold; "
            f"lower evaluate.folds (now {folds})"
        )


@dataclass(frozen=True)
class Trial:
    """The scores in every fold so far, and how a difference over folds gets its interval.

    `num_folds` is the number of folds a repeat has. Where the trial is looked at after every
    repeat, `looks` is the most repeats there may be, and intervals are wide enough to hold at all
    looks at once; None where it is looked at once, at its end.
    """

    task: Task
    learners: tuple[str, ...]
    folds: tuple[Scores, ...]
    num_folds: int
    looks: int | None = None

    @property
    def repeats(self) -> int:
        """How many repeats were done."""
        return len(self.folds) // self.num_folds

    @property
    def test_to_train(self) -> float:
        """Held-out rows for each training row."""
        return 1.0 / (self.num_folds - 1)

    def main(self, arm: str, learner: str = ALL_LEARNERS) -> Matrix:
        """The main metric of an arm in each fold: of one learner, or averaged over all."""
        names = self.learners if learner == ALL_LEARNERS else (learner,)
        key = self.task.main
        return np.array([np.mean([fold[arm, name][key] for name in names]) for fold in self.folds])

    def mean_scores(self, arm: str, learner: str) -> dict[str, float]:
        """Each metric's mean over folds, and over learners where all are meant.

        A metric is left out of the folds that do not define it (NaN), or altogether.
        """
        names = self.learners if learner == ALL_LEARNERS else (learner,)
        rows = [fold[arm, name] for fold in self.folds for name in names]
        found = {metric: np.array([row[metric] for row in rows]) for metric in rows[0]}
        known = {metric: values[~np.isnan(values)] for metric, values in found.items()}
        return {metric: float(values.mean()) for metric, values in known.items() if len(values)}

    def interval(self, differences: Matrix, *, confidence: float, sides: Sides = 1) -> Interval:
        """The corrected interval of a mean difference, valid at this look and all others."""
        if self.looks is None:
            return corrected_interval(
                differences, test_to_train=self.test_to_train, confidence=confidence, sides=sides
            )
        level = self.level((1 - confidence) / sides)
        return corrected_interval(
            differences, test_to_train=self.test_to_train, confidence=1 - level
        )

    def level(self, alpha: float, look: int | None = None) -> float:
        """The one-sided level to test at now, so that all looks together err `alpha`."""
        if self.looks is None:
            return alpha
        levels = look_levels(
            alpha, self.looks, folds=self.num_folds, test_to_train=self.test_to_train
        )
        return levels[(look or self.repeats) - 1]

    def compared(self, arm: str, baseline: str, *, confidence: float) -> Comparison:
        """The gain in the main metric, averaged over learners, of an arm over another."""
        differences = self.main(arm) - self.main(baseline)
        interval = self.interval(differences, confidence=confidence)
        chances = chances_of(differences, test_to_train=self.test_to_train, rope=ROPE)
        return Comparison(
            baseline=baseline,
            value=interval.value,
            low=interval.low,
            high=interval.high,
            probabilities=chances,
        )

    def floor(self, interval: Interval) -> float:
        """The part of an interval's lower half-width that endless repeats would leave."""
        now = variance_factor(len(self.folds), self.test_to_train)
        return float((interval.value - interval.low) * np.sqrt(self.test_to_train / now))

    def summaries(self, arms: tuple[str, ...]) -> Iterator[Arm]:
        """Every arm with every learner, and with their mean, each against real rows alone."""
        for arm in arms:
            for learner in (ALL_LEARNERS, *self.learners):
                difference = self.main(arm, learner) - self.main(REAL, learner)
                interval = self.interval(difference, confidence=TWO_SIDED, sides=2)
                yield Arm(
                    name=arm,
                    learner=learner,
                    scores=self.mean_scores(arm, learner),
                    difference=interval.value,
                    low=interval.low,
                    high=interval.high,
                )
