"""Challenger against champion on the same held-out rows: a worse one is not promoted."""

from dataclasses import dataclass

import pandas as pd

from components.config import Purpose
from components.data.table import Table
from components.evaluation.features import rows_of, task_of
from components.evaluation.learners import fit_learner
from components.evaluation.scores import least_error, main_score
from components.evaluation.seeds import derived_seed
from components.evaluation.statistics import normal_interval, standard_error
from components.evaluation.utility import best_learner, check_judgeable

MARGIN = 0.02
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Challenge:
    """Whether the challenger may take the champion's place, with the figures in words.

    `loss` is what learners lose by the challenger's rows instead of the champion's, in the main
    metric (ROC AUC or R2); `most` is its one-sided upper bound. Where the two are of different
    kinds, nothing is `compared`, and only a person may put one in the other's place.
    """

    passed: bool
    loss: float
    most: float
    reason: str
    compared: bool = True


def incomparable(why: str) -> Challenge:
    """No comparison, since `why`."""
    return Challenge(False, 0.0, 0.0, f"{why}, so the two cannot be compared", compared=False)


def challenge(
    train: Table,
    test: Table,
    *,
    champion: pd.DataFrame,
    challenger: pd.DataFrame,
    purpose: Purpose,
    seed: int,
) -> Challenge:
    """Non-inferiority of the challenger's rows: with 95% confidence at most .02 is lost.

    Each table trains the same learner, for augmentation together with the real rows; both are
    tested on the same `test` rows, so the difference is paired. Raises UserError where the test
    target does not vary.
    """
    task = task_of(train)
    real, held_out = rows_of(train, task), rows_of(test, task)
    check_judgeable(held_out, task)
    learner = best_learner(real, task, derived_seed(seed, "learner choice"))
    found = []
    for frame in (champion, challenger):
        rows = rows_of(Table(frame, train.schema), task)
        if purpose is Purpose.AUGMENTATION:
            rows = real.joined(rows)
        predict = fit_learner(learner, rows, task, seed=derived_seed(seed, "challenge"))
        found.append(main_score(held_out.y, predict(held_out.x), task))
    (before, before_influence), (after, after_influence) = found
    error = max(standard_error(before_influence - after_influence), least_error(held_out.y, task))
    interval = normal_interval(before - after, error, confidence=CONFIDENCE)
    passed = interval.high <= MARGIN
    outcome = "not worse than" if passed else "perhaps worse than"
    reason = (
        f"{outcome} the champion: the learner {learner} reaches {after:.3f} with this version's "
        f"rows and {before:.3f} with the champion's, a loss of at most {interval.high:+.3f} with "
        f"95% confidence; at most {MARGIN:+.3f} is allowed"
    )
    return Challenge(passed, before - after, interval.high, reason)
