"""Benefit of a fixed set of synthetic rows, where there is no generator to fit inside folds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from components.config import Purpose
from components.data.table import Matrix
from components.errors import UserError
from components.evaluation.benefit.arms import (
    AUGMENTED,
    KNOWN,
    REAL,
    Fold,
    baselines,
    possible_arms,
)
from components.evaluation.benefit.gain import (
    ALL_LEARNERS,
    AUGMENTATION_GAIN,
    BEST_BASELINE,
    TWO_SIDED,
    quick_repeats,
)
from components.evaluation.case import Case, Evaluator, Findings, subsample
from components.evaluation.evidence import Arm, Comparison, Measurement
from components.evaluation.features import Rows, Task, rows_of, task_of
from components.evaluation.learners import LEARNERS, fit_learner
from components.evaluation.parallel import run_all
from components.evaluation.scores import all_scores, main_score
from components.evaluation.statistics import Interval, standard_error
from components.models.contract import LogMetrics

MAX_ROWS = 50_000
NUM_SEEDS = 2


@dataclass(frozen=True)
class Scored:
    """An arm and a learner on the test rows: every metric, and each row's influence on the main."""

    scores: dict[str, float]
    influence: Matrix


Scores = dict[tuple[str, str], Scored]


def measure_fixed_rows(case: Case, log: LogMetrics) -> Findings:
    """The gain of real + these synthetic rows over the best baseline arm, and every arm's scores.

    The synthetic rows were made from all training rows, so folds over these would leak: instead
    every arm learns from all training rows and is tested on the locked test rows. The estimand is
    the gain expected of adding rows like these to training rows like these; of the generator, had
    it been fitted to other rows, it says nothing.

    Two variances are added. That of the test rows: the paired one of DeLong et al. (1988) for
    AUC, the delta method's for R2. That of the training and synthetic rows: they are halved at
    random, both halves are tried, and a quarter of the squared difference of the two gains
    estimates it without bias, as independent halves each have twice the variance. The mean gain
    of halves is not used, so it does not matter that a half's synthetic rows know the other half.
    As many halves as `folds` times `repeats` are tried; the interval is Student's with the degrees
    of freedom of Welch and Satterthwaite. `log` is called after every fit. The baseline that is
    best on the test rows is the rival: that choice flatters the rival. Raises UserError above
    50,000 training rows: to leave some out would favour synthetic rows, which know them.
    """
    task = task_of(case.train)
    train, test, synthetic = _rows(case, task)
    halves = list(_halves(train, synthetic, task, case))
    arms = possible_arms(task, [rows.y for rows, _ in halves])
    whole = [(train, synthetic)] * NUM_SEEDS
    calls = [
        partial(_judge, Fold(*rows, task, case.seed("fixed rows", number)), test, arms)
        for number, rows in enumerate([*whole, *halves])
    ]
    found: list[Scores] = []
    for scores in run_all(calls, workers=case.workers):
        found.append(scores)
        log(len(found), {"fits_done": len(found) / len(calls)})
    trial = Trial(task, found[:NUM_SEEDS], found[NUM_SEEDS:])
    gain = _gain(case, trial, arms, len(train), len(synthetic))
    return Findings((gain,), arms=tuple(_summaries(trial, arms)))


def _rows(case: Case, task: Task) -> tuple[Rows, Rows, Rows]:
    """Training, test and synthetic rows with a known target, the latter at most 50,000."""
    if len(case.train) > MAX_ROWS:
        raise UserError(
            f"there are {len(case.train):,} training rows; the gain from given synthetic rows is "
            f"measured with at most {MAX_ROWS}, since rows left out would speak through the "
            "synthetic ones: make these from fewer rows, or judge for sharing"
        )
    train, test, synthetic = (
        rows_of(table, task) for table in (case.train, case.test, case.synthetic)
    )
    if len(synthetic) < 2:
        raise UserError(f"no synthetic row has a known value of the target {task.schema.target!r}")
    kept = subsample(len(synthetic), MAX_ROWS, case.seed("fixed rows"))
    return train, test, synthetic.take(kept)


def _halves(train: Rows, synthetic: Rows, task: Task, case: Case) -> Iterator[tuple[Rows, Rows]]:
    """Random halves of both, each followed by its complement, classes shared out evenly."""
    splits = max(2, -(-case.config.folds * quick_repeats(case) // 2))
    for number in range(splits):
        seeds = (case.seed("halves", kind, number) for kind in ("real", "synthetic"))
        sides = [
            _halved(rows.y, task, seed)
            for rows, seed in zip((train, synthetic), seeds, strict=True)
        ]
        for side in (0, 1):
            yield train.take(sides[0][side]), synthetic.take(sides[1][side])


def _halved(y: Matrix, task: Task, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    order = np.random.default_rng(seed).permutation(len(y))
    if task.num_classes:
        order = order[np.argsort(y[order], kind="stable")]
    return order[0::2].astype(np.int64), order[1::2].astype(np.int64)


def _judge(fold: Fold, test: Rows, arms: tuple[str, ...]) -> Scores:
    """Every arm and learner, trained on the fold's rows and scored on the test rows."""
    task = fold.task
    found: Scores = {}
    for arm in arms:
        prepared = KNOWN[arm](fold)
        for learner in LEARNERS:
            predict = fit_learner(
                learner, prepared.rows, task, weights=prepared.weights, seed=fold.seed
            )
            predictions = predict(test.x)
            scores = all_scores(test.y, predictions, task)
            found[arm, learner] = Scored(scores, main_score(test.y, predictions, task)[1])
    return found


@dataclass(frozen=True)
class Trial:
    """The scores with all rows, once for each seed, and with halves, each by its complement."""

    task: Task
    whole: Sequence[Scores]
    halves: Sequence[Scores]

    def main(self, found: Scores, arm: str, learner: str) -> float:
        """The main metric of an arm: with one learner, or on average over all."""
        return float(np.mean([found[arm, one].scores[self.task.main] for one in _each(learner)]))

    def value(self, arm: str, learner: str) -> float:
        """The main metric of an arm with all rows, on average over seeds."""
        return float(np.mean([self.main(found, arm, learner) for found in self.whole]))

    def mean_scores(self, arm: str, learner: str) -> dict[str, float]:
        """Each metric with all rows, on average; without those that the test rows leave undefined.

        Such is the recall of rare classes (NaN) where no test row has one.
        """
        rows = [whole[arm, one].scores for whole in self.whole for one in _each(learner)]
        means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        return {name: mean for name, mean in means.items() if not np.isnan(mean)}

    def difference(
        self, arm: str, other: str, learner: str, *, confidence: float, sides: int
    ) -> Interval:
        """How much better an arm is than another, with its interval."""
        value = self.value(arm, learner) - self.value(other, learner)
        influences = [
            found[arm, one].influence - found[other, one].influence
            for found in self.whole
            for one in _each(learner)
        ]
        of_test = standard_error(np.mean(influences, axis=0)) ** 2
        gains = [
            self.main(found, arm, learner) - self.main(found, other, learner)
            for found in self.halves
        ]
        of_training = variance_by_halves(np.array(gains))
        variance = of_test + of_training
        num_pairs = len(gains) // 2
        freedom = num_pairs * (variance / of_training) ** 2 if of_training > 0 else np.inf
        level = 1 - (1 - confidence) / sides
        quantile = stats.norm.ppf(level) if np.isinf(freedom) else stats.t.ppf(level, freedom)
        reach = float(quantile) * float(np.sqrt(variance))
        return Interval(value, value - reach, value + reach)


def variance_by_halves(found: Matrix) -> float:
    """The variance of an estimate on all rows, from what it is on halves, each by its complement.

    An estimate whose variance is v on all rows has 2v on a half; the halves are independent, so
    their squared difference has a mean of 4v.

    >>> variance_by_halves(np.array([0.01, 0.03, 0.02, 0.02])).__round__(6)
    5e-05
    """
    pairs = found.reshape(-1, 2)
    return float(np.mean((pairs[:, 0] - pairs[:, 1]) ** 2)) / 4


def _each(learner: str) -> Sequence[str]:
    return list(LEARNERS) if learner == ALL_LEARNERS else [learner]


def _gain(
    case: Case, trial: Trial, arms: tuple[str, ...], num_real: int, num_synthetic: int
) -> Measurement:
    """The gain over the baseline that is best on the test rows, and over each by its name."""
    rivals = baselines(arms)
    confidence = case.confidence(AUGMENTATION_GAIN.name)
    gains = {
        rival: trial.difference(AUGMENTED, rival, ALL_LEARNERS, confidence=confidence, sides=1)
        for rival in rivals
    }
    best = max(rivals, key=lambda arm: trial.value(arm, ALL_LEARNERS))
    meaning = (
        f"the gain in {trial.task.main_title} of {num_real:,} real + these {num_synthetic:,} "
        f"synthetic rows over {best}, the best of {len(rivals)} ways without synthetic rows"
    )
    measurement = AUGMENTATION_GAIN.measured(gains[best], case, meaning=meaning)
    comparisons = tuple(
        Comparison(baseline=rival, value=found.value, low=found.low, high=found.high)
        for rival, found in [(BEST_BASELINE, gains[best]), *gains.items()]
    )
    return measurement.model_copy(update={"comparisons": comparisons})


def _summaries(trial: Trial, arms: tuple[str, ...]) -> Iterator[Arm]:
    """Every arm with every learner, and with their mean, each against the real rows alone."""
    for arm in arms:
        for learner in (ALL_LEARNERS, *LEARNERS):
            found = trial.difference(arm, REAL, learner, confidence=TWO_SIDED, sides=2)
            yield Arm(
                name=arm,
                learner=learner,
                scores=trial.mean_scores(arm, learner),
                difference=found.value,
                low=found.low,
                high=found.high,
            )


FIXED_ROWS = Evaluator(measure_fixed_rows, (AUGMENTATION_GAIN,), frozenset({Purpose.AUGMENTATION}))
